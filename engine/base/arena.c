/* A chain of blocks, each twice the last one up to a bound; larger wishes get a block of their own. */
#include "engine/base/arena.h"

#include <stdlib.h>

enum { BLOCK_FIRST = 64 << 10, BLOCK_LAST = 1 << 20, KEPT_MAX = 4 << 20, ALIGNMENT = 16 };

struct arena_block {
    struct arena_block *next;
    size_t used;
    size_t capacity;
    _Alignas(ALIGNMENT) uint8_t data[];
};

static struct arena_block *block_new(size_t capacity)
{
    struct arena_block *block = malloc(sizeof *block + capacity);
    ASSERT(block != NULL);
    *block = (struct arena_block){.capacity = capacity};
    return block;
}

static bool block_fits(const struct arena_block *block, size_t size)
{
    return block && block->capacity - block->used >= size;
}

/* Goes on to the next kept block that is large enough, or puts a new one after the current. */
static void arena_advance(struct arena *a, size_t size)
{
    struct arena_block *next = a->current ? a->current->next : a->first;
    if (!block_fits(next, size)) {
        size_t usual = a->current ? MIN(a->current->capacity * 2, (size_t)BLOCK_LAST) : (size_t)BLOCK_FIRST;
        struct arena_block *fresh = block_new(MAX(usual, size));
        fresh->next = next;
        if (a->current) a->current->next = fresh;
        else a->first = fresh;
        next = fresh;
    }
    a->current = next;
}

void *arena_alloc(struct arena *a, size_t size)
{
    size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (!block_fits(a->current, size)) arena_advance(a, size);
    void *place = a->current->data + a->current->used;
    a->current->used += size;
    return place;
}

void *arena_zero(struct arena *a, size_t size)
{
    return memset(arena_alloc(a, size), 0, size);
}

struct bytes arena_copy(struct arena *a, struct bytes b)
{
    if (b.size == 0) return BYTES_NONE;
    return (struct bytes){memcpy(arena_alloc(a, b.size), b.data, b.size), b.size};
}

char *arena_text(struct arena *a, struct bytes b)
{
    char *text = arena_alloc(a, b.size + 1);
    if (b.size) memcpy(text, b.data, b.size);
    text[b.size] = '\0';
    return text;
}

void arena_reset(struct arena *a)
{
    size_t kept = 0;
    struct arena_block **link = &a->first;
    while (*link) {
        struct arena_block *block = *link;
        if (kept + block->capacity > KEPT_MAX) {
            *link = block->next;
            free(block);
            continue;
        }
        kept += block->capacity;
        block->used = 0;
        link = &block->next;
    }
    a->current = a->first;
}

void arena_free(struct arena *a)
{
    while (a->first) {
        struct arena_block *block = a->first;
        a->first = block->next;
        free(block);
    }
    a->current = NULL;
}

uint8_t *buffer_room(struct buffer *b, size_t size)
{
    if (b->capacity - b->size < size) {
        size_t capacity = MAX(b->capacity * 2, b->size + size);
        uint8_t *data = arena_alloc(b->arena, MAX(capacity, (size_t)256));
        if (b->size) memcpy(data, b->data, b->size);
        b->data = data;
        b->capacity = MAX(capacity, (size_t)256);
    }
    return b->data + b->size;
}

void buffer_append(struct buffer *b, const void *data, size_t size)
{
    if (size == 0) return;
    memcpy(buffer_room(b, size), data, size);
    b->size += size;
}
