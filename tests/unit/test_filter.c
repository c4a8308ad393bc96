/* What a filter finds and what it refuses. The examples are those of docs/filters.md, so that the page is
 * never wrong; beside it the bounds, each fault, and filters nobody would write. */
#include "engine/filter/filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

/* ---- A device, written as one flat JSON object. */

enum { PROPERTIES_MAX = 8 };

struct sample {
    struct filter_device device;
    size_t count;
    struct bytes paths[PROPERTIES_MAX];
    struct filter_value values[PROPERTIES_MAX];
};

static struct arena arena;

static bool sample_property(void *context, struct bytes path, struct filter_value *out)
{
    const struct sample *sample = context;
    for (size_t i = 0; i < sample->count; i++) {
        if (!bytes_equal(sample->paths[i], path)) continue;
        *out = sample->values[i];
        return true;
    }
    return false;
}

static void skip_over(const char **at, const char *characters)
{
    *at += strspn(*at, characters);
}

static struct bytes json_string(const char **at)
{
    char *text = arena_alloc(&arena, strlen(*at)), *to = text;
    for (++*at; **at != '"'; ++*at) {
        if (**at == '\\') ++*at;
        *to++ = **at;
    }
    ++*at;
    return (struct bytes){text, (size_t)(to - text)};
}

static struct filter_value json_value(const char **at)
{
    if (**at == '"') return (struct filter_value){.kind = FILTER_STRING, .string = json_string(at)};
    if (**at == 't' || **at == 'f') {
        bool boolean = **at == 't';
        *at += boolean ? 4 : 5;
        return (struct filter_value){.kind = FILTER_BOOL, .boolean = boolean};
    }
    if (**at == '{') {
        *at = strchr(*at, '}') + 1;
        return (struct filter_value){.kind = FILTER_MISSING};
    }
    char *end;
    double number = strtod(*at, &end);
    assert_true(end > *at);
    *at = end;
    return (struct filter_value){.kind = FILTER_NUMBER, .number = number};
}

static void sample_set(struct sample *s, struct bytes name, struct filter_value value)
{
    if (bytes_equal(name, BYTES("$id"))) s->device.id = value.string;
    else if (bytes_equal(name, BYTES("$displayName"))) s->device.display_name = value.string;
    else if (bytes_equal(name, BYTES("$template"))) s->device.template = value.string;
    else if (bytes_equal(name, BYTES("$provisioned"))) s->device.provisioned = value.boolean;
    else if (bytes_equal(name, BYTES("$simulated"))) s->device.simulated = value.boolean;
    else {
        assert_true(s->count < PROPERTIES_MAX);
        s->paths[s->count] = name;
        s->values[s->count++] = value;
    }
}

static void sample_read(struct sample *s, const char *json)
{
    *s = (struct sample){.device = {.property = sample_property, .context = s}};
    for (skip_over(&json, "{ "); *json == '"'; skip_over(&json, ", ")) {
        struct bytes name = json_string(&json);
        skip_over(&json, ": ");
        sample_set(s, name, json_value(&json));
    }
    assert_string_equal(json, "}");
}

static const struct filter *parsed(struct bytes text)
{
    const struct filter *filter;
    struct filter_error error;
    enum filter_fault fault = filter_parse(&arena, text, &filter, &error);
    if (fault) print_error("%.*s\n%s\n", BYTES_ARG(text), error.sentence.text);
    assert_int_equal(fault, FILTER_OK);
    return filter;
}

static bool matches(const char *text, const char *json)
{
    struct sample sample;
    sample_read(&sample, json);
    return filter_matches(parsed(bytes_of_text(text)), &sample.device);
}

static enum filter_fault fault_of(struct bytes text, struct filter_error *error)
{
    const struct filter *filter;
    enum filter_fault fault = filter_parse(&arena, text, &filter, error);
    assert_true((filter == NULL) == (fault != FILTER_OK));
    return fault;
}

