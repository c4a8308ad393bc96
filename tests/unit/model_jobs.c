/* The lives of jobs, and work. Each rule stands by itself; nothing is kept that can be counted. */
#include "tests/unit/model_parts.h"

enum { REST_US = 5 * US_PER_S, REST_ROUNDED_UP_US = 100000 };

#define EXPIRES_AFTER_US (INT64_C(30) * 24 * 3600 * US_PER_S)

/* ---- Jobs. */

static bool threshold_is_exceeded(const struct model_job *job)
{
    const struct model_plan *plan = &job->plan;
    unsigned begin = plan->threshold_per_batch ? batch_begin(job) : 0, failures = 0;
    unsigned end = plan->threshold_per_batch ? batch_end(job) : job->count;
    for (unsigned i = begin; i < end; i++) {
        const struct model_row *row = &job->rows[i];
        failures += row->state == ROW_FAILED && strcmp(row->reason, "device_removed") != 0;
    }
    if (plan->threshold == NUMBER) return failures > plan->threshold_value;
    if (plan->threshold == PERCENTAGE) return failures * 100 > plan->threshold_value * (end - begin);
    return false;
}

static bool batch_is_over(const struct model_job *job)
{
    for (unsigned i = batch_begin(job); i < batch_end(job); i++)
        if (!has_end(&job->rows[i])) return false;
    return true;
}

static void end_job(const struct model *m, struct model_job *job, enum model_status status, const char *reason)
{
    job->status = status;
    job->reason = reason;
    job->reading = false;
    job->end_us = m->time_us;
}

static void begin_batch(const struct model *m, struct model_job *job)
{
    job->runs_since = (struct model_span){m->now_us, m->now_us};
}

/* True when it has moved. */
static bool evaluate(const struct model *m, struct model_job *job)
{
    bool moved = false;
    if (!job->fixed) return false;
    while (!model_is_over(job)) {
        if (threshold_is_exceeded(job)) {
            end_job(m, job, CANCELLED, "threshold");
        } else if (batch_is_over(job)) {
            job->batch++;
            begin_batch(m, job);
            if (job->batch == model_batches(job)) end_job(m, job, COMPLETE, NULL);
        } else {
            return moved;
        }
        moved = true;
    }
    return moved;
}

const char *model_stop_job(struct model *m, const char *id)
{
    int index = model_job(m, id);
    if (index < 0) return "no_such_job";
    struct model_job *job = &m->jobs[index];
    if (job->status != PENDING && job->status != RUNNING) return "job_cannot_stop";
    job->status = STOPPED;
    job->reading = false;
    return done(m, true);
}

const char *model_resume_job(struct model *m, const char *id)
{
    int index = model_job(m, id);
    if (index < 0) return "no_such_job";
    struct model_job *job = &m->jobs[index];
    if (job->status != STOPPED) return "job_cannot_resume";
    queue(m, job);
    evaluate(m, job);
    return done(m, true);
}

const char *model_cancel_job(struct model *m, const char *id)
{
    int index = model_job(m, id);
    if (index < 0) return "no_such_job";
    struct model_job *job = &m->jobs[index];
    if (!model_is_active(job)) return "job_cannot_cancel";
    end_job(m, job, CANCELLED, "by_user");
    return done(m, true);
}

/* ---- Results. */

static bool failure_is_tried_again(const struct model_job *job, const struct model_row *row, const char *reason)
{
    const struct model_plan *plan = &job->plan;
    bool any = !plan->retry_failed && !plan->retry_timed_out;
    if (job->status == CANCELLED || row->failures >= plan->retries) return false;
    if (strcmp(reason, "failed") == 0) return any || plan->retry_failed;
    if (strcmp(reason, "timed_out") == 0) return any || plan->retry_timed_out;
    return false;
}

static void wait_again(const struct model *m, struct model_row *row, const char *error)
{
    row->state = ROW_WAITS;
    row->error = error;
    row->waits_since = (struct model_span){m->now_us, m->now_us};
    row->rests_until = (struct model_span){0};
}

/* What a connector gives back rests, in a job that runs. */
static void give_back(const struct model *m, const struct model_job *job, struct model_row *row)
{
    wait_again(m, row, NULL);
    if (job->status != RUNNING) return;
    row->rests_until = (struct model_span){m->now_us + REST_US, m->now_us + REST_US + REST_ROUNDED_UP_US};
}

static void fail_row(const struct model *m, const struct model_job *job, struct model_row *row, const char *reason,
                     const char *error)
{
    if (!failure_is_tried_again(job, row, reason)) {
        end_row(m, job, row, reason, error);
        return;
    }
    row->failures++;
    wait_again(m, row, error);
}

