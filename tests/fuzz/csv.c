/* The reader of import files. Any bytes, in any pieces, are the same rows with the same faults; rows that are whole are
 * read back unchanged when they are written again.
 *
 * The first byte seeds the pieces. A byte 0x7F stands for two thousand repetitions of the byte before it, so that the
 * limits of cells and rows are within reach. */
#include "tests/fuzz/fuzz.h"

#include "engine/csv/csv_writer.h"
#include "engine/csv/import_reader.h"

#include <stdio.h>

enum { REPEAT = 0x7F, REPETITIONS = 2047, FILE_SIZE_MAX = 80 << 10 };

static struct arena arena;

static struct bytes unrolled(const uint8_t *data, size_t size)
{
    struct buffer file = {.arena = &arena};
    for (size_t i = 0; i < size && file.size < FILE_SIZE_MAX; i++) {
        bool repeat = data[i] == REPEAT && file.size > 0;
        size_t count = repeat ? REPETITIONS : 1;
        int byte = repeat ? file.data[file.size - 1] : data[i];
        memset(buffer_room(&file, count), byte, count);
        file.size += count;
    }
    return buffer_bytes(&file);
}

/* ---- A file told as text: its rows, its end, its header. */

static void tell(struct buffer *story, struct bytes text)
{
    uint8_t size[8];
    put_be64(size, text.size);
    buffer_append(story, size, sizeof size);
    buffer_append(story, text.data, text.size);
}

static void tell_number(struct buffer *story, uint64_t number)
{
    uint8_t bytes[8];
    put_be64(bytes, number);
    buffer_append(story, bytes, sizeof bytes);
}

struct reading {
    struct import_reader *reader;
    struct buffer story; /* all that was read */
    struct buffer cells; /* of rows without a fault: what is in them alone */
    struct buffer again; /* those, and the header, written as a file */
    bool header_written;
    bool too_long; /* one of them is longer now than a row may be, since quotes were doubled */
    uint64_t line;
};

static void write_row(struct reading *r, const struct bytes cells[], size_t count)
{
    struct csv_writer writer = csv_writer_on(&r->again);
    size_t before = r->again.size;
    for (size_t i = 0; i < count; i++) csv_writer_cell(&writer, cells[i]);
    csv_writer_row_end(&writer);
    r->too_long |= r->again.size - before > IMPORT_ROW_SIZE_MAX;
}

static void take_row(struct reading *r, const struct import_row *row)
{
    ASSERT(row->cell_count <= IMPORT_CELLS_MAX);
    ASSERT(row->line > r->line && row->line <= import_reader_lines(r->reader));
    ASSERT((row->fault == IMPORT_ROW_WHOLE) == (row->why == NULL));
    r->line = row->line;
    tell_number(&r->story, row->line);
    tell_number(&r->story, (uint64_t)row->fault);
    tell(&r->story, row->id);
    tell(&r->story, row->name);
    for (size_t i = 0; i < row->cell_count; i++) tell(&r->story, row->cells[i]);
    if (row->fault) return;
    tell_number(&r->cells, row->cell_count);
    for (size_t i = 0; i < row->cell_count; i++) tell(&r->cells, row->cells[i]);
    size_t count;
    const struct bytes *header = import_reader_header(r->reader, &count);
    if (!r->header_written) write_row(r, header, count);
    r->header_written = true;
    write_row(r, row->cells, row->cell_count);
}

static enum import_step take_piece(struct reading *r, struct bytes piece)
{
    struct import_row row;
    enum import_step step;
    while ((step = import_reader_next(r->reader, &piece, &row)) == IMPORT_READ_ROW) take_row(r, &row);
    ASSERT(step == IMPORT_READ_FAULT || piece.size == 0);
    return step;
}

static void end(struct reading *r)
{
    struct import_row row;
    enum import_step step;
    while ((step = import_reader_finish(r->reader, &row)) == IMPORT_READ_ROW) take_row(r, &row);
    enum import_file_fault fault = import_reader_fault(r->reader);
    ASSERT(step == (fault ? IMPORT_READ_FAULT : IMPORT_READ_END));
    ASSERT(!fault || is_sentence(import_reader_why(r->reader)));
    tell_number(&r->story, (uint64_t)fault);
    tell(&r->story, bytes_of_text(import_reader_why(r->reader)));
    tell_number(&r->story, import_reader_lines(r->reader));
    tell_number(&r->story, import_reader_empty_lines(r->reader));
}

static struct reading read_file(struct bytes file, size_t piece_size_max, uint32_t seed)
{
    struct reading r = {.reader = import_reader_new()};
    struct pieces pieces = {.left = file, .size_max = piece_size_max, .seed = seed};
    struct bytes piece;
    r.story.arena = r.cells.arena = r.again.arena = &arena;
    while (pieces_next(&pieces, &piece)) take_piece(&r, piece);
    end(&r);
    return r;
}

/* ---- What must be true of it. */

/* Lines as an editor counts them, that which the end of the file cuts off too. */
static uint64_t lines_of(struct bytes file)
{
    const uint8_t *byte = file.data;
    uint64_t lines = 0;
    for (size_t i = 0; i < file.size; i++) {
        lines += byte[i] == '\r' || (byte[i] == '\n' && (i == 0 || byte[i - 1] != '\r'));
    }
    return lines + (file.size > 0 && byte[file.size - 1] != '\n' && byte[file.size - 1] != '\r');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    struct bytes file = unrolled(data + 1, size - 1);
    /* Single bytes of a small file, not of one that would take its time. */
    size_t piece_size_max = 1 + 5u * data[0] + file.size / 256;
    struct reading whole = read_file(file, SIZE_MAX, 0), pieces = read_file(file, piece_size_max, data[0]);
    ASSERT(bytes_equal(buffer_bytes(&whole.story), buffer_bytes(&pieces.story)));
    if (!import_reader_fault(whole.reader)) {
        uint64_t told = import_reader_lines(whole.reader), lines = lines_of(file);
        ASSERT(told == lines || told + 1 == lines); /* a last line of blanks alone is none */
    }
    if (!whole.too_long) {
        struct reading again = read_file(buffer_bytes(&whole.again), SIZE_MAX, 0);
        ASSERT(bytes_equal(buffer_bytes(&again.cells), buffer_bytes(&whole.cells)));
        import_reader_delete(again.reader);
    }
    import_reader_delete(whole.reader);
    import_reader_delete(pieces.reader);
    arena_reset(&arena);
    return 0;
}
