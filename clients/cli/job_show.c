/* muster job show: how a job stands, at a glance; once or, on a terminal, until it has ended. */
#include "clients/cli/job.h"
#include "clients/cli/list.h"
#include "clients/terminal/text.h"
#include "clients/cli/verbs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { WATCH_EVERY_US = 500000 };

const struct option_row JOB_SHOW_OPTIONS[] = {
    {"watch", NULL, "go on showing it until it has ended; the exit code is that of job run --wait"},
    {NULL, NULL, NULL},
};

/* ---- Colours. */

/* The codes of the status words' colours; libsmartcols colours only tables. */
static const char *escape_of(const char *colour)
{
    static const struct {
        const char *colour;
        const char *escape;
    } escapes[] = {{"green", "\033[32m"}, {"red", "\033[31m"}, {"yellow", "\033[33m"}, {"cyan", "\033[36m"}};
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++)
        if (strcmp(escapes[i].colour, colour) == 0) return escapes[i].escape;
    return "";
}

static void begin_colour(FILE *out, const struct cli *cli, const char *colour)
{
    if (cli->colours && colour) fputs(escape_of(colour), out);
}

static void end_colour(FILE *out, const struct cli *cli, const char *colour)
{
    if (cli->colours && colour) fputs("\033[0m", out);
}

/* ---- One line each. */

/* Why it ended so, or the word itself when it is a new one. */
static void show_why(FILE *out, const msgpack_object *job)
{
    static const struct {
        const char *reason;
        const char *sentence;
    } REASONS[] = {
        {"by_user", "it was cancelled by hand"},
        {"threshold", "more devices failed than its threshold allows"},
        {"no_devices", "its group has no device that it could be run on"},
        {"group_removed", "its device group was removed before its devices were known"},
        {"template_removed", "its device template was removed before its devices were known"},
        {"bad_filter", "the filter of its device group cannot be read"},
        {"plan_changed", "its devices were not those that were previewed"},
    };
    msgpack_object_str reason = muster_text(job, "statusReason");
    if (reason.size == 0) return;
    job_label(out, "Why");
    write_text(out, reason);
    for (size_t i = 0; i < sizeof REASONS / sizeof *REASONS; i++)
        if (muster_text_is(reason, REASONS[i].reason)) fprintf(out, ": %s", REASONS[i].sentence);
    fputc('\n', out);
}

static void show_bar_part(FILE *out, const struct cli *cli, const char *colour, char sign, uint64_t count)
{
    if (count == 0) return;
    begin_colour(out, cli, colour);
    for (; count > 0; count--) fputc(sign, out);
    end_colour(out, cli, colour);
}

/* How much of the job is done, as a bar; nothing before its devices are known. */
static void show_bar(FILE *out, const struct cli *cli, const msgpack_object *job)
{
    enum { BAR_WIDTH = 40 };
    uint64_t total = muster_uint(job, "progress.total", 0), failed = muster_uint(job, "progress.failed", 0);
    uint64_t done = muster_uint(job, "progress.completed", 0) + failed;
    if (total == 0) return;
    uint64_t full = done * BAR_WIDTH / total, bad = failed * BAR_WIDTH / total;
    job_label(out, "Progress");
    fputc('[', out);
    show_bar_part(out, cli, "green", '#', full - bad);
    show_bar_part(out, cli, "red", 'x', bad);
    show_bar_part(out, cli, NULL, '.', BAR_WIDTH - full);
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

static void show_rerun_devices(FILE *out, msgpack_object_str which)
{
    if (muster_text_is(which, "failed")) fputs(", on its failed devices\n", out);
    else if (muster_text_is(which, "unreached")) fputs(", on the devices it did not reach\n", out);
    else fputs(", on its failed devices and those it did not reach\n", out);
}

static void show_lineage(FILE *out, const msgpack_object *job)
{
    const msgpack_object *reruns = muster_get(job, "reruns");
    if (muster_text(job, "parentId").size) {
        job_label(out, "Rerun of");
        write_text(out, muster_text(job, "parentId"));
        show_rerun_devices(out, muster_text(job, "rerunDevices"));
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

/* "uid 1000 for alice" */
static void show_who(FILE *out, const msgpack_object *job)
{
    msgpack_object_str who = muster_text(job, "by");
    if (who.size == 0) return;
    job_label(out, "By");
    write_text(out, who);
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

static void show_title(FILE *out, const struct cli *cli, const msgpack_object *job)
{
    msgpack_object_str id = muster_text(job, "id"), name = muster_text(job, "displayName");
    msgpack_object_str status = muster_text(job, "status");
    write_text(out, id);
    fputs("  ", out);
    begin_colour(out, cli, status_colour(status));
    write_status(out, status);
    end_colour(out, cli, status_colour(status));
    if (name.size && !(name.size == id.size && memcmp(name.ptr, id.ptr, id.size) == 0)) {
        fputs("  ", out);
        write_text(out, name);
    }
    fputc('\n', out);
}

static void show(FILE *out, const struct cli *cli, const msgpack_object *job)
{
    show_title(out, cli, job);
    job_show_text(out, job, "About", "description");
    show_why(out, job);
    job_show_text(out, job, "Waits", "waiting");
    show_bar(out, cli, job);
    show_counts(out, job, "Devices", "progress");
    job_show_excluded(out, job);
    show_plan(out, job);
    show_lineage(out, job);
    job_show_definition(out, job);
    show_time(out, job, "Created", "created", NULL);
    show_time(out, job, "Started", "start", NULL);
    show_running(out, job);
    show_time(out, job, "Ended", "end", "start");
    show_who(out, job);
}

int job_show_resource(struct cli *cli, const msgpack_object *job)
{
    if (cli->json) return resource_show(cli, job);
    show(stdout, cli, job);
    return EXIT_DONE;
}

/* ---- Watching. */

/* As many lines as the terminal can draw over again. */
static size_t lines_max(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1 ? size.ws_row - 1u : SIZE_MAX;
}

/* Each line over the one that stood there, so that nothing flickers; what is longer than the terminal is wide is cut by
 * it, so that each stays one. Returns how many there are now. */
static size_t draw_over(const char *text, size_t lines_before)
{
    size_t lines = 0, most = lines_max();
    if (lines_before) printf("\033[%zuA", lines_before);
    fputs("\033[?7l", stdout);
    for (const char *end; lines < most && (end = strchr(text, '\n')); text = end + 1, lines++)
        printf("%.*s\033[K\n", (int)(end - text), text);
    fputs("\033[J\033[?7h", stdout);
    fflush(stdout);
    return lines;
}

static size_t redraw(const struct cli *cli, const msgpack_object *job, size_t lines)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out) return lines;
    show(out, cli, job);
    if (fclose(out) == 0) lines = draw_over(text, lines);
    free(text);
    return lines;
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
    if (!live) job_show_resource(cli, &job);
    return job_outcome(&job);
}

int job_show(struct cli *cli)
{
    msgpack_object job;
    if (option(cli, "watch")) return watch(cli);
    int code = call_on_operand(cli, "jobs.get", false, &job);
    return code == EXIT_DONE ? job_show_resource(cli, &job) : code;
}
