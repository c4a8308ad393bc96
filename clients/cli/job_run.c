/* muster job run, and waiting for a job's end. */
#include "clients/cli/job.h"
#include "clients/cli/json.h"
#include "clients/cli/progress.h"
#include "clients/cli/text.h"
#include "clients/cli/verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { POLL_US = 200000, TIMEOUT_MAX_S = 30 * 86400, RETRIES_MAX = 10 };

const struct option_row JOB_RUN_OPTIONS[] = {
    {"group", "ID", "the device group"},
    {"set", "PATH=JSON", "sets a property, for example firmware='\"1.2\"'; may be given several times"},
    {"set-cloud", "PATH=JSON", "sets a cloud property; likewise"},
    {"command", "PATH[=JSON]", "calls a command, with what it is given"},
    {"target", "ID", "only devices of this template"},
    {"batch", "N|P%", "so many devices, or such a part of them, at a time (all)"},
    {"threshold", "N|P%", "cancel when more devices than that have failed (never)"},
    {"threshold-per-batch", NULL, "count the threshold in each batch by itself"},
    {"timeout", "SECONDS", "how long a device may take (30 for a command, 300 for a property)"},
    {"queue-timeout", "SECONDS", "how long a device may wait for a connector (for ever)"},
    {"retries", "N", "try a device that failed again so many times, 0 to 10 (0)"},
    {"retry-on", "REASONS", "for which reasons: failed, timed_out, expired, parted by commas (failed,timed_out)"},
    {"id", "ID", "the job's id (made up); the same id and job again is the same job"},
    {"name", "NAME", "how the job is called"},
    {"description", "TEXT", "what it is for"},
    {"wait", NULL, "wait until it has ended"},
    {NULL, NULL, NULL},
};

/* ---- What to do on each device: one entry for every --set and its kin. */

static const struct {
    const char *option;
    const char *type;
    bool needs_value;
} KINDS[] = {
    {"set", "property", true},
    {"set-cloud", "cloudProperty", true},
    {"command", "command", false},
};
enum { KIND_COUNT = sizeof KINDS / sizeof *KINDS };

/* The kind of the option given at `index`, KIND_COUNT when it is another option. */
static size_t kind_of(const struct cli *cli, size_t index)
{
    size_t kind = 0;
    while (kind < KIND_COUNT && strcmp(cli->given[index].row->name, KINDS[kind].option) != 0) kind++;
    return kind;
}

static void pack_field(msgpack_packer *p, const char *key, const char *value, size_t size)
{
    muster_pack_text(p, key);
    msgpack_pack_str_with_body(p, value, size);
}

/* "PATH=JSON" or "PATH". */
static bool pack_entry(const struct cli *cli, msgpack_packer *p, size_t kind, const char *text)
{
    const char *target = option(cli, "target");
    size_t path_size = strcspn(text, "=");
    const char *value = text[path_size] == '=' ? text + path_size + 1 : NULL;
    struct json_fault fault;
    if (path_size == 0 || (KINDS[kind].needs_value && !value)) {
        usage(cli, "--%s %s: expected a path, = and a value", KINDS[kind].option, text);
        return false;
    }
    msgpack_pack_map(p, 2u + (target != NULL) + (value != NULL));
    pack_field(p, "type", KINDS[kind].type, strlen(KINDS[kind].type));
    if (target) pack_field(p, "target", target, strlen(target));
    pack_field(p, "path", text, path_size);
    if (!value) return true;
    muster_pack_text(p, "value");
    if (json_read(value, p, &fault)) return true;
    usage(cli, "the value of %.*s is not JSON: %s, at character %zu; a text is written %.*s='\"text\"'", (int)path_size,
          text, fault.why, fault.at + 1, (int)path_size, text);
    return false;
}

