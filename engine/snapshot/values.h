/* The values that jobs set last at one property path, asked for device after device. In order of the devices' numbers
 * a value costs a look at a page, not a search. */
#ifndef MUSTER_SNAPSHOT_VALUES_H
#define MUSTER_SNAPSHOT_VALUES_H

#include "engine/base/arena.h"
#include "projections/jobs.h"

struct values;

/* Lives with the arena and the snapshot. */
struct values *values_begin(struct view *snapshot, struct arena *arena, struct bytes path);
struct bytes values_path(const struct values *values);
/* The value that property jobs, or cloud property jobs, set last, as MessagePack; no bytes when none did. Borrowed
 * from the snapshot. */
struct bytes values_of(struct values *values, enum job_type type, uint32_t device);
/* As a filter sees it: the property, or else the cloud property with this path. */
struct bytes values_get(struct values *values, uint32_t device);

#endif
