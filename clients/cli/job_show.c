/* muster job show: how a job stands, at a glance; once or, on a terminal, until it has ended. */
#include "clients/cli/job.h"
#include "clients/terminal/json.h"
#include "clients/cli/list.h"
#include "clients/terminal/text.h"
#include "clients/cli/verbs.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WATCH_EVERY_US = 500000 };

const struct option_row JOB_SHOW_OPTIONS[] = {
    {"watch", NULL, "go on showing it until it has ended"},
    {NULL, NULL, NULL},
};

/* ---- One line each. */

void job_label(FILE *out, const char *text)
{
    fprintf(out, "  %-11s", text);
}

static void show_data(FILE *out, const msgpack_object *job)
{
    const msgpack_object *data = muster_get(job, "data");
    for (uint32_t i = 0; data && data->type == MSGPACK_OBJECT_ARRAY && i < data->via.array.size; i++) {
        const msgpack_object *entry = &data->via.array.ptr[i];
        const msgpack_object *value = muster_get(entry, "value");
        bool is_command = muster_text_is(muster_text(entry, "type"), "command");
        job_label(out, is_command ? "Calls" : "Sets");
        write_text(out, muster_text(entry, "path"));
        if (value) fputs(is_command ? " with " : " = ", out);
        if (value) json_write(out, value);
        if (muster_text_is(muster_text(entry, "type"), "cloudProperty")) fputs(" (cloud property)", out);
        if (muster_text(entry, "target").size) fputs(", on template ", out);
        write_text(out, muster_text(entry, "target"));
        fputc('\n', out);
    }
}

static void show_batches(FILE *out, const msgpack_object *job)
{
    uint64_t count = muster_uint(job, "batches.count", 0);
    if (count < 2) return;
    job_label(out, "Batches");
    if (muster_uint(job, "batches.current", 0)) {
        write_count(out, muster_uint(job, "batches.current", 0));
        fputs(" of ", out);
    }
    write_count(out, count);
    fputs(", of ", out);
    write_count(out, muster_uint(job, "batches.size", 0));
    fputs(" devices\n", out);
}

static void show_threshold(FILE *out, const msgpack_object *job)
{
    if (!muster_get(job, "cancellationThreshold.value")) return;
    job_label(out, "Threshold");
    fputs("cancels itself when more than ", out);
    write_count(out, muster_uint(job, "cancellationThreshold.value", 0));
    bool percentage = muster_text_is(muster_text(job, "cancellationThreshold.type"), "percentage");
    fputs(percentage ? " % of the devices" : " devices", out);
    fputs(muster_bool(job, "cancellationThreshold.batch", false) ? " of a batch fail\n" : " fail\n", out);
}

static void show_timeouts(FILE *out, const msgpack_object *job)
{
    uint64_t queue = muster_uint(job, "timeouts.queue", 0), execution = muster_uint(job, "timeouts.execution", 0);
    if (queue == 0) return;
    job_label(out, "Timeouts");
    write_duration(out, (double)queue);
    fputs(" to be taken, ", out);
    write_duration(out, (double)execution);
    fputs(" to answer\n", out);
}

static void show_retries(FILE *out, const msgpack_object *job)
{
    const msgpack_object *on = muster_get(job, "retries.on");
    uint64_t max = muster_uint(job, "retries.max", 0);
    if (max == 0 || !on || on->type != MSGPACK_OBJECT_ARRAY) return;
    job_label(out, "Retries");
    fprintf(out, "up to %llu for a device that", (unsigned long long)max);
    for (uint32_t i = 0; i < on->via.array.size; i++) {
        fputs(i == 0 ? " " : " or ", out);
        write_value(out, &on->via.array.ptr[i]);
    }
    putc('\n', out);
}

/* How much of the job is done, as a bar; nothing before its devices are known. */
static void show_bar(FILE *out, const msgpack_object *job)
{
    enum { BAR_WIDTH = 40 };
    uint64_t total = muster_uint(job, "progress.total", 0);
    uint64_t done = muster_uint(job, "progress.completed", 0) + muster_uint(job, "progress.failed", 0);
    if (total == 0) return;
    uint64_t full = done * BAR_WIDTH / total;
    job_label(out, "Progress");
    fputc('[', out);
    for (uint64_t i = 0; i < BAR_WIDTH; i++) fputc(i < full ? '#' : '.', out);
    fprintf(out, "] %d %%\n", (int)(done * 100 / total));
}

