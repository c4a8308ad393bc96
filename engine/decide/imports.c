/* Imports: open, write, close, look. A row is accepted, counted as unchanged, or refused with a reason; one
 * bad row never stops the others. */
#include "engine/decide/imports.h"

#include <stdlib.h>

#include "engine/base/names.h"
#include "engine/base/text.h"
#include "engine/csv/csv_writer.h"
#include "engine/decide/decide.h"
#include "engine/decide/limits.h"
#include "projections/devices.h"
#include "projections/imports.h"
#include "projections/templates.h"

/* ---- The open ones. */

struct open_import *open_imports_find(const struct open_imports *o, uint32_t number)
{
    for (struct open_import *import = o->first; import; import = import->next) {
        if (import->number == number) return import;
    }
    return NULL;
}

void open_imports_peer_left(struct open_imports *o, uint64_t peer)
{
    for (struct open_import *import = o->first; import; import = import->next) {
        if (import->peer == peer) import->peer = 0;
    }
}

static void open_imports_add(struct open_imports *o, uint32_t number, uint64_t peer)
{
    struct open_import *import = malloc(sizeof *import);
    ASSERT(import);
    *import = (struct open_import){
        .number = number, .peer = peer, .reader = import_reader_new(), .opened = true, .touched = true, .next = o->first};
    o->first = import;
    o->count++;
}

static void open_imports_drop(struct open_imports *o, struct open_import **link)
{
    struct open_import *import = *link;
    *link = import->next;
    o->count--;
    import_reader_delete(import->reader);
    free(import);
}

static uint32_t open_imports_of(const struct open_imports *o, uint64_t peer)
{
    uint32_t count = 0;
    for (const struct open_import *import = o->first; import; import = import->next) count += import->peer == peer;
    return count;
}

void open_imports_settle(struct open_imports *o)
{
    struct open_import **link = &o->first;
    while (*link) {
        (*link)->opened = (*link)->touched = false;
        if ((*link)->closed) open_imports_drop(o, link);
        else link = &(*link)->next;
    }
}

void open_imports_undo(struct open_imports *o)
{
    struct open_import **link = &o->first;
    while (*link) {
        struct open_import *import = *link;
        if (import->opened) {
            open_imports_drop(o, link);
            continue;
        }
        import->closed = false;
        if (import->touched) import->broken = true;
        import->touched = false;
        link = &import->next;
    }
}

void open_imports_free(struct open_imports *o)
{
    while (o->first) open_imports_drop(o, &o->first);
}

/* ---- Closing. */

static void emit_closed(struct events *events, struct open_import *open, uint32_t number, enum import_outcome outcome,
                        struct bytes reason)
{
    emit(events, (struct event){.type = EVENT_IMPORT_CLOSED,
                                .import_closed = {.import = number,
                                                  .outcome = outcome,
                                                  .reason = reason,
                                                  .lines = open ? import_reader_lines(open->reader) : 0,
                                                  .unchanged = open ? open->unchanged : 0}});
    if (open) open->closed = open->touched = true;
}

/* Why an open import cannot go on; false when it can. */
static bool import_is_abandoned(const struct open_import *open, enum import_outcome *outcome, struct bytes *reason)
{
    if (!open) {
        *outcome = IMPORT_ENGINE_RESTARTED;
        *reason = BYTES("the engine was restarted; import the file again, rows that exist count as unchanged");
        return true;
    }
    if (open->broken) {
        *outcome = IMPORT_CUT_OFF;
        *reason = BYTES("the engine's disk had no space; import the file again when there is room");
        return true;
    }
    *outcome = IMPORT_CLIENT_GONE;
    *reason = BYTES("the client's connection ended before imports.close; import the file again");
    return open->peer == 0;
}

bool imports_close_abandoned(struct open_imports *o, struct view *v, struct events *events, size_t events_max)
{
    for (uint32_t number = imports_next_open(v, 1); number; number = imports_next_open(v, number + 1)) {
        struct open_import *open = open_imports_find(o, number);
        enum import_outcome outcome;
        struct bytes reason;
        if (!import_is_abandoned(open, &outcome, &reason)) continue;
        if (events->count >= events_max) return true;
        events_begin_command(events, NULL);
        emit_closed(events, open, number, outcome, reason);
    }
    return false;
}

/* ---- Rows. */

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

static void reject_row(struct decision *d, struct open_import *open, const struct import_row *row, const char *reason)
{
    emit(d->events,
         (struct event){.type = EVENT_IMPORT_ROW_REJECTED,
                        .import_row_rejected = {.import = open->number,
                                                .line = row->line,
                                                .reason = bytes_of_text(reason),
                                                .row = row_as_csv(d, open, row->cells, row->cell_count)}});
}

