#include "replay-tool/out.h"

#include "clients/terminal/json.h"
#include "clients/terminal/text.h"
#include "engine/base/cursor.h"

void out_init(struct out *out, bool json)
{
    *out = (struct out){.json = json, .colours = text_colours_are_welcome()};
    msgpack_unpacked_init(&out->unpacked);
}

void out_free(struct out *out)
{
    table_delete(out->table);
    msgpack_unpacked_destroy(&out->unpacked);
    arena_free(&out->arena);
}

struct open_map *out_record(struct out *out, const char *name)
{
    arena_reset(&out->arena);
    out->record = (struct buffer){.arena = &out->arena};
    out->map = put_map(&out->record);
    out->is_row = strcmp(name, "header") != 0 && strcmp(name, "summary") != 0;
    if (out->json) put_word(&out->map, "record", name);
    return &out->map;
}

void out_rows_end(struct out *out)
{
    if (!out->table) return;
    table_print(out->table);
    putchar('\n');
    table_delete(out->table);
    out->table = NULL;
    out->table_rows = 0;
}

static void show_as_text(struct out *out, const msgpack_object *record)
{
    if (out->is_row && out->columns) {
        if (!out->table && out->lines) putchar('\n');
        out->lines = false;
        if (!out->table) out->table = table_new(out->columns, out->colours);
        ASSERT(out->table);
        table_add(out->table, record);
        if (++out->table_rows == OUT_TABLE_ROWS_MAX) out_rows_end(out);
        return;
    }
    out_rows_end(out);
    bool as_line = out->is_row && out->show;
    if (out->lines && !as_line) putchar('\n');
    out->lines = as_line;
    if (as_line) {
        out->show(stdout, record);
        return;
    }
    fields_show(record);
    putchar('\n');
}

void out_end(struct out *out)
{
    put_end(&out->map);
    size_t offset = 0;
    ASSERT(msgpack_unpack_next(&out->unpacked, (const char *)out->record.data, out->record.size, &offset) ==
           MSGPACK_UNPACK_SUCCESS);
    if (!out->json) {
        show_as_text(out, &out->unpacked.data);
        return;
    }
    json_write(stdout, &out->unpacked.data);
    putchar('\n');
}

void out_row(struct out *out, const char *name, struct bytes map)
{
    struct open_map *m = out_record(out, name);
    struct cursor c = cursor_over(map);
    uint32_t count;
    ASSERT(cursor_map(&c, &count));
    buffer_append(&out->record, c.at, (size_t)(c.end - c.at));
    m->count = (uint16_t)(m->count + count);
    out_end(out);
}
