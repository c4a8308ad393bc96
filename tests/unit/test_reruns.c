/* Reruns through the engine's own turn: on which devices, how a lineage shows itself, and how each device ended in it. */
#include "tests/unit/job_story.h"

static const char *rerun(struct stage *s, const char *fields)
{
    return stage_call(s, 1, "jobs.rerun", "{%s}", fields);
}

/* job-1 on gw-1 to gw-6: 1 completed, 2 and 3 failed, 4 rejected, 5 with a connector, 6 not reached; cancelled. */
static uint64_t given_a_cancelled_job(struct stage *s)
{
    given_devices(s, 6);
    given_job(s, "job-1", "");
    uint64_t work = take_work(s, 1, 5);
    report(s, 1, work, "[[0,\"completed\"],[1,\"failed\",\"x\"],[2,\"failed\"],[3,\"rejected\"]]");
    on_job(s, "jobs.cancel", "job-1");
    return work;
}

/* ---- On which devices. */

static void a_rerun_is_on_exactly_the_failed_devices(void **state)
{
    struct stage *s = *state;
    given_a_cancelled_job(s);
    rerun(s, "\"id\":\"job-1\",\"newId\":\"job-2\",\"description\":\"once more\"");
    then_answer_has(s, 1, "\"id\":\"job-2\",\"displayName\":\"job-1 Rerun\",\"description\":\"once more\"");
    then_answer_has(s, 1, "\"parentId\":\"job-1\",\"rerunDevices\":\"failed\"");
    take_work(s, 1, 10);
    then_answer_has(s, 1, "\"job\":\"job-2\",\"batch\":1,\"attempt\":1,\"type\":\"property\"," DATA);
    then_answer_has(s, 1, "\"devices\":[\"gw-2\",\"gw-3\",\"gw-4\"]");
}

static void a_rerun_may_be_on_those_not_reached_or_on_both(void **state)
{
    struct stage *s = *state;
    given_a_cancelled_job(s);
    rerun(s, "\"id\":\"job-1\",\"newId\":\"job-2\",\"devices\":\"unreached\",\"displayName\":\"The rest\"");
    then_answer_has(s, 1, "\"displayName\":\"The rest\"");
    take_work(s, 1, 10);
    then_answer_has(s, 1, "\"devices\":[\"gw-5\",\"gw-6\"]");
    rerun(s, "\"id\":\"job-1\",\"newId\":\"job-3\",\"devices\":\"both\"");
    take_work(s, 1, 10);
    then_answer_has(s, 1, "\"devices\":[\"gw-2\",\"gw-3\",\"gw-4\",\"gw-5\",\"gw-6\"]");
    expect_answer(rerun(s, "\"id\":\"job-1\",\"devices\":\"all\""), "unreached or both; it is");
}

static void removed_devices_and_those_of_another_template_are_left_out(void **state)
{
    struct stage *s = *state;
    stage_call(s, 1, "templates.put", "{\"id\":\"pump\"}");
    stage_call(s, 1, "templates.put", "{\"id\":\"fan\"}");
    for (int i = 1; i <= 4; i++) stage_queue(s, 1, "devices.put", "{\"id\":\"gw-%d\",\"template\":\"pump\"}", i);
    stage_call(s, 1, "groups.put", "{\"id\":\"all\"}");
    stage_call(s, 1, "jobs.run",
               "{\"id\":\"job-1\",\"group\":\"all\",\"data\":[{\"type\":\"property\",\"target\":\"pump\",\"path\":\"p\",\"value\":1}]}");
    report(s, 1, take_work(s, 1, 10), "[[0,\"failed\"],[1,\"failed\"],[2,\"failed\"],[3,\"failed\"]]");
    stage_call(s, 1, "devices.remove", "{\"id\":\"gw-2\"}");
    stage_call(s, 1, "devices.put", "{\"id\":\"gw-2\",\"template\":\"pump\"}"); /* is another device */
    stage_call(s, 1, "devices.put", "{\"id\":\"gw-3\",\"template\":\"fan\"}");
    rerun(s, "\"id\":\"job-1\",\"newId\":\"job-2\"");
    expect_answer(job(s, "job-2"), "\"excluded\":[{\"reason\":\"wrong_template\",\"count\":1}]");
    take_work(s, 1, 10);
    then_answer_has(s, 1, "\"devices\":[\"gw-1\",\"gw-4\"]");
}

