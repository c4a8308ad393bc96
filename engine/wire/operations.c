/* What goes on over a while, as clients see it: each row is what its own kind shows. */
#include "engine/wire/resources.h"

#include <stdio.h>

static const struct {
    const char *type;
    void (*put)(struct open_map *m, struct view *v, const struct wire_facts *facts, uint32_t number);
} KINDS[OPERATION_KIND_COUNT] = {
#define KIND(NAME, name) [OPERATION_##NAME] = {#name, put_##name##_operation},
    OPERATION_KINDS(KIND)
#undef KIND
};

/* The next number of each kind, with hyphens between. */
static void put_operations_cursor(struct open_map *m, const uint32_t next[OPERATION_KIND_COUNT])
{
    char text[12 * OPERATION_KIND_COUNT];
    size_t size = 0;
    for (int kind = 0; kind < OPERATION_KIND_COUNT; kind++)
        size += (size_t)snprintf(text + size, sizeof text - size, "%s%u", kind ? "-" : "", next[kind]);
    put_word(m, "cursor", text);
}

void put_operations(struct view *v, const struct wire_facts *facts, const struct answer *answer, struct buffer *out)
{
    struct open_map m = put_map(out);
    put_key(&m, "value");
    struct open_list value = put_list(out);
    for (size_t i = 0; i < answer->count; i++, value.count++) {
        const struct operation *operation = &answer->operations[i];
        struct open_map one = put_map(out);
        put_word(&one, "type", KINDS[operation->kind].type);
        KINDS[operation->kind].put(&one, v, facts, operation->number);
        put_end(&one);
    }
    put_list_end(&value);
    if (answer->operations_next) put_operations_cursor(&m, answer->operations_next);
    put_end(&m);
}
