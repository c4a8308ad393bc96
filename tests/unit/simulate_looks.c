/* What the engine shows, compared with the model, and what it does by itself, which the model is told. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/simulate_answers.h"
#include "tests/unit/simulate_run.h"
#include "tests/unit/simulate_trace.h"

enum { LOOKS_MAX = 96, JOBS_LOOKED_AT = 40 };

/* ---- Work that was handed out. */

struct answered_take {
    uint64_t peer, msgid;
    unsigned count;
    struct model_given works[MODEL_WORKS_A_TAKE_MAX + 1];
};

/* False when the take was not answered. */
static bool read_take(struct simulation *s, const struct model_take *take, struct answered_take *answered)
{
    struct bytes line = engine_answer(s->engine, take->peer, take->msgid);
    *answered = (struct answered_take){.peer = take->peer, .msgid = take->msgid};
    if (!line.data) return false;
    expect_in(line, "null,[", "work.take");
    answered->count = works_read(line, answered->works, COUNT_OF(answered->works));
    return true;
}

static int by_first_work(const void *left, const void *right)
{
    const struct answered_take *a = left, *b = right;
    uint64_t first_a = a->count ? a->works[0].handle : 0, first_b = b->count ? b->works[0].handle : 0;
    return (first_a > first_b) - (first_a < first_b);
}

/* In the order in which the engine served them, the empty ones first: then work always goes to the one that has waited
 * longest for it. */
void compare_served(struct simulation *s)
{
    struct answered_take answered[MODEL_TAKES_MAX];
    unsigned count = 0;
    for (unsigned i = 0; i < s->model.take_count; i++) count += read_take(s, &s->model.takes[i], &answered[count]);
    qsort(answered, count, sizeof answered[0], by_first_work);
    for (unsigned i = 0; i < count; i++) {
        struct answered_take *a = &answered[i];
        const char *flaw = model_served(&s->model, a->peer, a->msgid, a->works, a->count);
        if (flaw) differ("call %llu of peer %llu: %s", (unsigned long long)a->msgid, (unsigned long long)a->peer, flaw);
        works_free(a->works, a->count);
    }
}

static void compare_waiting_row(const struct model *m, const struct model_job *job, unsigned row)
{
    const char *id = m->devices[job->rows[row].device].id;
    if (model_row_is_overdue(m, job, row)) differ("device %s of job %s should have expired by now", id, job->id);
    for (unsigned i = 0; i < m->take_count; i++)
        if (model_take_wants(m, &m->takes[i], job, row))
            differ("device %s of job %s waits, and so does call %llu of peer %llu", id, job->id,
                   (unsigned long long)m->takes[i].msgid, (unsigned long long)m->takes[i].peer);
}

/* Nothing waits that could go on. */
void compare_waiting(struct simulation *s)
{
    const struct model *m = &s->model;
    for (unsigned i = 0; i < m->take_count; i++)
        if (m->takes[i].deadline_us <= m->now_us)
            differ("call %llu of peer %llu waits longer than it wanted", (unsigned long long)m->takes[i].msgid,
                   (unsigned long long)m->takes[i].peer);
    for (unsigned i = 0; i < m->job_count; i++)
        for (unsigned row = 0; row < m->jobs[i].count; row++) compare_waiting_row(m, &m->jobs[i], row);
}

/* ---- Looking. */

enum look_kind {
    LOOK_INFO,
    LOOK_RUNNING,
    LOOK_SAVED,
    LOOK_RECENT,
    LOOK_SCHEDULED,
    LOOK_DEVICES,
    LOOK_PREVIEW,
    LOOK_DEVICE,
    LOOK_JOB,
    LOOK_ROWS,
    LOOK_MERGED,
    LOOK_SCHEDULE,
    LOOK_RUNS,
};

/* What they ask, with the id of what they look at. */
static const struct {
    const char *method, *params;
} LOOKS[] = {
    [LOOK_INFO] = {"info", "{%s}"},
    [LOOK_RUNNING] = {"jobs.list", "{\"section\":\"running\",\"limit\":1000%s}"},
    [LOOK_SAVED] = {"jobs.list", "{\"section\":\"saved\",\"limit\":1000%s}"},
    [LOOK_RECENT] = {"jobs.list", "{\"section\":\"recent\",\"limit\":1000%s}"},
    [LOOK_SCHEDULED] = {"jobs.list", "{\"section\":\"scheduled\",\"limit\":1000%s}"},
    [LOOK_DEVICES] = {"devices.list", "{%s}"},
    [LOOK_PREVIEW] = {"jobs.preview", "{%s}"},
    [LOOK_DEVICE] = {"devices.get", "{\"id\":\"%s\"}"},
    [LOOK_JOB] = {"jobs.get", "{\"id\":\"%s\"}"},
    [LOOK_ROWS] = {"jobs.devices", "{\"id\":\"%s\"}"},
    [LOOK_MERGED] = {"jobs.devices", "{\"id\":\"%s\",\"columns\":[\"merged\"]}"},
    [LOOK_SCHEDULE] = {"schedules.get", "{\"id\":\"%s\"}"},
    [LOOK_RUNS] = {"schedules.runs", "{\"id\":\"%s\",\"limit\":1000}"},
};

