/* Reads capabilities and data in place, once a template. */
#include "engine/snapshot/eligibility.h"

#include "engine/base/cursor.h"
#include "projections/templates.h"

/* What of an entry, or of a capability, is of interest here; the rest may be anything. */
struct named_path {
    struct bytes path;
    struct bytes kind; /* data NULL: not said */
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
        struct token key = cursor_next(c), value = cursor_peek(c);
        bool is_text = value.kind == TOKEN_STR || value.kind == TOKEN_BIN;
        cursor_skip(c);
        if (is_text && bytes_equal(key.text, BYTES("path"))) named->path = value.text;
        if (is_text && bytes_equal(key.text, bytes_of_text(kind_key))) named->kind = value.text;
    }
    return named->path.data != NULL;
}

static bool capability_listed(struct bytes capabilities, const struct named_path *wanted)
{
    struct cursor c = cursor_over(capabilities);
    struct named_path capability;
    uint32_t count = 0;
    for (cursor_array(&c, &count); count > 0; count--) {
        if (!read_named_path(&c, "kind", &capability) || !bytes_equal(capability.path, wanted->path)) continue;
        if (!capability.kind.data || bytes_equal(capability.kind, wanted->kind)) return true;
    }
    return false;
}

bool capabilities_have(struct bytes capabilities, struct bytes data)
{
    struct cursor list = cursor_over(capabilities), entries = cursor_over(data);
    struct named_path entry;
    uint32_t listed = 0, count = 0;
    cursor_array(&list, &listed);
    cursor_array(&entries, &count);
    for (; listed > 0 && count > 0; count--) {
        if (read_named_path(&entries, "type", &entry) && !capability_listed(capabilities, &entry)) return false;
    }
    return true;
}

static bool template_has_paths(struct eligibility *e, uint32_t number)
{
    struct template template;
    if (number == 0) return true;
    __typeof__(e->judged[0]) *judged = &e->judged[number % TEMPLATES_JUDGED_MAX];
    if (judged->template != number) {
        if (!templates_get(e->view, number, &template)) return true; /* a fault, which task_run finds */
        judged->template = number;
        judged->has_paths = capabilities_have(template.capabilities, e->data);
    }
    return judged->has_paths;
}

enum exclusion eligibility_check(struct eligibility *e, const struct device *device)
{
    if (e->target != 0 && e->target != device->template) return EXCLUDED_WRONG_TEMPLATE;
    return template_has_paths(e, device->template) ? EXCLUDED_NOT : EXCLUDED_UNKNOWN_PATH;
}
