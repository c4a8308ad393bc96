/* Reads MessagePack where it lies: no copy, no tree. A take's answer names up to ten thousand devices, and a
 * fleet that stands for all of them at full speed can afford a nanosecond for each, not an allocation. */
#ifndef MUSTER_FLEET_READER_H
#define MUSTER_FLEET_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrows the bytes between. */
struct reader {
    const uint8_t *at;
    const uint8_t *end;
};

struct span {
    const uint8_t *data;
    size_t size;
};

enum read_result { READ_WHOLE, READ_MORE, READ_BAD };

/* How many bytes the first value takes, nested ones with it. *size is set on READ_WHOLE only. */
enum read_result reader_measure(struct reader r, size_t *size);

/* Each takes one value and returns true only if it is whole and of that kind; false leaves the place as it is. */
bool reader_array(struct reader *r, uint32_t *count);
bool reader_map(struct reader *r, uint32_t *count);
bool reader_uint(struct reader *r, uint64_t *value);
bool reader_text(struct reader *r, struct span *text);
bool reader_nil(struct reader *r);
/* Any value, as its bytes. */
bool reader_value(struct reader *r, struct span *bytes);

bool span_is(struct span text, const char *word);

#endif
