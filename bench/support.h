/* What the benchmarks share: time, figures, an engine's answers, and a stretch of the log in memory. A benchmark that
 * cannot go on says why and ends: half a measurement is none. */
#ifndef MUSTER_BENCH_SUPPORT_H
#define MUSTER_BENCH_SUPPORT_H

#include "clients/c/muster.h"
#include "engine/base/arena.h"
#include "engine/log/log.h"

double bench_now(void); /* seconds, monotonic */

/* One line on standard output, "name value", which bench/run collects. */
void bench_figure(const char *prefix, const char *name, double value);
/* Sorts the seconds and prints the 50th and 99th percentile, in microseconds. Nothing when there are none. */
void bench_percentiles(const char *prefix, double seconds[], size_t count);

_Noreturn void bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
uint64_t bench_number(const char *text);

/* ---- The engine. */

struct muster_client *bench_connect(const char *socket);
/* As muster_call, but ends the process after a refusal or a fault. */
msgpack_object bench_call(struct muster_client *client, const char *method, const struct muster_params *params);
/* Number of the last event. */
uint64_t bench_head(struct muster_client *client);
/* Makes and runs a property job on a device group, and returns the moment before it was asked for. */
double bench_run_job(struct muster_client *client, const char *job, const char *group);

/* ---- The log. No engine may have it open. */

/* Events first..last with the commits that wrote them, as stored. Whole commits: the range is widened to their ends. */
struct stretch {
    struct arena arena;
    uint64_t first;
    struct bytes *values; /* count of them */
    size_t count;
    struct log_commit *commits; /* commit_count of them */
    size_t commit_count;
    uint64_t bytes; /* of all values */
};

void bench_open_log(struct log *log, const char *directory);
void stretch_load(struct stretch *stretch, const char *directory, uint64_t first, uint64_t last);
void stretch_free(struct stretch *stretch);

#endif
