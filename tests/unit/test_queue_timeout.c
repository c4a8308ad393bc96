/* timeouts.queue: devices that nobody takes expire, never before their time and at the latest after twice that. */
#include "tests/unit/job_story.h"

#define QUEUE_10 ",\"timeouts\":{\"queue\":10}"

static void given_waiting_take(struct stage *s, uint64_t id)
{
    stage_join(s, id, false);
    stage_call(s, id, "work.take", "{\"connector\":\"waits\",\"wait\":300}");
}

static void a_device_that_nobody_takes_expires_when_its_time_is_over(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    expect_answer(given_job(s, "job-1", QUEUE_10), "\"timeouts\":{\"queue\":10,\"execution\":300}");
    stage_pass(s, 9900000);
    expect_answer(job(s, "job-1"), "\"failed\":0");
    int64_t due_us = turn_deadline_us(s->turn);
    assert_true(due_us > s->clock.monotonic_us && due_us <= s->clock.monotonic_us + 100000);
    stage_pass(s, 100000);
    expect_answer(job(s, "job-1"), "\"status\":\"complete\"");
    then_answer_has(s, 1, "\"failed\":2");
    stage_call(s, 1, "jobs.devices", "{\"id\":\"job-1\",\"reason\":\"expired\"}");
    then_answer_has(s, 1, "\"id\":\"gw-2\"");
    then_a_rebuild_gives_the_same_state(s);
}

static void a_device_that_was_taken_does_not_expire(void **state)
{
    struct stage *s = *state;
    given_devices(s, 3);
    given_job(s, "job-1", QUEUE_10);
    uint64_t work = take_work(s, 1, 2);
    stage_pass(s, 25 * SECOND);
    expect_answer(job(s, "job-1"), "\"pending\":2,\"completed\":0,\"failed\":1");
    report(s, 1, work, "[[0,\"completed\"],[1,\"completed\"]]");
    expect_answer(job(s, "job-1"), "\"status\":\"complete\"");
}

/* gw-1 begins to wait again 4 s after the clock began: it has waited 10 s at 14, and expires at 20. */
static void a_device_that_waits_again_begins_to_wait_anew(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    stage_join(s, 2, false);
    given_job(s, "job-1", QUEUE_10);
    take_work(s, 2, 1);
    stage_pass(s, 4 * SECOND);
    stage_leave(s, 2);
    stage_pass(s, 6 * SECOND);
    expect_answer(job(s, "job-1"), "\"failed\":1");
    stage_pass(s, 3900000);
    expect_answer(job(s, "job-1"), "\"failed\":1");
    stage_pass(s, 6100000);
    expect_answer(job(s, "job-1"), "\"failed\":2");
}

static void a_device_begins_to_wait_when_its_rest_is_over(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_job(s, "job-1", ",\"timeouts\":{\"queue\":2}");
    report(s, 1, take_work(s, 1, 1), "[[0,\"returned\"]]");
    stage_pass(s, 3 * SECOND);
    stage_pass(s, 3 * SECOND);
    expect_answer(job(s, "job-1"), "\"failed\":0");
    given_waiting_take(s, 2);
    then_answer_has(s, 2, "[\"gw-1\"]");
}

static void the_clock_begins_with_each_batch(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    given_job(s, "job-1", QUEUE_10 ",\"batch\":{\"type\":\"number\",\"value\":1}");
    stage_pass(s, 9 * SECOND);
    report(s, 1, take_work(s, 1, 1), "[[0,\"completed\"]]");
    stage_pass(s, 9 * SECOND);
    expect_answer(job(s, "job-1"), "\"failed\":0");
    stage_pass(s, 1 * SECOND);
    expect_answer(job(s, "job-1"), "\"status\":\"complete\"");
    then_answer_has(s, 1, "\"completed\":1,\"failed\":1");
}

static void a_stopped_job_has_no_clock_and_begins_anew_when_it_is_resumed(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_job(s, "job-1", QUEUE_10);
    stage_pass(s, 9 * SECOND);
    stage_call(s, 1, "jobs.stop", "{\"id\":\"job-1\"}");
    stage_pass(s, 100 * SECOND);
    stage_call(s, 1, "jobs.resume", "{\"id\":\"job-1\"}");
    stage_pass(s, 9 * SECOND);
    expect_answer(job(s, "job-1"), "\"failed\":0");
    /* Stopped and resumed in one turn, too. */
    stage_queue(s, 1, "jobs.stop", "{\"id\":\"job-1\"}");
    stage_call(s, 1, "jobs.resume", "{\"id\":\"job-1\"}");
    stage_pass(s, 9 * SECOND);
    expect_answer(job(s, "job-1"), "\"failed\":0");
    stage_pass(s, 1 * SECOND);
    expect_answer(job(s, "job-1"), "\"failed\":1");
}

