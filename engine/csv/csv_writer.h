/* Writes CSV as RFC 4180 has it: commas, lines that end in CR LF, quotes only around cells that need them.
 * What it writes, import_reader reads back unchanged, unless there is a NUL byte in it, which is no text.
 *
 *     struct csv_writer w = csv_writer_on(&buffer);
 *     csv_writer_cell(&w, BYTES("gw-1"));
 *     csv_writer_cell(&w, BYTES("Pump, north"));
 *     csv_writer_row_end(&w);                        gw-1,"Pump, north"<CR><LF>
 */
#ifndef MUSTER_CSV_WRITER_H
#define MUSTER_CSV_WRITER_H

#include "engine/base/arena.h"

struct csv_writer {
    struct buffer *out; /* the caller's; what stands in it already is left alone */
    size_t cells;       /* in the row being written */
    bool blank;         /* that row is nothing but one empty cell so far */
};

static inline struct csv_writer csv_writer_on(struct buffer *out)
{
    return (struct csv_writer){.out = out};
}

/* A spreadsheet takes a cell that begins with = + - @ TAB or CR for a formula and runs it. True for these,
 * and for those that begin so after apostrophes, so that the apostrophe put before such a cell can be taken
 * off again without a doubt. */
bool csv_cell_is_formula(struct bytes cell);

/* Appends a cell as it is. Only for values that a program reads and an apostrophe would spoil: keys. */
void csv_writer_exact(struct csv_writer *w, struct bytes cell);
/* Appends a cell, with an apostrophe before it when it is a formula: -7 becomes '-7, and so does a device id
 * that begins with a hyphen. The import takes the apostrophe off; other programs must do so themselves. */
void csv_writer_cell(struct csv_writer *w, struct bytes cell);
/* Ends the row with CR LF. A row of one empty cell is written as "", since an empty line is no row. */
void csv_writer_row_end(struct csv_writer *w);

#endif
