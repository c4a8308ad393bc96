/* Times as text: RFC 3339 in UTC, always with microseconds. Pure; allocates nothing. */
#ifndef MUSTER_TIMESTAMP_H
#define MUSTER_TIMESTAMP_H

#include "engine/base/base.h"

enum { TIMESTAMP_SIZE = 27 };

/* Writes "2026-11-23T02:10:00.123456Z", without a terminating zero, and returns it. `time_us` are microseconds
 * since 1970; what is outside the years 1970 to 9999 is shown as the nearest time inside. */
struct bytes timestamp_text(int64_t time_us, char text[TIMESTAMP_SIZE]);

#endif
