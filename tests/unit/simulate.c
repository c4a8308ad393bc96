/* The engine's own turn against the model: random calls of several connections, a clock that jumps, connections that
 * end, restarts, crashes and rebuilds; after every step what the engine answers is compared with what the model says.
 *
 *     tests/simulate --seed S --steps N          one run
 *     tests/simulate --seed S --seconds T        runs of N steps with the seeds S, S + 1, ... until the time is over
 *
 * The same seed gives the same run. A difference ends it with the last calls and the command that leads there again. */
#include "tests/unit/stage.h"

#include <time.h>

#include "tests/unit/simulate_answers.h"
#include "tests/unit/simulate_calls.h"
#include "tests/unit/simulate_trace.h"

enum {
    OPERATOR = 1, /* the peer that looks; never takes work */
    CONNECTORS = 4,
    BURST_MAX = 8,
    PAST_KEPT = 64,
    LOOKS_MAX = 48,
    STEPS_DEFAULT = 1500,
    HOPS_MAX = 40,
    FULL_DISK_RETRY_S = 1, /* the engine tries again after it */
};

#define DAY_S INT64_C(86400)

/* A request id that was carried out; one that made no job is forgotten after 30 days. */
struct remembered {
    struct client_call call;
    int64_t time_us;
    struct remembered *next;
};

struct simulation {
    struct stage stage;
    struct model model;
    struct random random;
    struct call_mixture *mixture;
    uint64_t connectors[CONNECTORS]; /* their peers */
    uint64_t last_peer;              /* ids of peers are not used twice */
    struct client_call burst[BURST_MAX];
    unsigned burst_count;
    struct client_call past[PAST_KEPT];
    unsigned past_count;
    struct remembered *remembered;
    unsigned long looks, calls;
};

/* ---- Answers. */

/* The line that answers this call, behind its number; BYTES_NONE when there is none. */
static struct bytes answer_to(struct simulation *s, uint64_t peer, uint64_t msgid)
{
    char start[32];
    int size = snprintf(start, sizeof start, "[1,%llu,", (unsigned long long)msgid);
    for (const char *line = stage_answers(&s->stage, peer); *line; line = strchr(line, '\n') + 1) {
        if (strncmp(line, start, (size_t)size) != 0) continue;
        return (struct bytes){line + size, (size_t)(strchr(line, '\n') - line - size)};
    }
    return BYTES_NONE;
}

/* ---- Calls. */

static uint64_t some_peer(struct simulation *s)
{
    return s->connectors[below(&s->random, CONNECTORS)];
}

static bool work_is_kept(const struct model *m, uint64_t handle)
{
    for (unsigned i = 0; i < MODEL_WORKS_KEPT; i++)
        if (m->works[i].handle == handle) return true;
    return handle <= 1;
}

/* An earlier call once more, or another one under its request id. */
static void repeat(struct simulation *s, struct client_call *call)
{
    if (s->past_count == 0 || !chance(&s->random, 8)) return;
    unsigned kept = s->past_count < PAST_KEPT ? s->past_count : PAST_KEPT;
    const struct client_call *past = &s->past[below(&s->random, kept)];
    if (chance(&s->random, 20)) memcpy(call->request_id, past->request_id, MODEL_ID_SIZE);
    else if (!call_is_take(past) && work_is_kept(&s->model, past->work)) *call = *past;
}

static void send_call(struct simulation *s, struct client_call *call)
{
    call->peer = call_is_take(call) || chance(&s->random, 50) ? some_peer(s) : OPERATOR;
    if (*call->request_id)
        stage_queue(&s->stage, call->peer, call_method(call), "{%s,\"requestId\":\"%s\"}", call->params,
                    call->request_id);
    else stage_queue(&s->stage, call->peer, call_method(call), "{%s}", call->params);
    call->msgid = s->stage.peers[call->peer].msgid;
    note("peer %llu call %llu: %s {%s} %s", (unsigned long long)call->peer, (unsigned long long)call->msgid,
         call_method(call), call->params, call->request_id);
    s->burst[s->burst_count++] = *call;
    s->past[s->past_count++ % PAST_KEPT] = *call;
    s->calls++;
}

