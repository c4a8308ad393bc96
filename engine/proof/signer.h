/* Who signs a log's checkpoints: its key, what was signed last, and the rule that nothing is signed which does not extend
 * that. Whoever signs holds the log's lock.
 *
 *     DIR/signing/9f2c....key          PRIVATE+KEY+muster/9f2c...: secret
 *     DIR/signing/9f2c....pub          muster/9f2c...: to be handed out
 *     DIR/signing/9f2c....checkpoint   what was signed last; on disk before anybody is given it
 *
 * They are named by the log's id: a log that goes on under another id has another key, and what was signed for the old one
 * stays. Happy path: signer_open, signer_prove once, then signer_sign. */
#ifndef MUSTER_PROOF_SIGNER_H
#define MUSTER_PROOF_SIGNER_H

#include "engine/proof/checkpoint.h"
#include "engine/proof/proof.h"

#include <limits.h>

enum signer_fault {
    SIGNER_OK = 0,
    SIGNER_KEY,        /* there is no key, or it is not this log's, or others can read it */
    SIGNER_DIFFERS,    /* the log does not extend what was signed last, or that is damaged */
    SIGNER_UNREAD,     /* the log could not be read to see whether it does */
    SIGNER_NO_SPACE,
    SIGNER_FAILED,     /* anything else that the system refused */
};

/* A file of DIR/signing; false when the name is too long. */
bool signer_path(const char *data_directory, const uint8_t log_id[LOG_ID_SIZE], const char *suffix, char path[PATH_MAX]);
#define SIGNER_KEY_SUFFIX        "key"
#define SIGNER_PUBLIC_SUFFIX     "pub"
#define SIGNER_CHECKPOINT_SUFFIX "checkpoint"

struct signer {
    enum signer_fault fault; /* why it cannot sign, with a sentence */
    struct sentence why;
    char directory[PATH_MAX]; /* the data directory */
    uint8_t log_id[LOG_ID_SIZE];
    struct note_signer pair; /* all zero: none is known */
    struct checkpoint last;
    char note[CHECKPOINT_SIZE]; /* the last one as text; "": nothing was signed yet */
    bool proved;                /* the log extends it */
};

enum signer_make {
    SIGNER_MAKES_NO_KEY,
    SIGNER_MAKES_A_KEY,       /* when nothing was signed yet */
    SIGNER_REPLACES_A_KEY,    /* also when the one that signed is gone */
};

/* Reads key and last checkpoint, or makes the key. Afterwards it is open, whatever came back: what is there can be shown. */
enum signer_fault signer_open(struct signer *s, const char *data_directory, const uint8_t log_id[LOG_ID_SIZE],
                              enum signer_make make);
void signer_close(struct signer *s); /* wipes the key; may be called twice */

/* Proves that the log, of this size and root, extends what was signed last. Reads little of it, as proof.h says. What
 * extends that log later needs no other proof. After SIGNER_UNREAD the caller knows why. */
enum signer_fault signer_prove(struct signer *s, const struct tree_reader *log, uint64_t size,
                               const uint8_t root[MERKLE_HASH_SIZE]);

/* Signs and stores: then s->note is it. The same size again is the same note. A fault that passes, such as
 * SIGNER_NO_SPACE, does not stay. */
enum signer_fault signer_sign(struct signer *s, uint64_t size, const uint8_t root[MERKLE_HASH_SIZE]);

#endif
