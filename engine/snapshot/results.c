/* A job's results log: RFC 4180 CSV, one row a device in the job's order. It is written whole before its first byte
 * is read, so that all pieces show one moment; memory does not grow with the job. */
#include "engine/snapshot/runs.h"

#include "engine/base/timestamp.h"
#include "engine/csv/csv_writer.h"
#include "engine/snapshot/rows.h"
#include "engine/snapshot/spool.h"

enum { WRITE_SIZE = 256 << 10 };

/* ---- Columns, in their order. */

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

static void device_id_cell(struct csv_writer *w, const struct job_device_row *row)
{
    csv_writer_cell(w, row->id);
}

static void device_name_cell(struct csv_writer *w, const struct job_device_row *row)
{
    csv_writer_cell(w, row->display_name);
}

static void status_cell(struct csv_writer *w, const struct job_device_row *row)
{
    csv_writer_exact(w, STATUS_WORDS[row->state]);
}

/* Reason and error belong to an end: a device that waits to be tried again has none yet. */
static void reason_cell(struct csv_writer *w, const struct job_device_row *row)
{
    csv_writer_exact(w, row->state == DEVICE_FAILED ? bytes_of_text(outcome_word(row->outcome)) : BYTES_NONE);
}

static void error_cell(struct csv_writer *w, const struct job_device_row *row)
{
    csv_writer_cell(w, device_has_end(row->state) ? row->error : BYTES_NONE);
}

static void batch_cell(struct csv_writer *w, const struct job_device_row *row)
{
    number_cell(w, row->batch);
}

static void attempt_cell(struct csv_writer *w, const struct job_device_row *row)
{
    number_cell(w, row->attempt);
}

static void dispatched_at_cell(struct csv_writer *w, const struct job_device_row *row)
{
    time_cell(w, row->start_us);
}

static void finished_at_cell(struct csv_writer *w, const struct job_device_row *row)
{
    time_cell(w, row->end_us);
}

#define COLUMNS(X)                                                                                                     \
    X(device_id) X(device_name) X(status) X(reason) X(error) X(batch) X(attempt) X(dispatched_at) X(finished_at)

static void header_row(struct csv_writer *w)
{
#define COLUMN(name) csv_writer_exact(w, BYTES(#name));
    COLUMNS(COLUMN)
#undef COLUMN
    csv_writer_row_end(w);
}

static void device_row(struct csv_writer *w, const struct job_device_row *row)
{
#define COLUMN(name) name##_cell(w, row);
    COLUMNS(COLUMN)
#undef COLUMN
    csv_writer_row_end(w);
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
    struct buffer out = {.arena = &task->arena};
    struct csv_writer writer = csv_writer_on(&out);
    buffer_room(&out, WRITE_SIZE + WRITE_SIZE / 4); /* the last row goes over WRITE_SIZE: no growing for it */
    header_row(&writer);
    for (uint32_t position = 0; position < rows->list.count; position++) {
        struct job_device record = rows_record(rows, position);
        struct job_device_row row;
        if (!rows_read(rows, &record, &row)) {
            spool_abandon(file);
            return task_fail(task, "%s", rows->why.text);
        }
        device_row(&writer, &row);
        if (!buffer_drain(file, &out, WRITE_SIZE, &task->fault)) return false;
    }
    return buffer_drain(file, &out, 0, &task->fault) && spool_finish(file, &task->fault);
}

static bool results_write(struct task *task)
{
    struct rows rows;
    struct spool_file file;
    if (!rows_open(&rows, task->snapshot, task->log, task->results.job)) {
        return task_fail(task, "%s", rows.why.text);
    }
    bool written = spool_create(&file, task->spool_directory, &task->fault) && rows_write(task, &rows, &file);
    rows_close(&rows);
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
