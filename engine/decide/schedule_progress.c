/* What is due, in order of its time. For each schedule at most one job is made, however long nobody looked:
 *
 *      next_us           behind it                    last_us     now
 *     ----|-------------|-----------|------------------|----------|---->
 *         missed: one event for all of them            a run, or missed as well
 *
 * The job, that the occurrence is done, and when the next one is due, are events of one turn. */
#include "engine/decide/schedule_progress.h"

#include <inttypes.h>
#include <stdio.h>

#include "engine/decide/limits.h"
#include "engine/decide/plan.h"
#include "engine/decide/timetable.h"
#include "projections/capabilities.h"
#include "projections/groups.h"
#include "projections/templates.h"

enum { SCHEDULES_A_TURN_MAX = 64, OCCURRENCE_DIGITS_MAX = 10, SEQ_DIGITS_MAX = 20 };

#define LATE_US (INT64_C(60) * 1000000) /* later than this is not on time: a restart takes less */
/* A next time is looked for from half a day behind the last: none is nearer, and when the zone's rules were changed
 * since, the same day's time is not taken for another one. */
#define HALF_DAY_US (INT64_C(43200) * 1000000)

struct due {
    struct schedule s;
    struct schedule_text text;
    struct timetable table;
    uint32_t behind; /* times after s.next_us that have passed too */
    int64_t last_us; /* the last of them */
};

/* ---- How many. */

/* How many of its times have passed behind the one it is due at. Without its zone that one is the last. */
static void count_behind(struct due *due, int64_t now_us)
{
    uint32_t passed, first;
    int64_t until_us = due->s.end_us ? MIN(now_us, due->s.end_us) : now_us, from_us = due->s.next_us + HALF_DAY_US;
    if (until_us < from_us) return;
    if (!timetable_count(&due->table, from_us, &first) || !timetable_count(&due->table, until_us, &passed)) return;
    uint32_t behind = passed - first;
    if (due->s.end_occurrences) behind = MIN(behind, due->s.end_occurrences - (due->s.occurrences + 1));
    if (behind > 0 && timetable_at(&due->table, first + behind - 1, &due->last_us)) due->behind = behind;
}

static struct due due_of(struct progress_turn *t, const struct schedule *s)
{
    struct due due = {.s = *s, .last_us = s->next_us};
    ASSERT(schedules_text(t->view, s->number, &due.text));
    due.text = (struct schedule_text){.id = arena_copy(t->arena, due.text.id),
                                      .display_name = arena_copy(t->arena, due.text.display_name),
                                      .description = arena_copy(t->arena, due.text.description),
                                      .time_zone = arena_copy(t->arena, due.text.time_zone),
                                      .data = arena_copy(t->arena, due.text.data)};
    due.table = timetable_of(t->zones, &due.s, &due.text);
    count_behind(&due, t->wall_us);
    return due;
}

/* ---- What becomes of it. */

static int64_t next_after(const struct due *due, uint32_t occurrence, enum schedule_end *why)
{
    return timetable_next(&due->table, due->last_us + HALF_DAY_US, occurrence + 1, why);
}

static void end(struct progress_turn *t, const struct due *due, enum schedule_end reason)
{
    emit(t->events,
         (struct event){.type = EVENT_SCHEDULE_ENDED, .schedule_ended = {.schedule = due->s.number, .reason = reason}});
}

/* The next `count` occurrences make no job: all that are due, or all but the last one, which stays due. */
static void miss(struct progress_turn *t, struct due *due, uint32_t count, enum schedule_miss reason)
{
    enum schedule_end why;
    uint32_t first = due->s.occurrences + 1, last = due->s.occurrences + count;
    bool more = count <= due->behind;
    int64_t next_us = more ? due->last_us : next_after(due, last, &why);
    emit(t->events, (struct event){.type = EVENT_SCHEDULE_MISSED,
                                   .schedule_missed = {.schedule = due->s.number,
                                                       .from_occurrence = first,
                                                       .to_occurrence = last,
                                                       .due_us = due->s.next_us,
                                                       .reason = reason,
                                                       .next_us = next_us}});
    if (next_us == 0) end(t, due, why);
    due->s.occurrences = last;
    due->s.next_us = next_us;
    due->behind = 0;
}

