/* A job's results log: RFC 4180 CSV, one row a device in the job's order. It is written whole before its first byte
 * is read, so that all pieces show one moment; memory does not grow with the job. */
#include "engine/snapshot/runs.h"

#include "engine/base/text.h"
#include "engine/base/timestamp.h"
#include "engine/csv/csv_value.h"
#include "engine/csv/csv_writer.h"
#include "engine/snapshot/rows.h"
#include "engine/snapshot/spool.h"

enum { WRITE_SIZE = 256 << 10 };

/* ---- Cells. */

static const struct bytes STATUS_WORDS[] = {
    [DEVICE_WAITING] = {"pending", 7},
    [DEVICE_OUT] = {"pending", 7},
    [DEVICE_COMPLETED] = {"completed", 9},
    [DEVICE_FAILED] = {"failed", 6},
};

static void number_cell(struct csv_writer *w, uint32_t number)
{
    char text[10];
    char *begin = text + sizeof text;
    do *--begin = (char)('0' + number % 10);
    while (number /= 10);
    csv_writer_exact(w, (struct bytes){begin, (size_t)(text + sizeof text - begin)});
}

static void time_cell(struct csv_writer *w, int64_t time_us)
{
    char text[TIMESTAMP_SIZE];
    csv_writer_exact(w, time_us ? timestamp_text(time_us, text) : BYTES_NONE);
}

static void flag_cell(struct csv_writer *w, bool flag)
{
    csv_writer_exact(w, flag ? BYTES("true") : BYTES("false"));
}

/* The file in the making: cells of values are made beside the row they go to. */
struct sheet {
    struct csv_writer writer;
    struct buffer out, value;
    struct columns columns; /* behind the nine */
};

/* What devices and connectors said, in the cell being made: a row stays one line, and no terminal is steered by it. */
static void write_spoken(struct sheet *s)
{
    uint8_t *text = s->value.data;
    for (size_t at = 0, size; at < s->value.size; at += size) {
        uint32_t character;
        size = utf8_next(buffer_bytes(&s->value), at, &character);
        if (size > 0 && is_control_character(character)) memset(text + at, ' ', size);
        size = MAX(size, 1);
    }
    csv_writer_cell(&s->writer, buffer_bytes(&s->value));
}

static void value_cell(struct sheet *s, struct bytes value)
{
    s->value.size = 0;
    csv_value_text(&s->value, value);
    write_spoken(s);
}

static void error_cell(struct sheet *s, struct bytes error)
{
    s->value.size = 0;
    buffer_append(&s->value, error.data, error.size);
    write_spoken(s);
}

/* Reason, error and response belong to an end: a device that waits to be tried again has none yet. */
static void cell(struct sheet *s, const struct job_device_row *row, enum column_kind kind, struct bytes property)
{
    struct csv_writer *w = &s->writer;
    bool has_end = device_has_end(row->state), failed = row->state == DEVICE_FAILED;
    switch (kind) {
    case COLUMN_ID: csv_writer_cell(w, row->id); break;
    case COLUMN_DISPLAY_NAME: csv_writer_cell(w, row->display_name); break;
    case COLUMN_DELETED: flag_cell(w, row->deleted); break;
    case COLUMN_STATUS: csv_writer_exact(w, STATUS_WORDS[row->state]); break;
    case COLUMN_REASON: csv_writer_exact(w, failed ? bytes_of_text(outcome_word(row->outcome)) : BYTES_NONE); break;
    case COLUMN_ERROR: error_cell(s, has_end ? row->error : BYTES_NONE); break;
    case COLUMN_BATCH: number_cell(w, row->batch); break;
    case COLUMN_ATTEMPT: number_cell(w, row->attempt); break;
    case COLUMN_CONNECTOR: csv_writer_cell(w, row->connector); break;
    case COLUMN_START: time_cell(w, row->start_us); break;
    case COLUMN_END: time_cell(w, row->end_us); break;
    case COLUMN_RESPONSE: value_cell(s, has_end ? row->response : BYTES_NONE); break;
    case COLUMN_TEMPLATE: csv_writer_cell(w, row->template); break;
    case COLUMN_PROVISIONED: flag_cell(w, row->provisioned); break;
    case COLUMN_SIMULATED: flag_cell(w, row->simulated); break;
    case COLUMN_MERGED:
        csv_writer_exact(w, row->later == DEVICE_WAITING ? BYTES_NONE : STATUS_WORDS[row->later]);
        break;
    case COLUMN_PROPERTY:
    case COLUMN_CLOUD_PROPERTY: value_cell(s, property); break;
    }
}

/* ---- Rows. The nine that are always there, then those asked for that the nine do not show. */

