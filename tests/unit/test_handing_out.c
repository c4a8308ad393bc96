/* Who gets which devices when: connectors that differ, devices that were given back, jobs that wait and say why. */
#include "tests/unit/job_story.h"

#define TEMPLATE(id) ",\"templates\":[\"" id "\"]"
#define TYPE(type)   ",\"types\":[\"" type "\"]"

/* Devices with an odd number are pumps, the others fans. */
static void given_pumps_and_fans(struct stage *s, int count)
{
    stage_queue(s, 1, "templates.put", "{\"id\":\"pump\"}");
    stage_queue(s, 1, "templates.put", "{\"id\":\"fan\"}");
    for (int i = 1; i <= count; i++) {
        stage_queue(s, 1, "devices.put", "{\"id\":\"gw-%d\",\"template\":\"%s\"}", i, i % 2 ? "pump" : "fan");
    }
    stage_call(s, 1, "groups.put", "{\"id\":\"all\"}");
}

static void given_waiting_take(struct stage *s, uint64_t id, const char *more)
{
    stage_join(s, id, false);
    stage_call(s, id, "work.take", "{\"connector\":\"waits\",\"wait\":300%s}", more);
}

/* ---- Connectors that differ. */

static void a_connector_gets_devices_of_the_templates_it_names(void **state)
{
    struct stage *s = *state;
    given_pumps_and_fans(s, 6);
    given_job(s, "job-1", "");
    take_work_of(s, 1, 2, TEMPLATE("fan"));
    then_answer_has(s, 1, "[\"gw-2\",\"gw-4\"]");
    take_work_of(s, 1, 10, TEMPLATE("pump"));
    then_answer_has(s, 1, "[\"gw-1\",\"gw-3\",\"gw-5\"]");
    assert_int_equal(take_work_of(s, 1, 10, TEMPLATE("pump")), 0);
    take_work(s, 1, 10);
    then_answer_has(s, 1, "[\"gw-6\"]");
}

static void no_template_is_named_by_an_empty_one(void **state)
{
    struct stage *s = *state;
    given_pumps_and_fans(s, 2);
    stage_call(s, 1, "devices.put", "{\"id\":\"bare\"}");
    given_job(s, "job-1", "");
    take_work_of(s, 1, 10, ",\"templates\":[\"\",\"fan\",\"fan\"]");
    then_answer_has(s, 1, "[\"gw-2\",\"bare\"]");
}

static void a_connector_gets_jobs_of_the_types_it_names(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_job_of(s, "sets", PROPERTY, "");
    given_job_of(s, "calls", COMMAND, "");
    take_work_of(s, 1, 10, TYPE("command"));
    then_answer_has(s, 1, "\"job\":\"calls\"");
    then_answer_lacks(s, 1, "\"job\":\"sets\"");
    assert_int_equal(take_work_of(s, 1, 10, TYPE("command")), 0);
    take_work_of(s, 1, 10, ",\"types\":[\"command\",\"property\"]");
    then_answer_has(s, 1, "\"job\":\"sets\"");
}

static void what_a_take_names_must_be_there(void **state)
{
    struct stage *s = *state;
    take_work_of(s, 1, 1, TEMPLATE("pump"));
    then_answer_has(s, 1, "\"no_such_template\"");
    take_work_of(s, 1, 1, ",\"templates\":[]");
    then_answer_has(s, 1, "templates must be a list of 1 to 100 ids");
    take_work_of(s, 1, 1, ",\"templates\":[7]");
    then_answer_has(s, 1, "templates must be a list of texts");
    take_work_of(s, 1, 1, TYPE("cloudProperty"));
    then_answer_has(s, 1, "types must be a list of \\\"property\\\" and \\\"command\\\"");
    take_work_of(s, 1, 1, ",\"types\":[]");
    then_answer_has(s, 1, "\"bad_field\"");
}

