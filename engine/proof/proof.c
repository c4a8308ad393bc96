/* Leaves are counted from 0 here: leaf i is event i + 1. */
#include "engine/proof/proof.h"

/* ---- The hash of a part of the tree. */

static int hash_values(const struct tree_reader *r, uint64_t start, uint64_t count, uint8_t hash[MERKLE_HASH_SIZE])
{
    struct merkle part = {.size = 0};
    struct bytes value;
    for (uint64_t i = start; i < start + count; i++) {
        int fault = r->value(r->context, i + 1, &value);
        if (fault) return fault;
        merkle_append(&part, value);
    }
    merkle_root(&part, hash);
    return 0;
}

/* A full subtree stands in the frontier of every size from its end until it becomes half of a larger one: so a left half
 * is in some commit's, if a commit ends there, and a right half never is. */
static bool find_in_frontier(const struct merkle *tree, uint64_t start, unsigned level, uint8_t hash[MERKLE_HASH_SIZE])
{
    if (tree->size >> level != (start >> level) + 1 || (start >> level & 1)) return false;
    memcpy(hash, tree->frontier[__builtin_popcountll(tree->size >> (level + 1))], MERKLE_HASH_SIZE);
    return true;
}

/* Of leaves start .. start + 2^level - 1. */
static int hash_subtree(const struct tree_reader *r, uint64_t start, unsigned level, uint8_t hash[MERKLE_HASH_SIZE])
{
    struct log_commit commit;
    uint8_t right[MERKLE_HASH_SIZE];
    uint64_t count = UINT64_C(1) << level;
    int fault = r->commit(r->context, start + count, &commit);
    if (fault) return fault;
    if (find_in_frontier(&commit.tree, start, level, hash)) return 0;
    if (level == 0 || commit.first <= start + 1) return hash_values(r, start, count, hash);
    fault = hash_subtree(r, start, level - 1, hash);
    if (!fault) fault = hash_subtree(r, start + count / 2, level - 1, right);
    merkle_node(hash, right, hash);
    return fault;
}

/* The largest power of two below `size`, which is at least 2. */
static unsigned level_below(uint64_t size)
{
    return 63 - (unsigned)__builtin_clzll(size - 1);
}

/* Of any leaves that begin where RFC 6962 splits. */
static int hash_range(const struct tree_reader *r, uint64_t start, uint64_t count, uint8_t hash[MERKLE_HASH_SIZE])
{
    uint8_t right[MERKLE_HASH_SIZE];
    if ((count & (count - 1)) == 0) return hash_subtree(r, start, (unsigned)__builtin_ctzll(count), hash);
    unsigned level = level_below(count);
    uint64_t left = UINT64_C(1) << level;
    int fault = hash_subtree(r, start, level, hash);
    if (!fault) fault = hash_range(r, start + left, count - left, right);
    merkle_node(hash, right, hash);
    return fault;
}

int proof_root(const struct tree_reader *r, uint64_t size, uint8_t root[MERKLE_HASH_SIZE])
{
    const struct merkle empty = {.size = 0};
    if (size > 0) return hash_range(r, 0, size, root);
    merkle_root(&empty, root);
    return 0;
}

/* ---- Proofs. The halves that are not on the way: found from the root down, and written from the leaf up. */

struct half {
    uint64_t start, count;
};

struct halves {
    unsigned count;
    struct half list[PROOF_HASHES_MAX];
};

static void add_half(struct halves *halves, uint64_t start, uint64_t count)
{
    ASSERT(halves->count < PROOF_HASHES_MAX);
    halves->list[halves->count++] = (struct half){start, count};
}

static int hash_halves(const struct tree_reader *r, const struct halves *halves, struct proof *proof)
{
    int fault = 0;
    proof->count = 0;
    for (unsigned i = halves->count; i > 0 && !fault; i--) {
        const struct half *half = &halves->list[i - 1];
        fault = hash_range(r, half->start, half->count, proof->hashes[proof->count++]);
    }
    return fault;
}

