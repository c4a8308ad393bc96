/* What the engine keeps in mind while it hands out the devices of running jobs: how far it has looked for each kind of
 * connector, which devices rest after a connector gave them back, and since when devices wait. In memory only, and
 * only while a job runs. Nothing of it needs to be right for the log to be right: all zero begins anew, which costs
 * another look through a batch, a rest cut short, a wait counted from now. */
#ifndef MUSTER_HANDOUTS_H
#define MUSTER_HANDOUTS_H

#include "engine/base/map.h"
#include "engine/decide/takes.h"
#include "engine/events/event.h"
#include "projections/job_devices.h"
#include "projections/jobs.h"

/* How far the current batch of a job was looked through for one kind of connector: round and round, so that devices
 * that came to wait again have their turn after all others. */
struct lane {
    uint32_t generation; /* of the kind; another one: this lane was of another kind */
    uint32_t position;   /* where the next look begins */
    uint32_t left;       /* positions not looked at in this round; 0: there was nothing in the whole round */
    uint64_t changes;    /* of the job, when the round began */
    int64_t again_us;    /* a device that rests may be handed out then; INT64_MAX: none rests */
    bool refused;        /* there are devices of a template that the kind does not want: */
    uint32_t template;   /* of one of them */
};

/* Which devices nobody took in time; see queue.c. */
struct queue_clock {
    bool runs;
    bool looks;        /* the batch is being looked through */
    uint32_t position; /* so far */
    uint64_t mark;     /* devices whose last event is before this one wait since `begun_us` or longer */
    int64_t due_us;
    uint64_t next_mark;
    int64_t next_due_us;
};

enum { LANE_OF_ENGINE = TAKE_KINDS_MAX, LANES };

struct handout {
    uint32_t job;
    uint32_t batch;
    uint64_t queued_seq; /* which run of the job */
    uint64_t changes;    /* counts what may have made a device of the job wait */
    uint32_t device_count;
    uint32_t *rest_until; /* by position, in tenths of a second; 0: never given back. NULL: none was */
    struct queue_clock clock;
    struct lane lanes[LANES];
};

/* All zero is empty. */
struct handouts {
    struct map by_job;
    int64_t rest_us;  /* how long a device that was given back rests */
    uint64_t changes; /* that concern all jobs: a device has another template */
};

/* That of a running job whose targets are fixed; begun anew when there is none for this run and batch. */
struct handout *handouts_of(struct handouts *h, const struct job *job, const struct job_list *list);
/* To be told each event once it is folded. */
void handouts_saw(struct handouts *h, struct view *v, const struct event *event, int64_t now_us);
/* Forgets jobs that do not run. */
void handouts_sweep(struct handouts *h, struct view *v);
/* Forgets everything. */
void handouts_clear(struct handouts *h);

/* The lane of this kind; `kind` NULL is the engine itself. A round begins when there is none that still holds. */
struct lane *handout_lane(const struct handouts *h, struct handout *handout, const struct take_kind *kind,
                          const struct takes *takes, const struct job_list *list, int64_t now_us);
/* There is nothing for the kind, until something changes or lane->again_us comes. */
static inline bool lane_is_barren(const struct lane *lane)
{
    return lane->left == 0;
}
/* When the device at this position may be handed out again; 0: it was never given back. */
int64_t handout_rests_until(const struct handout *handout, uint32_t position);

/* ---- Why a job waits although there are connectors. */

enum obstacle_kind {
    OBSTACLE_NONE,
    OBSTACLE_TYPE,     /* no connector takes jobs of this type */
    OBSTACLE_TEMPLATE, /* no connector takes devices of `template` (0: of none), and only such wait */
    OBSTACLE_REST,     /* the devices that wait were given back a moment ago */
};
struct obstacle {
    enum obstacle_kind kind;
    uint32_t template;
};
/* Of a running job whose targets are fixed. */
struct obstacle handouts_obstacle(const struct handouts *h, const struct takes *takes, const struct job *job);

#endif