struct look {
    enum look_kind kind;
    int index; /* of what is looked at, for those that look at one */
    uint64_t msgid;
};

static size_t answers_of_connectors(const struct simulation *s)
{
    size_t size = 0;
    for (uint64_t peer = OPERATOR + 1; peer < ENGINE_PEERS_END; peer++) size += engine_answers_size(s->engine, peer);
    return size;
}

static const char *looked_at(const struct simulation *s, const struct look *look)
{
    switch (look->kind) {
    case LOOK_PREVIEW: return s->preview.params;
    case LOOK_DEVICE: return s->model.devices[look->index].id;
    case LOOK_JOB:
    case LOOK_ROWS:
    case LOOK_MERGED: return s->model.jobs[look->index].id;
    case LOOK_SCHEDULE:
    case LOOK_RUNS: return s->model.schedules[look->index].id;
    default: return ""; /* the others look at everything */
    }
}

static void ask(struct simulation *s, struct look *look)
{
    char params[CALL_PARAMS_SIZE + 64];
    snprintf(params, sizeof params, LOOKS[look->kind].params, looked_at(s, look));
    look->msgid = engine_send(s->engine, OPERATOR, LOOKS[look->kind].method, params);
    s->looks++;
}

/* Who only looks changes nothing: an engine that is at rest stays so. */
static void ask_all(struct simulation *s, struct look looks[], unsigned count)
{
    size_t before = answers_of_connectors(s);
    engine_forget_answers(s->engine, OPERATOR);
    for (unsigned i = 0; i < count; i++) ask(s, &looks[i]);
    engine_settle(s->engine);
    if (answers_of_connectors(s) != before) differ("the engine had come to rest, and went on when it was looked at");
}

static unsigned look_at_jobs(struct simulation *s, struct look looks[LOOKS_MAX], unsigned count)
{
    const struct model *m = &s->model;
    unsigned from = m->job_count > JOBS_LOOKED_AT ? m->job_count - JOBS_LOOKED_AT : 0;
    for (unsigned i = from; i < m->job_count; i++)
        if (model_is_active(&m->jobs[i]) || chance(&s->random, 10)) looks[count++] = (struct look){LOOK_JOB, (int)i, 0};
    for (unsigned i = 0; i < 3 && m->job_count; i++)
        looks[count++] = (struct look){LOOK_ROWS, (int)between(&s->random, from, m->job_count - 1), 0};
    if (m->job_count) looks[count++] = (struct look){LOOK_MERGED, (int)between(&s->random, from, m->job_count - 1), 0};
    return count;
}

static unsigned look_at_schedules(struct simulation *s, struct look looks[LOOKS_MAX], unsigned count)
{
    for (unsigned i = 0; i < s->model.schedule_count; i++) {
        if (s->model.schedules[i].removed) continue;
        looks[count++] = (struct look){LOOK_SCHEDULE, (int)i, 0};
        if (chance(&s->random, 10)) looks[count++] = (struct look){LOOK_RUNS, (int)i, 0};
    }
    return count;
}

static unsigned choose_looks(struct simulation *s, struct look looks[LOOKS_MAX])
{
    const struct model *m = &s->model;
    unsigned count = 0, device = below(&s->random, m->device_count);
    looks[count++] = (struct look){.kind = LOOK_INFO};
    if (chance(&s->random, 10))
        looks[count++] = (struct look){.kind = (enum look_kind)between(&s->random, LOOK_RUNNING, LOOK_DEVICES)};
    if (!m->devices[device].removed) looks[count++] = (struct look){LOOK_DEVICE, (int)device, 0};
    if (chance(&s->random, 10)) {
        call_make_preview(&s->preview, &s->random, m);
        looks[count++] = (struct look){.kind = LOOK_PREVIEW};
    }
    count = look_at_schedules(s, looks, count);
    return look_at_jobs(s, looks, count);
}

/* The model keeps what it was called, for jobs that quote it. */
static void compare_with_preview(struct simulation *s, struct bytes answer)
{
    struct model_preview preview;
    unsigned excluded;
    const char *refusal = model_look_ahead(&s->model, s->preview.id, &s->preview.plan, &preview, &excluded);
    if (refusal) {
        expect_refusal(answer, refusal, "jobs.preview");
        return;
    }
    compare_preview(&preview, excluded, answer);
    const char *flaw = model_keep_preview(&s->model, &preview);
    if (flaw) differ("jobs.preview {%s}: %s", s->preview.params, flaw);
}

