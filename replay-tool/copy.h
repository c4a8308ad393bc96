/* A log that is made as a copy of another one, or of its beginning: commit by commit, each of them proved to be what was
 * written before it is written again. At any time it is a whole log of what has come so far: whoever is interrupted opens
 * it again, and goes on behind its last event.
 *
 * A copy of a whole log has that log's id. One that is to go on from a moment has an id of its own, and LOG_CONTINUED as
 * the event behind that moment. Segments begin where they began.
 *
 * What fails has been said, and its exit code is that of the verb. */
#ifndef MUSTER_REPLAY_COPY_H
#define MUSTER_REPLAY_COPY_H

#include "engine/base/arena.h"
#include "replay-tool/source.h"

struct copy {
    struct log log;
    struct log_commit at; /* the last one taken, perhaps not yet written */

    /* What is written next, all at once. The values of the commit at hand are behind those. */
    struct arena arenas[2];
    unsigned arena;
    struct log_commit *commits;
    struct bytes *values;
    size_t commit_count, value_count, commit_values;
    size_t bytes;
};

/* Opens the log in the directory, which must have this id, or makes it. After a fault it is closed. */
enum exit_code copy_open(struct copy *c, const char *directory, const uint8_t log_id[LOG_ID_SIZE]);
/* With `whole` it is marked as one that ends here; otherwise what has not been written is dropped. */
enum exit_code copy_close(struct copy *c, bool whole);

/* One more value of the commit at hand. */
void copy_value(struct copy *c, struct bytes value);
/* That was all of the commit. With a `root` the tree must have it now; if it has not, or the time is before that of the
 * last commit, the commit is dropped: EXIT_DAMAGED, which the caller says. */
enum exit_code copy_commit(struct copy *c, int64_t time_us, const uint8_t *root);

/* Takes all commits that are not there yet, up to the one that ends with number `last`. */
enum exit_code copy_from(struct copy *c, struct source *source, uint64_t last);
/* Says that this log goes on from the one with the old id; `how` is a verb's word. */
enum exit_code copy_continue(struct copy *c, const uint8_t old_log_id[LOG_ID_SIZE], const char *how);

/* A log in the making, in a directory log.part that is called log when it is whole. It knows what it is made of, so that
 * nobody goes on with something else: a file "of" with one line of text. */
struct draft {
    char path[PATH_MAX];  /* where it is made */
    char final[PATH_MAX];
    uint8_t old_id[LOG_ID_SIZE], log_id[LOG_ID_SIZE];
};
/* Begins one, or finds the one that was begun for the same: `what` says what of the old log it is. With `is_new_log` it
 * gets an id of its own. */
enum exit_code draft_open(struct draft *d, const char *directory, const uint8_t old_id[LOG_ID_SIZE], const char *what,
                          bool is_new_log);
/* Gives it its name. */
enum exit_code draft_finish(const struct draft *d);
/* The same where there is a log already, which is kept under the name `aside` in the same directory. */
enum exit_code draft_replace(const struct draft *d, const char *aside);

#endif
