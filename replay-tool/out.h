/* What a verb says on standard output: records. Piped, or with --json, each is one line of JSON whose first field,
 * "record", says what it is: first a header, then rows, at the end a summary. On a terminal, or with --text, they are
 * text: rows a table or lines. The same log gives the same bytes.
 *
 *     struct open_map *m = out_record(out, "segment");
 *     put_uint(m, "first", first);
 *     out_end(out);
 *
 * Text that fields borrow may go as soon as it is put. */
#ifndef MUSTER_REPLAY_OUT_H
#define MUSTER_REPLAY_OUT_H

#include "clients/terminal/table.h"
#include "engine/wire/put.h"

enum { OUT_TABLE_ROWS_MAX = 1000 };

struct out {
    bool json;
    bool colours;
    /* How rows look as text: in a table of these columns, or as `show` prints them. Set by the verb, before its first row;
     * without either they are printed field by field. */
    const struct table_column *columns;
    void (*show)(FILE *out, const msgpack_object *row);

    struct arena arena;
    struct buffer record;
    struct open_map map;
    bool is_row;
    bool lines; /* the last row was printed by `show` */
    struct table *table;
    uint32_t table_rows;
    msgpack_unpacked unpacked;
};

void out_init(struct out *out, bool json);
void out_free(struct out *out);

/* Begins a record; the next one only after its out_end(). "header" and "summary" are the two that are no rows. */
struct open_map *out_record(struct out *out, const char *name);
/* Prints it. Rows of a table are kept until there are OUT_TABLE_ROWS_MAX, out_rows_end(), or the next record that is no
 * row: a longer table goes on in another one, so that it need not all lie in memory. */
void out_end(struct out *out);
void out_rows_end(struct out *out);
/* A record whose fields are `map` already, as bytes of a MessagePack map; behind "record" come its fields. */
void out_row(struct out *out, const char *name, struct bytes map);

#endif
