/* muster import: streams a file in pieces of 1 MiB, four of them under way, so that the engine never waits
 * for the file nor the file for the engine.
 *
 * The ways off the happy path: the file cannot be read to its end, or the engine refuses a piece. Either
 * way nothing more is sent, and the engine closes the import as cut off when this connection ends. */
#include "clients/cli/import.h"
#include "clients/cli/list.h"
#include "clients/cli/progress.h"
#include "clients/terminal/text.h"
#include "clients/cli/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_SIZE = 1 << 20, PIECES_MAX = 4 };

const struct option_row IMPORT_OPTIONS[] = {
    {"template", "ID", "the device template of all rows (none: unassigned)"},
    {"update", NULL, "give devices that exist the names and thumbprints of the file"},
    {"dry-run", NULL, "only say what would become of each row"},
    {"id", "ID", "the import's id (made up)"},
    {"errors", "PATH", "where rejected rows are saved, ready to be corrected (FILE.errors.csv)"},
    {NULL, NULL, NULL},
};

struct import {
    struct cli *cli;
    int fd;
    uint64_t file_size; /* 0: not known */
    char id[160];
    uint8_t *piece;
    size_t sizes[PIECES_MAX]; /* of the pieces under way, the oldest at `oldest` */
    size_t oldest;
    size_t under_way;
    bool at_end;
    int code;       /* EXIT_DONE while all is well */
    uint64_t taken; /* bytes the engine has answered for */
    bool update, dry_run;
    bool repeated; /* it was over before: --request-id named an import of before */
    uint64_t lines, accepted, changed, unchanged, rejected, twice;
    struct progress progress;
};

static int open_file(struct import *i)
{
    const char *file = i->cli->operand;
    struct stat status;
    i->fd = strcmp(file, "-") == 0 ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
    if (i->fd < 0 || fstat(i->fd, &status) != 0) {
        complain("%s cannot be read: %s", file, strerror(errno));
        return EXIT_REFUSED;
    }
    if (S_ISREG(status.st_mode)) i->file_size = (uint64_t)status.st_size;
    return EXIT_DONE;
}

static int open_import(struct import *i, msgpack_object *result)
{
    struct muster_params params;
    muster_params_init(&params);
    put_option(i->cli, &params, "id", "id");
    put_option(i->cli, &params, "template", "template");
    if (i->update) muster_put_bool(&params, "update", true);
    if (i->dry_run) muster_put_bool(&params, "dryRun", true);
    if (i->file_size) muster_put_uint(&params, "size", i->file_size);
    put_globals(i->cli, &params);
    int code = call(i->cli, "imports.open", &params, result);
    muster_params_free(&params);
    if (code != EXIT_DONE) return code;
    msgpack_object_str id = muster_text(result, "id");
    snprintf(i->id, sizeof i->id, "%.*s", (int)id.size, id.ptr);
    return EXIT_DONE;
}

/* Nothing more is sent. The first reason is told; what else comes only follows from it. */
static void fail(struct import *i, enum muster_status status)
{
    if (i->code != EXIT_DONE) return;
    progress_end(&i->progress);
    i->code = explain(i->cli, status);
}

/* A whole piece, or what is left: pipes give less at a time. */
static size_t read_piece(struct import *i)
{
    size_t size = 0;
    while (size < PIECE_SIZE) {
        ssize_t got = read(i->fd, i->piece + size, PIECE_SIZE - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            int reason = errno;
            progress_end(&i->progress);
            complain("%s cannot be read to its end: %s", i->cli->operand, strerror(reason));
            i->code = EXIT_REFUSED;
            return 0;
        }
        if (got == 0) break;
        size += (size_t)got;
    }
    return size;
}

static void send_piece(struct import *i)
{
    struct muster_params params;
    size_t size = read_piece(i);
    i->at_end = size < PIECE_SIZE;
    if (size == 0) return;
    muster_params_init(&params);
    muster_put_text(&params, "id", i->id);
    muster_put_bin(&params, "data", i->piece, size);
    put_option(i->cli, &params, "on-behalf-of", "onBehalfOf");
    enum muster_status status = muster_send(i->cli->client, "imports.write", &params, NULL);
    muster_params_free(&params);
    if (status == MUSTER_OK) i->sizes[(i->oldest + i->under_way++) % PIECES_MAX] = size;
    else fail(i, status);
}

static void take_counts(struct import *i, const msgpack_object *answer)
{
    i->lines = muster_uint(answer, "lines", i->lines);
    i->accepted = muster_uint(answer, "accepted", i->accepted);
    i->changed = muster_uint(answer, "changed", i->changed);
    i->unchanged = muster_uint(answer, "unchanged", i->unchanged);
    i->rejected = muster_uint(answer, "rejected", i->rejected);
    i->twice = muster_uint(answer, "twice", i->twice);
}

static void take_answer(struct import *i)
{
    struct muster_message message;
    enum muster_status status = muster_receive(i->cli->client, &message);
    if (status != MUSTER_OK) {
        i->under_way = 0;
        fail(i, status);
        return;
    }
    if (message.kind == MUSTER_NOTICE) return;
    i->taken += i->sizes[i->oldest];
    i->oldest = (i->oldest + 1) % PIECES_MAX;
    i->under_way--;
    if (message.kind == MUSTER_REFUSAL) fail(i, MUSTER_REFUSED);
    else take_counts(i, &message.value);
}

