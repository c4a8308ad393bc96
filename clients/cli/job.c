/* muster job ..., but for run */
#include "clients/cli/job.h"
#include "clients/cli/json.h"
#include "clients/cli/list.h"
#include "clients/cli/text.h"
#include "clients/cli/verbs.h"

#include <errno.h>
#include <string.h>

const struct option_row JOB_LIST_OPTIONS[] = {
    {"status", "STATUS", "only saved, pending, running, stopped, complete, failed or cancelled ones"},
    {"section", "SECTION", "only those on one of the pages: running, saved, recent or scheduled"},
    {"group", "ID", "only those of one device group"},
    {"name", "TEXT", "only those whose name has this in it"},
    LIMIT_ROW,
    {NULL, NULL, NULL},
};

const struct option_row JOB_DEVICES_OPTIONS[] = {
    {"status", "STATUS", "only pending, completed or failed ones"},
    {"reason", "REASON", "only those that failed so: failed, rejected, timed_out, expired or device_removed"},
    {"device", "ID", "only this one"},
    LIMIT_ROW,
    {NULL, NULL, NULL},
};

const struct option_row JOB_ATTEMPTS_OPTIONS[] = {
    LIMIT_ROW,
    {NULL, NULL, NULL},
};

const struct option_row JOB_RESULTS_OPTIONS[] = {
    {"output", "FILE", "where to write (standard output)"},
    {NULL, NULL, NULL},
};

/* ---- Stop, resume, cancel. */

static int change(struct cli *cli, const char *method)
{
    msgpack_object job;
    int code = call_on_operand(cli, method, true, &job);
    if (code != EXIT_DONE) return code;
    if (cli->json) return resource_show(cli, &job);
    printf("%s: ", cli->operand);
    write_status(stdout, muster_text(&job, "status"));
    putchar('\n');
    return EXIT_DONE;
}

int job_stop(struct cli *cli)
{
    return change(cli, "jobs.stop");
}

int job_resume(struct cli *cli)
{
    return change(cli, "jobs.resume");
}

int job_cancel(struct cli *cli)
{
    return change(cli, "jobs.cancel");
}

/* ---- Lists. */

static void put_list_filter(const struct cli *cli, struct muster_params *params)
{
    put_option(cli, params, "status", "status");
    put_option(cli, params, "section", "section");
    put_option(cli, params, "group", "group");
    put_option(cli, params, "name", "name");
}

int job_list(struct cli *cli)
{
    static const struct column columns[] = {
        {"ID", "id", cell_value, LEFT},
        {"NAME", "displayName", cell_value, WIDE},
        {"STATUS", "status", cell_status, LEFT},
        {"GROUP", "group", cell_value, LEFT},
        {"DEVICES", "progress.total", cell_value, RIGHT},
        {"COMPLETED", "progress.completed", cell_value, RIGHT},
        {"FAILED", "progress.failed", cell_value, RIGHT},
        {"CREATED", "created", cell_time, LEFT},
        {.heading = NULL},
    };
    return list_show(cli, &(struct list){"jobs.list", "jobs", put_list_filter, columns});
}

static void put_devices_filter(const struct cli *cli, struct muster_params *params)
{
    muster_put_text(params, "id", cli->operand);
    put_option(cli, params, "status", "status");
    put_option(cli, params, "reason", "reason");
    put_option(cli, params, "device", "deviceId");
}

/* A removed device has no name any more. */
static void cell_device_name(FILE *out, const msgpack_object *row, const char *path)
{
    if (muster_bool(row, "deleted", false)) fputs("(deleted)", out);
    else cell_value(out, row, path);
}

int job_devices(struct cli *cli)
{
    static const struct column columns[] = {
        {"DEVICE", "id", cell_value, LEFT},
        {"NAME", "displayName", cell_device_name, WIDE},
        {"STATUS", "status", cell_status, LEFT},
        {"BATCH", "batch", cell_value, RIGHT},
        {"ATTEMPT", "attempt", cell_value, RIGHT},
        {"ENDED", "end", cell_time, LEFT},
        {"REASON", "reason", cell_value, LEFT},
        {"ERROR", "error", cell_value, WIDE},
        {.heading = NULL},
    };
    return list_show(cli, &(struct list){"jobs.devices", "such devices in this job", put_devices_filter, columns});
}

