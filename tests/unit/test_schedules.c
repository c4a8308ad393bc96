/* What schedules do by themselves, through the engine's own turn and with a clock that the story moves: years of them
 * in seconds, against the due times that Python's zoneinfo gave (local_times.txt). */
#include "tests/unit/schedule_stage.h"

#include "tests/unit/local_times.h"

/* ---- What a schedule does. */

static void a_schedule_makes_a_job_each_time_it_is_due(void **state)
{
    struct stage *s = *state;
    expect_answer(put(s, "nightly", NIGHTLY, ",\"displayName\":\"Night\""), "\"next\":\"2026-03-02T03:00:00.000000Z\"");
    then_answer_has(s, 1, "\"displayName\":\"Night\"");
    then_answer_has(s, 1, "\"missed\":\"run_once\",\"overlap\":\"queue\"");
    then_answer_has(s, 1, "\"enabled\":true");
    then_answer_has(s, 1, "\"occurrences\":0");
    stage_pass(s, 3 * HOUR - 1);
    expect_answer(job(s, "nightly-1"), "no_such_job");
    stage_pass(s, 1);
    expect_answer(job(s, "nightly-1"), "\"status\":\"running\"");
    then_answer_has(s, 1, "\"scheduledJobId\":\"nightly\"");
    then_answer_has(s, 1, "\"displayName\":\"Night\"");
    expect_answer(schedule(s, "nightly"), "\"next\":\"2026-03-03T03:00:00.000000Z\"");
    then_answer_has(s, 1,
                    "\"lastRun\":{\"occurrence\":1,\"due\":\"2026-03-02T03:00:00.000000Z\",\"job\":\"nightly-1\"");
    complete_work(s);
    expect_answer(job(s, "nightly-1"), "\"status\":\"complete\"");
    stage_pass(s, DAY);
    expect_answer(job(s, "nightly-2"), "\"status\":\"running\"");
}

static void each_run_reads_the_group_anew(void **state)
{
    struct stage *s = *state;
    put(s, "nightly", NIGHTLY, "");
    stage_pass(s, 3 * HOUR);
    expect_answer(job(s, "nightly-1"), "\"total\":1");
    complete_work(s);
    stage_call(s, 1, "devices.put", "{\"id\":\"gw-2\"}");
    stage_pass(s, DAY);
    expect_answer(job(s, "nightly-2"), "\"total\":2");
}

static void a_run_is_told_of_in_lists_and_in_the_history(void **state)
{
    struct stage *s = *state;
    put(s, "nightly", NIGHTLY, "");
    stage_call(s, 1, "jobs.run", "{\"id\":\"by-hand\"," DATA "}");
    stage_pass(s, 3 * HOUR);
    expect_answer(stage_call(s, 1, "jobs.list", "{\"section\":\"scheduled\"}"), "\"value\":[{\"id\":\"nightly-1\"");
    assert_int_equal(count_of(stage_answers(s, 1), "\"excluded\""), 1);
    complete_work(s);
    expect_answer(stage_call(s, 1, "jobs.list", "{\"section\":\"recent\"}"), "\"id\":\"nightly-1\"");
    expect_answer(
        stage_call(s, 1, "events.read", "{\"limit\":1,\"filter\":{\"type\":\"SCHEDULE_FIRED\"}}"),
        "\"actor\":\"engine\",\"schedule\":\"nightly\",\"occurrence\":1,"
        "\"due\":\"2026-03-02T03:00:00.000000Z\",\"job\":\"nightly-1\",\"next\":\"2026-03-03T03:00:00.000000Z\"");
    expect_answer(
        stage_call(s, 1, "events.read", "{\"limit\":1,\"filter\":{\"type\":\"SCHEDULE_SAVED\"}}"),
        "\"start\":\"2026-03-02T03:00:00.000000Z\",\"timeZone\":\"UTC\",\"recurrence\":\"daily\",\"end\":null,"
        "\"endOccurrences\":0,\"missed\":\"run_once\",\"overlap\":\"queue\",\"enabled\":true");
}

static void the_loop_is_woken_when_a_run_is_due(void **state)
{
    struct stage *s = *state;
    put(s, "nightly", NIGHTLY, "");
    stage_pass(s, SECOND);
    /* The clock may be put forward meanwhile: it looks every minute. */
    assert_int_equal(turn_deadline_us(s->turn), s->clock.monotonic_us + 60 * (int64_t)SECOND);
    stage_pass(s, 3 * HOUR - 6 * (int64_t)SECOND);
    assert_int_equal(turn_deadline_us(s->turn), s->clock.monotonic_us + 5 * (int64_t)SECOND);
    change(s, "nightly", "\"enabled\":false");
    stage_pass(s, SECOND);
    assert_true(turn_deadline_us(s->turn) == INT64_MAX);
}

