/* Schedules and those who put, change and look at them; what else is in the way of a run; refusals; a rebuild. */
#include "tests/unit/schedule_stage.h"

#include "engine/decide/limits.h"
#include "engine/refold.h"

/* ---- Changes. */

static void an_edit_moves_the_next_run_and_counts_on(void **state)
{
    struct stage *s = *state;
    put(s, "nightly", NIGHTLY, ",\"description\":\"every night\"");
    stage_pass(s, 4 * HOUR);
    complete_work(s);
    change(s, "nightly",
           "\"schedule\":{\"start\":\"2026-03-02T05:30:00Z\",\"timeZone\":\"UTC\",\"recurrence\":\"weekly\"}");
    then_answer_has(s, 1, "\"next\":\"2026-03-02T05:30:00.000000Z\"");
    then_answer_has(s, 1, "\"description\":\"every night\"");
    stage_pass(s, 2 * HOUR);
    expect_answer(job(s, "nightly-2"), "\"scheduledJobId\":\"nightly\"");
    expect_answer(schedule(s, "nightly"), "\"next\":\"2026-03-09T05:30:00.000000Z\"");
    /* What it runs is another thing, when it runs stays. */
    change(s, "nightly", "\"displayName\":\"Weekly\",\"batch\":{\"type\":\"number\",\"value\":5}");
    then_answer_has(s, 1, "\"displayName\":\"Weekly\",\"description\":\"every night\"");
    then_answer_has(s, 1, "\"next\":\"2026-03-09T05:30:00.000000Z\"");
    complete_work(s);
    stage_pass(s, 7 * DAY);
    expect_answer(job(s, "nightly-3"), "\"batch\":{\"type\":\"number\",\"value\":5}");
}

static void the_same_again_changes_nothing(void **state)
{
    struct stage *s = *state;
    put(s, "nightly", NIGHTLY ",\"end\":{\"type\":\"occurrences\",\"value\":3}",
        ",\"batch\":{\"type\":\"percentage\",\"value\":10},\"cancellationThreshold\":{\"type\":\"number\",\"value\":1,"
        "\"batch\":true},"
        "\"timeouts\":{\"execution\":7},\"retries\":{\"max\":2}");
    stage_pass(s, 3 * HOUR);
    change(s, "nightly", "\"enabled\":true");
    change(s, "nightly", "\"displayName\":\"nightly\"");
    put(s, "nightly", NIGHTLY ",\"end\":{\"type\":\"occurrences\",\"value\":3}", "");
    then_answer_has(s, 1, "\"retries\":{\"max\":2,\"on\":[\"failed\",\"timed_out\"]}");
    assert_int_equal(events_of(s, "SCHEDULE_SAVED"), 1);
}

static void a_disabled_schedule_is_kept_and_not_due(void **state)
{
    struct stage *s = *state;
    put(s, "nightly", NIGHTLY, "");
    stage_pass(s, 4 * HOUR);
    complete_work(s);
    expect_answer(change(s, "nightly", "\"enabled\":false"), "\"enabled\":false,\"occurrences\":1");
    stage_pass(s, 3 * DAY);
    expect_answer(change(s, "nightly", "\"enabled\":true"),
                  "\"next\":\"2026-03-06T03:00:00.000000Z\",\"occurrences\":1");
    stage_pass(s, DAY);
    expect_answer(job(s, "nightly-2"), "\"status\":\"running\"");
    /* One that was never enabled may begin in the past. */
    put(s, "later", "\"start\":\"2020-01-01T00:00:00Z\",\"timeZone\":\"UTC\",\"recurrence\":\"once\"",
        ",\"enabled\":false");
    then_answer_has(s, 1, "\"enabled\":false");
    expect_answer(change(s, "later", "\"enabled\":true"), "schedule.start has passed");
}

static void a_removed_schedule_leaves_its_runs(void **state)
{
    struct stage *s = *state;
    put(s, "nightly", NIGHTLY, "");
    stage_pass(s, 4 * HOUR);
    expect_answer(stage_call(s, 1, "schedules.remove", "{\"id\":\"nightly\"}"), "null,{}");
    expect_answer(schedule(s, "nightly"), "no_such_schedule");
    expect_answer(stage_call(s, 1, "schedules.remove", "{\"id\":\"nightly\"}"), "no_such_schedule");
    stage_pass(s, 3 * DAY);
    expect_answer(job(s, "nightly-1"), "\"scheduledJobId\":\"nightly\"");
    expect_answer(stage_call(s, 1, "schedules.list", "{}"), "\"value\":[]");
    /* Another one of that name begins from 1, beside the jobs of the first. */
    put(s, "nightly", NIGHTLY, "");
    stage_pass(s, DAY);
    expect_answer(runs(s, "nightly"),
                  "{\"value\":[{\"occurrence\":1,\"due\":\"2026-03-06T03:00:00.000000Z\",\"job\":\"nightly-1-");
}

