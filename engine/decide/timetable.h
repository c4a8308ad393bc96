/* When a schedule is due: its start, and every day or week after it at the local time that the start has. Pure: what
 * clocks on the wall show is asked of zone rules that the caller brings. */
#ifndef MUSTER_TIMETABLE_H
#define MUSTER_TIMETABLE_H

#include "projections/schedules.h"

/* Local time in zones, by name; promises and units as in engine/clock/zone.h. */
struct zone_rules {
    bool (*is_known)(struct bytes zone);
    bool (*local)(struct bytes zone, int64_t utc_s, int64_t *local_s);
    bool (*utc)(struct bytes zone, int64_t local_s, int64_t *utc_s);
};

struct timetable {
    const struct zone_rules *rules;
    struct bytes zone;
    int64_t start_us; /* whole seconds */
    enum recurrence recurrence;
    int64_t end_us;           /* no time after it; 0: none */
    uint32_t end_occurrences; /* no occurrence above it; 0: none */
};

/* Borrows the text. */
struct timetable timetable_of(const struct zone_rules *rules, const struct schedule *s,
                              const struct schedule_text *text);

/* Each is false when the system has the zone no more. Times are counted without regard to the end. */

/* How many times lie at or before `until_us`. */
bool timetable_count(const struct timetable *t, int64_t until_us, uint32_t *count);
/* The time with this index, from 0. Times ascend; two may be one where a zone leaves out a whole day. */
bool timetable_at(const struct timetable *t, uint32_t index, int64_t *time_us);

/* When occurrence number `occurrence` is due, which is the first time after `after_us`; 0 with a reason when there is
 * none any more. */
int64_t timetable_next(const struct timetable *t, int64_t after_us, uint32_t occurrence, enum schedule_end *why);

#endif