static void a_rerun_of_devices_that_are_all_removed_has_none(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    given_job(s, "job-1", "");
    report(s, 1, take_work(s, 1, 10), "[[0,\"failed\"],[1,\"completed\"]]");
    stage_call(s, 1, "devices.remove", "{\"id\":\"gw-1\"}");
    rerun(s, "\"id\":\"job-1\",\"newId\":\"job-2\"");
    expect_answer(job(s, "job-2"), "\"statusReason\":\"no_devices\"");
}

static void a_device_that_ended_removed_is_not_one_that_failed(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    given_job(s, "job-1", "");
    stage_call(s, 1, "devices.remove", "{\"id\":\"gw-1\"}");
    report(s, 1, take_work(s, 1, 10), "[[0,\"completed\"]]");
    expect_answer(job(s, "job-1"), "\"failed\":1");
    expect_answer(rerun(s, "\"id\":\"job-1\""), "\"nothing_to_rerun\"");
}

static void a_rerun_needs_no_group_any_more(void **state)
{
    struct stage *s = *state;
    given_a_cancelled_job(s);
    stage_call(s, 1, "groups.remove", "{\"id\":\"all\",\"force\":true}");
    rerun(s, "\"id\":\"job-1\",\"newId\":\"job-2\"");
    expect_answer(job(s, "job-2"), "\"status\":\"running\"");
    then_answer_has(s, 1, "\"total\":3");
}

static void the_plan_of_the_parent_is_the_reruns_too(void **state)
{
    struct stage *s = *state;
    given_devices(s, 4);
    given_job(s, "job-1",
              ",\"batch\":{\"type\":\"number\",\"value\":2},\"cancellationThreshold\":{\"type\":\"number\",\"value\":9},"
              "\"timeouts\":{\"execution\":7},\"retries\":{\"max\":1,\"on\":[\"timed_out\"]}");
    report(s, 1, take_work(s, 1, 10), "[[0,\"failed\"],[1,\"failed\"]]");
    report(s, 1, take_work(s, 1, 10), "[[0,\"failed\"],[1,\"failed\"]]");
    rerun(s, "\"id\":\"job-1\",\"newId\":\"job-2\"");
    then_answer_has(s, 1, "\"batch\":{\"type\":\"number\",\"value\":2}");
    then_answer_has(s, 1, "\"cancellationThreshold\":{\"type\":\"number\",\"value\":9,\"batch\":false}");
    then_answer_has(s, 1, "\"timeouts\":{\"execution\":7},\"retries\":{\"max\":1,\"on\":[\"timed_out\"]}");
    take_work(s, 1, 10);
    then_answer_has(s, 1, "\"devices\":[\"gw-1\",\"gw-2\"]");
}

/* ---- Refusals. */

static void only_what_is_over_is_rerun(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    stage_call(s, 1, "jobs.save", "{\"id\":\"job-1\"," JOB "}");
    expect_answer(on_job(s, "jobs.rerun", "job-1"), "this one is saved");
    on_job(s, "jobs.run", "job-1");
    expect_answer(on_job(s, "jobs.rerun", "job-1"), "this one is running");
    report(s, 1, take_work(s, 1, 10), "[[0,\"completed\"]]");
    expect_answer(on_job(s, "jobs.rerun", "job-1"), "no device of this job has failed");
    expect_answer(rerun(s, "\"id\":\"job-1\",\"devices\":\"unreached\""), "every device of this job has an end");
    expect_answer(rerun(s, "\"id\":\"job-1\",\"devices\":\"both\""), "every device of this job has completed");
    expect_answer(on_job(s, "jobs.rerun", "job-2"), "\"no_such_job\"");
}

static void a_job_without_a_list_cannot_be_rerun(void **state)
{
    struct stage *s = *state;
    stage_call(s, 1, "groups.put", "{\"id\":\"all\"}");
    given_job(s, "job-1", "");
    expect_answer(job(s, "job-1"), "\"statusReason\":\"no_devices\"");
    expect_answer(on_job(s, "jobs.rerun", "job-1"), "\"job_cannot_rerun\"");
    /* Cancelled before its turn came. */
    s->settings.jobs_at_once = 1;
    stage_restart(s);
    given_devices(s, 1);
    given_job(s, "job-2", "");
    given_job(s, "job-3", "");
    on_job(s, "jobs.cancel", "job-3");
    expect_answer(on_job(s, "jobs.rerun", "job-3"), "has no list of devices");
}

