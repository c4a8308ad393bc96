/* From a row as it was read to the event that it becomes. The checks come in the order in which a person would correct
 * the row: its shape, its cells, its place in the file, the device it names. */
#include "engine/decide/import_rows.h"

#include "engine/base/names.h"
#include "engine/base/text.h"
#include "engine/csv/csv_writer.h"
#include "projections/devices.h"
#include "projections/templates.h"

enum { QUOTED_CHARACTERS_MAX = 40 };

/* ---- Refused rows. */

/* The error log puts its own two columns behind the file's; those of an error log that is imported again go. */
static bool column_is_kept(struct bytes name)
{
    return !text_equals_any_case(name, BYTES(IMPORT_LINE_COLUMN)) &&
           !text_equals_any_case(name, BYTES(IMPORT_ERROR_COLUMN));
}

/* Cells that no column was named for: most often one text with commas in it that should have stood in quotes. */
static struct bytes join_cells(struct arena *arena, const struct bytes cells[], size_t count)
{
    struct buffer joined = {.arena = arena};
    for (size_t i = 0; i < count; i++) {
        if (i) buffer_append(&joined, ",", 1);
        buffer_append(&joined, cells[i].data, cells[i].size);
    }
    return buffer_bytes(&joined);
}

/* A row as wide as the header, so that what is put behind it stands in its columns. */
static struct bytes row_as_csv(struct decision *d, const struct open_import *open, const struct bytes cells[],
                               size_t count)
{
    size_t columns;
    const struct bytes *names = import_reader_header(open->reader, &columns);
    struct buffer out = {.arena = d->arena};
    struct csv_writer w = csv_writer_on(&out);
    for (size_t i = 0; i < columns; i++) {
        struct bytes cell = i < count ? cells[i] : BYTES_NONE;
        if (i + 1 == columns && count > columns) cell = join_cells(d->arena, cells + i, count - i);
        if (column_is_kept(names[i])) csv_writer_cell(&w, cell);
    }
    return buffer_bytes(&out);
}

/* The file's own columns, before the first row that the error log has. */
static void keep_header(struct decision *d, struct open_import *open)
{
    size_t count;
    const struct bytes *cells = import_reader_header(open->reader, &count);
    if (open->header_written) return;
    open->header_written = true;
    emit(d->events, (struct event){.type = EVENT_IMPORT_HEADER_READ,
                                   .import_header_read = {.import = open->number,
                                                          .row = row_as_csv(d, open, cells, count)}});
}

static void keep_problem(struct open_import *open, const struct import_row *row, const char *reason)
{
    if (open->problem_count == IMPORT_PROBLEMS_MAX) return;
    open->problems[open->problem_count++] = (struct import_problem){
        .line = row->line, .reason = arena_copy(&open->problem_memory, bytes_of_text(reason))};
}

/* The reason is d->why. */
static void reject_row(struct decision *d, struct open_import *open, const struct import_row *row)
{
    open->counts.rejected++;
    if (open->dry_run) {
        keep_problem(open, row, d->why.text);
        return;
    }
    keep_header(d, open);
    emit(d->events,
         (struct event){.type = EVENT_IMPORT_ROW_REJECTED,
                        .import_row_rejected = {.import = open->number,
                                                .line = row->line,
                                                .reason = bytes_of_text(d->why.text),
                                                .row = row_as_csv(d, open, row->cells, row->cell_count)}});
}

/* Where a row has a fault of its shape, the cells before it are all there are: the next one is the bad one. */
static void explain_fault(struct decision *d, const struct open_import *open, const struct import_row *row)
{
    size_t columns;
    const struct bytes *names = import_reader_header(open->reader, &columns);
    if (row->cell_count >= columns) {
        sentence_set(&d->why, "%s", row->why);
        return;
    }
    struct bytes name = text_quotable(names[row->cell_count], QUOTED_CHARACTERS_MAX);
    sentence_set(&d->why, "column %zu, %.*s: %s", row->cell_count + 1, BYTES_ARG(name), row->why);
}

