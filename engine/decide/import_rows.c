/* From a row as it was read to the event that it becomes. The checks come in the order in which a person would correct
 * the row: its shape, its cells, its place in the file, the device it names. */
#include "engine/decide/import_rows.h"

#include "engine/base/names.h"
#include "engine/base/text.h"
#include "engine/base/thumbprint.h"
#include "engine/csv/csv_writer.h"
#include "projections/devices.h"
#include "projections/templates.h"
#include "projections/thumbprints.h"

enum { QUOTED_CHARACTERS_MAX = 40 };

/* ---- Refused rows. */

static bool column_is_one_of(struct bytes name, struct bytes one, struct bytes other)
{
    return text_equals_any_case(name, one) || text_equals_any_case(name, other);
}

/* Of an error log that is imported again: the new one puts its own two behind the file's. */
static bool column_is_of_error_log(struct bytes name)
{
    return column_is_one_of(name, BYTES(IMPORT_LINE_COLUMN), BYTES(IMPORT_ERROR_COLUMN));
}

/* Keys must not get into the log. */
static bool column_is_secret(struct bytes name)
{
    return column_is_one_of(name, BYTES(IMPORT_PRIMARY_KEY_COLUMN), BYTES(IMPORT_SECONDARY_KEY_COLUMN));
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

/* A row as wide as the header, so that what is put behind it stands in its columns. Where cells have `moved`, what
 * stands behind a key's column may be the key. */
static struct bytes row_as_csv(struct decision *d, const struct open_import *open, const struct bytes cells[],
                               size_t count, bool moved)
{
    size_t columns;
    const struct bytes *names = import_reader_header(open->reader, &columns);
    struct buffer out = {.arena = d->arena};
    struct csv_writer w = csv_writer_on(&out);
    bool secret = false;
    for (size_t i = 0; i < columns; i++) {
        struct bytes cell = i < count ? cells[i] : BYTES_NONE;
        secret |= column_is_secret(names[i]);
        if (i + 1 == columns && count > columns) cell = join_cells(d->arena, cells + i, count - i);
        if (secret && moved) cell = BYTES_NONE;
        if (!column_is_of_error_log(names[i]) && !column_is_secret(names[i])) csv_writer_cell(&w, cell);
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
                                                          .row = row_as_csv(d, open, cells, count, false)}});
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
    bool moved = row->fault == IMPORT_ROW_WIDER_THAN_HEADER;
    emit(d->events,
         (struct event){.type = EVENT_IMPORT_ROW_REJECTED,
                        .import_row_rejected = {.import = open->number,
                                                .line = row->line,
                                                .reason = bytes_of_text(d->why.text),
                                                .row = row_as_csv(d, open, row->cells, row->cell_count, moved)}});
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

static void reject_thumbprint(struct decision *d, struct open_import *open, const struct import_row *row,
                              const char *column)
{
    sentence_set(&d->why, "%s is not that of the device; leave it empty to keep the device's, or import with update",
                 column);
    reject_row(d, open, row);
}

/* What a row says of the device, beside its id. */
struct row_values {
    struct thumbprint primary, secondary; /* size 0: nothing */
};

/* Where the row says nothing it stays as it is. Copied: an emit may move what the view gave. */
static struct thumbprint thumbprint_or(const struct thumbprint *given, struct bytes old)
{
    if (given->size) return *given;
    struct thumbprint thumbprint = {.size = old.size};
    if (old.size) memcpy(thumbprint.data, old.data, old.size);
    return thumbprint;
}

static bool thumbprint_changes(const struct thumbprint *given, struct bytes old)
{
    return given->size && !bytes_equal(thumbprint_bytes(given), old);
}

static void emit_thumbprints(struct decision *d, uint32_t number, const struct row_values *values)
{
    emit(d->events, (struct event){.type = EVENT_DEVICE_THUMBPRINTS_SET,
                                   .device_thumbprints_set = {.number = number,
                                                              .primary = thumbprint_bytes(&values->primary),
                                                              .secondary = thumbprint_bytes(&values->secondary)}});
}

static void change_device(struct decision *d, struct open_import *open, const struct import_row *row,
                          const struct device *device, const struct row_values *values, bool thumbprints_too)
{
    struct bytes name = row->name.size ? row->name : arena_copy(d->arena, device->display_name);
    open->counts.changed++;
    if (open->dry_run) return;
    emit(d->events, (struct event){.type = EVENT_IMPORT_ROW_CHANGED,
                                   .import_row_changed = {.import = open->number,
                                                          .line = row->line,
                                                          .number = device->number,
                                                          .display_name = name}});
    if (thumbprints_too) emit_thumbprints(d, device->number, values);
}

static void meet_existing(struct decision *d, struct open_import *open, const struct import_row *row, uint32_t number,
                          const struct row_values *values)
{
    struct device device;
    struct thumbprints old = {0};
    uint64_t line = seen_device(&open->seen, number);
    if (line) {
        reject_repeat(d, open, row, line);
        return;
    }
    ASSERT(devices_get(d->view, number, &device));
    if (values->primary.size || values->secondary.size) old = thumbprints_get(d->view, number);
    bool renames = row->name.size && !bytes_equal(row->name, device.display_name);
    bool primary = thumbprint_changes(&values->primary, old.primary);
    bool secondary = thumbprint_changes(&values->secondary, old.secondary);
    if (open->template && device.template != open->template) {
        reject_template(d, open, row, device.template);
    } else if (renames && !open->update) {
        reject_name(d, open, row, device.display_name);
    } else if ((primary || secondary) && !open->update) {
        reject_thumbprint(d, open, row, primary ? IMPORT_PRIMARY_COLUMN : IMPORT_SECONDARY_COLUMN);
    } else {
        const struct row_values merged = {.primary = thumbprint_or(&values->primary, old.primary),
                                          .secondary = thumbprint_or(&values->secondary, old.secondary)};
        seen_add_device(&open->seen, number, row->line);
        if (renames || primary || secondary) change_device(d, open, row, &device, &merged, primary || secondary);
        else open->counts.unchanged++;
    }
}

/* ---- Rows about a new device. */

static void meet_new(struct decision *d, struct open_import *open, const struct import_row *row,
                     const struct row_values *values)
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
    if (values->primary.size || values->secondary.size) emit_thumbprints(d, number, values);
}

/* ---- Any row. */

/* False with the reason in d->why. */
static bool check_cells(struct decision *d, const struct import_row *row, struct row_values *values)
{
    return device_id_check(row->id, IMPORT_ID_COLUMN, &d->why) &&
           display_name_check(row->name, IMPORT_NAME_COLUMN, &d->why) &&
           thumbprint_read(row->primary, IMPORT_PRIMARY_COLUMN, &values->primary, &d->why) &&
           thumbprint_read(row->secondary, IMPORT_SECONDARY_COLUMN, &values->secondary, &d->why);
}

void import_take_row(struct decision *d, struct open_import *open, const struct import_row *row)
{
    struct row_values values;
    if (row->fault) explain_fault(d, open, row);
    if (row->fault || !check_cells(d, row, &values)) {
        reject_row(d, open, row);
        return;
    }
    uint32_t number = devices_find(d->view, row->id);
    if (number) meet_existing(d, open, row, number, &values);
    else meet_new(d, open, row, &values);
}
