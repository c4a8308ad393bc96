/* Filters against a model. The bytes build a condition: its text is given to the parser, and its value for a device is
 * worked out beside it, by descent and without any jumps. Both must agree. */
#include "tests/fuzz/fuzz.h"

#include "engine/filter/filter.h"

static struct arena arena;

struct source {
    const uint8_t *at, *end;
};

static uint8_t choice(struct source *s, uint8_t count)
{
    return s->at < s->end ? *s->at++ % count : 0;
}

/* ---- Values: as the filter writes them, and what the model knows of them. */

enum { MISSING, TRUTH, NUMBER, TEXT };

struct value {
    const char *written;
    int kind;
    double number; /* 0 or 1 of a truth */
    struct bytes text;
};

#define A_TEXT(written, content) {(written), TEXT, 0, {(content), sizeof(content) - 1}}

static const struct value VALUES[] = {
    {"true", TRUTH, 1, {0}},        {"False", TRUTH, 0, {0}},         {"0", NUMBER, 0, {0}},
    {"-1.5", NUMBER, -1.5, {0}},    {"2e3", NUMBER, 2000, {0}},       {"9007199254740993", NUMBER, 9007199254740992, {0}},
    A_TEXT("\"\"", ""),             A_TEXT("'gw'", "gw"),             A_TEXT("\"gw-1\"", "gw-1"),
    A_TEXT("'it''s'", "it's"),      A_TEXT("\"12\"\"\"", "12\""),     A_TEXT("\"\xc3\xbc\"", "\xc3\xbc"),
};

/* What the device has: a field that it has not is MISSING. */
static const struct {
    const char *name;
    struct value value;
    bool is_field; /* always of that kind, so that other kinds are refused */
} FIELDS[] = {
    {"$id", A_TEXT("", "gw-1"), true},
    {"$displayName", A_TEXT("", "it's"), true},
    {"$template", A_TEXT("", ""), true},
    {"$provisioned", {"", TRUTH, 1, {0}}, true},
    {"$simulated", {"", TRUTH, 0, {0}}, true},
    {"speed", {"", NUMBER, -1.5, {0}}, false},
    {"motor.speed", {"", NUMBER, 2000, {0}}, false},
    {"note", A_TEXT("", "\xc3\xbc"), false},
    {"on", {"", TRUTH, 1, {0}}, false},
    {"gone", {"", MISSING, 0, {0}}, false},
};

static bool property(void *context, struct bytes path, struct filter_value *out)
{
    (void)context;
    for (size_t i = 0; i < COUNT_OF(FIELDS); i++) {
        const struct value *v = &FIELDS[i].value;
        if (!bytes_equal(path, bytes_of_text(FIELDS[i].name))) continue;
        if (v->kind == TRUTH) *out = (struct filter_value){.kind = FILTER_BOOL, .boolean = v->number != 0};
        if (v->kind == NUMBER) *out = (struct filter_value){.kind = FILTER_NUMBER, .number = v->number};
        if (v->kind == TEXT) *out = (struct filter_value){.kind = FILTER_STRING, .string = v->text};
        return v->kind != MISSING;
    }
    ASSERT(!"a path that the filter names");
    return false;
}

static const struct filter_device DEVICE = {
    .id = {"gw-1", 4},
    .display_name = {"it's", 4},
    .template = {"", 0},
    .provisioned = true,
    .property = property,
};

/* ---- Operators. */

enum op { EQUAL, UNEQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, CONTAINS, STARTSWITH, OPS };

static const char *const OPERATORS[OPS] = {"=", "!=", "<", "<=", ">", ">=", "CONTAINS", "startswith"};

/* -1, 0, 1 of two values of one kind. */
static int order_of(const struct value *a, const struct value *b)
{
    if (a->kind != TEXT) return (a->number > b->number) - (a->number < b->number);
    size_t i = 0;
    const uint8_t *left = a->text.data, *right = b->text.data;
    while (i < a->text.size && i < b->text.size && left[i] == right[i]) i++;
    if (i == a->text.size || i == b->text.size) return (a->text.size > b->text.size) - (a->text.size < b->text.size);
    return left[i] < right[i] ? -1 : 1;
}

static bool stands_at(struct bytes text, struct bytes part, size_t at)
{
    return at + part.size <= text.size && strncmp((const char *)text.data + at, part.data, part.size) == 0;
}

