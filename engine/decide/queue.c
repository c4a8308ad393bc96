/* timeouts.queue: devices of running jobs that nobody took for so long end as expired, or use up a retry.
 *
 * Nothing is kept for each device. A job has one clock, which marks a place in the log; one period later every device
 * that still waits and had its last event before the mark has waited that long, and the clock marks anew:
 *
 *     mark           due, marks anew       due
 *      |--- queue ----|--- queue -----------|
 *         a ..........................: a waits since here, and expires there
 *
 * So a device expires never before `queue` seconds of waiting, and at the latest after twice that. The clock begins
 * when the job runs and with each batch. A device that is given back or tried again begins to wait when that
 * happens, one that rests when its rest is over. */
#include "engine/decide/dispatch.h"
#include "engine/decide/evaluate.h"
#include "projections/devices.h"

enum {
    US_PER_S = 1000000,
    LOOKS_A_TURN_MAX = 1 << 16, /* positions of one job */
};

static void clock_begin(struct queue_clock *clock, const struct progress_turn *t, int64_t period_us)
{
    *clock =
        (struct queue_clock){.runs = true, .mark = events_next_seq(t->events), .due_us = t->monotonic_us + period_us};
}

static void look_begin(struct queue_clock *clock, const struct progress_turn *t, uint32_t position, int64_t period_us)
{
    clock->looks = true;
    clock->position = position;
    clock->next_mark = events_next_seq(t->events);
    clock->next_due_us = t->monotonic_us + period_us;
}

static void look_end(struct queue_clock *clock)
{
    clock->looks = false;
    clock->mark = clock->next_mark;
    clock->due_us = clock->next_due_us;
}

static void expire(struct progress_turn *t, uint32_t job, const struct job_device *device)
{
    struct device known;
    if (!devices_get(t->view, device->device, &known) || known.removed) {
        end_removed(t, job, device);
        return;
    }
    bool ends = failure_ends(jobs_get(t->view, job), device, OUTCOME_EXPIRED);
    emit(t->events, (struct event){.type = EVENT_DEVICE_RESULT,
                                   .device_result = {.job = job,
                                                     .device = device->device,
                                                     .previous = device->last,
                                                     .outcome = OUTCOME_EXPIRED,
                                                     .ends = ends}});
}

static bool job_fails_too_often(struct view *v, uint32_t job)
{
    uint32_t failures, scope;
    return threshold_is_exceeded(jobs_get(v, job), job_devices_list(v, job), &failures, &scope);
}

static bool has_waited(const struct progress_turn *t, const struct handout *handout, const struct job_device *device,
                       int64_t period_us)
{
    int64_t rested_us = handout_rests_until(handout, device->position);
    return device->last < handout->clock.mark && (!rested_us || rested_us + period_us <= t->monotonic_us);
}

/* Looks through the batch from where the clock stands; true when that is not done after this turn. A job whose
 * threshold is exceeded on the way is to be cancelled before more devices fail. */
static bool look(struct progress_turn *t, const struct handout *handout, struct queue_clock *clock, int64_t period_us)
{
    uint32_t job = handout->job, end = job_list_batch_end(job_devices_list(t->view, job));
    uint32_t pause = (uint32_t)MIN((uint64_t)clock->position + LOOKS_A_TURN_MAX, end);
    while (job_devices_scan(t->view, job, DEVICE_WAITING, pause, UINT32_MAX, &clock->position)) {
        if (turn_is_full(t)) return true;
        struct job_device device = job_devices_at(t->view, job, clock->position++);
        if (!has_waited(t, handout, &device, period_us)) continue;
        expire(t, job, &device);
        if (job_fails_too_often(t->view, job)) return false;
    }
    return pause < end;
}

static bool run_clock(struct progress *p, struct progress_turn *t, uint32_t number)
{
    const struct job *job = jobs_get(t->view, number);
    const struct job_list *list = job_devices_list(t->view, number);
    struct handout *handout = handouts_of(&p->handouts, job, list);
    struct queue_clock *clock = &handout->clock;
    int64_t period_us = (int64_t)job->queue_timeout * US_PER_S;
    if (!clock->runs) clock_begin(clock, t, period_us);
    if (!clock->looks && clock->due_us <= t->monotonic_us) look_begin(clock, t, job_list_batch_begin(list), period_us);
    bool more = clock->looks && look(t, handout, clock, period_us);
    if (clock->looks && !more) {
        look_end(clock);
        more = job_evaluate(t->view, t->events, number, t->events_max);
    }
    if (!clock->looks) p->deadline_us = MIN(p->deadline_us, clock->due_us);
    return more;
}

bool expire_waiting(struct progress *p, struct progress_turn *t)
{
    bool more = false;
    /* A job that ends leaves the list of running ones: from the last to the first none is passed over. */
    for (size_t i = jobs_running_count(t->view); i > 0; i--) {
        const struct job *job = jobs_running_at(t->view, i - 1);
        bool has_clock = job->targets_fixed && job->queue_timeout > 0 && job->type != JOB_TYPE_CLOUD_PROPERTY;
        if (has_clock) more |= run_clock(p, t, job->number);
    }
    return more;
}