static void send_some(struct simulation *s, bool may_remove_devices)
{
    unsigned count = chance(&s->random, 60) ? 1 : between(&s->random, 2, BURST_MAX);
    s->stage.next_from = 0;
    for (unsigned i = 0; i < count; i++) {
        struct client_call call;
        call_make(&call, s->mixture, &s->random, &s->model);
        repeat(s, &call);
        if (may_remove_devices || !call_removes_device(&call)) send_call(s, &call);
    }
}

static bool was_carried_out(const struct simulation *s, const struct client_call *call,
                            const struct client_call **before)
{
    for (const struct remembered *r = s->remembered; r && call_is_remembered(call); r = r->next) {
        bool is_old = s->model.time_us - r->time_us > 30 * DAY_S * SECOND && !call_makes_job(&r->call);
        if (is_old || strcmp(r->call.request_id, call->request_id) != 0) continue;
        *before = &r->call;
        return true;
    }
    return false;
}

static void remember(struct simulation *s, const struct client_call *call)
{
    struct remembered *remembered = malloc(sizeof *remembered);
    assert_non_null(remembered);
    *remembered = (struct remembered){*call, s->model.time_us, s->remembered};
    s->remembered = remembered;
}

static const char *carry_out(struct simulation *s, const struct client_call *call, struct model_report *report)
{
    const struct client_call *before;
    if (was_carried_out(s, call, &before))
        return calls_are_equal(call, before) ? call_look_again(call, &s->model) : "conflict";
    const char *refusal = call_carry_out(call, &s->model, report);
    if (!refusal && s->model.changed && call_is_remembered(call)) remember(s, call);
    return refusal;
}

static void carry_out_and_compare(struct simulation *s, const struct client_call *call)
{
    char *text;
    size_t size;
    struct model_report report = {0};
    const char *refusal = carry_out(s, call, &report);
    if (call_is_take(call) && !refusal) return; /* answered when there is work */
    struct bytes answer = answer_to(s, call->peer, call->msgid);
    if (refusal) {
        expect_refusal(answer, refusal, call_method(call));
        return;
    }
    expect_in(answer, "null,", call_method(call));
    FILE *out = open_memstream(&text, &size);
    call_print_answer(call, &s->model, &report, out);
    fclose(out);
    expect_in(answer, text, call_method(call));
    free(text);
}

/* Which time the engine's last turn gave to what it wrote: never an earlier one than before. */
static void tell_time(struct simulation *s)
{
    s->model.now_us = s->stage.clock.monotonic_us;
    s->model.time_us = MAX(s->stage.clock.wall_us, s->stage.turn->time_us);
}

/* The peer's next call of the burst; NULL when there is none. */
static struct client_call *next_of_peer(struct simulation *s, uint64_t peer)
{
    for (unsigned i = 0; i < s->burst_count; i++)
        if (s->burst[i].peer == peer && !s->burst[i].seen) return &s->burst[i];
    return NULL;
}

/* In the order in which the stage gave them to the engine: one of each peer, then the next one of each, from the first
 * on. */
static void each_of_burst(struct simulation *s, void (*see)(struct simulation *s, const struct client_call *call))
{
    tell_time(s);
    for (unsigned seen = 0; seen < s->burst_count;) {
        for (uint64_t peer = 1; peer < STAGE_PEERS_MAX; peer++) {
            struct client_call *next = next_of_peer(s, peer);
            if (!next) continue;
            see(s, next);
            next->seen = true;
            seen++;
        }
    }
    s->burst_count = 0;
}

static void carry_out_burst(struct simulation *s)
{
    each_of_burst(s, carry_out_and_compare);
}

/* ---- Work that was handed out. */

struct answered_take {
    uint64_t peer, msgid;
    unsigned count;
    struct model_given works[MODEL_WORKS_A_TAKE_MAX + 1];
};

