/* What the engine does by itself, in bounded steps: gives back what nobody holds any more, lets deadlines pass,
 * makes jobs of schedules that are due, ends batches and jobs, starts waiting jobs, writes down their targets, ends
 * devices that nobody took, sets cloud properties, hands devices to waiting connectors. Called once a turn, after the
 * commands. Pure, as decide.h is. */
#ifndef MUSTER_PROGRESS_H
#define MUSTER_PROGRESS_H

#include "engine/decide/answer.h"
#include "engine/decide/emit.h"
#include "engine/decide/handouts.h"
#include "engine/decide/exports.h"
#include "engine/decide/imports.h"
#include "engine/decide/leases.h"
#include "engine/decide/moves.h"
#include "engine/decide/takes.h"
#include "engine/decide/timetable.h"
#include "projections/job_devices.h"
#include "projections/jobs.h"

/* The devices that a job is for, being read by a worker or read and not yet all written down. */
struct targets {
    uint32_t job;
    uint64_t begun_seq;          /* the JOB_TARGETS_BEGUN they answer; void when the job has a later one */
    bool read;                   /* the rest is filled */
    const struct bytes *chunks;  /* numbers; the owner's */
    size_t chunk_count;
    size_t given, given_settled; /* chunks written down; of those on disk */
    uint32_t total;
    uint32_t excluded[EXCLUSIONS];
    bool bad_filter;
    uint8_t plan_hash[32]; /* of what was read, for a job that quotes one */
    void *owner;
    struct targets *next;
};

/* All zero is the start of an engine: everything out is given back first. */
struct progress {
    bool recovered, recovered_settled; /* in this turn; on disk */
    uint32_t recover_job;      /* looked through up to this job */
    uint32_t recover_position; /* and this position of it */
    uint32_t served_job;       /* the last job that gave devices: the next take begins behind it */
    struct targets *targets;
    struct moving moving;
    struct handouts handouts;
    int64_t deadline_us;       /* monotonic: progress_run wants to be called then; INT64_MAX: not at all */
};

struct progress_turn {
    struct view *view;
    struct arena *arena;
    struct events *events;
    struct leases *leases;
    struct takes *takes;
    struct open_imports *imports;
    struct exports *exports;
    size_t events_max;
    int64_t monotonic_us;
    int64_t wall_us;         /* when schedules are due */
    int64_t started_us;      /* likewise, when the engine began to look */
    const struct zone_rules *zones;
    bool short_of_room;      /* nothing is started or handed out */
    uint32_t jobs_at_once;
    uint32_t readings_left;  /* so many more groups may be read by workers */
    bool reads_targets;      /* progress_run asked for a reading */
    void *context;
    /* Whether the turn has room for the answer to another take. */
    bool (*may_serve)(void *context);
    /* A job's group, or its parent's list, is to be read, once this turn's events are on disk. */
    void (*read_targets)(void *context, uint32_t job, uint64_t begun_seq);
    /* The members of a move's group are to be read, likewise. */
    void (*read_move)(void *context, uint32_t move);
    /* The take is answered with these works. */
    void (*serve)(void *context, const struct take *take, const struct work *works, size_t count);
};

static inline bool turn_is_full(const struct progress_turn *t)
{
    return t->events->count >= t->events_max || t->events->failed;
}

/* True when there is more to do: call again next turn. */
bool progress_run(struct progress *p, struct progress_turn *t);
/* Instead of progress_run while nothing can be written: nobody can take anything, so no time passes for what waits. */
void progress_pause(struct progress *p);
/* To be told each event of a turn once it is folded. */
void progress_saw(struct progress *p, struct view *v, const struct event *event, int64_t now_us);

/* The targets that wait for this answer; NULL when the job has begun again or is over. */
struct targets *progress_targets(struct progress *p, uint32_t job, uint64_t begun_seq);
void progress_add_targets(struct progress *p, uint32_t job, uint64_t begun_seq);
/* Unlinks and returns one that nobody needs any more, NULL when there is none; the caller lets its owner go. */
struct targets *progress_drop_targets(struct progress *p, struct view *v);
void progress_settle(struct progress *p);
void progress_undo(struct progress *p);

/* ---- Steps that have a file of their own; each is true when there is more to do. */

/* moves.c: groups whose devices move to another template. */
bool run_moves(struct progress *p, struct progress_turn *t);
/* queue.c: devices that nobody took in time end, or use up a retry, as expired. */
bool expire_waiting(struct progress *p, struct progress_turn *t);
/* own.c: jobs that set cloud properties, which the engine itself does. */
bool run_own_jobs(struct progress *p, struct progress_turn *t);
/* serve.c: connectors that wait get devices. */
bool serve_takes(struct progress *p, struct progress_turn *t);

#endif
