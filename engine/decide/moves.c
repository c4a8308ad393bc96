/* devices.move, and what the engine does of it by itself. */
#include "engine/decide/moves.h"

#include <stdlib.h>

#include "engine/base/cursor.h"
#include "engine/base/text.h"
#include "engine/decide/decide.h"
#include "engine/decide/limits.h"
#include "engine/decide/progress.h"
#include "engine/events/numbers.h"
#include "projections/devices.h"
#include "projections/groups.h"
#include "projections/moves.h"
#include "projections/templates.h"

enum { QUOTED_CHARACTERS_MAX = 40, STEPS_A_TURN_MAX = 4, STEP_LOOKS_MAX = 5000 };

/* ---- What is kept in memory. */

void moving_begin(struct moving *m, uint32_t move)
{
    ASSERT(!m->owner);
    *m = (struct moving){.move = move};
}

void moving_fill(struct moving *m, struct arena *arena, const struct bytes chunks[], size_t chunk_count, uint32_t total)
{
    uint32_t *devices = arena_alloc(arena, (total + 1) * sizeof *devices);
    uint64_t number;
    size_t count = 0;
    for (size_t i = 0; i < chunk_count; i++) {
        struct numbers numbers = numbers_of(chunks[i]);
        while (numbers_next(&numbers, &number)) devices[count++] = (uint32_t)number;
    }
    ASSERT(!m->owner && count == total);
    m->devices = devices;
    m->count = count;
    m->read = true;
}

void *moving_end(struct moving *m, struct view *v)
{
    const struct move *move = m->move ? moves_get(v, m->move) : NULL;
    void *owner = m->owner;
    if (move && move->outcome == MOVE_OPEN) return NULL;
    *m = (struct moving){0};
    return owner;
}

uint32_t moving_percent(const struct moving *m, uint32_t move)
{
    return m->move == move && m->count > 0 ? (uint32_t)(m->given * 100 / m->count) : 0;
}

void moving_settle(struct moving *m)
{
    m->given_settled = m->given;
}

void moving_undo(struct moving *m)
{
    m->given = m->given_settled;
}

/* ---- Writing it down. */

static void emit_moved(struct events *out, uint32_t move, uint32_t template, const struct numbers_writer *devices)
{
    if (devices->count == 0) return;
    emit(out, (struct event){.type = EVENT_DEVICES_MOVED,
                             .devices_moved = {.move = move,
                                               .template = template,
                                               .devices = numbers_bytes(devices)}});
}

static void emit_opened(struct decision *d, uint32_t move, const struct group *group, uint32_t template)
{
    emit(d->events, (struct event){.type = EVENT_MOVE_OPENED,
                                   .move_opened = {.move = move,
                                                   .group = group->number,
                                                   .filter = arena_copy(d->arena, group->filter),
                                                   .template = template}});
}

static void emit_closed(struct events *out, uint32_t move, enum move_outcome outcome)
{
    emit(out, (struct event){.type = EVENT_MOVE_CLOSED, .move_closed = {.move = move, .outcome = outcome}});
}

/* ---- The command. */

static enum refusal refuse_device(struct decision *d, struct bytes id)
{
    struct bytes shown = text_quotable(id, QUOTED_CHARACTERS_MAX);
    sentence_set(&d->why, "there is no device \"%.*s\", so none was moved; devices.list shows which there are",
                 BYTES_ARG(shown));
    return REFUSED_NO_SUCH_DEVICE;
}

static int by_number(const void *a, const void *b)
{
    uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;
    return (one > other) - (one < other);
}

/* Ascending, some perhaps twice. */
static enum refusal find_devices(struct decision *d, struct bytes ids, uint32_t **devices, uint32_t *count)
{
    struct cursor c = cursor_over(ids);
    struct bytes id;
    if (!cursor_array(&c, count)) *count = 1;
    if (*count > MOVE_DEVICES_MAX) {
        sentence_set(&d->why, "ids has %u devices; it may have %d at most, a group any number", *count, MOVE_DEVICES_MAX);
        return REFUSED_LIMIT;
    }
    d->looked += *count;
    *devices = arena_alloc(d->arena, (*count + 1) * sizeof **devices);
    for (uint32_t i = 0; i < *count; i++) {
        ASSERT(cursor_text(&c, &id));
        if (!((*devices)[i] = devices_find(d->view, id))) return refuse_device(d, id);
    }
    qsort(*devices, *count, sizeof **devices, by_number);
    return ACCEPTED;
}

/* Whether the device is there to be moved, and not of the template yet. */
static bool device_moves(struct view *v, uint32_t number, uint32_t template)
{
    struct device device;
    return devices_get(v, number, &device) && !device.removed && device.template != template;
}