/* False when the take was not answered. */
static bool read_take(struct simulation *s, const struct model_take *take, struct answered_take *answered)
{
    struct bytes line = answer_to(s, take->peer, take->msgid);
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
static void compare_served(struct simulation *s)
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
static void compare_waiting(struct simulation *s)
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

enum look_kind { LOOK_INFO, LOOK_ACTIVE, LOOK_DEVICES, LOOK_DEVICE, LOOK_JOB, LOOK_ROWS };

struct look {
    enum look_kind kind;
    int index; /* of the device or the job, for those that look at one */
    uint64_t msgid;
};

static size_t answers_of_connectors(const struct simulation *s)
{
    size_t size = 0;
    for (uint64_t peer = OPERATOR + 1; peer < STAGE_PEERS_MAX; peer++) size += s->stage.peers[peer].answers_size;
    return size;
}

static void ask(struct simulation *s, struct look *look)
{
    static const char *const CALLS[][2] = {[LOOK_INFO] = {"info", "{}"},
                                           [LOOK_ACTIVE] = {"jobs.list", "{\"section\":\"running\"}"},
                                           [LOOK_DEVICES] = {"devices.list", "{}"},
                                           [LOOK_DEVICE] = {"devices.get", "{\"id\":\"%s\"}"},
                                           [LOOK_JOB] = {"jobs.get", "{\"id\":\"%s\"}"},
                                           [LOOK_ROWS] = {"jobs.devices", "{\"id\":\"%s\"}"}};
    const char *id = look->kind == LOOK_DEVICE  ? s->model.devices[look->index].id
                     : look->kind > LOOK_DEVICE ? s->model.jobs[look->index].id
                                                : "";
    stage_queue(&s->stage, OPERATOR, CALLS[look->kind][0], CALLS[look->kind][1], id);
    look->msgid = s->stage.peers[OPERATOR].msgid;
    s->looks++;
}

/* Who only looks changes nothing: an engine that is at rest stays so. */
static void ask_all(struct simulation *s, struct look looks[], unsigned count)
{
    size_t before = answers_of_connectors(s);
    stage_forget_answers(&s->stage, OPERATOR);
    for (unsigned i = 0; i < count; i++) ask(s, &looks[i]);
    stage_settle(&s->stage);
    if (answers_of_connectors(s) != before) differ("the engine had come to rest, and went on when it was looked at");
}

static unsigned choose_looks(struct simulation *s, struct look looks[LOOKS_MAX])
{
    const struct model *m = &s->model;
    unsigned count = 0, from = m->job_count > 40 ? m->job_count - 40 : 0;
    looks[count++] = (struct look){.kind = LOOK_INFO};
    if (chance(&s->random, 10)) looks[count++] = (struct look){.kind = LOOK_ACTIVE};
    if (chance(&s->random, 10)) looks[count++] = (struct look){.kind = LOOK_DEVICES};
    unsigned device = below(&s->random, m->device_count);
    if (!m->devices[device].removed) looks[count++] = (struct look){LOOK_DEVICE, (int)device, 0};
    for (unsigned i = from; i < m->job_count; i++) {
        bool is_over = model_is_over(&m->jobs[i]);
        if (!is_over || chance(&s->random, 5)) looks[count++] = (struct look){LOOK_JOB, (int)i, 0};
    }
    for (unsigned i = 0; i < 3 && m->job_count; i++)
        looks[count++] = (struct look){LOOK_ROWS, (int)between(&s->random, from, m->job_count - 1), 0};
    return count;
}

static void compare_look(const struct model *m, const struct look *look, struct bytes answer)
{
    switch (look->kind) {
    case LOOK_INFO: compare_info(m, answer); break;
    case LOOK_ACTIVE: compare_active(m, answer); break;
    case LOOK_DEVICES: compare_devices(m, answer); break;
    case LOOK_DEVICE: compare_device(&m->devices[look->index], answer); break;
    case LOOK_JOB: compare_job(&m->jobs[look->index], answer); break;
    case LOOK_ROWS:
        if (m->jobs[look->index].expired) expect_refusal(answer, "job_expired", "jobs.devices");
        else compare_rows(m, &m->jobs[look->index], answer);
        break;
    }
}

static void look(struct simulation *s)
{
    struct look looks[LOOKS_MAX];
    unsigned count = choose_looks(s, looks);
    ask_all(s, looks, count);
    for (unsigned i = 0; i < count; i++) compare_look(&s->model, &looks[i], answer_to(s, OPERATOR, looks[i].msgid));
}

/* ---- Removed devices end when the engine comes to them, waiting ones expire within bounds: which ones it says itself.
 */

static bool may_end(const struct model *m, const struct model_job *job)
{
    for (unsigned row = 0; row < job->count; row++)
        if (model_row_may_end(m, job, row)) return true;
    return false;
}

static bool any_may_end(const struct model *m)
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
    struct bytes answer = answer_to(s, OPERATOR, ask_devices.msgid);
    for (unsigned row = 0; row < job->count; row++) {
        const char *reason = model_row_may_end(&s->model, job, row);
        if (!reason || !answer_ends_row(&s->model, job, row, reason, answer)) continue;
        model_row_ends(&s->model, job, row, reason);
        ended = true;
    }
    return ended;
}

