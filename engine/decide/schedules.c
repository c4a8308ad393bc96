/* Schedules: put, get, list, remove, and their runs. */
#include "engine/base/text.h"
#include "engine/decide/decide.h"
#include "engine/decide/limits.h"
#include "engine/decide/plan.h"
#include "projections/groups.h"
#include "projections/jobs.h"

enum { QUOTED_CHARACTERS_MAX = 40 };

/* ---- Put: the event that says what the schedule is now, the changes, and the event again if it became another. */

static struct event new_schedule(struct decision *d, struct bytes id)
{
    return (struct event){.type = EVENT_SCHEDULE_SAVED,
                          .schedule_saved = {.schedule = schedules_next_number(d->view), .id = id}};
}

/* What would save it as it is. */
static struct event saved_schedule(struct decision *d, uint32_t number)
{
    struct schedule_text text;
    const struct schedule *s = schedules_get(d->view, number);
    ASSERT(s && schedules_text(d->view, number, &text));
    return (struct event){.type = EVENT_SCHEDULE_SAVED,
                          .schedule_saved = {.schedule = number,
                                             .id = arena_copy(d->arena, text.id),
                                             .display_name = arena_copy(d->arena, text.display_name),
                                             .description = arena_copy(d->arena, text.description),
                                             .group = s->group,
                                             .type = s->type,
                                             .target = s->target,
                                             .data = arena_copy(d->arena, text.data),
                                             .batch_measure = s->batch_measure,
                                             .batch_value = s->batch_value,
                                             .threshold_measure = s->threshold_measure,
                                             .threshold_value = s->threshold_value,
                                             .threshold_per_batch = s->threshold_per_batch,
                                             .queue_timeout = s->queue_timeout,
                                             .execution_timeout = s->execution_timeout,
                                             .retries_max = s->retries_max,
                                             .retries_on = s->retries_on,
                                             .start_us = s->start_us,
                                             .time_zone = arena_copy(d->arena, text.time_zone),
                                             .recurrence = s->recurrence,
                                             .end_us = s->end_us,
                                             .end_occurrences = s->end_occurrences,
                                             .missed = s->missed,
                                             .overlap = s->overlap,
                                             .enabled = s->enabled,
                                             .next_us = s->next_us}};
}

static bool events_are_equal(struct decision *d, const struct event *a, const struct event *b)
{
    struct buffer bytes_a = {.arena = d->arena}, bytes_b = {.arena = d->arena};
    event_encode(a, &bytes_a);
    event_encode(b, &bytes_b);
    return bytes_equal(buffer_bytes(&bytes_a), buffer_bytes(&bytes_b));
}

static bool names_job_fields(const struct job_fields *f)
{
    return f->display_name.data || f->description.data || f->group.data || f->data.data || f->batch.given ||
           f->threshold.given || f->timeouts.given || f->retries.given;
}

static command_measure measure_given(uint32_t measure, uint32_t value, bool per_batch)
{
    return (command_measure){.given = measure != MEASURE_NONE,
                             .percentage = measure == MEASURE_PERCENTAGE,
                             .per_batch = per_batch,
                             .value = value};
}

static command_times times_given(uint32_t queue, uint32_t execution)
{
    return (command_times){.given = true,
                           .queue = {.given = queue > 0, .value = queue},
                           .execution = {.given = execution > 0, .value = execution}};
}

/* What was not given stays as it was. */
static struct job_fields fields_with(struct decision *d, const struct job_fields *given, const struct event *before)
{
    struct job_fields f = *given;
    struct group group = {0};
    __typeof__(&before->schedule_saved) s = &before->schedule_saved;
    if (s->group) ASSERT(groups_get(d->view, s->group, &group));
    if (!f.display_name.data) f.display_name = s->display_name;
    if (!f.description.data) f.description = s->description;
    if (!f.group.data) f.group = group.id;
    if (!f.data.data) f.data = s->data;
    if (!f.batch.given) f.batch = measure_given(s->batch_measure, s->batch_value, false);
    if (!f.threshold.given)
        f.threshold = measure_given(s->threshold_measure, s->threshold_value, s->threshold_per_batch);
    if (!f.timeouts.given) f.timeouts = times_given(s->queue_timeout, s->execution_timeout);
    if (!f.retries.given)
        f.retries = (command_retry){.given = s->retries_max > 0, .max = s->retries_max, .on = s->retries_on};
    return f;
}

