/* Pure sums over the job and its list. */
#include "engine/decide/evaluate.h"

static uint32_t batch_count(const struct job_list *list)
{
    return job_list_batch_end(list) - job_list_batch_begin(list);
}

bool threshold_is_exceeded(const struct job *job, const struct job_list *list, uint32_t *failures, uint32_t *scope)
{
    uint64_t value = job->threshold_value;
    *failures = job->threshold_per_batch ? list->batch_failed - list->batch_removed : list->failed - list->removed;
    *scope = job->threshold_per_batch ? batch_count(list) : list->count;
    switch (job->threshold_measure) {
    case MEASURE_NONE: return false;
    case MEASURE_NUMBER: return *failures > value;
    case MEASURE_PERCENTAGE: return (uint64_t)*failures * 100 > value * *scope;
    }
    ASSERT(!"a measure of the table");
    return false;
}

bool failure_ends(const struct job *job, const struct job_device *device, enum device_outcome outcome)
{
    if (outcome == OUTCOME_REJECTED || job->status == JOB_IS_CANCELLED) return true;
    bool retried = job->retries_on & (1u << outcome);
    return !retried || device->failures >= job->retries_max;
}

static void emit_cancelled(struct events *events, uint32_t job, uint32_t failures, uint32_t scope)
{
    emit(events, (struct event){.type = EVENT_JOB_CANCELLED,
                                .job_cancelled = {.job = job,
                                                  .reason = CANCELLED_BY_THRESHOLD,
                                                  .failures = failures,
                                                  .scope = scope}});
}

bool job_evaluate(struct view *v, struct events *events, uint32_t number, size_t events_max)
{
    for (;;) {
        const struct job *job = jobs_get(v, number);
        const struct job_list *list = job_devices_list(v, number);
        uint32_t failures, scope;
        if (!job->targets_fixed || list->batch >= job_list_batches(list)) return false;
        if (threshold_is_exceeded(job, list, &failures, &scope)) {
            emit_cancelled(events, number, failures, scope);
            return false;
        }
        if (list->batch_completed + list->batch_failed < batch_count(list)) return false;
        if (events->count >= events_max) return true;
        bool last = list->batch + 1 == job_list_batches(list);
        emit(events, (struct event){.type = EVENT_BATCH_ENDED,
                                    .batch_ended = {.job = number,
                                                    .batch = list->batch,
                                                    .completed = list->batch_completed,
                                                    .failed = list->batch_failed}});
        if (last) {
            emit(events, (struct event){.type = EVENT_JOB_COMPLETED, .job_completed = {.job = number}});
            return false;
        }
    }
}
