/* muster-fleet: a connector that stands for as many devices as a job reaches. One thread, one loop over all
 * connections: serve each, count, wait for the next byte or the next answer that falls due.
 *
 * The ways off: the engine goes (the fleet ends, or with --reconnect tries again and forgets what it held:
 * the engine gives that work out again), a signal (what is held is given back, then the fleet ends), and
 * with --until-idle nothing to do for so long. */
#include "clients/fleet/connection.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum {
    SECOND_US = 1000000,
    DRAIN_MAX_US = 5 * SECOND_US,
    BACKOFF_FIRST_US = 50000,
    BACKOFF_LAST_US = SECOND_US,
    WAIT_MAX_US = SECOND_US / 4, /* also how late a signal may be noticed that came just before the wait */
    EVENTS_MAX = 64,
};

struct fleet {
    struct settings settings;
    struct tally tally;
    struct connection *connections;
    uint32_t missing;  /* connections that are to be opened, or opened again */
    bool was_complete; /* all connections have been open before */
    uint64_t backoff_us;
    uint64_t retry_us; /* when to try */
    int epoll;
    uint64_t start_us;
    uint64_t first_us; /* of the first and the last work that came; 0: none yet */
    uint64_t last_us;
    uint64_t drain_until_us; /* 0: nobody has asked to end */
    uint64_t told_us;        /* when a line was last due */
    uint64_t told_taken;     /* and how many devices had been taken then */
};

static volatile sig_atomic_t asked_to_end;

/* ---- What fleet.h promises. */

void fleet_say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("muster-fleet: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

void fleet_end(enum exit_code code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("muster-fleet: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(code);
}

void *fleet_realloc(void *old, size_t size)
{
    if (size == 0) {
        free(old);
        return NULL;
    }
    void *place = realloc(old, size);
    if (!place) fleet_end(EXIT_REFUSED, "no memory for %zu bytes more", size);
    return place;
}

uint64_t monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND_US + (uint64_t)now.tv_nsec / 1000;
}

/* ---- Connections. */

static void watch(struct fleet *f, struct connection *c, int operation)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (connection_wants_to_write(c)) event.events |= EPOLLOUT;
    if (epoll_ctl(f->epoll, operation, c->fd, &event) != 0)
        fleet_end(EXIT_REFUSED, "the system watches no more connections: %s", strerror(errno));
}

static void open_connection(struct fleet *f, struct connection *c)
{
    enum muster_status status = connection_open(c);
    if (status == MUSTER_OK) {
        watch(f, c, EPOLL_CTL_ADD);
        f->missing--;
        f->backoff_us = BACKOFF_FIRST_US;
        return;
    }
    bool may_come_back = status == MUSTER_NO_ENGINE || status == MUSTER_GONE || status == MUSTER_REFUSED;
    if (!f->settings.reconnect || !may_come_back)
        fleet_end(status == MUSTER_REFUSED ? EXIT_REFUSED : EXIT_NO_ENGINE, "%s\nmuster-fleet: %s",
                  muster_why(c->client), "is musterd running? --socket names its socket");
    connection_close(c);
}

/* Opens what is missing; when the engine is not there, the next time is a little later each time. */
static void open_missing(struct fleet *f, uint64_t now_us)
{
    if (f->missing == 0 || f->retry_us > now_us) return;
    for (uint32_t i = 0; i < f->settings.connections && !asked_to_end; i++) {
        if (f->connections[i].client) continue;
        open_connection(f, &f->connections[i]);
        if (!f->connections[i].client) break;
    }
    if (f->missing == 0) {
        if (f->was_complete && !f->settings.quiet) fleet_say("connected again");
        f->was_complete = true;
    }
    f->retry_us = now_us + f->backoff_us;
    f->backoff_us = f->backoff_us * 2 < BACKOFF_LAST_US ? f->backoff_us * 2 : BACKOFF_LAST_US;
}

static void lost(struct fleet *f, struct connection *c, uint64_t now_us)
{
    if (f->drain_until_us) {
        fleet_say("the connection to the engine ended before it had heard what was given back");
        f->drain_until_us = now_us;
    } else if (!f->settings.reconnect) {
        fleet_end(EXIT_NO_ENGINE, "the connection to the engine ended; --reconnect would keep trying");
    }
    if (f->missing++ == 0 && !f->settings.quiet) fleet_say("the connection to the engine ended, trying again");
    connection_close(c);
    f->retry_us = now_us + f->backoff_us;
}

static void serve(struct fleet *f, struct connection *c, bool readable, uint64_t now_us)
{
    bool wanted_to_write = connection_wants_to_write(c);
    if (connection_serve(c, readable, now_us) == CONNECTION_LOST) lost(f, c, now_us);
    else if (wanted_to_write != connection_wants_to_write(c)) watch(f, c, EPOLL_CTL_MOD);
}

static void serve_due(struct fleet *f, uint64_t now_us)
{
    for (uint32_t i = 0; i < f->settings.connections; i++) {
        struct connection *c = &f->connections[i];
        if (c->client && connection_next_us(c) <= now_us) serve(f, c, false, now_us);
    }
}

/* ---- Telling. */

static uint64_t devices_held(const struct fleet *f)
{
    uint64_t held = 0;
    for (uint32_t i = 0; i < f->settings.connections; i++) held += f->connections[i].schedule.devices;
    return held;
}

