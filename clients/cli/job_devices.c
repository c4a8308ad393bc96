/* muster job devices, failures, results: what became of a job on each of its devices. */
#include "clients/cli/list.h"
#include "clients/terminal/text.h"
#include "clients/cli/verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct option_row JOB_DEVICES_OPTIONS[] = {
    {"status", "STATUS,...", "only pending, completed or failed ones"},
    {"reason", "REASON,...", "only those that failed so: failed, rejected, timed_out, expired, device_removed"},
    {"device", "ID", "only this one"},
    {"prefix", "TEXT", "only those whose id begins so"},
    {"contains", "TEXT", "only those whose id has this in it"},
    {"sort", "ORDER", "id, 'id desc', finish or 'finish desc' (the job's order)"},
    {"columns", "NAME,...", "what to show of each, for example status,response,properties.firmware"},
    {"user", "NAME", "show the columns that this user chose with 'muster columns set'"},
    LIMIT_ROW,
    {NULL, NULL, NULL},
};

const struct option_row JOB_RESULTS_OPTIONS[] = {
    {"columns", "NAME,...", "what to write of each device besides, for example response,connector"},
    {"user", "NAME", "write the columns that this user chose with 'muster columns set'"},
    {"output", "FILE", "where to write (standard output)"},
    {NULL, NULL, NULL},
};

/* ---- Devices. */

static void put_filter(const struct cli *cli, struct muster_params *params)
{
    muster_put_text(params, "id", cli->operand);
    put_words(cli, params, "status", "status");
    put_words(cli, params, "reason", "reason");
    put_option(cli, params, "device", "deviceId");
    put_option(cli, params, "prefix", "deviceIdPrefix");
    put_option(cli, params, "contains", "deviceIdContains");
    put_option(cli, params, "sort", "sort");
    put_words(cli, params, "columns", "columns");
    put_option(cli, params, "user", "user");
}

/* A removed device has no name any more. */
static void cell_device_name(FILE *out, const msgpack_object *row, const char *path)
{
    if (muster_bool(row, "deleted", false)) fputs("(deleted)", out);
    else cell_value(out, row, path);
}

static const struct table_column USUAL[] = {
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

/* A usual column looks as usual, any other one bears its name. */
static struct table_column column_named(const char *name)
{
    if (strcmp(name, "start") == 0) return (struct table_column){"STARTED", name, cell_time, LEFT};
    for (const struct table_column *usual = USUAL; usual->heading; usual++)
        if (strcmp(usual->path, name) == 0) return *usual;
    return (struct table_column){name, name, cell_value, LEFT};
}

enum { COLUMNS_MAX = 33 }; /* as many as the engine allows, and the id */

/* Those that the user has chosen, as one text with commas: NULL when there are none or they cannot be had. */
static char *columns_of_user(struct cli *cli, int *code)
{
    char *names = NULL;
    size_t size;
    msgpack_object answer;
    struct muster_params params;
    muster_params_init(&params);
    put_option(cli, &params, "user", "user");
    muster_put_text(&params, "view", "jobs.devices");
    *code = call(cli, "columns.get", &params, &answer);
    muster_params_free(&params);
    const msgpack_object *columns = *code == EXIT_DONE ? muster_get(&answer, "columns") : NULL;
    if (!columns || columns->type != MSGPACK_OBJECT_ARRAY || columns->via.array.size == 0) return NULL;
    FILE *out = open_memstream(&names, &size);
    for (uint32_t i = 0; out && i < columns->via.array.size; i++) {
        if (i) fputc(',', out);
        write_value(out, &columns->via.array.ptr[i]);
    }
    if (out) fclose(out);
    return names;
}

/* `names` has commas between; they become the ends of the columns' names. */
static void columns_read(char *names, struct table_column columns[COLUMNS_MAX + 1])
{
    size_t count = 0;
    columns[count++] = USUAL[0];
    for (char *name = strtok(names, ","); name && count < COLUMNS_MAX; name = strtok(NULL, ","))
        if (strcmp(name, "id") != 0) columns[count++] = column_named(name);
    columns[count] = (struct table_column){.heading = NULL};
}

int job_devices(struct cli *cli)
{
    struct table_column chosen[COLUMNS_MAX + 1];
    struct list list = {
        .method = "jobs.devices", .what = "such devices in this job", .put = put_filter, .columns = USUAL};
    int code = EXIT_DONE;
    const char *given = option(cli, "columns");
    char *names = given ? strdup(given) : option(cli, "user") ? columns_of_user(cli, &code) : NULL;
    if (names) {
        columns_read(names, chosen);
        list.columns = chosen;
    }
    if (code == EXIT_DONE) code = list_show(cli, &list);
    free(names);
    return code;
}

/* ---- Failures. */

int job_failures(struct cli *cli)
{
    static const struct table_column columns[] = {
        {"DEVICES", "count", cell_value, RIGHT},
        {"REASON", "reason", cell_value, LEFT},
        {"ERROR", "error", cell_value, WIDE},
        {.heading = NULL},
    };
    msgpack_object answer;
    int code = call_on_operand(cli, "jobs.failures", false, &answer);
    if (code != EXIT_DONE || cli->json) return code == EXIT_DONE ? resource_show(cli, &answer) : code;
    uint64_t rest = muster_uint(&answer, "rest", 0);
    code = list_show_all(cli, &(struct list){.what = "failed devices in this job", .columns = columns}, &answer);
    if (rest) printf("and %llu with rarer errors\n", (unsigned long long)rest);
    return code;
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
        put_words(cli, &params, "columns", "columns");
        put_option(cli, &params, "user", "user");
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
