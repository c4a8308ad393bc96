/* muster-replay salvage: out of damaged files, a log that an engine can start on, and all else that can be read.
 *
 *     DIR/log            the longest beginning whose every event is proved, and LOG_CONTINUED
 *     DIR/events.jsonl   every other event that can be read, with its stored bytes
 *     DIR/lost.jsonl     each gap */
#include "replay-tool/files.h"
#include "replay-tool/rescue.h"
#include "replay-tool/verbs.h"

#include "clients/terminal/json.h"
#include "engine/base/cursor.h"
#include "engine/events/event.h"
#include "engine/wire/wire.h"

#include <stdio.h>
#include <unistd.h>

const struct option_row SALVAGE_OPTIONS[] = {
    {"out", "DIR", "where to put it: empty, or made; or where the same was interrupted"},
    {NULL, NULL, NULL},
};

struct salvage {
    struct arena arena;
    FILE *events, *lost;
    const char *events_path, *lost_path;
    uint64_t gaps;
};

/* ---- Lines. */

static enum exit_code write_line(struct salvage *s, FILE *file, const char *path, struct buffer *map)
{
    msgpack_unpacked unpacked;
    size_t offset = 0;
    msgpack_unpacked_init(&unpacked);
    ASSERT(msgpack_unpack_next(&unpacked, (const char *)map->data, map->size, &offset) == MSGPACK_UNPACK_SUCCESS);
    json_write(file, &unpacked.data);
    fputc('\n', file);
    msgpack_unpacked_destroy(&unpacked);
    arena_reset(&s->arena);
    return ferror(file) ? files_fault("write", path) : EXIT_WELL;
}

/* As `events` shows it without names. */
static void put_proved(struct salvage *s, struct open_map *m, const struct event *event)
{
    struct buffer fields = {.arena = &s->arena};
    uint32_t count;
    wire_event(NULL, event, &fields);
    struct cursor c = cursor_over(buffer_bytes(&fields));
    ASSERT(cursor_map(&c, &count));
    buffer_append(m->out, c.at, (size_t)(c.end - c.at));
    m->count = (uint16_t)(m->count + count);
}

static void put_field(struct open_map *m, struct event_field field)
{
    switch (field.type) {
    case FIELD_u32: put_uint(m, field.name, *(const event_u32 *)field.value); break;
    case FIELD_u64: put_uint(m, field.name, *(const event_u64 *)field.value); break;
    case FIELD_i64: put_int(m, field.name, *(const event_i64 *)field.value); break;
    case FIELD_boolean: put_flag(m, field.name, *(const event_boolean *)field.value); break;
    case FIELD_str: put_text(m, field.name, *(const event_str *)field.value); break;
    case FIELD_bin:
    case FIELD_numbers: put_bin(m, field.name, *(const event_bin *)field.value); break;
    case FIELD_raw: put_raw(m, field.name, *(const event_raw *)field.value); break;
    }
}

/* Fields as they are stored: what they say need not make sense, as long as they can be decoded. */
static void put_unproved(struct open_map *m, const struct event *event)
{
    put_uint(m, "seq", event->seq);
    put_word(m, "type", event_name(event->type));
    put_key(m, "fields");
    struct open_map fields = put_map(m->out);
    for (size_t i = 0; i < event_field_count(event->type); i++) put_field(&fields, event_field_at(event, i));
    put_end(&fields);
}

static void put_event(struct salvage *s, struct open_map *m, uint64_t seq, struct bytes value, bool proved)
{
    struct event event;
    struct sentence why;
    bool decoded = event_decode(value, &event, &why) == EVENT_OK && value_is_readable(value);
    event.seq = seq;
    if (!decoded) put_uint(m, "seq", seq);
    else if (proved) put_proved(s, m, &event);
    else put_unproved(m, &event);
}

static enum exit_code note_event(void *context, uint64_t seq, struct bytes value, bool proved)
{
    struct salvage *s = context;
    struct buffer out = {.arena = &s->arena};
    struct open_map m = put_map(&out);
    put_event(s, &m, seq, value, proved);
    put_flag(&m, "proved", proved);
    put_bin(&m, "stored", value); /* JSON shows bytes as hexadecimal digits */
    put_end(&m);
    return write_line(s, s->events, s->events_path, &out);
}

static enum exit_code note_lost(void *context, uint64_t first, uint64_t last, const char *why)
{
    struct salvage *s = context;
    struct buffer out = {.arena = &s->arena};
    struct open_map m = put_map(&out);
    put_uint(&m, "first", first);
    put_uint(&m, "last", last);
    put_uint(&m, "events", last + 1 - first);
    put_word(&m, "why", why);
    put_end(&m);
    s->gaps++;
    return write_line(s, s->lost, s->lost_path, &out);
}

/* ---- The files. */

