/* The source that is a running engine: stored bytes and commit records page by page, with log.read. */
#include "replay-tool/source.h"

#include "engine/decide/limits.h"
#include "engine/log/record.h"

#include <muster.h>
#include <stdlib.h>

struct from_engine {
    struct muster_client *client;
    /* The page, which lives until the next call. */
    uint64_t first;
    uint32_t count;
    const msgpack_object *events;
    const msgpack_object_array *commits;
    uint32_t commit_at; /* the one that was asked for last */
};

static enum exit_code exit_of_refusal(const char *code)
{
    static const struct {
        const char *code;
        enum exit_code exit;
    } EXITS[] = {{"archived", EXIT_INCOMPLETE}, {"cannot_sign", EXIT_SIGNATURE}, {"no_space", EXIT_NO_SPACE}};
    for (size_t i = 0; i < COUNT_OF(EXITS); i++)
        if (strcmp(code, EXITS[i].code) == 0) return EXITS[i].exit;
    return EXIT_IO;
}

static enum exit_code explain(const struct from_engine *e, enum muster_status status)
{
    switch (status) {
    case MUSTER_OK: return EXIT_WELL;
    case MUSTER_NO_ENGINE: return fail(EXIT_NOTHING, "%s", muster_why(e->client));
    case MUSTER_REFUSED: return fail(exit_of_refusal(muster_code(e->client)), "%s", muster_why(e->client));
    case MUSTER_GONE:
    case MUSTER_BAD_ANSWER:
    case MUSTER_TOO_LARGE:
    case MUSTER_BUSY:
    case MUSTER_NOTHING:
    case MUSTER_NO_MEMORY: break;
    }
    return fail(EXIT_IO, "%s", e->client ? muster_why(e->client) : "no memory is left");
}

/* False unless the text is exactly so many bytes in hexadecimal. */
static bool take_hex(msgpack_object_str text, uint8_t *out, size_t size)
{
    if (text.size != 2 * size) return false;
    for (size_t i = 0; i < size; i++) {
        char digits[3] = {text.ptr[2 * i], text.ptr[2 * i + 1], '\0'};
        char *end;
        out[i] = (uint8_t)strtoul(digits, &end, 16);
        if (*end) return false;
    }
    return true;
}

static enum exit_code strange(const char *method)
{
    return fail(EXIT_IO, "what the engine answered to %s is not what its protocol says; is it a musterd?", method);
}

static enum exit_code renew_engine(struct source *s)
{
    struct from_engine *e = s->state;
    msgpack_object info;
    e->count = 0;
    enum exit_code code = explain(e, muster_call(e->client, "info", NULL, &info));
    if (code != EXIT_WELL) return code;
    s->head = muster_uint(&info, "head", 0);
    bool good = take_hex(muster_text(&info, "logId"), s->log_id, sizeof s->log_id) &&
                take_hex(muster_text(&info, "root"), s->root, sizeof s->root);
    return good ? EXIT_WELL : strange("info");
}

static enum muster_status ask_page(struct from_engine *e, uint64_t from, uint64_t limit, msgpack_object *page)
{
    struct muster_params params;
    e->count = 0;
    muster_params_init(&params);
    muster_put_uint(&params, "from", from);
    muster_put_uint(&params, "limit", limit);
    enum muster_status status = muster_call(e->client, "log.read", &params, page);
    muster_params_free(&params);
    return status;
}

static bool is_there(struct source *s, uint64_t seq)
{
    msgpack_object page;
    return ask_page(s->state, seq, 1, &page) == MUSTER_OK;
}

static enum exit_code open_engine(struct source *s)
{
    struct from_engine *e = s->state = calloc(1, sizeof *e);
    ASSERT(e);
    enum exit_code code = explain(e, muster_connect(s->path, &e->client));
    if (code == EXIT_WELL) code = renew_engine(s);
    if (code == EXIT_WELL) s->first = source_first_there(s, is_there);
    return code;
}

static void close_engine(struct source *s)
{
    struct from_engine *e = s->state;
    muster_close(e->client);
    free(e);
}

