/* Exports: open, look, read; and their way from asked for to gone. */
#include "engine/decide/exports.h"

#include <stdlib.h>

#include "engine/base/cursor.h"
#include "engine/base/text.h"
#include "engine/decide/decide.h"
#include "engine/events/numbers.h"
#include "projections/devices.h"
#include "projections/groups.h"
#include "projections/templates.h"

enum { QUOTED_CHARACTERS_MAX = 40 };

/* ---- Their way. */

static void emit_restarted(struct events *events, uint32_t number)
{
    struct bytes reason = BYTES("the engine was restarted before the file was whole; export again");
    emit(events, (struct event){.type = EVENT_EXPORT_CLOSED,
                                .export_closed = {.export = number,
                                                  .outcome = EXPORT_ENGINE_RESTARTED,
                                                  .reason = reason}});
}

static struct bytes print_of(const struct export_run *run, const uint8_t print[KEY_PRINT_BYTES])
{
    return run->outcome == EXPORT_COMPLETE ? (struct bytes){print, KEY_PRINT_BYTES} : BYTES_NONE;
}

static void emit_closed(struct events *events, const struct export_run *run)
{
    emit(events, (struct event){.type = EVENT_EXPORT_CLOSED,
                                .export_closed = {.export = run->number,
                                                  .outcome = run->outcome,
                                                  .reason = bytes_of_text(run->reason.text),
                                                  .rows = run->rows,
                                                  .bytes = run->bytes,
                                                  .primary = print_of(run, run->primary),
                                                  .secondary = print_of(run, run->secondary)}});
}

static void emit_expired(struct exports *x, struct events *events, uint32_t number, enum export_gone reason)
{
    ASSERT(x->gone_count < COUNT_OF(x->gone));
    x->gone[x->gone_count++] = number;
    emit(events,
         (struct event){.type = EVENT_EXPORT_EXPIRED, .export_expired = {.export = number, .reason = reason}});
}

static void run_one(struct exports *x, struct events *events, uint32_t number)
{
    struct export_run *run = &x->run;
    if (number < x->first) {
        emit_restarted(events, number);
    } else if (run->number == number && run->done && !run->closed) {
        emit_closed(events, run);
        run->closed = true;
    } else if (!run->number && !x->next) {
        x->next = number;
    }
}

static bool is_lost(const struct exports *x, uint32_t number)
{
    for (uint32_t i = 0; i < x->lost_count; i++) {
        if (x->lost[i] == number) return true;
    }
    return false;
}

static int64_t kept_until_us(struct view *v, uint32_t number)
{
    struct export export;
    ASSERT(exports_get(v, number, &export));
    return export.closed_us + EXPORT_KEPT_US;
}

bool exports_progress(struct exports *x, struct view *v, struct events *events)
{
    size_t before = events->count;
    uint32_t next_before = x->next;
    events_begin_command(events, NULL);
    for (uint32_t number = exports_next_running(v, 1); number; number = exports_next_running(v, number + 1))
        run_one(x, events, number);
    for (uint32_t number = exports_next_kept(v, 1); number; number = exports_next_kept(v, number + 1)) {
        if (is_lost(x, number)) emit_expired(x, events, number, EXPORT_GONE_LOST);
        else if (kept_until_us(v, number) <= events->time_us) emit_expired(x, events, number, EXPORT_GONE_OLD);
    }
    return events->count > before || x->next != next_before;
}

int64_t exports_next_us(struct view *v)
{
    int64_t next_us = INT64_MAX;
    for (uint32_t number = exports_next_kept(v, 1); number; number = exports_next_kept(v, number + 1))
        next_us = MIN(next_us, kept_until_us(v, number));
    return next_us;
}

void exports_settle(struct exports *x)
{
    if (x->run.closed) x->run = (struct export_run){0};
    if (x->next) x->run = (struct export_run){.number = x->next};
    x->next = 0;
    x->gone_count = 0;
}

void exports_undo(struct exports *x)
{
    x->run.closed = false;
    x->next = 0;
    x->gone_count = 0;
}

/* ---- Which devices. */

struct scope {
    uint32_t group;
    struct bytes filter; /* of the group */
    uint32_t template;
    struct bytes devices;
};

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Sorted, each once. */
static struct bytes pack_numbers(struct arena *arena, uint32_t numbers[], uint32_t count)
{
    struct numbers_writer writer = {.buffer.arena = arena};
    qsort(numbers, count, sizeof numbers[0], by_number);
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0 || numbers[i] != numbers[i - 1]) numbers_add(&writer, numbers[i]);
    }
    return numbers_bytes(&writer);
}