static void take_answer(const struct model *m, const struct model_job *job, struct model_row *row, unsigned attempt,
                        enum model_answer answer, const char *error, struct model_report *report)
{
    bool is_current = row->state == ROW_OUT && row->attempt == attempt;
    if (has_end(row) || (answer != SAYS_COMPLETED && !is_current)) {
        report->duplicates++;
        return;
    }
    report->recorded++;
    switch (answer) {
    case SAYS_COMPLETED: end_row(m, job, row, NULL, error); break;
    case SAYS_RETURNED: give_back(m, job, row); break;
    default: fail_row(m, job, row, model_answer_word(answer), error); break;
    }
}

void model_report_on_work(struct model *m, uint64_t handle, unsigned index, enum model_answer answer, const char *error,
                          struct model_report *report)
{
    for (unsigned i = 0; i < MODEL_WORKS_KEPT; i++) {
        const struct model_work *work = &m->works[i];
        if (!work->rows || work->handle != handle || index >= work->count) continue;
        struct model_job *job = &m->jobs[work->job];
        if (job->expired) break;
        take_answer(m, job, &job->rows[work->rows[index]], work->attempt, answer, error, report);
        return;
    }
    report->unknown++;
}

void model_report_by_name(struct model *m, const char *job_id, const char *device_id, int attempt,
                          enum model_answer answer, const char *error, struct model_report *report)
{
    int index = model_job(m, job_id), device = model_device(m, device_id);
    struct model_job *job = index >= 0 && m->jobs[index].fixed && !m->jobs[index].expired ? &m->jobs[index] : NULL;
    int row = job && device >= 0 ? model_row(job, device) : -1;
    if (row >= 0 && attempt < 0) attempt = (int)job->rows[row].attempt;
    if (row < 0 || attempt == 0 || attempt > (int)job->rows[row].attempt) report->unknown++;
    else take_answer(m, job, &job->rows[row], (unsigned)attempt, answer, error, report);
}

/* ---- What the engine does by itself. */

bool group_has(const struct model *m, int group, const struct model_device *device)
{
    if (device->removed) return false;
    switch (m->groups[group].filter) {
    case FILTER_ALL: return true;
    case FILTER_TEMPLATE_1: return device->template >= 0 && strcmp(m->templates[device->template].id, "t-1") == 0;
    case FILTER_PROVISIONED: return device->provisioned;
    case FILTER_ID_A: return strncmp(device->id, "a-", 2) == 0;
    case FILTER_VALUE_1: return (device->property >= 0 ? device->property : device->cloud_property) == 1;
    case FILTERS: break;
    }
    return false;
}

static void add_target(const struct model *m, struct model_job *job, unsigned device)
{
    if (job->plan.target_index >= 0 && m->devices[device].template != job->plan.target_index) {
        job->excluded++;
        return;
    }
    job->rows = grown(job->rows, job->count, sizeof *job->rows);
    job->rows[job->count++] = (struct model_row){.device = (int)device};
}

static void read_parent(const struct model *m, struct model_job *job)
{
    const struct model_job *parent = &m->jobs[job->parent];
    for (unsigned i = 0; i < parent->count && !parent->expired; i++) {
        const struct model_row *row = &parent->rows[i];
        bool is_meant =
            has_end(row) ? row->state == ROW_FAILED && job->which & RERUN_FAILED : job->which & RERUN_UNREACHED;
        if (is_meant && !m->devices[row->device].removed) add_target(m, job, (unsigned)row->device);
    }
}

static void read_targets(const struct model *m, struct model_job *job)
{
    job->count = job->excluded = 0;
    job->reading = true;
    if (job->start_us == 0) job->start_us = m->time_us;
    if (job->parent >= 0) {
        read_parent(m, job);
        return;
    }
    for (unsigned i = 0; i < m->device_count; i++)
        if (group_has(m, job->plan.group_index, &m->devices[i])) add_target(m, job, i);
}

/* They are those of one run only. */
static void forget_rests(struct model_job *job)
{
    for (unsigned i = 0; i < job->count; i++) job->rows[i].rests_until = (struct model_span){0};
}

static void begin(const struct model *m, struct model_job *job)
{
    job->status = RUNNING;
    forget_rests(job);
    begin_batch(m, job);
    if (job->fixed) return;
    int target = job->plan.target_index;
    bool needs_group = job->parent < 0;
    if (needs_group && m->groups[job->plan.group_index].removed) end_job(m, job, FAILED, "group_removed");
    else if (target >= 0 && m->templates[target].removed) end_job(m, job, FAILED, "template_removed");
    else read_targets(m, job);
}