static void a_job_that_waits_for_its_turn_has_no_clock(void **state)
{
    struct stage *s = *state;
    s->turn->settings.jobs_at_once = 1;
    given_devices(s, 1);
    given_job(s, "first", "");
    given_job(s, "second", QUEUE_10);
    stage_pass(s, 100 * SECOND);
    stage_call(s, 1, "jobs.cancel", "{\"id\":\"first\"}");
    expect_answer(job(s, "second"), "\"status\":\"running\"");
    stage_pass(s, 9 * SECOND);
    expect_answer(job(s, "second"), "\"failed\":0");
}

static void after_a_restart_the_wait_begins_anew(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_job(s, "job-1", QUEUE_10);
    stage_pass(s, 9 * SECOND);
    stage_restart(s);
    stage_pass(s, 9 * SECOND);
    expect_answer(job(s, "job-1"), "\"failed\":0");
    stage_pass(s, 1 * SECOND);
    expect_answer(job(s, "job-1"), "\"failed\":1");
}

static void expired_is_tried_again_only_when_the_job_says_so(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_job(s, "plain", QUEUE_10 ",\"retries\":{\"max\":3}");
    given_job(s, "patient", QUEUE_10 ",\"retries\":{\"max\":1,\"on\":[\"expired\"]}");
    stage_pass(s, 10 * SECOND);
    expect_answer(job(s, "plain"), "\"status\":\"complete\"");
    expect_answer(job(s, "patient"), "\"pending\":1");
    take_work(s, 1, 1);
    then_answer_has(s, 1, "\"attempt\":1");
    stage_restart(s);
    stage_pass(s, 10 * SECOND);
    expect_answer(job(s, "patient"), "\"status\":\"complete\"");
    then_answer_has(s, 1, "\"failed\":1");
    then_a_rebuild_gives_the_same_state(s);
}

static void no_more_expire_than_a_threshold_needs_to_be_exceeded(void **state)
{
    struct stage *s = *state;
    given_devices(s, 10);
    given_job(s, "job-1", QUEUE_10 ",\"cancellationThreshold\":{\"type\":\"number\",\"value\":2}");
    stage_pass(s, 10 * SECOND);
    expect_answer(job(s, "job-1"), "\"status\":\"cancelled\"");
    then_answer_has(s, 1, "\"pending\":7,\"completed\":0,\"failed\":3");
}

static void more_than_a_turn_holds_expire_over_some_turns(void **state)
{
    enum { COUNT = 9000 };
    struct stage *s = *state;
    given_devices(s, COUNT);
    given_job(s, "job-1", QUEUE_10);
    take_work(s, 1, 1);
    stage_pass(s, 10 * SECOND);
    expect_answer(job(s, "job-1"), "\"pending\":1,\"completed\":0,\"failed\":8999");
}

static void a_removed_device_that_waits_did_not_expire(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    given_job(s, "job-1", QUEUE_10);
    stage_call(s, 1, "jobs.stop", "{\"id\":\"job-1\"}");
    stage_call(s, 1, "devices.remove", "{\"id\":\"gw-1\"}");
    stage_call(s, 1, "jobs.resume", "{\"id\":\"job-1\"}");
    stage_pass(s, 10 * SECOND);
    stage_call(s, 1, "jobs.devices", "{\"id\":\"job-1\",\"reason\":\"device_removed\"}");
    then_answer_has(s, 1, "\"id\":\"gw-1\"");
    stage_call(s, 1, "jobs.devices", "{\"id\":\"job-1\",\"reason\":\"expired\"}");
    then_answer_has(s, 1, "\"id\":\"gw-2\"");
}

static void a_device_that_expired_may_still_complete_late(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    stage_join(s, 2, false);
    given_job(s, "job-1", QUEUE_10);
    uint64_t lost = take_work(s, 2, 1);
    stage_leave(s, 2);
    stage_pass(s, 10 * SECOND);
    stage_pass(s, 10 * SECOND);
    expect_answer(job(s, "job-1"), "\"status\":\"complete\"");
    expect_answer(report(s, 1, lost, "[[0,\"completed\"]]"), "\"duplicates\":1");
    assert_int_equal(events_of_type(s, "LATE_RESULT"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_device_that_nobody_takes_expires_when_its_time_is_over),
        STORY(a_device_that_was_taken_does_not_expire),
        STORY(a_device_that_waits_again_begins_to_wait_anew),
        STORY(a_device_begins_to_wait_when_its_rest_is_over),
        STORY(the_clock_begins_with_each_batch),
        STORY(a_stopped_job_has_no_clock_and_begins_anew_when_it_is_resumed),
        STORY(a_job_that_waits_for_its_turn_has_no_clock),
        STORY(after_a_restart_the_wait_begins_anew),
        STORY(expired_is_tried_again_only_when_the_job_says_so),
        STORY(no_more_expire_than_a_threshold_needs_to_be_exceeded),
        STORY(more_than_a_turn_holds_expire_over_some_turns),
        STORY(a_removed_device_that_waits_did_not_expire),
        STORY(a_device_that_expired_may_still_complete_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
