/* Devices on their way to another template. Devices that are named are moved at once, a group in steps: a worker reads
 * its members, then a bounded number is written down in each turn.
 *
 *     MOVE_OPENED -> [a worker reads the group's filter] -> DEVICES_MOVED ... -> MOVE_CLOSED
 *
 * One move is worked on at a time, the oldest first. What is kept here is gone with the engine: after a restart an open
 * move reads its group again, with the filter that MOVE_OPENED kept, and goes on with whoever is not there yet. */
#ifndef MUSTER_DECIDE_MOVES_H
#define MUSTER_DECIDE_MOVES_H

#include "engine/base/arena.h"
#include "projections/projections.h"

/* The devices of the move that is worked on. All zero: of none. */
struct moving {
    uint32_t move;
    bool read;               /* the rest is filled */
    const uint32_t *devices; /* the owner's */
    size_t count;
    size_t given, given_settled; /* looked at; of those on disk */
    void *owner;
};

/* A worker is asked for the devices of this move. */
void moving_begin(struct moving *m, uint32_t move);
/* They were read: lists of numbers, `total` devices in all. The arena is the one that `owner` is to have. */
void moving_fill(struct moving *m, struct arena *arena, const struct bytes chunks[], size_t chunk_count, uint32_t total);
/* Forgets a move that is over, or could not be read; returns its owner for the caller to let go, or NULL. */
void *moving_end(struct moving *m, struct view *v);
/* How much of this move has been looked at; 0 while it waits, or its group is read. */
uint32_t moving_percent(const struct moving *m, uint32_t move);
void moving_settle(struct moving *m);
void moving_undo(struct moving *m);

#endif
