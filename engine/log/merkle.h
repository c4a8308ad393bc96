/* The Merkle tree of RFC 6962, section 2.1, with SHA-256: a leaf is SHA-256(0x00 || value), a node
 * SHA-256(0x01 || left || right), the empty tree SHA-256(""). Only the frontier is kept: the roots of the
 * full subtrees that make up the tree, largest first, as many as the size has one-bits. */
#ifndef MUSTER_MERKLE_H
#define MUSTER_MERKLE_H

#include "engine/base/base.h"

enum { MERKLE_HASH_SIZE = 32, MERKLE_FRONTIER_MAX = 48 };

/* All zero is the empty tree. */
struct merkle {
    uint64_t size; /* leaves; below 2^48 */
    uint8_t frontier[MERKLE_FRONTIER_MAX][MERKLE_HASH_SIZE];
};

/* How many entries of the frontier are in use. */
static inline unsigned merkle_frontier_count(const struct merkle *tree)
{
    return (unsigned)__builtin_popcountll(tree->size);
}

/* All of these may be called from any thread at once, each with a tree of its own. */
void merkle_append(struct merkle *tree, struct bytes value);
void merkle_root(const struct merkle *tree, uint8_t root[MERKLE_HASH_SIZE]);

/* The two hashes that everything above is made of, for proofs. `out` may be one of the inputs. */
void merkle_leaf(struct bytes value, uint8_t out[MERKLE_HASH_SIZE]);
void merkle_node(const uint8_t left[MERKLE_HASH_SIZE], const uint8_t right[MERKLE_HASH_SIZE],
                 uint8_t out[MERKLE_HASH_SIZE]);

#endif