static bool put_data(const struct cli *cli, struct muster_params *params)
{
    uint32_t count = 0;
    for (size_t i = 0; i < cli->given_count; i++) count += kind_of(cli, i) < KIND_COUNT;
    if (count == 0) {
        usage(cli, "--set, --set-cloud or --command is missing: what is to be done?");
        return false;
    }
    msgpack_packer *p = muster_put(params, "data");
    msgpack_pack_array(p, count);
    for (size_t i = 0; i < cli->given_count; i++) {
        size_t kind = kind_of(cli, i);
        if (kind < KIND_COUNT && !pack_entry(cli, p, kind, cli->given[i].value)) return false;
    }
    return true;
}

/* ---- How to do it. */

/* {type: number | percentage, value}, and {batch: true} when per_batch is so. */
static bool put_measure(const struct cli *cli, struct muster_params *params, const char *name, const char *key,
                        bool per_batch)
{
    const char *text = option(cli, name);
    if (!text) return true;
    char *end = NULL;
    errno = 0;
    unsigned long long value = *text >= '0' && *text <= '9' ? strtoull(text, &end, 10) : 0;
    bool percentage = end && strcmp(end, "%") == 0;
    if (!end || errno || (*end && !percentage)) {
        usage(cli, "--%s %s: expected a number of devices, or a percentage such as 10%%", name, text);
        return false;
    }
    const char *type = percentage ? "percentage" : "number";
    msgpack_packer *p = muster_put(params, key);
    msgpack_pack_map(p, per_batch ? 3 : 2);
    pack_field(p, "type", type, strlen(type));
    muster_pack_text(p, "value");
    msgpack_pack_uint64(p, value);
    if (per_batch) muster_pack_text(p, "batch");
    if (per_batch) msgpack_pack_true(p);
    return true;
}

static bool put_timeouts(const struct cli *cli, struct muster_params *params)
{
    uint64_t queue = 0, execution = 0;
    bool good = option_number(cli, "queue-timeout", TIMEOUT_MAX_S, &queue) &&
                option_number(cli, "timeout", TIMEOUT_MAX_S, &execution);
    if (!good) return false;
    bool has_queue = option(cli, "queue-timeout"), has_execution = option(cli, "timeout");
    if (!has_queue && !has_execution) return true;
    msgpack_packer *p = muster_put(params, "timeouts");
    msgpack_pack_map(p, (uint32_t)has_queue + has_execution);
    if (has_queue) muster_pack_text(p, "queue");
    if (has_queue) msgpack_pack_uint64(p, queue);
    if (has_execution) muster_pack_text(p, "execution");
    if (has_execution) msgpack_pack_uint64(p, execution);
    return true;
}

/* "failed,expired" as a list of words; which ones there are the engine knows. */
static void pack_reasons(msgpack_packer *p, const char *reasons)
{
    uint32_t count = 1;
    for (const char *at = reasons; *at; at++) count += *at == ',';
    msgpack_pack_array(p, count);
    for (; count > 0; count--) {
        size_t size = strcspn(reasons, ",");
        msgpack_pack_str_with_body(p, reasons, size);
        reasons += size + 1;
    }
}

static bool put_retries(const struct cli *cli, struct muster_params *params)
{
    const char *reasons = option(cli, "retry-on");
    uint64_t max = 0;
    if (!option_number(cli, "retries", RETRIES_MAX, &max)) return false;
    if (!option(cli, "retries")) return !reasons || (usage(cli, "--retry-on needs a number of --retries"), false);
    msgpack_packer *p = muster_put(params, "retries");
    msgpack_pack_map(p, reasons ? 2 : 1);
    muster_pack_text(p, "max");
    msgpack_pack_uint64(p, max);
    if (!reasons) return true;
    muster_pack_text(p, "on");
    pack_reasons(p, reasons);
    return true;
}

