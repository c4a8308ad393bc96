/* The group keys that the engine works with, and their way to others.
 *
 *     DIR/group-keys        those in use
 *     DIR/group-keys.next   those of a rotation that the log may not hold yet
 *
 * A rotation is over when its event is on disk. Happy path: key_store_rotate in a turn; key_store_write before the
 * turn's append, so that no event tells of keys that are nowhere; key_store_settle after it. Way off it: key_store_undo.
 * After a crash in between the log says which of the two files holds: it keeps a print of each key, see group_keys.h. */
#ifndef MUSTER_KEYS_KEY_STORE_H
#define MUSTER_KEYS_KEY_STORE_H

#include "engine/keys/group_keys.h"

struct key_store {
    char *path, *next_path;
    struct group_keys *current;
    struct group_keys *next; /* of this turn; NULL: no rotation */
    bool next_written;
    bool next_owed;  /* next_path holds the current keys: it could not be given its name */
    bool unknown;    /* the log does not know of the current keys; whoever tells it clears this */
    int error;       /* errno of the last write that failed, for whoever knows what a full disk is */
    struct sentence why;
};

/* `primary` and `secondary` are the prints that the log knows, no bytes when it knows none: then missing keys are made.
 * Keys that were lost, or are others than the log's, are refused unless `trust`: then those of the file hold, or new
 * ones, and k->unknown is set. On false k->why says what to do, and nothing is open. */
bool key_store_open(struct key_store *k, const char *directory, struct bytes primary, struct bytes secondary, bool trust);
void key_store_close(struct key_store *k);

/* With this turn's rotations; borrowed until the next call here. */
struct group_keys *key_store_keys(struct key_store *k);
void key_store_rotate(struct key_store *k, enum group_key which);
/* False: k->why and k->error say why the turn cannot be written. */
bool key_store_write(struct key_store *k);
/* The rotations hold. False: k->why is worth telling, but does no harm: the next start finds the keys under either name. */
bool key_store_settle(struct key_store *k);
void key_store_undo(struct key_store *k);

#endif
