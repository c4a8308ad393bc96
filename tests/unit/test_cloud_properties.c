/* Jobs that set cloud properties: the engine runs them itself, and everything else about jobs holds. */
#include "tests/unit/job_story.h"

static const char *given_cloud_job(struct stage *s, const char *id, const char *more)
{
    return given_job_of(s, id, CLOUD_PROPERTY, more);
}

static void a_cloud_property_job_needs_no_connector(void **state)
{
    struct stage *s = *state;
    given_devices(s, 3);
    given_cloud_job(s, "job-1", "");
    expect_answer(job(s, "job-1"), "\"status\":\"complete\"");
    then_answer_has(s, 1, "\"completed\":3");
    stage_call(s, 1, "devices.get", "{\"id\":\"gw-2\"}");
    then_answer_has(s, 1, "\"cloudProperties\":{\"site\":\"north\"}");
    stage_call(s, 1, "devices.list", "{\"filter\":\"site = 'north'\"}");
    then_answer_has(s, 1, "\"id\":\"gw-3\"");
    stage_call(s, 1, "jobs.devices", "{\"id\":\"job-1\"}");
    then_answer_has(s, 1, "\"attempt\":1,\"connector\":\"engine\"");
    then_a_rebuild_gives_the_same_state(s);
}

static void a_property_comes_before_a_cloud_property_of_the_same_path(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_job_of(s, "job-1", "{\"type\":\"property\",\"path\":\"site\",\"value\":\"south\"}", "");
    report(s, 1, take_work(s, 1, 1), "[[0,\"completed\"]]");
    given_cloud_job(s, "job-2", "");
    stage_call(s, 1, "devices.get", "{\"id\":\"gw-1\"}");
    then_answer_has(s, 1, "\"properties\":{\"site\":\"south\"},\"cloudProperties\":{\"site\":\"north\"}");
    stage_call(s, 1, "devices.list", "{\"filter\":\"site = 'south'\"}");
    then_answer_has(s, 1, "\"id\":\"gw-1\"");
}

/* One worker is done with a list, so that its devices are set in the very turn in which another is asked for. */
static void a_group_is_read_as_it_was_when_its_job_began(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    stage_call(s, 1, "groups.put", "{\"id\":\"north\",\"filter\":\"site = 'north'\"}");
    s->hold_tasks = true;
    given_cloud_job(s, "job-1", "");
    stage_finish_tasks(s);
    s->hold_tasks = false;
    stage_call(s, 1, "jobs.run",
               "{\"id\":\"job-2\",\"group\":\"north\",\"data\":[{\"type\":\"command\",\"path\":\"reboot\"}]}");
    expect_answer(job(s, "job-1"), "\"completed\":1");
    expect_answer(job(s, "job-2"), "\"statusReason\":\"no_devices\"");
}

static void connectors_do_not_get_it(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    stage_join(s, 2, false);
    stage_call(s, 2, "work.take", "{\"connector\":\"waits\",\"wait\":300}");
    given_cloud_job(s, "job-1", "");
    stage_settle(s);
    assert_string_equal(stage_answers(s, 2), "");
    expect_answer(job(s, "job-1"), "\"status\":\"complete\"");
}

static void it_runs_batch_after_batch(void **state)
{
    struct stage *s = *state;
    given_devices(s, 7);
    given_cloud_job(s, "job-1", ",\"batch\":{\"type\":\"number\",\"value\":3}");
    expect_answer(job(s, "job-1"), "\"batches\":{\"count\":3,\"size\":3,\"current\":3}");
    assert_int_equal(events_of_type(s, "BATCH_DISPATCHED"), 3);
    assert_int_equal(events_of_type(s, "BATCH_ENDED"), 3);
    assert_int_equal(events_of_type(s, "JOB_COMPLETED"), 1);
}

/* Before the engine goes on with a turn of it, it is asked to stop. */
static void a_large_one_can_be_stopped_and_resumed(void **state)
{
    enum { COUNT = 5000 };
    struct stage *s = *state;
    given_devices(s, COUNT);
    s->hold_tasks = true;
    given_cloud_job(s, "job-1", "");
    s->hold_tasks = false;
    stage_finish_tasks(s);
    for (int turns = 0; turns < 3; turns++) turn_run(s->turn, &s->clock);
    expect_answer(stage_call(s, 1, "jobs.stop", "{\"id\":\"job-1\"}"), "\"status\":\"stopped\"");
    const char *completed = strstr(stage_answers(s, 1), "\"completed\":");
    int done = atoi(completed + strlen("\"completed\":"));
    assert_true(done > 0 && done < COUNT);
    stage_restart(s);
    expect_answer(job(s, "job-1"), "\"status\":\"stopped\"");
    stage_call(s, 1, "jobs.resume", "{\"id\":\"job-1\"}");
    expect_answer(job(s, "job-1"), "\"status\":\"complete\"");
    then_answer_has(s, 1, "\"completed\":5000");
    then_a_rebuild_gives_the_same_state(s);
}

static void a_device_that_was_removed_fails_and_counts_for_no_threshold(void **state)
{
    struct stage *s = *state;
    s->turn->settings.jobs_at_once = 1;
    given_devices(s, 3);
    given_job(s, "first", "");
    s->hold_tasks = true;
    given_cloud_job(s, "job-1", ",\"cancellationThreshold\":{\"type\":\"number\",\"value\":0}");
    stage_call(s, 1, "jobs.cancel", "{\"id\":\"first\"}");
    s->hold_tasks = false;
    stage_finish_tasks(s);
    stage_call(s, 1, "devices.remove", "{\"id\":\"gw-2\"}");
    expect_answer(job(s, "job-1"), "\"status\":\"complete\"");
    then_answer_has(s, 1, "\"completed\":2,\"failed\":1");
}

static void two_of_them_are_both_done(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1500);
    stage_queue(s, 1, "jobs.run", "{\"id\":\"a\",\"group\":\"all\",\"data\":[%s]}", CLOUD_PROPERTY);
    stage_call(s, 1, "jobs.run", "{\"id\":\"b\",\"group\":\"all\",\"data\":[%s]}", CLOUD_PROPERTY);
    expect_answer(job(s, "a"), "\"completed\":1500");
    expect_answer(job(s, "b"), "\"completed\":1500");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_cloud_property_job_needs_no_connector),
        STORY(a_property_comes_before_a_cloud_property_of_the_same_path),
        STORY(a_group_is_read_as_it_was_when_its_job_began),
        STORY(connectors_do_not_get_it),
        STORY(it_runs_batch_after_batch),
        STORY(a_large_one_can_be_stopped_and_resumed),
        STORY(a_device_that_was_removed_fails_and_counts_for_no_threshold),
        STORY(two_of_them_are_both_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
