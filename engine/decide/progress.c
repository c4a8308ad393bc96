/* The steps, in the order in which progress_run() takes them. Each stops when the turn is full and goes on from
 * the state of the jobs in the next one, so that there is nothing to remember but where a scan stood. */
#include "engine/decide/progress.h"

#include <stdlib.h>

#include "engine/decide/evaluate.h"
#include "engine/decide/history.h"
#include "engine/decide/limits.h"
#include "engine/decide/schedule_progress.h"
#include "engine/events/numbers.h"
#include "projections/groups.h"
#include "projections/reruns.h"
#include "projections/templates.h"

enum {
    CHUNKS_A_TURN_MAX = 4,        /* of targets written down */
    SCAN_STEPS = 1 << 20,
    DEVICES_FORGOTTEN_A_TURN_MAX = 1 << 20,
};

static void emit_returned(struct progress_turn *t, uint32_t job, uint64_t dispatch, struct numbers_writer *devices,
                          enum returned_reason reason)
{
    if (devices->count == 0) return;
    emit(t->events, (struct event){.type = EVENT_DEVICES_RETURNED,
                                   .devices_returned = {.job = job,
                                                        .dispatch = dispatch,
                                                        .devices = numbers_bytes(devices),
                                                        .reason = reason}});
}

/* ---- 1. After a start: what was out is out no more. */

/* One DEVICES_RETURNED for a run of devices of one dispatch. False when the job has none out from *position on. */
static bool recover_run(struct progress_turn *t, uint32_t job, uint32_t *position)
{
    struct numbers_writer devices = {.buffer.arena = t->arena};
    uint32_t count = job_devices_list(t->view, job)->count;
    uint64_t dispatch = 0;
    while (devices.count < TAKE_DEVICES_MAX && *position < count) {
        if (!job_devices_scan(t->view, job, DEVICE_OUT, count, SCAN_STEPS, position)) continue;
        struct job_device device = job_devices_at(t->view, job, *position);
        if (dispatch && device.last != dispatch) break;
        dispatch = device.last;
        numbers_add(&devices, device.device);
        (*position)++;
    }
    emit_returned(t, job, dispatch, &devices, RETURNED_BY_RESTART);
    return devices.count > 0;
}

/* True when the turn is full. */
static bool recover_job(struct progress *p, struct progress_turn *t, uint32_t job)
{
    if (job < p->recover_job || !job_devices_list(t->view, job)) return false;
    if (job > p->recover_job) p->recover_position = 0;
    p->recover_job = job;
    while (job_devices_list(t->view, job)->out > 0) {
        if (turn_is_full(t)) return true;
        if (!recover_run(t, job, &p->recover_position)) break;
    }
    return false;
}

static bool recover(struct progress *p, struct progress_turn *t)
{
    for (size_t i = 0; i < jobs_active_count(t->view);) {
        uint32_t job = jobs_active_at(t->view, i)->number;
        if (recover_job(p, t, job)) return true;
        /* One that is over leaves the list with its last device, and the next one takes its place. */
        if (i < jobs_active_count(t->view) && jobs_active_at(t->view, i)->number == job) i++;
    }
    p->recovered = true;
    return false;
}

/* ---- 2. Deadlines, and connectors that left. */

static void time_out(struct progress_turn *t, const struct lease *lease, const struct job_device *device)
{
    bool ends = failure_ends(jobs_get(t->view, lease->job), device, OUTCOME_TIMED_OUT);
    emit(t->events, (struct event){.type = EVENT_DEVICE_RESULT,
                                   .device_result = {.job = lease->job,
                                                     .device = device->device,
                                                     .previous = lease->dispatch,
                                                     .outcome = OUTCOME_TIMED_OUT,
                                                     .ends = ends}});
}

static bool device_is_owed(struct view *v, const struct lease *lease, uint32_t index, struct job_device *device)
{
    return job_devices_find(v, lease->job, lease->devices[index], device) && device->state == DEVICE_OUT &&
           device->last == lease->dispatch;
}

