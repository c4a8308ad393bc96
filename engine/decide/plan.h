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
/* Checks the fields that are given and changes those; each counts as a whole. A name given empty becomes `name`. */
enum refusal plan_change(struct decision *d, const struct job_fields *fields, struct bytes name, struct job_plan *plan);
bool plan_fields_given(const struct job_fields *fields);

/* The plan of a job that exists, in the arena. Its group and template may have been removed. */
void plan_of_job(struct view *v, struct arena *a, uint32_t job, struct job_plan *plan);
/* Refuses a plan whose template was removed, or does not take its data any more, or whose group was removed; `advice`
 * ends the sentence that says so. */
enum refusal plan_check_template(struct decision *d, const struct job_plan *plan, const char *advice);
enum refusal plan_check_group(struct decision *d, const struct job_plan *plan, const char *advice);

/* All of the plan that makes a difference on devices, as MessagePack: what a planHash is made of, beside the targets. */
struct bytes plan_terms(struct view *v, struct arena *a, const struct job_plan *plan);

/* ---- Making jobs. */

/* A name for a job made from another: the other's and `end`, cut before it when both are too long. */
struct bytes plan_name_with(struct arena *a, struct bytes name, const char *end);

/* The id for a new job: the one given, or a fresh one. When it is taken the same body again gives the job as it is now:
 * *repeated, and d->answer; another body is a conflict. */
enum refusal plan_new_id(struct decision *d, struct bytes given, struct bytes *id, bool *repeated);
/* Refuses when too many jobs wait or run, or when there is no room for more. */
enum refusal plan_check_queue(struct decision *d);
/* The job as it is now when this very body made it or edited it last, else a conflict. */
enum refusal plan_answer_existing(struct decision *d, uint32_t job);

/* Writes down that a job with this plan exists, saved and not yet run; returns its number. */
uint32_t plan_create_job(struct decision *d, struct bytes id, const struct job_plan *plan);
/* The same for a job that no command asks for; `body_hash` is of 32 bytes. */
uint32_t plan_write_job(struct view *v, struct events *out, struct bytes id, const struct job_plan *plan,
                        struct bytes body_hash);
/* Writes down that a saved job has this plan from now on. */
void plan_edit_job(struct decision *d, uint32_t job, const struct job_plan *plan);

#endif
