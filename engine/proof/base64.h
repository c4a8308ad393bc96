/* Base 64 as in RFC 4648, section 4, with padding: one spelling for any bytes. */
#ifndef MUSTER_PROOF_BASE64_H
#define MUSTER_PROOF_BASE64_H

#include "engine/base/base.h"

/* Characters for so many bytes, no terminating zero. */
#define BASE64_SIZE(bytes) (((bytes) + 2) / 3 * 4)

/* Writes BASE64_SIZE(data.size) characters and a terminating zero. */
void base64_write(struct bytes data, char *out);
/* Strict: false unless it is what base64_write() makes of at most `size_max` bytes. */
bool base64_read(struct bytes text, uint8_t *out, size_t size_max, size_t *size);
/* The same for exactly `size` bytes. */
bool base64_read_exactly(struct bytes text, uint8_t *out, size_t size);

#endif
