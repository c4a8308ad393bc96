/* All resources of the first moment are written to a file, in order; at the second one, to which the same fold goes on,
 * they are walked again beside it. */
#include "replay-tool/diff.h"

#include "clients/terminal/json.h"
#include "clients/terminal/text.h"
#include "engine/base/cursor.h"
#include "replay-tool/moment.h"
#include "replay-tool/resources.h"
#include "replay-tool/state.h"

#include <errno.h>

struct entry {
    enum resource_kind kind; /* RESOURCE_KINDS: there is none any more */
    uint32_t number;
    uint64_t size;
};

struct moments {
    struct source source;
    struct state state;
    struct arena arena;
    uint64_t from, to;
    FILE *file;
    struct entry before; /* the next one of the file, its map in `map` */
    struct bytes map;
    struct arena map_arena;
    uint64_t added, removed, changed;
};

/* ---- The first moment. */

static struct bytes map_of(struct moments *m, enum resource_kind kind, uint32_t number)
{
    struct buffer map = {.arena = &m->arena};
    arena_reset(&m->arena);
    resource_put(state_view(&m->state), kind, number, &map);
    return buffer_bytes(&map);
}

static void keep_all(struct moments *m)
{
    for (enum resource_kind kind = 0; kind < RESOURCE_KINDS; kind++) {
        for (uint32_t number = 0; (number = resource_next(state_view(&m->state), kind, number + 1));) {
            struct bytes map = map_of(m, kind, number);
            struct entry entry = {.kind = kind, .number = number, .size = map.size};
            fwrite(&entry, sizeof entry, 1, m->file); /* what fails is found by fflush */
            fwrite(map.data, map.size, 1, m->file);
        }
    }
}

static enum exit_code keep_first(struct moments *m)
{
    char path[PATH_MAX + sizeof "/before"];
    snprintf(path, sizeof path, "%s/before", scratch_directory(m->source.replay));
    m->file = fopen(path, "w+e");
    if (m->file) keep_all(m);
    if (m->file && fflush(m->file) == 0 && !ferror(m->file)) {
        rewind(m->file);
        return EXIT_WELL;
    }
    return fail(errno == ENOSPC ? EXIT_NO_SPACE : EXIT_IO, "%s cannot be written: %s; --scratch names another place", path,
                strerror(errno));
}

/* What was written a moment ago can be read. */
static void read_next(struct moments *m)
{
    m->before.kind = RESOURCE_KINDS;
    arena_reset(&m->map_arena);
    if (fread(&m->before, sizeof m->before, 1, m->file) != 1) {
        m->before.kind = RESOURCE_KINDS;
        return;
    }
    void *map = arena_alloc(&m->map_arena, m->before.size);
    ASSERT(fread(map, m->before.size, 1, m->file) == 1);
    m->map = (struct bytes){map, m->before.size};
}

/* ---- What differs. */

/* The value of a map's field; no bytes when there is none. */
static struct bytes field_of(struct bytes map, struct bytes name)
{
    struct cursor c = cursor_over(map);
    uint32_t count;
    ASSERT(cursor_map(&c, &count));
    for (; count > 0; count--) {
        struct bytes key;
        ASSERT(cursor_text(&c, &key));
        struct bytes value = cursor_value(&c);
        if (bytes_equal(key, name)) return value;
    }
    return BYTES_NONE;
}

/* Those fields of `map` that are not so in `other`. */
static void put_differing(struct open_map *m, const char *key, struct bytes map, struct bytes other)
{
    struct cursor c = cursor_over(map);
    uint32_t count;
    ASSERT(cursor_map(&c, &count));
    put_key(m, key);
    struct open_map fields = put_map(m->out);
    for (; count > 0; count--) {
        struct bytes name;
        ASSERT(cursor_text(&c, &name));
        struct bytes value = cursor_value(&c);
        if (bytes_equal(value, field_of(other, name))) continue;
        put_key_text(&fields, name);
        pack_raw(&fields.packer, value);
    }
    put_end(&fields);
}

static struct open_map *begin_row(struct moments *m, const char *record, enum resource_kind kind, struct bytes map)
{
    struct open_map *row = out_record(&m->source.replay->out, record);
    struct bytes id = field_of(map, BYTES("id"));
    put_word(row, "kind", resource_word(kind));
    put_raw(row, "id", id.size ? id : field_of(map, bytes_of_text(resource_word(kind))));
    return row;
}

static void show_removed(struct moments *m)
{
    struct open_map *row = begin_row(m, "removed", m->before.kind, m->map);
    put_raw(row, "before", m->map);
    out_end(&m->source.replay->out);
    m->removed++;
    read_next(m);
}

static void show_added(struct moments *m, enum resource_kind kind, struct bytes map)
{
    struct open_map *row = begin_row(m, "added", kind, map);
    put_raw(row, "now", map);
    out_end(&m->source.replay->out);
    m->added++;
}

static void show_changed(struct moments *m, enum resource_kind kind, struct bytes map)
{
    struct open_map *row = begin_row(m, "changed", kind, map);
    put_differing(row, "before", m->map, map);
    put_differing(row, "now", map, m->map);
    out_end(&m->source.replay->out);
    m->changed++;
}

