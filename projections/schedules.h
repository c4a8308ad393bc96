/* Schedules: what each one runs, when it is due next, and what became of every time it was due. */
#ifndef MUSTER_SCHEDULES_H
#define MUSTER_SCHEDULES_H

#include "projections/projections.h"

/* Numbers as the events have them, and their words. */
#define RECURRENCES(X) X(RECURS_ONCE, 1, "once") X(RECURS_DAILY, 2, "daily") X(RECURS_WEEKLY, 3, "weekly")
/* What is done about a time at which nothing could be started: the last one is made up for, or it is left out. */
#define MISSED_POLICIES(X) X(MISSED_RUN_ONCE, 1, "run_once") X(MISSED_SKIP, 2, "skip")
/* What is done when the run before is not over. */
#define OVERLAP_POLICIES(X) X(OVERLAP_QUEUE, 1, "queue") X(OVERLAP_SKIP, 2, "skip")
#define SCHEDULE_MISSES(X)                                                                                             \
    X(MISSED_ENGINE_DOWN, 1, "engine_down")                                                                            \
    X(MISSED_LATE, 2, "late")                                                                                          \
    X(MISSED_OVERLAP, 3, "overlap")                                                                                    \
    X(MISSED_NO_ROOM, 4, "no_room")                                                                                    \
    X(MISSED_TOO_MANY_JOBS, 5, "too_many_jobs")                                                                        \
    X(MISSED_GROUP_REMOVED, 6, "group_removed")                                                                        \
    X(MISSED_TEMPLATE_REMOVED, 7, "template_removed")                                                                  \
    X(MISSED_DATA_UNFIT, 8, "data_unfit")
#define SCHEDULE_ENDS(X)                                                                                               \
    X(ENDED_ONCE, 1, "once")                                                                                           \
    X(ENDED_BY_DATE, 2, "date")                                                                                        \
    X(ENDED_BY_OCCURRENCES, 3, "occurrences")                                                                          \
    X(ENDED_WITHOUT_ZONE, 4, "time_zone_gone")

#define WORD_NUMBER(NAME, number, word) NAME = (number),
enum recurrence { RECURRENCES(WORD_NUMBER) };
enum missed_policy { MISSED_POLICIES(WORD_NUMBER) };
enum overlap_policy { OVERLAP_POLICIES(WORD_NUMBER) };
enum schedule_miss { SCHEDULE_MISSES(WORD_NUMBER) };
enum schedule_end { SCHEDULE_ENDS(WORD_NUMBER) };
#undef WORD_NUMBER

/* "unknown" for a number without a word. */
const char *recurrence_word(uint32_t number);
const char *missed_policy_word(uint32_t number);
const char *overlap_policy_word(uint32_t number);
const char *schedule_miss_word(uint32_t number);
const char *schedule_end_word(uint32_t number);

/* As it is stored. A time of 0 is none. */
struct schedule {
    uint32_t number;
    /* What a run is, as in JOB_CREATED. */
    uint32_t group;
    uint32_t type;
    uint32_t target;
    uint32_t batch_measure, batch_value;
    uint32_t threshold_measure, threshold_value;
    uint32_t queue_timeout, execution_timeout; /* seconds */
    uint32_t retries_max, retries_on;
    /* When one is due. */
    uint32_t recurrence;      /* enum recurrence */
    uint32_t missed;          /* enum missed_policy */
    uint32_t overlap;         /* enum overlap_policy */
    uint32_t end_occurrences; /* the last one's number; 0: none */
    int64_t start_us;
    int64_t end_us;  /* no run after it */
    int64_t next_us; /* of occurrence number occurrences + 1; none while it is disabled, and once it has ended */
    /* What became of it. */
    uint32_t occurrences; /* so far, missed ones too */
    uint32_t last_run;    /* their numbers, or 0; schedules_run() tells more */
    uint32_t last_missed;
    uint32_t ended_reason; /* enum schedule_end */
    int64_t last_due_us;
    int64_t ended_us;
    bool threshold_per_batch;
    bool enabled;
    bool removed;
    uint8_t unused[5]; /* no padding is left */
};

struct schedule_text {
    struct bytes id;
    struct bytes display_name;
    struct bytes description;
    struct bytes time_zone;
    struct bytes data; /* MessagePack array */
};

uint32_t schedules_find(struct view *v, struct bytes id); /* 0: none, or removed */
/* Removed ones too. NULL when there is no such schedule. */
const struct schedule *schedules_get(struct view *v, uint32_t number);
bool schedules_text(struct view *v, uint32_t number, struct schedule_text *text);
uint32_t schedules_next_number(struct view *v);
/* The first one present with a number >= from; NULL at the end. */
const struct schedule *schedules_next(struct view *v, uint32_t from);

/* The one that is due first; NULL when none is due any more. */
const struct schedule *schedules_first_due(struct view *v);

/* What became of one occurrence, or of several after each other that were missed for one reason. */
struct schedule_run {
    uint32_t first, last; /* occurrences */
    uint32_t job;         /* 0: missed */
    uint32_t reason;      /* enum schedule_miss */
    int64_t due_us;       /* of the first */
};

/* The last one at or before this occurrence: newest first. False when there is none. */
bool schedules_run(struct view *v, uint32_t number, uint32_t occurrence, struct schedule_run *run);

#endif
