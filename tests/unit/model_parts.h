/* What the files of the model share. */
#ifndef MUSTER_TEST_MODEL_PARTS_H
#define MUSTER_TEST_MODEL_PARTS_H

#include "tests/unit/model.h"

#include <stdlib.h>
#include <string.h>

enum { US_PER_S = 1000000 };

#define MAX_OF(a, b) ((a) > (b) ? (a) : (b))
#define MIN_OF(a, b) ((a) < (b) ? (a) : (b))

/* Room for one more behind `count`. */
static inline void *grown(void *array, unsigned count, size_t size)
{
    if (count & (count - 1)) return array;
    array = realloc(array, (count ? 2 * (size_t)count : 1) * size);
    if (!array) abort();
    return array;
}

static inline void set_id(char to[MODEL_ID_SIZE], const char *id)
{
    snprintf(to, MODEL_ID_SIZE, "%s", id);
}

static inline unsigned batch_begin(const struct model_job *job)
{
    return job->batch * job->batch_size;
}

static inline unsigned batch_end(const struct model_job *job)
{
    unsigned end = batch_begin(job) + job->batch_size;
    return end < job->count ? end : job->count;
}

static inline const struct model_job *first_of_lineage(const struct model *m, const struct model_job *job)
{
    while (job->parent >= 0) job = &m->jobs[job->parent];
    return job;
}

static inline void queue(struct model *m, struct model_job *job)
{
    job->status = PENDING;
    job->place = ++m->places;
}

static inline const char *done(struct model *m, bool changed)
{
    m->changed = changed;
    return NULL;
}

/* What counts for a lineage is a device's newest end, in whichever of its jobs it came. */
static inline void merge_end(const struct model *m, const struct model_job *job, const struct model_row *row)
{
    const struct model_job *first = first_of_lineage(m, job);
    struct model_row *merged = &first->rows[model_row(first, row->device)];
    merged->merged = row->state;
    merged->reran = first != job;
}

/* A reason is that of a failure; completed ones have none, and their value is the device's from now on. */
static inline void end_row(const struct model *m, const struct model_job *job, struct model_row *row,
                           const char *reason, const char *error)
{
    struct model_device *device = &m->devices[row->device];
    if (!reason && job->plan.type == PROPERTY) device->property = (int)job->plan.value;
    if (!reason && job->plan.type == CLOUD_PROPERTY) device->cloud_property = (int)job->plan.value;
    row->end_us = m->time_us;
    row->state = reason ? ROW_FAILED : ROW_COMPLETED;
    row->reason = reason;
    row->error = error;
    merge_end(m, job, row);
}

static inline bool has_end(const struct model_row *row)
{
    return row->state == ROW_COMPLETED || row->state == ROW_FAILED;
}

/* ---- model_plans.c */

/* The plan with what the other gives; each field counts as a whole. NULL or the refusal. */
const char *change_plan(const struct model *m, struct model_plan *plan, const struct model_plan *given);
/* A plan that is there from now on, for a job or a schedule of this id. NULL or the refusal. */
const char *new_plan(const struct model *m, struct model_plan *plan, const struct model_plan *given, const char *id);
/* Whether both would do the same to the same template of the same group. */
bool plans_are_equal(const struct model_plan *a, const struct model_plan *b);
struct model_job *new_job(struct model *m, const char *id, const char *body, const struct model_plan *plan);
/* Whether a job, also a discarded one, has this id; if so NULL or a conflict in *refusal. */
bool id_is_taken(const struct model *m, const char *id, const char *body, const char **refusal);
bool quoted_plan_holds(const struct model *m, const struct model_job *job);

/* ---- model_jobs.c */

bool group_has(const struct model *m, int group, const struct model_device *device);

/* ---- model_schedules.c */

/* Every schedule that is due makes a job, or its occurrence is missed. */
void run_schedules(struct model *m);
/* Whether the job waits for another run of its schedule. */
bool waits_for_run(const struct model *m, const struct model_job *job);

#endif
