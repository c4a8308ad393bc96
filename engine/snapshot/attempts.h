/* The way of one device through one job, for whoever shows it. */
#ifndef MUSTER_SNAPSHOT_ATTEMPTS_H
#define MUSTER_SNAPSHOT_ATTEMPTS_H

#include "engine/snapshot/snapshot.h"
#include "engine/snapshot/trail.h"

/* Fills a->rows, which are made here, with up to a->limit attempts in the job a->job, walking back from event `from`;
 * sets a->next or a->fault. When the log cannot be read the task has failed. */
void attempts_walk(struct task *task, struct trail *trail, uint32_t device, uint64_t from, struct attempts *a);

#endif