/* ---- The schedules of local_times.txt, all in one engine, through every change of a clock in 2026. */

struct year {
    struct local_times *times;
    uint32_t at[LOCAL_SCHEDULES_MAX]; /* the time each is due at next */
    uint32_t fired[LOCAL_SCHEDULES_MAX];
};

static const char *local_id(uint32_t index)
{
    static char id[16];
    snprintf(id, sizeof id, "s-%u", index);
    return id;
}

static void pass_due_times(struct year *year, int64_t now_us)
{
    for (uint32_t i = 0; i < year->times->count; i++) {
        for (; year->times->schedules[i].due_us[year->at[i]] <= now_us; year->at[i]++) year->fired[i]++;
    }
}

/* They all began long ago; nothing is made up for that was due before they were put. */
static void given_local_schedules(struct stage *s, struct year *year)
{
    *year = (struct year){.times = local_times_read()};
    for (uint32_t i = 0; i < year->times->count; i++) {
        const struct local_schedule *l = &year->times->schedules[i];
        char table[160], text[TIMESTAMP_SIZE];
        snprintf(table, sizeof table, "\"start\":\"%.*s\",\"timeZone\":\"%s\",\"recurrence\":\"%s\"",
                 BYTES_ARG(timestamp_text(l->due_us[0], text)), l->zone, l->recurrence);
        expect_answer(put(s, local_id(i), table, ""), "\"next\"");
    }
    pass_due_times(year, s->clock.wall_us);
    memset(year->fired, 0, sizeof year->fired);
}

static void then_all_are_due_as_listed(struct stage *s, const struct year *year)
{
    for (uint32_t i = 0; i < year->times->count; i++) {
        struct schedule found = stored(s, local_id(i));
        assert_int_equal(found.next_us, year->times->schedules[i].due_us[year->at[i]]);
        assert_int_equal(found.last_run, year->fired[i]);
    }
}

static void a_year_of_runs_in_four_zones_is_due_when_another_implementation_says(void **state)
{
    struct stage *s = *state;
    struct year year;
    /* No run is in the way of the next. */
    stage_call(s, 1, "groups.put", "{\"id\":\"all\",\"filter\":\"$id = 'nobody'\"}");
    given_local_schedules(s, &year);
    int64_t end_us = s->clock.wall_us + 260 * DAY;
    for (unsigned step = 1; s->clock.wall_us < end_us; step++) {
        then_all_are_due_as_listed(s, &year);
        pass_to_next(s);
        pass_due_times(&year, s->clock.wall_us);
        if (step % 500 == 0) stage_restart(s);
    }
    then_all_are_due_as_listed(s, &year);
    for (uint32_t i = 0; i < year.times->count; i++) assert_true(year.fired[i] >= 37);
    assert_int_equal(events_of(s, "SCHEDULE_MISSED"), 0);
    free(year.times);
}

/* ---- Nothing fires twice. */

static void a_restart_fires_what_was_not_fired_and_nothing_twice(void **state)
{
    struct stage *s = *state;
    put(s, "nightly", NIGHTLY, "");
    stage_pass(s, 3 * HOUR);
    stage_restart(s);
    stage_restart(s);
    assert_int_equal(events_of(s, "SCHEDULE_FIRED"), 1);
    stage_pass(s, DAY - 5 * (int64_t)SECOND);
    turn_close(s->turn, &s->clock);
    s->clock.wall_us += 15 * (int64_t)SECOND;
    s->clock.monotonic_us += 15 * (int64_t)SECOND;
    stage_start(s);
    assert_int_equal(events_of(s, "SCHEDULE_FIRED"), 2);
    assert_int_equal(events_of(s, "SCHEDULE_MISSED"), 0);
}

static void a_clock_set_back_fires_nothing_again(void **state)
{
    struct stage *s = *state;
    put(s, "nightly", NIGHTLY, "");
    stage_pass(s, 3 * HOUR);
    s->clock.wall_us -= 2 * HOUR;
    stage_settle(s);
    expect_answer(schedule(s, "nightly"), "\"next\":\"2026-03-03T03:00:00.000000Z\"");
    change(s, "nightly", "\"enabled\":false");
    expect_answer(change(s, "nightly", "\"enabled\":true"), "\"next\":\"2026-03-03T03:00:00.000000Z\"");
    stage_pass(s, 4 * HOUR);
    assert_int_equal(events_of(s, "SCHEDULE_FIRED"), 1);
    stage_pass(s, DAY);
    assert_int_equal(events_of(s, "SCHEDULE_FIRED"), 2);
}