/* The model comes to rest as the engine did. */
static void rest(struct simulation *s)
{
    bool ended;
    tell_time(s);
    do {
        ended = false;
        model_rest(&s->model, true);
        for (unsigned i = 0; i < s->model.job_count; i++)
            if (may_end(&s->model, &s->model.jobs[i])) ended |= end_rows(s, (int)i);
    } while (ended);
}

/* ---- Time and connections. */

static void let_pass(struct simulation *s, int64_t us)
{
    s->stage.clock.monotonic_us += us;
    s->stage.clock.wall_us += us;
    tell_time(s);
}

static int64_t some_time(struct simulation *s)
{
    static const int64_t JUMPS_S[] = {1, 2, 5, 20, 30, 31, 60, 301};
    int64_t soonest = model_deadline(&s->model);
    if (chance(&s->random, 2)) return between(&s->random, 1, 31) * DAY_S * SECOND;
    if (chance(&s->random, 1)) return MAX(model_expiry(&s->model) - s->model.time_us - chance(&s->random, 40), 0);
    /* To a deadline, or just before it. */
    if (soonest < INT64_MAX && chance(&s->random, 60))
        return MAX(soonest - s->model.now_us - chance(&s->random, 40), 0);
    return JUMPS_S[below(&s->random, COUNT_OF(JUMPS_S))] * SECOND;
}

/* The wall clock was wrong, or is now. */
static void step_wall_clock(struct simulation *s)
{
    s->stage.clock.wall_us += ((int64_t)below(&s->random, 200000) - 100000) * SECOND;
}

static void join(struct simulation *s, unsigned connector)
{
    s->connectors[connector] = ++s->last_peer;
    stage_join(&s->stage, s->last_peer, false);
}

static bool peers_are_used_up(const struct simulation *s)
{
    return s->last_peer + 1 == STAGE_PEERS_MAX;
}

/* A connection ends, and its connector comes again on another. */
static void end_connection(struct simulation *s)
{
    unsigned connector = below(&s->random, CONNECTORS);
    uint64_t peer = s->connectors[connector];
    if (peers_are_used_up(s)) return;
    note("peer %llu leaves", (unsigned long long)peer);
    s->stage.peers[peer].here = false;
    turn_peer_left(s->stage.turn, peer);
    model_peer_left(&s->model, peer);
    join(s, connector);
}

/* ---- Steps. */

static void forget_answers(struct simulation *s)
{
    for (uint64_t peer = 1; peer < STAGE_PEERS_MAX; peer++) stage_forget_answers(&s->stage, peer);
}

/* The engine has come to rest after the burst. */
static void compare(struct simulation *s)
{
    carry_out_burst(s);
    rest(s);
    compare_served(s);
    compare_waiting(s);
}

static void step_calls(struct simulation *s)
{
    send_some(s, true);
    stage_settle(&s->stage);
    compare(s);
}

static bool any_removed(const struct model *m)
{
    for (unsigned i = 0; i < m->job_count; i++) {
        const struct model_job *job = &m->jobs[i];
        for (unsigned row = 0; !model_is_over(job) && row < job->count; row++)
            if (m->devices[job->rows[row].device].removed) return true;
    }
    return false;
}

/* Calls while groups are being read by slow workers. What the engine does with removed devices in between could not be
 * looked at: none are removed before it. */
