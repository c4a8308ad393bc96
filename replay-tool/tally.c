#include "replay-tool/tally.h"

#include "engine/events/numbers.h"
#include "engine/wire/resources.h"
#include "projections/job_devices.h"
#include "projections/jobs.h"

#include <stdlib.h>

enum { OUTCOMES = OUTCOME_DEVICE_REMOVED + 1, RETURNS = RETURNED_AFTER_CANCEL + 1 };

struct tally_row {
    uint64_t dispatches;
    uint64_t attempts; /* devices that they handed out */
    uint64_t ended[OUTCOMES];
    uint64_t retried;
    uint64_t returned[RETURNS];
    uint64_t late;
    uint32_t batches_ended;
    int64_t start_us; /* of the first dispatch */
    int64_t end_us;   /* of the batch that ended last */
};

/* ---- Which devices. */

static void targets_add(struct tally *t, struct bytes devices)
{
    struct numbers numbers = numbers_of(devices);
    uint64_t device;
    while (numbers_next(&numbers, &device)) {
        if (t->device_count == t->device_capacity) {
            t->device_capacity = MAX(2 * t->device_capacity, (size_t)1024);
            t->devices = realloc(t->devices, t->device_capacity * sizeof *t->devices);
            ASSERT(t->devices);
        }
        t->devices[t->device_count++] = (uint32_t)device;
    }
}

static uint32_t batches_of(const struct tally *t)
{
    return ((uint32_t)t->device_count + t->batch_size - 1) / t->batch_size;
}

static void targets_fix(struct tally *t, uint32_t batch_size)
{
    if (t->batch_size || t->device_count == 0) return;
    t->batch_size = batch_size;
    t->batches_a_row = t->each ? 1 : (batches_of(t) + TALLY_ROWS_MAX - 1) / TALLY_ROWS_MAX;
    t->row_count = (batches_of(t) + t->batches_a_row - 1) / t->batches_a_row;
    t->rows = calloc(t->row_count, sizeof *t->rows);
    ASSERT(t->rows);
}

/* ---- What became of them. */

static struct tally_row *row_of_batch(struct tally *t, uint32_t batch)
{
    uint32_t index = t->batches_a_row ? batch / t->batches_a_row : 0;
    return index < t->row_count ? &t->rows[index] : NULL;
}

/* NULL when the device is none of the job's. */
static struct tally_row *row_of_device(struct tally *t, uint32_t device)
{
    size_t low = 0, high = t->device_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->devices[middle] < device) low = middle + 1;
        else high = middle;
    }
    if (t->batch_size == 0 || low == t->device_count || t->devices[low] != device) return NULL;
    return row_of_batch(t, (uint32_t)low / t->batch_size);
}

static void see_dispatch(struct tally *t, const struct event *event)
{
    struct tally_row *row = row_of_batch(t, event->batch_dispatched.batch);
    if (!row) return;
    size_t count = numbers_count(event->batch_dispatched.devices);
    if (!row->start_us) row->start_us = event->time_us;
    row->dispatches++;
    row->attempts += count;
    t->attempts += count;
}

/* All of one dispatch, so of one batch. */
static void see_return(struct tally *t, struct bytes devices, uint32_t reason)
{
    struct numbers numbers = numbers_of(devices);
    uint64_t device;
    if (!numbers_next(&numbers, &device) || reason >= RETURNS) return;
    struct tally_row *row = row_of_device(t, (uint32_t)device);
    if (row) row->returned[reason] += numbers_count(devices);
}

static void see_result(struct tally *t, uint32_t device, uint32_t outcome, bool ends)
{
    struct tally_row *row = row_of_device(t, device);
    if (!row || outcome >= OUTCOMES) return;
    if (ends) row->ended[outcome]++;
    else row->retried++;
}

static void see_late(struct tally *t, uint32_t device)
{
    struct tally_row *row = row_of_device(t, device);
    if (row) row->late++;
    t->late++;
}

