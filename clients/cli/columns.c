/* muster columns: what a user sees of a job's devices. */
#include "clients/cli/list.h"
#include "clients/cli/verbs.h"

#define VIEW_ROW {"view", "VIEW", "jobs.devices or jobs.results (jobs.devices)"}

const struct option_row COLUMNS_SET_OPTIONS[] = {
    {"columns", "NAME,...", "the columns; none: as when nobody chose"},
    VIEW_ROW,
    {NULL, NULL, NULL},
};

const struct option_row COLUMNS_SHOW_OPTIONS[] = {
    VIEW_ROW,
    {NULL, NULL, NULL},
};

static void put_view(const struct cli *cli, struct muster_params *params)
{
    const char *view = option(cli, "view");
    muster_put_text(params, "user", cli->operand);
    muster_put_text(params, "view", view ? view : "jobs.devices");
}

int columns_set(struct cli *cli)
{
    struct muster_params params;
    msgpack_object chosen;
    if (!option(cli, "columns")) return usage(cli, "--columns is missing: which ones? --columns '' for none");
    muster_params_init(&params);
    put_view(cli, &params);
    put_words(cli, &params, "columns", "columns");
    put_globals(cli, &params);
    int code = call(cli, "columns.set", &params, &chosen);
    muster_params_free(&params);
    return code == EXIT_DONE ? resource_changed(cli, &chosen, "sees these columns from now on") : code;
}

int columns_show(struct cli *cli)
{
    struct muster_params params;
    msgpack_object chosen;
    muster_params_init(&params);
    put_view(cli, &params);
    int code = call(cli, "columns.get", &params, &chosen);
    muster_params_free(&params);
    return code == EXIT_DONE ? resource_show(cli, &chosen) : code;
}