static bool put_job(const struct cli *cli, struct muster_params *params)
{
    bool per_batch = option(cli, "threshold-per-batch");
    if (!option(cli, "group")) {
        usage(cli, "--group is missing: on which devices?");
        return false;
    }
    if (per_batch && !option(cli, "threshold")) {
        usage(cli, "--threshold-per-batch needs a --threshold");
        return false;
    }
    put_option(cli, params, "id", "id");
    put_option(cli, params, "name", "displayName");
    put_option(cli, params, "description", "description");
    put_option(cli, params, "group", "group");
    put_globals(cli, params);
    return put_data(cli, params) && put_measure(cli, params, "batch", "batch", false) &&
           put_measure(cli, params, "threshold", "cancellationThreshold", per_batch) && put_timeouts(cli, params) &&
           put_retries(cli, params);
}

/* ---- Waiting. */

bool job_has_ended(const msgpack_object *job)
{
    msgpack_object_str status = muster_text(job, "status");
    return muster_text_is(status, "complete") || muster_text_is(status, "failed") ||
           muster_text_is(status, "cancelled");
}

/* What is behind the bar: failures, the batch, and, when it does not run, how it stands and why. */
static void write_more(FILE *out, const msgpack_object *job)
{
    uint64_t failed = muster_uint(job, "progress.failed", 0), batches = muster_uint(job, "batches.count", 0);
    msgpack_object_str status = muster_text(job, "status"), waiting = muster_text(job, "waiting");
    write_count(out, failed);
    fputs(" failed", out);
    if (batches > 1) {
        fputs("  batch ", out);
        write_count(out, muster_uint(job, "batches.current", 0));
        fputc('/', out);
        write_count(out, batches);
    }
    if (!muster_text_is(status, "running")) {
        fputs("  ", out);
        write_status(out, status);
    }
    if (waiting.size) {
        fputs("  ", out);
        write_text(out, waiting);
    }
}

static void show_progress(struct progress *progress, const msgpack_object *job)
{
    char *more = NULL;
    size_t size;
    FILE *out = open_memstream(&more, &size);
    if (!out) return;
    write_more(out, job);
    if (fclose(out) == 0) {
        uint64_t done = muster_uint(job, "progress.completed", 0) + muster_uint(job, "progress.failed", 0);
        uint64_t total = muster_uint(job, "progress.total", 0);
        progress_show(progress, &(struct progress_state){.counted = true, .done = done, .total = total, .more = more});
    }
    free(more);
}

static int ask(struct cli *cli, const char *id, msgpack_object *job)
{
    struct muster_params params;
    muster_params_init(&params);
    muster_put_text(&params, "id", id);
    int code = call(cli, "jobs.get", &params, job);
    muster_params_free(&params);
    return code;
}

int job_wait(struct cli *cli, const char *id)
{
    struct progress progress;
    msgpack_object job;
    int code = ask(cli, id, &job);
    if (code != EXIT_DONE) return code;
    progress_begin(&progress, muster_uint(&job, "progress.completed", 0));
    while (code == EXIT_DONE && !job_has_ended(&job)) {
        show_progress(&progress, &job);
        usleep(POLL_US);
        code = ask(cli, id, &job);
    }
    progress_end(&progress);
    if (code != EXIT_DONE) return code;
    job_show_resource(cli, &job);
    bool good = muster_text_is(muster_text(&job, "status"), "complete") && muster_uint(&job, "progress.failed", 0) == 0;
    return good ? EXIT_DONE : EXIT_NOT_COMPLETE;
}

int job_run(struct cli *cli)
{
    struct muster_params params;
    msgpack_object job;
    char id[160];
    int code = EXIT_USAGE;
    muster_params_init(&params);
    if (put_job(cli, &params)) code = call(cli, "jobs.run", &params, &job);
    muster_params_free(&params);
    if (code != EXIT_DONE) return code;
    if (!option(cli, "wait")) return job_show_resource(cli, &job);
    msgpack_object_str made = muster_text(&job, "id");
    snprintf(id, sizeof id, "%.*s", (int)made.size, made.ptr);
    return job_wait(cli, id);
}
