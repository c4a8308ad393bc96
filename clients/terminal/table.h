/* Rows under headings, and fields below each other, for people. Tables are libsmartcols', which knows terminals, widths
 * and colours. Rows are copied as they come. */
#ifndef MUSTER_TERMINAL_TABLE_H
#define MUSTER_TERMINAL_TABLE_H

#include <msgpack.h>
#include <stdbool.h>
#include <stdio.h>

/* One column: `write` says what stands in the cell of a row; `path` is where it looks. */
struct table_column {
    const char *heading;
    const char *path;
    void (*write)(FILE *out, const msgpack_object *row, const char *path);
    enum { LEFT, RIGHT, WIDE } layout; /* WIDE: left, and cut when the terminal is too narrow */
};

/* Cells most columns need. */
void cell_value(FILE *out, const msgpack_object *row, const char *path);
void cell_time(FILE *out, const msgpack_object *row, const char *path);
/* Takes the colour of its word. */
void cell_status(FILE *out, const msgpack_object *row, const char *path);

struct table;

/* `columns` ends with one without heading and outlives the table. NULL without memory. */
struct table *table_new(const struct table_column *columns, bool colours);
/* NULL is allowed. */
void table_delete(struct table *table);
void table_add(struct table *table, const msgpack_object *row);
/* To standard output. False when memory was missing for it or for a row. */
bool table_print(struct table *table);

/* The map's fields below each other, nested ones with dotted names, maps in a list a line each. */
void fields_show(const msgpack_object *map);

#endif
