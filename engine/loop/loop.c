/* One round: libuv's timers and sockets, then the turn, then what the turn sends.
 *
 *     poll -> (bytes, timers, workers: something is due) -> check: settle, turn_run, settle -> poll ...
 *
 * While something is due an idle handle keeps the poll from waiting. The end comes in two steps: DRAINING, until
 * the frames that have come are answered and the workers are done, then LEAVING, until the answers are written. */
#include "engine/loop/loop.h"

#include "engine/clock/clock.h"
#include "engine/loop/metrics_server.h"
#include "engine/loop/server.h"
#include "engine/service/service.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>

enum { TELL_EVERY_US = 1000000, EXTEND_US = 60000000, US_PER_MS = 1000 };

#define STOPPING "the engine is stopping; connect again after its restart"

enum loop_phase { LOOP_SERVING, LOOP_DRAINING, LOOP_LEAVING };

struct loop {
    uv_loop_t uv;
    uv_check_t check;
    uv_idle_t idle;
    uv_timer_t timer;    /* the turn's deadline */
    uv_timer_t patience; /* with draining, then with leaving */
    uv_timer_t watchdog;
    uv_signal_t signals[3];
    struct loop_reload reload;
    int64_t told_us; /* monotonic: how far a folding is */
    struct server server;
    struct metrics_server *metrics; /* NULL: not served */
    struct turn *turn;
    enum loop_phase phase;
    bool is_due; /* the turn wants to run */
    bool is_out_of_patience;
    bool has_failed; /* TURN_FATAL */
    int exit_code;
    uint32_t tasks;  /* with workers */
    struct sentence why;
};

struct worker_job {
    uv_work_t work;
    struct loop *loop;
    struct task *task;
};

/* ---- When the turn runs. */

static void on_idle(uv_idle_t *idle)
{
    (void)idle;
}

/* Keeps the poll from waiting; makes sure that the check comes round. */
static void wake(struct loop *l)
{
    l->is_due = true;
    uv_idle_start(&l->idle, on_idle);
}

static void on_deadline(uv_timer_t *timer)
{
    wake(timer->data);
}

static struct turn_clock clock_now(void)
{
    return (struct turn_clock){.wall_us = clock_wall_us(), .monotonic_us = clock_monotonic_us()};
}

static void set_timer(struct loop *l)
{
    int64_t deadline_us = turn_deadline_us(l->turn);
    if (deadline_us == INT64_MAX) {
        uv_timer_stop(&l->timer);
        return;
    }
    int64_t now_us = clock_monotonic_us();
    int64_t wait_us = deadline_us > now_us ? deadline_us - now_us : 0; /* a deadline may lie infinitely far back */
    uv_update_time(&l->uv);
    uv_timer_start(&l->timer, on_deadline, (uint64_t)(wait_us + 999) / 1000, 0);
}

/* ---- Stopping. */

static void on_patience_over(uv_timer_t *timer)
{
    struct loop *l = timer->data;
    l->is_out_of_patience = true;
    wake(l);
}

static void drain(struct loop *l)
{
    if (l->phase != LOOP_SERVING) return;
    l->phase = LOOP_DRAINING;
    service_notify("STOPPING=1\nSTATUS=Stopping: what has come is answered\nEXTEND_TIMEOUT_USEC=%d", EXTEND_US);
    metrics_server_close(l->metrics);
    l->metrics = NULL;
    server_stop_reading(&l->server);
    turn_cancel_tasks(l->turn);
    uv_timer_start(&l->patience, on_patience_over, LOOP_DRAIN_MS, 0);
    wake(l);
}

/* ---- The service manager. */

static void tell_ready(void)
{
    service_notify("READY=1\nSTATUS=Serving");
}

