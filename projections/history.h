/* The history: the jobs that ended, in the order of their ends, until they are forgotten. */
#ifndef MUSTER_HISTORY_H
#define MUSTER_HISTORY_H

#include "projections/projections.h"

struct history_entry {
    uint32_t job;
    uint32_t reserved; /* 0 */
    int64_t ended_us;
};

/* The job that ended longest ago of those not forgotten; false when there is none. It costs no walk over jobs. */
bool history_first(struct view *v, struct history_entry *entry);

#endif
