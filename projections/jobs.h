/* Jobs: what each one is and which state it is in. How far it came device by device is in job_devices. */
#ifndef MUSTER_JOBS_H
#define MUSTER_JOBS_H

#include "projections/projections.h"

/* The states and the moves between them; the drawing in docs/protocol.md is checked against this table. */
#define MAY(state) (1u << JOB_IS_##state)
#define JOB_STATES(X)                                                                                                  \
    X(SAVED, "saved", MAY(PENDING))                                                                                    \
    X(PENDING, "pending", MAY(RUNNING) | MAY(STOPPED) | MAY(FAILED) | MAY(CANCELLED) | MAY(COMPLETE))                  \
    X(RUNNING, "running", MAY(STOPPED) | MAY(COMPLETE) | MAY(FAILED) | MAY(CANCELLED))                                 \
    X(STOPPED, "stopped", MAY(PENDING) | MAY(CANCELLED))                                                               \
    X(COMPLETE, "complete", 0)                                                                                         \
    X(FAILED, "failed", 0)                                                                                             \
    X(CANCELLED, "cancelled", 0)

enum job_status {
#define STATE(NAME, word, moves) JOB_IS_##NAME,
    JOB_STATES(STATE)
#undef STATE
};

const char *job_status_word(enum job_status status);
bool job_status_named(struct bytes word, enum job_status *status);
bool job_may_move(enum job_status from, enum job_status to);

enum job_type { JOB_TYPE_PROPERTY = 1, JOB_TYPE_CLOUD_PROPERTY = 2, JOB_TYPE_COMMAND = 3 };
enum job_measure { MEASURE_NONE = 0, MEASURE_NUMBER = 1, MEASURE_PERCENTAGE = 2 };
enum job_cancel_reason { CANCELLED_BY_USER = 1, CANCELLED_BY_THRESHOLD = 2 };
enum returned_reason {
    RETURNED_BY_DISCONNECT = 1,
    RETURNED_BY_RESTART = 2,
    RETURNED_BY_CONNECTOR = 3,
    RETURNED_AFTER_CANCEL = 4,
};
enum job_failed_reason {
    FAILED_NO_DEVICES = 1,
    FAILED_GROUP_REMOVED = 2,
    FAILED_TEMPLATE_REMOVED = 3,
    FAILED_BAD_FILTER = 4,
    FAILED_PLAN_CHANGED = 5,
};

/* Why a device that a job is for is none of its targets. */
enum exclusion { EXCLUDED_NOT = 0, EXCLUDED_WRONG_TEMPLATE = 1, EXCLUDED_UNKNOWN_PATH = 2, EXCLUSIONS = 3 };

struct job {
    uint32_t number;
    enum job_status status;
    uint32_t reason; /* job_cancel_reason or job_failed_reason, by status */
    uint32_t failures, scope; /* what exceeded the threshold */
    uint32_t group;
    enum job_type type;
    uint32_t target; /* template number, 0: any */
    enum job_measure batch_measure;
    uint32_t batch_value;
    enum job_measure threshold_measure;
    uint32_t threshold_value;
    bool threshold_per_batch;
    bool targets_fixed;
    bool expired; /* it ended over 30 days ago: its devices are forgotten, lists leave it out */
    bool discarded;             /* it was saved; nobody sees it any more */
    bool plan_quoted;           /* the next two are filled */
    uint8_t plan_hash[32];
    uint32_t plan_count;
    uint32_t plan_found;        /* targets found when the plan did not hold */
    uint32_t queue_timeout;     /* seconds, 0: none */
    uint32_t execution_timeout; /* seconds */
    uint32_t retries_max;
    uint32_t retries_on; /* bit (1 << outcome) */
    uint32_t excluded[EXCLUSIONS]; /* devices, by reason */
    uint32_t actor;
    uint32_t schedule; /* whose run it is, 0: nobody's */
    uint64_t created_seq;
    uint64_t queued_seq; /* last time it was queued: its place in the queue */
    uint64_t begun_seq;  /* last JOB_TARGETS_BEGUN, or 0 */
    int64_t created_us;
    int64_t started_us; /* 0: not yet */
    int64_t ended_us;   /* 0: not yet */
};

/* It will make no other move. */
bool job_has_ended(const struct job *job);
/* Devices in a batch of `total` > 0 by that measure. */
uint32_t job_batch_size(enum job_measure measure, uint32_t value, uint32_t total);

struct job_text {
    struct bytes id;
    struct bytes display_name;
    struct bytes description;
    struct bytes data;       /* MessagePack array */
    struct bytes body_hash;  /* of the request that made it, 32 bytes */
};

uint32_t jobs_find(struct view *v, struct bytes id); /* 0: none, or discarded */
/* Discarded ones too: ids stay taken for ever. */
uint32_t jobs_find_taken(struct view *v, struct bytes id);
/* NULL when there is no such job. */
const struct job *jobs_get(struct view *v, uint32_t number);
bool jobs_text(struct view *v, uint32_t number, struct job_text *text);
uint32_t jobs_next_number(struct view *v);
/* How many stand in each state; expired ones are not counted. */
uint32_t jobs_count(struct view *v, enum job_status status);
/* The next lower number <= from that exists, discarded ones too; 0 at the end: newest first. */
const struct job *jobs_previous(struct view *v, uint32_t from);

/* Jobs that the engine has to look after: pending, running, stopped, and ended ones with devices still out.
 * In order of their numbers; live view only. */
size_t jobs_active_count(struct view *v);
const struct job *jobs_active_at(struct view *v, size_t index);
/* The active one with the next lower number <= from; NULL at the end: newest first. */
const struct job *jobs_active_previous(struct view *v, uint32_t from);
/* Those of them that run, likewise: few, however many wait. */
size_t jobs_running_count(struct view *v);
const struct job *jobs_running_at(struct view *v, size_t index);
/* A run of this schedule in one of these states (bits: MAY(PENDING) | ...), which are pending, running or stopped; NULL
 * when there is none. Looks through the active ones. */
const struct job *jobs_active_run(struct view *v, uint32_t schedule, unsigned states);
/* The run of this schedule that is running, NULL when there is none; looks through those that run only. */
const struct job *jobs_running_run(struct view *v, uint32_t schedule);

#endif
