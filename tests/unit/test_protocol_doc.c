/* docs/protocol.md says what the engine's tables say: methods and their fields, errors, limits, and how a job moves.
 * The page's examples are played in test_protocol_examples.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/decide/limits.h"
#include "engine/events/event.h"
#include "projections/jobs.h"
#include "tests/unit/page.h"

enum { ROW_SIZE_MAX = 512 };

static int read_protocol(void **state)
{
    *state = page_read("protocol.md");
    return 0;
}

static int free_protocol(void **state)
{
    free(*state);
    return 0;
}

/* ---- Tables: the page's rows are those of a list, in its order. */

static void expect_rows(const char *page, const char *heading, const char *const rows[], size_t count)
{
    const char *at = page_section(page, heading);
    struct bytes line;
    size_t found = 0;
    while (page_line(&at, &line) && !line_begins(line, "#")) {
        if (!line_begins(line, "| `")) continue;
        if (found == count) fail_msg("there is no such row: %.*s", BYTES_ARG(line));
        if (!line_is(line, rows[found]))
            fail_msg("expected the row %s\nthe page has %.*s", rows[found], BYTES_ARG(line));
        found++;
    }
    if (found < count) fail_msg("this row is missing: %s", rows[found]);
}

static void the_errors_are_those_of_the_catalogue(void **state)
{
    static const char *const ROWS[] = {
#define REFUSAL(NAME, code, text) "| `" code "` | " text " |",
#include "engine/decide/refusals.def"
#undef REFUSAL
    };
    expect_rows(*state, "## Errors", ROWS, COUNT_OF(ROWS));
}

struct limit_row {
    const char *name;
    uint64_t value;
    const char *unit;
    const char *what;
};

static const struct limit_row LIMIT_ROWS[] = {
#define LIMIT(name, value, unit, what) {#name, value, unit, what},
    LIMITS(LIMIT)
#undef LIMIT
};

/* 8388608 becomes 8,388,608. */
static void write_grouped(char out[32], uint64_t value)
{
    char digits[24];
    int count = snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
    for (int i = 0; i < count; i++) {
        if (i > 0 && (count - i) % 3 == 0) *out++ = ',';
        *out++ = digits[i];
    }
    *out = '\0';
}

static void the_limits_are_those_of_the_engine(void **state)
{
    static char texts[COUNT_OF(LIMIT_ROWS)][ROW_SIZE_MAX];
    const char *rows[COUNT_OF(LIMIT_ROWS)];
    for (size_t i = 0; i < COUNT_OF(LIMIT_ROWS); i++) {
        const struct limit_row *limit = &LIMIT_ROWS[i];
        char value[32];
        write_grouped(value, limit->value);
        snprintf(texts[i], ROW_SIZE_MAX, "| `%s` | %s %s | %s |", limit->name, value, limit->unit, limit->what);
        rows[i] = texts[i];
    }
    expect_rows(*state, "## Limits", rows, COUNT_OF(rows));
}

/* ---- Methods. */

struct field_row {
    const char *type;
    const char *key; /* NULL ends them */
    bool needed;
};

struct method_row {
    const char *name;
    const char *access;
    const struct field_row *fields;
};

#define COMMAND(member, method, access) static const struct field_row FIELDS_##member[] = {
#define FIELD(type, name, key, need) {#type, key, #need[0] == 'R'},
#define COMMAND_END(member) {0}};
#include "engine/decide/commands.def"
#undef COMMAND
#undef FIELD
#undef COMMAND_END

#define ACCESS_READS   "reads"
#define ACCESS_CHANGES "changes"
#define ACCESS_SECRETS "secrets"
static const struct method_row METHOD_ROWS[] = {
#define COMMAND(member, method, access) {method, ACCESS_##access, FIELDS_##member},
#define FIELD(type, name, key, need)
#define COMMAND_END(member)
#include "engine/decide/commands.def"
#undef COMMAND
#undef FIELD
#undef COMMAND_END
};

/* "*changes* `{id, displayName?}` -" */
static const char *head_of(const struct method_row *method)
{
    static char head[ROW_SIZE_MAX];
    size_t size = (size_t)snprintf(head, sizeof head, "*%s* `{", method->access);
    for (const struct field_row *field = method->fields; field->key; field++) {
        size += (size_t)snprintf(head + size, sizeof head - size, "%s%s%s", field == method->fields ? "" : ", ",
                                 field->key, field->needed ? "" : "?");
    }
    snprintf(head + size, sizeof head - size, "}` -");
    return head;
}

/* Fields that mean the same everywhere need no row. */
static bool needs_row(const struct field_row *field)
{
    return strcmp(field->key, "id") != 0 && strcmp(field->key, "limit") != 0 && strcmp(field->key, "cursor") != 0;
}

static bool row_is_of(struct bytes line, const struct field_row *field)
{
    char row[128];
    snprintf(row, sizeof row, "| `%s` | %s%s | ", field->key, field->type, field->needed ? ", needed" : "");
    return line_begins(line, row);
}

