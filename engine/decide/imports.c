/* Imports: open, write, close, cancel, look. What becomes of a row is in import_rows.c. */
#include "engine/decide/imports.h"

#include <stdlib.h>

#include "engine/decide/decide.h"
#include "engine/decide/import_rows.h"
#include "engine/decide/limits.h"
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

static void open_imports_add(struct open_imports *o, const struct open_import *given)
{
    struct open_import *import = malloc(sizeof *import);
    ASSERT(import);
    *import = *given;
    import->reader = import_reader_new();
    import->opened = import->touched = true;
    import->next = o->first;
    o->first = import;
    o->count++;
}

static void open_imports_drop(struct open_imports *o, struct open_import **link)
{
    struct open_import *import = *link;
    *link = import->next;
    o->count--;
    import_reader_delete(import->reader);
    seen_free(&import->seen);
    arena_free(&import->problem_memory);
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

/* A dry run leaves no other trace of what it saw. */
static void emit_classified(struct events *events, const struct open_import *open)
{
    emit(events, (struct event){.type = EVENT_IMPORT_CLASSIFIED,
                                .import_classified = {.import = open->number,
                                                      .accepted = open->counts.accepted,
                                                      .changed = open->counts.changed,
                                                      .rejected = open->counts.rejected,
                                                      .twice = open->counts.twice}});
}

static void emit_closed(struct events *events, struct open_import *open, uint32_t number, enum import_outcome outcome,
                        struct bytes reason)
{
    if (open && open->dry_run) emit_classified(events, open);
    emit(events, (struct event){.type = EVENT_IMPORT_CLOSED,
                                .import_closed = {.import = number,
                                                  .outcome = outcome,
                                                  .reason = reason,
                                                  .lines = open ? import_reader_lines(open->reader) : 0,
                                                  .unchanged = open ? open->counts.unchanged : 0}});
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
    *reason = BYTES("the client's connection ended before it closed the import; import the file again");
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

/* ---- Commands. */

static enum refusal check_room(struct decision *d)
{
    if (open_imports_of(d->imports, d->peer) >= IMPORTS_PEER_MAX) {
        sentence_set(&d->why, "%d imports of this connection are open already; close one first", IMPORTS_PEER_MAX);
        return REFUSED_LIMIT;
    }
    if (d->imports->count >= IMPORTS_OPEN_MAX) {
        sentence_set(&d->why, "%d imports are open already; close one first", IMPORTS_OPEN_MAX);
        return REFUSED_LIMIT;
    }
    return ACCEPTED;
}

static void emit_opened(struct events *events, const struct open_import *import, struct bytes id)
{
    emit(events, (struct event){.type = EVENT_IMPORT_OPENED,
                                .import_opened = {.number = import->number, .id = id, .template = import->template}});
    if (!import->update && !import->dry_run) return;
    emit(events, (struct event){.type = EVENT_IMPORT_MODE,
                                .import_mode = {.import = import->number,
                                                .update = import->update,
                                                .dry_run = import->dry_run}});
}

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
    refusal = check_room(d);
    if (refusal) return refusal;
    const struct open_import import = {.number = imports_next_number(d->view),
                                       .peer = d->peer,
                                       .template = template,
                                       .update = c->imports_open.update.value,
                                       .dry_run = c->imports_open.dry_run.value,
                                       .size = c->imports_open.size.value};
    emit_opened(d->events, &import, id);
    open_imports_add(d->imports, &import);
    return answer_with(d, ANSWER_IMPORT, import.number);
}

static enum refusal refuse_closed(struct decision *d, uint32_t number)
{
    struct import import;
    ASSERT(imports_get(d->view, number, &import));
    const char *how = import.outcome == IMPORT_CANCELLED ? "was cancelled" : "is closed";
    sentence_set(&d->why, "this import %s; open a new one, rows that exist already count as unchanged", how);
    return REFUSED_IMPORT_IS_CLOSED;
}

static enum refusal find_open(struct decision *d, struct bytes id, struct open_import **open)
{
    uint32_t number = imports_find(d->view, id);
    if (!number) return REFUSED_NO_SUCH_IMPORT;
    *open = open_imports_find(d->imports, number);
    if (!*open || (*open)->broken || (*open)->closed) return refuse_closed(d, number);
    return ACCEPTED;
}

/* New devices that dry runs other than this one keep in mind. */
static uint64_t seen_by_others(const struct open_imports *o, const struct open_import *except)
{
    uint64_t count = 0;
    for (const struct open_import *import = o->first; import; import = import->next)
        if (import != except) count += import->seen.new_count;
    return count;
}

/* Reads rows as far as this turn may; the step says what stopped it. */
static enum import_step take_rows(struct decision *d, struct open_import *open, struct bytes *rest)
{
    enum import_step step = IMPORT_READ_ROW;
    struct import_row row;
    uint64_t others = seen_by_others(d->imports, open);
    /* Rows that say nothing new cost no event but time, so they are bounded too. */
    for (; step == IMPORT_READ_ROW && d->looked < 4 * d->events_max; d->looked++) {
        if (d->events->count >= d->events_max || others + open->seen.new_count >= DRY_RUN_NEW_MAX) break;
        step = import_reader_next(open->reader, rest, &row);
        if (step == IMPORT_READ_ROW) import_take_row(d, open, &row);
    }
    d->why.text[0] = '\0';
    if (others + open->seen.new_count < DRY_RUN_NEW_MAX) return step;
    sentence_set(&d->why, "dry runs may hold %d new devices at the same time; look at a smaller part of the file",
                 DRY_RUN_NEW_MAX);
    return IMPORT_READ_FAULT;
}

enum refusal decide_imports_write(struct decision *d, const struct command *c)
{
    struct open_import *open;
    enum refusal refusal = find_open(d, c->imports_write.id, &open);
    if (refusal) return refusal;
    if (d->short_of_room) return REFUSED_NO_SPACE;

    struct bytes data = c->imports_write.data;
    struct bytes rest = {(const uint8_t *)data.data + d->unfinished->position, data.size - d->unfinished->position};
    open->touched = true;
    /* Also a part of a row moves the reader on: a repeat must not be read again. */
    events_insist(d->events);
    size_t before = rest.size;
    enum import_step step = take_rows(d, open, &rest);
    open->bytes += before - rest.size;
    d->unfinished->position = data.size - rest.size;
    d->unfinished->goes_on = step == IMPORT_READ_ROW;
    if (step != IMPORT_READ_FAULT) return answer_with(d, ANSWER_IMPORT_PROGRESS, open->number);
    refusal = d->why.text[0] ? REFUSED_LIMIT : REFUSED_BAD_FILE;
    if (refusal == REFUSED_BAD_FILE) sentence_set(&d->why, "%s", import_reader_why(open->reader));
    emit_closed(d->events, open, open->number, IMPORT_REFUSED, bytes_of_text(d->why.text));
    return refusal;
}

enum refusal decide_imports_close(struct decision *d, const struct command *c)
{
    struct open_import *open;
    enum refusal refusal = find_open(d, c->imports_close.id, &open);
    if (refusal == REFUSED_IMPORT_IS_CLOSED)
        return answer_with(d, ANSWER_IMPORT, imports_find(d->view, c->imports_close.id));
    if (refusal) return refusal;

    struct import_row row;
    enum import_step step;
    while ((step = import_reader_finish(open->reader, &row)) == IMPORT_READ_ROW) import_take_row(d, open, &row);
    enum import_outcome outcome = IMPORT_COMPLETE;
    struct bytes reason = BYTES_NONE;
    if (step == IMPORT_READ_FAULT) {
        bool cut = import_reader_fault(open->reader) == IMPORT_FILE_CUT_OFF;
        outcome = cut ? IMPORT_CUT_OFF : IMPORT_REFUSED;
        reason = bytes_of_text(import_reader_why(open->reader));
    }
    emit_closed(d->events, open, open->number, outcome, reason);
    d->why.text[0] = '\0';
    return answer_with(d, ANSWER_IMPORT, open->number);
}

enum refusal decide_imports_cancel(struct decision *d, const struct command *c)
{
    struct open_import *open;
    struct import import;
    enum refusal refusal = find_open(d, c->imports_cancel.id, &open);
    uint32_t number = imports_find(d->view, c->imports_cancel.id);
    if (number) ASSERT(imports_get(d->view, number, &import));
    if (number && import.outcome == IMPORT_CANCELLED) return answer_with(d, ANSWER_IMPORT, number);
    if (refusal) return refusal;
    if (open->dry_run) emit_classified(d->events, open);
    emit(d->events, (struct event){.type = EVENT_IMPORT_CANCELLED,
                                   .import_cancelled = {.import = number,
                                                        .lines = import_reader_lines(open->reader),
                                                        .unchanged = open->counts.unchanged}});
    open->closed = open->touched = true;
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
    struct import import;
    uint32_t number = imports_find(d->view, c->imports_errors.id);
    if (!number) return REFUSED_NO_SUCH_IMPORT;
    ASSERT(imports_get(d->view, number, &import));
    if (import.dry_run) return REFUSED_NO_ERROR_LOG;
    d->answer = (struct answer){.kind = ANSWER_IMPORT_ERRORS,
                                .number = number,
                                .from = c->imports_errors.offset.given ? c->imports_errors.offset.value : 0};
    return ACCEPTED;
}
