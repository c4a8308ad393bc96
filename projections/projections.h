/* The folds of the log: everything a user sees, kept in an LMDB environment of its own that may be thrown
 * away at any time and is folded again from the log.
 *
 *     event --apply--> every fold --> one write transaction, open over many turns --commit--> disk
 *                                     (the loop reads through it)                             (workers read here)
 *
 * Adding a projection is a file and a row in projections.def. Reads take a `struct view`: the live one of
 * the loop, which sees every applied event, or a snapshot's, which sees the last commit and may be used
 * in any one thread. Whatever a read returns is borrowed until the next apply, commit or abort (live) or
 * until the snapshot is closed. */
#ifndef MUSTER_PROJECTIONS_H
#define MUSTER_PROJECTIONS_H

#include "engine/base/base.h"
#include "engine/events/event.h"

enum projections_fault {
    PROJECTIONS_OK = 0,
    PROJECTIONS_NO_SPACE, /* the disk is full; what is applied stays in the open transaction */
    PROJECTIONS_DAMAGED,  /* unreadable: drop it and fold again */
    PROJECTIONS_FAILED,   /* anything else that the system refused */
    PROJECTIONS_ENDLESS,  /* an event takes more steps than it may: projections_limit() */
};

enum fold_result {
    FOLD_OK = 0,
    FOLD_ILLEGAL, /* an event that cannot be: a bug on the live way, a finding in a refold; `why` says it */
    FOLD_FAULT,   /* the store failed: abort, fold again; p->why and p->fault say why */
};

struct projections_settings {
    const char *directory;    /* made (0700) when it is not there */
    const char *boot_id;      /* of the running system: files of an older boot without a clean stop are unfit */
    uint64_t map_bytes;       /* address space reserved; 0: 64 GiB */
    uint64_t dirty_bytes_max; /* when a commit is due; 0: 64 MiB */
    uint32_t events_max;      /* likewise; 0: 100,000 */
};

/* Where in the log a commit of the projections stands. */
struct fold_position {
    uint8_t log_id[16];
    uint64_t seq;
    uint8_t root[32];
};

struct view; /* opaque: live or snapshot */

struct projections {
    struct sentence why;
    enum projections_fault fault;
    struct projections_state *state;
};

/* Opens what is there or makes it anew. Files that are unfit (another fold version, another boot without a clean stop,
 * unreadable) are removed; p->why then says which reason, else it is empty. Never fails for damage: a child process
 * reads the files first, all of them when the last stop was not clean. So the process must have one thread yet. */
enum projections_fault projections_open(struct projections *p, const struct projections_settings *settings);
/* As of the last commit; seq 0 when empty. The caller compares log id and root with the log and resets when they
 * differ. */
struct fold_position projections_position(const struct projections *p);
/* Throws everything away; afterwards it is empty, as new. */
enum projections_fault projections_reset(struct projections *p);

/* Folds one event, whose seq must be projections_head() + 1. After FOLD_ILLEGAL or FOLD_FAULT only abort, reset or
 * close may follow. */
enum fold_result projections_apply(struct projections *p, const struct event *event, struct sentence *why);
uint64_t projections_head(const struct projections *p); /* last event applied */

/* For readers of a log that may hold anything; the engine needs neither. From now on an event whose fold reads or writes
 * more than so many entries of the tables is a fault, ENDLESS; 0: there is no limit. */
void projections_limit(struct projections *p, uint64_t steps_max);
/* Counts the next event as applied, though it is not: what follows is folded as if it had never happened. */
void projections_pass(struct projections *p);

bool projections_commit_due(const struct projections *p); /* for events or bytes; the caller also counts time */
/* `position` names the last applied event. On NO_SPACE nothing is lost and it may be tried again. */
enum projections_fault projections_commit(struct projections *p, const struct fold_position *position);
/* Back to the last commit. */
enum projections_fault projections_abort(struct projections *p);
/* False when any read or write since the last commit or abort has failed: what was read may be wrong. p->fault and p->why
 * say why. */
bool projections_are_readable(struct projections *p);
/* Makes sure that the next commit finds room on the disk. */
enum projections_fault projections_reserve(struct projections *p);
/* `clean` only right after a commit with nothing applied since. Does nothing when open failed. */
void projections_close(struct projections *p, bool clean);

struct view *projections_live(struct projections *p);

/* A snapshot of the last commit, for one thread at a time. Opened in any thread while the projections are open; it
 * may outlive a reset and a close. NULL when it cannot be had. */
struct view *snapshot_open(struct projections *p);
void snapshot_close(struct view *snapshot);
uint64_t snapshot_seq(const struct view *snapshot);
/* Something could not be read: what the reads said so far is not to be relied on. */
bool snapshot_failed(const struct view *snapshot);

/* Shows every entry of every fold's tables, in order, for comparing one state with another. The live view's RAM state
 * is flushed first. */
void projections_each(struct view *v,
                      void (*entry)(void *context, const char *table, struct bytes key, struct bytes value),
                      void *context);

#endif