/* The section's rows are fields of the method, in its order. */
static void expect_fields(const char *section, const struct method_row *method)
{
    const struct field_row *field = method->fields;
    struct bytes line;
    while (page_line(&section, &line) && !line_begins(line, "#")) {
        if (!line_begins(line, "| `")) continue;
        while (field->key && !row_is_of(line, field) && !needs_row(field)) field++;
        if (!field->key || !row_is_of(line, field))
            fail_msg("%s: the field %s is expected at this row: %.*s", method->name, field->key, BYTES_ARG(line));
        field++;
    }
    while (field->key && !needs_row(field)) field++;
    if (field->key) fail_msg("%s: the field %s has no row", method->name, field->key);
}

static void every_method_is_there_with_its_fields(void **state)
{
    const char *methods = page_section(*state, "# Methods");
    for (size_t i = 0; i < COUNT_OF(METHOD_ROWS); i++) {
        const struct method_row *method = &METHOD_ROWS[i];
        char heading[64];
        struct bytes line = BYTES_NONE;
        snprintf(heading, sizeof heading, "### %s", method->name);
        const char *section = page_section(methods, heading), *at = section;
        while (page_line(&at, &line) && line.size == 0) continue;
        if (!line_begins(line, head_of(method)))
            fail_msg("%s is expected to begin with %s", method->name, head_of(method));
        expect_fields(section, method);
    }
}

static void no_other_method_is_there(void **state)
{
    const char *at = page_section(*state, "# Methods");
    struct bytes line;
    size_t headings = 0;
    while (page_line(&at, &line)) headings += line_begins(line, "### ");
    assert_int_equal(headings, COUNT_OF(METHOD_ROWS));
}

/* ---- The life of a job: words, and arrows that carry an event, such as --JOB_QUEUED--> or <--JOB_RESUMED--. */

enum { STATES_MAX = 16 };

struct drawing {
    bool moves[STATES_MAX][STATES_MAX];
};

static enum job_status state_drawn(struct bytes word)
{
    enum job_status status = JOB_IS_SAVED;
    if (!job_status_named(word, &status)) fail_msg("\"%.*s\" is no status of a job", BYTES_ARG(word));
    return status;
}

static void expect_event_on(struct bytes arrow)
{
    const char *text = arrow.data;
    size_t begin = strcspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    struct bytes name = {text + begin, strspn(text + begin, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_")};
    if (event_type_named(name) == EVENT_NONE) fail_msg("no event is called \"%.*s\"", BYTES_ARG(name));
}

static bool next_word(struct bytes *rest, struct bytes *word)
{
    const char *text = rest->data;
    size_t begin = 0, end;
    while (begin < rest->size && text[begin] == ' ') begin++;
    for (end = begin; end < rest->size && text[end] != ' ';) end++;
    *word = (struct bytes){text + begin, end - begin};
    *rest = (struct bytes){text + end, rest->size - end};
    return word->size > 0;
}

static void read_drawn_line(struct drawing *drawing, struct bytes line)
{
    struct bytes word, arrow;
    assert_true(next_word(&line, &word));
    enum job_status left = state_drawn(word);
    while (next_word(&line, &arrow)) {
        expect_event_on(arrow);
        assert_true(next_word(&line, &word));
        enum job_status right = state_drawn(word);
        if (line_begins(arrow, "<")) drawing->moves[right][left] = true;
        else drawing->moves[left][right] = true;
        left = right;
    }
}

static void read_drawing(struct drawing *drawing, const char *page)
{
    const char *at = page_section(page, "## The life of a job");
    struct bytes line;
    while (page_line(&at, &line) && line.size == 0) continue;
    do read_drawn_line(drawing, line);
    while (page_line(&at, &line) && line.size > 0);
}

static void the_drawn_moves_are_those_that_a_job_may_make(void **state)
{
    struct drawing drawing = {0};
    read_drawing(&drawing, *state);
    for (enum job_status from = JOB_IS_SAVED; from <= JOB_IS_CANCELLED; from++) {
        for (enum job_status to = JOB_IS_SAVED; to <= JOB_IS_CANCELLED; to++) {
            if (drawing.moves[from][to] == job_may_move(from, to)) continue;
            fail_msg("from %s to %s: %s", job_status_word(from), job_status_word(to),
                     drawing.moves[from][to] ? "drawn, but no job may" : "a job may, but it is not drawn");
        }
    }
}

int main(void)
{
#define ON_THE_PAGE(name) cmocka_unit_test_setup_teardown(name, read_protocol, free_protocol)
    const struct CMUnitTest tests[] = {
        ON_THE_PAGE(the_errors_are_those_of_the_catalogue),         ON_THE_PAGE(the_limits_are_those_of_the_engine),
        ON_THE_PAGE(every_method_is_there_with_its_fields),         ON_THE_PAGE(no_other_method_is_there),
        ON_THE_PAGE(the_drawn_moves_are_those_that_a_job_may_make),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
