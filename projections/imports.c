/* Imports: how far each came, and where its refused rows stand in the log. */
#include "projections/imports.h"

#include <stdlib.h>

#include "projections/fold.h"

/* number -> import; id -> number; numbers of the open ones; (number, index) -> event of a refused row. */
enum {
    IMPORTS = FOLD_TABLE(imports, 0),
    IMPORT_IDS = FOLD_TABLE(imports, 1),
    IMPORTS_OPEN = FOLD_TABLE(imports, 2),
    IMPORT_REJECTED = FOLD_TABLE(imports, 3),
};

enum { ID, REASON, TEXTS };

enum { UPDATE = 1, DRY_RUN = 2 };

struct fixed {
    uint64_t accepted;
    uint64_t changed;
    uint64_t rejected;
    uint64_t twice;
    uint64_t unchanged;
    uint64_t lines;
    uint64_t header_seq;
    int64_t opened_us;
    int64_t closed_us;
    uint32_t template;
    uint32_t actor;
    uint32_t outcome;
    uint32_t mode; /* bits UPDATE, DRY_RUN */
};

/* The rows of an open import come fast: its counts wait here for the next flush. */
struct open {
    uint32_t number;
    bool changed;
    struct fixed fixed;
};

struct ram {
    bool loaded;
    struct open *open;
    size_t count;
    size_t capacity;
};

static uint64_t rejected_key(uint32_t number, uint64_t index)
{
    return (uint64_t)number << 32 | index;
}

static bool read(struct view *v, uint32_t number, struct fixed *fixed, struct bytes texts[TEXTS])
{
    struct bytes entry;
    return store_get_number(v, IMPORTS, number, &entry) && entry_read(v, entry, fixed, sizeof *fixed, texts, TEXTS);
}

static bool write(struct view *v, uint32_t number, const struct fixed *fixed, const struct bytes texts[TEXTS])
{
    return entry_put(v, IMPORTS, number, (struct bytes){fixed, sizeof *fixed}, texts, TEXTS, false);
}

/* ---- The open ones. */

static void open_add(struct ram *ram, uint32_t number, const struct fixed *fixed)
{
    if (ram->count == ram->capacity) {
        ram->capacity = MAX(ram->capacity * 2, (size_t)16);
        ram->open = realloc(ram->open, ram->capacity * sizeof ram->open[0]);
        ASSERT(ram->open != NULL);
    }
    ram->open[ram->count++] = (struct open){.number = number, .fixed = *fixed};
}

static struct ram *loaded(struct view *v)
{
    struct ram *ram = v->ram[FOLD_imports];
    struct bytes nothing, texts[TEXTS];
    struct fixed fixed;
    if (ram->loaded) return ram;
    for (uint64_t number = 1; store_next(v, IMPORTS_OPEN, number, &number, &nothing); number++) {
        if (!read(v, (uint32_t)number, &fixed, texts)) break;
        open_add(ram, (uint32_t)number, &fixed);
    }
    ram->loaded = true;
    return ram;
}

static struct open *find_open(struct view *v, uint32_t number)
{
    struct ram *ram = loaded(v);
    for (size_t i = 0; i < ram->count; i++) {
        if (ram->open[i].number == number) return &ram->open[i];
    }
    return NULL;
}

static bool flush_one(struct view *v, struct open *open)
{
    struct fixed before;
    struct bytes texts[TEXTS];
    if (!open->changed) return true;
    open->changed = false;
    return read(v, open->number, &before, texts) && write(v, open->number, &open->fixed, texts);
}

static bool flush(struct view *v)
{
    struct ram *ram = v->ram[FOLD_imports];
    for (size_t i = 0; i < ram->count; i++) {
        if (!flush_one(v, &ram->open[i])) return false;
    }
    return true;
}

static void drop(void *memory)
{
    struct ram *ram = memory;
    free(ram->open);
    *ram = (struct ram){0};
}

/* ---- Events. */

