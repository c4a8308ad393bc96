/* Two machines walk the same bytes. Ours, a table of six places, finds where rows and lines end, and never
 * holds a byte; libcsv takes the cells out of a row that is within bounds. libcsv alone could neither stop
 * at the end of a row nor be kept from gathering a cell that never ends.
 *
 *                      ,             "              blank          other
 *     ROW_START     -> CELL_START -> QUOTED      -> ROW_START   -> PLAIN      line end: an empty line
 *     CELL_START    -> CELL_START -> QUOTED      -> CELL_START  -> PLAIN      line end: the row's end
 *     PLAIN         -> CELL_START -> PLAIN       -> PLAIN       -> PLAIN      line end: the row's end
 *     QUOTED        -> QUOTED     -> CLOSED      -> QUOTED      -> QUOTED     line end: one more line
 *     CLOSED        -> CELL_START -> QUOTED      -> BLANK_AFTER -> stray      line end: the row's end
 *     BLANK_AFTER   -> CELL_START -> stray       -> BLANK_AFTER -> stray      line end: the row's end
 *
 * After a stray quote the row goes on as PLAIN, to the end of its line: so one forgotten quote costs the rows
 * it swallows and no more. */
#include "engine/csv/import_reader.h"
#include "engine/base/arena.h"
#include "engine/base/text.h"
#include "engine/csv/csv_writer.h"

#include <csv.h>
#include <stdlib.h>

enum kind { OTHER, COMMA, QUOTE, BLANK, CR, LF, NUL, KINDS };

static const uint8_t KIND[256] = {
    [','] = COMMA, ['"'] = QUOTE, [' '] = BLANK, ['\t'] = BLANK, ['\r'] = CR, ['\n'] = LF, ['\0'] = NUL,
};

enum place { ROW_START, CELL_START, PLAIN, QUOTED, CLOSED, BLANK_AFTER, PLACES, ROW_END, EMPTY_LINE, STRAY, BINARY };

/* clang-format off */
static const uint8_t NEXT[PLACES][KINDS] = {
    /*                OTHER   COMMA       QUOTE   BLANK        CR          LF          NUL */
    [ROW_START] =   { PLAIN,  CELL_START, QUOTED, ROW_START,   EMPTY_LINE, EMPTY_LINE, BINARY },
    [CELL_START] =  { PLAIN,  CELL_START, QUOTED, CELL_START,  ROW_END,    ROW_END,    BINARY },
    [PLAIN] =       { PLAIN,  CELL_START, PLAIN,  PLAIN,       ROW_END,    ROW_END,    BINARY },
    [QUOTED] =      { QUOTED, QUOTED,     CLOSED, QUOTED,      QUOTED,     QUOTED,     BINARY },
    [CLOSED] =      { STRAY,  CELL_START, QUOTED, BLANK_AFTER, ROW_END,    ROW_END,    BINARY },
    [BLANK_AFTER] = { STRAY,  CELL_START, STRAY,  BLANK_AFTER, ROW_END,    ROW_END,    BINARY },
};
/* clang-format on */

static const uint8_t BOM[] = {0xEF, 0xBB, 0xBF};

enum { BOM_SIZE = sizeof BOM, NO_COLUMN = -1 };

enum column { ID, NAME, PRIMARY, SECONDARY, COLUMNS };

static const char *const COLUMN_NAMES[COLUMNS] = {
    [ID] = IMPORT_ID_COLUMN,
    [NAME] = IMPORT_NAME_COLUMN,
    [PRIMARY] = IMPORT_PRIMARY_COLUMN,
    [SECONDARY] = IMPORT_SECONDARY_COLUMN,
};

struct import_reader {
    struct csv_parser parser;
    size_t bom_seen; /* bytes of the BOM so far; BOM_SIZE when it is done with, there or not */

    enum place place;
    uint8_t last_byte; /* so that the LF of a CR LF ends no second line, also across chunks */
    uint64_t line;     /* where the next byte stands */
    uint64_t empty_lines;

    bool row_taken; /* the row below was handed out, the next call begins a new one */
    uint64_t row_line;
    enum import_row_fault row_fault;
    size_t row_size;  /* bytes of it in the file */
    size_t text_size; /* bytes of its cells */
    size_t cell_count;
    struct bytes cells[IMPORT_CELLS_MAX];
    uint8_t text[IMPORT_ROW_SIZE_MAX];

    bool header_read;
    struct arena header_memory;
    struct bytes *header;
    size_t header_count;
    int columns[COLUMNS]; /* where each stands, or NO_COLUMN */