/* Without a job's fields it is not looked at: a schedule whose group is gone can still be disabled. */
static enum refusal change_plan(struct decision *d, const struct job_fields *given, struct event *saved)
{
    struct job_plan plan;
    __typeof__(&saved->schedule_saved) s = &saved->schedule_saved;
    if (s->group && !names_job_fields(given)) return ACCEPTED;
    struct job_fields fields = fields_with(d, given, saved);
    enum refusal refusal = plan_read(d, &fields, s->id, &plan);
    if (refusal) return refusal;
    s->display_name = plan.display_name;
    s->description = plan.description;
    s->group = plan.group;
    s->type = plan.data.type;
    s->target = plan.target;
    s->data = plan.data.data;
    s->batch_measure = plan.batch_measure;
    s->batch_value = plan.batch_value;
    s->threshold_measure = plan.threshold_measure;
    s->threshold_value = plan.threshold_value;
    s->threshold_per_batch = plan.threshold_per_batch;
    s->queue_timeout = plan.queue_timeout;
    s->execution_timeout = plan.execution_timeout;
    s->retries_max = plan.retries_max;
    s->retries_on = plan.retries_on;
    return ACCEPTED;
}

/* The timetable is given whole or not at all. */
static enum refusal change_times(struct decision *d, const command_timetable *given, struct event *saved)
{
    __typeof__(&saved->schedule_saved) s = &saved->schedule_saved;
    if (!given->given && s->recurrence) return ACCEPTED;
    if (!given->given)
        return refuse_field(d, "schedule is missing: {start, timeZone, recurrence, end?, missed?, overlap?}");
    if (!d->zones->is_known(given->time_zone))
        return refuse_field(d,
                            "schedule.timeZone must be a zone of the system's tzdata, such as \"Europe/Paris\"; "
                            "it does not list \"%.*s\"",
                            BYTES_ARG(text_quotable(given->time_zone, QUOTED_CHARACTERS_MAX)));
    s->start_us = given->start_us;
    s->time_zone = given->time_zone;
    s->recurrence = given->recurrence;
    s->end_us = given->end_us;
    s->end_occurrences = given->end_occurrences;
    s->missed = given->missed;
    s->overlap = given->overlap;
    return ACCEPTED;
}

static bool is_due_as_before(const struct event *before, const struct event *after)
{
    __typeof__(&before->schedule_saved) a = &before->schedule_saved, b = &after->schedule_saved;
    return a->enabled == b->enabled && a->start_us == b->start_us && bytes_equal(a->time_zone, b->time_zone) &&
           a->recurrence == b->recurrence && a->end_us == b->end_us && a->end_occurrences == b->end_occurrences;
}

static enum refusal refuse_ended(struct decision *d, enum schedule_end why, uint32_t occurrences)
{
    switch (why) {
    case ENDED_ONCE:
        return refuse_field(d,
                            "no run would be left: schedule.start has passed, and a run that comes once needs one in "
                            "the future");
    case ENDED_BY_DATE:
        return refuse_field(d, "no run would be left: the next one would come after schedule.end; take a later end, or "
                               "leave it out");
    case ENDED_BY_OCCURRENCES:
        return refuse_field(d,
                            "no run would be left: it had %u occurrences already; take a higher schedule.end, or leave "
                            "it out",
                            occurrences);
    case ENDED_WITHOUT_ZONE: break;
    }
    return refuse_field(d, "schedule.timeZone is not in the system's tzdata any more; take another one");
}

/* A new time only for what asks for one: a run that is due at this very moment is not lost by a new name. It is
 * after the last one, also when the clock was put back since. */
