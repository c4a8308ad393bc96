/* What a job is made of, as a client gives it and as the engine keeps it: which devices, what to set, in which
 * batches, when to give up. Every command that takes a job's fields reads them here. */
#ifndef MUSTER_PLAN_H
#define MUSTER_PLAN_H

#include "engine/decide/decide.h"
#include "engine/decide/job_data.h"

/* A plan that was checked; borrows the command and the turn's arena. */
struct job_plan {
    struct bytes display_name; /* never empty */
    struct bytes description;
    uint32_t group;
    uint32_t target; /* template number, 0: any */
    struct job_data data;
    uint32_t batch_measure, batch_value;
    uint32_t threshold_measure, threshold_value;
    bool threshold_per_batch;
    uint32_t queue_timeout; /* seconds, 0: none */
    uint32_t execution_timeout;
    uint32_t retries_max, retries_on;
};

/* Checks the fields; a job without a name is called `name`. */
enum refusal plan_read(struct decision *d, const struct job_fields *fields, struct bytes name, struct job_plan *plan);

/* Writes down that a job with this plan exists, saved and not yet run; returns its number. */
uint32_t plan_create_job(struct decision *d, struct bytes id, const struct job_plan *plan);
/* The same for a job that no command asks for; `body_hash` is of 32 bytes. */
uint32_t plan_write_job(struct view *v, struct events *out, struct bytes id, const struct job_plan *plan,
                        struct bytes body_hash);

#endif