/* ---- Names of runs. */

static void a_run_finds_a_name_whoever_has_it(void **state)
{
    struct stage *s = *state;
    char longest[129] = {0};
    memset(longest, 'x', 128);
    stage_call(s, 1, "jobs.run", "{\"id\":\"nightly-1\"," DATA "}");
    put(s, "nightly", NIGHTLY, "");
    expect_answer(put(s, longest, NIGHTLY, ""), "\"next\"");
    longest[127] = 'y';
    expect_answer(put(s, longest, NIGHTLY, ""), "\"next\"");
    stage_pass(s, 3 * HOUR);
    expect_answer(schedule(s, "nightly"), "\"job\":\"nightly-1-");
    longest[126] = '-';
    longest[127] = '1';
    expect_answer(job(s, longest), "\"scheduledJobId\":\"xxxxx");
    assert_int_equal(events_of(s, "SCHEDULE_FIRED"), 3);
}

static void nobody_runs_a_schedule_s_job_again_by_its_name(void **state)
{
    struct stage *s = *state;
    put(s, "nightly", NIGHTLY, "");
    stage_pass(s, 3 * HOUR);
    expect_answer(stage_call(s, 1, "jobs.run", "{\"id\":\"nightly-1\"," DATA "}"), "\"conflict\"");
}

/* ---- Groups and templates that go. */

static void a_run_without_its_group_is_missed(void **state)
{
    struct stage *s = *state;
    put(s, "nightly", NIGHTLY, "");
    stage_call(s, 1, "groups.remove", "{\"id\":\"all\",\"force\":true}");
    stage_pass(s, 4 * HOUR);
    expect_answer(schedule(s, "nightly"), "\"lastMissed\":{\"occurrence\":1,\"due\":\"2026-03-02T03:00:00.000000Z\","
                                          "\"status\":\"missed\",\"reason\":\"group_removed\"}");
    then_answer_has(s, 1, "\"next\":\"2026-03-03T03:00:00.000000Z\"");
    /* It can be disabled, and given another group. */
    expect_answer(change(s, "nightly", "\"enabled\":false"), "\"enabled\":false");
    expect_answer(change(s, "nightly", "\"displayName\":\"x\""), "no_such_group");
    stage_call(s, 1, "groups.put", "{\"id\":\"others\"}");
    expect_answer(change(s, "nightly", "\"group\":\"others\",\"enabled\":true"), "\"group\":\"others\"");
    stage_pass(s, DAY);
    expect_answer(job(s, "nightly-2"), "\"status\":\"running\"");
}

static void a_run_without_its_template_is_missed(void **state)
{
    struct stage *s = *state;
    stage_call(s, 1, "templates.put", "{\"id\":\"pump\"}");
    stage_call(
        s, 1, "schedules.put",
        "{\"id\":\"pumps\",\"group\":\"all\",\"data\":[{\"type\":\"command\",\"target\":\"pump\",\"path\":\"reboot\"}],"
        "\"schedule\":{" NIGHTLY "}}");
    then_answer_has(s, 1, "\"next\"");
    stage_call(s, 1, "templates.remove", "{\"id\":\"pump\",\"force\":true}");
    stage_pass(s, 4 * HOUR);
    expect_answer(runs(s, "pumps"), "\"reason\":\"template_removed\"");
}

static const char *put_on_pumps(struct stage *s, const char *path)
{
    return stage_call(s, 1, "schedules.put",
                      "{\"id\":\"pumps\",\"group\":\"all\",\"data\":[{\"type\":\"property\",\"target\":\"pump\","
                      "\"path\":\"%s\",\"value\":21}],\"schedule\":{" NIGHTLY "}}", path);
}

static void given_pumps_with(struct stage *s, const char *schema)
{
    stage_call(s, 1, "templates.put",
               "{\"id\":\"pump\",\"capabilities\":[{\"path\":\"target\",\"kind\":\"property\",\"schema\":\"%s\"}]}",
               schema);
}

