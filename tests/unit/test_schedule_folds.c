/* What the fold of schedules makes of its events, and which ones it calls impossible: above all a time that is due
 * twice. */
#include "tests/unit/fold_story.h"

#include "projections/schedules.h"

enum { HOUR_US = 3600000000 };

static struct event group_saved(uint32_t number)
{
    return (struct event){.type = EVENT_GROUP_SAVED, .group_saved = {.number = number, .id = BYTES("all")}};
}

static struct event saved(uint32_t number, const char *id, int64_t next_us)
{
    return (struct event){.type = EVENT_SCHEDULE_SAVED,
                          .schedule_saved = {.schedule = number,
                                             .id = bytes_of_text(id),
                                             .display_name = BYTES("Nightly"),
                                             .group = 1,
                                             .type = JOB_TYPE_COMMAND,
                                             .time_zone = BYTES("UTC"),
                                             .recurrence = RECURS_DAILY,
                                             .missed = MISSED_RUN_ONCE,
                                             .overlap = OVERLAP_QUEUE,
                                             .enabled = next_us != 0,
                                             .next_us = next_us}};
}

static struct event fired(uint32_t schedule, uint32_t occurrence, int64_t due_us, uint32_t job, int64_t next_us)
{
    return (struct event){.type = EVENT_SCHEDULE_FIRED,
                          .schedule_fired = {schedule, occurrence, due_us, job, next_us, 0}};
}

static struct event missed(uint32_t schedule, uint32_t from, uint32_t to, int64_t due_us, uint32_t reason,
                           int64_t next_us)
{
    return (struct event){.type = EVENT_SCHEDULE_MISSED,
                          .schedule_missed = {schedule, from, to, due_us, reason, next_us, 0}};
}

static struct event ended(uint32_t schedule, uint32_t reason)
{
    return (struct event){.type = EVENT_SCHEDULE_ENDED, .schedule_ended = {schedule, reason, 0}};
}

static struct event removed(uint32_t schedule)
{
    return (struct event){.type = EVENT_SCHEDULE_REMOVED, .schedule_removed = {schedule, 0}};
}

static uint32_t first_due(struct story *s)
{
    const struct schedule *first = schedules_first_due(live(s));
    return first ? first->number : 0;
}

static void the_one_that_is_due_first_comes_first(void **state)
{
    struct story *s = *state;
    int64_t hour = HOUR_US;
    given(s, group_saved(1));
    assert_int_equal(first_due(s), 0);
    given(s, saved(1, "a", 3 * hour), saved(2, "b", 2 * hour), saved(3, "c", 2 * hour), saved(4, "d", 0));
    assert_int_equal(first_due(s), 2);
    given(s, saved(2, "b", 5 * hour));
    assert_int_equal(first_due(s), 3);
    given(s, removed(3));
    assert_int_equal(first_due(s), 1);
    given(s, job_created(1, "a-1"), job_queued(1), fired(1, 1, 3 * hour, 1, 6 * hour));
    assert_int_equal(first_due(s), 2);
    given(s, saved(2, "b", 0), missed(1, 2, 9, 6 * hour, MISSED_LATE, 0), ended(1, ENDED_BY_OCCURRENCES));
    assert_int_equal(first_due(s), 0);
    /* Very far away is still in order, if not to the last. */
    given(s, saved(4, "d", INT64_MAX), saved(2, "b", 5 * hour));
    assert_int_equal(first_due(s), 2);
}

static void what_became_of_each_occurrence_is_known(void **state)
{
    struct story *s = *state;
    struct schedule_run run;
    int64_t hour = HOUR_US;
    given(s, group_saved(1), saved(1, "a", hour), saved(2, "b", hour), job_created(1, "a-1"), job_queued(1),
          fired(1, 1, hour, 1, 2 * hour), missed(1, 2, 5, 2 * hour, MISSED_ENGINE_DOWN, 6 * hour));
    assert_true(schedules_run(live(s), 1, UINT32_MAX, &run));
    assert_int_equal(run.first, 2);
    assert_int_equal(run.last, 5);
    assert_int_equal(run.reason, MISSED_ENGINE_DOWN);
    assert_int_equal(run.due_us, 2 * hour);
    assert_true(schedules_run(live(s), 1, run.first - 1, &run));
    assert_int_equal(run.job, 1);
    assert_int_equal(run.due_us, hour);
    assert_false(schedules_run(live(s), 1, 0, &run));
    assert_false(schedules_run(live(s), 2, UINT32_MAX, &run));
    assert_int_equal(jobs_get(live(s), 1)->schedule, 1);
    const struct schedule *a = schedules_get(live(s), 1);
    assert_int_equal(a->occurrences, 5);
    assert_int_equal(a->last_run, 1);
    assert_int_equal(a->last_missed, 5);
    assert_int_equal(a->next_us, 6 * hour);
}