static void reject_repeat(struct decision *d, struct open_import *open, const struct import_row *row, uint64_t line)
{
    open->counts.twice++;
    sentence_set(&d->why, IMPORT_ID_COLUMN " \"%.*s\" stands in line %llu already; keep one of the two rows",
                 BYTES_ARG(row->id), (unsigned long long)line);
    reject_row(d, open, row);
}

/* ---- Rows about a device that exists. */

static void reject_template(struct decision *d, struct open_import *open, const struct import_row *row, uint32_t number)
{
    struct template other = {.id = BYTES("none")};
    if (number) ASSERT(templates_get(d->view, number, &other));
    sentence_set(&d->why,
                 IMPORT_ID_COLUMN " \"%.*s\" exists with another template (%.*s); import it without a template, or "
                                  "move the device first",
                 BYTES_ARG(row->id), BYTES_ARG(other.id));
    reject_row(d, open, row);
}

static void reject_name(struct decision *d, struct open_import *open, const struct import_row *row, struct bytes name)
{
    struct bytes given = text_quotable(row->name, QUOTED_CHARACTERS_MAX);
    struct bytes present = text_quotable(name, QUOTED_CHARACTERS_MAX);
    sentence_set(&d->why,
                 IMPORT_NAME_COLUMN " is \"%.*s\", and the device is called \"%.*s\"; leave it empty to keep that "
                                    "name, or import with update to rename the device",
                 BYTES_ARG(given), BYTES_ARG(present));
    reject_row(d, open, row);
}

static void change_name(struct decision *d, struct open_import *open, const struct import_row *row, uint32_t number)
{
    open->counts.changed++;
    if (open->dry_run) return;
    emit(d->events, (struct event){.type = EVENT_IMPORT_ROW_CHANGED,
                                   .import_row_changed = {.import = open->number,
                                                          .line = row->line,
                                                          .number = number,
                                                          .display_name = row->name}});
}

static void meet_existing(struct decision *d, struct open_import *open, const struct import_row *row, uint32_t number)
{
    struct device device;
    uint64_t line = seen_device(&open->seen, number);
    if (line) {
        reject_repeat(d, open, row, line);
        return;
    }
    ASSERT(devices_get(d->view, number, &device));
    bool renames = row->name.size && !bytes_equal(row->name, device.display_name);
    if (open->template && device.template != open->template) {
        reject_template(d, open, row, device.template);
        return;
    }
    if (renames && !open->update) {
        reject_name(d, open, row, device.display_name);
        return;
    }
    seen_add_device(&open->seen, number, row->line);
    if (renames) change_name(d, open, row, number);
    else open->counts.unchanged++;
}

/* ---- Rows about a new device. */

static void meet_new(struct decision *d, struct open_import *open, const struct import_row *row)
{
    uint64_t line = open->dry_run ? seen_new(&open->seen, row->id) : 0;
    uint32_t number = devices_next_number(d->view);
    if (line) {
        reject_repeat(d, open, row, line);
        return;
    }
    open->counts.accepted++;
    if (open->dry_run) {
        seen_add_new(&open->seen, row->id, row->line);
        return;
    }
    seen_add_device(&open->seen, number, row->line);
    emit(d->events, (struct event){.type = EVENT_IMPORT_ROW_ACCEPTED,
                                   .import_row_accepted = {.import = open->number,
                                                           .line = row->line,
                                                           .number = number,
                                                           .id = row->id,
                                                           .display_name = row->name,
                                                           .template = open->template}});
}

void import_take_row(struct decision *d, struct open_import *open, const struct import_row *row)
{
    if (row->fault) {
        explain_fault(d, open, row);
        reject_row(d, open, row);
        return;
    }
    if (!device_id_check(row->id, IMPORT_ID_COLUMN, &d->why) ||
        !display_name_check(row->name, IMPORT_NAME_COLUMN, &d->why)) {
        reject_row(d, open, row);
        return;
    }
    uint32_t number = devices_find(d->view, row->id);
    if (number) meet_existing(d, open, row, number);
    else meet_new(d, open, row);
}
