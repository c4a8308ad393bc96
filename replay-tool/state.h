/* The folds of a log's events in a scratch directory: what the engine knew after an event, and the names behind its
 * numbers. */
#ifndef MUSTER_REPLAY_STATE_H
#define MUSTER_REPLAY_STATE_H

#include "projections/projections.h"
#include "replay-tool/source.h"

enum { BOOT_ID_SIZE = 64 };
/* Of the running system, as the engine's projections know it. */
void read_boot_id(char boot_id[BOOT_ID_SIZE]);

struct state {
    struct sentence why; /* which event could not be folded, after EXIT_DAMAGED and EXIT_NEWER_FORMAT */
    struct source *source;
    struct projections projections;
    bool is_open;
    uint64_t *skip; /* numbers that --skip says */
    size_t skip_count;
    uint64_t *skipped; /* of them, those that were passed over, in order */
    size_t skipped_count;
    /* Shown each event after it was folded; NULL: nobody looks. */
    void (*seen)(void *context, const struct event *event);
    void *context;
};

/* For verbs that fold: what state_open() reads of the command line. */
#define FOLD_OPTION_ROWS                                                                                               \
    {"skip", "SEQ", "pass over this event, which cannot be folded; may be given several times"},                       \
    {"steps", "N", "name an event that takes more steps to fold (1,000,000)"}

/* Nothing folded yet. What fails has been said, and then it is closed. */
enum exit_code state_open(struct state *s, struct source *source);
/* The same in this directory, which is made, and as the engine would: for state_keep(). */
enum exit_code state_open_at(struct state *s, struct source *source, const char *directory);
/* All of the source is folded: leaves it behind as the engine does at a clean stop, and closes it. */
enum exit_code state_keep(struct state *s);
/* May be called twice. */
void state_close(struct state *s);

/* Folds what comes next, up to `last`, which the source has. An event that cannot have happened, or takes more than
 * --steps reads and writes of the folds' entries, is EXIT_DAMAGED, one that this version does not know EXIT_NEWER_FORMAT:
 * these two are only left in `why`, for the verb to say; all else has been said. The source must have event 1. Those that
 * --skip names are passed over, and nothing is known of what they did. */
enum exit_code state_fold_to(struct state *s, uint64_t last);
/* The same, and says that sentence too, with how to go on. */
enum exit_code state_reach(struct state *s, uint64_t last);
uint64_t state_head(const struct state *s);
/* Whether --skip names it. */
bool state_skips(const struct state *s, uint64_t seq);
/* "skipped", a list, if any event was. */
void state_put_skipped(const struct state *s, struct open_map *m);
/* What is shown lacks what was skipped: not EXIT_WELL then. */
enum exit_code state_exit(const struct state *s);
/* As of the last event folded. */
struct view *state_view(struct state *s);
/* SHA-256 over every entry of every table: equal states have equal hashes, on any machine. */
void state_hash(struct view *v, uint8_t hash[32]);

/* The first event that is not before this time, head + 1 when all are. */
enum exit_code event_since(struct source *source, int64_t time_us, uint64_t *seq);
/* Decodes the event with this number, which borrows what source_read() gave. What fails has been said, but for the two
 * codes above, whose sentence is left in `why` unless it was said: set that to "" before. */
enum exit_code event_read(struct source *source, uint64_t seq, struct event *event, struct sentence *why);
/* The same, and whatever fails has been said. */
enum exit_code event_get(struct source *source, uint64_t seq, struct event *event);

#endif