static void reload(struct loop *l)
{
    if (l->phase != LOOP_SERVING) return;
    service_notify("RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_monotonic_us());
    l->reload.reload(l->reload.context);
    tell_ready();
    wake(l);
}

/* That this runs says that the loop does. */
static void on_watchdog(uv_timer_t *timer)
{
    (void)timer;
    service_notify("WATCHDOG=1");
}

static void start_watchdog(struct loop *l)
{
    uint64_t every_ms = (uint64_t)service_watchdog_us() / 2 / US_PER_MS;
    if (every_ms > 0) uv_timer_start(&l->watchdog, on_watchdog, every_ms, every_ms);
    uv_unref((uv_handle_t *)&l->watchdog);
}

/* A start that folds a long log is given the time it needs, as long as it gets on. */
static void tell_folding(void *server, uint64_t seq, uint64_t head)
{
    struct loop *l = ((struct server *)server)->uv->data;
    int64_t now_us = clock_monotonic_us();
    if (l->told_us && now_us - l->told_us < TELL_EVERY_US) return;
    l->told_us = now_us;
    service_notify("STATUS=Folding the log: event %" PRIu64 " of %" PRIu64 "\nEXTEND_TIMEOUT_USEC=%d\nWATCHDOG=1", seq,
                   head, EXTEND_US);
}

/* ---- Signals. */

static void on_signal(uv_signal_t *signal, int number)
{
    struct loop *l = signal->data;
    if (number == SIGHUP && l->reload.reload) reload(l);
    else drain(l);
}

/* A task cannot be called back, and holds what the turn has open: it is waited for without patience. */
static bool is_drained(const struct loop *l)
{
    if (l->tasks > 0) return false;
    return l->has_failed || l->is_out_of_patience || (!server_has_frames(&l->server) && !l->server.news);
}

static void end_when_left(struct loop *l)
{
    if (l->server.count == 0 || l->is_out_of_patience) uv_stop(&l->uv);
}

static void leave(struct loop *l)
{
    struct turn_clock now = clock_now();
    turn_close(l->turn, &now);
    l->turn = l->server.turn = NULL;
    l->phase = LOOP_LEAVING;
    l->is_out_of_patience = false;
    server_hang_up_all(&l->server, l->has_failed ? l->why.text : STOPPING);
    server_settle(&l->server);
    uv_idle_stop(&l->idle);
    uv_timer_stop(&l->timer);
    uv_timer_start(&l->patience, on_patience_over, LOOP_LEAVE_MS, 0);
    end_when_left(l);
}

static void fail(struct loop *l)
{
    l->has_failed = true;
    l->exit_code = turn_exit_code(l->turn);
    sentence_set(&l->why, "%s", turn_why(l->turn));
    drain(l);
}

/* ---- The round. */

static void run_turn(struct loop *l)
{
    struct turn_clock now = clock_now();
    l->is_due = false;
    l->server.news = false;
    enum turn_result result = turn_run(l->turn, &now);
    server_settle(&l->server);
    if (result == TURN_FATAL) fail(l);
    else set_timer(l);
    if (result == TURN_AGAIN) wake(l);
}

static void on_check(uv_check_t *check)
{
    struct loop *l = check->data;
    server_settle(&l->server);
    if (l->phase == LOOP_LEAVING) {
        end_when_left(l);
        return;
    }
    if (!l->has_failed && (l->is_due || l->server.news || server_has_frames(&l->server))) run_turn(l);
    bool is_due = !l->has_failed && (l->is_due || l->server.news || server_has_frames(&l->server));
    if (is_due) wake(l);
    else uv_idle_stop(&l->idle);
    if (l->phase == LOOP_DRAINING && is_drained(l)) leave(l);
}

/* ---- Workers. */

static void on_work(uv_work_t *work)
{
    struct worker_job *job = work->data;
    task_run(job->task);
}

static void on_work_done(uv_work_t *work, int status)
{
    struct worker_job *job = work->data;
    struct loop *l = job->loop;
    ASSERT(status == 0);
    l->tasks--;
    turn_task_done(l->turn, job->task);
    free(job);
    wake(l);
}

static void run_task(void *server, struct task *task)
{
    struct loop *l = ((struct server *)server)->uv->data;
    struct worker_job *job = malloc(sizeof *job);
    ASSERT(job != NULL);
    *job = (struct worker_job){.loop = l, .task = task};
    job->work.data = job;
    l->tasks++;
    ASSERT(uv_queue_work(&l->uv, &job->work, on_work, on_work_done) == 0);
}

/* ---- What the header promises. */

struct turn_host loop_host(struct loop *l)
{
    return (struct turn_host){
        .context = &l->server,
        .next_frame = server_next_frame,
        .frame_done = server_frame_done,
        .send = server_send,
        .room = server_room,
        .hang_up = server_hang_up,
        .run_task = run_task,
        .folding = tell_folding,
    };
}

struct loop *loop_new(struct sentence *why)
{
    struct loop *l = calloc(1, sizeof *l);
    ASSERT(l != NULL);
    int error = uv_loop_init(&l->uv);
    if (error) {
        sentence_set(why, "the event loop cannot be made: %s", uv_strerror(error));
        free(l);
        return NULL;
    }
    signal(SIGPIPE, SIG_IGN); /* a client that has gone is learned from the write */
    l->uv.data = l;
    ASSERT(uv_check_init(&l->uv, &l->check) == 0 && uv_idle_init(&l->uv, &l->idle) == 0);
    ASSERT(uv_timer_init(&l->uv, &l->timer) == 0 && uv_timer_init(&l->uv, &l->patience) == 0);
    ASSERT(uv_timer_init(&l->uv, &l->watchdog) == 0);
    l->check.data = l->idle.data = l->timer.data = l->patience.data = l;
    for (size_t i = 0; i < COUNT_OF(l->signals); i++) {
        ASSERT(uv_signal_init(&l->uv, &l->signals[i]) == 0);
        l->signals[i].data = l;
    }
    uv_check_start(&l->check, on_check);
    server_init(&l->server, &l->uv);
    return l;
}

bool loop_serve(struct loop *l, struct turn *turn, const struct loop_sockets *sockets, struct sentence *why)
{
    l->turn = turn;
    return server_listen(&l->server, turn, sockets, why);
}

static struct bytes metrics(void *loop, struct arena *arena)
{
    struct loop *l = loop;
    struct turn_clock now = clock_now();
    return l->phase == LOOP_SERVING ? turn_metrics(l->turn, &now, arena) : BYTES_NONE;
}

bool loop_serve_metrics(struct loop *l, uint16_t port, struct sentence *why)
{
    l->metrics = metrics_server_open(&l->uv, port, metrics, l, why);
    return l->metrics != NULL;
}

void loop_on_reload(struct loop *l, struct loop_reload reload)
{
    l->reload = reload;
}

int loop_run(struct loop *l, struct sentence *why)
{
    static const int STOP_SIGNALS[COUNT_OF(l->signals)] = {SIGTERM, SIGINT, SIGHUP};
    /* Only now: before, while a long log is folded, a signal ends the process at once and does no harm. */
    for (size_t i = 0; i < COUNT_OF(l->signals); i++) uv_signal_start(&l->signals[i], on_signal, STOP_SIGNALS[i]);
    start_watchdog(l);
    tell_ready();
    wake(l);
    uv_run(&l->uv, UV_RUN_DEFAULT);
    *why = l->why;
    return l->has_failed ? l->exit_code : EXIT_CLEAN;
}

void loop_delete(struct loop *l)
{
    metrics_server_close(l->metrics);
    server_close(&l->server);
    uv_close((uv_handle_t *)&l->check, NULL);
    uv_close((uv_handle_t *)&l->idle, NULL);
    uv_close((uv_handle_t *)&l->timer, NULL);
    uv_close((uv_handle_t *)&l->patience, NULL);
    uv_close((uv_handle_t *)&l->watchdog, NULL);
    for (size_t i = 0; i < COUNT_OF(l->signals); i++) uv_close((uv_handle_t *)&l->signals[i], NULL);
    uv_run(&l->uv, UV_RUN_DEFAULT);
    ASSERT(uv_loop_close(&l->uv) == 0);
    free(l);
}
