/* Brings the projections up to the log: at a start, after an abort, for a rebuild. */
#ifndef MUSTER_REFOLD_H
#define MUSTER_REFOLD_H

#include "engine/log/log.h"
#include "projections/projections.h"

enum refold_result {
    REFOLD_OK = 0,
    REFOLD_NO_SPACE,  /* folded, but not committed: try projections_commit() again */
    REFOLD_ILLEGAL,   /* the log holds an event that cannot be, or that this version does not know; why names it */
    REFOLD_LOG,       /* the log cannot be read; why says where */
    REFOLD_STORE,     /* the projections' files failed twice */
};

/* Who wants to know how far it is, every some ten thousand events; `folding` NULL: nobody. */
struct refold_watch {
    void *context;
    void (*folding)(void *context, uint64_t seq, uint64_t head);
};

/* Folds everything after the projections' head, committing as it goes. When the store fails, throws it away and
 * folds from the first event, once. With `proved`, from an empty state only, every event is hashed on the way and the
 * tree's root held against that of each commit: a changed log is LOG and named. */
enum refold_result refold_watched(struct projections *p, struct log *log, bool proved, const struct refold_watch *watch,
                                  struct sentence *why);
static inline enum refold_result refold(struct projections *p, struct log *log, bool proved, struct sentence *why)
{
    return refold_watched(p, log, proved, &(struct refold_watch){0}, why);
}

/* Whether what the projections last committed is a moment of this log; else they must be reset. */
bool projections_fit(const struct projections *p, struct log *log);

/* Commits the projections as of the log's head, which must be theirs. */
enum projections_fault projections_commit_at_head(struct projections *p, const struct log *log);

#endif
