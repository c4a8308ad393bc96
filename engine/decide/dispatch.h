/* Handing out devices of a running job. */
#ifndef MUSTER_DISPATCH_H
#define MUSTER_DISPATCH_H

#include "engine/decide/progress.h"
#include "engine/events/numbers.h"

/* Devices of a job's current batch that go out together: they have the same attempt before them. */
struct gathering {
    struct progress_turn *turn;
    uint32_t job;
    struct handout *handout;
    struct lane *lane;
    const struct take_wish *wish; /* NULL: the engine's own, any device */
    uint32_t events_each;         /* that each device brings in this turn, beside the dispatch */
    uint32_t capacity;
    /* Out: */
    uint32_t *devices;
    uint32_t count;
    uint32_t attempt;
    struct numbers_writer numbers;
    struct numbers_writer previous;
    bool again; /* some had an event in this job before */
};

enum gathered {
    GATHERED_NOTHING, /* nothing now; the lane says until when */
    GATHERED_SOME,
    GATHERED_LATER, /* it looked at as many devices as it may: more in the next turn */
};

/* Gathers up to g->capacity devices that wait and are wanted, from where the lane stands; devices that are gone end on
 * the way. */
enum gathered gather_devices(struct gathering *g);
/* Writes down that they are handed out; returns the dispatch. */
uint64_t emit_dispatch(const struct gathering *g, uint32_t batch, struct bytes connector, uint32_t timeout_s);
/* Ends a device that is gone. */
void end_removed(struct progress_turn *t, uint32_t job, const struct job_device *device);

/* Hands out up to `devices_max` devices to the take, as one dispatch and a lease. */
enum gathered dispatch_job(struct progress *p, struct progress_turn *t, uint32_t job, const struct take *take,
                           uint32_t devices_max, struct work *work);

#endif
