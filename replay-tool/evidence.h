/* What an auditor brings and takes away: public keys, checkpoints and proofs, as small files; and the log as the tree that
 * they are about. Whatever fails has been said when a function returns. */
#ifndef MUSTER_REPLAY_EVIDENCE_H
#define MUSTER_REPLAY_EVIDENCE_H

#include "engine/proof/proof_text.h"
#include "replay-tool/source.h"

/* All of a file, in the arena. Larger than any proof: EXIT_DAMAGED. */
enum exit_code evidence_read(const char *path, struct arena *arena, struct bytes *text);

/* What --out names gets the text, and must not be there yet; "-" is standard output. *taken: nothing else is to be printed
 * there. */
enum exit_code evidence_write(struct replay *r, struct bytes text, bool *taken);

/* The header of what is said about files that an auditor brings. */
void evidence_header(struct replay *r);

/* The public key that --key gives, or the file that it names. Without --key the log's own, from `source`, which may be
 * NULL: then one must be given. */
enum exit_code evidence_key(struct replay *r, struct source *source, struct note_key *key);

/* Believes a checkpoint only when this key has signed it; `name` is what sentences call it. EXIT_SIGNATURE. */
enum exit_code evidence_checkpoint(const char *name, struct bytes note, const struct note_key *key,
                                   struct checkpoint *checkpoint);
/* The same of a file; *note may be NULL. */
enum exit_code evidence_checkpoint_file(const char *path, const struct note_key *key, struct arena *arena,
                                        struct bytes *note, struct checkpoint *checkpoint);

/* The log as proof.h reads it; what fails there has been said, and is an exit code. */
struct tree_reader evidence_tree(struct source *source);
/* For a checkpoint that covers `size` events, more than the source has: says so. EXIT_DAMAGED, since an end was taken away;
 * of one segment EXIT_INCOMPLETE, since others may follow it. */
enum exit_code evidence_beyond(const struct source *source, uint64_t size);
/* The root of this size, of 0 .. source->head: the record's, where a commit ends there. */
enum exit_code evidence_root(struct source *source, uint64_t size, uint8_t root[MERKLE_HASH_SIZE]);

/* What the log's own signer has: a data directory's files, or a running engine's answer; either may be "". `fresh`: signs
 * what the log holds now, which is the only thing that writes anything. EXIT_SIGNATURE, EXIT_DAMAGED. */
struct own_evidence {
    char key[NOTE_KEY_TEXT_SIZE];
    char note[CHECKPOINT_SIZE];
};
enum exit_code own_evidence(struct source *source, bool fresh, struct own_evidence *own);
/* The files alone, of the data directory that --data names; nothing is said. */
void own_evidence_files(const struct replay *r, const uint8_t log_id[LOG_ID_SIZE], struct own_evidence *own);
/* Adds `key` and `signed`, the size of the last checkpoint, where there are such. */
void put_own_evidence(struct open_map *m, const struct own_evidence *own);

/* Adds what a checkpoint says. */
void put_checkpoint(struct open_map *m, const struct checkpoint *checkpoint);

#endif
