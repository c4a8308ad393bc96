/* muster import list, show, errors and cancel: imports of before, also those of other clients. */
#include "clients/cli/import.h"
#include "clients/cli/list.h"
#include "clients/terminal/text.h"
#include "clients/cli/verbs.h"

#include <errno.h>
#include <string.h>

const struct option_row IMPORT_LIST_OPTIONS[] = {
    LIMIT_ROW,
    {NULL, NULL, NULL},
};

const struct option_row IMPORT_ERRORS_OPTIONS[] = {
    {"output", "FILE", "where to write (standard output)"},
    {NULL, NULL, NULL},
};

int import_list(struct cli *cli)
{
    static const struct table_column columns[] = {
        {"ID", "id", cell_value, LEFT},
        {"STATUS", "status", cell_status, LEFT},
        {"DRY RUN", "dryRun", cell_value, LEFT},
        {"TEMPLATE", "template", cell_value, LEFT},
        {"ACCEPTED", "accepted", cell_value, RIGHT},
        {"CHANGED", "changed", cell_value, RIGHT},
        {"UNCHANGED", "unchanged", cell_value, RIGHT},
        {"REJECTED", "rejected", cell_value, RIGHT},
        {"OPENED", "opened", cell_time, LEFT},
        {"CLOSED", "closed", cell_time, LEFT},
        {"REASON", "reason", cell_value, WIDE},
        {.heading = NULL},
    };
    return list_show(cli, &(struct list){"imports.list", "imports", NULL, columns});
}

int import_show(struct cli *cli)
{
    msgpack_object import;
    int code = call_on_operand(cli, "imports.get", false, &import);
    return code == EXIT_DONE ? resource_show(cli, &import) : code;
}

int import_cancel(struct cli *cli)
{
    msgpack_object import;
    int code = call_on_operand(cli, "imports.cancel", true, &import);
    return code == EXIT_DONE ? resource_changed(cli, &import, "is cancelled; rows that were accepted stay") : code;
}

/* ---- The rejected rows. */

/* One part of them; *offset is where the next one begins, 0 after the last. */
static int write_part(struct cli *cli, const char *id, FILE *out, uint64_t *offset)
{
    struct muster_params params;
    msgpack_object part;
    muster_params_init(&params);
    muster_put_text(&params, "id", id);
    muster_put_uint(&params, "offset", *offset);
    int code = call(cli, "imports.errors", &params, &part);
    muster_params_free(&params);
    if (code != EXIT_DONE) return code;
    const msgpack_object *data = muster_get(&part, "data");
    if (data && data->type == MSGPACK_OBJECT_BIN) fwrite(data->via.bin.ptr, 1, data->via.bin.size, out);
    *offset = muster_uint(&part, "next", 0);
    return EXIT_DONE;
}

int import_errors_write(struct cli *cli, const char *id, FILE *out)
{
    uint64_t offset = 0;
    int code;
    do code = write_part(cli, id, out, &offset);
    while (code == EXIT_DONE && offset > 0 && !ferror(out));
    return code;
}

int import_errors_save(struct cli *cli, const char *id, const char *path)
{
    FILE *out = fopen(path, "we");
    if (!out) {
        complain("the rejected rows cannot be saved to %s: %s", path, strerror(errno));
        return EXIT_REFUSED;
    }
    int code = import_errors_write(cli, id, out);
    bool failed = ferror(out);
    failed |= fclose(out) != 0;
    if (code != EXIT_DONE || !failed) return code;
    complain("the rejected rows cannot be saved to %s: %s", path, strerror(errno));
    return EXIT_REFUSED;
}

int import_errors(struct cli *cli)
{
    const char *path = option(cli, "output");
    if (!path || strcmp(path, "-") == 0) return import_errors_write(cli, cli->operand, stdout);
    return import_errors_save(cli, cli->operand, path);
}
