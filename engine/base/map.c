/* At most half full, so that probes stay short; removal closes the gap, so that there are no tombstones. */
#include "engine/base/map.h"

#include <stdlib.h>

enum { CAPACITY_FIRST = 16 };

static size_t place_of(const struct map *m, uint64_t key)
{
    key *= 0x9e3779b97f4a7c15u;
    return (size_t)(key >> 32) & (m->capacity - 1);
}

/* The slot with this key, or the free one where it would go. */
static struct map_slot *slot_of(const struct map *m, uint64_t key)
{
    size_t at = place_of(m, key);
    while (m->slots[at].key && m->slots[at].key != key) at = (at + 1) & (m->capacity - 1);
    return &m->slots[at];
}

void *map_get(const struct map *m, uint64_t key)
{
    if (m->count == 0) return NULL;
    return slot_of(m, key)->value;
}

static void map_grow(struct map *m)
{
    struct map grown = {.capacity = m->capacity ? m->capacity * 2 : CAPACITY_FIRST, .count = m->count};
    grown.slots = calloc(grown.capacity, sizeof *grown.slots);
    ASSERT(grown.slots);
    for (size_t i = 0; i < m->capacity; i++) {
        if (m->slots[i].key) *slot_of(&grown, m->slots[i].key) = m->slots[i];
    }
    free(m->slots);
    *m = grown;
}

void map_put(struct map *m, uint64_t key, void *value)
{
    ASSERT(key != 0 && value);
    if ((m->count + 1) * 2 > m->capacity) map_grow(m);
    struct map_slot *slot = slot_of(m, key);
    if (!slot->key) m->count++;
    *slot = (struct map_slot){key, value};
}

void *map_remove(struct map *m, uint64_t key)
{
    if (m->count == 0) return NULL;
    struct map_slot *slot = slot_of(m, key);
    if (!slot->key) return NULL;
    void *value = slot->value;
    size_t hole = (size_t)(slot - m->slots);
    size_t mask = m->capacity - 1;
    for (size_t at = (hole + 1) & mask; m->slots[at].key; at = (at + 1) & mask) {
        size_t home = place_of(m, m->slots[at].key);
        if (((at - home) & mask) < ((at - hole) & mask)) continue;
        m->slots[hole] = m->slots[at];
        hole = at;
    }
    m->slots[hole] = (struct map_slot){0, NULL};
    m->count--;
    return value;
}

void map_free(struct map *m)
{
    free(m->slots);
    *m = (struct map){0};
}

void *map_next(const struct map *m, size_t *index)
{
    while (*index < m->capacity) {
        const struct map_slot *slot = &m->slots[(*index)++];
        if (slot->key) return slot->value;
    }
    return NULL;
}
