/* The commit record as it lies on disk; docs/log-format.md draws it. Pure: no I/O. */
#ifndef MUSTER_LOG_RECORD_H
#define MUSTER_LOG_RECORD_H

#include "engine/log/log.h"

enum {
    RECORD_HEAD_SIZE = 8 + 8 + 8 + 4, /* first, last, time_us, how many hashes the frontier has */
    RECORD_SIZE_MAX = RECORD_HEAD_SIZE + MERKLE_FRONTIER_MAX * MERKLE_HASH_SIZE + MERKLE_HASH_SIZE,
};

/* Returns the size written. */
size_t record_encode(const struct log_commit *commit, uint8_t out[RECORD_SIZE_MAX]);

/* Strict: false unless `stored` is exactly what record_encode makes of a sensible commit. That of no
 * commit at all, which stands before the first segment, has last 0 and first 0. The root is not computed
 * anew. */
bool record_decode(struct bytes stored, struct log_commit *commit);

/* What stands before a log's first commit: no values, the empty tree. */
void record_nothing(struct log_commit *commit);

bool record_equal(const struct log_commit *a, const struct log_commit *b);

#endif
