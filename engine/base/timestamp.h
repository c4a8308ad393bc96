/* Times as text: RFC 3339, written in UTC and always with microseconds. Pure; allocates nothing. */
#ifndef MUSTER_TIMESTAMP_H
#define MUSTER_TIMESTAMP_H

#include "engine/base/base.h"

enum { TIMESTAMP_SIZE = 27 };

/* Writes "2026-11-23T02:10:00.123456Z", without a terminating zero, and returns it. `time_us` are microseconds
 * since 1970; what is outside the years 1970 to 9999 is shown as the nearest time inside. */
struct bytes timestamp_text(int64_t time_us, char text[TIMESTAMP_SIZE]);

/* Reads "2026-11-23T03:10:00+01:00", with any offset or Z, in the years 1970 to 9999; a fraction of a second is read
 * down to microseconds. False when it is not such a time: no such day, no offset, a leap second. */
bool timestamp_read(struct bytes text, int64_t *time_us);

#endif
