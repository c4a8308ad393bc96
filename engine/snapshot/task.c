/* A task's life: the snapshot is taken, the run of its kind reads it, it is given back. */
#include "engine/snapshot/runs.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void (*const RUNS[])(struct task *task) = {
    [TASK_MEMBERS] = members_run,
    [TASK_MOVE] = members_run,
    [TASK_PREVIEW] = members_run,
    [TASK_GROUP_PREVIEW] = members_run,
    [TASK_DEVICES] = device_page_run,
    [TASK_JOB_DEVICES] = job_device_page_run,
    [TASK_FAILURES] = failures_run,
    [TASK_ATTEMPTS] = attempts_run,
    [TASK_HISTORY] = history_run,
    [TASK_RESULTS] = results_run,
    [TASK_EXPORT] = export_run,
    [TASK_EXPORT_PIECE] = export_piece_run,
};

struct task *task_new(enum task_kind kind)
{
    ASSERT(kind < COUNT_OF(RUNS));
    struct task *task = calloc(1, sizeof *task);
    ASSERT(task != NULL);
    task->kind = kind;
    return task;
}

bool task_fail(struct task *task, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    sentence_vset(&task->fault, format, arguments);
    va_end(arguments);
    task->failed = true;
    return false;
}

bool task_take_snapshot(struct task *task)
{
    ASSERT(task->projections && !task->snapshot);
    task->snapshot = snapshot_open(task->projections);
    if (!task->snapshot) return task_fail(task, "a snapshot of the projections cannot be had; repeat the call");
    task->seq = snapshot_seq(task->snapshot);
    return true;
}

/* A read that failed looks like an end to whoever walks: what came out of it may not be used. */
static void snapshot_check(struct task *task)
{
    if (!task->snapshot || task->failed || !snapshot_failed(task->snapshot)) return;
    task_fail(task, "the projections could not be read to the end; repeat the call");
    task->unreadable = true;
}

static void snapshot_give_back(struct task *task)
{
    if (task->snapshot) snapshot_close(task->snapshot);
    task->snapshot = NULL;
}

/* A results log that is written already is only a file, as an export is. */
static bool needs_snapshot(const struct task *task)
{
    if (task->kind == TASK_EXPORT_PIECE) return false;
    return task->kind != TASK_RESULTS || task->results.token.size == 0;
}

void task_run(struct task *task)
{
    if (atomic_load(&task->cancelled)) task_fail(task, "nobody waits for this any more");
    if (task->failed) {
        snapshot_give_back(task);
        return;
    }
    if (!task->snapshot && needs_snapshot(task) && !task_take_snapshot(task)) return;
    RUNS[task->kind](task);
    snapshot_check(task);
    snapshot_give_back(task);
}

void task_cancel(struct task *task)
{
    atomic_store(&task->cancelled, true);
}

void task_delete(struct task *task)
{
    snapshot_give_back(task);
    if (task->kind == TASK_EXPORT) group_keys_release(task->exporting.keys);
    arena_free(&task->arena);
    free(task);
}