static void a_schedule_is_held_against_its_templates_capabilities(void **state)
{
    struct stage *s = *state;
    given_pumps_with(s, "double");
    stage_call(s, 1, "devices.put", "{\"id\":\"gw-1\",\"template\":\"pump\"}");
    expect_answer(put_on_pumps(s, "speed"), "data[0].path:the template \\\"pump\\\" has no property \\\"speed\\\"");
    expect_answer(put_on_pumps(s, "target"), "\"next\"");
    given_pumps_with(s, "string");
    stage_pass(s, 4 * HOUR);
    expect_answer(runs(s, "pumps"), "\"status\":\"missed\",\"reason\":\"data_unfit\"");
    given_pumps_with(s, "integer");
    stage_pass(s, DAY);
    expect_answer(job(s, "pumps-2"), "\"status\":\"running\"");
    assert_true(stage_rebuild_gives_the_same(s));
}

/* ---- What else keeps a run from being made. */

static void a_run_is_missed_when_the_disk_is_nearly_full(void **state)
{
    struct stage *s = *state;
    put(s, "nightly", NIGHTLY, "");
    s->settings.ballast_bytes = UINT64_C(1) << 60; /* which the disk has not */
    stage_restart(s);
    stage_pass(s, 4 * HOUR);
    expect_answer(runs(s, "nightly"), "\"status\":\"missed\",\"reason\":\"no_room\"");
    expect_answer(put(s, "weekly", NIGHTLY, ""), "\"no_space\"");
    expect_answer(change(s, "nightly", "\"enabled\":false"), "\"enabled\":false");
}

static void a_run_is_missed_when_there_are_too_many_jobs(void **state)
{
    struct stage *s = *state;
    put(s, "nightly", NIGHTLY, "");
    for (int i = 0; i < JOBS_ACTIVE_MAX; i++) stage_queue(s, 1, "jobs.run", "{" DATA "}");
    stage_settle(s);
    stage_pass(s, 4 * HOUR);
    expect_answer(runs(s, "nightly"), "\"status\":\"missed\",\"reason\":\"too_many_jobs\"");
}

/* As another system's tzdata might have it, when the engine moves there. */
static void given_a_zone_that_is_gone(struct stage *s, const char *id)
{
    struct schedule before = stored(s, id);
    turn_begin(s->turn);
    emit(&s->turn->events, (struct event){.type = EVENT_SCHEDULE_SAVED,
                                          .schedule_saved = {.schedule = before.number,
                                                             .id = bytes_of_text(id),
                                                             .display_name = bytes_of_text(id),
                                                             .group = before.group,
                                                             .type = before.type,
                                                             .start_us = before.start_us,
                                                             .time_zone = BYTES("Europe/Atlantis"),
                                                             .recurrence = before.recurrence,
                                                             .missed = before.missed,
                                                             .overlap = before.overlap,
                                                             .enabled = true,
                                                             .next_us = before.next_us}});
    assert_int_equal(turn_append(s->turn), LOG_OK);
}

static void a_schedule_whose_zone_is_gone_runs_once_more_and_says_so(void **state)
{
    struct stage *s = *state;
    put(s, "nightly", NIGHTLY, "");
    given_a_zone_that_is_gone(s, "nightly");
    stage_pass(s, 4 * HOUR);
    expect_answer(schedule(s, "nightly"), "\"endedReason\":\"time_zone_gone\",\"lastRun\":{\"occurrence\":1");
    change(s, "nightly", "\"enabled\":false");
    expect_answer(change(s, "nightly", "\"enabled\":true"), "schedule.timeZone is not in the system's tzdata any more");
    expect_answer(put(s, "nightly", NIGHTLY, ",\"enabled\":true"),
                  "\"next\":\"2026-03-03T03:00:00.000000Z\",\"occurrences\":1");
}

static void very_many_schedules_are_due_at_once(void **state)
{
    struct stage *s = *state;
    enum { COUNT = 700 };
    for (int i = 0; i < COUNT; i++) {
        stage_queue(s, 1, "schedules.put", "{\"id\":\"s-%d\"," DATA ",\"schedule\":{" NIGHTLY "}}", i);
    }
    stage_settle(s);
    stage_pass(s, 4 * HOUR);
    assert_int_equal(events_of(s, "SCHEDULE_FIRED"), COUNT);
    expect_answer(stage_call(s, 1, "info", "{}"), "\"pending\":695,\"running\":5");
}