/* "6: 4 completed, 1 failed, 1 pending" of one of the job's maps of counts; nothing of no devices. */
static void show_counts(FILE *out, const msgpack_object *job, const char *name, const char *map)
{
    static const char *const parts[] = {"completed", "failed", "pending"};
    const msgpack_object *counts = muster_get(job, map);
    if (!counts || muster_uint(counts, "total", 0) == 0) return;
    job_label(out, name);
    write_count(out, muster_uint(counts, "total", 0));
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        fputs(i ? ", " : ": ", out);
        write_count(out, muster_uint(counts, parts[i], 0));
        fprintf(out, " %s", parts[i]);
    }
    fputc('\n', out);
}

static void write_exclusion(FILE *out, msgpack_object_str reason)
{
    if (muster_text_is(reason, "wrong_template")) {
        fputs(" of another template", out);
    } else if (muster_text_is(reason, "unknown_path")) {
        fputs(" whose template does not have the path", out);
    } else {
        fputc(' ', out);
        write_text(out, reason);
    }
}

/* Devices that the job was for and could not be done on. */
void job_show_excluded(FILE *out, const msgpack_object *job)
{
    const msgpack_object *excluded = muster_get(job, "excluded");
    if (!excluded || excluded->type != MSGPACK_OBJECT_ARRAY || excluded->via.array.size == 0) return;
    job_label(out, "Excluded");
    for (uint32_t i = 0; i < excluded->via.array.size; i++) {
        const msgpack_object *row = &excluded->via.array.ptr[i];
        if (i) fputs(", ", out);
        write_count(out, muster_uint(row, "count", 0));
        write_exclusion(out, muster_text(row, "reason"));
    }
    fputc('\n', out);
}

/* The counts of a quoted plan that did not hold. */
static void show_plan(FILE *out, const msgpack_object *job)
{
    if (!muster_get(job, "planChanged")) return;
    job_label(out, "Plan");
    write_count(out, muster_uint(job, "planChanged.expected", 0));
    fputs(" devices were expected, ", out);
    write_count(out, muster_uint(job, "planChanged.found", 0));
    fputs(" were found: not what was previewed\n", out);
}

static void show_lineage(FILE *out, const msgpack_object *job)
{
    const msgpack_object *reruns = muster_get(job, "reruns");
    if (muster_text(job, "parentId").size) {
        job_label(out, "Rerun of");
        write_text(out, muster_text(job, "parentId"));
        fputs(", devices: ", out);
        write_text(out, muster_text(job, "rerunDevices"));
        fputc('\n', out);
    }
    if (reruns && reruns->type == MSGPACK_OBJECT_ARRAY) {
        job_label(out, "Reruns");
        for (uint32_t i = 0; i < reruns->via.array.size; i++) {
            if (i) fputs(", ", out);
            write_value(out, &reruns->via.array.ptr[i]);
        }
        fputc('\n', out);
    }
    show_counts(out, job, "Together", "merged");
}

static void show_text(FILE *out, const msgpack_object *job, const char *name, const char *path)
{
    msgpack_object_str text = muster_text(job, path);
    if (text.size == 0) return;
    job_label(out, name);
    write_text(out, text);
    fputc('\n', out);
}

/* `since` names the time from which on it took so long; NULL: that is not said. */
static void show_time(FILE *out, const msgpack_object *job, const char *name, const char *path, const char *since)
{
    msgpack_object_str text = muster_text(job, path);
    if (text.size == 0) return;
    job_label(out, name);
    write_time(out, text);
    double start = since ? time_seconds(muster_text(job, since)) : -1, end = time_seconds(text);
    if (start >= 0 && end >= start) {
        fputs(", after ", out);
        write_duration(out, end - start);
    }
    fputc('\n', out);
}

