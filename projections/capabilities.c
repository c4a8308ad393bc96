/* Reads capabilities and data in place. */
#include "projections/capabilities.h"

#include "engine/base/cursor.h"

/* What of an entry, or of a capability, is of interest here. */
struct named_path {
    struct bytes path;
    struct bytes kind;   /* data NULL: not said */
    struct bytes schema; /* likewise */
    struct bytes value;  /* likewise; MessagePack */
};

static bool read_named_path(struct cursor *c, const char *kind_key, struct named_path *named)
{
    uint32_t count;
    *named = (struct named_path){0};
    if (!cursor_map(c, &count)) {
        cursor_skip(c);
        return false;
    }
    for (; count > 0; count--) {
        struct token key = cursor_next(c), token = cursor_peek(c);
        bool is_text = token.kind == TOKEN_STR || token.kind == TOKEN_BIN;
        struct bytes value = cursor_value(c);
        if (is_text && bytes_equal(key.text, BYTES("path"))) named->path = token.text;
        if (is_text && bytes_equal(key.text, bytes_of_text(kind_key))) named->kind = token.text;
        if (is_text && bytes_equal(key.text, BYTES("schema"))) named->schema = token.text;
        if (bytes_equal(key.text, BYTES("value"))) named->value = value;
    }
    return named->path.data != NULL;
}

/* ---- Values. */

static bool is_text(struct token t)
{
    return t.kind == TOKEN_STR || t.kind == TOKEN_BIN;
}

static bool is_whole(struct token t)
{
    return t.kind == TOKEN_UINT || t.kind == TOKEN_INT;
}

static bool is_number(struct token t)
{
    return is_whole(t) || t.kind == TOKEN_FLOAT;
}

static bool is_flag(struct token t)
{
    return t.kind == TOKEN_BOOL;
}

static bool value_fits(struct bytes schema, struct bytes value)
{
    static const struct {
        const char *schema;
        bool (*is)(struct token t);
    } SCHEMAS[] = {
        {"boolean", is_flag}, {"integer", is_whole}, {"long", is_whole},    {"double", is_number}, {"float", is_number},
        {"string", is_text},  {"date", is_text},     {"dateTime", is_text}, {"time", is_text},     {"duration", is_text},
    };
    struct cursor c = cursor_over(value);
    if (value.size == 0) return true;
    for (size_t i = 0; i < COUNT_OF(SCHEMAS); i++) {
        if (bytes_equal(schema, bytes_of_text(SCHEMAS[i].schema))) return SCHEMAS[i].is(cursor_peek(&c));
    }
    return true;
}

/* ---- Entries. */

/* The first capability that fits, else why the best one does not. */
static enum capability_fault check_entry(struct bytes capabilities, const struct named_path *entry,
                                         struct capability_misfit *misfit)
{
    enum capability_fault fault = CAPABILITY_UNKNOWN_PATH;
    struct cursor c = cursor_over(capabilities);
    struct named_path capability;
    uint32_t count = 0;
    for (cursor_array(&c, &count); count > 0; count--) {
        if (!read_named_path(&c, "kind", &capability) || !bytes_equal(capability.path, entry->path)) continue;
        bool same_kind = !capability.kind.data || bytes_equal(capability.kind, entry->kind);
        if (same_kind && value_fits(capability.schema, entry->value)) return CAPABILITY_FITS;
        if (same_kind) {
            misfit->schema = capability.schema;
            fault = CAPABILITY_WRONG_VALUE;
        } else if (fault == CAPABILITY_UNKNOWN_PATH) {
            misfit->kind = capability.kind;
            fault = CAPABILITY_OTHER_KIND;
        }
    }
    return fault;
}

/* Stops at the first entry with a fault, of all faults or of those in the path alone. */
static enum capability_fault check(struct bytes capabilities, struct bytes data, bool values,
                                   struct capability_misfit *misfit)
{
    struct cursor list = cursor_over(capabilities), entries = cursor_over(data);
    struct named_path entry;
    uint32_t listed = 0, count = 0;
    cursor_array(&list, &listed);
    cursor_array(&entries, &count);
    for (uint32_t i = 0; listed > 0 && i < count; i++) {
        if (!read_named_path(&entries, "type", &entry)) continue;
        if (!values) entry.value = BYTES_NONE;
        *misfit = (struct capability_misfit){.entry = i, .path = entry.path, .type = entry.kind};
        enum capability_fault fault = check_entry(capabilities, &entry, misfit);
        if (fault != CAPABILITY_FITS) return fault;
    }
    return CAPABILITY_FITS;
}

enum capability_fault capabilities_check(struct bytes capabilities, struct bytes data, struct capability_misfit *misfit)
{
    return check(capabilities, data, true, misfit);
}

bool capabilities_have(struct bytes capabilities, struct bytes data)
{
    struct capability_misfit misfit;
    return check(capabilities, data, false, &misfit) == CAPABILITY_FITS;
}
