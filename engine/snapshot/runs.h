/* What each kind of task does; task.c picks one. A run that cannot go on fails its task and returns. */
#ifndef MUSTER_SNAPSHOT_RUNS_H
#define MUSTER_SNAPSHOT_RUNS_H

#include "engine/snapshot/selection.h"
#include "engine/snapshot/snapshot.h"

/* These read task->snapshot; results_run does so only without a token. */
void members_run(struct task *task);
void device_page_run(struct task *task);
void job_device_page_run(struct task *task);
void failures_run(struct task *task);
void attempts_run(struct task *task);
void history_run(struct task *task);
void results_run(struct task *task);
void export_run(struct task *task);
/* Needs no snapshot. */
void export_piece_run(struct task *task);

/* device_page_run in another order than that of numbers, with the filter parsed. */
void sorted_devices_run(struct task *task, struct selection *selection);

/* Marks the task as failed and puts the sentence there. Returns false, so that a step can end with it. */
bool task_fail(struct task *task, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