static void refused(const char *text, enum filter_fault fault, size_t column)
{
    struct filter_error error;
    enum filter_fault got = fault_of(bytes_of_text(text), &error);
    if (got != fault || error.column != column) print_error("%s\n%s\n", text, error.sentence.text);
    assert_int_equal(got, fault);
    assert_int_equal(error.column, column);
}

/* ---- The examples of the page: | `filter` | `device` | yes | and | `filter` | error |. */

/* Takes "| cell " off the line, without backticks around it. */
static char *take_cell(char **line)
{
    char *cell = *line + 2, *end = strstr(cell, " |");
    assert_non_null(end);
    *line = end + 1;
    *end = '\0';
    if (*cell != '`') return cell;
    assert_int_equal(end[-1], '`');
    end[-1] = '\0';
    return cell + 1;
}

static size_t run_examples(const char *heading, void (*example)(char *line))
{
    FILE *page = fopen(SOURCE_DIR "/docs/filters.md", "r");
    assert_non_null(page);
    char line[1024];
    bool inside = false;
    size_t count = 0;
    while (fgets(line, sizeof line, page)) {
        if (line[0] == '#') inside = strcmp(line, heading) == 0;
        if (!inside || strncmp(line, "| `", 3) != 0) continue;
        example(line);
        arena_reset(&arena);
        count++;
    }
    fclose(page);
    return count;
}

static void example_of_match(char *line)
{
    char *filter = take_cell(&line), *device = take_cell(&line), *answer = take_cell(&line);
    assert_true(strcmp(answer, "yes") == 0 || strcmp(answer, "no") == 0);
    bool expected = strcmp(answer, "yes") == 0;
    if (matches(filter, device) != expected) fail_msg("%s on %s should be: %s", filter, device, answer);
}

static void example_of_error(char *line)
{
    char *filter = take_cell(&line), *sentence = take_cell(&line);
    struct filter_error error;
    assert_int_not_equal(fault_of(bytes_of_text(filter), &error), FILTER_OK);
    assert_string_equal(error.sentence.text, sentence);
}

static void the_examples_of_the_page_are_right(void **state)
{
    (void)state;
    assert_true(run_examples("## Examples\n", example_of_match) > 25);
}

static void the_errors_of_the_page_are_right(void **state)
{
    (void)state;
    assert_true(run_examples("## Errors\n", example_of_error) > 20);
}

/* ---- Forms. */

static void blank_text_matches_every_device(void **state)
{
    (void)state;
    assert_true(matches(" \t\r\n", "{}"));
    assert_true(matches("SELECT*FROM devices", "{}"));
}

static void a_filter_may_go_over_several_lines_without_a_blank_too_many(void **state)
{
    (void)state;
    const char *text = "select*from DEVICES\nwhere(a=1)AND(b<>2)and not(c='x'OR c=\"y\")";
    assert_true(matches(text, "{\"a\": 1, \"b\": 3, \"c\": \"z\"}"));
    assert_false(matches(text, "{\"a\": 1, \"b\": 2, \"c\": \"z\"}"));
    assert_false(matches(text, "{\"a\": 1, \"b\": 3, \"c\": \"y\"}"));
}

static void a_filter_lives_on_when_its_text_is_gone(void **state)
{
    (void)state;
    char text[] = "name = 'it''s' AND motor.speed = 1 AND other = 'plain'";
    const struct filter *filter = parsed(bytes_of_text(text));
    memset(text, 'x', sizeof text);
    struct sample sample;
    sample_read(&sample, "{\"name\": \"it's\", \"motor.speed\": 1, \"other\": \"plain\"}");
    assert_true(filter_matches(filter, &sample.device));
}