static void show_progress(struct import *i)
{
    char more[160];
    double seconds = monotonic_seconds() - i->progress.start;
    snprintf(more, sizeof more, "%llu accepted, %llu unchanged, %llu rejected  %.0f rows/s",
             (unsigned long long)i->accepted, (unsigned long long)i->unchanged, (unsigned long long)i->rejected,
             seconds > 0 ? (double)i->lines / seconds : 0);
    progress_show(&i->progress, &(struct progress_state){.done = i->taken, .total = i->file_size, .more = more});
}

static int stream(struct import *i)
{
    progress_begin(&i->progress, 0);
    for (;;) {
        bool may_send = i->code == EXIT_DONE && !i->at_end && i->under_way < PIECES_MAX;
        if (may_send) send_piece(i);
        else if (i->under_way > 0) take_answer(i);
        else break;
        if (i->code == EXIT_DONE) show_progress(i);
    }
    progress_end(&i->progress);
    return i->code;
}

static int close_import(struct import *i, msgpack_object *result)
{
    struct muster_params params;
    muster_params_init(&params);
    muster_put_text(&params, "id", i->id);
    put_option(i->cli, &params, "on-behalf-of", "onBehalfOf");
    int code = call(i->cli, "imports.close", &params, result);
    muster_params_free(&params);
    return code;
}

/* ---- What became of it. */

static int report_rejected(struct import *i)
{
    const char *named = option(i->cli, "errors");
    char path[4096];
    snprintf(path, sizeof path, "%s.errors.csv", strcmp(i->cli->operand, "-") == 0 ? "import" : i->cli->operand);
    int code = import_errors_save(i->cli, i->id, named ? named : path);
    if (code != EXIT_DONE) {
        remark("muster: 'muster import errors %s' shows them", i->id);
        return code;
    }
    remark("The rejected rows are in %s: correct them and import that file.", named ? named : path);
    return EXIT_REJECTED_ROWS;
}

static void show_summary(const struct import *i)
{
    /* Of a dry run, words for what would be. Counts that cannot be there are left out. */
    const struct {
        bool shown;
        uint64_t count;
        const char *word;
    } parts[] = {
        {true, i->accepted, i->dry_run ? "new" : "accepted"}, {i->update, i->changed, "changed"},
        {true, i->unchanged, "unchanged"},                    {!i->dry_run, i->rejected, "rejected"},
        {i->dry_run, i->rejected - i->twice, "invalid"},      {i->dry_run, i->twice, "twice"},
    };
    for (size_t part = 0; part < sizeof parts / sizeof *parts; part++) {
        if (!parts[part].shown) continue;
        if (part > 0) fputs(", ", stdout);
        write_count(stdout, parts[part].count);
        printf(" %s", parts[part].word);
    }
    if (i->repeated) {
        puts(", when it was done with this --request-id before");
        return;
    }
    fputs(" in ", stdout);
    write_duration(stdout, monotonic_seconds() - i->progress.start);
    puts(i->dry_run ? "; nothing was changed" : "");
}

/* Why a dry run would reject rows, the first of them. */
static int report_problems(const struct import *i, const msgpack_object *result)
{
    const msgpack_object *problems = muster_get(result, "problems");
    uint32_t count = problems && problems->type == MSGPACK_OBJECT_ARRAY ? problems->via.array.size : 0;
    for (uint32_t at = 0; at < count; at++) {
        const msgpack_object *problem = &problems->via.array.ptr[at];
        fprintf(stderr, "line %llu: ", (unsigned long long)muster_uint(problem, "line", 0));
        write_text(stderr, muster_text(problem, "reason"));
        fputc('\n', stderr);
    }
    unsigned long long more = i->rejected - count;
    if (more > 0) remark(count ? "and %llu more rows" : "rows that would be rejected: %llu", more);
    return EXIT_REJECTED_ROWS;
}

/* Rows were counted, and yet the file was not taken as a whole: it was empty, cut off, cancelled by somebody. */
static int report_incomplete(const struct import *i, const msgpack_object *result)
{
    msgpack_object_str reason = muster_text(result, "reason");
    if (muster_text_is(muster_text(result, "status"), "complete")) return EXIT_DONE;
    if (reason.size > 0) complain("%.*s", (int)reason.size, reason.ptr);
    else complain("the import was cancelled; rows that were accepted stay");
    if (i->repeated) remark("muster: with another --request-id the file is imported again");
    return EXIT_REFUSED;
}

static int report(struct import *i, const msgpack_object *result)
{
    take_counts(i, result);
    if (i->cli->json) resource_show(i->cli, result);
    else show_summary(i);
    int incomplete = report_incomplete(i, result), rejected = EXIT_DONE;
    if (i->rejected > 0) rejected = i->dry_run ? report_problems(i, result) : report_rejected(i);
    return incomplete != EXIT_DONE ? incomplete : rejected;
}

static int import_file(struct import *i)
{
    msgpack_object result;
    int code = open_import(i, &result);
    i->repeated = code == EXIT_DONE && !muster_text_is(muster_text(&result, "status"), "open");
    if (code == EXIT_DONE && !i->repeated) code = stream(i);
    if (code == EXIT_DONE && !i->repeated) code = close_import(i, &result);
    return code == EXIT_DONE ? report(i, &result) : code;
}

int import_run(struct cli *cli)
{
    struct import import = {
        .cli = cli, .fd = -1, .update = option(cli, "update") != NULL, .dry_run = option(cli, "dry-run") != NULL};
    int code = open_file(&import);
    import.piece = malloc(PIECE_SIZE);
    if (code == EXIT_DONE && !import.piece) {
        complain("there is no memory left for a piece of the file");
        code = EXIT_REFUSED;
    }
    if (code == EXIT_DONE) code = import_file(&import);
    free(import.piece);
    if (import.fd > STDIN_FILENO) close(import.fd);
    return code;
}