static const struct {
    const char *name;
    enum column_kind kind;
} NINE[] = {
    {"device_id", COLUMN_ID},
    {"device_name", COLUMN_DISPLAY_NAME},
    {"status", COLUMN_STATUS},
    {"reason", COLUMN_REASON},
    {"error", COLUMN_ERROR},
    {"batch", COLUMN_BATCH},
    {"attempt", COLUMN_ATTEMPT},
    {"dispatched_at", COLUMN_START},
    {"finished_at", COLUMN_END},
};

static bool is_one_of_nine(const struct column *column)
{
    for (size_t i = 0; i < COUNT_OF(NINE); i++) {
        if (column->kind == NINE[i].kind) return true;
    }
    return false;
}

static struct columns without_nine(struct arena *arena, struct columns columns)
{
    struct column *others = arena_alloc(arena, (columns.count + 1) * sizeof *others);
    size_t count = 0;
    for (size_t i = 0; i < columns.count; i++) {
        if (!is_one_of_nine(&columns.column[i])) others[count++] = columns.column[i];
    }
    return (struct columns){others, count};
}

static void header_row(struct sheet *s)
{
    for (size_t i = 0; i < COUNT_OF(NINE); i++) csv_writer_exact(&s->writer, bytes_of_text(NINE[i].name));
    for (size_t i = 0; i < s->columns.count; i++) csv_writer_cell(&s->writer, s->columns.column[i].name);
    csv_writer_row_end(&s->writer);
}

static void device_row(struct sheet *s, const struct job_device_row *row)
{
    for (size_t i = 0; i < COUNT_OF(NINE); i++) cell(s, row, NINE[i].kind, BYTES_NONE);
    for (size_t i = 0; i < s->columns.count; i++) cell(s, row, s->columns.column[i].kind, row->properties[i]);
    csv_writer_row_end(&s->writer);
}

/* ---- The file. */

/* Writes what the buffer holds once it is enough, or all of it at the end; the buffer's place is used again. */
static bool buffer_drain(struct spool_file *file, struct buffer *out, size_t enough, struct sentence *why)
{
    if (out->size < enough) return true;
    struct bytes data = buffer_bytes(out);
    out->size = 0;
    return spool_write(file, data, why);
}

static bool rows_write(struct task *task, struct rows *rows, struct spool_file *file)
{
    struct sheet sheet = {.out.arena = &task->arena, .value.arena = &task->arena, .columns = rows->columns};
    sheet.writer = csv_writer_on(&sheet.out);
    buffer_room(&sheet.out, WRITE_SIZE + WRITE_SIZE / 4); /* the last row goes over WRITE_SIZE: no growing for it */
    header_row(&sheet);
    for (uint32_t position = 0; position < rows->list.count; position++) {
        struct job_device record = rows_record(rows, position);
        struct job_device_row row;
        if (!rows_read(rows, &record, &row)) {
            spool_abandon(file);
            return task_fail(task, "%s", rows->why.text);
        }
        device_row(&sheet, &row);
        if (!buffer_drain(file, &sheet.out, WRITE_SIZE, &task->fault)) return false;
    }
    return buffer_drain(file, &sheet.out, 0, &task->fault) && spool_finish(file, &task->fault);
}

static bool results_write(struct task *task)
{
    struct rows rows;
    struct spool_file file;
    struct columns columns = without_nine(&task->arena, task->results.columns);
    if (!rows_open(&rows, task, task->results.job, columns)) {
        return task_fail(task, "%s", rows.why.text);
    }
    bool written = spool_create(&file, task->spool_directory, &task->fault) && rows_write(task, &rows, &file);
    rows_close(&rows);
    task->lacks_room = !written && file.lacks_room;
    if (!written) return false;
    task->results.token = arena_copy(&task->arena, (struct bytes){file.token, SPOOL_TOKEN_SIZE});
    return true;
}

static bool piece_read(struct task *task)
{
    struct results *results = &task->results;
    uint8_t *piece = arena_alloc(&task->arena, RESULTS_PIECE_SIZE);
    enum spool_result result = spool_read(task->spool_directory, results->token, results->offset, piece,
                                          RESULTS_PIECE_SIZE, &results->data.size, &results->next, &task->fault);
    results->data.data = piece;
    results->gone = result == SPOOL_GONE;
    return result != SPOOL_FAILED;
}

void results_run(struct task *task)
{
    struct results *results = &task->results;
    ASSERT(task->spool_directory);
    results->gone = results->token.size == 0 && results->job == 0;
    if (results->gone) return;
    bool is_written = results->token.size > 0 || results_write(task);
    if (!is_written || !piece_read(task)) task->failed = true;
}