static void step_slow_workers(struct simulation *s)
{
    s->stage.hold_tasks = true;
    if (!any_removed(&s->model) && !any_may_end(&s->model)) {
        note("workers are slow");
        send_some(s, false);
        stage_settle(&s->stage);
        carry_out_burst(s);
        model_rest(&s->model, false);
        compare_served(s);
        forget_answers(s);
    }
    send_some(s, true);
    stage_settle(&s->stage);
    s->stage.hold_tasks = false;
    note("workers are done");
    stage_settle(&s->stage);
    compare(s);
}

/* ---- A full disk. */

/* Refused for want of room, or there was nothing to write down. */
static void compare_on_full_disk(struct simulation *s, const struct client_call *call)
{
    struct bytes answer = answer_to(s, call->peer, call->msgid);
    if (!answer_holds(answer, "[\"no_space\",")) carry_out_and_compare(s, call);
}

/* Nothing happens until there is room again: turns are undone, takes wait, deadlines and connections that end are seen
 * to afterwards. */
static void step_full_disk(struct simulation *s)
{
    uint64_t head = log_head(&s->stage.turn->log);
    note("the disk is full");
    stage_fill_disk(&s->stage, true);
    for (unsigned rounds = between(&s->random, 1, 3); rounds > 0; rounds--) {
        if (chance(&s->random, 30)) end_connection(s);
        if (chance(&s->random, 30)) let_pass(s, some_time(s));
        send_some(s, true);
        stage_settle(&s->stage);
        each_of_burst(s, compare_on_full_disk);
        compare_served(s);
        forget_answers(s);
    }
    if (log_head(&s->stage.turn->log) != head) differ("something was written to a full disk");
    note("there is room");
    stage_fill_disk(&s->stage, false);
    let_pass(s, FULL_DISK_RETRY_S * SECOND);
    model_lost_count(&s->model);
    stage_settle(&s->stage);
    compare(s);
}

/* The engine is called when it wants to be, as the loop would; not for ever, though. */
static void pass_in_hops(struct simulation *s, int64_t us)
{
    int64_t end_us = s->stage.clock.monotonic_us + us;
    for (int hops = 0; hops < HOPS_MAX; hops++) {
        int64_t wanted_us = turn_deadline_us(s->stage.turn), now_us = s->stage.clock.monotonic_us;
        if (wanted_us > model_deadline(&s->model)) differ("the engine would sleep over a deadline");
        if (wanted_us >= end_us || wanted_us <= now_us) break;
        let_pass(s, wanted_us - now_us);
        stage_settle(&s->stage);
        compare(s);
    }
    bool oversleeps = turn_deadline_us(s->stage.turn) < end_us;
    let_pass(s, end_us - s->stage.clock.monotonic_us);
    if (oversleeps) model_lost_count(&s->model);
}

static void step_time(struct simulation *s)
{
    int64_t us = some_time(s);
    note("%lld us pass", (long long)us);
    pass_in_hops(s, us);
    if (chance(&s->random, 5)) step_wall_clock(s);
    if (chance(&s->random, 30)) send_some(s, true); /* they arrive when it is due */
    stage_settle(&s->stage);
    compare(s);
}

static void step_leave(struct simulation *s)
{
    end_connection(s);
    if (chance(&s->random, 30)) send_some(s, true); /* they are decided before it is seen to */
    stage_settle(&s->stage);
    compare(s);
}

/* All connections end with the engine, and come again. */
static void number_peers(struct simulation *s)
{
    for (uint64_t peer = 1; peer < STAGE_PEERS_MAX; peer++) {
        assert_int_equal(s->stage.peers[peer].taken, s->stage.peers[peer].size);
        s->stage.peers[peer].here = peer <= OPERATOR + CONNECTORS;
    }
    for (unsigned i = 0; i < CONNECTORS; i++) s->connectors[i] = OPERATOR + 1 + i;
    s->last_peer = OPERATOR + CONNECTORS;
}