static void every_operator_has_its_edge(void **state)
{
    (void)state;
    static const struct {
        const char *operator;
        bool below, same, above;
    } rows[] = {
        {"=", false, true, false}, {"!=", true, false, true}, {"<>", true, false, true}, {"<", true, false, false},
        {"<=", true, true, false}, {">", false, false, true}, {">=", false, true, true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char number[32], text[32];
        snprintf(number, sizeof number, "x %s 7", rows[i].operator);
        snprintf(text, sizeof text, "$id %s 'm'", rows[i].operator);
        assert_int_equal(matches(number, "{\"x\": 6.5}"), rows[i].below);
        assert_int_equal(matches(number, "{\"x\": 7}"), rows[i].same);
        assert_int_equal(matches(number, "{\"x\": 7.5}"), rows[i].above);
        assert_int_equal(matches(text, "{\"$id\": \"lz\"}"), rows[i].below);
        assert_int_equal(matches(text, "{\"$id\": \"m\"}"), rows[i].same);
        assert_int_equal(matches(text, "{\"$id\": \"m0\"}"), rows[i].above);
    }
}

static void a_missing_value_makes_every_comparison_false(void **state)
{
    (void)state;
    static const char *const comparisons[] = {
        "x = 1",  "x != 1",   "x <> 1",        "x < 1",           "x <= 1",    "x > 1",
        "x >= 1", "x IN [1]", "x CONTAINS ''", "x STARTSWITH ''", "x = false", "x = ''",
    };
    for (size_t i = 0; i < COUNT_OF(comparisons); i++) {
        char negated[64];
        snprintf(negated, sizeof negated, "NOT %s", comparisons[i]);
        assert_false(matches(comparisons[i], "{\"y\": 1}"));
        assert_true(matches(negated, "{\"y\": 1}"));
    }
}

static void values_are_read_from_messagepack(void **state)
{
    (void)state;
    struct filter_value value = filter_value_of(BYTES("\xd0\xfb"));
    assert_int_equal(value.kind, FILTER_NUMBER);
    assert_true(value.number == -5);
    assert_true(filter_value_of(BYTES("\xcb\x3f\xf8\0\0\0\0\0\0")).number == 1.5);
    assert_true(filter_value_of(BYTES("\xc3")).boolean);
    assert_true(bytes_equal(filter_value_of(BYTES("\xa2ok")).string, BYTES("ok")));
    assert_int_equal(filter_value_of(BYTES("\xc0")).kind, FILTER_MISSING);
    assert_int_equal(filter_value_of(BYTES("\x91\x01")).kind, FILTER_MISSING);
    assert_int_equal(filter_value_of(BYTES("\xa9 cut")).kind, FILTER_MISSING);
    assert_int_equal(filter_value_of(BYTES_NONE).kind, FILTER_MISSING);
}

/* ---- Bounds and faults. */

static struct bytes repeated(const char *head, const char *part, size_t count, const char *tail)
{
    struct buffer text = {.arena = &arena};
    buffer_append(&text, head, strlen(head));
    for (size_t i = 0; i < count; i++) buffer_append(&text, part, strlen(part));
    buffer_append(&text, tail, strlen(tail));
    return buffer_bytes(&text);
}

static void the_text_has_4096_bytes_at_most(void **state)
{
    (void)state;
    struct filter_error error;
    parsed(repeated("a = '", "x", FILTER_SIZE_MAX - 6, "'"));
    assert_int_equal(fault_of(repeated("a = '", "x", FILTER_SIZE_MAX - 5, "'"), &error), FILTER_TOO_LONG);
    assert_int_equal(error.column, FILTER_SIZE_MAX + 1);
    assert_string_equal(error.sentence.text, "column 4097: a filter has at most 4096 bytes, this one has 4097");
}

static void parentheses_and_nots_nest_32_deep_at_most(void **state)
{
    (void)state;
    struct filter_error error;
    struct bytes deepest = repeated("", "NOT (", FILTER_DEPTH_MAX / 2, "a = 1))))))))))))))))");
    parsed(deepest);
    assert_int_equal(fault_of(repeated("", "(", FILTER_DEPTH_MAX + 1, "a = 1"), &error), FILTER_TOO_DEEP);
    assert_int_equal(error.column, FILTER_DEPTH_MAX + 1);
    assert_int_equal(fault_of(repeated("", "NOT ", FILTER_DEPTH_MAX + 1, "a = 1"), &error), FILTER_TOO_DEEP);
    parsed(repeated("(a = 1)", " AND (a = 1)", 100, ""));
}

static void a_filter_compares_with_256_values_at_most(void **state)
{
    (void)state;
    struct filter_error error;
    parsed(repeated("a IN [1", ",1", FILTER_VALUES_MAX - 1, "]"));
    parsed(repeated("a = 1", " OR a = 1", FILTER_VALUES_MAX - 1, ""));
    assert_int_equal(fault_of(repeated("a IN [1", ",1", FILTER_VALUES_MAX, "]"), &error), FILTER_TOO_MANY_VALUES);
    struct bytes one_more = repeated("a = 1", " OR a = 1", FILTER_VALUES_MAX, "");
    assert_int_equal(fault_of(one_more, &error), FILTER_TOO_MANY_VALUES);
    assert_int_equal(error.column, one_more.size);
}

static void every_other_fault_has_its_column(void **state)
{
    (void)state;
    refused("a = '\xff'", FILTER_NOT_UTF8, 6);
    refused("a = 'é\xc3", FILTER_NOT_UTF8, 7);
    refused("a = 'é' #", FILTER_UNKNOWN_CHARACTER, 9);
    refused("a = \x1b[2J", FILTER_UNKNOWN_CHARACTER, 5);
    refused("a = 'b''", FILTER_UNCLOSED_STRING, 5);
    refused("a = 12abc", FILTER_BAD_NUMBER, 5);
    refused("a = 1.", FILTER_BAD_NUMBER, 5);
    refused("a = -", FILTER_BAD_NUMBER, 5);
    refused("a = 1e", FILTER_BAD_NUMBER, 5);
    refused("a = +1", FILTER_BAD_NUMBER, 5);
    refused("a = 0x10", FILTER_BAD_NUMBER, 5);
    refused("SELECT", FILTER_BAD_SELECT, 7);
    refused("SELECT * devices", FILTER_BAD_SELECT, 10);
    refused("SELECT * FROM devices WHERE", FILTER_EXPECTED_CONDITION, 28);
    refused("WHERE a = 1", FILTER_EXPECTED_CONDITION, 1);
    refused("()", FILTER_EXPECTED_CONDITION, 2);
    refused("NOT", FILTER_EXPECTED_CONDITION, 4);
    refused("from = 1", FILTER_EXPECTED_CONDITION, 1);
    refused("$ID = 'a'", FILTER_UNKNOWN_FIELD, 1);
    refused("$ = 'a'", FILTER_UNKNOWN_FIELD, 1);
    refused(" a. = 1", FILTER_BAD_PATH, 2);
    refused("_a = 1", FILTER_BAD_PATH, 1);
    refused("a$b = 1", FILTER_BAD_PATH, 1);
    refused("a", FILTER_EXPECTED_OPERATOR, 2);
    refused("a 1", FILTER_EXPECTED_OPERATOR, 3);
    refused("a = AND", FILTER_EXPECTED_VALUE, 5);
    refused("a IN []", FILTER_EXPECTED_VALUE, 7);
    refused("a IN [1,]", FILTER_EXPECTED_VALUE, 9);
    refused("a IN 1", FILTER_EXPECTED_LIST, 6);
    refused("a IN [1 2]", FILTER_UNCLOSED_LIST, 9);
    refused("a = 1 AND (b = 1 OR (c = 1)", FILTER_UNCLOSED_PARENTHESIS, 28);
    refused("a = 1 b = 1", FILTER_EXPECTED_END, 7);
    refused("$simulated IN [true, 1]", FILTER_WRONG_VALUE, 22);
    refused("$provisioned >= true", FILTER_WRONG_VALUE, 17);
    refused("$template STARTSWITH true", FILTER_WRONG_VALUE, 22);
}

static void an_error_shows_no_control_characters(void **state)
{
    (void)state;
    struct filter_error error;
    assert_int_equal(fault_of(BYTES("a = \x1b[2J"), &error), FILTER_UNKNOWN_CHARACTER);
    assert_null(strchr(error.sentence.text, '\x1b'));
    assert_int_equal(fault_of(BYTES("a 'x\x1by'"), &error), FILTER_EXPECTED_OPERATOR);
    assert_null(strchr(error.sentence.text, '\x1b'));
}

/* ---- Against a model: a random condition, told as text and worked out beside it. */

static unsigned seed;

static size_t below(size_t bound)
{
    return (size_t)rand_r(&seed) % bound;
}

/* x is 1, so every comparison with x has a known answer. */
static bool model_condition(struct buffer *text, unsigned depth)
{
    static const char *const truths[2][3] = {{"x = 2", "x != 1", "missing = 1"}, {"x = 1", "x < 3", "x IN [5, 1]"}};
    switch (depth == 0 ? 3 : below(4)) {
    case 0: {
        buffer_append(text, "NOT ", 4);
        buffer_append(text, "(", 1);
        bool inside = model_condition(text, depth - 1);
        buffer_append(text, ")", 1);
        return !inside;
    }
    case 1:
    case 2: {
        bool both = below(2);
        buffer_append(text, "(", 1);
        bool left = model_condition(text, depth - 1);
        buffer_append(text, both ? " AND " : " OR ", both ? 5 : 4);
        bool right = model_condition(text, depth - 1);
        buffer_append(text, ")", 1);
        return both ? left && right : left || right;
    }
    default: {
        bool truth = below(2);
        const char *comparison = truths[truth][below(3)];
        buffer_append(text, comparison, strlen(comparison));
        return truth;
    }
    }
}

static void random_conditions_come_out_as_the_model_says(void **state)
{
    (void)state;
    seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    for (int round = 0; round < 5000; round++) {
        struct sample sample;
        sample_read(&sample, "{\"x\": 1}");
        struct buffer text = {.arena = &arena};
        bool expected = model_condition(&text, 5);
        if (filter_matches(parsed(buffer_bytes(&text)), &sample.device) != expected) {
            fail_msg("%.*s should be %d", BYTES_ARG(buffer_bytes(&text)), expected);
        }
        arena_reset(&arena);
    }
}

static void no_text_does_harm(void **state)
{
    (void)state;
    static const char *const parts[] = {"$id", "a", "a.b",  "=",  "<>",   "IN",     "[",    "]",   "(",
                                        ")",   ",", "'",    "\"", "NOT ", " AND ",  " OR ", "1",   "-",
                                        ".",   "e", "\xc3", "é",  "*",    "SELECT", " ",    "true"};
    seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    for (int round = 0; round < 50000; round++) {
        struct sample sample;
        sample_read(&sample, "{\"a\": 1}");
        struct buffer text = {.arena = &arena};
        for (size_t i = below(12); i > 0; i--) {
            const char *part = parts[below(COUNT_OF(parts))];
            buffer_append(&text, part, strlen(part));
        }
        const struct filter *filter;
        struct filter_error error;
        enum filter_fault fault = filter_parse(&arena, buffer_bytes(&text), &filter, &error);
        if (!fault) filter_matches(filter, &sample.device);
        else assert_true(error.column >= 1 && error.column <= text.size + 1);
        arena_reset(&arena);
    }
}

static int arena_begin(void **state)
{
    (void)state;
    arena_reset(&arena);
    return 0;
}

static int arena_end(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, arena_begin, arena_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(the_examples_of_the_page_are_right),
        STORY(the_errors_of_the_page_are_right),
        STORY(blank_text_matches_every_device),
        STORY(a_filter_may_go_over_several_lines_without_a_blank_too_many),
        STORY(a_filter_lives_on_when_its_text_is_gone),
        STORY(every_operator_has_its_edge),
        STORY(a_missing_value_makes_every_comparison_false),
        STORY(values_are_read_from_messagepack),
        STORY(the_text_has_4096_bytes_at_most),
        STORY(parentheses_and_nots_nest_32_deep_at_most),
        STORY(a_filter_compares_with_256_values_at_most),
        STORY(every_other_fault_has_its_column),
        STORY(an_error_shows_no_control_characters),
        STORY(random_conditions_come_out_as_the_model_says),
        STORY(no_text_does_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