/* True when the turn ran full before every device was seen to. */
static bool wind_up(struct progress_turn *t, struct lease *lease)
{
    struct numbers_writer returned = {.buffer.arena = t->arena};
    bool gone = lease->peer == 0;
    bool cancelled = jobs_get(t->view, lease->job)->status == JOB_IS_CANCELLED;
    struct job_device device;
    uint32_t answered = 0;
    for (; lease->looked < lease->count && !turn_is_full(t); lease->looked++) {
        if (!device_is_owed(t->view, lease, lease->looked, &device)) continue;
        answered++;
        if (gone || cancelled) numbers_add(&returned, device.device);
        else time_out(t, lease, &device);
    }
    emit_returned(t, lease->job, lease->dispatch, &returned, gone ? RETURNED_BY_DISCONNECT : RETURNED_AFTER_CANCEL);
    leases_answer(t->leases, lease, answered);
    return lease->looked < lease->count;
}

static bool wind_up_due(struct progress_turn *t)
{
    while (leases_deadline(t->leases) <= t->monotonic_us) {
        struct lease *lease = leases_soonest(t->leases);
        if (turn_is_full(t) || wind_up(t, lease)) return true;
        leases_put_off(t->leases, lease);
    }
    return false;
}

/* ---- 3. Jobs that ended long ago. */

/* Who has not answered for 30 days after a cancel is owed nothing: only a clock that was set ahead leads here. */
static bool call_back(struct progress_turn *t, uint32_t job)
{
    uint32_t position = 0;
    while (job_devices_list(t->view, job)->out > 0) {
        if (turn_is_full(t)) return true;
        uint32_t count = job_devices_list(t->view, job)->count;
        if (!job_devices_scan(t->view, job, DEVICE_OUT, count, count, &position)) return false;
        struct lease *lease = leases_find(t->leases, job_devices_at(t->view, job, position).last);
        ASSERT(lease); /* what was out before a restart has been given back */
        if (wind_up(t, lease)) return true;
    }
    return false;
}

static bool expire_jobs(struct progress_turn *t)
{
    uint32_t forgotten = 0;
    while (history_next_us(t->view) <= t->events->time_us) {
        struct history_entry entry;
        if (turn_is_full(t) || forgotten >= DEVICES_FORGOTTEN_A_TURN_MAX) return true;
        ASSERT(history_first(t->view, &entry));
        const struct job_list *list = job_devices_list(t->view, entry.job);
        if (list && list->out > 0 && call_back(t, entry.job)) return true;
        forgotten += list ? list->count : 0;
        emit(t->events, (struct event){.type = EVENT_JOB_EXPIRED, .job_expired = {.job = entry.job}});
    }
    return false;
}

/* ---- 4. Targets. */

struct targets *progress_targets(struct progress *p, uint32_t job, uint64_t begun_seq)
{
    for (struct targets *targets = p->targets; targets; targets = targets->next) {
        if (targets->job == job && targets->begun_seq == begun_seq) return targets;
    }
    return NULL;
}

void progress_add_targets(struct progress *p, uint32_t job, uint64_t begun_seq)
{
    struct targets *targets = malloc(sizeof *targets);
    ASSERT(targets);
    *targets = (struct targets){.job = job, .begun_seq = begun_seq, .next = p->targets};
    p->targets = targets;
}

static bool targets_are_needed(const struct targets *targets, struct view *v)
{
    const struct job *job = jobs_get(v, targets->job);
    return job && job->status == JOB_IS_RUNNING && !job->targets_fixed && job->begun_seq == targets->begun_seq;
}

struct targets *progress_drop_targets(struct progress *p, struct view *v)
{
    for (struct targets **link = &p->targets; *link; link = &(*link)->next) {
        struct targets *targets = *link;
        if (targets_are_needed(targets, v)) continue;
        *link = targets->next;
        return targets;
    }
    return NULL;
}

void progress_settle(struct progress *p)
{
    p->recovered_settled = p->recovered;
    moving_settle(&p->moving);
    for (struct targets *targets = p->targets; targets; targets = targets->next)
        targets->given_settled = targets->given;
}