static void a_rerun_of_a_job_whose_template_is_gone_is_refused(void **state)
{
    struct stage *s = *state;
    stage_call(s, 1, "templates.put", "{\"id\":\"pump\"}");
    stage_call(s, 1, "devices.put", "{\"id\":\"gw-1\",\"template\":\"pump\"}");
    stage_call(s, 1, "groups.put", "{\"id\":\"all\"}");
    stage_call(s, 1, "jobs.run",
               "{\"id\":\"job-1\",\"group\":\"all\",\"data\":[{\"type\":\"command\",\"target\":\"pump\",\"path\":\"p\"}]}");
    report(s, 1, take_work(s, 1, 10), "[[0,\"failed\"]]");
    stage_call(s, 1, "templates.remove", "{\"id\":\"pump\",\"force\":true}");
    expect_answer(on_job(s, "jobs.rerun", "job-1"), "\"no_such_template\"");
}

static void reruns_that_come_again_are_one(void **state)
{
    struct stage *s = *state;
    given_a_cancelled_job(s);
    rerun(s, "\"id\":\"job-1\",\"newId\":\"job-2\"");
    rerun(s, "\"id\":\"job-1\",\"requestId\":\"r-1\"");
    stage_restart(s);
    uint64_t before = head(s);
    expect_answer(rerun(s, "\"id\":\"job-1\",\"newId\":\"job-2\""), "\"id\":\"job-2\"");
    expect_answer(rerun(s, "\"id\":\"job-1\",\"requestId\":\"r-1\""), "\"parentId\":\"job-1\"");
    expect_answer(rerun(s, "\"id\":\"job-1\",\"newId\":\"job-2\",\"devices\":\"both\""), "\"conflict\"");
    assert_int_equal(head(s), before);
}

/* ---- The lineage. */

static void parent_and_reruns_show_each_other(void **state)
{
    struct stage *s = *state;
    given_a_cancelled_job(s);
    job(s, "job-1");
    then_answer_lacks(s, 1, "merged");
    rerun(s, "\"id\":\"job-1\",\"newId\":\"job-2\"");
    rerun(s, "\"id\":\"job-1\",\"newId\":\"job-3\",\"devices\":\"unreached\"");
    stage_restart(s);
    expect_answer(job(s, "job-1"), "\"reruns\":[\"job-2\",\"job-3\"]");
    expect_answer(job(s, "job-3"), "\"parentId\":\"job-1\",\"rerunDevices\":\"unreached\"");
    stage_call(s, 1, "events.read", "{\"filter\":{\"type\":\"JOB_RERUN_OF\",\"job\":\"job-1\"}}");
    then_answer_has(s, 1, "\"job\":\"job-3\",\"parent\":\"job-1\",\"which\":\"unreached\"");
}

static void the_merged_state_is_each_devices_newest_end(void **state)
{
    struct stage *s = *state;
    given_a_cancelled_job(s);
    rerun(s, "\"id\":\"job-1\",\"newId\":\"job-2\",\"devices\":\"both\"");
    expect_answer(job(s, "job-1"), "\"merged\":{\"total\":6,\"pending\":2,\"completed\":1,\"failed\":3}");
    report(s, 1, take_work(s, 1, 10), "[[0,\"completed\"],[1,\"completed\"],[2,\"failed\"],[3,\"completed\"],[4,\"failed\"]]");
    expect_answer(job(s, "job-1"), "\"merged\":{\"total\":6,\"pending\":0,\"completed\":4,\"failed\":2}");
    then_answer_has(s, 1, "\"progress\":{\"total\":6,\"pending\":2,\"completed\":1,\"failed\":3}");
    rerun(s, "\"id\":\"job-2\",\"newId\":\"job-3\"");
    report(s, 1, take_work(s, 1, 10), "[[0,\"completed\"],[1,\"failed\"]]");
    expect_answer(job(s, "job-1"), "\"merged\":{\"total\":6,\"pending\":0,\"completed\":5,\"failed\":1}");
    expect_answer(job(s, "job-3"), "\"merged\":{\"total\":6,\"pending\":0,\"completed\":5,\"failed\":1}");
    then_answer_has(s, 1, "\"parentId\":\"job-2\"");
    stage_call(s, 1, "jobs.devices", "{\"id\":\"job-1\",\"status\":\"failed\",\"columns\":[\"status\",\"merged\"]}");
    then_answer_has(s, 1, "{\"id\":\"gw-2\",\"status\":\"failed\",\"merged\":\"completed\"}");
    then_answer_has(s, 1, "{\"id\":\"gw-3\",\"status\":\"failed\",\"merged\":\"completed\"}");
    then_a_rebuild_gives_the_same_state(s);
}

