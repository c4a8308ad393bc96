/* What the files of the model share. */
#ifndef MUSTER_TEST_MODEL_PARTS_H
#define MUSTER_TEST_MODEL_PARTS_H

#include "tests/unit/model.h"

#include <stdlib.h>
#include <string.h>

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

static inline void end_row(const struct model *m, struct model_row *row, const char *reason, const char *error)
{
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