static void compare_list_of_devices(const struct model *m, const struct model_job *job, enum look_kind kind,
                                    struct bytes answer)
{
    if (job->discarded) expect_refusal(answer, "no_such_job", "jobs.devices");
    else if (job->expired) expect_refusal(answer, "job_expired", "jobs.devices");
    else if (kind == LOOK_ROWS) compare_rows(m, job, answer);
    else compare_merged(m, job, answer);
}

static void compare_look(struct simulation *s, const struct look *look, struct bytes answer)
{
    const struct model *m = &s->model;
    switch (look->kind) {
    case LOOK_INFO: compare_info(m, answer); break;
    case LOOK_RUNNING: compare_jobs(m, answer_is_running, answer); break;
    case LOOK_SAVED: compare_jobs(m, answer_is_saved, answer); break;
    case LOOK_RECENT: compare_jobs(m, answer_is_recent, answer); break;
    case LOOK_SCHEDULED: compare_jobs(m, answer_is_scheduled, answer); break;
    case LOOK_DEVICES: compare_devices(m, answer); break;
    case LOOK_PREVIEW: compare_with_preview(s, answer); break;
    case LOOK_DEVICE: compare_device(&m->devices[look->index], answer); break;
    case LOOK_JOB: compare_job(m, &m->jobs[look->index], answer); break;
    case LOOK_ROWS:
    case LOOK_MERGED: compare_list_of_devices(m, &m->jobs[look->index], look->kind, answer); break;
    case LOOK_SCHEDULE: compare_schedule(&m->schedules[look->index], answer); break;
    case LOOK_RUNS: compare_runs(m, &m->schedules[look->index], answer); break;
    }
}

void look(struct simulation *s)
{
    struct look looks[LOOKS_MAX];
    unsigned count = choose_looks(s, looks);
    ask_all(s, looks, count);
    for (unsigned i = 0; i < count; i++) compare_look(s, &looks[i], engine_answer(s->engine, OPERATOR, looks[i].msgid));
}

/* ---- Removed devices end when the engine comes to them, waiting ones expire within bounds: which ones it says itself.
 */

static bool may_end(const struct model *m, const struct model_job *job)
{
    for (unsigned row = 0; row < job->count; row++)
        if (model_row_may_end(m, job, row)) return true;
    return false;
}

bool any_may_end(const struct model *m)
{
    for (unsigned i = 0; i < m->job_count; i++)
        if (may_end(m, &m->jobs[i])) return true;
    return false;
}

/* True when some have ended, so that the job may have gone on. */
static bool end_rows(struct simulation *s, int index)
{
    struct model_job *job = &s->model.jobs[index];
    struct look ask_devices = {LOOK_ROWS, index, 0};
    bool ended = false;
    ask_all(s, &ask_devices, 1);
    struct bytes answer = engine_answer(s->engine, OPERATOR, ask_devices.msgid);
    for (unsigned row = 0; row < job->count; row++) {
        const char *reason = model_row_may_end(&s->model, job, row);
        if (!reason || !answer_ends_row(&s->model, job, row, reason, answer)) continue;
        model_row_ends(&s->model, job, row, reason);
        ended = true;
    }
    return ended;
}

/* Runs whose usual id was taken: the engine says how it called them, in the list of all runs, newest first. */
static void name_jobs(struct simulation *s)
{
    struct model *m = &s->model;
    struct look scheduled = {.kind = LOOK_SCHEDULED};
    if (model_nameless_job(m) < 0) return;
    ask_all(s, &scheduled, 1);
    struct bytes answer = engine_answer(s->engine, OPERATOR, scheduled.msgid);
    for (unsigned i = m->job_count; i > 0; i--) {
        struct model_job *job = &m->jobs[i - 1];
        char id[MODEL_ID_SIZE];
        if (!answer_is_scheduled(job)) continue;
        answer = next_job_listed(answer, id);
        if (*job->id) continue;
        if (!model_may_be_called(m, job, id)) differ("a run of %s is called %s", m->schedules[job->schedule].id, id);
        snprintf(job->id, MODEL_ID_SIZE, "%s", id);
    }
}

/* The model comes to rest as the engine did. */
void rest(struct simulation *s)
{
    bool ended;
    tell_time(s);
    do {
        ended = false;
        model_rest(&s->model, true);
        name_jobs(s);
        for (unsigned i = 0; i < s->model.job_count; i++)
            if (may_end(&s->model, &s->model.jobs[i])) ended |= end_rows(s, (int)i);
    } while (ended);
}