static void a_clock_set_forward_runs_what_it_leapt_over_once(void **state)
{
    struct stage *s = *state;
    put(s, "nightly", NIGHTLY, "");
    s->clock.wall_us += 3 * DAY;
    stage_settle(s);
    expect_answer(runs(s, "nightly"), "\"occurrence\":3,\"due\":\"2026-03-04T03:00:00.000000Z\",\"job\":\"nightly-3\"");
    then_answer_has(s, 1,
                    "{\"occurrence\":1,\"due\":\"2026-03-02T03:00:00.000000Z\",\"status\":\"missed\",\"reason\":"
                    "\"late\",\"count\":2}");
}

/* ---- Missed. */

static void the_last_of_many_missed_runs_is_made_up_for(void **state)
{
    struct stage *s = *state;
    put(s, "nightly", NIGHTLY, "");
    stage_pass(s, 4 * HOUR);
    be_down(s, 1000 * DAY);
    expect_answer(runs(s, "nightly"),
                  "\"value\":[{\"occurrence\":1001,\"due\":\"2028-11-26T03:00:00.000000Z\",\"job\":\"nightly-1001\"");
    then_answer_has(s, 1,
                    "{\"occurrence\":2,\"due\":\"2026-03-03T03:00:00.000000Z\",\"status\":\"missed\","
                    "\"reason\":\"engine_down\",\"count\":999}");
    expect_answer(schedule(s, "nightly"), "\"next\":\"2028-11-27T03:00:00.000000Z\"");
    then_answer_has(s, 1, "\"occurrences\":1001");
    then_answer_has(s, 1, "\"lastMissed\":{\"occurrence\":2");
    assert_int_equal(events_of(s, "SCHEDULE_MISSED"), 1);
}

static void missed_runs_are_left_out_when_the_schedule_says_so(void **state)
{
    struct stage *s = *state;
    put(s, "nightly", NIGHTLY ",\"missed\":\"skip\"", "");
    be_down(s, 2 * DAY);
    expect_answer(runs(s, "nightly"), "{\"value\":[{\"occurrence\":1,\"due\":\"2026-03-02T03:00:00.000000Z\","
                                      "\"status\":\"missed\",\"reason\":\"engine_down\",\"count\":2}]}");
    expect_answer(schedule(s, "nightly"), "\"next\":\"2026-03-04T03:00:00.000000Z\"");
    /* What is due at this very moment is not late. */
    be_down(s, DAY + 3 * HOUR + 10 * (int64_t)SECOND);
    expect_answer(runs(s, "nightly"), "{\"value\":[{\"occurrence\":4,\"due\":\"2026-03-05T03:00:00.000000Z\",\"job\":");
    then_answer_has(s, 1, "{\"occurrence\":3,\"due\":\"2026-03-04T03:00:00.000000Z\",\"status\":\"missed\"");
}

static void a_missed_single_run_is_made_up_for_or_not(void **state)
{
    struct stage *s = *state;
    const char *once = "\"start\":\"2026-03-02T03:00:00Z\",\"timeZone\":\"UTC\",\"recurrence\":\"once\"";
    const char *strict =
        "\"start\":\"2026-03-02T03:00:00Z\",\"timeZone\":\"UTC\",\"recurrence\":\"once\",\"missed\":\"skip\"";
    put(s, "once", once, "");
    put(s, "strict", strict, "");
    be_down(s, DAY);
    expect_answer(schedule(s, "once"), "\"endedReason\":\"once\"");
    then_answer_has(s, 1, "\"lastRun\"");
    expect_answer(schedule(s, "strict"), "\"endedReason\":\"once\"");
    then_answer_has(s, 1, "\"lastMissed\"");
    expect_answer(job(s, "strict-1"), "no_such_job");
}

/* ---- Overlaps. */

static void the_next_run_waits_for_the_one_before(void **state)
{
    struct stage *s = *state;
    put(s, "nightly", NIGHTLY, "");
    stage_pass(s, 4 * HOUR);
    stage_pass(s, DAY);
    expect_answer(job(s, "nightly-1"), "\"status\":\"running\"");
    expect_answer(job(s, "nightly-2"), "\"status\":\"pending\"");
    then_answer_has(s, 1, "\"waiting\":\"another run of its schedule,nightly-1,is not over\"");
    /* Others do not wait for it. */
    stage_call(s, 1, "jobs.run", "{\"id\":\"by-hand\"," DATA "}");
    expect_answer(job(s, "by-hand"), "\"status\":\"running\"");
    stage_call(s, 1, "jobs.cancel", "{\"id\":\"nightly-1\"}");
    expect_answer(job(s, "nightly-2"), "\"status\":\"running\"");
}

