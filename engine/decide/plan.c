/* Checks first, one a part; then the job as an event. */
#include "engine/decide/plan.h"

#include "engine/decide/limits.h"
#include "projections/groups.h"
#include "projections/jobs.h"
#include "projections/job_devices.h"
#include "projections/templates.h"

static enum refusal check_texts(struct decision *d, const struct job_fields *fields)
{
    enum refusal refusal = check_name(d, fields->display_name, "displayName");
    if (!refusal) refusal = check_size(d, fields->description, DESCRIPTION_BYTES_MAX, "description");
    if (!refusal && !fields->group.data) refusal = refuse_field(d, "group is missing: the id of a device group");
    if (!refusal && !fields->data.data)
        refusal = refuse_field(d, "data is missing: a list of {type, path, value, target?}");
    return refusal;
}

static enum refusal read_data(struct decision *d, const struct job_fields *fields, struct job_plan *plan)
{
    if (!job_data_read(d->arena, fields->data, &plan->data, &d->why)) return REFUSED_BAD_FIELD;
    if (plan->data.target.size == 0) return ACCEPTED;
    plan->target = templates_find(d->view, plan->data.target);
    return plan->target ? ACCEPTED : REFUSED_NO_SUCH_TEMPLATE;
}

static uint32_t measure_of(command_measure m)
{
    if (!m.given) return MEASURE_NONE;
    return m.percentage ? MEASURE_PERCENTAGE : MEASURE_NUMBER;
}

static uint32_t execution_timeout(const struct decision *d, const struct job_fields *fields, uint32_t type)
{
    command_number given = fields->timeouts.execution;
    if (given.given) return (uint32_t)given.value;
    return type == JOB_TYPE_COMMAND ? d->command_timeout : d->property_timeout;
}

/* Unless reasons are named, attempts are tried again, and waits are not. */
static uint32_t retried_outcomes(command_retry retries)
{
    if (!retries.given || retries.max == 0) return 0;
    return retries.on ? retries.on : 1u << OUTCOME_FAILED | 1u << OUTCOME_TIMED_OUT;
}

enum refusal plan_read(struct decision *d, const struct job_fields *fields, struct bytes name, struct job_plan *plan)
{
    *plan = (struct job_plan){0};
    enum refusal refusal = check_texts(d, fields);
    if (!refusal) refusal = read_data(d, fields, plan);
    if (refusal) return refusal;
    plan->group = groups_find(d->view, fields->group);
    if (!plan->group) return REFUSED_NO_SUCH_GROUP;
    plan->display_name = fields->display_name.size ? fields->display_name : name;
    plan->description = fields->description;
    plan->batch_measure = measure_of(fields->batch);
    plan->batch_value = (uint32_t)fields->batch.value;
    plan->threshold_measure = measure_of(fields->threshold);
    plan->threshold_value = (uint32_t)fields->threshold.value;
    plan->threshold_per_batch = fields->threshold.per_batch;
    plan->queue_timeout = (uint32_t)fields->timeouts.queue.value;
    plan->execution_timeout = execution_timeout(d, fields, plan->data.type);
    plan->retries_max = (uint32_t)fields->retries.max;
    plan->retries_on = retried_outcomes(fields->retries);
    return ACCEPTED;
}

uint32_t plan_write_job(struct view *v, struct events *out, struct bytes id, const struct job_plan *plan,
                        struct bytes body_hash)
{
    uint32_t number = jobs_next_number(v);
    emit(out, (struct event){.type = EVENT_JOB_CREATED,
                             .job_created = {.job = number,
                                             .id = id,
                                             .display_name = plan->display_name,
                                             .description = plan->description,
                                             .group = plan->group,
                                             .type = plan->data.type,
                                             .target = plan->target,
                                             .data = plan->data.data,
                                             .batch_measure = plan->batch_measure,
                                             .batch_value = plan->batch_value,
                                             .threshold_measure = plan->threshold_measure,
                                             .threshold_value = plan->threshold_value,
                                             .threshold_per_batch = plan->threshold_per_batch,
                                             .queue_timeout = plan->queue_timeout,
                                             .execution_timeout = plan->execution_timeout,
                                             .retries_max = plan->retries_max,
                                             .retries_on = plan->retries_on,
                                             .body_hash = body_hash}});
    return number;
}

uint32_t plan_create_job(struct decision *d, struct bytes id, const struct job_plan *plan)
{
    return plan_write_job(d->view, d->events, id, plan, (struct bytes){d->body_hash, 32});
}
