/* muster-replay stats: what the log consists of. Nothing is folded. And muster-replay schema: what it may consist of. */
#include "replay-tool/state.h"
#include "replay-tool/verbs.h"

static const struct table_column COLUMNS[] = {
    {"TYPE", "type", cell_value, LEFT},      {"EVENTS", "events", cell_value, RIGHT}, {"BYTES", "bytes", cell_value, RIGHT},
    {"FIRST", "firstTime", cell_time, LEFT}, {"LAST", "lastTime", cell_time, LEFT},   {NULL, NULL, NULL, LEFT},
};

struct kind {
    uint64_t events, bytes;
    int64_t first_us, last_us;
};

struct stats {
    struct kind all, kinds[EVENT_CODES_MAX];
    uint64_t commits, largest_commit;
};

static void count_in(struct kind *kind, size_t bytes, int64_t time_us)
{
    if (kind->events++ == 0) kind->first_us = time_us;
    kind->bytes += bytes;
    kind->last_us = time_us;
}

static enum exit_code count_commit(struct source *source, struct stats *s, const struct log_commit *commit)
{
    s->commits++;
    s->largest_commit = MAX(s->largest_commit, commit->last + 1 - commit->first);
    for (uint64_t seq = commit->first; seq <= commit->last; seq++) {
        struct event event;
        struct bytes value;
        enum exit_code code = event_get(source, seq, &event);
        if (code == EXIT_WELL) code = source_read(source, seq, &value);
        if (code != EXIT_WELL) return code;
        count_in(&s->all, value.size, event.time_us);
        count_in(&s->kinds[event.type], value.size, event.time_us);
    }
    return EXIT_WELL;
}

static enum exit_code count_all(struct source *source, struct stats *s)
{
    enum exit_code code = EXIT_WELL;
    struct log_commit commit = {.last = source->first - 1};
    while (code == EXIT_WELL && commit.last < source->head) {
        uint64_t next = commit.last + 1;
        code = source_commit(source, next, &commit);
        if (code == EXIT_WELL && commit.first != next)
            code = fail(EXIT_DAMAGED, "the commit of event %llu does not follow the one before it", (unsigned long long)next);
        if (code == EXIT_WELL) code = count_commit(source, s, &commit);
        progress_show("counted", commit.last, source->head);
    }
    return code;
}

static void put_kind(struct open_map *m, const struct kind *kind)
{
    put_uint(m, "events", kind->events);
    put_uint(m, "bytes", kind->bytes);
    if (kind->events == 0) return;
    put_time(m, "firstTime", kind->first_us);
    put_time(m, "lastTime", kind->last_us);
}

static void show(struct replay *r, const struct stats *s)
{
    r->out.columns = COLUMNS;
    for (size_t type = 0; type < EVENT_CODES_MAX; type++) {
        if (s->kinds[type].events == 0) continue;
        struct open_map *m = out_record(&r->out, "type");
        put_word(m, "type", event_name((enum event_type)type));
        put_kind(m, &s->kinds[type]);
        out_end(&r->out);
    }
    struct open_map *m = out_record(&r->out, "summary");
    put_kind(m, &s->all);
    put_uint(m, "commits", s->commits);
    put_uint(m, "largestCommit", s->largest_commit);
    out_end(&r->out);
}

enum exit_code verb_stats(struct replay *r)
{
    static struct stats s;
    struct source source;
    enum exit_code code = source_open(&source, r);
    if (code != EXIT_WELL) return code;
    code = count_all(&source, &s);
    if (code == EXIT_WELL) source_header(&source);
    if (code == EXIT_WELL) show(r, &s);
    source_close(&source);
    return code;
}

/* ---- The catalogue. */

static const char *type_word(enum field_type type)
{
    static const char *const WORDS[] = {
        [FIELD_u32] = "u32", [FIELD_u64] = "u64", [FIELD_i64] = "i64",         [FIELD_boolean] = "boolean",
        [FIELD_str] = "str", [FIELD_bin] = "bin", [FIELD_numbers] = "numbers", [FIELD_raw] = "raw"};
    return WORDS[type];
}

static void show_event(struct replay *r, enum event_type type)
{
    const struct event event = {.type = type};
    struct open_map *m = out_record(&r->out, "event");
    put_uint(m, "code", type);
    put_word(m, "type", event_name(type));
    put_key(m, "fields");
    struct open_map fields = put_map(m->out);
    for (size_t i = 0; i < event_field_count(type); i++) {
        struct event_field field = event_field_at(&event, i);
        put_word(&fields, field.name, type_word(field.type));
    }
    put_end(&fields);
    out_end(&r->out);
}

enum exit_code verb_schema(struct replay *r)
{
    uint64_t count = 0;
    struct open_map *m = header_open(r);
    out_end(&r->out);
    for (size_t type = 1; type < EVENT_CODES_MAX; type++) {
        if (!event_name((enum event_type)type)) continue;
        show_event(r, (enum event_type)type);
        count++;
    }
    m = out_record(&r->out, "summary");
    put_uint(m, "events", count);
    out_end(&r->out);
    return EXIT_WELL;
}
