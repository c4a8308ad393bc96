/* muster-replay backup: a copy of the log that is a log itself, made while the engine runs or from its directory. Asked
 * again it takes only what has come since; interrupted it goes on where it was. What it holds is told by manifest.json,
 * for people and other tools. */
#include "replay-tool/copy.h"
#include "replay-tool/files.h"
#include "replay-tool/parts.h"
#include "replay-tool/verbs.h"

#include "clients/terminal/json.h"

#include <muster.h>
#include <stdio.h>
#include <stdlib.h>

#define MANIFEST_NAME "manifest.json"

enum { MANIFEST_SIZE_MAX = 16 << 20, HEX_SIZE = 2 * FILES_HASH_SIZE };

const struct option_row BACKUP_OPTIONS[] = {
    {"to", "DIR", "the backup's directory: made if it is not there; goes on with what is there"},
    {NULL, NULL, NULL},
};

static const struct table_column COLUMNS[] = {
    {"SEGMENT", "first", cell_value, RIGHT}, {"LAST", "last", cell_value, RIGHT},  {"BYTES", "bytes", cell_value, RIGHT},
    {"UNTIL", "until", cell_time, LEFT},     {"STATE", "state", cell_value, LEFT}, {"SHA-256", "sha256", cell_value, LEFT},
    {NULL, NULL, NULL, LEFT},
};

/* ---- What the last backup's manifest says: a sealed segment is not read again for its hash. */

struct manifest {
    char *text;
    msgpack_sbuffer packed;
    msgpack_unpacked unpacked;
    const msgpack_object_array *segments; /* NULL: there is none */
};

static void manifest_open(struct manifest *m, const char *path)
{
    struct json_fault fault;
    msgpack_packer packer;
    size_t offset = 0;
    *m = (struct manifest){.text = calloc(1, MANIFEST_SIZE_MAX + 1)};
    ASSERT(m->text);
    msgpack_sbuffer_init(&m->packed);
    msgpack_unpacked_init(&m->unpacked);
    msgpack_packer_init(&packer, &m->packed, msgpack_sbuffer_write);
    if (files_read(path, m->text, MANIFEST_SIZE_MAX) == 0 || !json_read(m->text, &packer, &fault)) return;
    if (msgpack_unpack_next(&m->unpacked, m->packed.data, m->packed.size, &offset) != MSGPACK_UNPACK_SUCCESS) return;
    const msgpack_object *segments = muster_get(&m->unpacked.data, "segments");
    if (segments && segments->type == MSGPACK_OBJECT_ARRAY) m->segments = &segments->via.array;
}

static void manifest_close(struct manifest *m)
{
    msgpack_unpacked_destroy(&m->unpacked);
    msgpack_sbuffer_destroy(&m->packed);
    free(m->text);
}

/* The hash that is known of a sealed segment, whose file has not changed its size since. */
static bool manifest_hash(const struct manifest *m, const struct part *part, char hex[HEX_SIZE + 1])
{
    for (uint32_t i = 0; m->segments && i < m->segments->size; i++) {
        const msgpack_object *row = &m->segments->ptr[i];
        msgpack_object_str hash = muster_text(row, "sha256"), state = muster_text(row, "state");
        bool same = muster_uint(row, "first", 0) == part->first && muster_uint(row, "bytes", 0) == part->file_bytes &&
                    hash.size == HEX_SIZE && state.size == strlen("sealed");
        if (!same) continue;
        memcpy(hex, hash.ptr, HEX_SIZE);
        hex[HEX_SIZE] = '\0';
        return true;
    }
    return false;
}

/* ---- Writing it. */

static enum exit_code hash_of(const struct manifest *before, const struct part *part, char hex[HEX_SIZE + 1])
{
    uint8_t hash[FILES_HASH_SIZE];
    if (manifest_hash(before, part, hex)) return EXIT_WELL;
    enum exit_code code = files_hash(part->path, hash);
    for (size_t i = 0; code == EXIT_WELL && i < sizeof hash; i++) snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    return code;
}

static void put_part(struct open_map *m, const struct part *part, bool is_newest, const char *hex)
{
    const char *slash = strrchr(part->path, '/');
    put_word(m, "file", slash ? slash + 1 : part->path);
    put_uint(m, "first", part->first);
    put_uint(m, "last", part->last.last);
    put_uint(m, "bytes", part->file_bytes);
    put_time(m, "until", part->last.time_us);
    put_word(m, "state", is_newest ? "newest" : "sealed");
    put_hex(m, "root", (struct bytes){part->last.root, MERKLE_HASH_SIZE});
    put_word(m, "sha256", hex);
}

