/* The facts of one turn: each is numbered, stamped, encoded and folded as it is emitted, so that the next
 * command sees it; all are appended to the log together. */
#ifndef MUSTER_EMIT_H
#define MUSTER_EMIT_H

#include "engine/base/arena.h"
#include "engine/events/event.h"

/* Who asked, written before the command's first event and not at all when there is none. */
struct prelude {
    uint32_t uid;
    struct bytes on_behalf_of;
    struct bytes request_id; /* size 0: none */
    struct bytes method;
    const uint8_t *body_hash; /* 32 bytes, with a request id */
    uint32_t (*actor_of)(void *context, uint32_t uid, struct bytes on_behalf_of); /* 0: never seen */
    uint32_t (*next_actor)(void *context);
};

struct events {
    struct buffer bytes;  /* all events' bytes, one after another */
    size_t *ends;         /* where each one ends */
    size_t count;
    size_t capacity;
    uint64_t first_seq;
    int64_t time_us;
    uint32_t actor;
    uint64_t cause;
    const struct prelude *prelude; /* not written yet */
    /* Folds one event; false: the store failed, the turn is lost. */
    bool (*fold)(void *context, const struct event *event);
    void *context;
    bool failed; /* a fold failed: what is emitted from now on goes nowhere */
};

/* The number of the next event. */
static inline uint64_t events_next_seq(const struct events *e)
{
    return e->first_seq + e->count;
}

/* Until the next one of these, events are this caller's. NULL: the engine's own. */
void events_begin_command(struct events *e, const struct prelude *prelude);
/* Writes down who asks and the request's id now, if there is one, even if no event follows. */
void events_insist(struct events *e);
/* Returns the event's number. */
uint64_t emit(struct events *e, struct event event);

#endif