static void see_end(struct tally *t, uint32_t batch, int64_t time_us)
{
    struct tally_row *row = row_of_batch(t, batch);
    if (!row) return;
    row->batches_ended++;
    row->end_us = time_us;
}

void tally_see(struct tally *t, const struct event *event)
{
    uint32_t job = t->job;
    if (job == 0) return;
    switch (event->type) {
    case EVENT_JOB_TARGETS_BEGUN:
        if (event->job_targets_begun.job == job && !t->batch_size) t->device_count = 0;
        return;
    case EVENT_JOB_TARGETS:
        if (event->job_targets.job == job && !t->batch_size) targets_add(t, event->job_targets.devices);
        return;
    case EVENT_JOB_TARGETS_FIXED:
        if (event->job_targets_fixed.job == job) targets_fix(t, event->job_targets_fixed.batch_size);
        return;
    case EVENT_BATCH_DISPATCHED:
        if (event->batch_dispatched.job == job) see_dispatch(t, event);
        return;
    case EVENT_DEVICES_RETURNED:
        if (event->devices_returned.job == job)
            see_return(t, event->devices_returned.devices, event->devices_returned.reason);
        return;
    case EVENT_DEVICE_RESULT:
        if (event->device_result.job == job)
            see_result(t, event->device_result.device, event->device_result.outcome, event->device_result.ends);
        return;
    case EVENT_LATE_RESULT:
        if (event->late_result.job == job) see_late(t, event->late_result.device);
        return;
    case EVENT_BATCH_ENDED:
        if (event->batch_ended.job == job) see_end(t, event->batch_ended.batch, event->time_us);
        return;
    default: return; /* nothing else is of a batch */
    }
}

void tally_free(struct tally *t)
{
    free(t->devices);
    free(t->rows);
    *t = (struct tally){.job = 0};
}

/* ---- Showing. */

/* The counts above 0, by their words. */
static void put_counts(struct open_map *m, const char *key, const uint64_t counts[], uint32_t from, uint32_t end,
                       const char *(*word)(uint32_t number))
{
    put_key(m, key);
    struct open_map map = put_map(m->out);
    for (uint32_t i = from; i < end; i++)
        if (counts[i]) put_uint(&map, word(i), counts[i]);
    put_end(&map);
}

static const char *word_of_outcome(uint32_t outcome)
{
    return outcome_word((enum device_outcome)outcome);
}

void tally_put(const struct tally *t, uint32_t index, struct open_map *m)
{
    const struct tally_row *row = &t->rows[index];
    uint32_t first = index * t->batches_a_row, end = MIN(first + t->batches_a_row, batches_of(t));
    uint64_t devices = MIN((uint64_t)end * t->batch_size, t->device_count) - (uint64_t)first * t->batch_size;
    uint64_t failed = 0;
    for (uint32_t i = OUTCOME_FAILED; i < OUTCOMES; i++) failed += row->ended[i];
    put_uint(m, "first", first + 1);
    put_uint(m, "last", end);
    put_uint(m, "devices", devices);
    put_uint(m, "pending", devices - MIN(devices, row->ended[OUTCOME_COMPLETED] + failed));
    put_uint(m, "completed", row->ended[OUTCOME_COMPLETED]);
    put_uint(m, "failed", failed);
    put_counts(m, "reasons", row->ended, OUTCOME_FAILED, OUTCOMES, word_of_outcome);
    put_uint(m, "dispatches", row->dispatches);
    put_uint(m, "attempts", row->attempts);
    put_uint(m, "retried", row->retried);
    put_counts(m, "returned", row->returned, RETURNED_BY_DISCONNECT, RETURNS, returned_reason_word);
    put_uint(m, "late", row->late);
    if (row->start_us) put_time(m, "start", row->start_us);
    if (row->batches_ended == end - first) put_time(m, "end", row->end_us);
}
