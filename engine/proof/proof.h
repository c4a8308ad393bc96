/* Inclusion and consistency proofs over the log's tree, as in RFC 6962, sections 2.1.1 and 2.1.2.
 *
 * Making one hashes hardly anything: commit records hold the roots of full subtrees (their frontiers). For n events in
 * commits of at most c it reads O(log(n)^2) records, and hashes events of O(log(n)) commits only, at most c of each: some
 * milliseconds for hundreds of millions of events. What a record holds need not be trusted: whoever makes a proof checks
 * it against the roots before it is worth anything. */
#ifndef MUSTER_PROOF_PROOF_H
#define MUSTER_PROOF_PROOF_H

#include "engine/log/log.h"

/* Where the tree's parts come from. Each gives 0, or what the functions below then return. */
struct tree_reader {
    void *context;
    int (*value)(void *context, uint64_t seq, struct bytes *value);
    /* The one that holds the event; a later one, where that was archived: it knows the full subtrees before it too. */
    int (*commit)(void *context, uint64_t seq, struct log_commit *commit);
};

enum { PROOF_HASHES_MAX = 2 * MERKLE_FRONTIER_MAX };

/* From the leaf, or the smaller tree, upwards. */
struct proof {
    unsigned count;
    uint8_t hashes[PROOF_HASHES_MAX][MERKLE_HASH_SIZE];
};

/* That event `seq`, of 1..size, is in the tree of this size, which the log has. */
int proof_of_inclusion(const struct tree_reader *reader, uint64_t seq, uint64_t size, struct proof *proof);
/* That the tree of size `to`, which the log has, begins with the one of size `from`, 0..to. */
int proof_of_consistency(const struct tree_reader *reader, uint64_t from, uint64_t to, struct proof *proof);
/* The root of this size, which the log has. */
int proof_root(const struct tree_reader *reader, uint64_t size, uint8_t root[MERKLE_HASH_SIZE]);

/* ---- What a proof is worth. Pure. */

/* Whether the proof leads from this event's bytes, as number seq, to this root of this size. */
bool inclusion_is_proved(const struct proof *proof, uint64_t seq, struct bytes value, uint64_t size,
                         const uint8_t root[MERKLE_HASH_SIZE]);
/* Whether it leads from the one root and the other. */
bool consistency_is_proved(const struct proof *proof, uint64_t from, const uint8_t from_root[MERKLE_HASH_SIZE], uint64_t to,
                           const uint8_t to_root[MERKLE_HASH_SIZE]);

#endif