static void fix(const struct model *m, struct model_job *job)
{
    const struct model_plan *plan = &job->plan;
    bool holds = quoted_plan_holds(m, job);
    job->reading = false;
    job->found = job->count;
    if (!holds || job->count == 0) {
        end_job(m, job, FAILED, holds ? "no_devices" : "plan_changed");
        return;
    }
    job->fixed = true;
    begin_batch(m, job);
    job->batch_size = job->count;
    if (plan->batch == NUMBER && plan->batch_value < job->count) job->batch_size = plan->batch_value;
    if (plan->batch == PERCENTAGE) job->batch_size = (job->count * plan->batch_value + 99) / 100;
}

static bool begin_next(struct model *m)
{
    struct model_job *next = NULL;
    unsigned running = 0;
    for (unsigned i = 0; i < m->job_count; i++) {
        struct model_job *job = &m->jobs[i];
        running += job->status == RUNNING;
        if (job->status == PENDING && (!next || job->place < next->place) && !waits_for_run(m, job)) next = job;
    }
    if (!next || running >= m->jobs_at_once) return false;
    begin(m, next);
    return true;
}

/* A peer of 0 has left. After a cancel nobody waits for an answer any more. */
static void let_deadlines_pass(struct model *m)
{
    for (unsigned i = 0; i < m->job_count; i++) {
        struct model_job *job = &m->jobs[i];
        for (unsigned j = 0; j < job->count; j++) {
            struct model_row *row = &job->rows[j];
            if (row->state != ROW_OUT || (row->peer != 0 && row->deadline_us > m->now_us)) continue;
            if (row->peer == 0 || job->status == CANCELLED) wait_again(m, row, NULL);
            else fail_row(m, job, row, "timed_out", NULL);
        }
    }
}

static void expire(struct model *m)
{
    for (unsigned i = 0; i < m->job_count; i++) {
        struct model_job *job = &m->jobs[i];
        if (model_is_over(job) && m->time_us - job->end_us > EXPIRES_AFTER_US) job->expired = true;
    }
}

int64_t model_expiry(const struct model *m)
{
    int64_t first_us = INT64_MAX;
    for (unsigned i = 0; i < m->job_count; i++) {
        const struct model_job *job = &m->jobs[i];
        if (!model_is_over(job) || job->expired) continue;
        if (job->end_us + EXPIRES_AFTER_US + 1 < first_us) first_us = job->end_us + EXPIRES_AFTER_US + 1;
    }
    return first_us == INT64_MAX ? m->time_us : first_us;
}

/* Cloud properties the engine sets by itself, batch after batch. */
static bool run_by_itself(const struct model *m, struct model_job *job)
{
    bool moved = false;
    for (unsigned i = 0; i < job->count; i++) {
        struct model_row *row = &job->rows[i];
        if (!model_row_waits(job, i)) continue;
        moved = true;
        if (m->devices[row->device].removed) {
            model_row_ends(m, job, i, "device_removed");
            continue;
        }
        row->attempt++;
        row->start_us = m->time_us;
        set_id(row->connector, "engine");
        end_row(m, job, row, NULL, NULL);
        evaluate(m, job);
    }
    return moved;
}

static bool run_jobs(struct model *m, bool workers)
{
    bool moved = false;
    for (unsigned i = 0; i < m->job_count; i++) {
        struct model_job *job = &m->jobs[i];
        if (job->status != RUNNING) continue;
        if (!job->fixed && !job->reading) begin(m, job); /* read before a restart: it begins again */
        else if (job->reading && workers) fix(m, job);
        else if (!evaluate(m, job)) continue;
        moved = true;
    }
    return moved;
}

void model_rest(struct model *m, bool workers)
{
    bool moved = true;
    let_deadlines_pass(m);
    run_schedules(m);
    expire(m);
    while (moved) {
        moved = run_jobs(m, workers);
        while (begin_next(m)) moved = true;
        for (unsigned i = 0; i < m->job_count; i++)
            if (m->jobs[i].plan.type == CLOUD_PROPERTY) moved |= run_by_itself(m, &m->jobs[i]);
    }
}

void model_peer_left(struct model *m, uint64_t peer)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < m->take_count; i++)
        if (m->takes[i].peer != peer) m->takes[kept++] = m->takes[i];
    m->take_count = kept;
    for (unsigned i = 0; i < m->job_count; i++)
        for (unsigned j = 0; j < m->jobs[i].count; j++)
            if (m->jobs[i].rows[j].peer == peer) m->jobs[i].rows[j].peer = 0;
}

void model_restarted(struct model *m)
{
    m->take_count = 0;
    for (unsigned i = 0; i < m->job_count; i++) {
        struct model_job *job = &m->jobs[i];
        job->reading = false;
        forget_rests(job);
        begin_batch(m, job);
        for (unsigned j = 0; j < job->count; j++)
            if (job->rows[j].state == ROW_OUT) wait_again(m, &job->rows[j], NULL);
    }
}

/* ---- Takes. */

