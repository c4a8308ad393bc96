/* muster job save, preview, discard, copy and rerun */
#include "clients/cli/job.h"
#include "clients/cli/list.h"
#include "clients/terminal/text.h"
#include "clients/cli/verbs.h"

const struct option_row JOB_SAVE_OPTIONS[] = {
    JOB_FIELD_ROWS,
    {NULL, NULL, NULL},
};

const struct option_row JOB_COPY_OPTIONS[] = {
    {"id", "ID", "the copy's id (made up)"},
    {"name", "NAME", "how the copy is called (as the job, and Copy)"},
    {NULL, NULL, NULL},
};

const struct option_row JOB_RERUN_OPTIONS[] = {
    {"devices", "failed|unreached|both", "those that failed, were not reached, or both (failed)"},
    {"id", "ID", "the new job's id (made up)"},
    {"name", "NAME", "how the new job is called (as the job, and Rerun)"},
    {"description", "TEXT", "what it is for (as the job)"},
    {"wait", NULL, "wait until it has ended"},
    {NULL, NULL, NULL},
};

/* Asks with the operand, if there is one, and the job's fields. */
static int ask_with_fields(struct cli *cli, const char *method, bool changing, msgpack_object *result)
{
    struct muster_params params;
    int code = EXIT_USAGE;
    muster_params_init(&params);
    if (cli->operand) muster_put_text(&params, "id", cli->operand);
    if (changing) put_globals(cli, &params);
    if (job_put_fields(cli, &params)) code = call(cli, method, &params, result);
    muster_params_free(&params);
    return code;
}

int job_save(struct cli *cli)
{
    msgpack_object job;
    int code = ask_with_fields(cli, "jobs.save", true, &job);
    return code == EXIT_DONE ? job_show_resource(cli, &job) : code;
}

int job_discard(struct cli *cli)
{
    msgpack_object nothing;
    int code = call_on_operand(cli, "jobs.discard", true, &nothing);
    return code == EXIT_DONE ? resource_changed(cli, &nothing, "is discarded") : code;
}

/* ---- Preview. */

static void show_sample(const msgpack_object *preview)
{
    const msgpack_object *sample = muster_get(preview, "sample");
    uint64_t count = muster_uint(preview, "count", 0);
    job_label(stdout, "Devices");
    write_count(stdout, count);
    for (uint32_t i = 0; sample && sample->type == MSGPACK_OBJECT_ARRAY && i < sample->via.array.size; i++) {
        fputs(i ? ", " : ": ", stdout);
        write_value(stdout, &sample->via.array.ptr[i]);
    }
    puts(sample && sample->type == MSGPACK_OBJECT_ARRAY && sample->via.array.size < count ? ", ..." : "");
}

int job_preview(struct cli *cli)
{
    msgpack_object preview;
    int code = ask_with_fields(cli, "jobs.preview", false, &preview);
    if (code != EXIT_DONE) return code;
    if (cli->json) return resource_show(cli, &preview);
    show_sample(&preview);
    job_show_excluded(stdout, &preview);
    job_label(stdout, "Batches");
    write_count(stdout, muster_uint(&preview, "batches", 0));
    putchar('\n');
    job_label(stdout, "Plan");
    write_text(stdout, muster_text(&preview, "planHash"));
    putchar('\n');
    return EXIT_DONE;
}

/* ---- Copy, rerun. */

static int make_from(struct cli *cli, const char *method, msgpack_object *job)
{
    struct muster_params params;
    muster_params_init(&params);
    muster_put_text(&params, "id", cli->operand);
    put_option(cli, &params, "id", "newId");
    put_option(cli, &params, "name", "displayName");
    put_option(cli, &params, "description", "description");
    put_option(cli, &params, "devices", "devices");
    put_globals(cli, &params);
    int code = call(cli, method, &params, job);
    muster_params_free(&params);
    return code;
}

int job_copy(struct cli *cli)
{
    msgpack_object job;
    int code = make_from(cli, "jobs.copy", &job);
    return code == EXIT_DONE ? job_show_resource(cli, &job) : code;
}

int job_rerun(struct cli *cli)
{
    msgpack_object job;
    int code = make_from(cli, "jobs.rerun", &job);
    return code == EXIT_DONE ? job_started(cli, &job) : code;
}