/* "ID-N", or when somebody has that, "ID-N-E" with the number of an event to come. Cut to what an id may hold. */
static struct bytes run_id(struct progress_turn *t, const struct due *due)
{
    char *id = arena_alloc(t->arena, ID_CHARACTERS_MAX + 1);
    char suffix[OCCURRENCE_DIGITS_MAX + SEQ_DIGITS_MAX + 3];
    uint32_t occurrence = due->s.occurrences + 1;
    uint64_t seq = events_next_seq(t->events);
    int suffix_size = snprintf(suffix, sizeof suffix, "-%" PRIu32, occurrence);
    for (;;) {
        struct bytes begin = {due->text.id.data, MIN(due->text.id.size, (size_t)(ID_CHARACTERS_MAX - suffix_size))};
        int size = snprintf(id, ID_CHARACTERS_MAX + 1, "%.*s%s", BYTES_ARG(begin), suffix);
        if (!jobs_find_taken(t->view, (struct bytes){id, (size_t)size})) return (struct bytes){id, (size_t)size};
        suffix_size = snprintf(suffix, sizeof suffix, "-%" PRIu32 "-%" PRIu64, occurrence, seq++);
    }
}

static struct job_plan plan_of(const struct due *due)
{
    const struct schedule *s = &due->s;
    return (struct job_plan){.display_name = due->text.display_name,
                             .description = due->text.description,
                             .group = s->group,
                             .target = s->target,
                             .data = {.type = (enum job_type)s->type, .data = due->text.data},
                             .batch_measure = s->batch_measure,
                             .batch_value = s->batch_value,
                             .threshold_measure = s->threshold_measure,
                             .threshold_value = s->threshold_value,
                             .threshold_per_batch = s->threshold_per_batch,
                             .queue_timeout = s->queue_timeout,
                             .execution_timeout = s->execution_timeout,
                             .retries_max = s->retries_max,
                             .retries_on = s->retries_on};
}

/* No request made the job, and none is the same: its hash is of nothing. */
static void run(struct progress_turn *t, const struct due *due)
{
    static const uint8_t NO_HASH[32];
    enum schedule_end why;
    struct job_plan plan = plan_of(due);
    uint32_t occurrence = due->s.occurrences + 1;
    int64_t next_us = next_after(due, occurrence, &why);
    uint32_t job = plan_write_job(t->view, t->events, run_id(t, due), &plan, (struct bytes){NO_HASH, sizeof NO_HASH});
    emit(t->events, (struct event){.type = EVENT_JOB_QUEUED, .job_queued = {.job = job}});
    emit(t->events, (struct event){.type = EVENT_SCHEDULE_FIRED,
                                   .schedule_fired = {.schedule = due->s.number,
                                                      .occurrence = occurrence,
                                                      .due_us = due->last_us,
                                                      .job = job,
                                                      .next_us = next_us}});
    if (next_us == 0) end(t, due, why);
}

/* Why no job can be made now; 0 when one can. */
static enum schedule_miss obstacle(struct progress_turn *t, const struct due *due)
{
    const struct schedule *s = &due->s;
    struct group group;
    struct template template;
    struct capability_misfit misfit;
    if (t->short_of_room) return MISSED_NO_ROOM;
    if (jobs_active_count(t->view) >= JOBS_ACTIVE_MAX) return MISSED_TOO_MANY_JOBS;
    if (!groups_get(t->view, s->group, &group) || group.removed) return MISSED_GROUP_REMOVED;
    if (s->target && (!templates_get(t->view, s->target, &template) || template.removed))
        return MISSED_TEMPLATE_REMOVED;
    if (s->target && capabilities_check(template.capabilities, due->text.data, &misfit)) return MISSED_DATA_UNFIT;
    if (s->overlap == OVERLAP_SKIP && jobs_active_run(t->view, s->number, MAY(PENDING) | MAY(RUNNING)))
        return MISSED_OVERLAP;
    return 0;
}

static void run_or_miss(struct progress_turn *t, struct due *due)
{
    bool late = t->wall_us - due->last_us > LATE_US;
    uint32_t too_late = due->behind + (late && due->s.missed == MISSED_SKIP);
    if (too_late > 0) {
        uint32_t all = due->behind + 1;
        miss(t, due, too_late, due->s.next_us < t->started_us ? MISSED_ENGINE_DOWN : MISSED_LATE);
        if (too_late == all) return;
    }
    enum schedule_miss reason = obstacle(t, due);
    if (reason) miss(t, due, 1, reason);
    else run(t, due);
}

bool schedules_run_due(struct progress_turn *t)
{
    const struct schedule *s;
    for (int count = 0; (s = schedules_first_due(t->view)) && s->next_us <= t->wall_us; count++) {
        if (count == SCHEDULES_A_TURN_MAX || t->events->count >= t->events_max || t->events->failed) return true;
        struct due due = due_of(t, s);
        run_or_miss(t, &due);
    }
    return false;
}

bool schedule_holds_back(struct view *v, const struct job *job)
{
    return job->schedule && jobs_running_run(v, job->schedule);
}