const char *model_take(struct model *m, const struct model_take *take, const char templates[][MODEL_ID_SIZE])
{
    struct model_take *taken = &m->takes[m->take_count];
    if (m->take_count == MODEL_TAKES_MAX) abort();
    *taken = *take;
    for (unsigned i = 0; i < take->template_count; i++) {
        taken->templates[i] = *templates[i] ? model_template(m, templates[i]) : -1;
        if (*templates[i] && taken->templates[i] < 0) return "no_such_template";
    }
    m->take_count++;
    return NULL;
}

void model_lost_count(struct model *m)
{
    for (unsigned i = 0; i < m->job_count; i++) {
        struct model_job *job = &m->jobs[i];
        job->runs_since.to_us = m->now_us;
        for (unsigned j = 0; j < job->count; j++) job->rows[j].rests_until.from_us = 0;
    }
}

/* NULL, or why this work may not be handed out now. */
static const char *work_flaw(const struct model *m, const struct model_given *given)
{
    int index = model_job(m, given->job);
    if (index < 0) return "work of a job that there is not";
    const struct model_job *job = &m->jobs[index];
    if (job->status != RUNNING || !job->fixed) return "work of a job that does not run";
    if (given->batch != job->batch + 1) return "work of another batch than the current one";
    if (given->timeout != job->plan.timeout) return "work with another timeout than its job has";
    if (given->type != job->plan.type) return "work of another type than its job's";
    if (given->count == 0) return "work without devices";
    for (unsigned i = 0; i < MODEL_WORKS_KEPT; i++)
        if (m->works[i].handle >= given->handle) return "work with a handle that does not rise";
    return NULL;
}

static struct model_work *keep_work(struct model *m, const struct model_given *given)
{
    struct model_work *work = &m->works[m->work_count++ % MODEL_WORKS_KEPT];
    free(work->rows);
    *work = (struct model_work){.handle = given->handle,
                                .job = model_job(m, given->job),
                                .attempt = given->attempt,
                                .count = given->count,
                                .rows = calloc(given->count, sizeof *work->rows)};
    return work;
}

/* NULL, or why the take at this place may not have the row's device. */
static const char *row_flaw(const struct model *m, unsigned place, const struct model_job *job, int index)
{
    if (index < 0) return "a device that is not of this job, or removed";
    const struct model_row *row = &job->rows[index];
    if (!model_row_waits(job, (unsigned)index)) return "a device that does not wait in the current batch";
    if (m->now_us < row->rests_until.from_us) return "a device that rests";
    if (!model_take_names(m, &m->takes[place], job, (unsigned)index))
        return "a device of a template that it did not name";
    for (unsigned i = 0; i < place; i++)
        if (model_take_wants(m, &m->takes[i], job, (unsigned)index))
            return "a device that another take has waited longer for";
    return NULL;
}

static const char *hand_out(struct model *m, unsigned place, const struct model_given *given)
{
    const struct model_take *take = &m->takes[place];
    const char *flaw = work_flaw(m, given);
    if (flaw) return flaw;
    struct model_work *work = keep_work(m, given);
    struct model_job *job = &m->jobs[work->job];
    for (unsigned i = 0; i < given->count; i++) {
        int index = model_row(job, model_device(m, given->devices + i * MODEL_ID_SIZE));
        if ((flaw = row_flaw(m, place, job, index))) return flaw;
        struct model_row *row = &job->rows[index];
        if (given->attempt != row->attempt + 1) return "a device whose attempt does not follow on its last one";
        work->rows[i] = (unsigned)index;
        row->state = ROW_OUT;
        row->error = NULL;
        row->attempt = given->attempt;
        row->start_us = m->time_us;
        row->peer = take->peer;
        row->deadline_us = m->now_us + (int64_t)given->timeout * US_PER_S;
        set_id(row->connector, take->connector);
    }
    return NULL;
}

const char *model_served(struct model *m, uint64_t peer, uint64_t msgid, const struct model_given *works,
                         unsigned count)
{
    unsigned place = 0, devices = 0;
    while (place < m->take_count && (m->takes[place].peer != peer || m->takes[place].msgid != msgid)) place++;
    if (place == m->take_count) return "an answer to a take that does not wait";
    struct model_take *take = &m->takes[place];
    if (count == 0 && take->deadline_us > m->now_us) return "an empty answer to a take before its time";
    if (count > MODEL_WORKS_A_TAKE_MAX) return "more works than there are running jobs";
    for (unsigned i = 0; i < count; i++) {
        const char *flaw = hand_out(m, place, &works[i]);
        if (flaw) return flaw;
        devices += works[i].count;
    }
    if (devices > take->max) return "more devices than were asked for";
    memmove(take, take + 1, (--m->take_count - place) * sizeof *take);
    return NULL;
}
