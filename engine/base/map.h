/* A map from numbers (never 0) to pointers: open addressing, linear probing. */
#ifndef MUSTER_MAP_H
#define MUSTER_MAP_H

#include "engine/base/base.h"

struct map_slot {
    uint64_t key; /* 0: free */
    void *value;
};

/* All zero is empty. */
struct map {
    struct map_slot *slots;
    size_t capacity; /* a power of two */
    size_t count;
};

void *map_get(const struct map *m, uint64_t key); /* NULL: not there */
void map_put(struct map *m, uint64_t key, void *value);
/* Returns what was there, or NULL. */
void *map_remove(struct map *m, uint64_t key);
void map_free(struct map *m);

/* Each value in no order; *index begins at 0. NULL at the end. Nothing may be put or removed in between. */
void *map_next(const struct map *m, size_t *index);

#endif