static void put_attempts_filter(const struct cli *cli, struct muster_params *params)
{
    muster_put_text(params, "id", cli->operand);
    muster_put_text(params, "device", cli->second_operand);
}

int job_attempts(struct cli *cli)
{
    static const struct column columns[] = {
        {"ATTEMPT", "attempt", cell_value, RIGHT},
        {"CONNECTOR", "connector", cell_value, LEFT},
        {"STARTED", "start", cell_time, LEFT},
        {"ENDED", "end", cell_time, LEFT},
        {"OUTCOME", "outcome", cell_value, LEFT},
        {"REASON", "reason", cell_value, LEFT},
        {"ERROR", "error", cell_value, WIDE},
        {"RESPONSE", "response", cell_value, WIDE},
        {.heading = NULL},
    };
    return list_show(cli, &(struct list){"jobs.attempts", "attempts at this device", put_attempts_filter, columns});
}

/* ---- Show. */

static void label(const char *text)
{
    printf("  %-11s", text);
}

static void show_data(const msgpack_object *job)
{
    const msgpack_object *data = muster_get(job, "data");
    for (uint32_t i = 0; data && data->type == MSGPACK_OBJECT_ARRAY && i < data->via.array.size; i++) {
        const msgpack_object *entry = &data->via.array.ptr[i];
        const msgpack_object *value = muster_get(entry, "value");
        bool is_command = muster_text_is(muster_text(entry, "type"), "command");
        label(is_command ? "Calls" : "Sets");
        write_text(stdout, muster_text(entry, "path"));
        if (value) fputs(is_command ? " with " : " = ", stdout);
        if (value) json_write(stdout, value);
        if (muster_text_is(muster_text(entry, "type"), "cloudProperty")) fputs(" (cloud property)", stdout);
        if (muster_text(entry, "target").size) fputs(", on template ", stdout);
        write_text(stdout, muster_text(entry, "target"));
        putchar('\n');
    }
}

static void show_batches(const msgpack_object *job)
{
    uint64_t count = muster_uint(job, "batches.count", 0);
    if (count < 2) return;
    label("Batches");
    if (muster_uint(job, "batches.current", 0)) {
        write_count(stdout, muster_uint(job, "batches.current", 0));
        fputs(" of ", stdout);
    }
    write_count(stdout, count);
    fputs(", of ", stdout);
    write_count(stdout, muster_uint(job, "batches.size", 0));
    puts(" devices");
}

static void show_threshold(const msgpack_object *job)
{
    if (!muster_get(job, "cancellationThreshold.value")) return;
    label("Threshold");
    fputs("cancels itself when more than ", stdout);
    write_count(stdout, muster_uint(job, "cancellationThreshold.value", 0));
    bool percentage = muster_text_is(muster_text(job, "cancellationThreshold.type"), "percentage");
    fputs(percentage ? " % of the devices" : " devices", stdout);
    puts(muster_bool(job, "cancellationThreshold.batch", false) ? " of a batch fail" : " fail");
}

static void show_timeouts(const msgpack_object *job)
{
    uint64_t queue = muster_uint(job, "timeouts.queue", 0), execution = muster_uint(job, "timeouts.execution", 0);
    if (queue == 0) return;
    label("Timeouts");
    write_duration(stdout, (double)queue);
    fputs(" to be taken, ", stdout);
    write_duration(stdout, (double)execution);
    puts(" to answer");
}

static void show_retries(const msgpack_object *job)
{
    const msgpack_object *on = muster_get(job, "retries.on");
    uint64_t max = muster_uint(job, "retries.max", 0);
    if (max == 0 || !on || on->type != MSGPACK_OBJECT_ARRAY) return;
    label("Retries");
    printf("up to %llu for a device that", (unsigned long long)max);
    for (uint32_t i = 0; i < on->via.array.size; i++) {
        fputs(i == 0 ? " " : " or ", stdout);
        write_value(stdout, &on->via.array.ptr[i]);
    }
    putchar('\n');
}

static void show_devices(const msgpack_object *job)
{
    static const char *const parts[] = {"completed", "failed", "pending"};
    if (!muster_get(job, "progress.total")) return;
    label("Devices");
    write_count(stdout, muster_uint(job, "progress.total", 0));
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char path[32];
        snprintf(path, sizeof path, "progress.%s", parts[i]);
        fputs(i ? ", " : ": ", stdout);
        write_count(stdout, muster_uint(job, path, 0));
        printf(" %s", parts[i]);
    }
    putchar('\n');
}