/* A device with the row's id exists: just so, or otherwise. */
static void meet_existing(struct decision *d, struct open_import *open, const struct import_row *row, uint32_t number,
                          uint32_t template)
{
    struct device device;
    ASSERT(devices_get(d->view, number, &device));
    if (template && device.template != template) {
        struct template other = {.id = BYTES("none")};
        if (device.template) ASSERT(templates_get(d->view, device.template, &other));
        sentence_set(&d->why,
                     IMPORT_ID_COLUMN " \"%.*s\" exists with another template (%.*s); import it without a template, or "
                                      "move the device first",
                     BYTES_ARG(row->id), BYTES_ARG(other.id));
        reject_row(d, open, row, d->why.text);
    } else if (row->name.size && !bytes_equal(row->name, device.display_name)) {
        sentence_set(&d->why,
                     IMPORT_ID_COLUMN " \"%.*s\" exists with the name \"%.*s\"; leave the name empty to keep it, or "
                                      "rename the device first",
                     BYTES_ARG(row->id), BYTES_ARG(device.display_name));
        reject_row(d, open, row, d->why.text);
    } else {
        open->unchanged++;
    }
}

static void take_row(struct decision *d, struct open_import *open, const struct import_row *row, uint32_t template)
{
    if (row->fault) {
        reject_row(d, open, row, row->why);
        return;
    }
    if (!device_id_check(row->id, IMPORT_ID_COLUMN, &d->why) ||
        !display_name_check(row->name, IMPORT_NAME_COLUMN, &d->why)) {
        reject_row(d, open, row, d->why.text);
        return;
    }
    uint32_t number = devices_find(d->view, row->id);
    if (number) {
        meet_existing(d, open, row, number, template);
        return;
    }
    emit(d->events, (struct event){.type = EVENT_IMPORT_ROW_ACCEPTED,
                                   .import_row_accepted = {.import = open->number,
                                                           .line = row->line,
                                                           .number = devices_next_number(d->view),
                                                           .id = row->id,
                                                           .display_name = row->name,
                                                           .template = template}});
}

static void keep_header(struct decision *d, struct open_import *open)
{
    size_t count;
    const struct bytes *cells = import_reader_header(open->reader, &count);
    if (open->header_written || count == 0) return;
    open->header_written = true;
    emit(d->events, (struct event){.type = EVENT_IMPORT_HEADER_READ,
                                   .import_header_read = {.import = open->number,
                                                          .row = row_as_csv(d, open, cells, count)}});
}

/* ---- Commands. */

enum refusal decide_imports_open(struct decision *d, const struct command *c)
{
    struct bytes id = c->imports_open.id.data ? c->imports_open.id : d->fresh_id;
    uint32_t template = 0;
    if (d->short_of_room) return REFUSED_NO_SPACE;
    enum refusal refusal = check_id(d, id, "id");
    if (refusal) return refusal;
    if (imports_find(d->view, id)) {
        sentence_set(&d->why, "an import \"%.*s\" was opened before; take another id, or none", BYTES_ARG(id));
        return REFUSED_CONFLICT;
    }
    if (c->imports_open.template.size) template = templates_find(d->view, c->imports_open.template);
    if (c->imports_open.template.size && !template) return REFUSED_NO_SUCH_TEMPLATE;
    if (open_imports_of(d->imports, d->peer) >= IMPORTS_PEER_MAX) {
        sentence_set(&d->why, "%d imports of this connection are open already; close one first", IMPORTS_PEER_MAX);
        return REFUSED_LIMIT;
    }
    if (d->imports->count >= IMPORTS_OPEN_MAX) {
        sentence_set(&d->why, "%d imports are open already; close one first", IMPORTS_OPEN_MAX);
        return REFUSED_LIMIT;
    }
    uint32_t number = imports_next_number(d->view);
    emit(d->events, (struct event){.type = EVENT_IMPORT_OPENED,
                                   .import_opened = {.number = number, .id = id, .template = template}});
    open_imports_add(d->imports, number, d->peer);
    return answer_with(d, ANSWER_IMPORT, number);
}

static enum refusal find_open(struct decision *d, struct bytes id, struct open_import **open)
{
    uint32_t number = imports_find(d->view, id);
    if (!number) return REFUSED_NO_SUCH_IMPORT;
    *open = open_imports_find(d->imports, number);
    if (!*open || (*open)->broken || (*open)->closed) return REFUSED_IMPORT_IS_CLOSED;
    return ACCEPTED;
}

