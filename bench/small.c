/* Small changes, each waited for before the next one is asked for: what one durable round trip costs, and what it
 * costs when many clients ask at the same time. One thread serves all clients, so that it is the engine that is
 * measured and not the switching between threads.
 *
 *     bench_small PREFIX SOCKET CLIENTS SECONDS puts TAG      registers devices, whose ids begin with TAG
 *     bench_small PREFIX SOCKET CLIENTS SECONDS reports GROUP reports single devices of a job on the group,
 *                                                            which is that of all devices
 *
 * Prints  requests seconds p50_us p99_us
 *         first last      the events in the log, for the limit */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/support.h"

enum { CLIENTS_MAX = 256, DEVICES_PER_TAKE_MAX = 10000, REQUESTS_PER_SECOND_MAX = 200000 };

struct asker {
    struct muster_client *client;
    double sent;
    uint64_t work; /* reports: the handle, how many devices it has, and which is next */
    uint64_t devices;
    uint64_t next;
};

struct small {
    const char *tag; /* puts; else NULL */
    struct asker askers[CLIENTS_MAX];
    struct pollfd polls[CLIENTS_MAX];
    uint32_t clients;
    uint64_t put; /* so many devices have been registered */
    struct muster_params params;
    double *latencies;
    size_t done, done_max;
};

/* ---- The two kinds of request; false: there is nothing left to ask for. */

static bool ask_for_put(struct small *s, struct asker *a)
{
    char id[64];
    snprintf(id, sizeof id, "%s-%llu", s->tag, (unsigned long long)s->put++);
    muster_params_clear(&s->params);
    muster_put_text(&s->params, "id", id);
    if (muster_send(a->client, "devices.put", &s->params, NULL) != MUSTER_OK) bench_fail("%s", muster_why(a->client));
    return true;
}

static bool ask_for_report(struct small *s, struct asker *a)
{
    if (a->next == a->devices) return false;
    muster_params_clear(&s->params);
    muster_put_uint(&s->params, "work", a->work);
    msgpack_packer *p = muster_put(&s->params, "results");
    msgpack_pack_array(p, 1);
    msgpack_pack_array(p, 2);
    msgpack_pack_uint64(p, a->next++);
    muster_pack_text(p, "completed");
    if (muster_send(a->client, "work.report", &s->params, NULL) != MUSTER_OK) bench_fail("%s", muster_why(a->client));
    return true;
}

static void ask(struct small *s, uint32_t index)
{
    struct asker *a = &s->askers[index];
    a->sent = bench_now();
    bool asked = s->tag ? ask_for_put(s, a) : ask_for_report(s, a);
    s->polls[index] = (struct pollfd){.fd = asked ? muster_fd(a->client) : -1, .events = POLLIN};
}

static void take_answer(struct small *s, uint32_t index)
{
    struct asker *a = &s->askers[index];
    struct muster_message message;
    if (muster_receive(a->client, &message) != MUSTER_OK || message.kind != MUSTER_ANSWER)
        bench_fail("%s", muster_why(a->client));
    bool counts = s->tag || muster_uint(&message.value, "recorded", 0) == 1;
    if (!counts) bench_fail("a report was not recorded");
    s->latencies[s->done++] = bench_now() - a->sent;
    s->polls[index].fd = -1;
}

/* ---- The job whose devices are reported. */

static void take_devices(struct small *s, struct asker *a, uint64_t max)
{
    muster_params_clear(&s->params);
    muster_put_text(&s->params, "connector", "bench");
    muster_put_uint(&s->params, "max", max);
    muster_put_uint(&s->params, "wait", 60);
    msgpack_object answer = bench_call(a->client, "work.take", &s->params);
    if (answer.type != MSGPACK_OBJECT_ARRAY || answer.via.array.size == 0) bench_fail("there is no work");
    const msgpack_object *work = &answer.via.array.ptr[0], *devices = muster_get(work, "devices");
    a->work = muster_uint(work, "work", 0);
    a->devices = devices && devices->type == MSGPACK_OBJECT_ARRAY ? devices->via.array.size : 0;
    if (a->devices == 0) bench_fail("there is work without devices");
}

/* The job has the prefix's name; an id holds no dots. */
static const char *job_id(const char *prefix)
{
    static char id[64];
    snprintf(id, sizeof id, "%s", prefix);
    for (char *dot = id; (dot = strchr(dot, '.'));) *dot = '-';
    return id;
}

static void begin_job(struct small *s, const char *prefix, const char *group)
{
    msgpack_object info = bench_call(s->askers[0].client, "info", NULL);
    uint64_t share = muster_uint(&info, "devices", 0) / s->clients;
    bench_run_job(s->askers[0].client, job_id(prefix), group);
    for (uint32_t i = 0; i < s->clients; i++)
        take_devices(s, &s->askers[i], MIN(share, DEVICES_PER_TAKE_MAX));
}

/* Devices not reported yet would be given to the next connector. */
static void end_job(struct small *s, const char *prefix)
{
    muster_params_clear(&s->params);
    muster_put_text(&s->params, "id", job_id(prefix));
    bench_call(s->askers[0].client, "jobs.cancel", &s->params);
}

/* ---- Measuring. */

/* Every client has one request under way until the time is over; ends with the last answer. */
static double measure(struct small *s, double seconds)
{
    double start = bench_now(), now = start;
    uint32_t under_way = 0;
    for (uint32_t i = 0; i < s->clients; i++) {
        ask(s, i);
        under_way += s->polls[i].fd >= 0;
    }
    while (under_way > 0) {
        if (poll(s->polls, s->clients, -1) < 0) bench_fail("poll failed");
        for (uint32_t i = 0; i < s->clients; i++) {
            if (s->polls[i].fd < 0 || !s->polls[i].revents) continue;
            take_answer(s, i);
            now = bench_now();
            if (now - start < seconds && s->done + s->clients < s->done_max) ask(s, i);
            under_way -= s->polls[i].fd < 0;
        }
    }
    return now - start;
}

int main(int argc, char **argv)
{
    if (argc != 7) bench_fail("bench_small PREFIX SOCKET CLIENTS SECONDS puts|reports TAG|GROUP");
    static struct small s;
    const char *prefix = argv[1];
    bool puts = strcmp(argv[5], "puts") == 0;
    double seconds = (double)bench_number(argv[4]);
    s.clients = (uint32_t)MIN(bench_number(argv[3]), CLIENTS_MAX);
    s.tag = puts ? argv[6] : NULL;
    s.done_max = (size_t)(seconds * REQUESTS_PER_SECOND_MAX);
    s.latencies = malloc(s.done_max * sizeof *s.latencies);
    if (!s.latencies) bench_fail("no memory");
    muster_params_init(&s.params);
    for (uint32_t i = 0; i < s.clients; i++) s.askers[i].client = bench_connect(argv[2]);
    if (!puts) begin_job(&s, prefix, argv[6]);

    bench_figure(prefix, "first", (double)(bench_head(s.askers[0].client) + 1));
    double took = measure(&s, seconds);
    bench_figure(prefix, "last", (double)bench_head(s.askers[0].client));
    bench_figure(prefix, "requests", (double)s.done);
    bench_figure(prefix, "seconds", took);
    bench_percentiles(prefix, s.latencies, s.done);

    if (!puts) end_job(&s, prefix);
    for (uint32_t i = 0; i < s.clients; i++) muster_close(s.askers[i].client);
    muster_params_free(&s.params);
    free(s.latencies);
    return EXIT_SUCCESS;
}