/* Devices of the group that the job was not for. */
static void show_excluded(const msgpack_object *job)
{
    uint64_t excluded = muster_uint(job, "excluded", 0);
    if (excluded == 0) return;
    label("Excluded");
    write_count(stdout, excluded);
    puts(" of another template");
}

static void show_text(const msgpack_object *job, const char *name, const char *path)
{
    msgpack_object_str text = muster_text(job, path);
    if (text.size == 0) return;
    label(name);
    write_text(stdout, text);
    putchar('\n');
}

static void show_time(const msgpack_object *job, const char *name, const char *path)
{
    msgpack_object_str time = muster_text(job, path);
    if (time.size == 0) return;
    label(name);
    write_time(stdout, time);
    double start = time_seconds(muster_text(job, "start")), end = time_seconds(time);
    if (strcmp(path, "end") == 0 && start >= 0 && end >= start) {
        fputs(", after ", stdout);
        write_duration(stdout, end - start);
    }
    putchar('\n');
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

static void show_title(const struct cli *cli, const msgpack_object *job)
{
    msgpack_object_str id = muster_text(job, "id"), name = muster_text(job, "displayName");
    msgpack_object_str status = muster_text(job, "status");
    const char *escape = cli->colours ? escape_of(status_colour(status)) : "";
    write_text(stdout, id);
    fputs("  ", stdout);
    fputs(escape, stdout);
    write_status(stdout, status);
    fputs(*escape ? "\033[0m" : "", stdout);
    if (name.size && !(name.size == id.size && memcmp(name.ptr, id.ptr, id.size) == 0)) {
        fputs("  ", stdout);
        write_text(stdout, name);
    }
    putchar('\n');
}

int job_show_resource(struct cli *cli, const msgpack_object *job)
{
    if (cli->json) return resource_show(cli, job);
    show_title(cli, job);
    show_text(job, "About", "description");
    show_text(job, "Why", "statusReason");
    show_text(job, "Waits", "waiting");
    show_text(job, "Group", "group");
    show_data(job);
    show_devices(job);
    show_excluded(job);
    show_batches(job);
    show_threshold(job);
    show_timeouts(job);
    show_retries(job);
    show_time(job, "Created", "created");
    show_time(job, "Started", "start");
    show_time(job, "Ended", "end");
    return EXIT_DONE;
}

int job_show(struct cli *cli)
{
    msgpack_object job;
    int code = call_on_operand(cli, "jobs.get", false, &job);
    return code == EXIT_DONE ? job_show_resource(cli, &job) : code;
}

/* ---- Results. */

/* The answer that holds `next` is still there when the next request is packed. */
static int write_results(struct cli *cli, FILE *out)
{
    msgpack_object part;
    const msgpack_object *next = NULL;
    do {
        struct muster_params params;
        muster_params_init(&params);
        muster_put_text(&params, "id", cli->operand);
        if (next) msgpack_pack_object(muster_put(&params, "next"), *next);
        int code = call(cli, "jobs.results", &params, &part);
        muster_params_free(&params);
        if (code != EXIT_DONE) return code;
        const msgpack_object *data = muster_get(&part, "data");
        if (data && data->type == MSGPACK_OBJECT_BIN) fwrite(data->via.bin.ptr, 1, data->via.bin.size, out);
        next = muster_get(&part, "next");
    } while (next && next->type != MSGPACK_OBJECT_NIL && !ferror(out));
    return EXIT_DONE;
}

int job_results(struct cli *cli)
{
    const char *path = option(cli, "output");
    if (!path || strcmp(path, "-") == 0) return write_results(cli, stdout);
    FILE *out = fopen(path, "we");
    if (!out) {
        complain("%s cannot be written: %s", path, strerror(errno));
        return EXIT_REFUSED;
    }
    int code = write_results(cli, out);
    bool failed = ferror(out);
    failed |= fclose(out) != 0;
    if (code != EXIT_DONE || !failed) return code;
    complain("%s cannot be written: %s", path, strerror(errno));
    return EXIT_REFUSED;
}
