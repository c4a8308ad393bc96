/* muster job run, and waiting for a job's end. */
#include "clients/cli/job.h"
#include "clients/cli/progress.h"
#include "clients/terminal/text.h"
#include "clients/cli/verbs.h"

#include <stdlib.h>
#include <unistd.h>

enum { POLL_US = 200000 };

const struct option_row JOB_RUN_OPTIONS[] = {
    JOB_FIELD_ROWS,
    {"id", "ID", "the job's id (made up); the same id and job again is the same job"},
    {"plan", "HASH", "run only what a preview showed, and fail if it would be something else by now"},
    {"wait", NULL, "wait until it has ended"},
    {NULL, NULL, NULL},
};

/* ---- Waiting. */

bool job_has_ended(const msgpack_object *job)
{
    msgpack_object_str status = muster_text(job, "status");
    return muster_text_is(status, "complete") || muster_text_is(status, "failed") ||
           muster_text_is(status, "cancelled");
}

int job_outcome(const msgpack_object *job)
{
    bool good = muster_text_is(muster_text(job, "status"), "complete") && muster_uint(job, "progress.failed", 0) == 0;
    return good ? EXIT_DONE : EXIT_NOT_COMPLETE;
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
    if (code != EXIT_DONE) {
        remark("The job goes on by itself: 'muster job show %s' tells how it stands.", id);
        return code;
    }
    job_show_resource(cli, &job);
    return job_outcome(&job);
}

/* ---- Running. */

int job_started(struct cli *cli, const msgpack_object *job)
{
    char id[160];
    if (!option(cli, "wait")) return job_show_resource(cli, job);
    msgpack_object_str made = muster_text(job, "id");
    snprintf(id, sizeof id, "%.*s", (int)made.size, made.ptr);
    return job_wait(cli, id);
}

/* A saved job, as it is. */
static bool put_saved(const struct cli *cli, struct muster_params *params)
{
    if (job_fields_given(cli) || option(cli, "id")) {
        usage(cli, "'job run %s' runs a saved job as it is; 'job save %s' with these options edits it", cli->operand,
              cli->operand);
        return false;
    }
    muster_put_text(params, "id", cli->operand);
    return true;
}

static bool put_new(const struct cli *cli, struct muster_params *params)
{
    if (!option(cli, "group")) {
        usage(cli, "--group is missing: on which devices?");
        return false;
    }
    if (!job_says_what_to_do(cli)) {
        usage(cli, "--set, --set-cloud or --command is missing: what is to be done?");
        return false;
    }
    put_option(cli, params, "id", "id");
    return job_put_fields(cli, params);
}

int job_run(struct cli *cli)
{
    struct muster_params params;
    msgpack_object job;
    int code = EXIT_USAGE;
    muster_params_init(&params);
    if (cli->operand ? put_saved(cli, &params) : put_new(cli, &params)) {
        put_option(cli, &params, "plan", "planHash");
        put_globals(cli, &params);
        code = call(cli, "jobs.run", &params, &job);
    }
    muster_params_free(&params);
    return code == EXIT_DONE ? job_started(cli, &job) : code;
}
