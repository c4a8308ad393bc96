/* Exports of devices: what was asked for, and what became of it. */
#include "projections/exports.h"

#include "engine/events/numbers.h"
#include "projections/devices.h"
#include "projections/fold.h"
#include "projections/groups.h"
#include "projections/templates.h"

/* number -> export; id -> number; numbers of those that run; of those whose files are kept */
enum {
    EXPORTS = FOLD_TABLE(exports, 0),
    EXPORT_IDS = FOLD_TABLE(exports, 1),
    EXPORTS_RUNNING = FOLD_TABLE(exports, 2),
    EXPORTS_KEPT = FOLD_TABLE(exports, 3),
};

enum { ID, REASON, FILTER, DEVICES, TEXTS };

struct fixed {
    uint64_t rows;
    uint64_t bytes;
    int64_t opened_us;
    int64_t closed_us;
    uint32_t group;
    uint32_t template;
    uint32_t listed;
    uint32_t actor;
    uint32_t outcome;
    uint32_t gone;
};

static bool read(struct view *v, uint32_t number, struct fixed *fixed, struct bytes texts[TEXTS])
{
    struct bytes entry;
    return store_get_number(v, EXPORTS, number, &entry) && entry_read(v, entry, fixed, sizeof *fixed, texts, TEXTS);
}

static bool write(struct view *v, uint32_t number, const struct fixed *fixed, const struct bytes texts[TEXTS])
{
    return entry_put(v, EXPORTS, number, (struct bytes){fixed, sizeof *fixed}, texts, TEXTS, false);
}

/* ---- Events. */

static enum fold_result scope_known(struct view *v, const struct event *e, struct sentence *why)
{
    uint32_t group = e->export_opened.group, template = e->export_opened.template;
    struct numbers numbers = numbers_of(e->export_opened.devices);
    for (uint64_t last = 0, number; numbers_next(&numbers, &number); last = number) {
        if (number <= last || number >= devices_next_number(v))
            return fold_illegal(why, "an export lists device %llu, which is out of order or was never registered",
                                (unsigned long long)number);
    }
    if (group >= groups_next_number(v)) return fold_illegal(why, "group %u was never saved", group);
    if (template >= templates_next_number(v)) return fold_illegal(why, "template %u was never saved", template);
    return FOLD_OK;
}

static enum fold_result opened(struct view *v, const struct event *e, struct sentence *why)
{
    uint32_t number = e->export_opened.number;
    const struct bytes texts[TEXTS] = {
        [ID] = e->export_opened.id, [FILTER] = e->export_opened.filter, [DEVICES] = e->export_opened.devices};
    const struct fixed fixed = {.opened_us = e->time_us,
                                .group = e->export_opened.group,
                                .template = e->export_opened.template,
                                .listed = (uint32_t)numbers_count(e->export_opened.devices),
                                .actor = e->actor};
    if (number != exports_next_number(v)) {
        return fold_illegal(why, "export number %u is not the next one, %u", number, exports_next_number(v));
    }
    if (!store_key_fits(texts[ID])) return fold_illegal(why, "an export's id has %zu bytes", texts[ID].size);
    if (exports_find(v, texts[ID])) return fold_illegal(why, "export id %.*s is taken", BYTES_ARG(texts[ID]));
    if (scope_known(v, e, why) != FOLD_OK) return FOLD_ILLEGAL;
    return fold_stored(write(v, number, &fixed, texts) && ids_put(v, EXPORT_IDS, texts[ID], number) &&
                       store_put_number(v, EXPORTS_RUNNING, number, BYTES_NONE));
}

