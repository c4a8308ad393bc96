/* How busy an engine is, and what it has done since its start: what `info` and `metrics` show beside the state. Kept by
 * the turn, in memory only. */
#ifndef MUSTER_WIRE_LOAD_H
#define MUSTER_WIRE_LOAD_H

#include "engine/decide/refusal.h"
#include "projections/job_devices.h"

enum {
    COMMIT_BUCKETS = 10,
    DEVICE_OUTCOMES = OUTCOME_DEVICE_REMOVED + 1,
    CLIENT_NAME_SIZE_MAX = 64,
    CLIENTS_SHOWN_MAX = 100,
};

/* Since the engine was started; of calls and events that came to nothing none but the refusals. */
struct wire_counts {
    uint64_t calls;
    uint64_t refusals[REFUSAL_COUNT];
    uint64_t results[DEVICE_OUTCOMES];       /* by enum device_outcome */
    uint64_t commits;                        /* of the log */
    uint64_t commit_us;                      /* all of them together */
    uint64_t commit_buckets[COMMIT_BUCKETS]; /* by COMMIT_BOUNDS_US, each alone; the last is for all longer ones */
};
/* The upper bounds of the buckets but the last. */
extern const uint64_t COMMIT_BOUNDS_US[COMMIT_BUCKETS - 1];

struct wire_client {
    uint32_t uid;
    const char *name;      /* as it said in hello, "" for none */
    const char *connector; /* as it said in its last work.take, "" for none */
    bool read_only;
    bool subscribed;
    uint64_t behind; /* events that a subscriber was not sent yet */
};

/* Now. */
struct wire_load {
    uint32_t connections, readers, subscribers;
    uint64_t subscribers_behind; /* events that the slowest was not sent yet */
    uint64_t projections_behind; /* events that a start after a kill would fold again */
    uint64_t takes_waiting;      /* calls of work.take that wait for work */
    uint64_t dispatches_out;     /* pieces of work that connectors hold */
    uint32_t tasks;              /* long reads under way */
    uint32_t jobs_at_once;
    uint64_t jobs_held_up; /* running ones that wait for something */
    uint64_t log_quota;    /* bytes, 0: none */
    const struct wire_client *clients;
    size_t client_count; /* at most CLIENTS_SHOWN_MAX */
};

#endif
