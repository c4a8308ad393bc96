/* Uses of groups and templates: found without a look at all jobs there ever were. */
#include "projections/uses.h"

#include "projections/fold.h"
#include "projections/jobs.h"
#include "projections/schedules.h"

/* Number of the group or template << 32 | user -> nothing. Users are jobs, and schedules behind them. This fold comes
 * before those of jobs and schedules, so it sees them as they were before the event. */
enum { GROUPS = FOLD_TABLE(uses, 0), TEMPLATES = FOLD_TABLE(uses, 1) };

#define SCHEDULE (UINT32_C(1) << 31)

static uint64_t key_of(uint32_t number, uint32_t user)
{
    return (uint64_t)number << 32 | user;
}

static bool add_one(struct view *v, unsigned table, uint32_t number, uint32_t user)
{
    return number == 0 || store_put_number(v, table, key_of(number, user), BYTES_NONE);
}

static bool drop_one(struct view *v, unsigned table, uint32_t number, uint32_t user)
{
    struct bytes nothing;
    bool used = number != 0 && store_get_number(v, table, key_of(number, user), &nothing);
    return used ? store_delete_number(v, table, key_of(number, user)) : v->fault == PROJECTIONS_OK;
}

static enum fold_result add(struct view *v, uint32_t user, uint32_t group, uint32_t target)
{
    return fold_stored(add_one(v, GROUPS, group, user) && add_one(v, TEMPLATES, target, user));
}

static enum fold_result drop(struct view *v, uint32_t user, uint32_t group, uint32_t target)
{
    return fold_stored(drop_one(v, GROUPS, group, user) && drop_one(v, TEMPLATES, target, user));
}

/* One that is not there is for the jobs to complain about. */
static enum fold_result drop_job(struct view *v, uint32_t number)
{
    const struct job *job = jobs_get(v, number);
    return job ? drop(v, number, job->group, job->target) : FOLD_OK;
}

static enum fold_result drop_schedule(struct view *v, uint32_t number)
{
    const struct schedule *schedule = schedules_get(v, number);
    return schedule ? drop(v, number | SCHEDULE, schedule->group, schedule->target) : FOLD_OK;
}

static enum fold_result edited(struct view *v, const struct event *e)
{
    uint32_t job = e->job_edited.job;
    enum fold_result result = drop_job(v, job);
    return result == FOLD_OK ? add(v, job, e->job_edited.group, e->job_edited.target) : result;
}

static enum fold_result scheduled(struct view *v, const struct event *e)
{
    uint32_t schedule = e->schedule_saved.schedule;
    enum fold_result result = drop_schedule(v, schedule);
    if (result != FOLD_OK) return result;
    return add(v, schedule | SCHEDULE, e->schedule_saved.group, e->schedule_saved.target);
}

static enum fold_result rerun(struct view *v, uint32_t number)
{
    const struct job *job = jobs_get(v, number);
    return job ? fold_stored(drop_one(v, GROUPS, job->group, number)) : FOLD_OK;
}

/* A use begins with a job or a schedule, changes with it and ends with it. */
static enum fold_result apply(struct view *v, const struct event *e, struct sentence *why)
{
    (void)why;
    switch (e->type) {
    case EVENT_JOB_CREATED: return add(v, e->job_created.job, e->job_created.group, e->job_created.target);
    case EVENT_JOB_EDITED: return edited(v, e);
    case EVENT_JOB_RERUN_OF: return rerun(v, e->job_rerun_of.job);
    case EVENT_JOB_DISCARDED: return drop_job(v, e->job_discarded.job);
    case EVENT_JOB_COMPLETED: return drop_job(v, e->job_completed.job);
    case EVENT_JOB_FAILED: return drop_job(v, e->job_failed.job);
    case EVENT_JOB_CANCELLED: return drop_job(v, e->job_cancelled.job);
    case EVENT_SCHEDULE_SAVED: return scheduled(v, e);
    case EVENT_SCHEDULE_REMOVED: return drop_schedule(v, e->schedule_removed.schedule);
    default: return FOLD_OK;
    }
}

const struct fold fold_uses = {
    .name = "uses",
    .tables = {"group_uses", "template_uses"},
    .apply = apply,
};

bool uses_next(struct view *v, enum used_kind kind, uint32_t number, uint64_t *from, struct use *use)
{
    uint64_t key;
    struct bytes nothing;
    unsigned table = kind == USED_GROUP ? GROUPS : TEMPLATES;
    if (!store_next(v, table, MAX(*from, key_of(number, 0)), &key, &nothing) || key >> 32 != number) return false;
    uint32_t user = (uint32_t)key;
    *from = key + 1;
    *use = user & SCHEDULE ? (struct use){.schedule = user & ~SCHEDULE} : (struct use){.job = user};
    return true;
}