static enum exit_code put_parts(struct replay *r, const struct parts *parts, const struct manifest *before,
                                struct open_list *list)
{
    enum exit_code code = EXIT_WELL;
    for (size_t i = 0; code == EXIT_WELL && i < parts->count; i++) {
        const struct part *part = &parts->list[i];
        char hex[HEX_SIZE + 1];
        if (part->code != EXIT_WELL) return fail(part->code, "%s", part->why.text);
        code = hash_of(before, part, hex);
        if (code != EXIT_WELL) return code;
        bool is_newest = i + 1 == parts->count;
        struct open_map row = put_map(list->out);
        put_part(&row, part, is_newest, hex);
        put_end(&row);
        list->count++;
        put_part(out_record(&r->out, "segment"), part, is_newest, hex);
        out_end(&r->out);
    }
    return code;
}

/* MessagePack, as the text of a file. */
static enum exit_code write_json(const char *path, struct bytes map)
{
    msgpack_unpacked unpacked;
    size_t offset = 0, size;
    char *text;
    msgpack_unpacked_init(&unpacked);
    ASSERT(msgpack_unpack_next(&unpacked, (const char *)map.data, map.size, &offset) == MSGPACK_UNPACK_SUCCESS);
    FILE *out = open_memstream(&text, &size);
    ASSERT(out);
    json_write(out, &unpacked.data);
    fputc('\n', out);
    ASSERT(fclose(out) == 0);
    enum exit_code code = files_write(path, (struct bytes){(const uint8_t *)text, size});
    free(text);
    msgpack_unpacked_destroy(&unpacked);
    return code;
}

static enum exit_code write_manifest(struct replay *r, const char *directory, const struct source *source,
                                     const struct parts *parts)
{
    char path[PATH_MAX];
    struct manifest before;
    struct arena arena = {0};
    struct buffer out = {.arena = &arena};
    enum exit_code code = files_path(path, directory, MANIFEST_NAME);
    if (code != EXIT_WELL) return code;
    manifest_open(&before, path);
    struct open_map m = put_map(&out);
    put_word(&m, "made", "muster-replay " MUSTER_VERSION);
    put_hex(&m, "logId", (struct bytes){source->log_id, LOG_ID_SIZE});
    put_uint(&m, "head", source->head);
    put_hex(&m, "root", (struct bytes){source->root, MERKLE_HASH_SIZE});
    put_key(&m, "segments");
    struct open_list list = put_list(&out);
    code = put_parts(r, parts, &before, &list);
    put_list_end(&list);
    put_end(&m);
    if (code == EXIT_WELL) code = write_json(path, buffer_bytes(&out));
    manifest_close(&before);
    arena_free(&arena);
    return code;
}

/* ---- The verb. */

/* Puts the log of an earlier backup there, or nothing. */
static enum exit_code check_target(const struct replay *r, const char *to)
{
    char path[PATH_MAX];
    if (files_is_empty(to, NULL)) return EXIT_WELL;
    enum exit_code code = files_path(path, to, "lock");
    if (code != EXIT_WELL || files_is_there(path)) return code;
    return usage(r, "--to %s: it is no backup, and not empty; an empty directory, or one that is made, would be right", to);
}

static enum exit_code copy_all(struct source *source, const char *to, uint64_t *copied)
{
    static struct copy copy;
    enum exit_code code = copy_open(&copy, to, source->log_id);
    if (code != EXIT_WELL) return code;
    uint64_t before = copy.at.last;
    code = copy_from(&copy, source, source->head);
    *copied = copy.at.last - before;
    enum exit_code closed = copy_close(&copy, code == EXIT_WELL);
    return code == EXIT_WELL ? closed : code;
}

static enum exit_code finish(struct replay *r, const struct source *source, const char *to, uint64_t copied)
{
    struct parts parts;
    enum exit_code code = parts_open_at(&parts, to);
    if (code != EXIT_WELL) return code;
    source_header(source);
    r->out.columns = COLUMNS;
    code = write_manifest(r, to, source, &parts);
    size_t segments = parts.count;
    parts_close(&parts);
    if (code != EXIT_WELL) return code;
    struct open_map *m = out_record(&r->out, "summary");
    put_word(m, "to", to);
    put_uint(m, "copied", copied);
    put_uint(m, "segments", segments);
    put_hex(m, "logId", (struct bytes){source->log_id, LOG_ID_SIZE});
    put_uint(m, "head", source->head);
    put_hex(m, "root", (struct bytes){source->root, MERKLE_HASH_SIZE});
    out_end(&r->out);
    return EXIT_WELL;
}

enum exit_code verb_backup(struct replay *r)
{
    struct source source;
    const char *to = option(r, "to");
    uint64_t copied = 0;
    if (!to) return usage(r, "--to is missing");
    enum exit_code code = check_target(r, to);
    if (code == EXIT_WELL) code = source_open(&source, r);
    if (code != EXIT_WELL) return code;
    if (source.head == 0) code = fail(EXIT_NOTHING, "there is no event yet");
    if (code == EXIT_WELL) code = copy_all(&source, to, &copied);
    if (code == EXIT_WELL) code = finish(r, &source, to, copied);
    source_close(&source);
    return code;
}
