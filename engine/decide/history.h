/* The 30 days after which an ended job is forgotten: lists leave it out, its devices go. Its id stays taken, and the
 * log keeps all of it. Jobs that have not ended never expire. */
#ifndef MUSTER_DECIDE_HISTORY_H
#define MUSTER_DECIDE_HISTORY_H

#include "projections/history.h"

#define HISTORY_US (INT64_C(30) * 24 * 3600 * 1000000)

/* What ended at this moment is just still there at the time `now_us`. */
static inline int64_t history_since_us(int64_t now_us)
{
    return now_us > HISTORY_US ? now_us - HISTORY_US : 0;
}

/* The moment at which the next job is to expire, by the wall clock; INT64_MAX: no job will. */
static inline int64_t history_next_us(struct view *v)
{
    struct history_entry entry;
    return history_first(v, &entry) ? entry.ended_us + HISTORY_US + 1 : INT64_MAX;
}

#endif
