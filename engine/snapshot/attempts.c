/* Every attempt of a device, walked back from its record:
 *
 *     record --> DEVICE_RESULT -previous-> BATCH_DISPATCHED -previous-> DEVICES_RETURNED -dispatch-> BATCH_DISPATCHED
 *                |---------- attempt 2 ------------------|              |------------ attempt 1 -----------------|
 *
 * An end and the dispatch before it make a row. An end that has another end before it is a row of its own. */
#include "engine/snapshot/attempts.h"
#include "engine/snapshot/runs.h"

#include "engine/events/numbers.h"
#include "engine/snapshot/rows.h"
#include "projections/jobs.h"

struct walk {
    struct task *task;
    struct attempts *attempts;
    struct trail *trail;
    uint32_t device;
    bool open; /* the row that the walk is in has its end */
    struct attempt_row row;
};

/* ---- Steps. */

static void row_close(struct walk *w)
{
    w->attempts->rows[w->attempts->count++] = w->row;
    w->row = (struct attempt_row){0};
    w->open = false;
}

/* The place of the device in the list; false when it is not in it. */
static bool index_in(struct bytes list, uint32_t device, size_t *index)
{
    struct numbers numbers = numbers_of(list);
    uint64_t number;
    for (*index = 0; numbers_next(&numbers, &number); (*index)++) {
        if (number == device) return true;
    }
    return false;
}

static uint64_t number_at(struct bytes list, size_t index)
{
    struct numbers numbers = numbers_of(list);
    uint64_t number = 0;
    for (size_t i = 0; i <= index && numbers_next(&numbers, &number); i++) continue;
    return number;
}

/* Whether the event moves the device in this job. */
static bool is_step(const struct walk *w, const struct event *event)
{
    uint32_t job = w->attempts->job;
    size_t index;
    switch (event->type) {
    case EVENT_DEVICE_RESULT: return event->device_result.job == job && event->device_result.device == w->device;
    case EVENT_BATCH_DISPATCHED:
        return event->batch_dispatched.job == job && index_in(event->batch_dispatched.devices, w->device, &index);
    case EVENT_DEVICES_RETURNED:
        return event->devices_returned.job == job && index_in(event->devices_returned.devices, w->device, &index);
    default: return false;
    }
}

static uint64_t take_result(struct walk *w, const struct event *event)
{
    struct arena *arena = &w->task->arena;
    w->open = true;
    w->row.end_us = event->time_us;
    w->row.outcome = (enum device_outcome)event->device_result.outcome;
    w->row.error = arena_copy(arena, event->device_result.error);
    w->row.response = arena_copy(arena, event->device_result.response);
    return event->device_result.previous;
}

static uint64_t take_return(struct walk *w, const struct event *event)
{
    w->open = true;
    w->row.end_us = event->time_us;
    w->row.returned = event->devices_returned.reason;
    return event->devices_returned.dispatch;
}

static uint64_t take_dispatch(struct walk *w, const struct event *event)
{
    size_t index;
    w->row.attempt = event->batch_dispatched.attempt;
    w->row.connector = arena_copy(&w->task->arena, event->batch_dispatched.connector);
    w->row.start_us = event->time_us;
    row_close(w);
    if (event->batch_dispatched.previous.size == 0) return 0;
    ASSERT(index_in(event->batch_dispatched.devices, w->device, &index));
    return number_at(event->batch_dispatched.previous, index);
}

/* Returns the event before it. */
static uint64_t take_step(struct walk *w, const struct event *event)
{
    if (event->type == EVENT_BATCH_DISPATCHED) return take_dispatch(w, event);
    if (w->open) row_close(w);
    return event->type == EVENT_DEVICE_RESULT ? take_result(w, event) : take_return(w, event);
}

/* ---- The walk. */

/* The page is full before the event begins a row. */
static bool is_full(const struct walk *w, const struct event *event)
{
    const struct attempts *a = w->attempts;
    bool begins_row = !w->open || event->type != EVENT_BATCH_DISPATCHED;
    return begins_row && a->count + w->open == a->limit;
}

/* Every step leads to a lower number, so the walk ends. */
static void walk_back(struct walk *w, uint64_t seq)
{
    struct attempts *a = w->attempts;
    struct event event;
    while (seq != 0) {
        if (!trail_read(w->trail, seq, &event)) {
            task_fail(w->task, "%s", w->trail->why.text);
            return;
        }
        if (!is_step(w, &event)) {
            a->fault = ATTEMPTS_BAD_CURSOR;
            return;
        }
        if (is_full(w, &event)) {
            a->next = seq;
            break;
        }
        uint64_t before = take_step(w, &event);
        if (before >= seq) {
            task_fail(w->task, "event %llu of the log leads to a later one", (unsigned long long)seq);
            return;
        }
        seq = before;
    }
    if (w->open) row_close(w);
}

void attempts_walk(struct task *task, struct trail *trail, uint32_t device, uint64_t from, struct attempts *a)
{
    struct walk walk = {.task = task, .attempts = a, .trail = trail, .device = device};
    a->rows = arena_alloc(&task->arena, a->limit * sizeof *a->rows);
    walk_back(&walk, from);
}

/* Removed devices have lost their id: the list is searched for it. */
static bool find_device(struct task *task, struct rows *rows, struct job_device *record)
{
    struct bytes id = task->attempts.device_id;
    uint32_t number = devices_find(task->snapshot, id);
    struct device device;
    if (number && rows->list.count > 0 && job_devices_find(task->snapshot, rows->list.job, number, record)) return true;
    for (uint32_t position = 0; position < rows->list.count; position++) {
        *record = rows_record(rows, position);
        if (rows_device(rows, record, &device) && bytes_equal(device.id, id)) return true;
    }
    return false;
}

void attempts_run(struct task *task)
{
    struct attempts *a = &task->attempts;
    struct rows rows;
    struct job_device record;
    ASSERT(a->limit > 0);
    if (!rows_open(&rows, task, a->job, (struct columns){0})) {
        task_fail(task, "%s", rows.why.text);
        return;
    }
    if (!find_device(task, &rows, &record)) a->fault = ATTEMPTS_NOT_IN_JOB;
    else if (a->from > record.last) a->fault = ATTEMPTS_BAD_CURSOR;
    if (a->fault == ATTEMPTS_FOUND)
        attempts_walk(task, &rows.trail, record.device, a->from ? a->from : record.last, a);
    rows_close(&rows);
}
