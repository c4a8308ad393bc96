/* Proofs as files.
 *
 * That an event is in the log, as C2SP's tlog-proof: all that is needed but the public key. `extra` holds the event's stored
 * bytes, and `index` is its number less one:
 *
 *     c2sp.org/tlog-proof@v1
 *     extra mqHPAAYKJBin...
 *     index 41
 *     gSKyXoYZUgZ6jduW...=
 *
 *     <a checkpoint>
 *
 * That a checkpoint extends an older one, as what C2SP's tlog-witness takes:
 *
 *     old 1234
 *     PlRNCrwHpqhGrupu...=
 *
 *     <the newer checkpoint> */
#ifndef MUSTER_PROOF_PROOF_TEXT_H
#define MUSTER_PROOF_PROOF_TEXT_H

#include "engine/base/arena.h"
#include "engine/proof/checkpoint.h"
#include "engine/proof/proof.h"

struct inclusion {
    uint64_t seq;
    struct bytes value; /* as it is stored */
    struct proof proof;
    struct bytes note;  /* the checkpoint, as it came */
};

struct extension {
    uint64_t from;
    struct proof proof;
    struct bytes note; /* the newer checkpoint, as it came */
};

void inclusion_write(const struct inclusion *inclusion, struct buffer *out);
/* Strict. What is borrowed lives as long as `text`, and the value as long as the arena. */
bool inclusion_read(struct bytes text, struct arena *arena, struct inclusion *inclusion);

void extension_write(const struct extension *extension, struct buffer *out);
bool extension_read(struct bytes text, struct extension *extension);

#endif
