/* Walks the comparisons of a filter for one device. */
#include "engine/filter/program.h"
#include "engine/base/cursor.h"

struct filter_value filter_value_of(struct bytes packed)
{
    if (packed.size == 0) return (struct filter_value){.kind = FILTER_MISSING};
    struct cursor c = cursor_over(packed);
    struct token token = cursor_next(&c);
    switch (token.kind) {
    case TOKEN_BOOL: return (struct filter_value){.kind = FILTER_BOOL, .boolean = token.boolean};
    case TOKEN_UINT: return (struct filter_value){.kind = FILTER_NUMBER, .number = (double)token.uint};
    case TOKEN_INT: return (struct filter_value){.kind = FILTER_NUMBER, .number = (double)token.integer};
    case TOKEN_FLOAT: return (struct filter_value){.kind = FILTER_NUMBER, .number = token.real};
    case TOKEN_STR:
    case TOKEN_BIN: return (struct filter_value){.kind = FILTER_STRING, .string = token.text};
    case TOKEN_NONE:
    case TOKEN_NIL:
    case TOKEN_ARRAY:
    case TOKEN_MAP:
    case TOKEN_EXT: break;
    }
    return (struct filter_value){.kind = FILTER_MISSING};
}

static struct filter_value string_value(struct bytes string)
{
    return (struct filter_value){.kind = FILTER_STRING, .string = string};
}

static struct filter_value bool_value(bool boolean)
{
    return (struct filter_value){.kind = FILTER_BOOL, .boolean = boolean};
}

static struct filter_value value_of(const struct filter_device *device, const struct comparison *c)
{
    struct filter_value value = {.kind = FILTER_MISSING};
    switch ((enum filter_field)c->field) {
    case FIELD_ID: return string_value(device->id);
    case FIELD_NAME: return string_value(device->display_name);
    case FIELD_TEMPLATE: return string_value(device->template);
    case FIELD_PROVISIONED: return bool_value(device->provisioned);
    case FIELD_SIMULATED: return bool_value(device->simulated);
    case FIELD_PROPERTY: break;
    }
    if (!device->property(device->context, c->path, &value)) value.kind = FILTER_MISSING;
    return value;
}

static bool equal(const struct filter_value *a, const struct filter_value *b)
{
    if (a->kind != b->kind) return false;
    switch (a->kind) {
    case FILTER_BOOL: return a->boolean == b->boolean;
    case FILTER_NUMBER: return a->number == b->number;
    case FILTER_STRING: return bytes_equal(a->string, b->string);
    case FILTER_MISSING: break;
    }
    return false;
}

static int string_order(struct bytes a, struct bytes b)
{
    size_t common = MIN(a.size, b.size);
    int order = common ? memcmp(a.data, b.data, common) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

/* Below, above or beside each other: not a number, other kinds and booleans have no order. */
static bool ordered(enum filter_operator op, const struct filter_value *a, const struct filter_value *b)
{
    if (a->kind != b->kind || a->kind == FILTER_BOOL) return false;
    bool strings = a->kind == FILTER_STRING;
    int order = strings ? string_order(a->string, b->string) : 0;
    bool less = strings ? order < 0 : a->number < b->number;
    bool greater = strings ? order > 0 : a->number > b->number;
    switch (op) {
    case OPERATOR_LESS: return less;
    case OPERATOR_LESS_EQUAL: return less || equal(a, b);
    case OPERATOR_GREATER: return greater;
    default: return greater || equal(a, b);
    }
}

static bool in_list(const struct filter_value *value, const struct comparison *c)
{
    for (size_t i = 0; i < c->value_count; i++) {
        if (equal(value, &c->values[i])) return true;
    }
    return false;
}

static bool starts_with(const struct filter_value *value, struct bytes part)
{
    if (value->kind != FILTER_STRING || value->string.size < part.size) return false;
    return part.size == 0 || memcmp(value->string.data, part.data, part.size) == 0;
}

static bool contains(const struct filter_value *value, struct bytes part)
{
    if (value->kind != FILTER_STRING || value->string.size < part.size) return false;
    return part.size == 0 || memmem(value->string.data, value->string.size, part.data, part.size) != NULL;
}

static bool holds(const struct comparison *c, const struct filter_device *device)
{
    struct filter_value value = value_of(device, c);
    if (value.kind == FILTER_MISSING) return false;
    enum filter_operator op = c->op;
    switch (op) {
    case OPERATOR_EQUAL: return equal(&value, c->values);
    case OPERATOR_NOT_EQUAL: return !equal(&value, c->values);
    case OPERATOR_IN: return in_list(&value, c);
    case OPERATOR_CONTAINS: return contains(&value, c->values->string);
    case OPERATOR_STARTSWITH: return starts_with(&value, c->values->string);
    case OPERATOR_LESS:
    case OPERATOR_LESS_EQUAL:
    case OPERATOR_GREATER:
    case OPERATOR_GREATER_EQUAL: break;
    }
    return ordered(op, &value, c->values);
}

bool filter_matches(const struct filter *filter, const struct filter_device *device)
{
    uint16_t at = filter->first;
    while (at < FILTER_NO_MATCH) {
        const struct comparison *c = &filter->comparisons[at];
        uint16_t next = holds(c, device) ? c->yes : c->no;
        ASSERT(next > at);
        at = next;
    }
    return at == FILTER_MATCH;
}
