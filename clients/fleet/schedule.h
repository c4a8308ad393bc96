/* Work whose devices answer after a while: every piece keeps its devices in the order in which they will
 * answer, and a heap keeps the pieces in the order of their next answer. Time is counted in ticks of 10 ms,
 * so that devices of one piece that answer nearly together share a report. */
#ifndef MUSTER_FLEET_SCHEDULE_H
#define MUSTER_FLEET_SCHEDULE_H

#include "clients/fleet/chance.h"

enum { TICK_US = 10000 };

struct due {
    uint32_t tick;
    uint32_t index;
    enum outcome outcome;
};

/* One piece of work. The answers from `next` on are still to come. */
struct held {
    struct span work; /* the handle, kept behind the answers */
    uint32_t next;
    uint32_t count;
    struct due due[];
};

/* All zero is empty. */
struct schedule {
    struct held **heap;
    uint32_t count;
    uint32_t capacity;
    uint64_t devices; /* whose answers are still to come */
};

/* Room for that many answers; copies the handle. */
struct held *held_new(struct span work, uint32_t devices_max);
static inline void held_add(struct held *h, struct due due)
{
    h->due[h->count++] = due;
}

/* Takes `h` over; frees it at once when nobody in it will ever answer. */
void schedule_add_take(struct schedule *s, struct held *h);
/* The piece with the next answer, NULL when nothing is held. The caller may advance its `next` and then
 * settles the schedule; valid until then. */
struct held *schedule_first(const struct schedule *s);
/* Puts the first piece where it belongs now, or frees it when it is done. `answered` of its devices are. */
void schedule_settle(struct schedule *s, uint32_t answered);
void schedule_free(struct schedule *s);

#endif
