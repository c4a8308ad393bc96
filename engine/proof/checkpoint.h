/* A checkpoint says which tree a log has: its size and root, under its name. As a signed note (note.h) it is what C2SP's
 * tlog-checkpoint says:
 *
 *     muster/9f2c...        the origin: "muster/" and the log's id
 *     1234                  how many events
 *     sFodV/vSp5O8...=      their root
 *
 *     — muster/9f2c... hI2DJw...=
 */
#ifndef MUSTER_PROOF_CHECKPOINT_H
#define MUSTER_PROOF_CHECKPOINT_H

#include "engine/log/log.h"
#include "engine/proof/note.h"

enum { CHECKPOINT_BODY_SIZE = NOTE_NAME_SIZE + 96, CHECKPOINT_SIZE = 2 * NOTE_NAME_SIZE + 256 };

struct checkpoint {
    char origin[NOTE_NAME_SIZE];
    uint64_t size; /* below 2^48 */
    uint8_t root[MERKLE_HASH_SIZE];
};

/* The name of a log, and of the key that signs for it. */
void checkpoint_origin(const uint8_t log_id[LOG_ID_SIZE], char origin[NOTE_NAME_SIZE]);

/* The body of the note; its size. */
size_t checkpoint_write(const struct checkpoint *checkpoint, char body[CHECKPOINT_BODY_SIZE]);
/* Lines behind the third are others' extensions, and are passed over. */
bool checkpoint_read(struct bytes body, struct checkpoint *checkpoint);
bool checkpoint_equal(const struct checkpoint *a, const struct checkpoint *b);

#endif