static void an_older_job_may_still_give_the_newest_end(void **state)
{
    struct stage *s = *state;
    uint64_t first = given_a_cancelled_job(s);
    rerun(s, "\"id\":\"job-1\",\"newId\":\"job-2\",\"devices\":\"unreached\"");
    report(s, 1, take_work(s, 1, 10), "[[0,\"completed\"],[1,\"completed\"]]");
    expect_answer(job(s, "job-1"), "\"merged\":{\"total\":6,\"pending\":0,\"completed\":3,\"failed\":3}");
    /* gw-5 was still on its way when the first job was cancelled. */
    report(s, 1, first, "[[4,\"failed\"]]");
    expect_answer(job(s, "job-1"), "\"merged\":{\"total\":6,\"pending\":0,\"completed\":2,\"failed\":4}");
    then_a_rebuild_gives_the_same_state(s);
}

static void devices_returned_after_a_cancel_keep_the_end_of_a_rerun(void **state)
{
    struct stage *s = *state;
    given_a_cancelled_job(s);
    rerun(s, "\"id\":\"job-1\",\"newId\":\"job-2\",\"devices\":\"unreached\"");
    report(s, 1, take_work(s, 1, 10), "[[0,\"completed\"],[1,\"failed\"]]");
    stage_pass(s, 301 * (int64_t)SECOND);
    expect_answer(job(s, "job-1"), "\"merged\":{\"total\":6,\"pending\":0,\"completed\":2,\"failed\":4}");
    then_answer_has(s, 1, "\"progress\":{\"total\":6,\"pending\":2,");
}

static void two_reruns_at_the_same_time_count_by_the_newest_end(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_job(s, "job-1", "");
    report(s, 1, take_work(s, 1, 1), "[[0,\"failed\"]]");
    rerun(s, "\"id\":\"job-1\",\"newId\":\"job-2\"");
    rerun(s, "\"id\":\"job-1\",\"newId\":\"job-3\"");
    stage_settle(s);
    uint64_t second = take_work(s, 1, 1), third = take_work(s, 1, 1);
    assert_true(second && third);
    report(s, 1, third, "[[0,\"completed\"]]");
    expect_answer(job(s, "job-1"), "\"merged\":{\"total\":1,\"pending\":0,\"completed\":1,\"failed\":0}");
    report(s, 1, second, "[[0,\"failed\"]]");
    expect_answer(job(s, "job-1"), "\"merged\":{\"total\":1,\"pending\":0,\"completed\":0,\"failed\":1}");
}

static void a_retried_failure_is_no_end_of_the_lineage(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_job(s, "job-1", ",\"retries\":{\"max\":1}");
    report(s, 1, take_work(s, 1, 1), "[[0,\"rejected\"]]");
    rerun(s, "\"id\":\"job-1\",\"newId\":\"job-2\"");
    report(s, 1, take_work(s, 1, 1), "[[0,\"failed\"]]");
    expect_answer(job(s, "job-2"), "\"progress\":{\"total\":1,\"pending\":1,");
    then_answer_has(s, 1, "\"merged\":{\"total\":1,\"pending\":0,\"completed\":0,\"failed\":1}");
    report(s, 1, take_work(s, 1, 1), "[[0,\"completed\"]]");
    expect_answer(job(s, "job-1"), "\"merged\":{\"total\":1,\"pending\":0,\"completed\":1,\"failed\":0}");
}

/* ---- Restarts. */

