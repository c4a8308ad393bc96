/* What clocks on the wall show in the zones of the system's tzdata.
 *
 * Seconds of local time are counted as if the clock showed UTC: 2026-11-23 03:10 in Europe/Paris is the number that
 * 2026-11-23T03:10:00Z has. Every call looks at the system's current rules, so an update of tzdata counts without a
 * restart. For the loop's thread alone: the C library knows one zone at a time. */
#ifndef MUSTER_ZONE_H
#define MUSTER_ZONE_H

#include "engine/base/base.h"

/* Whether tzdata lists a zone of exactly this name, "Europe/Paris", links such as "Asia/Calcutta" too. */
bool zone_is_known(struct bytes name);

/* Both take a zone that was known once, and are false when the system has it no more. */

/* What the clock shows at `utc_s`. */
bool zone_local(struct bytes name, int64_t utc_s, int64_t *local_s);
/* The first moment at which the clock shows `local_s` or more: where it is put forward over that time, the moment at
 * which it is; where it shows the time twice, the first of the two. */
bool zone_utc(struct bytes name, int64_t local_s, int64_t *utc_s);

#endif