/* Filter and devices are of no more use: the log has them. */
static enum fold_result closed(struct view *v, const struct event *e, struct sentence *why)
{
    uint32_t number = e->export_closed.export, outcome = e->export_closed.outcome;
    struct fixed fixed;
    struct bytes texts[TEXTS];
    if (!read(v, number, &fixed, texts) || fixed.outcome != EXPORT_RUNNING) {
        return fold_illegal(why, "export %u does not run", number);
    }
    if (outcome < EXPORT_COMPLETE || outcome > EXPORT_ENGINE_RESTARTED) {
        return fold_illegal(why, "export %u closes with the unknown outcome %u", number, outcome);
    }
    fixed.outcome = outcome;
    fixed.rows = e->export_closed.rows;
    fixed.bytes = e->export_closed.bytes;
    fixed.closed_us = e->time_us;
    texts[REASON] = e->export_closed.reason;
    texts[FILTER] = texts[DEVICES] = BYTES_NONE;
    bool stored = write(v, number, &fixed, texts) && store_delete_number(v, EXPORTS_RUNNING, number);
    if (outcome == EXPORT_COMPLETE) stored = stored && store_put_number(v, EXPORTS_KEPT, number, BYTES_NONE);
    return fold_stored(stored);
}

static enum fold_result expired(struct view *v, const struct event *e, struct sentence *why)
{
    uint32_t number = e->export_expired.export, reason = e->export_expired.reason;
    struct fixed fixed;
    struct bytes texts[TEXTS], nothing;
    if (!store_get_number(v, EXPORTS_KEPT, number, &nothing)) {
        return fold_illegal(why, "there is no file of export %u", number);
    }
    if (reason < EXPORT_GONE_OLD || reason > EXPORT_GONE_LOST) {
        return fold_illegal(why, "the file of export %u is gone for the unknown reason %u", number, reason);
    }
    if (!read(v, number, &fixed, texts)) return FOLD_FAULT;
    fixed.gone = reason;
    return fold_stored(write(v, number, &fixed, texts) && store_delete_number(v, EXPORTS_KEPT, number));
}

/* Exports care for the events about themselves. */
static enum fold_result apply(struct view *v, const struct event *e, struct sentence *why)
{
    switch (e->type) {
    case EVENT_EXPORT_OPENED: return opened(v, e, why);
    case EVENT_EXPORT_CLOSED: return closed(v, e, why);
    case EVENT_EXPORT_EXPIRED: return expired(v, e, why);
    default: return FOLD_OK;
    }
}

const struct fold fold_exports = {
    .name = "exports",
    .tables = {"exports", "export_ids", "exports_running", "exports_kept"},
    .apply = apply,
};

/* ---- Reads. */

uint32_t exports_find(struct view *v, struct bytes id)
{
    return ids_find(v, EXPORT_IDS, id);
}

bool exports_get(struct view *v, uint32_t number, struct export *export)
{
    struct fixed fixed;
    struct bytes texts[TEXTS];
    if (!read(v, number, &fixed, texts)) return false;
    *export = (struct export){
        .number = number,
        .id = texts[ID],
        .group = fixed.group,
        .template = fixed.template,
        .devices = texts[DEVICES],
        .listed = fixed.listed,
        .filter = texts[FILTER],
        .actor = fixed.actor,
        .outcome = (enum export_outcome)fixed.outcome,
        .gone = (enum export_gone)fixed.gone,
        .reason = texts[REASON],
        .rows = fixed.rows,
        .bytes = fixed.bytes,
        .opened_us = fixed.opened_us,
        .closed_us = fixed.closed_us,
    };
    return true;
}

uint32_t exports_next_number(struct view *v)
{
    return (uint32_t)store_last(v, EXPORTS) + 1;
}

static uint32_t next_in(struct view *v, unsigned table, uint32_t from)
{
    uint64_t number;
    struct bytes nothing;
    return store_next(v, table, from, &number, &nothing) ? (uint32_t)number : 0;
}

uint32_t exports_next_running(struct view *v, uint32_t from)
{
    return next_in(v, EXPORTS_RUNNING, from);
}

uint32_t exports_next_kept(struct view *v, uint32_t from)
{
    return next_in(v, EXPORTS_KEPT, from);
}