static enum exit_code open_lines(const char *path, FILE **file)
{
    *file = fopen(path, "we");
    return *file ? EXIT_WELL : files_fault("write", path);
}

static enum exit_code close_lines(const char *path, FILE *file)
{
    if (!file) return EXIT_WELL;
    bool written = fflush(file) == 0 && fsync(fileno(file)) == 0;
    enum exit_code code = written ? EXIT_WELL : files_fault("write", path);
    fclose(file);
    return code;
}

/* ---- The verb. */

static void show_header(struct replay *r)
{
    struct open_map *m = header_open(r);
    put_word(m, "source", source_word(r));
    out_end(&r->out);
}

static void show_summary(struct replay *r, const char *out, const struct rescue *w, const struct salvage *s,
                         const struct draft *draft)
{
    struct open_map *m = out_record(&r->out, "summary");
    put_word(m, "out", out);
    put_uint(m, "events", w->head);
    put_uint(m, "kept", w->kept);
    put_uint(m, "proved", w->proved);
    put_uint(m, "unproved", w->unproved);
    put_uint(m, "lost", w->missing);
    put_uint(m, "gaps", s->gaps);
    if (w->unread_bytes) put_uint(m, "unreadBytes", w->unread_bytes);
    put_hex(m, "oldLogId", (struct bytes){w->log_id, LOG_ID_SIZE});
    if (w->kept) put_hex(m, "logId", (struct bytes){draft->log_id, LOG_ID_SIZE});
    out_end(&r->out);
}

/* The id of the log that is read is known only when it was looked at, and the copy needs it before. */
static enum exit_code look_first(struct replay *r, struct rescue *look)
{
    *look = (struct rescue){.head = 0};
    enum exit_code code = rescue_walk(look, r);
    if (code == EXIT_WELL && look->head == 0) return fail(EXIT_NOTHING, "there is no event");
    return code;
}

static enum exit_code write_all(struct replay *r, const char *out, struct salvage *s, struct rescue *w, struct draft *draft)
{
    static struct copy copy;
    struct rescue look;
    enum exit_code code = look_first(r, &look);
    if (code == EXIT_WELL && look.kept) code = draft_open(draft, out, look.log_id, "what can be salvaged", true);
    if (code == EXIT_WELL && look.kept) code = copy_open(&copy, draft->path, draft->log_id);
    if (code != EXIT_WELL) return code;
    *w = (struct rescue){.context = s, .other = note_event, .lost = note_lost, .copy = look.kept ? &copy : NULL};
    code = rescue_walk(w, r);
    if (!look.kept) return code;
    if (code == EXIT_WELL && copy.at.last == w->kept) code = copy_continue(&copy, draft->old_id, "salvage");
    enum exit_code closed = copy_close(&copy, code == EXIT_WELL);
    return code == EXIT_WELL ? closed : code;
}

static enum exit_code salvage(struct replay *r, const char *out)
{
    static struct rescue w;
    static struct draft draft;
    struct salvage s = {.events = NULL};
    char events_path[PATH_MAX], lost_path[PATH_MAX];
    enum exit_code code = files_make_directory(out);
    if (code == EXIT_WELL) code = files_path(events_path, out, "events.jsonl");
    if (code == EXIT_WELL) code = files_path(lost_path, out, "lost.jsonl");
    s.events_path = events_path;
    s.lost_path = lost_path;
    if (code == EXIT_WELL) code = open_lines(events_path, &s.events);
    if (code == EXIT_WELL) code = open_lines(lost_path, &s.lost);
    if (code == EXIT_WELL) code = write_all(r, out, &s, &w, &draft);
    enum exit_code closed = close_lines(events_path, s.events);
    if (code == EXIT_WELL) code = closed;
    closed = close_lines(lost_path, s.lost);
    if (code == EXIT_WELL) code = closed;
    if (code == EXIT_WELL && w.kept) code = draft_finish(&draft);
    arena_free(&s.arena);
    if (code != EXIT_WELL) return code;
    show_header(r);
    show_summary(r, out, &w, &s, &draft);
    return rescue_lost_something(&w) ? EXIT_DAMAGED : EXIT_WELL;
}

/* What an interrupted salvage leaves. */
static bool may_be_used(const char *out)
{
    char path[PATH_MAX];
    if (files_is_empty(out, NULL)) return true;
    if (snprintf(path, sizeof path, "%s/log", out) >= (int)sizeof path || files_is_there(path)) return false;
    snprintf(path, sizeof path, "%.*s/lost.jsonl", PATH_MAX - 32, out);
    return files_is_there(path);
}

enum exit_code verb_salvage(struct replay *r)
{
    const char *out = option(r, "out");
    if (!out) return usage(r, "--out is missing");
    if (!may_be_used(out))
        return usage(r, "--out %s: it is not empty; an empty directory, or one that is made, would be right", out);
    return salvage(r, out);
}
