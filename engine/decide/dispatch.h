/* Handing a running job's devices to connectors. */
#ifndef MUSTER_DISPATCH_H
#define MUSTER_DISPATCH_H

#include "engine/decide/progress.h"

/* Hands out up to `devices_max` devices of the job's current batch that have the same attempt before them, as one
 * dispatch and a lease; devices that are gone end on the way. False when the job has nothing to give now. */
bool dispatch_job(struct progress_turn *t, uint32_t job, const struct take *take, uint32_t devices_max,
                  struct work *work);

#endif
