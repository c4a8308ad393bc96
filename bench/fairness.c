/* What other clients notice of one that floods the engine: a process sends a million commands, as fast as they are taken,
 * while a few clients go on with what they do, one small request at a time.
 *
 *     bench_fairness PREFIX SOCKET COMMANDS puts|reads|pages    what the flood is made of: devices.put, devices.get, events.read
 *
 * Prints  alone.p50_us alone.p99_us    a devices.put of the quiet clients, before the flood,
 *         beside.p50_us beside.p99_us  and as long as it lasts
 *         flood.commands flood.seconds */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/support.h"

enum { QUIET_CLIENTS = 8, UNDER_WAY = 8192, LATENCIES_MAX = 1 << 20 };
static const double ALONE_SECONDS = 2;

/* ---- The flood. */

struct flood {
    const char *kind;
    struct muster_client *client;
    struct muster_params params;
    uint64_t sent, answered;
};

static void send_command(struct flood *f)
{
    char id[40];
    const char *method = "devices.put";
    muster_params_clear(&f->params);
    snprintf(id, sizeof id, "flood-%llu", (unsigned long long)f->sent++);
    if (strcmp(f->kind, "puts") == 0) {
        muster_put_text(&f->params, "id", id);
    } else if (strcmp(f->kind, "reads") == 0) {
        method = "devices.get";
        muster_put_text(&f->params, "id", "quiet-reads-0");
    } else {
        method = "events.read";
        muster_put_uint(&f->params, "from", 1);
        muster_put_uint(&f->params, "limit", 1000);
    }
    if (muster_send(f->client, method, &f->params, NULL) != MUSTER_OK) bench_fail("%s", muster_why(f->client));
}

static void take_answer(struct flood *f)
{
    struct muster_message message;
    if (muster_receive(f->client, &message) != MUSTER_OK) bench_fail("%s", muster_why(f->client));
    f->answered++;
}

/* As many commands under way as it can have without waiting for itself. */
static void flood(const char *prefix, const char *socket, uint64_t commands, const char *kind)
{
    struct flood f = {.kind = kind, .client = bench_connect(socket)};
    muster_params_init(&f.params);
    double start = bench_now();
    while (f.answered < commands) {
        while (f.sent < commands && f.sent - f.answered < UNDER_WAY) send_command(&f);
        for (uint64_t i = 0; i < UNDER_WAY / 2 && f.answered < f.sent; i++) take_answer(&f);
    }
    bench_figure(prefix, "flood.commands", (double)f.answered);
    bench_figure(prefix, "flood.seconds", bench_now() - start);
    fflush(stdout);
    muster_params_free(&f.params);
    muster_close(f.client);
}

static pid_t begin_flood(const char *prefix, const char *socket, uint64_t commands, const char *kind)
{
    pid_t child = fork();
    if (child < 0) bench_fail("fork failed");
    if (child > 0) return child;
    flood(prefix, socket, commands, kind);
    _exit(EXIT_SUCCESS);
}

/* ---- The quiet ones. */

struct quiet {
    const char *kind; /* of the flood, so that no id was there before */
    struct muster_client *clients[QUIET_CLIENTS];
    struct pollfd polls[QUIET_CLIENTS];
    double sent[QUIET_CLIENTS];
    struct muster_params params;
    uint64_t put;
    double *latencies;
    size_t done;
};

static void ask(struct quiet *q, size_t index)
{
    char id[40];
    snprintf(id, sizeof id, "quiet-%s-%llu", q->kind, (unsigned long long)q->put++);
    muster_params_clear(&q->params);
    muster_put_text(&q->params, "id", id);
    q->sent[index] = bench_now();
    if (muster_send(q->clients[index], "devices.put", &q->params, NULL) != MUSTER_OK)
        bench_fail("%s", muster_why(q->clients[index]));
}

static void hear(struct quiet *q, size_t index)
{
    struct muster_message message;
    if (muster_receive(q->clients[index], &message) != MUSTER_OK) bench_fail("%s", muster_why(q->clients[index]));
    if (q->done < LATENCIES_MAX) q->latencies[q->done++] = bench_now() - q->sent[index];
}

/* Each asks again as soon as it is answered, until `seconds` are over or, without them, the flood is. */
static void measure(struct quiet *q, double seconds, pid_t flood)
{
    double start = bench_now();
    size_t under_way = QUIET_CLIENTS;
    bool over = false;
    q->done = 0;
    for (size_t i = 0; i < QUIET_CLIENTS; i++) {
        q->polls[i] = (struct pollfd){.fd = muster_fd(q->clients[i]), .events = POLLIN};
        ask(q, i);
    }
    while (under_way > 0) {
        if (poll(q->polls, QUIET_CLIENTS, -1) < 0) bench_fail("poll failed");
        int status = 0;
        if (flood && !over) over = waitpid(flood, &status, WNOHANG) == flood;
        else if (!flood) over = bench_now() - start >= seconds;
        if (status) bench_fail("the flood failed");
        for (size_t i = 0; i < QUIET_CLIENTS; i++) {
            if (!(q->polls[i].revents & POLLIN)) continue;
            hear(q, i);
            if (!over) ask(q, i);
            else q->polls[i].fd = -1;
            under_way -= over;
        }
    }
}

static void report(struct quiet *q, const char *prefix, const char *when)
{
    char name[100];
    snprintf(name, sizeof name, "%s.%s", prefix, when);
    bench_figure(name, "requests", (double)q->done);
    bench_percentiles(name, q->latencies, q->done);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    if (argc != 5) bench_fail("bench_fairness PREFIX SOCKET COMMANDS puts|reads|pages");
    static struct quiet q;
    q.latencies = malloc(LATENCIES_MAX * sizeof *q.latencies);
    if (!q.latencies) bench_fail("no memory");
    q.kind = argv[4];
    muster_params_init(&q.params);
    for (size_t i = 0; i < QUIET_CLIENTS; i++) q.clients[i] = bench_connect(argv[2]);
    measure(&q, ALONE_SECONDS, 0);
    report(&q, argv[1], "alone");
    measure(&q, 0, begin_flood(argv[1], argv[2], bench_number(argv[3]), argv[4]));
    report(&q, argv[1], "beside");
    for (size_t i = 0; i < QUIET_CLIENTS; i++) muster_close(q.clients[i]);
    muster_params_free(&q.params);
    free(q.latencies);
    return EXIT_SUCCESS;
}
