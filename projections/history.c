/* The history: the jobs that ended, in the order of their ends, until they are forgotten. */
#include "projections/history.h"

#include "projections/fold.h"

/* Number of the event that ended the job -> entry. Times never run backwards, so these numbers are in the order of
 * the ends, and no two are the same. */
enum { ENDS = FOLD_TABLE(history, 0) };
_Static_assert(sizeof(struct history_entry) % 8 == 0, "entries are read in place");

static const struct history_entry *first(struct view *v, uint64_t *seq)
{
    struct bytes value;
    return store_next(v, ENDS, 1, seq, &value) ? store_record_of(v, value, sizeof(struct history_entry)) : NULL;
}

static enum fold_result ended(struct view *v, const struct event *e, uint32_t job)
{
    struct history_entry entry = {.job = job, .ended_us = e->time_us};
    return fold_stored(store_append_number(v, ENDS, e->seq, (struct bytes){&entry, sizeof entry}));
}

static enum fold_result expired(struct view *v, uint32_t job, struct sentence *why)
{
    uint64_t seq;
    const struct history_entry *entry = first(v, &seq);
    if (!entry || entry->job != job)
        return fold_illegal(why, "job %u expires and is not the one that ended first", job);
    return fold_stored(store_delete_number(v, ENDS, seq));
}

/* The history cares for ends only; which jobs may end is the jobs' affair. */
static enum fold_result apply(struct view *v, const struct event *e, struct sentence *why)
{
    switch (e->type) {
    case EVENT_JOB_COMPLETED: return ended(v, e, e->job_completed.job);
    case EVENT_JOB_CANCELLED: return ended(v, e, e->job_cancelled.job);
    case EVENT_JOB_FAILED: return ended(v, e, e->job_failed.job);
    case EVENT_JOB_EXPIRED: return expired(v, e->job_expired.job, why);
    default: return FOLD_OK;
    }
}

const struct fold fold_history = {
    .name = "history",
    .tables = {"job_ends"},
    .apply = apply,
};

bool history_first(struct view *v, struct history_entry *entry)
{
    uint64_t seq;
    const struct history_entry *stored = first(v, &seq);
    if (stored) *entry = *stored;
    return stored != NULL;
}
