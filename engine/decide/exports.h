/* Exports in the making: one at a time is written by a worker, the others wait in the order in which they were asked
 * for. Its file is kept a day after it is whole. What is here is kept in memory only; the rest is in
 * projections/exports.h. */
#ifndef MUSTER_DECIDE_EXPORTS_H
#define MUSTER_DECIDE_EXPORTS_H

#include "engine/decide/emit.h"
#include "engine/decide/limits.h"
#include "projections/exports.h"
#include "projections/keys.h"

#define EXPORT_KEPT_US (INT64_C(24) * 3600 * 1000000)

/* The one that is being written. */
struct export_run {
    uint32_t number; /* 0: none */
    bool begun;      /* a worker has it */
    bool done;       /* the rest is filled */
    bool closed;     /* in this turn */
    enum export_outcome outcome;
    struct sentence reason;
    uint64_t rows, bytes;
    uint8_t primary[KEY_PRINT_BYTES], secondary[KEY_PRINT_BYTES]; /* of the group keys it is made with; since it was begun */
};

struct exports {
    struct export_run run;
    uint32_t next;  /* is the run once this turn is on disk; 0: none */
    uint32_t first; /* those below are of an earlier start: what they had written is gone */
    uint32_t lost[EXPORTS_KEPT_MAX]; /* files that this start did not find whole */
    uint32_t lost_count;
    uint32_t gone[EXPORTS_KEPT_MAX]; /* files to remove once this turn is on disk */
    uint32_t gone_count;
};

/* Closes what is done, begins what waits, lets files go that are a day old. True when something happened. */
bool exports_progress(struct exports *x, struct view *v, struct events *events);
/* The moment at which the next file is to go, by the wall clock; INT64_MAX: none is. */
int64_t exports_next_us(struct view *v);
/* The caller has removed x->gone before. */
void exports_settle(struct exports *x);
void exports_undo(struct exports *x);

#endif