static void a_stopped_run_is_not_waited_for(void **state)
{
    struct stage *s = *state;
    put(s, "nightly", NIGHTLY, "");
    stage_pass(s, 4 * HOUR);
    stage_call(s, 1, "jobs.stop", "{\"id\":\"nightly-1\"}");
    stage_pass(s, DAY);
    expect_answer(job(s, "nightly-2"), "\"status\":\"running\"");
    stage_call(s, 1, "jobs.resume", "{\"id\":\"nightly-1\"}");
    expect_answer(job(s, "nightly-1"), "\"waiting\":\"another run of its schedule,nightly-2,is not over\"");
}

static void a_run_is_left_out_when_the_one_before_is_not_over(void **state)
{
    struct stage *s = *state;
    put(s, "nightly", NIGHTLY ",\"overlap\":\"skip\"", "");
    stage_pass(s, 4 * HOUR);
    stage_pass(s, DAY);
    expect_answer(schedule(s, "nightly"), "\"lastMissed\":{\"occurrence\":2,\"due\":\"2026-03-03T03:00:00.000000Z\","
                                          "\"status\":\"missed\",\"reason\":\"overlap\"}");
    complete_work(s);
    stage_pass(s, DAY);
    expect_answer(job(s, "nightly-3"), "\"status\":\"running\"");
}

/* ---- Ends. */

static void a_schedule_ends_after_so_many_occurrences(void **state)
{
    struct stage *s = *state;
    expect_answer(put(s, "nightly", NIGHTLY ",\"end\":{\"type\":\"occurrences\",\"value\":3}", ""),
                  "\"end\":{\"type\":\"occurrences\",\"value\":3}");
    stage_pass(s, 4 * HOUR);
    be_down(s, 10 * DAY);
    expect_answer(runs(s, "nightly"), "{\"value\":[{\"occurrence\":3,\"due\":\"2026-03-04T03:00:00.000000Z\",\"job\":");
    expect_answer(schedule(s, "nightly"), "\"ended\":\"2026-03-12T04:00:00.000000Z\",\"endedReason\":\"occurrences\"");
    assert_null(strstr(stage_answers(s, 1), "\"next\""));
    stage_pass(s, 10 * DAY);
    expect_answer(schedule(s, "nightly"), "\"occurrences\":3");
    /* More of them go on from there; fewer, or the same again, make no sense. */
    expect_answer(put(s, "nightly", NIGHTLY ",\"end\":{\"type\":\"occurrences\",\"value\":2}", ""),
                  "no run would be left:it had 3 occurrences already");
    expect_answer(put(s, "nightly", NIGHTLY ",\"end\":{\"type\":\"occurrences\",\"value\":4}", ""),
                  "\"next\":\"2026-03-23T03:00:00.000000Z\",\"occurrences\":3");
    assert_null(strstr(stage_answers(s, 1), "\"ended\""));
}

static void a_schedule_ends_at_a_date(void **state)
{
    struct stage *s = *state;
    put(s, "nightly", NIGHTLY ",\"end\":{\"type\":\"date\",\"value\":\"2026-03-03T03:00:00Z\"}", "");
    then_answer_has(s, 1, "\"end\":{\"type\":\"date\",\"value\":\"2026-03-03T03:00:00.000000Z\"}");
    be_down(s, 5 * DAY);
    expect_answer(runs(s, "nightly"), "\"job\":\"nightly-2\"");
    expect_answer(schedule(s, "nightly"), "\"endedReason\":\"date\"");
    then_answer_has(s, 1, "\"occurrences\":2");
    assert_int_equal(events_of(s, "SCHEDULE_ENDED"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_schedule_makes_a_job_each_time_it_is_due),
        STORY(each_run_reads_the_group_anew),
        STORY(a_run_is_told_of_in_lists_and_in_the_history),
        STORY(the_loop_is_woken_when_a_run_is_due),
        STORY(a_year_of_runs_in_four_zones_is_due_when_another_implementation_says),
        STORY(a_restart_fires_what_was_not_fired_and_nothing_twice),
        STORY(a_clock_set_back_fires_nothing_again),
        STORY(a_clock_set_forward_runs_what_it_leapt_over_once),
        STORY(the_last_of_many_missed_runs_is_made_up_for),
        STORY(missed_runs_are_left_out_when_the_schedule_says_so),
        STORY(a_missed_single_run_is_made_up_for_or_not),
        STORY(the_next_run_waits_for_the_one_before),
        STORY(a_stopped_run_is_not_waited_for),
        STORY(a_run_is_left_out_when_the_one_before_is_not_over),
        STORY(a_schedule_ends_after_so_many_occurrences),
        STORY(a_schedule_ends_at_a_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
