/* Work that connectors hold: for each dispatch its devices, who has it and until when. Kept in memory only;
 * a restart gives everything back. Which devices are still owed is not kept here but read from the list
 * of the job: a device in state OUT whose last event is the dispatch.
 *
 * A turn may change leases before its events are on disk: leases_settle() makes that final, leases_undo()
 * takes it back. */
#ifndef MUSTER_LEASES_H
#define MUSTER_LEASES_H

#include "engine/base/map.h"

struct lease {
    uint64_t dispatch; /* the event's number; the handle that the connector knows */
    uint64_t peer;     /* 0: it has left */
    uint32_t job;
    uint32_t attempt;
    int64_t deadline_us; /* monotonic */
    uint32_t count;
    uint32_t owed;   /* devices without an answer */
    uint32_t looked; /* while it is wound up: devices before this index were seen to */
    size_t heap_index;
    struct lease *next_of_peer, *previous_of_peer;
    uint32_t devices[];
};

struct lease_deadline {
    int64_t deadline_us;
    struct lease *lease;
};

/* All zero is empty. */
struct leases {
    struct map by_dispatch;
    struct map by_peer; /* first of each peer's list */
    struct lease_deadline *heap; /* soonest first */
    size_t heap_size, heap_capacity;
    uint64_t *touched; /* dispatches of this turn: made, or with nothing owed any more */
    size_t touched_count, touched_capacity;
};

struct lease *leases_add(struct leases *l, const struct lease *head, const uint32_t devices[]);
struct lease *leases_find(const struct leases *l, uint64_t dispatch);
/* Devices answered or given back; the lease goes when nothing is owed. */
void leases_answer(struct leases *l, struct lease *lease, uint32_t devices);
/* The soonest deadline; INT64_MAX when there is none. */
int64_t leases_deadline(const struct leases *l);
/* The lease with the soonest deadline, NULL when there is none. A peer that left makes its leases due at once. */
struct lease *leases_soonest(const struct leases *l);
/* Seen to: not due any more. */
void leases_put_off(struct leases *l, struct lease *lease);
void leases_peer_left(struct leases *l, uint64_t peer);

void leases_settle(struct leases *l);
/* Drops dispatches above `head`; `owed` recounts what the others are still owed. */
void leases_undo(struct leases *l, uint64_t head, uint32_t (*owed)(void *context, const struct lease *lease),
                 void *context);
void leases_free(struct leases *l);

#endif