    bool cut_off;
    enum import_file_fault fault;
    struct sentence why;
};

/* None for IMPORT_ROW_WHOLE. */
static const char *const ROW_FAULT_SENTENCES[] = {
#define SENTENCE(name, sentence) [name] = (sentence),
    IMPORT_ROW_FAULTS(SENTENCE)
#undef SENTENCE
};

struct import_reader *import_reader_new(void)
{
    struct import_reader *r = calloc(1, sizeof *r);
    ASSERT(r != NULL);
    int failed = csv_init(&r->parser, 0);
    ASSERT(!failed);
    csv_set_blk_size(&r->parser, IMPORT_CELL_SIZE_MAX);
    r->line = r->row_line = 1;
    return r;
}

void import_reader_delete(struct import_reader *r)
{
    csv_free(&r->parser);
    arena_free(&r->header_memory);
    free(r);
}

static void row_fail(struct import_reader *r, enum import_row_fault fault)
{
    if (!r->row_fault) r->row_fault = fault;
}

static void row_begin(struct import_reader *r)
{
    /* Without callbacks it forgets the row in progress: that of a row with a fault is never told to its end. */
    if (r->row_fault) csv_fini(&r->parser, NULL, NULL, NULL);
    r->place = ROW_START;
    r->row_taken = false;
    r->row_line = r->line;
    r->row_fault = IMPORT_ROW_WHOLE;
    r->row_size = r->text_size = r->cell_count = 0;
}

static struct bytes without_apostrophe(struct bytes cell)
{
    const char *text = cell.data;
    if (cell.size == 0 || text[0] != '\'') return cell;
    struct bytes inner = {text + 1, cell.size - 1};
    return csv_cell_is_formula(inner) ? inner : cell;
}

/* libcsv has a whole cell; `text` dies with the call. */
static void take_cell(void *text, size_t size, void *context)
{
    struct import_reader *r = context;
    struct bytes cell = without_apostrophe((struct bytes){text, size});
    if (cell.size > IMPORT_CELL_SIZE_MAX) row_fail(r, IMPORT_ROW_CELL_TOO_LONG);
    if (r->cell_count == IMPORT_CELLS_MAX) row_fail(r, IMPORT_ROW_TOO_MANY_CELLS);
    if (r->row_fault) return;
    ASSERT(r->text_size + cell.size <= IMPORT_ROW_SIZE_MAX);
    r->cells[r->cell_count++] = (struct bytes){memcpy(r->text + r->text_size, cell.data, cell.size), cell.size};
    r->text_size += cell.size;
}

/* Gives bytes of one row to libcsv. That cannot fail: without CSV_STRICT it takes any byte, and memory for a
 * row is either there or the process stops, as with an arena. */
static void feed(struct import_reader *r, const uint8_t *bytes, size_t size)
{
    size_t taken = csv_parse(&r->parser, bytes, size, take_cell, NULL, r);
    ASSERT(taken == size);
}

static void count_line_end(struct import_reader *r, uint8_t byte, uint8_t previous)
{
    if (byte == '\r' || previous != '\r') r->line++;
}

/* Walks until the row ends or something is to be said about it; r->place is where it stopped. */
static size_t walk(struct import_reader *r, const uint8_t *bytes, size_t size)
{
    ASSERT(r->place < PLACES && size > 0);
    enum place place = r->place;
    size_t at = 0;
    while (at < size && place < PLACES) {
        enum kind kind = KIND[bytes[at]];
        place = NEXT[place][kind];
        if (kind == CR || kind == LF) count_line_end(r, bytes[at], at > 0 ? bytes[at - 1] : r->last_byte);
        at++;
    }
    r->place = place;
    return at;
}

static enum import_step file_fail(struct import_reader *r, enum import_file_fault fault)
{
    r->fault = fault;
    return IMPORT_READ_FAULT;
}

static enum import_step binary_fail(struct import_reader *r)
{
    sentence_set(&r->why, "line %llu holds a NUL byte, so this is no CSV text; save the table as \"CSV UTF-8\"",
                 (unsigned long long)r->line);
    return file_fail(r, IMPORT_FILE_BINARY);
}

/* An LF after the CR that ended a row stands where the next row would begin, and is no empty line. */
static void empty_line_take(struct import_reader *r, uint8_t byte, uint8_t previous)
{
    if (byte == '\r' || previous != '\r') r->empty_lines++;
    row_begin(r);
}