static enum refusal move_named(struct decision *d, struct bytes ids, uint32_t template)
{
    struct numbers_writer moved = {.buffer.arena = d->arena};
    uint32_t *devices, count, move = moves_next_number(d->view);
    enum refusal refusal = find_devices(d, ids, &devices, &count);
    if (refusal) return refusal;
    for (uint32_t i = 0; i < count; i++) {
        bool again = i > 0 && devices[i] == devices[i - 1];
        if (!again && device_moves(d->view, devices[i], template)) numbers_add(&moved, devices[i]);
    }
    emit_opened(d, move, &(struct group){0}, template);
    emit_moved(d->events, move, template, &moved);
    emit_closed(d->events, move, MOVE_COMPLETE);
    return answer_with(d, ANSWER_MOVE, move);
}

static enum refusal move_group(struct decision *d, struct bytes id, uint32_t template)
{
    struct group group;
    uint32_t number = groups_find(d->view, id), move = moves_next_number(d->view);
    if (!number) return REFUSED_NO_SUCH_GROUP;
    if (moves_open_count(d->view) >= MOVES_OPEN_MAX) {
        sentence_set(&d->why, "%d moves are under way already; wait for one to be complete", MOVES_OPEN_MAX);
        return REFUSED_LIMIT;
    }
    ASSERT(groups_get(d->view, number, &group));
    emit_opened(d, move, &group, template);
    return answer_with(d, ANSWER_MOVE, move);
}

enum refusal decide_devices_move(struct decision *d, const struct command *c)
{
    struct bytes ids = c->devices_move.ids, group = c->devices_move.group, id = c->devices_move.template;
    uint32_t template = id.size ? templates_find(d->view, id) : 0;
    if (!ids.data == !group.data)
        return refuse_field(d, "devices.move takes either ids, devices to move, or group, whose members are moved");
    if (id.size && !template) return REFUSED_NO_SUCH_TEMPLATE;
    if (d->short_of_room) return REFUSED_NO_SPACE;
    return group.data ? move_group(d, group, template) : move_named(d, ids, template);
}

enum refusal decide_moves_get(struct decision *d, const struct command *c)
{
    uint64_t number = c->moves_get.move.value;
    if (number > UINT32_MAX || !moves_get(d->view, (uint32_t)number)) return REFUSED_NO_SUCH_MOVE;
    return answer_with(d, ANSWER_MOVE, (uint32_t)number);
}

enum refusal decide_moves_list(struct decision *d, const struct command *c)
{
    uint32_t rows, from;
    enum refusal refusal = check_page(d, c->moves_list.limit, c->moves_list.cursor, &rows, &from);
    if (refusal) return refusal;
    uint32_t *numbers = arena_alloc(d->arena, rows * sizeof *numbers);
    size_t count = 0;
    const struct move *move = moves_previous(d->view, from ? from : UINT32_MAX);
    while (move && count < rows) {
        numbers[count++] = move->number;
        move = move->number > 1 ? moves_previous(d->view, move->number - 1) : NULL;
    }
    d->answer =
        (struct answer){.kind = ANSWER_MOVES, .numbers = numbers, .count = count, .next = move ? move->number : 0};
    return ACCEPTED;
}

/* ---- What the engine does by itself. */

static bool template_is_gone(struct view *v, uint32_t number)
{
    struct template template;
    return number != 0 && (!templates_get(v, number, &template) || template.removed);
}

/* One event of devices that are not there yet. */
static void move_some(struct moving *m, struct progress_turn *t, uint32_t template)
{
    struct numbers_writer moved = {.buffer.arena = t->arena};
    size_t end = MIN(m->count, m->given + STEP_LOOKS_MAX);
    for (; m->given < end && moved.count < MOVE_DEVICES_MAX; m->given++) {
        if (device_moves(t->view, m->devices[m->given], template)) numbers_add(&moved, m->devices[m->given]);
    }
    emit_moved(t->events, m->move, template, &moved);
}

/* True when there is more of it. */
static bool go_on(struct moving *m, struct progress_turn *t)
{
    uint32_t template = moves_get(t->view, m->move)->template;
    bool gone = template_is_gone(t->view, template);
    for (int steps = 0; !gone && m->given < m->count; steps++) {
        if (steps == STEPS_A_TURN_MAX || turn_is_full(t)) return true;
        move_some(m, t, template);
    }
    emit_closed(t->events, m->move, gone ? MOVE_TEMPLATE_REMOVED : MOVE_COMPLETE);
    return moves_open_count(t->view) > 0;
}

bool run_moves(struct progress *p, struct progress_turn *t)
{
    struct bytes filter;
    uint32_t move = moves_first_open(t->view, &filter);
    if (move == 0) return false;
    if (p->moving.move == move) return p->moving.read && go_on(&p->moving, t);
    if (p->moving.move || t->readings_left == 0) return false;
    t->readings_left--;
    t->read_move(t->context, move);
    return false;
}