static enum refusal change_next(struct decision *d, const struct event *before, struct event *after)
{
    __typeof__(&after->schedule_saved) saved = &after->schedule_saved;
    const struct schedule *s = schedules_get(d->view, saved->schedule);
    enum schedule_end why;
    if (is_due_as_before(before, after)) return ACCEPTED;
    saved->next_us = 0;
    if (!saved->enabled) return ACCEPTED;
    struct timetable table = {.rules = d->zones,
                              .zone = saved->time_zone,
                              .start_us = saved->start_us,
                              .recurrence = (enum recurrence)saved->recurrence,
                              .end_us = saved->end_us,
                              .end_occurrences = saved->end_occurrences};
    uint32_t occurrences = s ? s->occurrences : 0;
    int64_t after_us = MAX(d->wall_us, s ? s->last_due_us : 0);
    saved->next_us = timetable_next(&table, after_us, occurrences + 1, &why);
    return saved->next_us ? ACCEPTED : refuse_ended(d, why, occurrences);
}

enum refusal decide_schedules_put(struct decision *d, const struct command *c)
{
    struct bytes id = c->schedules_put.id;
    enum refusal refusal = check_id(d, id, "id");
    if (refusal) return refusal;
    uint32_t number = schedules_find(d->view, id);
    if (!number && d->short_of_room) return REFUSED_NO_SPACE;

    struct event before = number ? saved_schedule(d, number) : new_schedule(d, id), after = before;
    command_flag enabled = c->schedules_put.enabled;
    if (enabled.given || !number) after.schedule_saved.enabled = enabled.given ? enabled.value : true;
    refusal = change_plan(d, &c->schedules_put.job, &after);
    if (!refusal) refusal = change_times(d, &c->schedules_put.schedule, &after);
    if (!refusal) refusal = change_next(d, &before, &after);
    if (refusal) return refusal;
    if (!events_are_equal(d, &before, &after)) emit(d->events, after);
    return answer_with(d, ANSWER_SCHEDULE, after.schedule_saved.schedule);
}

/* ---- The others. */

enum refusal decide_schedules_get(struct decision *d, const struct command *c)
{
    uint32_t number = schedules_find(d->view, c->schedules_get.id);
    if (!number) return REFUSED_NO_SUCH_SCHEDULE;
    return answer_with(d, ANSWER_SCHEDULE, number);
}

enum refusal decide_schedules_list(struct decision *d, const struct command *c)
{
    uint32_t rows, from;
    enum refusal refusal = check_page(d, c->schedules_list.limit, c->schedules_list.cursor, &rows, &from);
    if (refusal) return refusal;
    uint32_t *numbers = arena_alloc(d->arena, rows * sizeof *numbers);
    size_t count = 0;
    const struct schedule *s = schedules_next(d->view, from);
    for (; s && count < rows; s = schedules_next(d->view, numbers[count - 1] + 1)) numbers[count++] = s->number;
    d->answer =
        (struct answer){.kind = ANSWER_SCHEDULES, .numbers = numbers, .count = count, .next = s ? s->number : 0};
    return ACCEPTED;
}

enum refusal decide_schedules_remove(struct decision *d, const struct command *c)
{
    uint32_t number = schedules_find(d->view, c->schedules_remove.id);
    if (!number) return REFUSED_NO_SUCH_SCHEDULE;
    emit(d->events, (struct event){.type = EVENT_SCHEDULE_REMOVED, .schedule_removed = {.schedule = number}});
    return answer_with(d, ANSWER_EMPTY, 0);
}

enum refusal decide_schedules_runs(struct decision *d, const struct command *c)
{
    uint32_t rows, from;
    uint32_t number = schedules_find(d->view, c->schedules_runs.id);
    if (!number) return REFUSED_NO_SUCH_SCHEDULE;
    enum refusal refusal = check_page(d, c->schedules_runs.limit, c->schedules_runs.cursor, &rows, &from);
    if (refusal) return refusal;
    uint32_t *occurrences = arena_alloc(d->arena, rows * sizeof *occurrences);
    size_t count = 0;
    struct schedule_run run;
    bool more = schedules_run(d->view, number, from ? from : UINT32_MAX, &run);
    for (; more && count < rows; more = schedules_run(d->view, number, run.first - 1, &run))
        occurrences[count++] = run.last;
    d->answer = (struct answer){.kind = ANSWER_SCHEDULE_RUNS,
                                .number = number,
                                .numbers = occurrences,
                                .count = count,
                                .next = more ? run.last : 0};
    return ACCEPTED;
}
