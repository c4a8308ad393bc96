/* Tables are libsmartcols', which knows terminals, widths and colours; JSON is our own, which nests. Rows
 * are copied as they come: an answer is gone with the next call. */
#include "clients/cli/list.h"
#include "clients/cli/json.h"
#include "clients/cli/text.h"

#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_DEFAULT = 100, PAGE_ROWS = 1000 };

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

/* ---- Where rows go. */

struct sink {
    const struct list *list;
    bool json;
    struct libscols_table *table; /* NULL with --json */
    uint64_t rows;
    bool failed;
};

static void sink_begin(struct sink *s, const struct cli *cli)
{
    if (s->json) {
        printf("{\"value\": [");
        return;
    }
    s->table = scols_new_table();
    if (!s->table) return;
    scols_table_enable_colors(s->table, cli->colours);
    for (const struct column *c = s->list->columns; c->heading; c++) {
        int flags = c->layout == RIGHT ? SCOLS_FL_RIGHT : c->layout == WIDE ? SCOLS_FL_TRUNC : 0;
        if (!scols_table_new_column(s->table, c->heading, 0, flags)) s->failed = true;
    }
}

static void add_cell(struct sink *s, struct libscols_line *line, size_t index, const msgpack_object *row)
{
    const struct column *column = &s->list->columns[index];
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out) column->write(out, row, column->path);
    if (!out || fclose(out) != 0 || scols_line_refer_data(line, index, text) != 0) {
        free(text);
        s->failed = true;
        return;
    }
    const char *colour = column->write == cell_status ? status_colour(muster_text(row, column->path)) : NULL;
    if (colour) scols_cell_set_color(scols_line_get_cell(line, index), colour);
}

static void sink_add(struct sink *s, const msgpack_object *row)
{
    if (s->json) {
        fputs(s->rows ? ",\n" : "\n", stdout);
        json_write(stdout, row);
    } else {
        struct libscols_line *line = s->table ? scols_table_new_line(s->table, NULL) : NULL;
        s->failed |= !line;
        for (size_t i = 0; line && s->list->columns[i].heading; i++) add_cell(s, line, i, row);
    }
    s->rows++;
}

/* `cursor` is where the next page begins, NULL at the end. */
static int sink_end(struct sink *s, const msgpack_object *cursor)
{
    if (s->json) {
        fputs(s->rows ? "\n]" : "]", stdout);
        if (cursor) fputs(", \"cursor\": ", stdout);
        if (cursor) json_write(stdout, cursor);
        puts("}");
    } else {
        if (s->rows == 0) printf("There are no %s.\n", s->list->what);
        else if (!s->table || s->failed || scols_print_table(s->table) != 0) s->failed = true;
        if (cursor) fprintf(stderr, "There are more %s; --limit 0 shows all.\n", s->list->what);
    }
    if (s->failed) complain("there is no memory left for the table; --json needs less");
    return s->failed ? EXIT_REFUSED : EXIT_DONE;
}

/* ---- Asking for pages. */

/* NULL when this was the last page. Valid as long as the answer. */
static const msgpack_object *cursor_of(const msgpack_object *page)
{
    const msgpack_object *cursor = muster_get(page, "cursor");
    return cursor && cursor->type != MSGPACK_OBJECT_NIL ? cursor : NULL;
}

static int ask_page(struct cli *cli, const struct list *list, uint64_t rows, const msgpack_object *cursor,
                    msgpack_object *page)
{
    struct muster_params params;
    muster_params_init(&params);
    if (list->put) list->put(cli, &params);
    muster_put_uint(&params, "limit", rows < PAGE_ROWS ? rows : PAGE_ROWS);
    if (cursor) msgpack_pack_object(muster_put(&params, "cursor"), *cursor);
    int code = call(cli, list->method, &params, page);
    muster_params_free(&params);
    return code;
}

static int show_pages(struct cli *cli, struct sink *s, uint64_t limit)
{
    msgpack_object page;
    int code = ask_page(cli, s->list, limit, NULL, &page);
    if (code != EXIT_DONE) return code;
    sink_begin(s, cli);
    for (;;) {
        const msgpack_object *rows = muster_get(&page, "value");
        bool is_list = rows && rows->type == MSGPACK_OBJECT_ARRAY;
        for (uint32_t i = 0; is_list && i < rows->via.array.size; i++) sink_add(s, &rows->via.array.ptr[i]);
        const msgpack_object *cursor = cursor_of(&page);
        if (!cursor || s->rows >= limit) return sink_end(s, cursor);
        code = ask_page(cli, s->list, limit - s->rows, cursor, &page);
        if (code != EXIT_DONE) return code;
    }
}

int list_show(struct cli *cli, const struct list *list)
{
    struct sink s = {.list = list, .json = cli->json};
    uint64_t limit = LIMIT_DEFAULT;
    if (!option_number(cli, "limit", UINT32_MAX, &limit)) return EXIT_USAGE;
    int code = show_pages(cli, &s, limit ? limit : UINT64_MAX);
    scols_unref_table(s.table);
    return code;
}

int list_show_all(struct cli *cli, const struct list *list, const msgpack_object *answer)
{
    struct sink s = {.list = list, .json = cli->json};
    const msgpack_object *rows = muster_get(answer, "value");
    sink_begin(&s, cli);
    for (uint32_t i = 0; rows && rows->type == MSGPACK_OBJECT_ARRAY && i < rows->via.array.size; i++)
        sink_add(&s, &rows->via.array.ptr[i]);
    int code = sink_end(&s, NULL);
    scols_unref_table(s.table);
    return code;
}

/* ---- One resource. */

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
        write_value(stdout, &pair->val);
        putchar('\n');
    }
}

int resource_show(struct cli *cli, const msgpack_object *resource)
{
    if (cli->json || resource->type != MSGPACK_OBJECT_MAP) {
        json_write(stdout, resource);
        putchar('\n');
    } else {
        show_fields(resource, "", longest_name(resource, 0));
    }
    return EXIT_DONE;
}

int resource_changed(struct cli *cli, const msgpack_object *resource, const char *what)
{
    if (cli->json) return resource_show(cli, resource);
    printf("%s %s.\n", cli->operand, what);
    return EXIT_DONE;
}
