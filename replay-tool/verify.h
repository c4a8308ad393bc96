/* What the parts of verify hand each other. */
#ifndef MUSTER_REPLAY_VERIFY_H
#define MUSTER_REPLAY_VERIFY_H

#include "replay-tool/evidence.h"
#include "replay-tool/parts.h"
#include "replay-tool/scan.h"
#include "replay-tool/source.h"

enum verify_level { VERIFY_FAST, VERIFY_EVENTS, VERIFY_STATE };

struct verify {
    struct replay *replay;
    enum verify_level level;
    uint64_t jobs;
    uint64_t events; /* that should be there */
    uint64_t proved;
    bool folded; /* every event of them */
    uint64_t findings;
    enum exit_code code; /* the worst so far */
    struct checkpoint checkpoint; /* of --checkpoint; origin "": none was given */
    const char *projections; /* a word of how they stand; NULL: not looked at */
    struct sentence projections_why;
    uint8_t log_id[LOG_ID_SIZE];
    uint64_t head;
    uint8_t root[MERKLE_HASH_SIZE];
};

/* Says what is wrong, and keeps the worst code. */
void verify_find(struct verify *v, const struct finding *finding);
void verify_say(struct verify *v, uint64_t first, uint64_t last, enum exit_code code, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* What a scan found; of a log or segment that begins with `first`. */
void verify_take(struct verify *v, const struct log_scan *scan, uint64_t first);
/* An event that was not folded because nobody wanted it to be. */
void verify_skipped(struct verify *v, uint64_t seq);

/* verify_files.c: segments, each scanned in child processes of its own. Not EXIT_WELL: nothing could be verified, and that
 * was said. */
enum exit_code verify_files(struct verify *v);
/* verify_checkpoint.c: reads what --checkpoint and --key name; without --key the key is the log's own, and there must be a
 * source. */
enum exit_code verify_take_checkpoint(struct verify *v, struct source *source);
/* Whether the log begins with what it covers. For a log whose events have the roots of their commits. */
enum exit_code verify_checkpoint(struct verify *v, struct source *source);
/* verify_state.c: folds all, and compares with the projections. Only for a log whose every event is proved. */
enum exit_code verify_state(struct verify *v, struct source *source);

#endif