static void a_take_that_gets_nothing_holds_up_nobody_behind_it(void **state)
{
    struct stage *s = *state;
    given_pumps_and_fans(s, 3);
    given_waiting_take(s, 2, TYPE("command"));
    given_waiting_take(s, 3, TEMPLATE("fan"));
    given_waiting_take(s, 4, TEMPLATE("fan"));
    given_waiting_take(s, 5, "");
    given_job(s, "job-1", "");
    stage_settle(s);
    assert_string_equal(stage_answers(s, 2), "");
    then_answer_has(s, 3, "[\"gw-2\"]");
    assert_string_equal(stage_answers(s, 4), "");
    then_answer_has(s, 5, "[\"gw-1\",\"gw-3\"]");
}

static void a_device_that_moves_to_a_wanted_template_is_handed_out(void **state)
{
    struct stage *s = *state;
    given_pumps_and_fans(s, 1);
    given_job(s, "job-1", "");
    given_waiting_take(s, 2, TEMPLATE("fan"));
    assert_string_equal(stage_answers(s, 2), "");
    stage_call(s, 1, "devices.put", "{\"id\":\"gw-1\",\"template\":\"fan\"}");
    then_answer_has(s, 2, "[\"gw-1\"]");
}

/* Far more devices that are passed over than one call looks at, and then one that fits. */
static void a_device_far_behind_is_found_over_some_turns(void **state)
{
    enum { COUNT = 10001 };
    struct stage *s = *state;
    stage_queue(s, 1, "templates.put", "{\"id\":\"fan\"}");
    for (int i = 1; i < COUNT; i++) stage_queue(s, 1, "devices.put", "{\"id\":\"gw-%d\"}", i);
    stage_queue(s, 1, "devices.put", "{\"id\":\"far\",\"template\":\"fan\"}");
    stage_call(s, 1, "groups.put", "{\"id\":\"all\"}");
    given_job(s, "job-1", "");
    given_waiting_take(s, 2, TEMPLATE("fan"));
    then_answer_has(s, 2, "[\"far\"]");
    stage_call(s, 2, "work.take", "{\"connector\":\"waits\",\"wait\":300,\"templates\":[\"fan\"]}");
    expect_answer(job(s, "job-1"), "\"waiting\":\"no connector takes devices without a template\"");
    take_work(s, 1, 2);
    then_answer_has(s, 1, "[\"gw-1\",\"gw-2\"]");
}

static void more_jobs_than_works_in_a_take_all_have_their_turn(void **state)
{
    struct stage *s = *state;
    s->turn->settings.jobs_at_once = 40;
    given_devices(s, 1);
    for (int i = 1; i <= 40; i++) {
        char id[16];
        snprintf(id, sizeof id, "job-%d", i);
        given_job(s, id, "");
    }
    unsigned works = 0;
    for (int takes = 0; takes < 3; takes++) {
        take_work(s, 1, 100);
        for (const char *at = stage_answers(s, 1); (at = strstr(at, "\"work\":")); at++) works++;
    }
    assert_int_equal(works, 40);
}

static void too_many_kinds_of_connectors_are_refused(void **state)
{
    struct stage *s = *state;
    for (int i = 0; i <= TAKE_KINDS_MAX; i++) {
        char more[64];
        stage_call(s, 1, "templates.put", "{\"id\":\"t-%d\"}", i);
        snprintf(more, sizeof more, ",\"wait\":60,\"templates\":[\"t-%d\"]", i);
        take_work_of(s, 1, 1, more);
    }
    then_answer_has(s, 1, "connectors name 64 combinations of templates and types already");
    stage_join(s, 2, false);
    take_work_of(s, 2, 1, ",\"wait\":60,\"templates\":[\"t-7\"]");
    assert_string_equal(stage_answers(s, 2), "");
    /* When they are gone there is room again. */
    stage_pass(s, 61 * SECOND);
    take_work_of(s, 1, 1, "");
    then_answer_has(s, 1, "null,[]");
}

/* ---- What nobody can take is said. */

