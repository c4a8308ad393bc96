/* Zigzag differences in LEB128. */
#include "engine/events/numbers.h"

enum { GROUP_BITS = 7, NUMBER_BYTES_MAX = 10 };

static uint64_t zigzag(int64_t difference)
{
    return (uint64_t)difference << 1 ^ (uint64_t)(difference >> 63);
}

static int64_t unzigzag(uint64_t code)
{
    return (int64_t)(code >> 1) ^ -(int64_t)(code & 1);
}

void numbers_add(struct numbers_writer *w, uint64_t number)
{
    uint8_t *out = buffer_room(&w->buffer, NUMBER_BYTES_MAX);
    size_t size = 0;
    uint64_t code = zigzag((int64_t)(number - w->last));
    for (; code >> GROUP_BITS; code >>= GROUP_BITS) out[size++] = (uint8_t)(code | 0x80);
    out[size++] = (uint8_t)code;
    w->buffer.size += size;
    w->last = number;
    w->count++;
}

bool numbers_next(struct numbers *n, uint64_t *number)
{
    uint64_t code = 0;
    for (unsigned shift = 0; n->at < n->end && shift < 64; shift += GROUP_BITS) {
        uint8_t group = *n->at++;
        code |= (uint64_t)(group & 0x7f) << shift;
        if (group & 0x80) continue;
        n->last += (uint64_t)unzigzag(code);
        *number = n->last;
        return true;
    }
    return false;
}

size_t numbers_count(struct bytes b)
{
    const uint8_t *at = b.data;
    size_t count = 0;
    size_t run = 0;
    for (size_t i = 0; i < b.size; i++) {
        if (++run > NUMBER_BYTES_MAX) return SIZE_MAX;
        if (at[i] & 0x80) continue;
        count++;
        run = 0;
    }
    return run == 0 ? count : SIZE_MAX;
}
