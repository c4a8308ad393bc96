/* Signed notes as C2SP's signed-note has them, with Ed25519: a text of lines, an empty line, and a line for each
 * signature. Keys are written as golang.org/x/mod/sumdb/note writes them, so that tools that others wrote take ours:
 *
 *     — muster/9f2c... hI2DJw...=                          a signature: key id and signature, in base 64
 *     muster/9f2c...+8488d827+AY...=                       a public key: name, key id, 0x01 and the key
 *     PRIVATE+KEY+muster/9f2c...+8488d827+AV...=           a private one */
#ifndef MUSTER_PROOF_NOTE_H
#define MUSTER_PROOF_NOTE_H

#include "engine/base/base.h"
#include "engine/proof/base64.h"

enum {
    NOTE_KEY_SIZE = 32, /* of either half of a pair */
    NOTE_KEY_ID_SIZE = 4,
    NOTE_SIGNATURE_SIZE = 64,
    NOTE_NAME_SIZE = 128, /* with a terminating zero */
    NOTE_PRINTED_SIZE = 64, /* 0x01 and a key in base 64, '+', the key id, a terminating zero: with room */
    NOTE_KEY_TEXT_SIZE = NOTE_NAME_SIZE + NOTE_PRINTED_SIZE + 16,
    NOTE_SIZE_MAX = 64 << 10, /* larger ones are no notes to us */
};

struct note_key {
    char name[NOTE_NAME_SIZE];
    uint8_t id[NOTE_KEY_ID_SIZE];
    uint8_t public_key[NOTE_KEY_SIZE];
};

struct note_signer {
    struct note_key key;
    uint8_t seed[NOTE_KEY_SIZE]; /* secret: whoever is done with it wipes it */
};

/* A fresh pair. The name has no blanks and no '+'. */
void note_signer_make(const char *name, struct note_signer *signer);

/* As text of one line without its end. Reading is strict: false unless it is what would be written. */
void note_key_write(const struct note_key *key, char text[NOTE_KEY_TEXT_SIZE]);
bool note_key_read(struct bytes text, struct note_key *key);
void note_signer_write(const struct note_signer *signer, char text[NOTE_KEY_TEXT_SIZE]);
bool note_signer_read(struct bytes text, struct note_signer *signer);

/* Writes the note that signs `body`, which ends with a line feed, and a terminating zero. Its size; 0 when it would have
 * more than `room` bytes. */
size_t note_sign(const struct note_signer *signer, struct bytes body, char *note, size_t room);

enum note_verdict {
    NOTE_SIGNED,
    NOTE_MALFORMED, /* it is no note */
    NOTE_UNSIGNED,  /* this key has not signed it */
    NOTE_FORGED,    /* it says so, and the signature is wrong */
};
/* Signatures by other keys do not matter. Only after NOTE_SIGNED *body, which borrows, may be believed. */
enum note_verdict note_open(struct bytes note, const struct note_key *key, struct bytes *body);
/* What it says, signed or not. */
bool note_split(struct bytes note, struct bytes *body, struct bytes *signatures);

#endif