/* A line each second in which something came. */
static void tell(struct fleet *f, uint64_t now_us)
{
    uint64_t span_us = now_us - f->told_us, came = f->tally.taken - f->told_taken;
    if (f->settings.quiet || span_us < SECOND_US) return;
    f->told_us = now_us;
    f->told_taken = f->tally.taken;
    if (came == 0) return;
    fprintf(stderr, "%7.1f s  %8.0f devices/s  taken %llu  completed %llu  failed %llu  held %llu\n",
            (double)(now_us - f->start_us) / SECOND_US, (double)came * SECOND_US / (double)span_us,
            (unsigned long long)f->tally.taken, (unsigned long long)f->tally.completed,
            (unsigned long long)f->tally.failed, (unsigned long long)devices_held(f));
}

static void tell_sum(const struct fleet *f)
{
    const struct tally *t = &f->tally;
    double seconds = (double)(f->last_us - f->first_us) / SECOND_US;
    printf("taken %llu  completed %llu  failed %llu  silent %llu  returned %llu\n", (unsigned long long)t->taken,
           (unsigned long long)t->completed, (unsigned long long)t->failed, (unsigned long long)t->silent,
           (unsigned long long)t->returned);
    printf("recorded %llu  duplicates %llu  unknown %llu\n", (unsigned long long)t->recorded,
           (unsigned long long)t->duplicates, (unsigned long long)t->unknown);
    if (seconds > 0)
        printf("%.3f s from the first work to the last answer, %.0f devices/s\n", seconds, (double)t->taken / seconds);
}

/* ---- The loop. */

static void begin_drain(struct fleet *f, uint64_t now_us)
{
    if (!asked_to_end || f->drain_until_us) return;
    f->drain_until_us = now_us + DRAIN_MAX_US;
    for (uint32_t i = 0; i < f->settings.connections; i++) {
        struct connection *c = &f->connections[i];
        if (!c->client) continue;
        connection_drain(c);
        serve(f, c, false, now_us);
    }
}

static bool reports_under_way(const struct fleet *f)
{
    for (uint32_t i = 0; i < f->settings.connections; i++)
        if (f->connections[i].reports) return true;
    return false;
}

static bool is_over(const struct fleet *f, uint64_t now_us)
{
    if (f->drain_until_us) return now_us >= f->drain_until_us || !reports_under_way(f);
    if (!f->settings.idle_us || devices_held(f) || reports_under_way(f)) return false;
    uint64_t since_us = f->last_us ? f->last_us : f->start_us;
    return now_us - since_us >= f->settings.idle_us;
}

static int wait_ms(const struct fleet *f, uint64_t now_us)
{
    uint64_t next_us = now_us + WAIT_MAX_US;
    if (f->missing && f->retry_us < next_us) next_us = f->retry_us;
    for (uint32_t i = 0; i < f->settings.connections; i++) {
        const struct connection *c = &f->connections[i];
        if (c->client && connection_next_us(c) < next_us) next_us = connection_next_us(c);
    }
    return next_us > now_us ? (int)((next_us - now_us + 999) / 1000) : 0;
}

static void turn(struct fleet *f)
{
    struct epoll_event events[EVENTS_MAX];
    uint64_t answered = f->tally.taken + f->tally.recorded;
    int count = epoll_wait(f->epoll, events, EVENTS_MAX, wait_ms(f, monotonic_us()));
    uint64_t now_us = monotonic_us();
    for (int i = 0; i < count; i++) serve(f, events[i].data.ptr, events[i].events & ~(uint32_t)EPOLLOUT, now_us);
    serve_due(f, now_us);
    if (f->tally.taken + f->tally.recorded != answered) f->last_us = now_us;
    if (!f->first_us) f->first_us = f->last_us;
    if (!f->drain_until_us) open_missing(f, now_us);
    begin_drain(f, now_us);
    tell(f, now_us);
}

/* The alarm is for a fleet that waits for an engine which does not say hello. */
static void on_signal(int signal_number)
{
    (void)signal_number;
    asked_to_end = 1;
    alarm(DRAIN_MAX_US / SECOND_US + 1);
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
}

static void fleet_begin(struct fleet *f)
{
    uint32_t count = f->settings.connections;
    f->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (f->epoll < 0) fleet_end(EXIT_REFUSED, "the system gives no epoll: %s", strerror(errno));
    f->connections = fleet_realloc(NULL, count * sizeof *f->connections);
    for (uint32_t i = 0; i < count; i++)
        f->connections[i] = (struct connection){.settings = &f->settings, .tally = &f->tally};
    f->start_us = f->told_us = monotonic_us();
    f->backoff_us = BACKOFF_FIRST_US;
    f->missing = count;
    open_missing(f, f->start_us);
}

static void fleet_free(struct fleet *f)
{
    for (uint32_t i = 0; i < f->settings.connections; i++) connection_close(&f->connections[i]);
    free(f->connections);
    report_pieces_free();
}

int main(int argc, char **argv)
{
    struct fleet fleet = {.epoll = -1};
    settings_read(&fleet.settings, argc, argv);
    catch_signals();
    fleet_begin(&fleet);
    do turn(&fleet);
    while (!is_over(&fleet, monotonic_us()));
    tell_sum(&fleet);
    fleet_free(&fleet);
    return EXIT_DONE;
}
