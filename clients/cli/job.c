/* muster job stop, resume, cancel, list */
#include "clients/cli/list.h"
#include "clients/terminal/text.h"
#include "clients/cli/verbs.h"

const struct option_row JOB_LIST_OPTIONS[] = {
    {"status", "STATUS", "only saved, pending, running, stopped, complete, failed or cancelled ones"},
    {"section", "SECTION", "only those on one of the pages: running, saved, recent or scheduled"},
    {"group", "ID", "only those of one device group"},
    {"name", "TEXT", "only those whose name has this in it, in upper or lower case"},
    LIMIT_ROW,
    {NULL, NULL, NULL},
};

const struct option_row JOB_ATTEMPTS_OPTIONS[] = {
    LIMIT_ROW,
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
    static const struct table_column columns[] = {
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

static void put_attempts_filter(const struct cli *cli, struct muster_params *params)
{
    muster_put_text(params, "id", cli->operand);
    muster_put_text(params, "device", cli->second_operand);
}

int job_attempts(struct cli *cli)
{
    static const struct table_column columns[] = {
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
