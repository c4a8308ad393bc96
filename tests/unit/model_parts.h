/* What the files of the model share. */
#ifndef MUSTER_TEST_MODEL_PARTS_H
#define MUSTER_TEST_MODEL_PARTS_H

#include "tests/unit/model.h"

#include <stdlib.h>
#include <string.h>

enum { US_PER_S = 1000000 };

#define MAX_OF(a, b) ((a) > (b) ? (a) : (b))

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

static inline const char *done(struct model *m, bool changed)
{
    m->changed = changed;
    return NULL;
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
}

static inline bool has_end(const struct model_row *row)
{
    return row->state == ROW_COMPLETED || row->state == ROW_FAILED;
}

#endif