static void a_job_says_that_no_connector_takes_its_type(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_job_of(s, "job-1", COMMAND, "");
    expect_answer(job(s, "job-1"), "\"waiting\":\"no connector has asked for work\"");
    given_waiting_take(s, 2, TYPE("property"));
    expect_answer(job(s, "job-1"), "\"waiting\":\"no connector takes type command\"");
    given_waiting_take(s, 3, TYPE("command"));
    then_answer_has(s, 3, "[\"gw-1\"]");
    expect_answer(job(s, "job-1"), "\"waiting\":\"the results of 1 device are still to come\"");
}

static void a_job_says_which_template_no_connector_takes(void **state)
{
    struct stage *s = *state;
    given_pumps_and_fans(s, 4);
    given_job(s, "job-1", "");
    given_waiting_take(s, 2, TEMPLATE("fan"));
    then_answer_has(s, 2, "[\"gw-2\",\"gw-4\"]");
    stage_call(s, 2, "work.take", "{\"connector\":\"waits\",\"wait\":300,\"templates\":[\"fan\"]}");
    expect_answer(job(s, "job-1"), "\"waiting\":\"no connector takes template pump\"");
    stage_leave(s, 2);
    expect_answer(job(s, "job-1"), "\"waiting\":\"no connector has asked for work\"");
}

/* ---- Devices that were given back. */

static void a_returned_device_rests_and_others_come_first(void **state)
{
    struct stage *s = *state;
    given_devices(s, 3);
    given_job(s, "job-1", "");
    report(s, 1, take_work(s, 1, 1), "[[0,\"returned\"]]");
    take_work(s, 1, 1);
    then_answer_has(s, 1, "[\"gw-2\"]");
    /* Even when its rest is over. */
    stage_pass(s, 6 * SECOND);
    take_work(s, 1, 1);
    then_answer_has(s, 1, "[\"gw-3\"]");
    uint64_t again = take_work(s, 1, 1);
    then_answer_has(s, 1, "[\"gw-1\"]");
    then_answer_has(s, 1, "\"attempt\":2");
    expect_answer(report(s, 1, again, "[[0,\"completed\"]]"), "\"recorded\":1");
}

static void a_waiting_take_gets_a_returned_device_when_its_rest_is_over(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_job(s, "job-1", ",\"retries\":{\"max\":0}");
    report(s, 1, take_work(s, 1, 1), "[[0,\"returned\"]]");
    given_waiting_take(s, 2, "");
    expect_answer(job(s, "job-1"), "\"waiting\":\"the devices that wait were given back by a connector and rest\"");
    stage_pass(s, 4900000);
    assert_string_equal(stage_answers(s, 2), "");
    int64_t due_us = turn_deadline_us(s->turn);
    assert_true(due_us > s->clock.monotonic_us && due_us <= s->clock.monotonic_us + 200000);
    stage_pass(s, 200000);
    then_answer_has(s, 2, "[\"gw-1\"]");
    expect_answer(job(s, "job-1"), "\"failed\":0");
}

static void a_returned_device_that_completes_after_all_is_completed(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_job(s, "job-1", "");
    uint64_t work = take_work(s, 1, 1);
    report(s, 1, work, "[[0,\"returned\"]]");
    expect_answer(report(s, 1, work, "[[0,\"failed\"]]"), "\"duplicates\":1");
    expect_answer(report(s, 1, work, "[[0,\"completed\"]]"), "\"recorded\":1");
    expect_answer(job(s, "job-1"), "\"status\":\"complete\"");
}

static void a_restart_ends_every_rest(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    given_job(s, "job-1", "");
    report(s, 1, take_work(s, 1, 2), "[[0,\"returned\"],[1,\"returned\"]]");
    assert_int_equal(take_work(s, 1, 2), 0);
    stage_restart(s);
    take_work(s, 1, 2);
    then_answer_has(s, 1, "[\"gw-1\",\"gw-2\"]");
    then_a_rebuild_gives_the_same_state(s);
}