/* Goes on with the row: IMPORT_READ_ROW at its end, IMPORT_READ_MORE at the end of the chunk. */
static enum import_step read_row(struct import_reader *r, struct bytes *chunk)
{
    while (chunk->size > 0) {
        const uint8_t *bytes = chunk->data;
        if (r->row_size == IMPORT_ROW_SIZE_MAX) row_fail(r, IMPORT_ROW_TOO_LONG);
        size_t bound = r->row_fault ? chunk->size : MIN(chunk->size, IMPORT_ROW_SIZE_MAX - r->row_size);
        size_t size = walk(r, bytes, bound);
        uint8_t previous = size > 1 ? bytes[size - 2] : r->last_byte;
        if (!r->row_fault && r->place != EMPTY_LINE) {
            feed(r, bytes, size);
            r->row_size += size;
        }
        r->last_byte = bytes[size - 1];
        *chunk = (struct bytes){bytes + size, chunk->size - size};
        switch (r->place) {
        case ROW_END: return IMPORT_READ_ROW;
        case BINARY: return binary_fail(r);
        case EMPTY_LINE: empty_line_take(r, r->last_byte, previous); break;
        case STRAY:
            row_fail(r, IMPORT_ROW_STRAY_QUOTE);
            r->place = PLAIN;
            break;
        default: break; /* in the middle of a cell */
        }
    }
    return IMPORT_READ_MORE;
}

/* ---- The header. */

/* Notes where the column stands; false when it stands twice. */
static bool column_find(struct import_reader *r, enum column which)
{
    struct bytes name = bytes_of_text(COLUMN_NAMES[which]);
    int *column = &r->columns[which];
    *column = NO_COLUMN;
    for (size_t i = 0; i < r->header_count; i++) {
        if (!text_equals_any_case(r->header[i], name)) continue;
        if (*column != NO_COLUMN) {
            sentence_set(&r->why, "line %llu names the column %.*s twice, as columns %d and %zu; keep one",
                         (unsigned long long)r->row_line, BYTES_ARG(name), *column + 1, i + 1);
            return false;
        }
        *column = (int)i;
    }
    return true;
}

static bool text_has(struct bytes text, char character)
{
    return text.size > 0 && memchr(text.data, character, text.size) != NULL;
}

/* Spreadsheets of some countries separate by semicolons; the whole header is one cell then. Others begin with a line of
 * their own, which says what separates. */
static const char *advice_on_header(const struct import_reader *r)
{
    struct bytes first = r->header[0];
    bool other_separator = text_has(first, ';') || text_has(first, '|') || text_has(first, '\t');
    if (first.size >= 4 && memcmp(first.data, "sep=", 4) == 0) return "; begin with the line behind it";
    if (r->header_count == 1 && other_separator) return "; separate the columns with commas";
    return "";
}

static enum import_step no_id_column(struct import_reader *r)
{
    struct bytes first = text_quotable(r->header[0], 60);
    sentence_set(&r->why, "line %llu names no column " IMPORT_ID_COLUMN "; it begins with \"%.*s\"%s",
                 (unsigned long long)r->row_line, BYTES_ARG(first), advice_on_header(r));
    return file_fail(r, IMPORT_FILE_NO_ID_COLUMN);
}

static void header_keep(struct import_reader *r)
{
    r->header = arena_alloc(&r->header_memory, r->cell_count * sizeof *r->header);
    for (size_t i = 0; i < r->cell_count; i++) r->header[i] = arena_copy(&r->header_memory, r->cells[i]);
    r->header_count = r->cell_count;
    r->header_read = true;
}

/* The row just read is the header; IMPORT_READ_MORE when the rows may come. */
static enum import_step header_take(struct import_reader *r)
{
    if (r->row_fault) {
        sentence_set(&r->why, "line %llu, the header: %s", (unsigned long long)r->row_line,
                     ROW_FAULT_SENTENCES[r->row_fault]);
        return file_fail(r, IMPORT_FILE_BAD_HEADER);
    }
    header_keep(r);
    for (enum column column = ID; column < COLUMNS; column++) {
        if (!column_find(r, column)) return file_fail(r, IMPORT_FILE_COLUMN_TWICE);
    }
    if (r->columns[ID] == NO_COLUMN) return no_id_column(r);
    row_begin(r);
    return IMPORT_READ_MORE;
}

/* ---- Rows. */

static struct bytes cell_of(const struct import_reader *r, enum column which)
{
    int column = r->columns[which];
    if (column == NO_COLUMN || (size_t)column >= r->cell_count) return BYTES_NONE;
    return r->cells[column];
}