static enum refusal read_ids(struct decision *d, struct bytes ids, struct bytes *devices)
{
    struct cursor c = cursor_over(ids);
    uint32_t count = 1;
    struct bytes id;
    cursor_array(&c, &count);
    if (count == 0) return refuse_field(d, "ids is empty; name devices, or leave it out for all of them");
    if (count > EXPORT_IDS_MAX) {
        sentence_set(&d->why, "ids has %u ids; it may have %d at most: export a device group instead", count,
                     EXPORT_IDS_MAX);
        return REFUSED_LIMIT;
    }
    d->looked += count;
    uint32_t *numbers = arena_alloc(d->arena, count * sizeof *numbers);
    for (uint32_t i = 0; i < count; i++) {
        ASSERT(cursor_text(&c, &id));
        numbers[i] = devices_find(d->view, id);
        if (numbers[i]) continue;
        struct bytes quoted = text_quotable(id, QUOTED_CHARACTERS_MAX);
        sentence_set(&d->why, "there is no device \"%.*s\", entry %u of ids; devices.list shows which there are",
                     BYTES_ARG(quoted), i + 1);
        return REFUSED_NO_SUCH_DEVICE;
    }
    *devices = pack_numbers(d->arena, numbers, count);
    return ACCEPTED;
}

static enum refusal read_group(struct decision *d, struct bytes id, struct scope *scope)
{
    struct group group;
    scope->group = groups_find(d->view, id);
    if (!scope->group) return REFUSED_NO_SUCH_GROUP;
    ASSERT(groups_get(d->view, scope->group, &group));
    scope->filter = arena_copy(d->arena, group.filter);
    return ACCEPTED;
}

static enum refusal read_scope(struct decision *d, const struct command *c, struct scope *scope)
{
    struct bytes group = c->exports_open.group, template = c->exports_open.template, ids = c->exports_open.ids;
    if ((group.data != NULL) + (template.data != NULL) + (ids.data != NULL) > 1)
        return refuse_field(d, "give one of group, template and ids, or none of them for all devices");
    if (group.data) return read_group(d, group, scope);
    if (ids.data) return read_ids(d, ids, &scope->devices);
    if (!template.data) return ACCEPTED;
    scope->template = templates_find(d->view, template);
    return scope->template ? ACCEPTED : REFUSED_NO_SUCH_TEMPLATE;
}

/* ---- Commands. */

static uint32_t count_all(struct view *v, uint32_t (*next)(struct view *v, uint32_t from))
{
    uint32_t count = 0;
    for (uint32_t number = next(v, 1); number; number = next(v, number + 1)) count++;
    return count;
}

/* As many as may be are kept: the oldest file makes room for another. */
static enum refusal make_place(struct decision *d)
{
    uint32_t running = count_all(d->view, exports_next_running), kept = count_all(d->view, exports_next_kept);
    if (running + kept < EXPORTS_KEPT_MAX) return ACCEPTED;
    if (kept) {
        emit_expired(d->exports, d->events, exports_next_kept(d->view, 1), EXPORT_GONE_FOR_ANOTHER);
        return ACCEPTED;
    }
    sentence_set(&d->why, "%d exports wait already; repeat when one of them is complete", EXPORTS_KEPT_MAX);
    return REFUSED_LIMIT;
}

enum refusal decide_exports_open(struct decision *d, const struct command *c)
{
    struct bytes id = c->exports_open.id.data ? c->exports_open.id : d->fresh_id;
    struct scope scope = {0};
    if (d->short_of_room) return REFUSED_NO_SPACE;
    enum refusal refusal = check_id(d, id, "id");
    if (!refusal) refusal = read_scope(d, c, &scope);
    if (refusal) return refusal;
    if (exports_find(d->view, id)) {
        sentence_set(&d->why, "an export \"%.*s\" was opened before; take another id, or none", BYTES_ARG(id));
        return REFUSED_CONFLICT;
    }
    refusal = make_place(d);
    if (refusal) return refusal;
    uint32_t number = exports_next_number(d->view);
    emit(d->events, (struct event){.type = EVENT_EXPORT_OPENED,
                                   .export_opened = {.number = number,
                                                     .id = id,
                                                     .group = scope.group,
                                                     .filter = scope.filter,
                                                     .template = scope.template,
                                                     .devices = scope.devices}});
    return answer_with(d, ANSWER_EXPORT, number);
}

enum refusal decide_exports_get(struct decision *d, const struct command *c)
{
    uint32_t number = exports_find(d->view, c->exports_get.id);
    if (!number) return REFUSED_NO_SUCH_EXPORT;
    return answer_with(d, ANSWER_EXPORT, number);
}

enum refusal decide_exports_read(struct decision *d, const struct command *c)
{
    struct export export;
    uint32_t number = exports_find(d->view, c->exports_read.id);
    if (!number) return REFUSED_NO_SUCH_EXPORT;
    ASSERT(exports_get(d->view, number, &export));
    if (export.outcome == EXPORT_RUNNING) {
        sentence_set(&d->why, "the file is not whole yet; exports.get shows how far it is");
        return REFUSED_EXPORT_HAS_NO_FILE;
    }
    if (export.outcome != EXPORT_COMPLETE || export.gone) return REFUSED_EXPORT_HAS_NO_FILE;
    uint64_t offset = c->exports_read.offset.given ? c->exports_read.offset.value : 0;
    if (offset > export.bytes) {
        sentence_set(&d->why, "offset is behind the end of the file, which has %llu bytes",
                     (unsigned long long)export.bytes);
        return REFUSED_EXPORT_HAS_NO_FILE;
    }
    d->answer = (struct answer){.kind = ANSWER_EXPORT_PIECE, .number = number, .from = offset};
    return ACCEPTED;
}