static enum fold_result opened(struct view *v, const struct event *e, struct sentence *why)
{
    uint32_t number = e->import_opened.number;
    struct bytes texts[TEXTS] = {e->import_opened.id, BYTES_NONE};
    struct fixed fixed = {.template = e->import_opened.template, .actor = e->actor, .opened_us = e->time_us};
    if (number != imports_next_number(v)) {
        return fold_illegal(why, "import number %u is not the next one, %u", number, imports_next_number(v));
    }
    if (!store_key_fits(texts[ID])) return fold_illegal(why, "an import's id has %zu bytes", texts[ID].size);
    if (imports_find(v, texts[ID])) return fold_illegal(why, "import id %.*s is taken", BYTES_ARG(texts[ID]));
    open_add(loaded(v), number, &fixed);
    return fold_stored(write(v, number, &fixed, texts) && ids_put(v, IMPORT_IDS, texts[ID], number) &&
                       store_put_number(v, IMPORTS_OPEN, number, BYTES_NONE));
}

static enum fold_result not_open(uint32_t number, struct sentence *why)
{
    return fold_illegal(why, "import %u is not open", number);
}

static enum fold_result row_accepted(struct view *v, const struct event *e, struct sentence *why)
{
    struct open *open = find_open(v, e->import_row_accepted.import);
    if (!open) return not_open(e->import_row_accepted.import, why);
    open->fixed.accepted++;
    open->changed = true;
    return FOLD_OK;
}

static enum fold_result mode_set(struct view *v, const struct event *e, struct sentence *why)
{
    struct open *open = find_open(v, e->import_mode.import);
    if (!open) return not_open(e->import_mode.import, why);
    open->fixed.mode = (e->import_mode.update ? UPDATE : 0) | (e->import_mode.dry_run ? DRY_RUN : 0);
    open->changed = true;
    return FOLD_OK;
}

static enum fold_result row_changed(struct view *v, const struct event *e, struct sentence *why)
{
    struct open *open = find_open(v, e->import_row_changed.import);
    if (!open) return not_open(e->import_row_changed.import, why);
    open->fixed.changed++;
    open->changed = true;
    return FOLD_OK;
}

static enum fold_result classified(struct view *v, const struct event *e, struct sentence *why)
{
    uint32_t number = e->import_classified.import;
    struct open *open = find_open(v, number);
    if (!open) return not_open(number, why);
    if (!(open->fixed.mode & DRY_RUN)) return fold_illegal(why, "import %u is no dry run", number);
    open->fixed.accepted = e->import_classified.accepted;
    open->fixed.changed = e->import_classified.changed;
    open->fixed.rejected = e->import_classified.rejected;
    open->fixed.twice = e->import_classified.twice;
    open->changed = true;
    return FOLD_OK;
}

static enum fold_result row_rejected(struct view *v, const struct event *e, struct sentence *why)
{
    struct open *open = find_open(v, e->import_row_rejected.import);
    if (!open) return not_open(e->import_row_rejected.import, why);
    uint64_t key = rejected_key(open->number, open->fixed.rejected++);
    open->changed = true;
    return fold_stored(store_put_number(v, IMPORT_REJECTED, key, (struct bytes){&e->seq, sizeof e->seq}));
}

static enum fold_result header_read(struct view *v, const struct event *e, struct sentence *why)
{
    struct open *open = find_open(v, e->import_header_read.import);
    if (!open) return not_open(e->import_header_read.import, why);
    if (open->fixed.header_seq) return fold_illegal(why, "import %u has a header already", open->number);
    open->fixed.header_seq = e->seq;
    open->changed = true;
    return FOLD_OK;
}

/* How an import ended. */
struct end {
    uint32_t import;
    enum import_outcome outcome;
    struct bytes reason;
    uint64_t lines, unchanged;
    int64_t at_us;
};

static enum fold_result end_import(struct view *v, const struct end *end, struct sentence *why)
{
    struct ram *ram = loaded(v);
    struct open *open = find_open(v, end->import);
    struct bytes texts[TEXTS];
    struct fixed before;
    if (!open) return not_open(end->import, why);
    struct fixed fixed = open->fixed;
    fixed.outcome = end->outcome;
    fixed.lines = end->lines;
    fixed.unchanged = end->unchanged;
    fixed.closed_us = end->at_us;
    *open = ram->open[--ram->count];
    if (!read(v, end->import, &before, texts)) return FOLD_FAULT;
    texts[REASON] = end->reason;
    return fold_stored(write(v, end->import, &fixed, texts) && store_delete_number(v, IMPORTS_OPEN, end->import));
}

