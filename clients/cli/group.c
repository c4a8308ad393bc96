/* muster group ... */
#include "clients/cli/list.h"
#include "clients/cli/verbs.h"
#include "clients/terminal/text.h"

const struct option_row GROUP_PUT_OPTIONS[] = {
    {"filter", "FILTER", "which devices, for example: $template = 'pump' AND $simulated = false (all)"},
    {"name", "NAME", "how the group is called (its id)"},
    {"description", "TEXT", "what it is for"},
    {NULL, NULL, NULL},
};

const struct option_row GROUP_REMOVE_OPTIONS[] = {
    {"force", NULL, "also when jobs or schedules use it"},
    {NULL, NULL, NULL},
};

const struct option_row GROUP_LIST_OPTIONS[] = {
    LIMIT_ROW,
    {NULL, NULL, NULL},
};

const struct option_row GROUP_PREVIEW_OPTIONS[] = {
    {"filter", "FILTER", "count what this filter finds, instead of a group"},
    {"sample", "N", "show so many ids (10)"},
    {NULL, NULL, NULL},
};

int group_put(struct cli *cli)
{
    struct muster_params params;
    msgpack_object group;
    muster_params_init(&params);
    muster_put_text(&params, "id", cli->operand);
    put_option(cli, &params, "name", "displayName");
    put_option(cli, &params, "description", "description");
    put_option(cli, &params, "filter", "filter");
    put_globals(cli, &params);
    int code = call(cli, "groups.put", &params, &group);
    muster_params_free(&params);
    return code == EXIT_DONE ? resource_changed(cli, &group, "is saved") : code;
}

int group_list(struct cli *cli)
{
    static const struct table_column columns[] = {
        {"ID", "id", cell_value, LEFT},
        {"NAME", "displayName", cell_value, WIDE},
        {"FILTER", "filter", cell_value, WIDE},
        {.heading = NULL},
    };
    return list_show(cli, &(struct list){"groups.list", "groups", NULL, columns});
}

int group_show(struct cli *cli)
{
    msgpack_object group;
    int code = call_on_operand(cli, "groups.get", false, &group);
    return code == EXIT_DONE ? resource_show(cli, &group) : code;
}

static void show_members(const msgpack_object *members)
{
    uint64_t count = muster_uint(members, "count", 0);
    const msgpack_object *sample = muster_get(members, "sample");
    uint32_t shown = sample && sample->type == MSGPACK_OBJECT_ARRAY ? sample->via.array.size : 0;
    write_count(stdout, count);
    printf(" device%s%s\n", count == 1 ? "" : "s", shown == 0 ? "" : shown < count ? ", the first of them:" : ":");
    for (uint32_t i = 0; i < shown; i++) {
        fputs("  ", stdout);
        write_value(stdout, &sample->via.array.ptr[i]);
        putchar('\n');
    }
}

int group_preview(struct cli *cli)
{
    struct muster_params params;
    msgpack_object members;
    uint64_t sample;
    bool sampled = option(cli, "sample") != NULL;
    if (!cli->operand == !option(cli, "filter")) return usage(cli, "say which: either a group's ID or --filter FILTER");
    if (!option_number(cli, "sample", UINT32_MAX, &sample)) return EXIT_USAGE;
    muster_params_init(&params);
    if (cli->operand) muster_put_text(&params, "id", cli->operand);
    put_option(cli, &params, "filter", "filter");
    if (sampled) muster_put_uint(&params, "sample", sample);
    int code = call(cli, "groups.preview", &params, &members);
    muster_params_free(&params);
    if (code != EXIT_DONE || cli->json) return code == EXIT_DONE ? resource_show(cli, &members) : code;
    show_members(&members);
    return EXIT_DONE;
}

int group_remove(struct cli *cli)
{
    struct muster_params params;
    msgpack_object result;
    muster_params_init(&params);
    muster_put_text(&params, "id", cli->operand);
    if (option(cli, "force")) muster_put_bool(&params, "force", true);
    put_globals(cli, &params);
    int code = call(cli, "groups.remove", &params, &result);
    muster_params_free(&params);
    return code == EXIT_DONE ? resource_changed(cli, &result, "is removed") : code;
}