static void a_rerun_reads_its_parents_list_anew_after_a_restart(void **state)
{
    struct stage *s = *state;
    given_a_cancelled_job(s);
    s->hold_tasks = true;
    rerun(s, "\"id\":\"job-1\",\"newId\":\"job-2\"");
    s->hold_tasks = false;
    stage_restart(s);
    expect_answer(job(s, "job-2"), "\"total\":3");
    take_work(s, 1, 10);
    then_answer_has(s, 1, "\"devices\":[\"gw-2\",\"gw-3\",\"gw-4\"]");
    stage_restart(s);
    report(s, 1, take_work(s, 1, 10), "[[0,\"completed\"],[1,\"completed\"],[2,\"completed\"]]");
    expect_answer(job(s, "job-1"), "\"merged\":{\"total\":6,\"pending\":2,\"completed\":4,\"failed\":0}");
    then_a_rebuild_gives_the_same_state(s);
}

static void a_rerun_outlives_the_history_of_its_parent(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    given_job(s, "job-1", "");
    report(s, 1, take_work(s, 1, 10), "[[0,\"failed\"],[1,\"completed\"]]");
    rerun(s, "\"id\":\"job-1\",\"newId\":\"job-2\"");
    on_job(s, "jobs.stop", "job-2");
    stage_pass(s, 31 * 86400 * (int64_t)SECOND);
    expect_answer(on_job(s, "jobs.rerun", "job-1"), "\"job_expired\"");
    on_job(s, "jobs.resume", "job-2");
    report(s, 1, take_work(s, 1, 10), "[[0,\"completed\"]]");
    expect_answer(job(s, "job-2"), "\"status\":\"complete\"");
    then_answer_has(s, 1, "\"parentId\":\"job-1\"");
    then_answer_lacks(s, 1, "merged");
    expect_answer(job(s, "job-1"), "\"reruns\":[\"job-2\"]");
    then_a_rebuild_gives_the_same_state(s);
}

/* More than a page of the packed list, so that records and their pages are found again. */
static void a_long_list_is_rerun_whole(void **state)
{
    enum { COUNT = 700 };
    struct stage *s = *state;
    char *results = malloc(COUNT * 24), *at = results;
    given_devices(s, COUNT);
    given_job(s, "job-1", "");
    for (int i = 0; i < COUNT; i++) at += sprintf(at, "%s[%d,\"%s\"]", i ? "," : "[", i, i % 2 ? "failed" : "completed");
    strcpy(at, "]");
    report(s, 1, take_work(s, 1, COUNT), results);
    rerun(s, "\"id\":\"job-1\",\"newId\":\"job-2\"");
    expect_answer(job(s, "job-2"), "\"total\":350");
    at = results;
    for (int i = 0; i < COUNT / 2; i++) at += sprintf(at, "%s[%d,\"completed\"]", i ? "," : "[", i);
    strcpy(at, "]");
    report(s, 1, take_work(s, 1, COUNT), results);
    expect_answer(job(s, "job-1"), "\"merged\":{\"total\":700,\"pending\":0,\"completed\":700,\"failed\":0}");
    free(results);
    then_a_rebuild_gives_the_same_state(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_rerun_is_on_exactly_the_failed_devices),
        STORY(a_rerun_may_be_on_those_not_reached_or_on_both),
        STORY(removed_devices_and_those_of_another_template_are_left_out),
        STORY(a_rerun_of_devices_that_are_all_removed_has_none),
        STORY(a_device_that_ended_removed_is_not_one_that_failed),
        STORY(a_rerun_needs_no_group_any_more),
        STORY(the_plan_of_the_parent_is_the_reruns_too),
        STORY(only_what_is_over_is_rerun),
        STORY(a_job_without_a_list_cannot_be_rerun),
        STORY(a_rerun_of_a_job_whose_template_is_gone_is_refused),
        STORY(reruns_that_come_again_are_one),
        STORY(parent_and_reruns_show_each_other),
        STORY(the_merged_state_is_each_devices_newest_end),
        STORY(an_older_job_may_still_give_the_newest_end),
        STORY(devices_returned_after_a_cancel_keep_the_end_of_a_rerun),
        STORY(two_reruns_at_the_same_time_count_by_the_newest_end),
        STORY(a_retried_failure_is_no_end_of_the_lineage),
        STORY(a_rerun_reads_its_parents_list_anew_after_a_restart),
        STORY(a_rerun_outlives_the_history_of_its_parent),
        STORY(a_long_list_is_rerun_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
