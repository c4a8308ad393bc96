/* One handout a running job, found by the job's number. */
#include "engine/decide/handouts.h"

#include <stdlib.h>

#include "engine/events/numbers.h"

enum { TENTH_US = 100000 };

/* ---- Their life. */

static void handout_delete(struct handout *handout)
{
    free(handout->rest_until);
    free(handout);
}

void handouts_clear(struct handouts *h)
{
    size_t index = 0;
    struct handout *handout;
    while ((handout = map_next(&h->by_job, &index))) handout_delete(handout);
    map_free(&h->by_job);
}

void handouts_sweep(struct handouts *h, struct view *v)
{
    size_t index = 0;
    struct handout *handout;
    while ((handout = map_next(&h->by_job, &index))) {
        const struct job *job = jobs_get(v, handout->job);
        if (job->status == JOB_IS_RUNNING && job->queued_seq == handout->queued_seq) continue;
        map_remove(&h->by_job, handout->job);
        handout_delete(handout);
        index = 0; /* places have moved */
    }
}

static struct handout *handout_new(struct handouts *h, const struct job *job, const struct job_list *list)
{
    struct handout *handout = calloc(1, sizeof *handout);
    ASSERT(handout);
    handout->job = job->number;
    handout->queued_seq = job->queued_seq;
    handout->batch = list->batch;
    handout->device_count = list->count;
    handout->changes = 1;
    map_put(&h->by_job, job->number, handout);
    return handout;
}

/* Devices rest on; the rest is of the batch before. */
static void begin_batch(struct handout *handout, uint32_t batch)
{
    handout->batch = batch;
    handout->clock = (struct queue_clock){0};
    memset(handout->lanes, 0, sizeof handout->lanes);
}

struct handout *handouts_of(struct handouts *h, const struct job *job, const struct job_list *list)
{
    struct handout *handout = map_get(&h->by_job, job->number);
    if (handout && handout->queued_seq != job->queued_seq) {
        map_remove(&h->by_job, job->number);
        handout_delete(handout);
        handout = NULL;
    }
    if (!handout) handout = handout_new(h, job, list);
    if (handout->batch != list->batch) begin_batch(handout, list->batch);
    return handout;
}

/* ---- Rests. */

static void rest(struct handout *handout, uint32_t position, int64_t until_us)
{
    ASSERT(position < handout->device_count);
    if (!handout->rest_until) {
        handout->rest_until = calloc(handout->device_count, sizeof handout->rest_until[0]);
        ASSERT(handout->rest_until);
    }
    handout->rest_until[position] = (uint32_t)((until_us + TENTH_US - 1) / TENTH_US);
}

int64_t handout_rests_until(const struct handout *handout, uint32_t position)
{
    return handout->rest_until ? (int64_t)handout->rest_until[position] * TENTH_US : 0;
}

static void saw_returned(struct handouts *h, struct view *v, const struct event *event, int64_t now_us)
{
    const struct job *job = jobs_get(v, event->devices_returned.job);
    if (job->status != JOB_IS_RUNNING) return;
    struct handout *handout = handouts_of(h, job, job_devices_list(v, job->number));
    handout->changes++;
    if (event->devices_returned.reason != RETURNED_BY_CONNECTOR) return;
    struct numbers devices = numbers_of(event->devices_returned.devices);
    struct job_device device;
    for (uint64_t number; numbers_next(&devices, &number);) {
        ASSERT(job_devices_find(v, handout->job, (uint32_t)number, &device));
        rest(handout, device.position, now_us + h->rest_us);
    }
}

void handouts_saw(struct handouts *h, struct view *v, const struct event *event, int64_t now_us)
{
    struct handout *handout;
    switch (event->type) {
    case EVENT_DEVICE_RESULT:
        if (event->device_result.ends) return;
        handout = map_get(&h->by_job, event->device_result.job);
        if (handout) handout->changes++;
        return;
    case EVENT_DEVICES_RETURNED: saw_returned(h, v, event, now_us); return;
    case EVENT_DEVICES_MOVED:
    case EVENT_DEVICE_MOVED: h->changes++; return;
    default: return; /* no other event makes a device wait, or another connector right for it */
    }
}

/* ---- Lanes. */

static uint64_t changes_of(const struct handouts *h, const struct handout *handout)
{
    return h->changes + handout->changes;
}

struct lane *handout_lane(const struct handouts *h, struct handout *handout, const struct take_kind *kind,
                          const struct takes *takes, const struct job_list *list, int64_t now_us)
{
    struct lane *lane = &handout->lanes[kind ? (size_t)(kind - takes->kinds) : LANE_OF_ENGINE];
    uint32_t generation = kind ? kind->generation : 1;
    uint64_t changes = changes_of(h, handout);
    bool is_new = lane->generation != generation;
    bool is_over = lane->left == 0 && lane->again_us <= now_us;
    if (is_new) *lane = (struct lane){.generation = generation, .position = job_list_batch_begin(list)};
    if (!is_new && !is_over && lane->changes == changes) return lane;
    lane->left = job_list_batch_end(list) - job_list_batch_begin(list);
    lane->changes = changes;
    lane->again_us = INT64_MAX;
    lane->refused = false;
    return lane;
}

/* ---- Obstacles. */

/* What keeps the job from connectors of one kind; NONE also when that is not known. */
static struct obstacle obstacle_for(const struct handouts *h, const struct handout *handout,
                                    const struct take_kind *kind, const struct lane *lane)
{
    bool known = lane->generation == kind->generation && lane->changes == changes_of(h, handout);
    if (!known || !lane_is_barren(lane)) return (struct obstacle){OBSTACLE_NONE, 0};
    if (lane->again_us != INT64_MAX) return (struct obstacle){OBSTACLE_REST, 0};
    return (struct obstacle){lane->refused ? OBSTACLE_TEMPLATE : OBSTACLE_NONE, lane->template};
}

struct obstacle handouts_obstacle(const struct handouts *h, const struct takes *takes, const struct job *job)
{
    const struct handout *handout = map_get(&h->by_job, job->number);
    struct obstacle worst = {OBSTACLE_NONE, 0};
    for (size_t i = 0; i < COUNT_OF(takes->kinds); i++) {
        const struct take_kind *kind = &takes->kinds[i];
        struct obstacle obstacle = {OBSTACLE_TYPE, 0};
        if (kind->references == 0) continue;
        if (kind->wish.types >> job->type & 1) {
            if (!handout) return (struct obstacle){OBSTACLE_NONE, 0};
            obstacle = obstacle_for(h, handout, kind, &handout->lanes[i]);
            if (obstacle.kind == OBSTACLE_NONE) return obstacle; /* this one can */
        }
        /* What passes by itself is said first, what concerns only some of the connectors last. */
        if (obstacle.kind > worst.kind) worst = obstacle;
    }
    return worst;
}
