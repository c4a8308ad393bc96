/* Jobs that set cloud properties need no connector: the engine hands itself a few devices a turn and completes them at
 * once, dispatch and results in one commit. So none is ever out between two turns, and stop, cancel and a restart find
 * each device either done or waiting. */
#include "engine/decide/dispatch.h"
#include "engine/decide/evaluate.h"

enum { OWN_DEVICES_A_TURN_MAX = 1000 };

static void complete_all(const struct gathering *g, uint64_t dispatch)
{
    for (uint32_t i = 0; i < g->count; i++) {
        emit(g->turn->events, (struct event){.type = EVENT_DEVICE_RESULT,
                                             .device_result = {.job = g->job,
                                                               .device = g->devices[i],
                                                               .previous = dispatch,
                                                               .outcome = OUTCOME_COMPLETED,
                                                               .ends = true}});
    }
}

/* How many devices of the current batch were completed. */
static uint32_t run_batch(struct progress *p, struct progress_turn *t, uint32_t number, uint32_t devices_max)
{
    const struct job *job = jobs_get(t->view, number);
    const struct job_list *list = job_devices_list(t->view, number);
    uint32_t batch = list->batch;
    struct handout *handout = handouts_of(&p->handouts, job, list);
    struct gathering g = {.turn = t,
                          .job = number,
                          .handout = handout,
                          .lane = handout_lane(&p->handouts, handout, NULL, t->takes, list, t->monotonic_us),
                          .events_each = 1,
                          .capacity = devices_max};
    if (gather_devices(&g) != GATHERED_SOME) return 0;
    complete_all(&g, emit_dispatch(&g, batch, BYTES("engine"), 0));
    return g.count;
}

/* Batch after batch, as long as the job runs and the turn has room. */
static void run_own_job(struct progress *p, struct progress_turn *t, uint32_t number, uint32_t *devices_left)
{
    uint32_t done = 1;
    while (done > 0 && *devices_left > 0 && !turn_is_full(t) && jobs_get(t->view, number)->status == JOB_IS_RUNNING) {
        done = run_batch(p, t, number, *devices_left);
        *devices_left -= done;
        job_evaluate(t->view, t->events, number, t->events_max);
    }
}

/* The first running job of the engine's own with a number above `after`; 0 when there is none. */
static uint32_t next_own_job(struct view *v, uint32_t after)
{
    for (size_t i = 0; i < jobs_running_count(v); i++) {
        const struct job *job = jobs_running_at(v, i);
        bool is_own = job->targets_fixed && job->type == JOB_TYPE_CLOUD_PROPERTY;
        if (is_own && job->number > after) return job->number;
    }
    return 0;
}

bool run_own_jobs(struct progress *p, struct progress_turn *t)
{
    uint32_t devices_left = OWN_DEVICES_A_TURN_MAX;
    for (uint32_t job = 0; (job = next_own_job(t->view, job)) && !turn_is_full(t);)
        run_own_job(p, t, job, &devices_left);
    return next_own_job(t->view, 0) != 0;
}