/* Goes to the half of *start .. *start + *count - 1 that holds the leaf, and notes the other one. */
static void step_down(struct halves *halves, uint64_t leaf, uint64_t *start, uint64_t *count)
{
    uint64_t left = UINT64_C(1) << level_below(*count);
    if (leaf < *start + left) {
        add_half(halves, *start + left, *count - left);
        *count = left;
    } else {
        add_half(halves, *start, left);
        *start += left;
        *count -= left;
    }
}

int proof_of_inclusion(const struct tree_reader *r, uint64_t seq, uint64_t size, struct proof *proof)
{
    struct halves halves = {.count = 0};
    uint64_t start = 0, count = size;
    ASSERT(seq >= 1 && seq <= size);
    while (count > 1) step_down(&halves, seq - 1, &start, &count);
    return hash_halves(r, &halves, proof);
}

/* The way leads to the last leaf of the smaller tree, and ends at the first part that is all of it: which the smaller
 * root gives already when it is the whole of that tree. */
int proof_of_consistency(const struct tree_reader *r, uint64_t from, uint64_t to, struct proof *proof)
{
    struct halves halves = {.count = 0};
    uint64_t start = 0, count = to;
    ASSERT(from <= to);
    proof->count = 0;
    if (from == 0) return 0;
    while (start + count != from) step_down(&halves, from - 1, &start, &count);
    if (start > 0) add_half(&halves, start, count);
    return hash_halves(r, &halves, proof);
}

/* ---- Checking, as RFC 9162, sections 2.1.3.2 and 2.1.4.2, writes it down. */

static bool hashes_equal(const uint8_t a[MERKLE_HASH_SIZE], const uint8_t b[MERKLE_HASH_SIZE])
{
    return memcmp(a, b, MERKLE_HASH_SIZE) == 0;
}

bool inclusion_is_proved(const struct proof *proof, uint64_t seq, struct bytes value, uint64_t size,
                         const uint8_t root[MERKLE_HASH_SIZE])
{
    uint8_t hash[MERKLE_HASH_SIZE];
    if (seq < 1 || seq > size) return false;
    uint64_t node = seq - 1, last = size - 1;
    merkle_leaf(value, hash);
    for (unsigned i = 0; i < proof->count; i++) {
        if (last == 0) return false;
        bool is_right = node & 1 || node == last;
        if (is_right) merkle_node(proof->hashes[i], hash, hash);
        else merkle_node(hash, proof->hashes[i], hash);
        while (is_right && !(node & 1) && node > 0) node >>= 1, last >>= 1;
        node >>= 1, last >>= 1;
    }
    return last == 0 && hashes_equal(hash, root);
}

bool consistency_is_proved(const struct proof *proof, uint64_t from, const uint8_t from_root[MERKLE_HASH_SIZE], uint64_t to,
                           const uint8_t to_root[MERKLE_HASH_SIZE])
{
    uint8_t smaller[MERKLE_HASH_SIZE], larger[MERKLE_HASH_SIZE];
    if (from == 0 || from >= to) {
        const struct merkle empty = {.size = 0};
        merkle_root(&empty, smaller);
        bool roots_fit = from == to ? hashes_equal(from_root, to_root) : from == 0 && hashes_equal(from_root, smaller);
        return roots_fit && proof->count == 0;
    }
    bool is_power = (from & (from - 1)) == 0;
    if (!is_power && proof->count == 0) return false;
    uint64_t node = from - 1, last = to - 1;
    while (node & 1) node >>= 1, last >>= 1;
    memcpy(smaller, is_power ? from_root : proof->hashes[0], sizeof smaller);
    memcpy(larger, smaller, sizeof larger);
    for (unsigned i = is_power ? 0 : 1; i < proof->count; i++) {
        if (last == 0) return false;
        bool is_right = node & 1 || node == last;
        if (is_right) {
            merkle_node(proof->hashes[i], smaller, smaller);
            merkle_node(proof->hashes[i], larger, larger);
        } else {
            merkle_node(larger, proof->hashes[i], larger);
        }
        while (is_right && !(node & 1) && node > 0) node >>= 1, last >>= 1;
        node >>= 1, last >>= 1;
    }
    return last == 0 && hashes_equal(smaller, from_root) && hashes_equal(larger, to_root);
}
