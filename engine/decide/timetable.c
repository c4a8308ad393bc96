/* A time is a calendar day counted from the start's, at the start's time of day, put into UTC by itself: so neither a
 * change of the clock nor any number of them moves the ones behind it. */
#include "engine/decide/timetable.h"

enum { SECOND_US = 1000000, DAY_S = 86400 };

struct timetable timetable_of(const struct zone_rules *rules, const struct schedule *s,
                              const struct schedule_text *text)
{
    return (struct timetable){.rules = rules,
                              .zone = text->time_zone,
                              .start_us = s->start_us,
                              .recurrence = (enum recurrence)s->recurrence,
                              .end_us = s->end_us,
                              .end_occurrences = s->end_occurrences};
}

static int64_t step_s(const struct timetable *t)
{
    return t->recurrence == RECURS_WEEKLY ? 7 * DAY_S : DAY_S;
}

static bool local_start(const struct timetable *t, int64_t *local_s)
{
    return t->rules->local(t->zone, t->start_us / SECOND_US, local_s);
}

/* The start is what was asked for, also where the clock shows its time a second time. */
bool timetable_at(const struct timetable *t, uint32_t index, int64_t *time_us)
{
    int64_t start_s, second;
    *time_us = t->start_us;
    if (index == 0) return true;
    if (!local_start(t, &start_s) || !t->rules->utc(t->zone, start_s + index * step_s(t), &second)) return false;
    *time_us = second * SECOND_US;
    return true;
}

/* An estimate by the calendar, and from above it down to the true one: a clock that was put back, or over a day, is
 * less than two steps off. */
bool timetable_count(const struct timetable *t, int64_t until_us, uint32_t *count)
{
    int64_t start_s, until_s, time_us;
    *count = until_us >= t->start_us;
    if (t->recurrence == RECURS_ONCE || *count == 0) return true;
    if (!local_start(t, &start_s) || !t->rules->local(t->zone, until_us / SECOND_US, &until_s)) return false;
    uint32_t index = until_s > start_s ? (uint32_t)((until_s - start_s) / step_s(t)) + 2 : 2;
    for (; index > 0; index--) {
        if (!timetable_at(t, index, &time_us)) return false;
        if (time_us <= until_us) break;
    }
    *count = index + 1;
    return true;
}

int64_t timetable_next(const struct timetable *t, int64_t after_us, uint32_t occurrence, enum schedule_end *why)
{
    uint32_t count;
    int64_t time_us;
    *why = ENDED_BY_OCCURRENCES;
    if (t->end_occurrences && occurrence > t->end_occurrences) return 0;
    *why = ENDED_WITHOUT_ZONE;
    if (!timetable_count(t, after_us, &count)) return 0;
    *why = ENDED_ONCE;
    if (t->recurrence == RECURS_ONCE && count > 0) return 0;
    *why = ENDED_WITHOUT_ZONE;
    if (!timetable_at(t, count, &time_us)) return 0;
    *why = ENDED_BY_DATE;
    return t->end_us && time_us > t->end_us ? 0 : time_us;
}
