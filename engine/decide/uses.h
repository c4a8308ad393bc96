/* Whether a group or a template may be removed, and who says no. */
#ifndef MUSTER_DECIDE_USES_H
#define MUSTER_DECIDE_USES_H

#include "engine/decide/decide.h"
#include "projections/uses.h"

/* Refuses with a sentence that names the first jobs and schedules which use it. */
enum refusal check_unused(struct decision *d, enum used_kind kind, uint32_t number);

#endif
