/* muster-replay info: what is there, from the files' own words; nothing is proved here. */
#include "replay-tool/evidence.h"
#include "replay-tool/parts.h"
#include "replay-tool/source.h"
#include "replay-tool/verbs.h"

static const struct table_column COLUMNS[] = {
    {"SEGMENT", "first", cell_value, RIGHT}, {"LAST", "last", cell_value, RIGHT},
    {"EVENTS", "events", cell_value, RIGHT}, {"BYTES", "bytes", cell_value, RIGHT},
    {"UNTIL", "until", cell_time, LEFT},     {"STATE", "state", cell_value, LEFT},
    {"WHY", "why", cell_value, WIDE},        {NULL, NULL, NULL, LEFT},
};

static void put_state(struct open_map *m, const char *state, const char *why)
{
    put_word(m, "state", state);
    if (why) put_word(m, "why", why);
}

static void show_gap(struct replay *r, uint64_t first, uint64_t last)
{
    if (first > last) return;
    struct open_map *m = out_record(&r->out, "gap");
    put_uint(m, "first", first);
    put_uint(m, "last", last);
    put_uint(m, "events", last + 1 - first);
    put_state(m, "missing", "archived or lost; a segment that held them would fill it");
    out_end(&r->out);
}

static void show_part(struct replay *r, const struct part *part, bool is_newest)
{
    struct open_map *m = out_record(&r->out, "segment");
    put_uint(m, "first", part->first);
    if (part->code == EXIT_WELL) {
        put_uint(m, "last", part->last.last);
        put_uint(m, "events", part->last.last + 1 - part->first);
    }
    put_uint(m, "bytes", part->file_bytes);
    if (part->code == EXIT_WELL && part->last.last >= part->first) put_time(m, "until", part->last.time_us);
    if (part->code == EXIT_WELL) put_uint(m, "format", LOG_FORMAT);
    if (part->code == EXIT_WELL) put_hex(m, "root", (struct bytes){part->last.root, MERKLE_HASH_SIZE});
    bool newer = part->code == EXIT_NEWER_FORMAT;
    if (part->code == EXIT_WELL) put_state(m, is_newest ? "newest" : "sealed", NULL);
    else put_state(m, newer ? "newer" : "damaged", part->why.text);
    out_end(&r->out);
}

static uint64_t bytes_of_all(const struct parts *parts)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < parts->count; i++) sum += parts->list[i].file_bytes;
    return sum;
}

/* The worst that the parts say, and what is missing. */
static enum exit_code worst(const struct parts *parts)
{
    enum exit_code code = EXIT_WELL;
    uint64_t first, last;
    for (size_t i = 0; i <= parts->count; i++) {
        parts_gap(parts, i, &first, &last);
        if (first <= last) code = exit_worse(code, EXIT_INCOMPLETE);
        if (i < parts->count) code = exit_worse(code, parts->list[i].code);
    }
    return code;
}

static void show_header(struct replay *r)
{
    struct open_map *m = header_open(r);
    put_word(m, "source", source_word(r));
    out_end(&r->out);
}

static void show_summary(struct replay *r, const struct parts *parts)
{
    const struct part *newest = &parts->list[parts->count - 1];
    struct open_map *m = out_record(&r->out, "summary");
    put_uint(m, "segments", parts->count);
    put_uint(m, "bytes", bytes_of_all(parts));
    if (newest->code == EXIT_WELL) {
        put_hex(m, "logId", (struct bytes){newest->birth.log_id, LOG_ID_SIZE});
        put_uint(m, "head", newest->last.last);
        put_hex(m, "root", (struct bytes){newest->last.root, MERKLE_HASH_SIZE});
        if (newest->last.last) put_time(m, "time", newest->last.time_us);
    }
    if (source_place(r) == SOURCE_DIRECTORY) put_flag(m, "clean", parts_were_closed_cleanly(parts));
    if (source_place(r) == SOURCE_DIRECTORY && newest->code == EXIT_WELL) {
        struct own_evidence own;
        own_evidence_files(r, newest->birth.log_id, &own);
        put_own_evidence(m, &own);
    }
    out_end(&r->out);
}

static enum exit_code info_of_files(struct replay *r)
{
    struct parts parts;
    enum exit_code code = parts_open(&parts, r);
    if (code != EXIT_WELL) return code;
    show_header(r);
    r->out.columns = COLUMNS;
    for (size_t i = 0; i <= parts.count; i++) {
        uint64_t first, last;
        parts_gap(&parts, i, &first, &last);
        if (source_place(r) == SOURCE_DIRECTORY) show_gap(r, first, last);
        if (i < parts.count) show_part(r, &parts.list[i], i + 1 == parts.count);
    }
    show_summary(r, &parts);
    code = source_place(r) == SOURCE_DIRECTORY ? worst(&parts) : parts.list->code;
    parts_close(&parts);
    return code;
}

/* The engine tells of its log, not of its files. */
static enum exit_code info_of_engine(struct replay *r)
{
    struct source source;
    struct own_evidence own;
    enum exit_code code = source_open(&source, r);
    if (code != EXIT_WELL) return code;
    code = own_evidence(&source, false, &own);
    if (code != EXIT_WELL) {
        source_close(&source);
        return code;
    }
    source_header(&source);
    struct open_map *m = out_record(&r->out, "summary");
    put_hex(m, "logId", (struct bytes){source.log_id, LOG_ID_SIZE});
    put_uint(m, "head", source.head);
    put_hex(m, "root", (struct bytes){source.root, MERKLE_HASH_SIZE});
    put_own_evidence(m, &own);
    out_end(&r->out);
    source_close(&source);
    return EXIT_WELL;
}

enum exit_code verb_info(struct replay *r)
{
    return source_place(r) == SOURCE_ENGINE ? info_of_engine(r) : info_of_files(r);
}