/* ---- Lists. */

static void schedules_and_runs_come_in_pages(void **state)
{
    struct stage *s = *state;
    put(s, "b", NIGHTLY, "");
    put(s, "a", NIGHTLY, "");
    put(s, "c", NIGHTLY, "");
    expect_answer(stage_call(s, 1, "schedules.list", "{\"limit\":2}"), "\"value\":[{\"id\":\"b\"");
    then_answer_has(s, 1, "\"cursor\":\"3\"");
    expect_answer(stage_call(s, 1, "schedules.list", "{\"cursor\":\"3\"}"), "\"value\":[{\"id\":\"c\"");
    for (int i = 0; i < 3; i++) {
        stage_pass(s, DAY);
        complete_work(s);
    }
    expect_answer(stage_call(s, 1, "schedules.runs", "{\"id\":\"b\",\"limit\":2}"), "\"value\":[{\"occurrence\":3");
    then_answer_has(s, 1,
                    "\"status\":\"complete\",\"progress\":{\"total\":1,\"pending\":0,\"completed\":1,\"failed\":0}");
    then_answer_has(s, 1, "\"cursor\":\"1\"");
    expect_answer(stage_call(s, 1, "schedules.runs", "{\"id\":\"b\",\"cursor\":\"1\"}"),
                  "\"value\":[{\"occurrence\":1");
    expect_answer(stage_call(s, 1, "schedules.runs", "{\"id\":\"d\"}"), "no_such_schedule");
}

static void the_same_request_again_is_carried_out_once(void **state)
{
    struct stage *s = *state;
    expect_answer(put(s, "nightly", NIGHTLY, ",\"requestId\":\"r-1\""), "\"enabled\":true");
    change(s, "nightly", "\"enabled\":false");
    stage_restart(s);
    expect_answer(put(s, "nightly", NIGHTLY, ",\"requestId\":\"r-1\""), "\"enabled\":false");
    expect_answer(put(s, "nightly", NIGHTLY ",\"missed\":\"skip\"", ",\"requestId\":\"r-1\""), "\"conflict\"");
    for (int i = 0; i < 2; i++)
        expect_answer(stage_call(s, 1, "schedules.remove", "{\"id\":\"nightly\",\"requestId\":\"r-2\"}"), "null,{}");
    expect_answer(put(s, "nightly", NIGHTLY, ",\"requestId\":\"r-1\""), "no_such_schedule");
}

/* ---- Refusals. */

struct refused {
    const char *times;
    const char *sentence;
};