static enum fold_result closed(struct view *v, const struct event *e, struct sentence *why)
{
    uint32_t number = e->import_closed.import, outcome = e->import_closed.outcome;
    if (outcome < IMPORT_COMPLETE || outcome > IMPORT_ENGINE_RESTARTED) {
        return fold_illegal(why, "import %u closes with the unknown outcome %u", number, outcome);
    }
    const struct end end = {number, (enum import_outcome)outcome, e->import_closed.reason, e->import_closed.lines,
                            e->import_closed.unchanged, e->time_us};
    return end_import(v, &end, why);
}

static enum fold_result cancelled(struct view *v, const struct event *e, struct sentence *why)
{
    const struct end end = {e->import_cancelled.import, IMPORT_CANCELLED, BYTES_NONE, e->import_cancelled.lines,
                            e->import_cancelled.unchanged, e->time_us};
    return end_import(v, &end, why);
}

/* Imports care for the events about themselves. */
static enum fold_result apply(struct view *v, const struct event *e, struct sentence *why)
{
    switch (e->type) {
    case EVENT_IMPORT_OPENED: return opened(v, e, why);
    case EVENT_IMPORT_ROW_ACCEPTED: return row_accepted(v, e, why);
    case EVENT_IMPORT_ROW_REJECTED: return row_rejected(v, e, why);
    case EVENT_IMPORT_HEADER_READ: return header_read(v, e, why);
    case EVENT_IMPORT_CLOSED: return closed(v, e, why);
    case EVENT_IMPORT_MODE: return mode_set(v, e, why);
    case EVENT_IMPORT_ROW_CHANGED: return row_changed(v, e, why);
    case EVENT_IMPORT_CLASSIFIED: return classified(v, e, why);
    case EVENT_IMPORT_CANCELLED: return cancelled(v, e, why);
    default: return FOLD_OK;
    }
}

const struct fold fold_imports = {
    .name = "imports",
    .tables = {"imports", "import_ids", "imports_open", "import_rejected"},
    .ram_size = sizeof(struct ram),
    .apply = apply,
    .flush = flush,
    .drop = drop,
};

/* ---- Reads. */

uint32_t imports_find(struct view *v, struct bytes id)
{
    return ids_find(v, IMPORT_IDS, id);
}

bool imports_get(struct view *v, uint32_t number, struct import *import)
{
    struct fixed fixed;
    struct bytes texts[TEXTS];
    if (!read(v, number, &fixed, texts)) return false;
    const struct open *open = v->live ? find_open(v, number) : NULL;
    if (open) fixed = open->fixed;
    *import = (struct import){
        .number = number,
        .id = texts[ID],
        .template = fixed.template,
        .actor = fixed.actor,
        .outcome = (enum import_outcome)fixed.outcome,
        .reason = texts[REASON],
        .update = fixed.mode & UPDATE,
        .dry_run = fixed.mode & DRY_RUN,
        .accepted = fixed.accepted,
        .changed = fixed.changed,
        .rejected = fixed.rejected,
        .twice = fixed.twice,
        .unchanged = fixed.unchanged,
        .lines = fixed.lines,
        .header_seq = fixed.header_seq,
        .opened_us = fixed.opened_us,
        .closed_us = fixed.closed_us,
    };
    return true;
}

uint32_t imports_next_number(struct view *v)
{
    return (uint32_t)store_last(v, IMPORTS) + 1;
}

uint64_t imports_rejected_row(struct view *v, uint32_t number, uint64_t index)
{
    if (index > UINT32_MAX) return 0;
    const uint64_t *seq = store_record(v, IMPORT_REJECTED, rejected_key(number, index), sizeof *seq);
    return seq ? *seq : 0;
}

uint32_t imports_next_open(struct view *v, uint32_t from)
{
    uint64_t number;
    struct bytes nothing;
    return store_next(v, IMPORTS_OPEN, from, &number, &nothing) ? (uint32_t)number : 0;
}