static bool contains(struct bytes text, struct bytes part)
{
    for (size_t at = 0; at <= text.size; at++) {
        if (stands_at(text, part, at)) return true;
    }
    return false;
}

static bool is_true(const struct value *has, enum op op, const struct value *wanted)
{
    if (has->kind == MISSING) return false;
    if (has->kind != wanted->kind) return op == UNEQUAL;
    if (op >= CONTAINS && has->kind != TEXT) return false;
    int order = order_of(has, wanted);
    switch (op) {
    case EQUAL: return order == 0;
    case UNEQUAL: return order != 0;
    case LESS: return order < 0;
    case LESS_EQUAL: return order <= 0;
    case GREATER: return order > 0;
    case GREATER_EQUAL: return order >= 0;
    case CONTAINS: return contains(has->text, wanted->text);
    case STARTSWITH: return stands_at(has->text, wanted->text, 0);
    case OPS: break;
    }
    return false;
}

/* What could never be true is refused: docs/filters.md. */
static bool may_be_compared(size_t field, enum op op, const struct value *wanted)
{
    bool order = op >= LESS && op <= GREATER_EQUAL;
    if (op >= CONTAINS && wanted->kind != TEXT) return false;
    if (order && wanted->kind == TRUTH) return false;
    return !FIELDS[field].is_field || FIELDS[field].value.kind == wanted->kind;
}

/* ---- Conditions. Each function appends its text and gives its value. */

struct model {
    struct source source;
    struct buffer text;
    unsigned depth;
    size_t values;
    bool refused;
};

enum { DEPTH_MAX = 20, VALUES_MAX = 200 };

static void say(struct model *m, const char *text)
{
    buffer_append(&m->text, text, strlen(text));
}

static const struct value *say_value(struct model *m, size_t field, enum op op)
{
    const struct value *wanted = &VALUES[choice(&m->source, COUNT_OF(VALUES))];
    m->refused |= !may_be_compared(field, op, wanted);
    m->values++;
    say(m, wanted->written);
    return wanted;
}

static bool say_list(struct model *m, size_t field)
{
    bool found = false;
    say(m, " IN [");
    for (unsigned left = choice(&m->source, 3);; left--) {
        found |= is_true(&FIELDS[field].value, EQUAL, say_value(m, field, EQUAL));
        if (left == 0) break;
        say(m, ",");
    }
    say(m, "]");
    return found;
}

static bool say_comparison(struct model *m)
{
    size_t field = choice(&m->source, COUNT_OF(FIELDS));
    enum op op = choice(&m->source, OPS + 1);
    say(m, FIELDS[field].name);
    if (op == OPS) return say_list(m, field);
    say(m, " ");
    say(m, OPERATORS[op]);
    say(m, " ");
    return is_true(&FIELDS[field].value, op, say_value(m, field, op));
}

static bool say_or(struct model *m);

static bool say_one(struct model *m)
{
    uint8_t kind = m->depth < DEPTH_MAX && m->values < VALUES_MAX ? choice(&m->source, 6) : 0;
    if (kind < 4) return say_comparison(m);
    m->depth++;
    say(m, kind == 4 ? "NOT " : "(");
    bool inside = kind == 4 ? !say_one(m) : say_or(m);
    say(m, kind == 4 ? "" : ")");
    m->depth--;
    return inside;
}

static bool say_and(struct model *m)
{
    bool all = say_one(m);
    while (m->values < VALUES_MAX && choice(&m->source, 3) == 1) {
        say(m, " and ");
        all &= say_one(m);
    }
    return all;
}

static bool say_or(struct model *m)
{
    bool some = say_and(m);
    while (m->values < VALUES_MAX && choice(&m->source, 3) == 1) {
        say(m, "\tOR\n");
        some |= say_and(m);
    }
    return some;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct model m = {.source = {data, data + size}, .text.arena = &arena};
    bool expected = say_or(&m);
    const struct filter *filter;
    struct filter_error error;
    enum filter_fault fault = filter_parse(&arena, buffer_bytes(&m.text), &filter, &error);
    if (m.text.size > FILTER_SIZE_MAX) ASSERT(fault == FILTER_TOO_LONG);
    else if (m.refused) ASSERT(fault == FILTER_WRONG_VALUE);
    else ASSERT(fault == FILTER_OK && filter_matches(filter, &DEVICE) == expected);
    arena_reset(&arena);
    return 0;
}