/* How long it runs by now; the engine is on this machine and has the same clock. */
static void show_running(FILE *out, const msgpack_object *job)
{
    double start = time_seconds(muster_text(job, "start")), now = (double)time(NULL);
    if (!muster_text_is(muster_text(job, "status"), "running") || start < 0 || now < start) return;
    job_label(out, "Running");
    fputs("for ", out);
    write_duration(out, now - start);
    fputc('\n', out);
}

/* The codes of the status words' colours; libsmartcols colours only tables. */
static const char *escape_of(const char *colour)
{
    static const struct {
        const char *colour;
        const char *escape;
    } escapes[] = {{"green", "\033[32m"}, {"red", "\033[31m"}, {"yellow", "\033[33m"}, {"cyan", "\033[36m"}};
    for (size_t i = 0; colour && i < sizeof escapes / sizeof *escapes; i++)
        if (strcmp(escapes[i].colour, colour) == 0) return escapes[i].escape;
    return "";
}

static void show_title(FILE *out, const struct cli *cli, const msgpack_object *job)
{
    msgpack_object_str id = muster_text(job, "id"), name = muster_text(job, "displayName");
    msgpack_object_str status = muster_text(job, "status");
    const char *escape = cli->colours ? escape_of(status_colour(status)) : "";
    write_text(out, id);
    fputs("  ", out);
    fputs(escape, out);
    write_status(out, status);
    fputs(*escape ? "\033[0m" : "", out);
    if (name.size && !(name.size == id.size && memcmp(name.ptr, id.ptr, id.size) == 0)) {
        fputs("  ", out);
        write_text(out, name);
    }
    fputc('\n', out);
}

static void show(FILE *out, const struct cli *cli, const msgpack_object *job)
{
    show_title(out, cli, job);
    show_text(out, job, "About", "description");
    show_text(out, job, "Why", "statusReason");
    show_text(out, job, "Waits", "waiting");
    show_bar(out, job);
    show_counts(out, job, "Devices", "progress");
    job_show_excluded(out, job);
    show_plan(out, job);
    show_lineage(out, job);
    show_batches(out, job);
    show_text(out, job, "Schedule", "scheduledJobId");
    show_text(out, job, "Group", "group");
    show_data(out, job);
    show_threshold(out, job);
    show_timeouts(out, job);
    show_retries(out, job);
    show_time(out, job, "Created", "created", NULL);
    show_time(out, job, "Started", "start", NULL);
    show_running(out, job);
    show_time(out, job, "Ended", "end", "start");
}

int job_show_resource(struct cli *cli, const msgpack_object *job)
{
    if (cli->json) return resource_show(cli, job);
    show(stdout, cli, job);
    return EXIT_DONE;
}

/* ---- Watching. */

/* Draws over the `lines` drawn before, and returns how many there are now. Lines too long for the terminal are cut by
 * it, so that each stays one. */
static size_t redraw(const struct cli *cli, const msgpack_object *job, size_t lines)
{
    char *text = NULL;
    size_t size, count = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) return lines;
    show(out, cli, job);
    if (fclose(out) == 0) {
        if (lines) printf("\033[%zuA\033[J", lines);
        printf("\033[?7l%s\033[?7h", text);
        fflush(stdout);
        for (const char *at = text; (at = strchr(at, '\n')); at++) count++;
    }
    free(text);
    return count;
}

/* Where nobody can draw over what is there, the job is shown once, at its end. */
static int watch(struct cli *cli)
{
    msgpack_object job;
    size_t lines = 0;
    bool live = !cli->json && isatty(STDOUT_FILENO);
    for (;;) {
        int code = call_on_operand(cli, "jobs.get", false, &job);
        if (code != EXIT_DONE) return code;
        if (live) lines = redraw(cli, &job, lines);
        if (job_has_ended(&job)) break;
        usleep(WATCH_EVERY_US);
    }
    return live ? EXIT_DONE : job_show_resource(cli, &job);
}

int job_show(struct cli *cli)
{
    msgpack_object job;
    if (option(cli, "watch")) return watch(cli);
    int code = call_on_operand(cli, "jobs.get", false, &job);
    return code == EXIT_DONE ? job_show_resource(cli, &job) : code;
}
