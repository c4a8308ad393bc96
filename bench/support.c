#include "bench/support.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

double bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void bench_figure(const char *prefix, const char *name, double value)
{
    printf("%s.%s %.9g\n", prefix, name, value);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void bench_percentiles(const char *prefix, double seconds[], size_t count)
{
    if (count == 0) return;
    qsort(seconds, count, sizeof seconds[0], by_value);
    bench_figure(prefix, "p50_us", seconds[count / 2] * 1e6);
    bench_figure(prefix, "p99_us", seconds[count - 1 - count / 100] * 1e6);
}

void bench_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(EXIT_FAILURE);
}

uint64_t bench_number(const char *text)
{
    char *end;
    uint64_t number = strtoull(text, &end, 10);
    if (end == text || *end) bench_fail("%s is no number", text);
    return number;
}

/* ---- The engine. */

struct muster_client *bench_connect(const char *socket)
{
    struct muster_client *client;
    if (muster_connect(socket, &client) != MUSTER_OK) bench_fail("%s", muster_why(client));
    return client;
}

msgpack_object bench_call(struct muster_client *client, const char *method, const struct muster_params *params)
{
    msgpack_object answer;
    if (muster_call(client, method, params, &answer) != MUSTER_OK) bench_fail("%s: %s", method, muster_why(client));
    return answer;
}

uint64_t bench_head(struct muster_client *client)
{
    msgpack_object info = bench_call(client, "info", NULL);
    return muster_uint(&info, "head", 0);
}

double bench_run_job(struct muster_client *client, const char *job, const char *group)
{
    struct muster_params params;
    muster_params_init(&params);
    muster_put_text(&params, "id", job);
    muster_put_text(&params, "group", group);
    msgpack_packer *p = muster_put(&params, "data");
    msgpack_pack_array(p, 1);
    msgpack_pack_map(p, 3);
    muster_pack_text(p, "type");
    muster_pack_text(p, "property");
    muster_pack_text(p, "path");
    muster_pack_text(p, "targetTemperature");
    muster_pack_text(p, "value");
    msgpack_pack_double(p, 21.5);
    double asked = bench_now();
    bench_call(client, "jobs.run", &params);
    muster_params_free(&params);
    return asked;
}

/* ---- The log. */

void bench_open_log(struct log *log, const char *directory)
{
    struct log_settings settings = {.directory = directory, .read_only = true};
    if (log_open(log, &settings) != LOG_OK) bench_fail("%s", log->why.text);
}

static struct log_commit commit_of(struct log_reader *reader, uint64_t seq)
{
    struct log_commit commit;
    if (log_read_commit(reader, seq, &commit) != LOG_OK) bench_fail("%s", reader->why.text);
    return commit;
}

static void load_values(struct stretch *s, struct log_reader *reader)
{
    s->values = arena_alloc(&s->arena, s->count * sizeof *s->values);
    for (size_t i = 0; i < s->count; i++) {
        struct bytes value;
        if (log_read(reader, s->first + i, &value) != LOG_OK) bench_fail("%s", reader->why.text);
        s->values[i] = arena_copy(&s->arena, value);
        s->bytes += value.size;
    }
}

static void load_commits(struct stretch *s, struct log_reader *reader)
{
    uint64_t end = s->first + s->count;
    for (uint64_t seq = s->first; seq < end; seq = commit_of(reader, seq).last + 1) s->commit_count++;
    s->commits = arena_alloc(&s->arena, s->commit_count * sizeof *s->commits);
    uint64_t seq = s->first;
    for (size_t i = 0; i < s->commit_count; i++) {
        s->commits[i] = commit_of(reader, seq);
        seq = s->commits[i].last + 1;
    }
}

void stretch_load(struct stretch *stretch, const char *directory, uint64_t first, uint64_t last)
{
    struct log log;
    struct log_reader reader;
    bench_open_log(&log, directory);
    if (log_reader_open(&reader, &log) != LOG_OK) bench_fail("%s", reader.why.text);
    if (first < 1 || first > last || last > log_head(&log))
        bench_fail("the log ends at %" PRIu64 ", not behind %" PRIu64 " to %" PRIu64, log_head(&log), first, last);
    *stretch = (struct stretch){.first = commit_of(&reader, first).first};
    stretch->count = commit_of(&reader, last).last + 1 - stretch->first;
    load_values(stretch, &reader);
    load_commits(stretch, &reader);
    log_reader_close(&reader);
    log_close(&log, false);
}

void stretch_free(struct stretch *stretch)
{
    arena_free(&stretch->arena);
}