/* Spreadsheets like to end rows with empty cells; only one with something in it means a lost quote. */
static bool row_is_wider_than_header(const struct import_reader *r)
{
    for (size_t i = r->header_count; i < r->cell_count; i++) {
        if (r->cells[i].size > 0) return true;
    }
    return false;
}

static enum import_step row_give(struct import_reader *r, struct import_row *row)
{
    if (row_is_wider_than_header(r)) row_fail(r, IMPORT_ROW_WIDER_THAN_HEADER);
    r->row_taken = true;
    *row = (struct import_row){
        .line = r->row_line,
        .fault = r->row_fault,
        .why = ROW_FAULT_SENTENCES[r->row_fault],
        .id = cell_of(r, ID),
        .name = cell_of(r, NAME),
        .primary = cell_of(r, PRIMARY),
        .secondary = cell_of(r, SECONDARY),
        .cells = r->cells,
        .cell_count = r->cell_count,
    };
    return IMPORT_READ_ROW;
}

/* Skips the BOM, which may come in pieces. What only began like one is text: the same known bytes. */
static enum import_step bom_skip(struct import_reader *r, struct bytes *chunk)
{
    const uint8_t *bytes = chunk->data;
    ASSERT(r->place == ROW_START);
    if (chunk->size == 0) return IMPORT_READ_MORE;
    if (r->bom_seen == 0 && (bytes[0] == 0xFF || bytes[0] == 0xFE)) {
        sentence_set(&r->why, "the file is UTF-16; save it as \"CSV UTF-8\"");
        return file_fail(r, IMPORT_FILE_UTF16);
    }
    size_t at = 0;
    for (; r->bom_seen < BOM_SIZE && at < chunk->size && bytes[at] == BOM[r->bom_seen]; at++) r->bom_seen++;
    *chunk = (struct bytes){bytes + at, chunk->size - at};
    if (r->bom_seen < BOM_SIZE && chunk->size > 0) {
        struct bytes begun = {BOM, r->bom_seen};
        r->bom_seen = BOM_SIZE;
        read_row(r, &begun);
    }
    return IMPORT_READ_MORE;
}

enum import_step import_reader_next(struct import_reader *r, struct bytes *chunk, struct import_row *row)
{
    if (r->fault) return IMPORT_READ_FAULT;
    if (r->row_taken) row_begin(r);
    if (r->bom_seen < BOM_SIZE && bom_skip(r, chunk) == IMPORT_READ_FAULT) return IMPORT_READ_FAULT;
    enum import_step step;
    while ((step = read_row(r, chunk)) == IMPORT_READ_ROW) {
        if (r->header_read) return row_give(r, row);
        if (header_take(r) == IMPORT_READ_FAULT) return IMPORT_READ_FAULT;
    }
    return step;
}

static enum import_step empty_fail(struct import_reader *r)
{
    sentence_set(&r->why, "the file is empty; its first line must name the column " IMPORT_ID_COLUMN);
    return file_fail(r, IMPORT_FILE_EMPTY);
}

static enum import_step cut_off_fail(struct import_reader *r)
{
    sentence_set(&r->why, "the file ends inside the quoted cell of the row at line %llu; send it again whole",
                 (unsigned long long)r->row_line);
    return file_fail(r, IMPORT_FILE_CUT_OFF);
}

enum import_step import_reader_finish(struct import_reader *r, struct import_row *row)
{
    if (r->fault) return IMPORT_READ_FAULT;
    if (r->cut_off) return cut_off_fail(r);
    if (r->row_taken) row_begin(r);
    if (r->place == QUOTED) {
        row_fail(r, IMPORT_ROW_CUT_OFF);
        r->cut_off = true;
        return r->header_read ? row_give(r, row) : header_take(r);
    }
    if (r->place != ROW_START) {
        /* A line end finishes the row, so that one without it is read like all others. */
        struct bytes line_end = BYTES("\n");
        enum import_step step = import_reader_next(r, &line_end, row);
        if (step != IMPORT_READ_MORE) return step;
    }
    return r->header_read ? IMPORT_READ_END : empty_fail(r);
}

enum import_file_fault import_reader_fault(const struct import_reader *r)
{
    return r->fault;
}

const char *import_reader_why(const struct import_reader *r)
{
    return r->why.text;
}

const struct bytes *import_reader_header(const struct import_reader *r, size_t *cell_count)
{
    *cell_count = r->header_count;
    return r->header;
}

uint64_t import_reader_lines(const struct import_reader *r)
{
    return r->place == ROW_START || r->place == ROW_END ? r->line - 1 : r->line;
}

uint64_t import_reader_empty_lines(const struct import_reader *r)
{
    return r->empty_lines;
}
