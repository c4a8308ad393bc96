/* The packed list of each job's devices: who is meant, how far each one came, and the sums.
 *
 * 16 bytes a device, ordered by device number, 255 in a value of 4,080 bytes (one LMDB overflow page):
 *
 *     | device u32 | last event u48 | attempt u32 | state 2 bits, later end 2 bits, outcome 4 bits | failures u8 |
 *
 * "Last" is the number of the device's last event in this job: its result once it has one, its dispatch while it is
 * out, its return when it was given back. From there every attempt can be walked back in the log:
 * a result names the dispatch, a dispatch the event before it (docs/decisions/0006-walking-attempts-back.md).
 * The first job of a lineage (reruns.h) keeps in its own list how each device ended last, in whichever job of the lineage:
 * "later end" is an end that a rerun gave a device after its own. So the merged sums cost nothing to ask for.
 * A device's place in the list is its position, from 0; batch k is positions k*batch_size and on. */
#ifndef MUSTER_JOB_DEVICES_H
#define MUSTER_JOB_DEVICES_H

#include "projections/projections.h"

enum device_state {
    DEVICE_WAITING = 0, /* never handed out, or given back, or to be tried again */
    DEVICE_OUT = 1,     /* a connector has it */
    DEVICE_COMPLETED = 2,
    DEVICE_FAILED = 3,
};

enum device_outcome {
    OUTCOME_NONE = 0,
    OUTCOME_COMPLETED = 1,
    OUTCOME_FAILED = 2,
    OUTCOME_REJECTED = 3,
    OUTCOME_TIMED_OUT = 4,
    OUTCOME_EXPIRED = 5,
    OUTCOME_DEVICE_REMOVED = 6,
};
/* "completed", "failed", "timed_out", ... */
const char *outcome_word(enum device_outcome outcome);

struct job_device {
    uint32_t device;
    uint32_t position;
    uint64_t last;    /* 0: nothing happened yet */
    uint32_t attempt; /* dispatches so far */
    enum device_state state;
    enum device_outcome outcome; /* of the last failure while it waits to be tried again */
    uint32_t failures;           /* attempts that failed and left it to be tried again */
    enum device_state later;     /* the end that a rerun gave it after its own; DEVICE_WAITING: none did */
};

static inline bool device_has_end(enum device_state state)
{
    return state >= DEVICE_COMPLETED;
}

struct job_list {
    uint32_t job;
    uint32_t count;      /* devices in the list; the job's total once targets are fixed */
    uint32_t batch_size; /* 0: targets are not fixed */
    uint32_t batch;      /* the current one, from 0; equals job_list_batches() when all are over */
    uint32_t cursor;     /* positions from here on were never handed out */
    uint32_t out;        /* devices in state OUT */
    uint32_t behind;     /* devices before the cursor that wait: again, or passed over by a dispatch */
    uint32_t behind_from; /* no device before this position waits; equals the cursor when `behind` is 0 */
    uint32_t completed;
    uint32_t failed;  /* all that ended failed */
    uint32_t removed; /* of those, device_removed: the threshold does not count them */
    uint32_t batch_completed; /* the same three of the current batch */
    uint32_t batch_failed;
    uint32_t batch_removed;
    uint32_t ended_ahead; /* ended in batches after the current one: removed before their turn came */
    uint32_t forgotten; /* devices there were before the job expired; `count` is then 0 */
    uint32_t first;       /* a rerun's: the first job of its lineage; else 0 */
    uint32_t merged_completed; /* devices whose newest end, in this job or in the reruns that it is the first of, is so */
    uint32_t merged_failed;
};

/* The sums are of so many devices, also when the list itself is forgotten. */
static inline uint32_t job_list_total(const struct job_list *list)
{
    return list->count + list->forgotten;
}

static inline uint32_t job_list_batches(const struct job_list *list)
{
    return list->batch_size ? (job_list_total(list) + list->batch_size - 1) / list->batch_size : 0;
}
/* First position of the current batch and the first one after it. */
static inline uint32_t job_list_batch_begin(const struct job_list *list)
{
    return list->batch * list->batch_size;
}
static inline uint32_t job_list_batch_end(const struct job_list *list)
{
    uint64_t end = ((uint64_t)list->batch + 1) * list->batch_size;
    return end < list->count ? (uint32_t)end : list->count;
}

/* NULL when the job has no list yet. */
const struct job_list *job_devices_list(struct view *v, uint32_t job);
/* False when the device is not in the list. */
bool job_devices_find(struct view *v, uint32_t job, uint32_t device, struct job_device *found);
/* position < list->count */
struct job_device job_devices_at(struct view *v, uint32_t job, uint32_t position);
/* The devices from `position` < list->count on, as many as are stored together with it: 1 to JOB_DEVICES_RUN_MAX, or
 * none when the store failed. Reading a whole list so costs a fraction of reading it one by one. */
enum { JOB_DEVICES_RUN_MAX = 255 };
uint32_t job_devices_run(struct view *v, uint32_t job, uint32_t position, struct job_device run[JOB_DEVICES_RUN_MAX]);
/* Looks at no more than `steps` positions from *position (< end) on; true and *position at the first device in `state`,
 * else false and *position at where to go on. Runs over packed values without decoding each record. */
bool job_devices_scan(struct view *v, uint32_t job, enum device_state state, uint32_t end, uint32_t steps,
                      uint32_t *position);

#endif