/* Whether the file's next one comes before this one. */
static bool was_before(const struct moments *m, enum resource_kind kind, uint32_t number)
{
    if (m->before.kind != kind) return m->before.kind < kind;
    return m->before.number < number;
}

static void compare_one(struct moments *m, enum resource_kind kind, uint32_t number)
{
    while (was_before(m, kind, number)) show_removed(m);
    struct bytes map = map_of(m, kind, number);
    if (m->before.kind != kind || m->before.number != number) {
        show_added(m, kind, map);
        return;
    }
    if (!bytes_equal(map, m->map)) show_changed(m, kind, map);
    read_next(m);
}

static void compare_all(struct moments *m)
{
    read_next(m);
    for (enum resource_kind kind = 0; kind < RESOURCE_KINDS; kind++)
        for (uint32_t number = 0; (number = resource_next(state_view(&m->state), kind, number + 1));)
            compare_one(m, kind, number);
    while (m->before.kind != RESOURCE_KINDS) show_removed(m);
}

/* ---- As text. */

/* NULL when the map has no such field. */
static const msgpack_object *value_in(const msgpack_object *map, const msgpack_object *key)
{
    for (uint32_t i = 0; i < map->via.map.size; i++)
        if (msgpack_object_equal(map->via.map.ptr[i].key, *key)) return &map->via.map.ptr[i].val;
    return NULL;
}

static void show_change(FILE *out, const msgpack_object *key, const msgpack_object *before, const msgpack_object *now)
{
    fputs("  ", out);
    write_value(out, key);
    fputs(": ", out);
    if (before) json_write(out, before);
    else fputs("none", out);
    fputs(" -> ", out);
    if (now) json_write(out, now);
    else fputs("none", out);
}

/* "+ job firmware", or "~ job firmware  status: "running" -> "complete"". */
static void show_line(FILE *out, const msgpack_object *row)
{
    const msgpack_object *before = muster_get(row, "before"), *now = muster_get(row, "now");
    fprintf(out, "%c ", before && now ? '~' : now ? '+' : '-');
    write_value(out, muster_get(row, "kind"));
    fputc(' ', out);
    write_value(out, muster_get(row, "id"));
    for (uint32_t i = 0; before && now && i < before->via.map.size; i++) {
        const msgpack_object_kv *pair = &before->via.map.ptr[i];
        show_change(out, &pair->key, &pair->val, value_in(now, &pair->key));
    }
    for (uint32_t i = 0; before && now && i < now->via.map.size; i++) {
        const msgpack_object_kv *pair = &now->via.map.ptr[i];
        if (!value_in(before, &pair->key)) show_change(out, &pair->key, NULL, &pair->val);
    }
    fputc('\n', out);
}

/* ---- All of it. */

static enum exit_code put_moment(struct moments *m, struct open_map *summary, const char *key, uint64_t seq)
{
    put_key(summary, key);
    struct open_map moment = put_map(summary->out);
    enum exit_code code = moment_put(&m->source, seq, &moment);
    put_end(&moment);
    return code;
}

static enum exit_code show_summary(struct moments *m)
{
    struct open_map *summary = out_record(&m->source.replay->out, "summary");
    enum exit_code code = put_moment(m, summary, "from", m->from);
    if (code == EXIT_WELL) code = put_moment(m, summary, "to", m->to);
    put_uint(summary, "added", m->added);
    put_uint(summary, "removed", m->removed);
    put_uint(summary, "changed", m->changed);
    state_put_skipped(&m->state, summary);
    if (code != EXIT_WELL) return code;
    out_end(&m->source.replay->out);
    if (m->state.skipped_count) return state_exit(&m->state);
    return m->added + m->removed + m->changed ? EXIT_DIFFERENT : EXIT_WELL;
}

static enum exit_code run(struct moments *m)
{
    struct replay *r = m->source.replay;
    enum exit_code code = moment_find(&m->source, "diff", r->operands[0], &m->from);
    if (code == EXIT_WELL) code = moment_find(&m->source, "diff", r->operands[1], &m->to);
    if (code == EXIT_WELL && m->from > m->to)
        return usage(r, "%s is after %s: the earlier moment comes first", r->operands[0], r->operands[1]);
    if (code == EXIT_WELL) code = state_open(&m->state, &m->source);
    if (code == EXIT_WELL) code = state_reach(&m->state, m->from);
    if (code == EXIT_WELL) code = keep_first(m);
    if (code == EXIT_WELL) code = state_reach(&m->state, m->to);
    if (code != EXIT_WELL) return code;
    source_header(&m->source);
    r->out.show = show_line;
    compare_all(m);
    return show_summary(m);
}

enum exit_code diff_moments(struct replay *r)
{
    struct moments m = {.from = 0};
    enum exit_code code = source_open(&m.source, r);
    if (code != EXIT_WELL) return code;
    code = run(&m);
    if (m.file) fclose(m.file);
    arena_free(&m.arena);
    arena_free(&m.map_arena);
    state_close(&m.state);
    source_close(&m.source);
    return code;
}
