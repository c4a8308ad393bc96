/* Moves, from the order to the last device. */
#include "projections/moves.h"

#include "engine/events/numbers.h"
#include "projections/fold.h"

/* number -> struct move; number of each open one -> the filter of its group */
enum { MOVES = FOLD_TABLE(moves, 0), OPEN = FOLD_TABLE(moves, 1) };
_Static_assert(sizeof(struct move) % 8 == 0, "moves are read in place");

/* How many are open, so that nobody looks when there are none. */
struct ram {
    bool loaded;
    uint32_t open;
};

static struct ram *loaded(struct view *v)
{
    struct ram *ram = v->ram[FOLD_moves];
    uint64_t number = 0;
    struct bytes filter;
    if (ram->loaded) return ram;
    *ram = (struct ram){.loaded = true};
    while (store_next(v, OPEN, number + 1, &number, &filter)) ram->open++;
    return ram;
}

static bool put(struct view *v, const struct move *move)
{
    return store_put_number(v, MOVES, move->number, (struct bytes){move, sizeof *move});
}

static enum fold_result opened(struct view *v, const struct event *e, struct sentence *why)
{
    struct move move = {.number = e->move_opened.move,
                        .group = e->move_opened.group,
                        .template = e->move_opened.template,
                        .actor = e->actor,
                        .opened_us = e->time_us};
    if (move.number != moves_next_number(v)) {
        return fold_illegal(why, "move number %u is not the next one, %u", move.number, moves_next_number(v));
    }
    loaded(v)->open++;
    return fold_stored(put(v, &move) && store_put_number(v, OPEN, move.number, e->move_opened.filter));
}

static enum fold_result read_open(struct view *v, uint32_t number, struct move *move, struct sentence *why)
{
    const struct move *stored = moves_get(v, number);
    if (!stored || stored->outcome != MOVE_OPEN) return fold_illegal(why, "there is no open move %u", number);
    *move = *stored;
    return FOLD_OK;
}

static enum fold_result devices_moved(struct view *v, const struct event *e, struct sentence *why)
{
    struct move move;
    if (read_open(v, e->devices_moved.move, &move, why) != FOLD_OK) return FOLD_ILLEGAL;
    if (move.template != e->devices_moved.template) {
        return fold_illegal(why, "move %u is to template %u, not to %u", move.number, move.template,
                            e->devices_moved.template);
    }
    move.moved += numbers_count(e->devices_moved.devices);
    return fold_stored(put(v, &move));
}

static enum fold_result closed(struct view *v, const struct event *e, struct sentence *why)
{
    struct move move;
    uint32_t outcome = e->move_closed.outcome;
    if (read_open(v, e->move_closed.move, &move, why) != FOLD_OK) return FOLD_ILLEGAL;
    if (outcome != MOVE_COMPLETE && outcome != MOVE_TEMPLATE_REMOVED) {
        return fold_illegal(why, "move %u ends as %u, which is no end", move.number, outcome);
    }
    move.outcome = outcome;
    move.closed_us = e->time_us;
    loaded(v)->open--;
    return fold_stored(put(v, &move) && store_delete_number(v, OPEN, move.number));
}

/* What a move does to each device is the devices' affair. */
static enum fold_result apply(struct view *v, const struct event *e, struct sentence *why)
{
    switch (e->type) {
    case EVENT_MOVE_OPENED: return opened(v, e, why);
    case EVENT_DEVICES_MOVED: return devices_moved(v, e, why);
    case EVENT_MOVE_CLOSED: return closed(v, e, why);
    default: return FOLD_OK;
    }
}

const struct fold fold_moves = {
    .name = "moves",
    .tables = {"moves", "moves_open"},
    .ram_size = sizeof(struct ram),
    .apply = apply,
};

/* ---- Reads. */

const struct move *moves_get(struct view *v, uint32_t number)
{
    return store_record(v, MOVES, number, sizeof(struct move));
}

const struct move *moves_previous(struct view *v, uint32_t from)
{
    uint64_t number;
    struct bytes value;
    return store_previous(v, MOVES, from, &number, &value) ? store_record_of(v, value, sizeof(struct move)) : NULL;
}

uint32_t moves_next_number(struct view *v)
{
    return (uint32_t)store_last(v, MOVES) + 1;
}

uint32_t moves_first_open(struct view *v, struct bytes *filter)
{
    uint64_t number;
    if (moves_open_count(v) == 0) return 0;
    return store_next(v, OPEN, 1, &number, filter) ? (uint32_t)number : 0;
}

uint32_t moves_open_count(struct view *v)
{
    return loaded(v)->open;
}
