/* Runs a job on a device group to its end and watches what the engine takes for it: time, CPU, memory. Connectors are
 * somebody else's to start.
 *
 *     bench_job PREFIX SOCKET ENGINE-PID JOB GROUP
 *
 * Prints  first last      the job's events in the log
 *         whole_seconds   from jobs.run to the answer that it is complete
 *         cpu_user cpu_system  seconds of CPU that the engine took
 *         anon_bytes      the most memory of its own that the engine had, looked at every 5 ms
 *         peak_bytes      its VmHWM: with the pages of mapped files */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/support.h"

enum { LOOK_EVERY_US = 5000 };

struct usage {
    double user, system; /* seconds */
    double anon, peak;   /* bytes */
};

static FILE *open_proc(const char *pid, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%s/%s", pid, name);
    FILE *file = fopen(path, "re");
    if (!file) bench_fail("%s cannot be read: is %s the engine's process?", path, pid);
    return file;
}

static void read_memory(const char *pid, struct usage *usage)
{
    char line[256];
    double kilobytes;
    FILE *file = open_proc(pid, "status");
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "RssAnon: %lf", &kilobytes) == 1) usage->anon = MAX(usage->anon, kilobytes * 1024);
        if (sscanf(line, "VmHWM: %lf", &kilobytes) == 1) usage->peak = kilobytes * 1024;
    }
    fclose(file);
}

/* utime and stime are fields 14 and 15; the second, the name, is in parentheses and may hold anything. */
static void read_cpu(const char *pid, struct usage *usage)
{
    char line[1024];
    FILE *file = open_proc(pid, "stat");
    const char *behind_name = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
    double user, system, tick = 1.0 / (double)sysconf(_SC_CLK_TCK);
    fclose(file);
    const char *fields = ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lf %lf";
    if (!behind_name || sscanf(behind_name, fields, &user, &system) != 2)
        bench_fail("/proc/%s/stat is not what it was", pid);
    usage->user = user * tick;
    usage->system = system * tick;
}

/* False when it has ended; only a complete job is worth a figure. */
static bool job_runs(struct muster_client *client, const struct muster_params *params)
{
    msgpack_object job = bench_call(client, "jobs.get", params);
    msgpack_object_str status = muster_text(&job, "status");
    if (muster_text_is(status, "complete")) return false;
    if (!muster_text_is(status, "running") && !muster_text_is(status, "pending"))
        bench_fail("the job is %.*s", (int)status.size, status.ptr);
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 6) bench_fail("bench_job PREFIX SOCKET ENGINE-PID JOB GROUP");
    const char *prefix = argv[1], *pid = argv[3];
    struct muster_client *client = bench_connect(argv[2]);
    struct usage before = {0}, after = {0};
    struct muster_params params;
    muster_params_init(&params);
    muster_put_text(&params, "id", argv[4]);
    uint64_t head = bench_head(client);
    read_cpu(pid, &before);
    double asked = bench_run_job(client, argv[4], argv[5]);
    while (job_runs(client, &params)) {
        read_memory(pid, &after);
        usleep(LOOK_EVERY_US);
    }
    bench_figure(prefix, "whole_seconds", bench_now() - asked);
    read_cpu(pid, &after);
    read_memory(pid, &after);
    bench_figure(prefix, "first", (double)(head + 1));
    bench_figure(prefix, "last", (double)bench_head(client));
    bench_figure(prefix, "cpu_user", after.user - before.user);
    bench_figure(prefix, "cpu_system", after.system - before.system);
    bench_figure(prefix, "anon_bytes", after.anon);
    bench_figure(prefix, "peak_bytes", after.peak);
    muster_params_free(&params);
    muster_close(client);
    return EXIT_SUCCESS;
}
