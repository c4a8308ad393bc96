/* Every first byte says how many bytes of number follow it, and whether that number counts bytes of body,
 * values, or pairs. With that, a value is measured in one loop over what is still owed. */
#include "clients/fleet/reader.h"

#include <string.h>

enum counts { COUNTS_NOTHING, COUNTS_BYTES, COUNTS_VALUES, COUNTS_PAIRS, COUNTS_NEVER };

struct head {
    uint8_t counts;
    uint8_t width; /* bytes of number after the first one */
    uint8_t low;   /* width 0: this many low bits of the first byte are the number */
    uint8_t fixed; /* bytes of body besides what the number says */
};

static const struct head HEADS[256] = {
    [0x80 ... 0x8f] = {COUNTS_PAIRS, 0, 4, 0}, [0x90 ... 0x9f] = {COUNTS_VALUES, 0, 4, 0},
    [0xa0 ... 0xbf] = {COUNTS_BYTES, 0, 5, 0}, [0xc1] = {COUNTS_NEVER, 0, 0, 0},
    [0xc4] = {COUNTS_BYTES, 1, 0, 0},          [0xc5] = {COUNTS_BYTES, 2, 0, 0},
    [0xc6] = {COUNTS_BYTES, 4, 0, 0},          [0xc7] = {COUNTS_BYTES, 1, 0, 1},
    [0xc8] = {COUNTS_BYTES, 2, 0, 1},          [0xc9] = {COUNTS_BYTES, 4, 0, 1},
    [0xca] = {COUNTS_NOTHING, 4, 0, 0},        [0xcb] = {COUNTS_NOTHING, 8, 0, 0},
    [0xcc] = {COUNTS_NOTHING, 1, 0, 0},        [0xcd] = {COUNTS_NOTHING, 2, 0, 0},
    [0xce] = {COUNTS_NOTHING, 4, 0, 0},        [0xcf] = {COUNTS_NOTHING, 8, 0, 0},
    [0xd0] = {COUNTS_NOTHING, 1, 0, 0},        [0xd1] = {COUNTS_NOTHING, 2, 0, 0},
    [0xd2] = {COUNTS_NOTHING, 4, 0, 0},        [0xd3] = {COUNTS_NOTHING, 8, 0, 0},
    [0xd4] = {COUNTS_NOTHING, 2, 0, 0},        [0xd5] = {COUNTS_NOTHING, 3, 0, 0},
    [0xd6] = {COUNTS_NOTHING, 5, 0, 0},        [0xd7] = {COUNTS_NOTHING, 9, 0, 0},
    [0xd8] = {COUNTS_NOTHING, 17, 0, 0},       [0xd9] = {COUNTS_BYTES, 1, 0, 0},
    [0xda] = {COUNTS_BYTES, 2, 0, 0},          [0xdb] = {COUNTS_BYTES, 4, 0, 0},
    [0xdc] = {COUNTS_VALUES, 2, 0, 0},         [0xdd] = {COUNTS_VALUES, 4, 0, 0},
    [0xde] = {COUNTS_PAIRS, 2, 0, 0},          [0xdf] = {COUNTS_PAIRS, 4, 0, 0},
};

static uint64_t big_endian(const uint8_t *at, unsigned width)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < width; i++) value = value << 8 | at[i];
    return value;
}

/* One token: its head and the number in it. The caller has seen that a byte is there. */
static enum read_result take_head(struct reader *r, struct head *head, uint64_t *number)
{
    uint8_t first = *r->at;
    *head = HEADS[first];
    if (head->counts == COUNTS_NEVER) return READ_BAD;
    if ((size_t)(r->end - r->at) < 1u + head->width) return READ_MORE;
    *number = head->width ? big_endian(r->at + 1, head->width) : first & ((1u << head->low) - 1);
    r->at += 1 + head->width;
    return READ_WHOLE;
}

enum read_result reader_measure(struct reader r, size_t *size)
{
    const uint8_t *start = r.at;
    for (uint64_t owed = 1; owed > 0; owed--) {
        struct head head;
        uint64_t number;
        if (r.at == r.end) return READ_MORE;
        enum read_result result = take_head(&r, &head, &number);
        if (result != READ_WHOLE) return result;
        if (head.counts == COUNTS_BYTES) {
            if (number + head.fixed > (uint64_t)(r.end - r.at)) return READ_MORE;
            r.at += number + head.fixed;
        } else if (head.counts == COUNTS_VALUES) {
            owed += number;
        } else if (head.counts == COUNTS_PAIRS) {
            owed += 2 * number;
        }
    }
    *size = (size_t)(r.at - start);
    return READ_WHOLE;
}

/* The number in the head of an array, a map or a text. */
static bool take_count(struct reader *r, enum counts counts, uint64_t *number)
{
    struct reader start = *r;
    struct head head;
    if (r->at < r->end && take_head(r, &head, number) == READ_WHOLE && head.counts == counts && head.fixed == 0)
        return true;
    *r = start;
    return false;
}

bool reader_array(struct reader *r, uint32_t *count)
{
    uint64_t number;
    if (!take_count(r, COUNTS_VALUES, &number)) return false;
    *count = (uint32_t)number;
    return true;
}

bool reader_map(struct reader *r, uint32_t *count)
{
    uint64_t number;
    if (!take_count(r, COUNTS_PAIRS, &number)) return false;
    *count = (uint32_t)number;
    return true;
}

bool reader_text(struct reader *r, struct span *text)
{
    struct reader start = *r;
    uint64_t size;
    if (take_count(r, COUNTS_BYTES, &size) && size <= (uint64_t)(r->end - r->at)) {
        *text = (struct span){r->at, (size_t)size};
        r->at += size;
        return true;
    }
    *r = start;
    return false;
}

bool reader_uint(struct reader *r, uint64_t *value)
{
    if (r->at == r->end) return false;
    uint8_t first = *r->at;
    if (first < 0x80) {
        *value = first;
        r->at++;
        return true;
    }
    struct head head;
    return first >= 0xcc && first <= 0xcf && take_head(r, &head, value) == READ_WHOLE;
}

bool reader_nil(struct reader *r)
{
    if (r->at == r->end || *r->at != 0xc0) return false;
    r->at++;
    return true;
}

bool reader_value(struct reader *r, struct span *bytes)
{
    size_t size;
    if (reader_measure(*r, &size) != READ_WHOLE) return false;
    *bytes = (struct span){r->at, size};
    r->at += size;
    return true;
}

bool span_is(struct span text, const char *word)
{
    return text.size == strlen(word) && memcmp(text.data, word, text.size) == 0;
}
