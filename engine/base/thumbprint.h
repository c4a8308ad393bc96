/* Thumbprints of X.509 certificates, as text and as bytes; the same for a command and for a row of a CSV file. Pure. */
#ifndef MUSTER_THUMBPRINT_H
#define MUSTER_THUMBPRINT_H

#include "engine/base/base.h"

enum { THUMBPRINT_SHA1_SIZE = 20, THUMBPRINT_SHA256_SIZE = 32, THUMBPRINT_SIZE_MAX = THUMBPRINT_SHA256_SIZE };

struct thumbprint {
    uint8_t data[THUMBPRINT_SIZE_MAX];
    size_t size; /* 0: none */
};

static inline struct bytes thumbprint_bytes(const struct thumbprint *thumbprint)
{
    return (struct bytes){thumbprint->data, thumbprint->size};
}

/* 40 or 64 hexadecimal digits of either case; an empty text is none. Else false, and `why` says what is wrong and
 * what would be right; it begins with `what`, the word the sender knows it by. */
bool thumbprint_read(struct bytes text, const char *what, struct thumbprint *thumbprint, struct sentence *why);

#endif
