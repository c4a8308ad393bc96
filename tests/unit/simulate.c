/* The engine's own turn against the model: random calls of several connections, a clock that jumps, connections that
 * end, restarts, crashes and rebuilds; after every step what the engine answers is compared with what the model says.
 *
 *     tests/simulate --seed S --steps N          one run
 *     tests/simulate --seed S --seconds T        runs of N steps with the seeds S, S + 1, ... until the time is over
 *
 * The same seed gives the same run. A difference ends it with the last calls, the last events about it, and the
 * command that leads there again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/simulate_run.h"
#include "tests/unit/simulate_trace.h"

enum {
    STEPS_DEFAULT = 1500,
    HOPS_MAX = 40,
    FULL_DISK_RETRY_S = 1, /* the engine tries again after it */
};

/* ---- Time and connections. */

static void let_pass(struct simulation *s, int64_t us)
{
    engine_pass(s->engine, us);
    tell_time(s);
}

/* To when a schedule is due, a little before or after it, or much later. */
static int64_t time_to_schedule(struct simulation *s)
{
    static const int64_t OFFS_US[] = {-1, 0, 0, 60 * SECOND_US, 60 * SECOND_US + 1, DAY_US, 3 * DAY_US};
    const struct model *m = &s->model;
    const struct model_schedule *schedule = &m->schedules[below(&s->random, m->schedule_count)];
    int64_t us = schedule->next_us ? schedule->next_us - m->wall_us : SECOND_US;
    return MAX(us + OFFS_US[below(&s->random, COUNT_OF(OFFS_US))], 0);
}

static int64_t some_time(struct simulation *s)
{
    static const int64_t JUMPS_S[] = {1, 2, 5, 20, 30, 31, 60, 301};
    int64_t soonest = model_deadline(&s->model);
    if (s->model.schedule_count && chance(&s->random, 25)) return time_to_schedule(s);
    if (chance(&s->random, 2)) return between(&s->random, 1, 31) * DAY_US;
    if (chance(&s->random, 1)) return MAX(model_expiry(&s->model) - s->model.time_us - chance(&s->random, 40), 0);
    /* To a deadline, or just before it. */
    if (soonest < INT64_MAX && chance(&s->random, 60))
        return MAX(soonest - s->model.now_us - chance(&s->random, 40), 0);
    return JUMPS_S[below(&s->random, COUNT_OF(JUMPS_S))] * SECOND_US;
}

/* The wall clock was wrong, or is now. */
static void step_wall_clock(struct simulation *s)
{
    engine_step_wall_clock(s->engine, ((int64_t)below(&s->random, 200000) - 100000) * SECOND_US);
}

static void join(struct simulation *s, unsigned connector)
{
    s->connectors[connector] = ++s->last_peer;
    engine_join(s->engine, s->last_peer);
}

static bool peers_are_used_up(const struct simulation *s)
{
    return s->last_peer + 1 == ENGINE_PEERS_END;
}

/* A connection ends, and its connector comes again on another. */
static void end_connection(struct simulation *s)
{
    unsigned connector = below(&s->random, CONNECTORS);
    uint64_t peer = s->connectors[connector];
    if (peers_are_used_up(s)) return;
    note("peer %llu leaves", (unsigned long long)peer);
    engine_leave(s->engine, peer);
    model_peer_left(&s->model, peer);
    join(s, connector);
}

/* ---- Steps. */

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
    engine_settle(s->engine);
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
    engine_hold_workers(s->engine, true);
    if (!any_removed(&s->model) && !any_may_end(&s->model)) {
        note("workers are slow");
        send_some(s, false);
        engine_settle(s->engine);
        carry_out_burst(s);
        model_rest(&s->model, false);
        compare_served(s);
        forget_answers(s);
    }
    send_some(s, true);
    engine_settle(s->engine);
    engine_hold_workers(s->engine, false);
    note("workers are done");
    engine_settle(s->engine);
    compare(s);
}

/* ---- A full disk. */

/* Nothing happens until there is room again: turns are undone, takes wait, deadlines and connections that end are seen
 * to afterwards. */
static void step_full_disk(struct simulation *s)
{
    uint64_t head = engine_head(s->engine);
    note("the disk is full");
    engine_fill_disk(s->engine, true);
    for (unsigned rounds = between(&s->random, 1, 3); rounds > 0; rounds--) {
        if (chance(&s->random, 30)) end_connection(s);
        if (chance(&s->random, 30)) let_pass(s, some_time(s));
        send_some(s, true);
        engine_settle(s->engine);
        carry_out_on_full_disk(s);
        compare_served(s);
        forget_answers(s);
    }
    if (engine_head(s->engine) != head) differ("something was written to a full disk");
    note("there is room");
    engine_fill_disk(s->engine, false);
    let_pass(s, FULL_DISK_RETRY_S * SECOND_US);
    model_lost_count(&s->model);
    engine_settle(s->engine);
    compare(s);
}

