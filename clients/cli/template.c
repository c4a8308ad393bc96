/* muster template ... */
#include "clients/terminal/json.h"
#include "clients/cli/list.h"
#include "clients/cli/verbs.h"

const struct option_row TEMPLATE_PUT_OPTIONS[] = {
    {"name", "NAME", "how the template is called (its id)"},
    {"capabilities", "JSON", "what its devices have: [{\"path\": ..., \"kind\": ..., \"schema\": ...}, ...]"},
    {NULL, NULL, NULL},
};

const struct option_row TEMPLATE_REMOVE_OPTIONS[] = {
    {"force", NULL, "also when jobs or schedules use it"},
    {NULL, NULL, NULL},
};

const struct option_row TEMPLATE_LIST_OPTIONS[] = {
    LIMIT_ROW,
    {NULL, NULL, NULL},
};

static bool put_capabilities(const struct cli *cli, struct muster_params *params)
{
    const char *text = option(cli, "capabilities");
    struct json_fault fault;
    if (!text || json_read(text, muster_put(params, "capabilities"), &fault)) return true;
    usage(cli, "--capabilities is not JSON: %s, at character %zu", fault.why, fault.at + 1);
    return false;
}

int template_put(struct cli *cli)
{
    struct muster_params params;
    msgpack_object template;
    int code = EXIT_USAGE;
    muster_params_init(&params);
    muster_put_text(&params, "id", cli->operand);
    put_option(cli, &params, "name", "displayName");
    put_globals(cli, &params);
    if (put_capabilities(cli, &params)) code = call(cli, "templates.put", &params, &template);
    muster_params_free(&params);
    return code == EXIT_DONE ? resource_changed(cli, &template, "is saved") : code;
}

int template_list(struct cli *cli)
{
    static const struct table_column columns[] = {
        {"ID", "id", cell_value, LEFT},
        {"NAME", "displayName", cell_value, WIDE},
        {.heading = NULL},
    };
    return list_show(cli, &(struct list){"templates.list", "templates", NULL, columns});
}

int template_show(struct cli *cli)
{
    msgpack_object template;
    int code = call_on_operand(cli, "templates.get", false, &template);
    return code == EXIT_DONE ? resource_show(cli, &template) : code;
}

int template_remove(struct cli *cli)
{
    struct muster_params params;
    msgpack_object result;
    muster_params_init(&params);
    muster_put_text(&params, "id", cli->operand);
    if (option(cli, "force")) muster_put_bool(&params, "force", true);
    put_globals(cli, &params);
    int code = call(cli, "templates.remove", &params, &result);
    muster_params_free(&params);
    return code == EXIT_DONE ? resource_changed(cli, &result, "is removed") : code;
}
