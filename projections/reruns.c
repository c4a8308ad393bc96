/* Who reran whom. */
#include "projections/reruns.h"

#include "projections/fold.h"
#include "projections/job_devices.h"
#include "projections/jobs.h"

/* job -> struct rerun; parent and rerun -> nothing; first job -> how many reruns. */
enum { RERUNS = FOLD_TABLE(reruns, 0), CHILDREN = FOLD_TABLE(reruns, 1), COUNTS = FOLD_TABLE(reruns, 2) };

static uint64_t child_key(uint32_t parent, uint32_t job)
{
    return (uint64_t)parent << 32 | job;
}

const char *rerun_which_word(uint32_t which)
{
    switch ((enum rerun_which)which) {
    case RERUN_FAILED: return "failed";
    case RERUN_UNREACHED: return "unreached";
    case RERUN_BOTH: return "both";
    }
    return "unknown";
}

/* What is wrong with the rerun, NULL when nothing is. */
static const char *flaw(struct view *v, const struct event *e)
{
    struct rerun other;
    const struct job *job = jobs_get(v, e->job_rerun_of.job);
    if (!job || job->status != JOB_IS_SAVED || job->discarded) return "is no saved job";
    if (reruns_get(v, job->number, &other)) return "is a rerun already";
    const struct job *parent = jobs_get(v, e->job_rerun_of.parent);
    if (!parent || parent->number >= e->job_rerun_of.job) return "has a parent that was not there before it";
    if (!parent->targets_fixed || parent->ended_us == 0) return "has a parent that is not over";
    uint32_t which = e->job_rerun_of.which;
    return which < RERUN_FAILED || which > RERUN_BOTH ? "is on nobody knows which devices" : NULL;
}

static enum fold_result rerun_of(struct view *v, const struct event *e, struct sentence *why)
{
    uint32_t job = e->job_rerun_of.job, parent = e->job_rerun_of.parent;
    struct rerun above, rerun = {.parent = parent, .first = parent, .which = e->job_rerun_of.which};
    const char *wrong = flaw(v, e);
    if (wrong) return fold_illegal(why, "job %u, a rerun, %s", job, wrong);
    if (reruns_get(v, parent, &above)) rerun.first = above.first;
    uint64_t count = reruns_count(v, rerun.first) + 1;
    return fold_stored(store_put_number(v, RERUNS, job, (struct bytes){&rerun, sizeof rerun}) &&
                       store_put_number(v, CHILDREN, child_key(parent, job), BYTES_NONE) &&
                       store_put_number(v, COUNTS, rerun.first, (struct bytes){&count, sizeof count}));
}

/* One event makes a rerun; what becomes of it is the jobs' affair. */
static enum fold_result apply(struct view *v, const struct event *e, struct sentence *why)
{
    return e->type == EVENT_JOB_RERUN_OF ? rerun_of(v, e, why) : FOLD_OK;
}

const struct fold fold_reruns = {
    .name = "reruns",
    .tables = {"reruns", "rerun_children", "rerun_counts"},
    .apply = apply,
};

bool reruns_get(struct view *v, uint32_t job, struct rerun *rerun)
{
    const struct rerun *stored = store_record(v, RERUNS, job, sizeof *stored);
    if (stored) *rerun = *stored;
    return stored != NULL;
}

uint32_t reruns_next(struct view *v, uint32_t parent, uint32_t from)
{
    uint64_t key;
    struct bytes nothing;
    bool found = store_next(v, CHILDREN, child_key(parent, from), &key, &nothing);
    return found && key >> 32 == parent ? (uint32_t)key : 0;
}

uint32_t reruns_count(struct view *v, uint32_t first)
{
    const uint64_t *count = store_record(v, COUNTS, first, sizeof *count);
    return count ? (uint32_t)*count : 0;
}
