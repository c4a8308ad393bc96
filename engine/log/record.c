#include "engine/log/record.h"

size_t record_encode(const struct log_commit *commit, uint8_t out[RECORD_SIZE_MAX])
{
    unsigned count = merkle_frontier_count(&commit->tree);
    ASSERT(commit->tree.size == commit->last);
    put_be64(out, commit->first);
    put_be64(out + 8, commit->last);
    put_be64(out + 16, (uint64_t)commit->time_us);
    put_be32(out + 24, count);
    uint8_t *at = out + RECORD_HEAD_SIZE;
    memcpy(at, commit->tree.frontier, (size_t)count * MERKLE_HASH_SIZE);
    at += (size_t)count * MERKLE_HASH_SIZE;
    memcpy(at, commit->root, MERKLE_HASH_SIZE);
    return (size_t)(at + MERKLE_HASH_SIZE - out);
}

static bool range_is_sensible(uint64_t first, uint64_t last)
{
    if (last == 0) return first == 0;
    return first >= 1 && first <= last && last < UINT64_C(1) << MERKLE_FRONTIER_MAX;
}

bool record_decode(struct bytes stored, struct log_commit *commit)
{
    const uint8_t *in = stored.data;
    if (stored.size < RECORD_HEAD_SIZE) return false;
    *commit =
        (struct log_commit){.first = get_be64(in), .last = get_be64(in + 8), .time_us = (int64_t)get_be64(in + 16)};
    commit->tree.size = commit->last;
    size_t count = get_be32(in + 24);
    if (!range_is_sensible(commit->first, commit->last)) return false;
    if (count != merkle_frontier_count(&commit->tree)) return false;
    if (stored.size != RECORD_HEAD_SIZE + (count + 1) * MERKLE_HASH_SIZE) return false;
    memcpy(commit->tree.frontier, in + RECORD_HEAD_SIZE, count * MERKLE_HASH_SIZE);
    memcpy(commit->root, in + RECORD_HEAD_SIZE + count * MERKLE_HASH_SIZE, MERKLE_HASH_SIZE);
    return true;
}

void record_nothing(struct log_commit *commit)
{
    *commit = (struct log_commit){.first = 0};
    merkle_root(&commit->tree, commit->root);
}

bool record_equal(const struct log_commit *a, const struct log_commit *b)
{
    size_t frontier = (size_t)merkle_frontier_count(&a->tree) * MERKLE_HASH_SIZE;
    return a->first == b->first && a->last == b->last && a->time_us == b->time_us &&
           memcmp(a->tree.frontier, b->tree.frontier, frontier) == 0 && memcmp(a->root, b->root, MERKLE_HASH_SIZE) == 0;
}
