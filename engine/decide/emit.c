/* Numbers, stamps, encodes, folds. */
#include "engine/decide/emit.h"

enum { EVENTS_FIRST = 256 };

static void remember_end(struct events *e)
{
    if (e->count == e->capacity) {
        size_t capacity = e->capacity ? e->capacity * 2 : EVENTS_FIRST;
        size_t *ends = arena_alloc(e->bytes.arena, capacity * sizeof *ends);
        if (e->count) memcpy(ends, e->ends, e->count * sizeof *ends);
        e->ends = ends;
        e->capacity = capacity;
    }
    e->ends[e->count++] = e->bytes.size;
}

static uint64_t write_event(struct events *e, struct event *event)
{
    event->seq = events_next_seq(e);
    event->time_us = e->time_us;
    event->actor = e->actor;
    event->cause = e->cause;
    if (e->failed) return event->seq;
    event_encode(event, &e->bytes);
    remember_end(e);
    if (!e->fold(e->context, event)) e->failed = true;
    return event->seq;
}

static void write_prelude(struct events *e, const struct prelude *p)
{
    uint32_t actor = p->actor_of(e->context, p->uid, p->on_behalf_of);
    if (actor == 0) {
        actor = p->next_actor(e->context);
        struct event seen = {.type = EVENT_ACTOR_SEEN,
                             .actor_seen = {.number = actor, .uid = p->uid, .on_behalf_of = p->on_behalf_of}};
        write_event(e, &seen);
    }
    e->actor = actor;
    if (p->request_id.size == 0) return;
    struct event request = {.type = EVENT_REQUEST_SEEN,
                            .request_seen = {.request_id = p->request_id,
                                             .method = p->method,
                                             .body_hash = {p->body_hash, 32}}};
    e->cause = write_event(e, &request);
}

void events_begin_command(struct events *e, const struct prelude *prelude)
{
    e->actor = 0;
    e->cause = 0;
    e->prelude = prelude;
}

static void take_prelude(struct events *e)
{
    const struct prelude *prelude = e->prelude;
    e->prelude = NULL;
    if (prelude) write_prelude(e, prelude);
}

void events_insist(struct events *e)
{
    if (e->prelude && e->prelude->request_id.size) take_prelude(e);
}

uint64_t emit(struct events *e, struct event event)
{
    take_prelude(e);
    return write_event(e, &event);
}