/* The engine is called when it wants to be, as the loop would; not for ever, though. */
static void pass_in_hops(struct simulation *s, int64_t us)
{
    int64_t end_us = engine_time(s->engine).monotonic_us + us;
    for (int hops = 0; hops < HOPS_MAX; hops++) {
        int64_t wanted_us = engine_wanted_us(s->engine), now_us = engine_time(s->engine).monotonic_us;
        if (wanted_us > model_deadline(&s->model)) differ("the engine would sleep over a deadline");
        if (wanted_us >= end_us || wanted_us <= now_us) break;
        let_pass(s, wanted_us - now_us);
        engine_settle(s->engine);
        compare(s);
    }
    bool oversleeps = engine_wanted_us(s->engine) < end_us;
    let_pass(s, end_us - engine_time(s->engine).monotonic_us);
    if (oversleeps) model_lost_count(&s->model);
}

static void step_time(struct simulation *s)
{
    int64_t us = some_time(s);
    note("%lld us pass", (long long)us);
    pass_in_hops(s, us);
    if (chance(&s->random, 5)) step_wall_clock(s);
    if (chance(&s->random, 30)) send_some(s, true); /* they arrive when it is due */
    engine_settle(s->engine);
    compare(s);
}

static void step_leave(struct simulation *s)
{
    end_connection(s);
    if (chance(&s->random, 30)) send_some(s, true); /* they are decided before it is seen to */
    engine_settle(s->engine);
    compare(s);
}

/* All connections end with the engine, and come again. */
static void come_up(struct simulation *s, bool crash)
{
    struct engine_start start = {.crash = crash,
                                 .jobs_at_once = between(&s->random, 1, 5),
                                 .rebuild = chance(&s->random, 20),
                                 .other_boot = chance(&s->random, 20),
                                 .down_us = chance(&s->random, 30) ? some_time(s) : 0};
    for (unsigned i = 0; i < CONNECTORS; i++) s->connectors[i] = OPERATOR + 1 + i;
    s->last_peer = OPERATOR + CONNECTORS;
    note("%s, up to %u jobs at once%s", crash ? "crash" : "restart", start.jobs_at_once,
         start.rebuild ? ", rebuilt" : "");
    engine_restart(s->engine, &start, s->last_peer);
    tell_time(s);
    s->model.jobs_at_once = start.jobs_at_once;
    s->model.started_us = s->model.wall_us;
    model_restarted(&s->model);
    rest(s);
}

static void step_restart(struct simulation *s)
{
    come_up(s, false);
}

static void step_crash(struct simulation *s)
{
    if (!any_may_end(&s->model) && chance(&s->random, 70)) {
        send_some(s, true);
        engine_turn(s->engine);
        carry_out_burst(s);
        model_rest(&s->model, false);
        compare_served(s);
    }
    come_up(s, true);
}

static void step_rebuild(struct simulation *s)
{
    note("rebuild");
    if (!engine_rebuild_gives_the_same(s->engine)) differ("a rebuild gives another state");
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
        engine_settle(s->engine);
        carry_out_burst(s);
    }
}

static void print_events(void *context, const char *difference)
{
    struct simulation *s = context;
    engine_print_events(s->engine, OPERATOR, difference);
}

/* How much of everything there was. */
static void print_sums(const struct simulation *s, uint64_t seed, unsigned long steps)
{
    const struct model *m = &s->model;
    unsigned saved = 0, reruns = 0, quotes = 0, changed = 0, runs = 0, missed = 0;
    for (unsigned i = 0; i < m->job_count; i++) {
        const struct model_job *job = &m->jobs[i];
        saved += job->status == SAVED;
        reruns += job->parent >= 0;
        quotes += job->quoted >= 0 && job->fixed;
        changed += job->reason && strcmp(job->reason, "plan_changed") == 0;
    }
    for (unsigned i = 0; i < m->schedule_count; i++)
        for (unsigned run = 0; run < m->schedules[i].run_count; run++)
            m->schedules[i].runs[run].job < 0 ? missed++ : runs++;
    printf("seed %llu: %lu steps, %lu calls, %lu looks, %llu events, %u works; %u jobs: %u saved, %u reruns, %u with "
           "plans "
           "that held and %u that did not, %u runs of schedules, %u missed: the same\n",
           (unsigned long long)seed, steps, s->calls, s->looks, (unsigned long long)engine_head(s->engine),
           m->work_count, m->job_count, saved, reruns, quotes, changed, runs, missed);
}

static void simulate(uint64_t seed, unsigned long steps)
{
    struct simulation *s = calloc(1, sizeof *s);
    if (!s) abort();
    trace_begin(seed, print_events, s);
    s->random.state = seed;
    s->mixture = call_mixture_new(&s->random);
    s->engine = engine_new();
    model_init(&s->model);
    tell_time(s);
    s->model.started_us = s->model.wall_us;
    s->last_peer = OPERATOR;
    for (unsigned i = 0; i < CONNECTORS; i++) join(s, i);
    send_first(s);
    for (unsigned long i = 1; i <= steps; i++) {
        trace_step(i);
        step(s);
    }
    print_sums(s, seed, steps);
    fflush(stdout);
    engine_delete(s->engine);
    model_free(&s->model);
    call_mixture_free(s->mixture);
    forget_remembered(s);
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
    unsigned runs = 0;
    do {
        printf("seed %llu ...\n", (unsigned long long)(seed + runs));
        fflush(stdout);
        simulate(seed + runs++, steps);
    } while (time(NULL) - started < seconds);
    printf("%u passed, 0 failed\n", runs);
    return 0;
}
