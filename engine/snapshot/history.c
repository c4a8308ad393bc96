/* The jobs that a device was in, the newest first: one look into each job's list, which is a search in a few packed
 * values. Only jobs that have the device are walked back in the log. */
#include "engine/snapshot/attempts.h"
#include "engine/snapshot/runs.h"

#include "projections/devices.h"

enum { JOBS_LOOKED_AT_MAX = 20000 };

/* False when the job never had the device, or has forgotten its list. */
static bool find_in(struct view *v, const struct job *job, uint32_t device, struct job_device *record)
{
    const struct job_list *list = job->expired || !job->targets_fixed ? NULL : job_devices_list(v, job->number);
    return list && list->count > 0 && job_devices_find(v, job->number, device, record);
}

static size_t row_bytes(const struct history_row *row)
{
    size_t bytes = row->display_name.size + row->error.size;
    for (uint32_t i = 0; i < row->attempts.count; i++)
        bytes += row->attempts.rows[i].error.size + row->attempts.rows[i].response.size;
    return bytes;
}

static bool row_add(struct task *task, struct trail *trail, const struct job *job, const struct job_device *record)
{
    struct arena *arena = &task->arena;
    struct device_history *history = &task->history;
    struct job_text text;
    struct trail_end end;
    if (!jobs_text(task->snapshot, job->number, &text)) return false; /* a fault, which task_run finds */
    if (!trail_follow(trail, record, &end)) return task_fail(task, "%s", trail->why.text);
    struct history_row *row = &history->rows[history->count];
    *row = (struct history_row){
        .job = arena_copy(arena, text.id),
        .display_name = arena_copy(arena, text.display_name),
        .type = job->type,
        .job_status = job->status,
        .state = record->state,
        .outcome = record->state == DEVICE_OUT ? OUTCOME_NONE : record->outcome,
        .error = arena_copy(arena, end.error),
        .batch = record->position / job_devices_list(task->snapshot, job->number)->batch_size + 1,
        .attempt = record->attempt,
        .start_us = end.start_us,
        .end_us = end.end_us,
        .attempts = {.job = job->number, .limit = HISTORY_ATTEMPTS_MAX},
    };
    attempts_walk(task, trail, record->device, record->last, &row->attempts);
    history->bytes += row_bytes(row);
    history->count += !task->failed;
    return !task->failed;
}

static void walk(struct task *task, struct trail *trail, uint32_t device)
{
    struct device_history *history = &task->history;
    uint32_t from = history->from ? history->from : UINT32_MAX, looks = JOBS_LOOKED_AT_MAX;
    const struct job *job = jobs_previous(task->snapshot, from);
    for (; job; job = job->number > 1 ? jobs_previous(task->snapshot, job->number - 1) : NULL) {
        struct job_device record;
        bool found = find_in(task->snapshot, job, device, &record);
        bool is_full = history->count == history->limit || history->bytes > TASK_PAGE_BYTES_MAX;
        if (looks-- == 0 || (found && is_full)) {
            history->next = job->number;
            return;
        }
        if (found && !row_add(task, trail, job, &record)) return;
    }
}

/* The device that has the id, or was the last one to have it. */
void history_run(struct task *task)
{
    struct device_history *history = &task->history;
    struct trail trail;
    uint32_t device = devices_find(task->snapshot, history->device_id);
    ASSERT(history->limit > 0);
    if (!device) device = devices_find_removed(task->snapshot, history->device_id);
    history->unknown = device == 0;
    if (history->unknown) return;
    history->rows = arena_alloc(&task->arena, history->limit * sizeof *history->rows);
    if (!trail_open(&trail, task->log)) {
        task_fail(task, "%s", trail.why.text);
        return;
    }
    walk(task, &trail, device);
    trail_close(&trail);
}
