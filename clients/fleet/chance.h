/* What becomes of a device: decided by nothing but the seed, the job, the device and the attempt, so that a
 * test that fails can be run again, whatever order the work came in. */
#ifndef MUSTER_FLEET_CHANCE_H
#define MUSTER_FLEET_CHANCE_H

#include "clients/fleet/fleet.h"
#include "clients/fleet/reader.h"

enum outcome { OUTCOME_COMPLETED, OUTCOME_FAILED, OUTCOME_RETURNED, OUTCOME_SILENT };

struct fate {
    enum outcome outcome; /* never OUTCOME_RETURNED */
    uint32_t latency_ms;
};

/* The start of every device's hash in one piece of work. */
uint64_t chance_of_work(const struct settings *settings, struct span job, uint64_t attempt);
struct fate chance_of_device(const struct settings *settings, uint64_t work, struct span device);
/* False when all devices complete at once, so that nobody needs to know their names. */
bool chance_matters(const struct settings *settings);

#endif