static void what_cannot_be_a_schedule_is_refused_with_a_reason(void **state)
{
    static const struct refused REFUSED[] = {
        {"\"start\":\"2026-03-02T03:00:00Z\",\"timeZone\":\"Europe/Pari\",\"recurrence\":\"daily\"",
         "schedule.timeZone must be a zone of the system's tzdata,such as \\\"Europe/Paris\\\"; it does not list "
         "\\\"Europe/Pari\\\""},
        {"\"start\":\"2026-03-02T03:00:00Z\",\"timeZone\":\"/etc/localtime\",\"recurrence\":\"daily\"",
         "schedule.timeZone must"},
        {"\"start\":\"2026-03-02T03:00:00\",\"timeZone\":\"UTC\",\"recurrence\":\"daily\"",
         "field \\\"schedule.start\\\" must be a time of RFC 3339 with its offset"},
        {"\"start\":1,\"timeZone\":\"UTC\",\"recurrence\":\"daily\"", "field \\\"schedule.start\\\" must be a time"},
        {"\"start\":\"2026-03-02T03:00:00Z\",\"timeZone\":\"UTC\",\"recurrence\":\"monthly\"",
         "field \\\"schedule.recurrence\\\" must be \\\"once\\\",\\\"daily\\\" or \\\"weekly\\\"; it is "
         "\\\"monthly\\\""},
        {"\"start\":\"2026-03-02T03:00:00Z\",\"timeZone\":\"UTC\"",
         "field \\\"schedule\\\" must be {start,timeZone,recurrence,end?,missed?,overlap?}; it is a map"},
        {NIGHTLY ",\"missed\":\"later\"", "field \\\"schedule.missed\\\" must be \\\"run_once\\\" or \\\"skip\\\""},
        {NIGHTLY ",\"overlap\":1", "field \\\"schedule.overlap\\\" must be \\\"queue\\\" or \\\"skip\\\"; it is 1"},
        {NIGHTLY ",\"every\":1", "it has a field \\\"every\\\""},
        {NIGHTLY ",\"end\":3", "field \\\"schedule.end\\\" must be {type:"},
        {NIGHTLY ",\"end\":{\"type\":\"never\"}",
         "field \\\"schedule.end.type\\\" must be \\\"date\\\" or \\\"occurrences\\\""},
        {NIGHTLY ",\"end\":{\"type\":\"occurrences\",\"value\":0}",
         "field \\\"schedule.end.value\\\" must be a whole number"},
        {NIGHTLY ",\"end\":{\"type\":\"date\",\"value\":5}", "field \\\"schedule.end.value\\\" must be a time"},
        {NIGHTLY ",\"end\":{\"type\":\"date\",\"value\":\"2026-03-02T02:59:59Z\"}", "would come after schedule.end"},
        {"\"start\":\"2026-03-01T23:59:59Z\",\"timeZone\":\"UTC\",\"recurrence\":\"once\"",
         "schedule.start has passed"},
    };
    struct stage *s = *state;
    for (size_t i = 0; i < COUNT_OF(REFUSED); i++) {
        expect_answer(put(s, "nightly", REFUSED[i].times, ""), REFUSED[i].sentence);
        then_answer_has(s, 1, "\"bad_field\"");
    }
    expect_answer(stage_call(s, 1, "schedules.put", "{\"id\":\"x\",\"schedule\":{" NIGHTLY "}}"), "group is missing");
    expect_answer(stage_call(s, 1, "schedules.put", "{\"id\":\"x\"," DATA "}"), "schedule is missing:{start");
    expect_answer(stage_call(s, 1, "schedules.put", "{\"id\":\"bad id\"," DATA ",\"schedule\":{" NIGHTLY "}}"),
                  "bad_field");
    expect_answer(schedule(s, "nightly"), "no_such_schedule");
    assert_int_equal(events_of(s, "SCHEDULE_SAVED"), 0);
}

/* ---- A rebuild. */

static void a_rebuild_gives_the_same_state(void **state)
{
    struct stage *s = *state;
    struct sentence why;
    put(s, "nightly", NIGHTLY, "");
    put(s, "paris", "\"start\":\"2026-03-02T02:30:00+01:00\",\"timeZone\":\"Europe/Paris\",\"recurrence\":\"weekly\"",
        "");
    put(s, "gone", NIGHTLY ",\"overlap\":\"skip\"", "");
    for (int i = 0; i < 5; i++) stage_pass(s, DAY);
    be_down(s, 40 * DAY);
    stage_call(s, 1, "schedules.remove", "{\"id\":\"gone\"}");
    change(s, "nightly", "\"enabled\":false");
    stage_restart(s);
    char *before = stage_state(s);
    assert_int_equal(projections_reset(&s->turn->projections), PROJECTIONS_OK);
    assert_int_equal(refold(&s->turn->projections, &s->turn->log, true, &why), REFOLD_OK);
    s->turn->view = projections_live(&s->turn->projections);
    char *after = stage_state(s);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(an_edit_moves_the_next_run_and_counts_on),
        STORY(the_same_again_changes_nothing),
        STORY(a_disabled_schedule_is_kept_and_not_due),
        STORY(a_removed_schedule_leaves_its_runs),
        STORY(a_run_finds_a_name_whoever_has_it),
        STORY(nobody_runs_a_schedule_s_job_again_by_its_name),
        STORY(a_run_without_its_group_is_missed),
        STORY(a_run_without_its_template_is_missed),
        STORY(a_schedule_is_held_against_its_templates_capabilities),
        STORY(a_run_is_missed_when_the_disk_is_nearly_full),
        STORY(a_run_is_missed_when_there_are_too_many_jobs),
        STORY(a_schedule_whose_zone_is_gone_runs_once_more_and_says_so),
        STORY(very_many_schedules_are_due_at_once),
        STORY(schedules_and_runs_come_in_pages),
        STORY(the_same_request_again_is_carried_out_once),
        STORY(what_cannot_be_a_schedule_is_refused_with_a_reason),
        STORY(a_rebuild_gives_the_same_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
