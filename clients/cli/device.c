/* muster device ... */
#include "clients/terminal/json.h"
#include "clients/cli/list.h"
#include "clients/cli/verbs.h"
#include "clients/terminal/text.h"

#include <string.h>

const struct option_row DEVICE_PUT_OPTIONS[] = {
    {"name", "NAME", "how the device is called (its id)"},
    {"template", "ID", "its device template (none: unassigned)"},
    {"provisioned", "yes|no", "whether it has been provisioned"},
    {"simulated", "yes|no", "whether it is simulated"},
    {NULL, NULL, NULL},
};

const struct option_row DEVICE_LIST_OPTIONS[] = {
    {"filter", "FILTER", "only these, for example: $template = 'pump' AND region = 'north'"},
    {"sort", "ORDER", "by id or displayName; 'id desc' the other way round (by registration)"},
    LIMIT_ROW,
    {NULL, NULL, NULL},
};

const struct option_row DEVICE_THUMBPRINTS_OPTIONS[] = {
    {"primary", "HEX", "SHA-1 or SHA-256 of the first certificate; an empty text takes it away"},
    {"secondary", "HEX", "the same of the second one"},
    {NULL, NULL, NULL},
};

const struct option_row DEVICE_HISTORY_OPTIONS[] = {
    LIMIT_ROW,
    {NULL, NULL, NULL},
};

static bool put_flag(const struct cli *cli, struct muster_params *params, const char *name)
{
    const char *value = option(cli, name);
    if (!value) return true;
    bool yes = strcmp(value, "yes") == 0;
    if (!yes && strcmp(value, "no") != 0) {
        usage(cli, "--%s %s: expected yes or no", name, value);
        return false;
    }
    muster_put_bool(params, name, yes);
    return true;
}

int device_put(struct cli *cli)
{
    struct muster_params params;
    msgpack_object device;
    int code = EXIT_USAGE;
    muster_params_init(&params);
    muster_put_text(&params, "id", cli->operand);
    put_option(cli, &params, "name", "displayName");
    put_option(cli, &params, "template", "template");
    put_globals(cli, &params);
    if (put_flag(cli, &params, "provisioned") && put_flag(cli, &params, "simulated"))
        code = call(cli, "devices.put", &params, &device);
    muster_params_free(&params);
    return code == EXIT_DONE ? resource_changed(cli, &device, "is saved") : code;
}

static void put_filter(const struct cli *cli, struct muster_params *params)
{
    put_option(cli, params, "filter", "filter");
    put_option(cli, params, "sort", "sort");
}

static void put_id(const struct cli *cli, struct muster_params *params)
{
    muster_put_text(params, "id", cli->operand);
}

/* "2 failed, 1 timed_out": the newest first, as the engine has them. */
static void cell_attempts(FILE *out, const msgpack_object *row, const char *path)
{
    const msgpack_object *attempts = muster_get(row, path);
    if (!attempts || attempts->type != MSGPACK_OBJECT_ARRAY) return;
    for (uint32_t i = 0; i < attempts->via.array.size; i++) {
        const msgpack_object *attempt = &attempts->via.array.ptr[i];
        uint64_t number = muster_uint(attempt, "attempt", 0);
        msgpack_object_str outcome = muster_text(attempt, "outcome");
        if (i > 0) fputs(", ", out);
        if (number) fprintf(out, "%llu ", (unsigned long long)number);
        if (outcome.size) write_text(out, outcome);
        else fputs("out", out);
    }
    if (muster_get(row, "moreAttempts")) fputs(", ...", out);
}

static const struct table_column HISTORY_COLUMNS[] = {
    {"JOB", "job", cell_value, LEFT},
    {"NAME", "displayName", cell_value, WIDE},
    {"STATUS", "status", cell_status, LEFT},
    {"REASON", "reason", cell_value, LEFT},
    {"ERROR", "error", cell_value, WIDE},
    {"ATTEMPTS", "attempts", cell_attempts, WIDE},
    {"START", "start", cell_time, LEFT},
    {"END", "end", cell_time, LEFT},
    {.heading = NULL},
};

static const struct list HISTORY = {"devices.history", "jobs of this device", put_id, HISTORY_COLUMNS};

int device_history(struct cli *cli)
{
    return list_show(cli, &HISTORY);
}

int device_list(struct cli *cli)
{
    static const struct table_column columns[] = {
        {"ID", "id", cell_value, LEFT},
        {"NAME", "displayName", cell_value, WIDE},
        {"TEMPLATE", "template", cell_value, LEFT},
        {"PROVISIONED", "provisioned", cell_value, LEFT},
        {"SIMULATED", "simulated", cell_value, LEFT},
        {.heading = NULL},
    };
    return list_show(cli, &(struct list){"devices.list", "devices", put_filter, columns});
}

int device_show(struct cli *cli)
{
    msgpack_object device;
    int code = call_on_operand(cli, "devices.get", false, &device);
    if (code == EXIT_DONE) code = resource_show(cli, &device);
    if (code != EXIT_DONE || cli->json) return code;
    putchar('\n');
    return list_show(cli, &HISTORY);
}

int device_thumbprints(struct cli *cli)
{
    struct muster_params params;
    msgpack_object device;
    if (!option(cli, "primary") && !option(cli, "secondary"))
        return usage(cli, "expected --primary HEX, --secondary HEX or both");
    muster_params_init(&params);
    muster_put_text(&params, "id", cli->operand);
    put_option(cli, &params, "primary", "primary");
    put_option(cli, &params, "secondary", "secondary");
    put_globals(cli, &params);
    int code = call(cli, "devices.setThumbprints", &params, &device);
    muster_params_free(&params);
    return code == EXIT_DONE ? resource_changed(cli, &device, "is saved") : code;
}

int device_rename(struct cli *cli)
{
    struct muster_params params;
    msgpack_object device;
    muster_params_init(&params);
    muster_put_text(&params, "id", cli->operand);
    int code = call(cli, "devices.get", &params, &device); /* devices.put would register it */
    muster_put_text(&params, "displayName", cli->second_operand);
    put_globals(cli, &params);
    if (code == EXIT_DONE) code = call(cli, "devices.put", &params, &device);
    muster_params_free(&params);
    return code == EXIT_DONE ? resource_changed(cli, &device, "is renamed") : code;
}

int device_report(struct cli *cli)
{
    struct muster_params params;
    struct json_fault fault;
    msgpack_object result;
    int code = EXIT_USAGE;
    muster_params_init(&params);
    muster_put_text(&params, "id", cli->operand);
    put_globals(cli, &params);
    if (json_read(cli->second_operand, muster_put(&params, "properties"), &fault))
        code = call(cli, "devices.report", &params, &result);
    else
        usage(cli, "what %s reports is not JSON: %s, at character %zu", cli->operand, fault.why, fault.at + 1);
    muster_params_free(&params);
    return code == EXIT_DONE ? resource_changed(cli, &result, "has reported") : code;
}

int device_remove(struct cli *cli)
{
    msgpack_object result;
    int code = call_on_operand(cli, "devices.remove", true, &result);
    return code == EXIT_DONE ? resource_changed(cli, &result, "is removed") : code;
}