void progress_undo(struct progress *p)
{
    moving_undo(&p->moving);
    for (struct targets *targets = p->targets; targets; targets = targets->next)
        targets->given = targets->given_settled;
    p->recovered = p->recovered_settled;
    if (!p->recovered) p->recover_job = p->recover_position = 0;
    progress_pause(p);
}

static void fail_job(struct progress_turn *t, uint32_t job, enum job_failed_reason reason)
{
    emit(t->events, (struct event){.type = EVENT_JOB_FAILED, .job_failed = {.job = job, .reason = reason}});
}

static bool template_is_gone(struct view *v, uint32_t number)
{
    struct template template;
    return number != 0 && (!templates_get(v, number, &template) || template.removed);
}

/* A rerun is for devices that its parent had: it needs its group no more. */
static void begin_targets(struct progress_turn *t, uint32_t number)
{
    struct group group = {0};
    struct rerun rerun;
    const struct job *job = jobs_get(t->view, number);
    bool is_rerun = reruns_get(t->view, number, &rerun);
    if (!is_rerun && (!groups_get(t->view, job->group, &group) || group.removed)) {
        fail_job(t, number, FAILED_GROUP_REMOVED);
        return;
    }
    if (template_is_gone(t->view, job->target)) {
        fail_job(t, number, FAILED_TEMPLATE_REMOVED);
        return;
    }
    struct bytes filter = arena_copy(t->arena, group.filter);
    uint64_t at_seq = events_next_seq(t->events) - 1;
    uint64_t begun =
        emit(t->events, (struct event){.type = EVENT_JOB_TARGETS_BEGUN,
                                       .job_targets_begun = {.job = number, .at_seq = at_seq, .filter = filter}});
    t->read_targets(t->context, number, begun);
    t->readings_left--;
    t->reads_targets = true;
}

static void write_excluded(struct progress_turn *t, const struct targets *targets)
{
    for (enum exclusion reason = EXCLUDED_NOT + 1; reason < EXCLUSIONS; reason++) {
        if (targets->excluded[reason] == 0) continue;
        emit(t->events, (struct event){.type = EVENT_JOB_TARGETS_EXCLUDED,
                                       .job_targets_excluded = {.job = targets->job,
                                                                .reason = reason,
                                                                .count = targets->excluded[reason]}});
    }
}

static bool plan_holds(const struct job *job, const struct targets *targets)
{
    if (!job->plan_quoted) return true;
    return job->plan_count == targets->total && memcmp(job->plan_hash, targets->plan_hash, sizeof job->plan_hash) == 0;
}

static void fail_for_plan(struct progress_turn *t, const struct targets *targets)
{
    uint32_t expected = jobs_get(t->view, targets->job)->plan_count;
    emit(t->events, (struct event){.type = EVENT_JOB_PLAN_CHANGED,
                                   .job_plan_changed = {.job = targets->job,
                                                        .expected = expected,
                                                        .found = targets->total}});
    fail_job(t, targets->job, FAILED_PLAN_CHANGED);
}

static void fix_targets(struct progress_turn *t, const struct targets *targets)
{
    write_excluded(t, targets);
    if (targets->total == 0) {
        fail_job(t, targets->job, targets->bad_filter ? FAILED_BAD_FILTER : FAILED_NO_DEVICES);
        return;
    }
    const struct job *job = jobs_get(t->view, targets->job);
    uint32_t batch_size = job_batch_size(job->batch_measure, job->batch_value, targets->total);
    emit(t->events, (struct event){.type = EVENT_JOB_TARGETS_FIXED,
                                   .job_targets_fixed = {.job = targets->job,
                                                         .total = targets->total,
                                                         .excluded = targets->excluded[EXCLUDED_WRONG_TEMPLATE],
                                                         .batch_size = batch_size}});
}

static bool write_targets(struct progress_turn *t, struct targets *targets)
{
    if (!plan_holds(jobs_get(t->view, targets->job), targets)) {
        fail_for_plan(t, targets);
        return false;
    }
    for (int chunks = 0; targets->given < targets->chunk_count; chunks++) {
        if (chunks == CHUNKS_A_TURN_MAX || turn_is_full(t)) return true;
        struct bytes devices = targets->chunks[targets->given++];
        emit(t->events, (struct event){.type = EVENT_JOB_TARGETS,
                                       .job_targets = {.job = targets->job, .devices = devices}});
    }
    fix_targets(t, targets);
    return false;
}

