/* One run: the engine, the model beside it, and what its clients do. */
#ifndef MUSTER_SIMULATE_RUN_H
#define MUSTER_SIMULATE_RUN_H

#include "tests/unit/simulate_calls.h"
#include "tests/unit/simulate_engine.h"

enum {
    OPERATOR = 1, /* the peer that looks; never takes work */
    CONNECTORS = 4,
    BURST_MAX = 8,
    PAST_KEPT = 64,
};

#define SECOND_US INT64_C(1000000)
#define DAY_US    (86400 * SECOND_US)

/* A request id that was carried out. */
struct remembered {
    struct client_call call;
    bool made_job;
    int64_t time_us;
    struct remembered *next;
};

struct simulation {
    struct engine *engine;
    struct model model;
    struct random random;
    struct call_mixture *mixture;
    uint64_t connectors[CONNECTORS]; /* their peers */
    uint64_t last_peer;              /* ids of peers are not used twice */
    struct client_call burst[BURST_MAX];
    unsigned burst_count;
    struct client_call past[PAST_KEPT];
    unsigned past_count;
    struct remembered *remembered;
    struct client_call preview; /* the last one; no call, see call_make_preview() */
    unsigned long looks, calls;
};

/* ---- simulate_bursts.c: calls that are sent together, and their answers. */

void send_call(struct simulation *s, struct client_call *call);
void send_some(struct simulation *s, bool may_remove_devices);
/* The engine has answered: the model carries out what was sent, in the engine's order. */
void carry_out_burst(struct simulation *s);
/* On a full disk: refused for want of room, or there was nothing to write down. */
void carry_out_on_full_disk(struct simulation *s);
void forget_answers(struct simulation *s);
void forget_remembered(struct simulation *s);
/* The model's clock as the engine's. */
void tell_time(struct simulation *s);

/* ---- simulate_looks.c: what the engine shows, and what it does by itself. */

/* The model comes to rest as the engine did. */
void rest(struct simulation *s);
/* What was handed out to connectors since answers were forgotten. */
void compare_served(struct simulation *s);
/* Nothing waits that could go on. */
void compare_waiting(struct simulation *s);
/* Whether a device that waits may end by itself, when the engine comes to it. */
bool any_may_end(const struct model *m);
/* Looks at this and that. */
void look(struct simulation *s);

#endif