static void a_removed_one_frees_its_id_and_keeps_its_number(void **state)
{
    struct story *s = *state;
    struct schedule_text text;
    given(s, group_saved(1), saved(1, "a", HOUR_US), removed(1), saved(2, "a", HOUR_US));
    assert_int_equal(schedules_find(live(s), BYTES("a")), 2);
    assert_true(schedules_text(live(s), 1, &text));
    assert_true(bytes_equal(text.id, BYTES("a")));
    assert_int_equal(schedules_next(live(s), 1)->number, 2);
    then_illegal(s, removed(1), "there is no schedule 1");
    then_illegal(s, saved(1, "a", HOUR_US), "schedule number 1 is not the next one, 3");
}

static void nothing_is_due_twice(void **state)
{
    struct story *s = *state;
    int64_t hour = HOUR_US;
    given(s, group_saved(1), saved(1, "a", 2 * hour), job_created(1, "a-1"), job_created(2, "a-2"));
    then_illegal(s, fired(1, 1, hour, 1, 3 * hour), "occurrence 1 of schedule 1 is not due then");
    then_illegal(s, fired(1, 2, 2 * hour, 1, 3 * hour), "occurrence 2 of schedule 1 is not due then");
    then_illegal(s, fired(1, 1, 2 * hour, 1, 2 * hour), "is due when it was due before");
    then_illegal(s, fired(1, 1, 2 * hour, 0, 3 * hour), "there is no job 0");
    then_illegal(s, fired(1, 1, 2 * hour, 3, 3 * hour), "there is no job 3");
    then_illegal(s, missed(1, 1, 0, 2 * hour, MISSED_LATE, 0), "is not due then");
    then_illegal(s, missed(1, 1, 1, 2 * hour, 9, 0), "unknown reason 9");
    then_illegal(s, ended(1, ENDED_ONCE), "schedule 1 is due and has ended");
    given(s, fired(1, 1, 2 * hour, 1, 3 * hour));
    then_illegal(s, fired(1, 1, 2 * hour, 2, 3 * hour), "is not due then");
    then_illegal(s, fired(1, 2, 3 * hour, 1, 4 * hour), "job 1 is a run of schedule 1 already");
    then_illegal(s, saved(1, "a", 2 * hour), "is due when it was due before");
    given(s, missed(1, 2, 2, 3 * hour, MISSED_LATE, 0));
    then_illegal(s, fired(1, 3, 3 * hour, 2, 0), "is not due then");
    then_illegal(s, ended(1, 5), "unknown reason 5");
}

static void a_schedule_that_cannot_be_is_illegal(void **state)
{
    struct story *s = *state;
    struct event bad = saved(1, "a", HOUR_US);
    then_illegal(s, bad, "has a group that was never saved");
    given(s, group_saved(1), saved(1, "a", HOUR_US), job_created(1, "a-1"));
    then_illegal(s, saved(3, "b", HOUR_US), "schedule number 3 is not the next one, 2");
    then_illegal(s, saved(2, "a", HOUR_US), "schedule id a is taken");
    then_illegal(s, saved(2, "", HOUR_US), "id has 0 bytes");
    then_illegal(s, saved(1, "b", HOUR_US), "schedule 1 is not called b");
    then_illegal(s, fired(2, 1, HOUR_US, 1, 0), "there is no schedule 2");
    then_illegal(s, missed(2, 1, 1, HOUR_US, MISSED_LATE, 0), "there is no schedule 2");
    then_illegal(s, ended(2, ENDED_ONCE), "there is no schedule 2");
    bad.schedule_saved.target = 1;
    then_illegal(s, bad, "has a target that was never saved");
    bad = saved(1, "a", HOUR_US);
    bad.schedule_saved.recurrence = 4;
    then_illegal(s, bad, "unknown recurrence");
    bad = saved(1, "a", HOUR_US);
    bad.schedule_saved.missed = 3;
    then_illegal(s, bad, "about a missed run");
    bad = saved(1, "a", HOUR_US);
    bad.schedule_saved.overlap = 0;
    then_illegal(s, bad, "about an overlap");
    bad = saved(1, "a", HOUR_US);
    bad.schedule_saved.enabled = false;
    then_illegal(s, bad, "is disabled and due");
    bad = saved(1, "a", HOUR_US);
    bad.schedule_saved.start_us = -1;
    then_illegal(s, bad, "a time before 1970");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(the_one_that_is_due_first_comes_first),
        STORY(what_became_of_each_occurrence_is_known),
        STORY(a_removed_one_frees_its_id_and_keeps_its_number),
        STORY(nothing_is_due_twice),
        STORY(a_schedule_that_cannot_be_is_illegal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
