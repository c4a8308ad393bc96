/* muster operations: what goes on over a while, of all kinds. */
#include "clients/cli/list.h"
#include "clients/cli/verbs.h"
#include "clients/terminal/text.h"

const struct option_row OPERATION_LIST_OPTIONS[] = {
    LIMIT_ROW,
    {NULL, NULL, NULL},
};

static void cell_type(FILE *out, const msgpack_object *row, const char *path)
{
    cell_value(out, row, path);
    if (muster_get(row, "dryRun")) fputs(", dry run", out);
}

/* Moves have numbers. */
static void cell_id(FILE *out, const msgpack_object *row, const char *path)
{
    cell_value(out, row, muster_get(row, path) ? path : "move");
}

/* How far one that is not over is: the part that is done where that is known, else the lines of a file. */
static void cell_progress(FILE *out, const msgpack_object *row, const char *path)
{
    uint64_t bytes = muster_uint(row, "bytes", 0), size = muster_uint(row, "size", 0);
    bool is_open = muster_text_is(muster_text(row, path), "open");
    uint64_t percent = size > 0 ? bytes * 100 / (bytes > size ? bytes : size) : muster_uint(row, "percent", 0);
    if (is_open && size == 0) {
        write_count(out, muster_uint(row, "lines", 0));
        fputs(" lines", out);
    } else if (is_open || muster_text_is(muster_text(row, path), "running")) {
        fprintf(out, "%llu %%", (unsigned long long)percent);
    }
}

int operations_list(struct cli *cli)
{
    static const struct table_column columns[] = {
        {"TYPE", "type", cell_type, LEFT},
        {"ID", "id", cell_id, LEFT},
        {"STATUS", "status", cell_status, LEFT},
        {"PROGRESS", "status", cell_progress, RIGHT},
        {"ACCEPTED", "accepted", cell_value, RIGHT},
        {"CHANGED", "changed", cell_value, RIGHT},
        {"UNCHANGED", "unchanged", cell_value, RIGHT},
        {"REJECTED", "rejected", cell_value, RIGHT},
        {"EXPORTED", "rows", cell_value, RIGHT},
        {"MOVED", "moved", cell_value, RIGHT},
        {"OPENED", "opened", cell_time, LEFT},
        {"CLOSED", "closed", cell_time, LEFT},
        {"BY", "by", cell_value, WIDE},
        {.heading = NULL},
    };
    return list_show(cli, &(struct list){"operations.list", "operations", NULL, columns});
}