static void come_up(struct simulation *s, void (*down_and_up)(struct stage *s))
{
    static const char *const BOOTS[] = {"test-boot", "another-boot"};
    s->stage.settings.jobs_at_once = s->model.jobs_at_once = between(&s->random, 1, 5);
    s->stage.settings.rebuild = chance(&s->random, 20);
    s->stage.settings.boot_id = BOOTS[chance(&s->random, 20)];
    note("%s, up to %u jobs at once%s", down_and_up == stage_crash ? "crash" : "restart", s->model.jobs_at_once,
         s->stage.settings.rebuild ? ", rebuilt" : "");
    number_peers(s);
    down_and_up(&s->stage);
    model_restarted(&s->model);
    rest(s);
}

static void step_restart(struct simulation *s)
{
    come_up(s, stage_restart);
}

static void step_crash(struct simulation *s)
{
    if (!any_may_end(&s->model) && chance(&s->random, 70)) {
        send_some(s, true);
        turn_run(s->stage.turn, &s->stage.clock);
        carry_out_burst(s);
        model_rest(&s->model, false);
        compare_served(s);
    }
    come_up(s, stage_crash);
}

static void step_rebuild(struct simulation *s)
{
    note("rebuild");
    if (!stage_rebuild_gives_the_same(&s->stage)) differ("a rebuild gives another state");
}

static const struct {
    unsigned weight;
    void (*run)(struct simulation *s);
} STEPS[] = {
    {820, step_calls},  {30, step_slow_workers}, {70, step_time},   {30, step_leave},
    {10, step_restart}, {15, step_crash},        {5, step_rebuild}, {20, step_full_disk},
};

static void step(struct simulation *s)
{
    unsigned sum = 0, kind = 0;
    for (unsigned i = 0; i < COUNT_OF(STEPS); i++) sum += STEPS[i].weight;
    unsigned dice = below(&s->random, sum);
    for (; dice >= STEPS[kind].weight; kind++) dice -= STEPS[kind].weight;
    forget_answers(s);
    if (peers_are_used_up(s)) step_restart(s);
    else STEPS[kind].run(s);
    look(s);
}

/* ---- A run. */

static void send_first(struct simulation *s)
{
    struct client_call call;
    for (unsigned i = 0; call_make_first(&call, i, &s->random); i++) {
        forget_answers(s);
        send_call(s, &call);
        stage_settle(&s->stage);
        carry_out_burst(s);
    }
}

static void simulate(uint64_t seed, unsigned long steps)
{
    struct simulation *s = calloc(1, sizeof *s);
    assert_non_null(s);
    trace_begin(seed);
    s->random.state = seed;
    s->mixture = call_mixture_new(&s->random);
    stage_open(&s->stage);
    model_init(&s->model);
    tell_time(s);
    s->last_peer = OPERATOR;
    for (unsigned i = 0; i < CONNECTORS; i++) join(s, i);
    send_first(s);
    for (unsigned long i = 1; i <= steps; i++) {
        trace_step(i);
        step(s);
    }
    printf("seed %llu: %lu steps, %lu calls, %lu looks, %u jobs, %u works, %llu events: the same\n",
           (unsigned long long)seed, steps, s->calls, s->looks, s->model.job_count, s->model.work_count,
           (unsigned long long)log_head(&s->stage.turn->log));
    fflush(stdout);
    stage_close(&s->stage);
    model_free(&s->model);
    call_mixture_free(s->mixture);
    for (struct remembered *next; s->remembered; s->remembered = next) {
        next = s->remembered->next;
        free(s->remembered);
    }
    free(s);
}

static uint64_t number_after(const char *option, int argc, char **argv, uint64_t otherwise)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], option) == 0) return strtoull(argv[i + 1], NULL, 10);
    return otherwise;
}

int main(int argc, char **argv)
{
    time_t started = time(NULL);
    uint64_t seed = number_after("--seed", argc, argv, (uint64_t)started);
    unsigned long steps = number_after("--steps", argc, argv, STEPS_DEFAULT);
    time_t seconds = (time_t)number_after("--seconds", argc, argv, 0);
    setenv("CMOCKA_TEST_ABORT", "1", 1); /* so that a failed expectation of the stage tells the way back too */
    unsigned runs = 0;
    do {
        printf("seed %llu ...\n", (unsigned long long)(seed + runs));
        fflush(stdout);
        simulate(seed + runs++, steps);
    } while (time(NULL) - started < seconds);
    printf("%u passed, 0 failed\n", runs);
    return 0;
}
