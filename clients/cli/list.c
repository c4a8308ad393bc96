/* Asks page by page, and shows rows as a table or as JSON. */
#include "clients/cli/list.h"
#include "clients/terminal/json.h"

enum { LIMIT_DEFAULT = 100, PAGE_ROWS = 1000 };

/* ---- Where rows go. */

struct sink {
    const struct list *list;
    bool json;
    struct table *table; /* NULL with --json */
    uint64_t rows;
};

static void sink_begin(struct sink *s, const struct cli *cli)
{
    if (s->json) printf("{\"value\": [");
    else s->table = table_new(s->list->columns, cli->colours);
}

static void sink_add(struct sink *s, const msgpack_object *row)
{
    if (s->json) {
        fputs(s->rows ? ",\n" : "\n", stdout);
        json_write(stdout, row);
    } else if (s->table) {
        table_add(s->table, row);
    }
    s->rows++;
}

static void end_json(const struct sink *s, const msgpack_object *cursor)
{
    fputs(s->rows ? "\n]" : "]", stdout);
    if (cursor) fputs(", \"cursor\": ", stdout);
    if (cursor) json_write(stdout, cursor);
    puts("}");
}

/* `cursor` is where the next page begins, NULL at the end. */
static int sink_end(struct sink *s, const msgpack_object *cursor)
{
    if (s->json) {
        end_json(s, cursor);
        return EXIT_DONE;
    }
    bool printed = true;
    if (s->rows == 0) printf("There are no %s.\n", s->list->what);
    else printed = s->table && table_print(s->table);
    if (cursor) remark("There are more %s; --limit 0 shows all.", s->list->what);
    if (!printed) complain("there is no memory left for the table; --json needs less");
    return printed ? EXIT_DONE : EXIT_REFUSED;
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
    table_delete(s.table);
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
    table_delete(s.table);
    return code;
}

/* ---- One resource. */

int resource_show(struct cli *cli, const msgpack_object *resource)
{
    if (cli->json || resource->type != MSGPACK_OBJECT_MAP) {
        json_write(stdout, resource);
        putchar('\n');
    } else {
        fields_show(resource);
    }
    return EXIT_DONE;
}

int resource_changed(struct cli *cli, const msgpack_object *resource, const char *what)
{
    if (cli->json) return resource_show(cli, resource);
    printf("%s %s.\n", cli->operand, what);
    return EXIT_DONE;
}
