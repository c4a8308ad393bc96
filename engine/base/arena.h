/* Memory that is given back all at once: a turn's frames, commands, events and replies, a worker's
 * page of rows. Nothing in an arena is freed by hand. */
#ifndef MUSTER_ARENA_H
#define MUSTER_ARENA_H

#include "engine/base/base.h"

struct arena_block;

/* All zero is an empty arena. */
struct arena {
    struct arena_block *first;
    struct arena_block *current;
};

/* Aligned to 16 bytes, not cleared, valid until reset or free. Never NULL: stops the process when the
 * system has no memory, which the limits of the socket keep from being a client's doing. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_zero(struct arena *a, size_t size);
struct bytes arena_copy(struct arena *a, struct bytes b);
/* A copy with a terminating zero. */
char *arena_text(struct arena *a, struct bytes b);

/* Keeps up to 4 MiB of blocks for the next round. */
void arena_reset(struct arena *a);
void arena_free(struct arena *a);

/* A run of bytes that grows in an arena; old places die with the arena. All zero but for `arena` is
 * empty. */
struct buffer {
    struct arena *arena;
    uint8_t *data;
    size_t size;
    size_t capacity;
};

void buffer_append(struct buffer *b, const void *data, size_t size);
/* Makes room for `size` more bytes and returns where they go; the caller adds to b->size what it used. */
uint8_t *buffer_room(struct buffer *b, size_t size);
static inline struct bytes buffer_bytes(const struct buffer *b)
{
    return (struct bytes){b->data, b->size};
}

#endif
