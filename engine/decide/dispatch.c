/* Round and round through the batch: devices that were never handed out come first, those that came to wait again have
 * their turn when the round gets to them. */
#include "engine/decide/dispatch.h"

#include "engine/decide/limits.h"
#include "projections/devices.h"

enum {
    US_PER_S = 1000000,
    LOOKS_A_CALL_MAX = 4096, /* devices passed over, for rest, template or attempt */
};

void end_removed(struct progress_turn *t, uint32_t job, const struct job_device *device)
{
    emit(t->events, (struct event){.type = EVENT_DEVICE_RESULT,
                                   .device_result = {.job = job,
                                                     .device = device->device,
                                                     .previous = device->last,
                                                     .outcome = OUTCOME_DEVICE_REMOVED,
                                                     .ends = true}});
}

/* ---- One device. */

/* Whether the kind may have it now; if not, the lane learns why. */
static bool is_wanted(const struct gathering *g, uint32_t position, const struct device *known)
{
    struct lane *lane = g->lane;
    int64_t rests_until = handout_rests_until(g->handout, position);
    if (rests_until > g->turn->monotonic_us) {
        lane->again_us = MIN(lane->again_us, rests_until);
        return false;
    }
    if (!g->wish || take_wish_has_template(g->wish, known->template)) return true;
    lane->refused = true;
    lane->template = known->template;
    return false;
}

static void take_device(struct gathering *g, const struct job_device *device)
{
    g->attempt = device->attempt + 1;
    g->devices[g->count++] = device->device;
    g->again |= device->last != 0;
    numbers_add(&g->numbers, device->device);
    numbers_add(&g->previous, device->last);
}

enum verdict { TAKEN, GONE, PASSED_OVER };

static enum verdict look_at(struct gathering *g, uint32_t position)
{
    struct progress_turn *t = g->turn;
    struct job_device device = job_devices_at(t->view, g->job, position);
    struct device known;
    if (!devices_get(t->view, device.device, &known) || known.removed) {
        end_removed(t, g->job, &device);
        return GONE;
    }
    if (!is_wanted(g, position, &known)) return PASSED_OVER;
    if (g->attempt && g->attempt != device.attempt + 1) return PASSED_OVER;
    take_device(g, &device);
    return TAKEN;
}

/* ---- The round. */

static bool has_room(const struct gathering *g)
{
    const struct events *events = g->turn->events;
    return !events->failed && events->count + 1 + g->count * g->events_each < g->turn->events_max;
}

/* No device before this position of the batch waits. */
static uint32_t first_waiting(const struct job_list *list)
{
    uint32_t first = list->behind > 0 ? list->behind_from : list->cursor;
    return MIN(MAX(first, job_list_batch_begin(list)), job_list_batch_end(list));
}

static void lane_advance(struct lane *lane, uint32_t to)
{
    lane->left -= MIN(lane->left, to - lane->position);
    lane->position = to;
}

/* Moves the lane to the next device that waits; false when the round is over. */
static bool lane_find(struct gathering *g)
{
    struct lane *lane = g->lane;
    const struct job_list *list = job_devices_list(g->turn->view, g->job);
    uint32_t first = first_waiting(list), end = job_list_batch_end(list);
    while (lane->left > 0) {
        if (lane->position >= end) lane->position = job_list_batch_begin(list);
        if (lane->position < first) lane_advance(lane, first);
        uint32_t at = lane->position, stop = (uint32_t)MIN((uint64_t)at + lane->left, end);
        bool found = job_devices_scan(g->turn->view, g->job, DEVICE_WAITING, stop, UINT32_MAX, &at);
        lane_advance(lane, at);
        if (found) return true;
        if (at < stop) lane->left = 0; /* the store failed, and with it the turn */
    }
    return false;
}

enum gathered gather_devices(struct gathering *g)
{
    uint32_t looks = 0;
    struct arena *arena = g->turn->arena;
    g->devices = arena_alloc(arena, g->capacity * sizeof *g->devices);
    g->numbers.buffer.arena = g->previous.buffer.arena = arena;
    while (g->count < g->capacity && looks < LOOKS_A_CALL_MAX && has_room(g) && lane_find(g)) {
        looks += look_at(g, g->lane->position) == PASSED_OVER;
        lane_advance(g->lane, g->lane->position + 1);
    }
    if (g->count == 0) return lane_is_barren(g->lane) ? GATHERED_NOTHING : GATHERED_LATER;
    /* Where there was one there may be more: the next look is the first of a new round. */
    g->lane->changes = 0;
    return GATHERED_SOME;
}

/* ---- The dispatch. */

uint64_t emit_dispatch(const struct gathering *g, uint32_t batch, struct bytes connector, uint32_t timeout_s)
{
    return emit(g->turn->events,
                (struct event){.type = EVENT_BATCH_DISPATCHED,
                               .batch_dispatched = {.job = g->job,
                                                    .batch = batch,
                                                    .attempt = g->attempt,
                                                    .devices = numbers_bytes(&g->numbers),
                                                    .previous = g->again ? numbers_bytes(&g->previous) : BYTES_NONE,
                                                    .connector = connector,
                                                    .timeout_us = (uint64_t)timeout_s * US_PER_S}});
}

static void add_lease(struct progress_turn *t, const struct work *work, const struct take *take)
{
    struct lease lease = {.dispatch = work->dispatch,
                          .peer = take->peer,
                          .job = work->job,
                          .attempt = work->attempt,
                          .deadline_us = t->monotonic_us + (int64_t)work->timeout * US_PER_S,
                          .count = work->count,
                          .owed = work->count};
    leases_add(t->leases, &lease, work->devices);
}

static uint32_t waiting_count(const struct job_list *list)
{
    uint32_t end = job_list_batch_end(list);
    return list->behind + (end - MIN(list->cursor, end));
}

enum gathered dispatch_job(struct progress *p, struct progress_turn *t, uint32_t number, const struct take *take,
                           uint32_t devices_max, struct work *work)
{
    const struct job *job = jobs_get(t->view, number);
    const struct job_list *list = job_devices_list(t->view, number);
    uint32_t batch = list->batch, timeout = job->execution_timeout;
    if (waiting_count(list) == 0) return GATHERED_NOTHING;
    struct handout *handout = handouts_of(&p->handouts, job, list);
    struct lane *lane = handout_lane(&p->handouts, handout, take->kind, t->takes, list, t->monotonic_us);
    struct gathering g = {.turn = t,
                          .job = number,
                          .handout = handout,
                          .lane = lane,
                          .wish = &take->kind->wish,
                          .capacity = MIN(devices_max, waiting_count(list))};
    enum gathered gathered = gather_devices(&g);
    if (lane_is_barren(lane)) p->deadline_us = MIN(p->deadline_us, lane->again_us);
    if (gathered != GATHERED_SOME) return gathered;
    *work = (struct work){.dispatch =
                              emit_dispatch(&g, batch, (struct bytes){take->connector, take->connector_size}, timeout),
                          .job = number,
                          .batch = batch,
                          .attempt = g.attempt,
                          .timeout = timeout,
                          .devices = g.devices,
                          .count = g.count};
    add_lease(t, work, take);
    return GATHERED_SOME;
}
