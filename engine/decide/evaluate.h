/* Where a job stands: is its threshold exceeded, its batch over, itself over. */
#ifndef MUSTER_EVALUATE_H
#define MUSTER_EVALUATE_H

#include "engine/decide/emit.h"
#include "projections/job_devices.h"
#include "projections/jobs.h"

/* Cancels the job when its failures exceed the threshold, ends its batches and the job itself when every
 * device has an end. True when the turn's events ran out before it was done: call again next turn. */
bool job_evaluate(struct view *v, struct events *events, uint32_t job, size_t events_max);

/* More than allowed, of the job's devices or of the current batch's. */
bool threshold_is_exceeded(const struct job *job, const struct job_list *list, uint32_t *failures, uint32_t *scope);

/* Whether a device that now fails with this outcome is at its end or is tried again. */
bool failure_ends(const struct job *job, const struct job_device *device, enum device_outcome outcome);

#endif
