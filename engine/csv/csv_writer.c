/* libcsv does the quoting; it quotes every cell it is given, so cells that need none go past it. */
#include "engine/csv/csv_writer.h"

#include <csv.h>

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

bool csv_cell_is_formula(struct bytes cell)
{
    const char *character = cell.data;
    size_t at = 0;
    while (at < cell.size && character[at] == '\'') at++;
    return at < cell.size && character[at] != '\0' && strchr("=+-@\t\r", character[at]) != NULL;
}

/* Readers drop blanks around a cell that is not quoted, libcsv among them. */
static bool needs_quotes(struct bytes cell)
{
    const uint8_t *byte = cell.data;
    if (cell.size == 0) return false;
    if (is_blank(byte[0]) || is_blank(byte[cell.size - 1])) return true;
    for (size_t i = 0; i < cell.size; i++) {
        if (byte[i] == ',' || byte[i] == '"' || byte[i] == '\r' || byte[i] == '\n') return true;
    }
    return false;
}

static void quoted_append(struct buffer *out, struct bytes cell, bool apostrophe)
{
    size_t room = 2 * cell.size + 3; /* every byte a quote, the two around, and the apostrophe */
    uint8_t *place = buffer_room(out, room);
    size_t size = csv_write2(place + apostrophe, room - apostrophe, cell.data, cell.size, CSV_QUOTE);
    ASSERT(size <= room - apostrophe);
    if (apostrophe) {
        /* It stands inside the quotes, of which the first was put one place too far for that. */
        place[0] = CSV_QUOTE;
        place[1] = '\'';
    }
    out->size += size + apostrophe;
}

static void cell_append(struct csv_writer *w, struct bytes cell, bool apostrophe)
{
    if (w->cells > 0) buffer_append(w->out, ",", 1);
    w->blank = w->cells == 0 && cell.size == 0;
    w->cells++;
    if (needs_quotes(cell)) {
        quoted_append(w->out, cell, apostrophe);
    } else {
        if (apostrophe) buffer_append(w->out, "'", 1);
        buffer_append(w->out, cell.data, cell.size);
    }
}

void csv_writer_exact(struct csv_writer *w, struct bytes cell)
{
    cell_append(w, cell, false);
}

void csv_writer_cell(struct csv_writer *w, struct bytes cell)
{
    cell_append(w, cell, csv_cell_is_formula(cell));
}

void csv_writer_row_end(struct csv_writer *w)
{
    ASSERT(w->cells > 0);
    if (w->blank) buffer_append(w->out, "\"\"", 2);
    buffer_append(w->out, "\r\n", 2);
    w->cells = 0;
    w->blank = false;
}
