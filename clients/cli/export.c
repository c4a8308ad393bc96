/* muster export: has the engine write the file, shows how far it is, fetches it. What is saved is whole or not there: it
 * is written under another name beside FILE, and gets its own at the end. */
#include "clients/cli/ids.h"
#include "clients/cli/list.h"
#include "clients/cli/progress.h"
#include "clients/cli/verbs.h"
#include "clients/terminal/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { POLL_NANOSECONDS = 200 * 1000 * 1000 };

#define OUTPUT_ROWS                                                                                                    \
    {"output", "FILE", "where the file goes, for your eyes only (standard output)"},                                   \
    {"force", NULL, "write over FILE when it is there"}

const struct option_row EXPORT_OPTIONS[] = {
    {"group", "ID", "only the devices of this group"},
    {"template", "ID", "only the devices of this template"},
    IDS_FILE_ROW,
    {"id", "ID", "the export's id (made up)"},
    OUTPUT_ROWS,
    {NULL, NULL, NULL},
};

const struct option_row EXPORT_FETCH_OPTIONS[] = {
    OUTPUT_ROWS,
    {NULL, NULL, NULL},
};

struct export {
    struct cli *cli;
    char id[160];
    uint64_t rows;
    const char *path; /* NULL: standard output */
    char part[4096];  /* its name while it is written */
    FILE *out;
    struct progress progress;
};

/* ---- What is asked for. */

static int open_export(struct export *e)
{
    struct muster_params params;
    msgpack_object result;
    muster_params_init(&params);
    put_option(e->cli, &params, "id", "id");
    put_option(e->cli, &params, "group", "group");
    put_option(e->cli, &params, "template", "template");
    int code = put_ids_file(e->cli, &params);
    put_globals(e->cli, &params);
    if (code == EXIT_DONE) code = call(e->cli, "exports.open", &params, &result);
    muster_params_free(&params);
    if (code != EXIT_DONE) return code;
    msgpack_object_str id = muster_text(&result, "id");
    snprintf(e->id, sizeof e->id, "%.*s", (int)id.size, id.ptr);
    return EXIT_DONE;
}

/* ---- Waiting. */

static int look(struct export *e, msgpack_object *result)
{
    struct muster_params params;
    muster_params_init(&params);
    muster_put_text(&params, "id", e->id);
    int code = call(e->cli, "exports.get", &params, result);
    muster_params_free(&params);
    return code;
}

static void show_progress(struct export *e, const msgpack_object *export)
{
    char more[80];
    snprintf(more, sizeof more, "%llu devices", (unsigned long long)e->rows);
    progress_show(&e->progress,
                  &(struct progress_state){.done = muster_uint(export, "percent", 0), .total = 100, .more = more});
}

static int wait_until_whole(struct export *e)
{
    const struct timespec pause = {.tv_nsec = POLL_NANOSECONDS};
    msgpack_object export;
    int code;
    progress_begin(&e->progress, 0);
    for (;;) {
        code = look(e, &export);
        if (code != EXIT_DONE) break;
        e->rows = muster_uint(&export, "rows", 0);
        if (!muster_text_is(muster_text(&export, "status"), "running")) break;
        show_progress(e, &export);
        nanosleep(&pause, NULL);
    }
    progress_end(&e->progress);
    if (code != EXIT_DONE || muster_text_is(muster_text(&export, "status"), "complete")) return code;
    msgpack_object_str reason = muster_text(&export, "reason");
    complain("the export failed: %.*s", (int)reason.size, reason.ptr);
    return EXIT_REFUSED;
}

/* ---- Fetching. */

static int fetch(struct export *e)
{
    uint64_t offset = 0;
    do {
        struct muster_params params;
        msgpack_object piece;
        muster_params_init(&params);
        muster_put_text(&params, "id", e->id);
        muster_put_uint(&params, "offset", offset);
        int code = call(e->cli, "exports.read", &params, &piece);
        muster_params_free(&params);
        if (code != EXIT_DONE) return code;
        const msgpack_object *data = muster_get(&piece, "data");
        if (data && data->type == MSGPACK_OBJECT_BIN) fwrite(data->via.bin.ptr, 1, data->via.bin.size, e->out);
        offset = muster_uint(&piece, "next", 0);
    } while (offset && !ferror(e->out));
    return EXIT_DONE;
}

static int cannot_write(const struct export *e, int reason)
{
    complain("%s cannot be written: %s", e->path ? e->path : "standard output", strerror(reason));
    return EXIT_REFUSED;
}

static int there_already(const struct export *e)
{
    complain("%s is there already; --force writes over it", e->path);
    return EXIT_REFUSED;
}

/* Before anything is asked for: an export leaves a trace in the log. */
static int open_output(struct export *e)
{
    struct stat status;
    e->path = option(e->cli, "output");
    e->out = stdout;
    if (!e->path || strcmp(e->path, "-") == 0) {
        e->path = NULL;
        return EXIT_DONE;
    }
    if (!option(e->cli, "force") && lstat(e->path, &status) == 0) return there_already(e);
    snprintf(e->part, sizeof e->part, "%s.%ld.part", e->path, (long)getpid());
    int fd = open(e->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    e->out = fd < 0 ? NULL : fdopen(fd, "w");
    return e->out ? EXIT_DONE : cannot_write(e, errno);
}

/* Gives the file its name, or removes it. */
static int close_output(struct export *e, int code)
{
    bool failed = fflush(e->out) != 0 || ferror(e->out);
    int reason = errno;
    if (!e->path) return code == EXIT_DONE && failed ? cannot_write(e, reason) : code;
    failed |= fclose(e->out) != 0;
    bool named = false;
    if (code == EXIT_DONE && !failed) {
        unsigned flags = option(e->cli, "force") ? 0 : RENAME_NOREPLACE;
        named = renameat2(AT_FDCWD, e->part, AT_FDCWD, e->path, flags) == 0;
        reason = errno;
    }
    if (!named) unlink(e->part);
    if (named || code != EXIT_DONE) return code;
    return reason == EEXIST ? there_already(e) : cannot_write(e, reason);
}

static int run(struct cli *cli, int (*begin)(struct export *e))
{
    struct export export = {.cli = cli};
    int code = open_output(&export);
    if (code != EXIT_DONE) return code;
    code = begin(&export);
    if (code == EXIT_DONE) code = wait_until_whole(&export);
    if (code == EXIT_DONE) code = fetch(&export);
    code = close_output(&export, code);
    if (code != EXIT_DONE || !export.path) return code;
    write_count(stdout, export.rows);
    printf(" devices with their keys are in %s; only you may read it.\n", export.path);
    return EXIT_DONE;
}

int export_run(struct cli *cli)
{
    return run(cli, open_export);
}

/* ---- Exports of before, also those of other clients. */

static int take_operand(struct export *e)
{
    snprintf(e->id, sizeof e->id, "%s", e->cli->operand);
    return EXIT_DONE;
}

int export_fetch(struct cli *cli)
{
    return run(cli, take_operand);
}

int export_show(struct cli *cli)
{
    msgpack_object export;
    int code = call_on_operand(cli, "exports.get", false, &export);
    return code == EXIT_DONE ? resource_show(cli, &export) : code;
}
