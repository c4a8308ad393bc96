/* Reads the CSV of a device import as it streams in, one row at a time, in chunks of any size.
 *
 *     struct import_reader *reader = import_reader_new();
 *     while ((step = import_reader_next(reader, &chunk, &row)) == IMPORT_READ_ROW) ...   as many as one likes
 *     while ((step = import_reader_finish(reader, &row)) == IMPORT_READ_ROW) ...         after the last chunk
 *     import_reader_delete(reader);
 *
 * Off the happy path: IMPORT_READ_FAULT, the file as a whole cannot be read, and `why` says so; a row with a
 * fault of its own, which stops no other row.
 *
 * Read: UTF-8 with or without BOM; lines ending in CR LF, LF or CR, the last one also in nothing; cells in
 * quotes with commas, line ends and doubled quotes inside; blanks around a cell that is not quoted are
 * dropped; a quote in the middle of such a cell is a character like others. Empty lines are counted and
 * otherwise left out. Never more than a row (64 KiB) and the header are held. */
#ifndef MUSTER_IMPORT_READER_H
#define MUSTER_IMPORT_READER_H

#include "engine/base/base.h"

enum {
    IMPORT_CELL_SIZE_MAX = 4 << 10,
    IMPORT_ROW_SIZE_MAX = 64 << 10, /* as it stands in the file, with quotes and line end */
    IMPORT_CELLS_MAX = 256,
};

/* Column names, in any case and order. The id's must be there, once; the three behind it may be, once. */
#define IMPORT_ID_COLUMN "IOTC_DEVICEID"
#define IMPORT_NAME_COLUMN "IOTC_DEVICENAME"
#define IMPORT_PRIMARY_COLUMN "IOTC_X509THUMBPRINT_PRIMARY"
#define IMPORT_SECONDARY_COLUMN "IOTC_X509THUMBPRINT_SECONDARY"
#define IMPORT_PRIMARY_KEY_COLUMN "IOTC_SASKEY_PRIMARY" /* of an export; secrets, and of no use to an import */
#define IMPORT_SECONDARY_KEY_COLUMN "IOTC_SASKEY_SECONDARY"
#define IMPORT_LINE_COLUMN "IMPORT_LINE"     /* of an error log: where the row stood, and what was wrong with it */
#define IMPORT_ERROR_COLUMN "IMPORT_ERROR"

/* What can be wrong with one row, and the sentence for it; its line is in the row. */
#define IMPORT_ROW_FAULTS(X)                                                                                           \
    X(IMPORT_ROW_TOO_LONG, "the row is longer than 64 KiB; look for a quote that is opened and never closed")          \
    X(IMPORT_ROW_CELL_TOO_LONG, "a cell is longer than 4 KiB; shorten it, or look for a quote that is never closed")   \
    X(IMPORT_ROW_TOO_MANY_CELLS, "the row has more than 256 cells; remove the columns that are not needed")            \
    X(IMPORT_ROW_WIDER_THAN_HEADER,                                                                                    \
      "the row has more cells than the header names; a cell with a comma inside must stand in quotes")                 \
    X(IMPORT_ROW_STRAY_QUOTE, "text follows a closing quote; a quote inside a quoted cell must be written twice")      \
    X(IMPORT_ROW_CUT_OFF, "the file ends inside a quoted cell; it was cut off, or a quote is never closed")

#define IMPORT_ROW_FAULT_NAME(name, sentence) name,
enum import_row_fault { IMPORT_ROW_WHOLE = 0, IMPORT_ROW_FAULTS(IMPORT_ROW_FAULT_NAME) };
#undef IMPORT_ROW_FAULT_NAME

/* What can be wrong with the whole file. */
enum import_file_fault {
    IMPORT_FILE_OK = 0,
    IMPORT_FILE_EMPTY,
    IMPORT_FILE_UTF16,
    IMPORT_FILE_BINARY,     /* a NUL byte somewhere */
    IMPORT_FILE_BAD_HEADER, /* the header row itself has a row's fault */
    IMPORT_FILE_NO_ID_COLUMN,
    IMPORT_FILE_COLUMN_TWICE, /* the id column, or one that may be there once; which of two is meant nobody can know */
    IMPORT_FILE_CUT_OFF,      /* said last, after the row that was cut */
};

/* Everything in it is borrowed until the next call with this reader. An apostrophe that was put before a
 * formula (see csv_writer.h) is taken off. */
struct import_row {
    uint64_t line; /* where the row begins, as an editor counts lines, from 1 */
    enum import_row_fault fault;
    const char *why;           /* the sentence, when there is a fault; forever */
    struct bytes id;           /* not checked yet: see engine/base/names.h; empty when the row is too short */
    struct bytes name;         /* likewise; empty also when there is no such column; and so are these: */
    struct bytes primary, secondary; /* thumbprints */
    const struct bytes *cells; /* all of them in order; after a fault those that came before it */
    size_t cell_count;         /* may be less or, with empty cells at the end, more than the header's */
};

struct import_reader;

/* Never NULL: stops the process when the system has no memory, as an arena does. */
struct import_reader *import_reader_new(void);
void import_reader_delete(struct import_reader *reader);

enum import_step {
    IMPORT_READ_ROW,
    IMPORT_READ_MORE, /* the chunk is used up */
    IMPORT_READ_END,  /* only from finish: that was all */
    IMPORT_READ_FAULT,
};

/* Takes from the front of *chunk up to the end of the next row. The rest may be given again at any time, by
 * the same reader's owner, also in another place; nothing of the chunk is kept. A fault stays. */
enum import_step import_reader_next(struct import_reader *reader, struct bytes *chunk, struct import_row *row);
/* No more bytes come: gives the last row when it had no line end, then IMPORT_READ_END or the fault. */
enum import_step import_reader_finish(struct import_reader *reader, struct import_row *row);

enum import_file_fault import_reader_fault(const struct import_reader *reader);
/* The fault in one sentence; lives as long as the reader. */
const char *import_reader_why(const struct import_reader *reader);

/* The header's cells, as long as the reader lives; none before the header was read. */
const struct bytes *import_reader_header(const struct import_reader *reader, size_t *cell_count);
/* Lines begun so far, and how many of them were empty. */
uint64_t import_reader_lines(const struct import_reader *reader);
uint64_t import_reader_empty_lines(const struct import_reader *reader);

#endif
