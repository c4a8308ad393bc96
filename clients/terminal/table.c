#include "clients/terminal/table.h"
#include "clients/terminal/text.h"

#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>

/* ---- Cells. */

void cell_value(FILE *out, const msgpack_object *row, const char *path)
{
    const msgpack_object *value = muster_get(row, path);
    if (value) write_value(out, value);
}

void cell_time(FILE *out, const msgpack_object *row, const char *path)
{
    write_time(out, muster_text(row, path));
}

void cell_status(FILE *out, const msgpack_object *row, const char *path)
{
    write_status(out, muster_text(row, path));
}

/* ---- Tables. */

struct table {
    const struct table_column *columns;
    struct libscols_table *scols;
    bool failed;
};

struct table *table_new(const struct table_column *columns, bool colours)
{
    struct table *t = calloc(1, sizeof *t);
    if (!t) return NULL;
    t->columns = columns;
    t->scols = scols_new_table();
    if (!t->scols) {
        free(t);
        return NULL;
    }
    scols_table_enable_colors(t->scols, colours);
    for (const struct table_column *c = columns; c->heading; c++) {
        int flags = c->layout == RIGHT ? SCOLS_FL_RIGHT : c->layout == WIDE ? SCOLS_FL_TRUNC : 0;
        if (!scols_table_new_column(t->scols, c->heading, 0, flags)) t->failed = true;
    }
    return t;
}

void table_delete(struct table *table)
{
    if (!table) return;
    scols_unref_table(table->scols);
    free(table);
}

static void add_cell(struct table *t, struct libscols_line *line, size_t index, const msgpack_object *row)
{
    const struct table_column *column = &t->columns[index];
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out) column->write(out, row, column->path);
    if (!out || fclose(out) != 0 || scols_line_refer_data(line, index, text) != 0) {
        free(text);
        t->failed = true;
        return;
    }
    const char *colour = column->write == cell_status ? status_colour(muster_text(row, column->path)) : NULL;
    if (colour) scols_cell_set_color(scols_line_get_cell(line, index), colour);
}

void table_add(struct table *t, const msgpack_object *row)
{
    struct libscols_line *line = scols_table_new_line(t->scols, NULL);
    t->failed |= !line;
    for (size_t i = 0; line && t->columns[i].heading; i++) add_cell(t, line, i, row);
}

bool table_print(struct table *t)
{
    return !t->failed && scols_print_table(t->scols) == 0;
}

/* ---- Fields. */

static int longest_name(const msgpack_object *map, int before)
{
    int longest = 0;
    for (uint32_t i = 0; i < map->via.map.size; i++) {
        const msgpack_object_kv *pair = &map->via.map.ptr[i];
        if (pair->key.type != MSGPACK_OBJECT_STR) continue;
        int size = before + (int)pair->key.via.str.size;
        if (pair->val.type == MSGPACK_OBJECT_MAP) size = longest_name(&pair->val, size + 1);
        if (size > longest) longest = size;
    }
    return longest;
}

static bool is_list_of_maps(const msgpack_object *value)
{
    bool is = value->type == MSGPACK_OBJECT_ARRAY && value->via.array.size > 0;
    for (uint32_t i = 0; is && i < value->via.array.size; i++) is = value->via.array.ptr[i].type == MSGPACK_OBJECT_MAP;
    return is;
}

static void show_in_line(const msgpack_object_map *map)
{
    for (uint32_t i = 0; i < map->size; i++) {
        const msgpack_object_kv *pair = &map->ptr[i];
        if (pair->key.type != MSGPACK_OBJECT_STR) continue;
        if (i > 0) fputs(", ", stdout);
        write_text(stdout, pair->key.via.str);
        putchar(' ');
        write_value(stdout, &pair->val);
    }
}

/* A line each, below each other. */
static void show_lines(const msgpack_object_array *maps, int indent)
{
    for (uint32_t i = 0; i < maps->size; i++) {
        if (i > 0) printf("\n%*s", indent, "");
        show_in_line(&maps->ptr[i].via.map);
    }
}

static void show_fields(const msgpack_object *map, const char *prefix, int width)
{
    for (uint32_t i = 0; i < map->via.map.size; i++) {
        const msgpack_object_kv *pair = &map->via.map.ptr[i];
        char name[256];
        if (pair->key.type != MSGPACK_OBJECT_STR) continue;
        snprintf(name, sizeof name, "%s%s%.*s", prefix, *prefix ? "." : "", (int)pair->key.via.str.size,
                 pair->key.via.str.ptr);
        if (pair->val.type == MSGPACK_OBJECT_MAP) {
            show_fields(&pair->val, name, width);
            continue;
        }
        write_text(stdout, (msgpack_object_str){.size = (uint32_t)strlen(name), .ptr = name});
        printf("%*s", width + 2 - (int)strlen(name), "");
        if (is_list_of_maps(&pair->val)) show_lines(&pair->val.via.array, width + 2);
        else write_value(stdout, &pair->val);
        putchar('\n');
    }
}

void fields_show(const msgpack_object *map)
{
    show_fields(map, "", longest_name(map, 0));
}