/* ---- 5. Running jobs. */

static bool run_job(struct progress *p, struct progress_turn *t, uint32_t number)
{
    const struct job *job = jobs_get(t->view, number);
    if (job->targets_fixed) return job_evaluate(t->view, t->events, number, t->events_max);
    struct targets *targets = progress_targets(p, number, job->begun_seq);
    if (!targets && job->begun_seq >= t->events->first_seq) return false; /* asked for in this turn */
    if (!targets && t->readings_left) begin_targets(t, number); /* read before a restart: it begins again */
    else if (targets && targets->read) return write_targets(t, targets);
    return false;
}

static bool run_jobs(struct progress *p, struct progress_turn *t)
{
    bool more = false;
    /* A job that ends leaves the list of running ones: from the last to the first none is passed over. */
    for (size_t i = jobs_running_count(t->view); i > 0; i--) {
        more |= run_job(p, t, jobs_running_at(t->view, i - 1)->number);
    }
    return more;
}

/* ---- 6. Waiting jobs. */

static const struct job *next_in_queue(struct view *v)
{
    const struct job *next = NULL;
    if (jobs_count(v, JOB_IS_PENDING) == 0) return NULL;
    for (size_t i = 0; i < jobs_active_count(v); i++) {
        const struct job *job = jobs_active_at(v, i);
        if (job->status != JOB_IS_PENDING || (next && next->queued_seq < job->queued_seq)) continue;
        if (!schedule_holds_back(v, job)) next = job;
    }
    return next;
}

/* What came in while it waited may have decided it: that is seen before anything is handed out. */
static bool continue_job(struct progress_turn *t, uint32_t job)
{
    emit(t->events, (struct event){.type = EVENT_JOB_CONTINUED, .job_continued = {.job = job}});
    return job_evaluate(t->view, t->events, job, t->events_max);
}

static bool start_jobs(struct progress_turn *t)
{
    const struct job *job;
    while (jobs_count(t->view, JOB_IS_RUNNING) < t->jobs_at_once && (job = next_in_queue(t->view))) {
        if (turn_is_full(t)) return true;
        if (!job->targets_fixed && !t->readings_left) return false; /* one that is read makes room, and a turn */
        if (!job->targets_fixed) begin_targets(t, job->number);
        else if (continue_job(t, job->number)) return true;
    }
    return false;
}

/* ---- All of them. */

void progress_pause(struct progress *p)
{
    handouts_clear(&p->handouts);
    p->deadline_us = INT64_MAX;
}

void progress_saw(struct progress *p, struct view *v, const struct event *event, int64_t now_us)
{
    handouts_saw(&p->handouts, v, event, now_us);
}

bool progress_run(struct progress *p, struct progress_turn *t)
{
    events_begin_command(t->events, NULL);
    p->deadline_us = INT64_MAX;
    if (!p->recovered && recover(p, t)) return true;
    bool more = wind_up_due(t);
    more |= imports_close_abandoned(t->imports, t->view, t->events, t->events_max);
    more |= exports_progress(t->exports, t->view, t->events);
    more |= schedules_run_due(t);
    more |= expire_jobs(t);
    more |= run_jobs(p, t);
    if (t->short_of_room) {
        progress_pause(p);
        return more;
    }
    more |= start_jobs(t);
    handouts_sweep(&p->handouts, t->view);
    /* Workers read what this turn leaves, and what the log says they read: it changes no device any more. */
    if (t->reads_targets) return true;
    more |= run_moves(p, t);
    /* Each of these may end a batch or a job: what follows it is for the next turn. */
    size_t events = t->events->count;
    more |= expire_waiting(p, t);
    more |= run_own_jobs(p, t);
    more |= serve_takes(p, t);
    more |= run_jobs(p, t);
    return more || t->events->count > events;
}