static enum refusal answer_progress(struct decision *d, const struct open_import *open)
{
    d->answer = (struct answer){.kind = ANSWER_IMPORT_PROGRESS,
                                .number = open->number,
                                .lines = import_reader_lines(open->reader),
                                .unchanged = open->unchanged};
    return ACCEPTED;
}

enum refusal decide_imports_write(struct decision *d, const struct command *c)
{
    struct open_import *open;
    enum refusal refusal = find_open(d, c->imports_write.id, &open);
    if (refusal) return refusal;
    if (d->short_of_room) return REFUSED_NO_SPACE;
    struct import import;
    ASSERT(imports_get(d->view, open->number, &import));
    uint32_t template = import.template;

    struct bytes data = c->imports_write.data;
    struct bytes rest = {(const uint8_t *)data.data + d->unfinished->position, data.size - d->unfinished->position};
    enum import_step step = IMPORT_READ_ROW;
    struct import_row row;
    open->touched = true;
    /* Also a part of a row moves the reader on: a repeat must not be read again. */
    events_insist(d->events);
    /* Rows that say nothing new cost no event but time, so they are bounded too. */
    for (size_t rows = 0; step == IMPORT_READ_ROW; rows++) {
        if (d->events->count >= d->events_max || rows >= 4 * d->events_max) break;
        step = import_reader_next(open->reader, &rest, &row);
        keep_header(d, open);
        if (step == IMPORT_READ_ROW) take_row(d, open, &row, template);
    }
    d->unfinished->position = data.size - rest.size;
    d->unfinished->goes_on = step == IMPORT_READ_ROW;
    d->why.text[0] = '\0';
    if (step != IMPORT_READ_FAULT) return answer_progress(d, open);
    sentence_set(&d->why, "%s", import_reader_why(open->reader));
    emit_closed(d->events, open, open->number, IMPORT_REFUSED, bytes_of_text(d->why.text));
    return REFUSED_BAD_FILE;
}

enum refusal decide_imports_close(struct decision *d, const struct command *c)
{
    struct open_import *open;
    struct import import;
    enum refusal refusal = find_open(d, c->imports_close.id, &open);
    if (refusal == REFUSED_IMPORT_IS_CLOSED)
        return answer_with(d, ANSWER_IMPORT, imports_find(d->view, c->imports_close.id));
    if (refusal) return refusal;
    uint32_t number = open->number;
    ASSERT(imports_get(d->view, number, &import));
    uint32_t template = import.template;

    struct import_row row;
    enum import_step step;
    while ((step = import_reader_finish(open->reader, &row)) == IMPORT_READ_ROW) take_row(d, open, &row, template);
    keep_header(d, open);
    enum import_outcome outcome = IMPORT_COMPLETE;
    struct bytes reason = BYTES_NONE;
    if (step == IMPORT_READ_FAULT) {
        bool cut = import_reader_fault(open->reader) == IMPORT_FILE_CUT_OFF;
        outcome = cut ? IMPORT_CUT_OFF : IMPORT_REFUSED;
        reason = bytes_of_text(import_reader_why(open->reader));
    }
    emit_closed(d->events, open, number, outcome, reason);
    d->why.text[0] = '\0';
    return answer_with(d, ANSWER_IMPORT, number);
}

enum refusal decide_imports_get(struct decision *d, const struct command *c)
{
    uint32_t number = imports_find(d->view, c->imports_get.id);
    if (!number) return REFUSED_NO_SUCH_IMPORT;
    return answer_with(d, ANSWER_IMPORT, number);
}

enum refusal decide_imports_list(struct decision *d, const struct command *c)
{
    uint32_t rows, from;
    enum refusal refusal = check_page(d, c->imports_list.limit, c->imports_list.cursor, &rows, &from);
    if (refusal) return refusal;
    uint32_t newest = imports_next_number(d->view) - 1;
    if (from == 0 || from > newest) from = newest;
    uint32_t *numbers = arena_alloc(d->arena, rows * sizeof *numbers);
    size_t count = 0;
    for (; from > 0 && count < rows; from--) numbers[count++] = from;
    d->answer = (struct answer){.kind = ANSWER_IMPORTS, .numbers = numbers, .count = count, .next = from};
    return ACCEPTED;
}

enum refusal decide_imports_errors(struct decision *d, const struct command *c)
{
    uint32_t number = imports_find(d->view, c->imports_errors.id);
    if (!number) return REFUSED_NO_SUCH_IMPORT;
    d->answer = (struct answer){.kind = ANSWER_IMPORT_ERRORS,
                                .number = number,
                                .from = c->imports_errors.offset.given ? c->imports_errors.offset.value : 0};
    return ACCEPTED;
}
