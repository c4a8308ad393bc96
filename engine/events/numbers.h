/* Lists of numbers as bytes, for events that name many devices: each number as the zigzag difference to
 * the one before it (the first one to 0), in LEB128 groups of seven bits. A run of neighbours costs a byte
 * each, any list keeps its order. */
#ifndef MUSTER_NUMBERS_H
#define MUSTER_NUMBERS_H

#include "engine/base/arena.h"

/* All zero but for the buffer's arena is an empty list. */
struct numbers_writer {
    struct buffer buffer;
    uint64_t last;
    size_t count;
};

void numbers_add(struct numbers_writer *w, uint64_t number);
static inline struct bytes numbers_bytes(const struct numbers_writer *w)
{
    return buffer_bytes(&w->buffer);
}

struct numbers {
    const uint8_t *at;
    const uint8_t *end;
    uint64_t last;
};

static inline struct numbers numbers_of(struct bytes b)
{
    return (struct numbers){b.data, bytes_end(b), 0};
}

/* The next number; false at the end. A list that events.c has decoded is well-formed. */
bool numbers_next(struct numbers *n, uint64_t *number);
/* How many there are, or SIZE_MAX when the bytes are no such list. */
size_t numbers_count(struct bytes b);

#endif
