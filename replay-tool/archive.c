/* muster-replay archive: moves sealed segments elsewhere, from the oldest on. Each is copied, the copy is on disk and
 * byte for byte the same, and only then does the original go. What is left still proves itself, and whoever needs one that
 * is gone names it. */
#include "replay-tool/files.h"
#include "replay-tool/parts.h"
#include "replay-tool/source.h"
#include "replay-tool/verbs.h"

#include "engine/base/timestamp.h"

#include <stdio.h>
#include <unistd.h>

const struct option_row ARCHIVE_OPTIONS[] = {
    {"before", "TIME", "segments that ended before this time, as 2026-11-23T02:10:00Z"},
    {"to", "DIR", "where they go: made if it is not there"},
    {NULL, NULL, NULL},
};

static const struct table_column COLUMNS[] = {
    {"SEGMENT", "first", cell_value, RIGHT}, {"LAST", "last", cell_value, RIGHT}, {"BYTES", "bytes", cell_value, RIGHT},
    {"UNTIL", "until", cell_time, LEFT},     {"FILE", "file", cell_value, LEFT},  {NULL, NULL, NULL, LEFT},
};

/* ---- One segment. */

static enum exit_code check_same(const char *from, const char *to)
{
    uint8_t original[FILES_HASH_SIZE], copy[FILES_HASH_SIZE];
    enum exit_code code = files_hash(from, original);
    if (code == EXIT_WELL) code = files_hash(to, copy);
    if (code != EXIT_WELL || memcmp(original, copy, sizeof copy) == 0) return code;
    return fail(EXIT_DAMAGED, "%s is there and is not %s; name another directory", to, from);
}

/* A copy that is there already is of a run that was interrupted, or is not ours to write over. */
static enum exit_code move(const struct parts *parts, const struct part *part, const char *to)
{
    char name[SEGMENT_NAME_SIZE], copy[PATH_MAX], unfinished[PATH_MAX];
    segment_name(part->first, name);
    enum exit_code code = files_path(copy, to, name);
    segment_name_new(part->first, name);
    if (code == EXIT_WELL) code = files_path(unfinished, to, name);
    if (code == EXIT_WELL && !files_is_there(copy)) {
        code = files_copy(part->path, unfinished);
        if (code == EXIT_WELL) code = files_rename(unfinished, copy);
    }
    if (code == EXIT_WELL) code = check_same(part->path, copy);
    if (code == EXIT_WELL && unlink(part->path) != 0) code = files_fault("remove", part->path);
    return code == EXIT_WELL ? files_sync_directory(parts->directory.path) : code;
}

/* ---- The verb. */

/* Sealed, whole, and ended by then. */
static bool goes(const struct parts *parts, size_t index, int64_t before_us)
{
    const struct part *part = &parts->list[index];
    return index + 1 < parts->count && part->code == EXIT_WELL && part->last.time_us < before_us;
}

static void show(struct replay *r, const struct part *part, const char *to)
{
    char name[SEGMENT_NAME_SIZE], path[PATH_MAX];
    segment_name(part->first, name);
    snprintf(path, sizeof path, "%s/%s", to, name);
    struct open_map *m = out_record(&r->out, "segment");
    put_uint(m, "first", part->first);
    put_uint(m, "last", part->last.last);
    put_uint(m, "bytes", part->file_bytes);
    put_time(m, "until", part->last.time_us);
    put_hex(m, "root", (struct bytes){part->last.root, MERKLE_HASH_SIZE});
    put_word(m, "file", path);
    out_end(&r->out);
}

static void show_header(struct replay *r)
{
    struct open_map *m = header_open(r);
    put_word(m, "source", source_word(r));
    out_end(&r->out);
    r->out.columns = COLUMNS;
}

static enum exit_code archive(struct replay *r, const struct parts *parts, int64_t before_us, const char *to)
{
    uint64_t bytes = 0;
    size_t moved = 0;
    enum exit_code code = files_make_directory(to);
    if (code == EXIT_WELL) show_header(r);
    for (; code == EXIT_WELL && goes(parts, moved, before_us); moved++) {
        code = move(parts, &parts->list[moved], to);
        if (code != EXIT_WELL) return code;
        show(r, &parts->list[moved], to);
        bytes += parts->list[moved].file_bytes;
    }
    if (code != EXIT_WELL) return code;
    struct open_map *m = out_record(&r->out, "summary");
    put_word(m, "to", to);
    put_uint(m, "moved", moved);
    put_uint(m, "bytes", bytes);
    put_uint(m, "left", parts->count - moved);
    out_end(&r->out);
    return moved ? EXIT_WELL : fail(EXIT_NOTHING, "no sealed segment ended before that");
}

enum exit_code verb_archive(struct replay *r)
{
    struct parts parts;
    int64_t before_us;
    const char *before = option(r, "before"), *to = option(r, "to");
    if (!before || !to) return usage(r, "%s is missing", before ? "--to" : "--before");
    if (!timestamp_read(bytes_of_text(before), &before_us))
        return usage(r, "--before %s: expected a time as 2026-11-23T02:10:00Z", before);
    if (source_place(r) != SOURCE_DIRECTORY) return usage(r, "--data must name a data directory, or a copy of its log");
    enum exit_code code = parts_open(&parts, r);
    if (code != EXIT_WELL) return code;
    code = archive(r, &parts, before_us, to);
    parts_close(&parts);
    return code;
}