static const msgpack_object_array *array_in(const msgpack_object *page, const char *key)
{
    const msgpack_object *value = muster_get(page, key);
    return value && value->type == MSGPACK_OBJECT_ARRAY ? &value->via.array : NULL;
}

static bool all_bin(const msgpack_object_array *array)
{
    for (uint32_t i = 0; i < array->size; i++)
        if (array->ptr[i].type != MSGPACK_OBJECT_BIN) return false;
    return true;
}

static enum exit_code fetch(struct from_engine *e, uint64_t from)
{
    msgpack_object page;
    enum exit_code code = explain(e, ask_page(e, from, PAGE_ROWS_MAX, &page));
    if (code != EXIT_WELL) return code;
    const msgpack_object_array *events = array_in(&page, "events");
    e->commits = array_in(&page, "commits");
    bool good = events && e->commits && events->size > 0 && all_bin(events) && all_bin(e->commits) &&
                muster_uint(&page, "first", 0) == from;
    if (!good) return strange("log.read");
    e->first = from;
    e->commit_at = 0;
    e->events = events->ptr;
    e->count = events->size;
    return EXIT_WELL;
}

/* Has the number in the page. Whoever reads downwards gets a page that ends there. */
static enum exit_code hold(struct source *s, uint64_t seq)
{
    struct from_engine *e = s->state;
    if (e->count > 0 && seq >= e->first && seq < e->first + e->count) return EXIT_WELL;
    bool downwards = e->count > 0 && seq + 1 == e->first;
    uint64_t back = downwards ? MIN(seq - s->first, (uint64_t)PAGE_ROWS_MAX - 1) : 0;
    enum exit_code code = fetch(e, seq - back);
    if (code == EXIT_WELL && seq >= e->first + e->count) code = fetch(e, seq); /* large events make a page short */
    return code;
}

static enum exit_code read_engine(struct source *s, uint64_t seq, struct bytes *value)
{
    const struct from_engine *e = s->state;
    enum exit_code code = hold(s, seq);
    if (code != EXIT_WELL) return code;
    const msgpack_object_bin *bin = &e->events[seq - e->first].via.bin;
    *value = (struct bytes){bin->ptr, bin->size};
    return EXIT_WELL;
}

static enum exit_code commit_of_engine(struct source *s, uint64_t seq, struct log_commit *commit)
{
    struct from_engine *e = s->state;
    enum exit_code code = hold(s, seq);
    if (code != EXIT_WELL) return code;
    for (uint32_t i = 0; i < e->commits->size; i++, e->commit_at++) { /* all, from the last one on */
        if (e->commit_at >= e->commits->size) e->commit_at = 0;
        const msgpack_object_bin *bin = &e->commits->ptr[e->commit_at].via.bin;
        if (!record_decode((struct bytes){bin->ptr, bin->size}, commit)) return strange("log.read");
        if (seq >= commit->first && seq <= commit->last) return EXIT_WELL;
    }
    return strange("log.read");
}

/* "" when the answer does not have it. */
static bool take_text(const msgpack_object *answer, const char *key, char *text, size_t room)
{
    msgpack_object_str value = muster_text(answer, key);
    if (value.size >= room) return false;
    memcpy(text, value.size ? value.ptr : "", value.size);
    text[value.size] = '\0';
    return true;
}

enum exit_code source_engine_checkpoint(struct source *s, bool fresh, char *key, size_t key_room, char *note,
                                        size_t note_room)
{
    struct from_engine *e = s->state;
    struct muster_params params;
    msgpack_object answer;
    e->count = 0;
    muster_params_init(&params);
    muster_put_bool(&params, "last", !fresh);
    enum exit_code code = explain(e, muster_call(e->client, "checkpoint", &params, &answer));
    muster_params_free(&params);
    if (code != EXIT_WELL) return code;
    if (!take_text(&answer, "key", key, key_room) || !take_text(&answer, "text", note, note_room)) return strange("checkpoint");
    return fresh ? renew_engine(s) : EXIT_WELL; /* it may cover events that came meanwhile */
}

const struct source_kind SOURCE_OF_ENGINE = {open_engine, read_engine, commit_of_engine, renew_engine, close_engine};