/* What is kept in memory goes with a turn that did not reach the disk; nothing needs it. */
static void a_turn_that_failed_begins_every_rest_and_round_anew(void **state)
{
    struct stage *s = *state;
    given_devices(s, 3);
    given_job(s, "job-1", ",\"timeouts\":{\"queue\":10}");
    report(s, 1, take_work(s, 1, 2), "[[0,\"returned\"],[1,\"returned\"]]");
    stage_pass(s, 1 * SECOND);
    assert_true(turn_undo(s->turn));
    stage_pass(s, 9500000);
    expect_answer(job(s, "job-1"), "\"failed\":0");
    take_work(s, 1, 10);
    then_answer_has(s, 1, "[\"gw-1\",\"gw-2\"]");
    take_work(s, 1, 10);
    then_answer_has(s, 1, "[\"gw-3\"]");
}

/* ---- Retries. */

static void a_late_result_of_a_lost_attempt_counts_only_when_it_completed(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_job(s, "job-1", ",\"retries\":{\"max\":2}");
    uint64_t first = take_work(s, 1, 1);
    report(s, 1, first, "[[0,\"failed\",\"one\"]]");
    uint64_t second = take_work(s, 1, 1);
    expect_answer(report(s, 1, first, "[[0,\"failed\",\"late\"]]"), "\"duplicates\":1");
    expect_answer(report(s, 1, first, "[[0,\"completed\"]]"), "\"recorded\":1");
    expect_answer(report(s, 1, second, "[[0,\"failed\",\"two\"]]"), "\"duplicates\":1");
    expect_answer(job(s, "job-1"), "\"completed\":1,\"failed\":0");
}

static void a_failure_with_retries_left_exceeds_no_threshold(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    given_job(s, "job-1", ",\"retries\":{\"max\":1},\"cancellationThreshold\":{\"type\":\"percentage\",\"value\":0}");
    report(s, 1, take_work(s, 1, 2), "[[0,\"failed\"],[1,\"failed\"]]");
    expect_answer(job(s, "job-1"), "\"status\":\"running\"");
    report(s, 1, take_work(s, 1, 2), "[[0,\"completed\"],[1,\"failed\"]]");
    expect_answer(job(s, "job-1"), "\"status\":\"cancelled\"");
    then_answer_has(s, 1, "\"completed\":1,\"failed\":1");
}

static void a_cancel_leaves_devices_that_wait_for_a_retry_pending(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    given_job(s, "job-1", ",\"retries\":{\"max\":5}");
    uint64_t work = take_work(s, 1, 2);
    report(s, 1, work, "[[0,\"failed\"]]");
    stage_call(s, 1, "jobs.cancel", "{\"id\":\"job-1\"}");
    assert_int_equal(take_work(s, 1, 2), 0);
    /* After the cancel a failure ends its device, retries or not. */
    report(s, 1, work, "[[1,\"failed\"]]");
    expect_answer(job(s, "job-1"), "\"pending\":1,\"completed\":0,\"failed\":1");
    then_a_rebuild_gives_the_same_state(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_connector_gets_devices_of_the_templates_it_names),
        STORY(no_template_is_named_by_an_empty_one),
        STORY(a_connector_gets_jobs_of_the_types_it_names),
        STORY(what_a_take_names_must_be_there),
        STORY(a_take_that_gets_nothing_holds_up_nobody_behind_it),
        STORY(a_device_that_moves_to_a_wanted_template_is_handed_out),
        STORY(a_device_far_behind_is_found_over_some_turns),
        STORY(more_jobs_than_works_in_a_take_all_have_their_turn),
        STORY(too_many_kinds_of_connectors_are_refused),
        STORY(a_job_says_that_no_connector_takes_its_type),
        STORY(a_job_says_which_template_no_connector_takes),
        STORY(a_returned_device_rests_and_others_come_first),
        STORY(a_waiting_take_gets_a_returned_device_when_its_rest_is_over),
        STORY(a_returned_device_that_completes_after_all_is_completed),
        STORY(a_restart_ends_every_rest),
        STORY(a_turn_that_failed_begins_every_rest_and_round_anew),
        STORY(a_late_result_of_a_lost_attempt_counts_only_when_it_completed),
        STORY(a_failure_with_retries_left_exceeds_no_threshold),
        STORY(a_cancel_leaves_devices_that_wait_for_a_retry_pending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
