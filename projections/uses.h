/* What still needs a group or a template: jobs that are saved or not over, and schedules. A rerun needs no group, a job
 * without a target no template. */
#ifndef MUSTER_USES_H
#define MUSTER_USES_H

#include "projections/projections.h"

enum used_kind { USED_GROUP, USED_TEMPLATE };

struct use {
    uint32_t job;      /* or 0 */
    uint32_t schedule; /* then this */
};

/* The uses of a group or template one after another, jobs before schedules, each in order of their numbers. *from is 0
 * for the first one. False at the end. */
bool uses_next(struct view *v, enum used_kind kind, uint32_t number, uint64_t *from, struct use *use);

#endif
