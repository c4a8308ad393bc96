/* Devices that wait again come first, then those that were never handed out, both in order of the list. */
#include "engine/decide/dispatch.h"

#include "engine/decide/limits.h"
#include "engine/events/numbers.h"
#include "projections/devices.h"

enum { US_PER_S = 1000000 };

/* The devices of one dispatch as they are gathered. */
struct gathering {
    struct progress_turn *turn;
    uint32_t job;
    uint32_t attempt; /* 0: none gathered yet */
    uint32_t *devices;
    uint32_t count, capacity;
    bool again; /* some had an event in this job before */
    struct numbers_writer numbers;
    struct numbers_writer previous;
};

static void end_removed(struct progress_turn *t, uint32_t job, const struct job_device *device)
{
    emit(t->events, (struct event){.type = EVENT_DEVICE_RESULT,
                                   .device_result = {.job = job,
                                                     .device = device->device,
                                                     .previous = device->last,
                                                     .outcome = OUTCOME_DEVICE_REMOVED,
                                                     .ends = true}});
}

/* False when the dispatch is complete without this device. */
static bool gather(struct gathering *g, uint32_t position)
{
    struct progress_turn *t = g->turn;
    struct job_device device = job_devices_at(t->view, g->job, position);
    struct device known;
    if (device.state != DEVICE_WAITING) return true;
    if (!devices_get(t->view, device.device, &known) || known.removed) {
        end_removed(t, g->job, &device);
        return t->events->count < t->events_max;
    }
    if (g->count == g->capacity || (g->attempt && g->attempt != device.attempt + 1)) return false;
    g->attempt = device.attempt + 1;
    g->devices[g->count++] = device.device;
    g->again |= device.last != 0;
    numbers_add(&g->numbers, device.device);
    numbers_add(&g->previous, device.last);
    return true;
}

/* Those that wait again. Records are looked through at tens of millions a second, so this needs no bound. */
static bool gather_behind(struct gathering *g)
{
    struct view *v = g->turn->view;
    const struct job_list *list = job_devices_list(v, g->job);
    uint32_t end = list->cursor, position = MAX(list->behind_from, job_list_batch_begin(list));
    for (uint32_t behind = list->behind; behind > 0; behind--) {
        if (!job_devices_scan(v, g->job, DEVICE_WAITING, end, UINT32_MAX, &position)) break;
        if (!gather(g, position++)) return false;
    }
    return true;
}

static void gather_fresh(struct gathering *g)
{
    const struct job_list *list = job_devices_list(g->turn->view, g->job);
    uint32_t end = job_list_batch_end(list);
    uint32_t position = MAX(list->cursor, job_list_batch_begin(list));
    while (position < end && gather(g, position)) position++;
}

bool dispatch_job(struct progress_turn *t, uint32_t number, const struct take *take, uint32_t devices_max,
                  struct work *work)
{
    const struct job *job = jobs_get(t->view, number);
    const struct job_list *list = job_devices_list(t->view, number);
    uint32_t batch = list->batch, timeout = job->execution_timeout;
    uint32_t waiting = list->behind + (job_list_batch_end(list) - MIN(list->cursor, job_list_batch_end(list)));
    if (waiting == 0) return false;
    struct gathering g = {.turn = t,
                          .job = number,
                          .capacity = MIN(devices_max, waiting),
                          .numbers.buffer.arena = t->arena,
                          .previous.buffer.arena = t->arena};
    g.devices = arena_alloc(t->arena, g.capacity * sizeof *g.devices);
    if (gather_behind(&g)) gather_fresh(&g);
    if (g.count == 0) return false;
    struct bytes connector = {take->connector, take->connector_size};
    uint64_t dispatch = emit(
        t->events, (struct event){.type = EVENT_BATCH_DISPATCHED,
                                  .batch_dispatched = {.job = number,
                                                       .batch = batch,
                                                       .attempt = g.attempt,
                                                       .devices = numbers_bytes(&g.numbers),
                                                       .previous = g.again ? numbers_bytes(&g.previous) : BYTES_NONE,
                                                       .connector = connector,
                                                       .timeout_us = (uint64_t)timeout * US_PER_S}});
    struct lease lease = {.dispatch = dispatch,
                          .peer = take->peer,
                          .job = number,
                          .attempt = g.attempt,
                          .deadline_us = t->monotonic_us + (int64_t)timeout * US_PER_S,
                          .count = g.count,
                          .owed = g.count};
    leases_add(t->leases, &lease, g.devices);
    *work = (struct work){.dispatch = dispatch,
                          .job = number,
                          .batch = batch,
                          .attempt = g.attempt,
                          .timeout = timeout,
                          .devices = g.devices,
                          .count = g.count};
    return true;
}
