/* The life of a job through the engine's own turn: every command, result, disconnect and restart goes the whole way. */
#include "tests/unit/stage.h"

#include "projections/imports.h"

/* ---- Givens. */

static void given_devices(struct stage *s, int count)
{
    for (int i = 1; i <= count; i++) stage_queue(s, 1, "devices.put", "{\"id\":\"gw-%d\"}", i);
    stage_call(s, 1, "groups.put", "{\"id\":\"all\"}");
}

/* `more` is the job's other fields, each with a comma before it. */
static const char *given_job(struct stage *s, const char *id, const char *more)
{
    return stage_call(s, 1, "jobs.run",
                      "{\"id\":\"%s\",\"group\":\"all\",\"data\":[{\"type\":\"property\",\"path\":\"target\",\"value\":21}]%s}",
                      id, more);
}

/* Takes up to `max` devices as peer `id`; returns the handle, 0 when there is no work. */
static uint64_t take_work(struct stage *s, uint64_t id, int max)
{
    const char *answer = stage_call(s, id, "work.take", "{\"connector\":\"test\",\"max\":%d}", max);
    const char *work = strstr(answer, "\"work\":");
    return work ? strtoull(work + strlen("\"work\":"), NULL, 10) : 0;
}

static const char *report(struct stage *s, uint64_t id, uint64_t work, const char *results)
{
    return stage_call(s, id, "work.report", "{\"work\":%llu,\"results\":%s}", (unsigned long long)work, results);
}

static const char *job(struct stage *s, const char *id)
{
    return stage_call(s, 1, "jobs.get", "{\"id\":\"%s\"}", id);
}

/* ---- Stories. */

static void a_job_runs_on_every_device_of_its_group(void **state)
{
    struct stage *s = *state;
    given_devices(s, 3);
    expect_answer(given_job(s, "job-1", ""), "\"status\":\"pending\"");
    expect_answer(job(s, "job-1"), "\"status\":\"running\"");
    uint64_t work = take_work(s, 1, 10);
    then_answer_has(s, 1, "[\"gw-1\",\"gw-2\",\"gw-3\"]");
    expect_answer(report(s, 1, work, "[[0,\"completed\"],[1,\"completed\"],[2,\"failed\",\"no power\"]]"), "\"recorded\":3");
    expect_answer(job(s, "job-1"), "\"status\":\"complete\"");
    then_answer_has(s, 1, "\"completed\":2,\"failed\":1");
    stage_call(s, 1, "jobs.devices", "{\"id\":\"job-1\",\"status\":\"failed\"}");
    then_answer_has(s, 1, "\"error\":\"no power\"");
    then_answer_has(s, 1, "\"id\":\"gw-3\"");
}

static void batches_run_one_after_another(void **state)
{
    struct stage *s = *state;
    given_devices(s, 5);
    given_job(s, "job-1", ",\"batch\":{\"type\":\"percentage\",\"value\":40}");
    uint64_t first = take_work(s, 1, 10);
    then_answer_has(s, 1, "[\"gw-1\",\"gw-2\"]");
    assert_int_equal(take_work(s, 1, 10), 0);
    report(s, 1, first, "[[0,\"completed\"]]");
    assert_int_equal(take_work(s, 1, 10), 0);
    report(s, 1, first, "[[1,\"completed\"]]");
    assert_int_not_equal(take_work(s, 1, 10), 0);
    then_answer_has(s, 1, "[\"gw-3\",\"gw-4\"]");
    expect_answer(job(s, "job-1"), "\"current\":2");
}

static void a_threshold_cancels_when_failures_are_more(void **state)
{
    struct stage *s = *state;
    given_devices(s, 4);
    given_job(s, "job-1", ",\"cancellationThreshold\":{\"type\":\"percentage\",\"value\":25},\"batch\":{\"type\":\"number\",\"value\":3}");
    uint64_t work = take_work(s, 1, 10);
    report(s, 1, work, "[[0,\"failed\",\"x\"]]");
    expect_answer(job(s, "job-1"), "\"status\":\"running\"");
    report(s, 1, work, "[[1,\"failed\",\"x\"]]");
    expect_answer(job(s, "job-1"), "\"status\":\"cancelled\"");
    then_answer_has(s, 1, "threshold");
    assert_int_equal(take_work(s, 1, 10), 0);
    expect_answer(report(s, 1, work, "[[2,\"completed\"]]"), "\"recorded\":1");
    expect_answer(job(s, "job-1"), "\"pending\":1,\"completed\":1,\"failed\":2");
}

static void a_threshold_of_a_batch_counts_that_batch(void **state)
{
    struct stage *s = *state;
    given_devices(s, 4);
    given_job(s, "job-1",
              ",\"cancellationThreshold\":{\"type\":\"number\",\"value\":1,\"batch\":true},\"batch\":{\"type\":\"number\",\"value\":2}");
    report(s, 1, take_work(s, 1, 10), "[[0,\"failed\"],[1,\"completed\"]]");
    report(s, 1, take_work(s, 1, 10), "[[0,\"failed\"],[1,\"completed\"]]");
    expect_answer(job(s, "job-1"), "\"status\":\"complete\"");
}

static void a_stopped_job_records_what_is_on_its_way_and_resumes(void **state)
{
    struct stage *s = *state;
    given_devices(s, 3);
    given_job(s, "job-1", "");
    uint64_t work = take_work(s, 1, 2);
    expect_answer(stage_call(s, 1, "jobs.stop", "{\"id\":\"job-1\"}"), "\"status\":\"stopped\"");
    assert_int_equal(take_work(s, 1, 10), 0);
    report(s, 1, work, "[[0,\"completed\"],[1,\"completed\"]]");
    expect_answer(job(s, "job-1"), "\"status\":\"stopped\"");
    stage_call(s, 1, "jobs.resume", "{\"id\":\"job-1\"}");
    report(s, 1, take_work(s, 1, 10), "[[0,\"completed\"]]");
    expect_answer(job(s, "job-1"), "\"status\":\"complete\"");
}

static void a_stopped_job_whose_devices_all_answered_is_complete_when_resumed(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_job(s, "job-1", "");
    uint64_t work = take_work(s, 1, 10);
    stage_call(s, 1, "jobs.stop", "{\"id\":\"job-1\"}");
    report(s, 1, work, "[[0,\"completed\"]]");
    expect_answer(job(s, "job-1"), "\"status\":\"stopped\"");
    expect_answer(stage_call(s, 1, "jobs.resume", "{\"id\":\"job-1\"}"), "\"status\":\"complete\"");
}

static void a_connector_that_leaves_gives_its_work_back(void **state)
{
    struct stage *s = *state;
    given_devices(s, 3);
    given_job(s, "job-1", "");
    stage_join(s, 2, false);
    uint64_t lost = take_work(s, 2, 2);
    report(s, 2, lost, "[[0,\"completed\"]]");
    stage_leave(s, 2);
    assert_int_not_equal(take_work(s, 1, 10), 0);
    then_answer_has(s, 1, "\"attempt\":2");
    then_answer_has(s, 1, "[\"gw-2\"]");
    /* What the lost connector reports after all still counts when it completed. */
    expect_answer(report(s, 1, lost, "[[1,\"completed\"]]"), "\"recorded\":1");
    report(s, 1, take_work(s, 1, 10), "[[0,\"completed\"]]");
    expect_answer(job(s, "job-1"), "\"status\":\"complete\"");
}

static void a_device_that_does_not_answer_fails_at_its_deadline(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    given_job(s, "job-1", ",\"timeouts\":{\"execution\":10}");
    uint64_t work = take_work(s, 1, 10);
    report(s, 1, work, "[[0,\"completed\"]]");
    stage_pass(s, 9 * SECOND);
    expect_answer(job(s, "job-1"), "\"status\":\"running\"");
    stage_pass(s, 1 * SECOND);
    expect_answer(job(s, "job-1"), "\"status\":\"complete\"");
    then_answer_has(s, 1, "\"completed\":1,\"failed\":1");
    expect_answer(report(s, 1, work, "[[1,\"completed\"]]"), "\"duplicates\":1");
}

static void a_failure_is_tried_again_as_often_as_the_job_says(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    given_job(s, "job-1", ",\"retries\":{\"max\":1},\"cancellationThreshold\":{\"type\":\"number\",\"value\":0}");
    expect_answer(job(s, "job-1"), "\"retries\":{\"max\":1,\"on\":[\"failed\",\"timed_out\"]}");
    report(s, 1, take_work(s, 1, 10), "[[0,\"failed\"],[1,\"completed\"]]");
    expect_answer(job(s, "job-1"), "\"pending\":1,\"completed\":1,\"failed\":0");
    uint64_t second = take_work(s, 1, 10);
    then_answer_has(s, 1, "\"attempt\":2");
    report(s, 1, second, "[[0,\"failed\"]]");
    expect_answer(job(s, "job-1"), "\"status\":\"cancelled\"");
}

static void a_rejection_is_never_tried_again(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_job(s, "job-1", ",\"retries\":{\"max\":10}");
    report(s, 1, take_work(s, 1, 10), "[[0,\"rejected\"]]");
    expect_answer(job(s, "job-1"), "\"status\":\"complete\"");
}

/* What came in while it waited for its turn has decided it: nothing more is handed out. */
static void a_resumed_job_is_looked_at_again_when_its_turn_comes(void **state)
{
    struct stage *s = *state;
    s->turn->settings.jobs_at_once = 1;
    given_devices(s, 2);
    given_job(s, "job-1", ",\"cancellationThreshold\":{\"type\":\"number\",\"value\":0}");
    uint64_t work = take_work(s, 1, 1);
    stage_call(s, 1, "jobs.stop", "{\"id\":\"job-1\"}");
    given_job(s, "job-2", "");
    take_work(s, 1, 10);
    expect_answer(stage_call(s, 1, "jobs.resume", "{\"id\":\"job-1\"}"), "\"status\":\"pending\"");
    report(s, 1, work, "[[0,\"failed\"]]");
    stage_join(s, 2, false);
    stage_call(s, 2, "work.take", "{\"connector\":\"c\",\"wait\":5}");
    stage_call(s, 1, "jobs.cancel", "{\"id\":\"job-2\"}");
    expect_answer(job(s, "job-1"), "\"status\":\"cancelled\"");
    assert_string_equal(stage_answers(s, 2), "");
}

static void after_a_cancel_a_silent_device_is_pending_again(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    given_job(s, "job-1", "");
    take_work(s, 1, 10);
    expect_answer(stage_call(s, 1, "jobs.cancel", "{\"id\":\"job-1\"}"), "\"statusReason\":\"by_user\"");
    stage_pass(s, 301 * (int64_t)SECOND);
    expect_answer(job(s, "job-1"), "\"pending\":2,\"completed\":0,\"failed\":0");
}

static void a_take_waits_until_there_is_work(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    stage_join(s, 2, false);
    stage_call(s, 2, "work.take", "{\"connector\":\"c\",\"wait\":5}");
    assert_string_equal(stage_answers(s, 2), "");
    given_job(s, "job-1", "");
    stage_settle(s);
    then_answer_has(s, 2, "[\"gw-1\"]");
    stage_call(s, 2, "work.take", "{\"connector\":\"c\",\"wait\":5}");
    stage_pass(s, 6 * SECOND);
    then_answer_has(s, 2, "null,[]]");
}

static void the_sixth_job_waits_and_says_so(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    for (int i = 1; i <= 6; i++) {
        char id[16];
        snprintf(id, sizeof id, "job-%d", i);
        given_job(s, id, "");
    }
    expect_answer(job(s, "job-6"), "\"status\":\"pending\"");
    then_answer_has(s, 1, "\"waiting\":\"");
    stage_call(s, 1, "jobs.stop", "{\"id\":\"job-1\"}");
    expect_answer(job(s, "job-6"), "\"status\":\"running\"");
}

/* It ends in the step in which it runs: that too makes room. */
static void a_job_of_the_engines_own_makes_room_for_the_next(void **state)
{
    struct stage *s = *state;
    s->turn->settings.jobs_at_once = 1;
    given_devices(s, 1);
    for (int i = 1; i <= 3; i++)
        stage_queue(s, 1, "jobs.run", "{\"id\":\"job-%d\",\"group\":\"all\",\"data\":[{\"type\":\"cloudProperty\",\"path\":\"p\",\"value\":1}]}", i);
    stage_settle(s);
    expect_answer(job(s, "job-3"), "\"status\":\"complete\"");
}

static void lists_of_jobs_are_newest_first_and_filter(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_job(s, "job-1", ",\"displayName\":\"Raise the target\"");
    report(s, 1, take_work(s, 1, 10), "[[0,\"completed\"]]");
    given_job(s, "job-2", "");
    given_job(s, "job-3", "");
    stage_call(s, 1, "jobs.list", "{\"limit\":2}");
    then_answer_has(s, 1, "[{\"id\":\"job-3\"");
    then_answer_has(s, 1, "\"cursor\":\"1\"");
    expect_answer(stage_call(s, 1, "jobs.list", "{\"cursor\":\"1\"}"), "[{\"id\":\"job-1\"");
    expect_answer(stage_call(s, 1, "jobs.list", "{\"section\":\"recent\"}"), "[{\"id\":\"job-1\"");
    expect_answer(stage_call(s, 1, "jobs.list", "{\"name\":\"target\"}"), "[{\"id\":\"job-1\"");
    expect_answer(stage_call(s, 1, "jobs.list", "{\"name\":\"RAISE T\"}"), "[{\"id\":\"job-1\"");
    expect_answer(stage_call(s, 1, "jobs.list", "{\"section\":\"saved\"}"), "\"value\":[]");
    expect_answer(stage_call(s, 1, "jobs.list", "{\"section\":\"old\"}"), "\"bad_field\"");
    stage_pass(s, 31 * 86400 * (int64_t)SECOND);
    expect_answer(stage_call(s, 1, "jobs.list", "{\"section\":\"recent\"}"), "\"value\":[]");
}

/* The job that took the id was not written down either: nobody may be told that it is taken. */
static void a_refusal_falls_with_what_it_was_for(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    stage_fill_disk(s, true);
    const char *body = "{\"id\":\"job-1\",\"group\":\"all\",\"data\":[{\"type\":\"property\",\"path\":\"p\",\"value\":%d}]}";
    stage_forget_answers(s, 1);
    stage_queue(s, 1, "jobs.run", body, 1);
    stage_queue(s, 1, "jobs.run", body, 2);
    stage_settle(s);
    assert_null(strstr(stage_answers(s, 1), "conflict"));
    stage_fill_disk(s, false);
    expect_answer(stage_call(s, 1, "jobs.run", body, 2), "\"status\":\"pending\"");
}

/* Its template was not written down: another that comes to be must not be taken for it. */
static void a_take_is_looked_at_again_when_its_turn_is_undone(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    stage_join(s, 2, false);
    stage_fill_disk(s, true);
    stage_forget_answers(s, 1);
    stage_queue(s, 1, "templates.put", "{\"id\":\"t-1\"}");
    stage_queue(s, 1, "work.take", "{\"connector\":\"c\",\"wait\":5,\"templates\":[\"t-1\"]}");
    stage_queue(s, 2, "work.take", "{\"connector\":\"c\",\"wait\":5}");
    stage_settle(s);
    then_answer_has(s, 1, "\"no_such_template\"");
    assert_string_equal(stage_answers(s, 2), "");
    stage_fill_disk(s, false);
    stage_pass(s, SECOND);
    given_job(s, "job-1", "");
    stage_settle(s);
    then_answer_has(s, 2, "[\"gw-1\"]");
}

static void every_one_of_many_running_jobs_is_served(void **state)
{
    struct stage *s = *state;
    s->turn->settings.jobs_at_once = JOBS_AT_ONCE_MAX;
    given_devices(s, 1);
    for (int i = 1; i <= 20; i++) {
        char id[16];
        snprintf(id, sizeof id, "job-%d", i);
        given_job(s, id, "");
    }
    for (int i = 0; i < 20; i++) assert_int_not_equal(take_work(s, 1, 1), 0);
    expect_answer(job(s, "job-20"), "\"waiting\":\"the results of 1 device are still to come\"");
}

static void a_client_that_never_pauses_does_not_hold_up_jobs(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_job(s, "job-1", ",\"timeouts\":{\"execution\":1}");
    take_work(s, 1, 1);
    stage_join(s, 2, false);
    for (int i = 0; i < 20000; i++) stage_queue(s, 2, "devices.put", "{\"id\":\"noise-%d\"}", i);
    s->clock.monotonic_us += 2 * SECOND;
    turn_run(s->turn, &s->clock);
    assert_int_equal(jobs_get(s->turn->view, 1)->status, JOB_IS_COMPLETE);
    stage_settle(s);
}

static void a_write_that_comes_again_is_not_read_again(void **state)
{
    struct stage *s = *state;
    stage_call(s, 1, "imports.open", "{\"id\":\"i-1\"}");
    for (int i = 0; i < 2; i++)
        stage_call(s, 1, "imports.write", "{\"id\":\"i-1\",\"requestId\":\"w-1\",\"data\":\"IOTC_DEVICEID\\nab\"}");
    stage_call(s, 1, "imports.close", "{\"id\":\"i-1\"}");
    expect_answer(stage_call(s, 1, "devices.get", "{\"id\":\"ab\"}"), "\"id\":\"ab\"");
    expect_answer(stage_call(s, 1, "devices.get", "{\"id\":\"abIOTC\"}"), "no_such_device");
}

static void an_empty_name_is_the_id(void **state)
{
    struct stage *s = *state;
    expect_answer(stage_call(s, 1, "groups.put", "{\"id\":\"g\",\"displayName\":\"\"}"), "\"displayName\":\"g\"");
    expect_answer(stage_call(s, 1, "templates.put", "{\"id\":\"t\",\"displayName\":\"\"}"), "\"displayName\":\"t\"");
}

static void a_removed_device_ends_in_running_jobs(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    given_job(s, "job-1", "");
    stage_call(s, 1, "devices.remove", "{\"id\":\"gw-2\"}");
    report(s, 1, take_work(s, 1, 10), "[[0,\"completed\"]]");
    expect_answer(job(s, "job-1"), "\"status\":\"complete\"");
    stage_call(s, 1, "jobs.devices", "{\"id\":\"job-1\",\"reason\":\"device_removed\"}");
    then_answer_has(s, 1, "\"deleted\":true");
}

/* The engine comes to it when it looks for something to hand out; the next batch must not wait for another reason. */
static void a_batch_of_removed_devices_only_holds_nobody_up(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    given_job(s, "job-1", ",\"batch\":{\"type\":\"number\",\"value\":1}");
    stage_call(s, 1, "jobs.stop", "{\"id\":\"job-1\"}");
    stage_call(s, 1, "devices.remove", "{\"id\":\"gw-1\"}");
    stage_call(s, 1, "jobs.resume", "{\"id\":\"job-1\"}");
    stage_call(s, 1, "work.take", "{\"connector\":\"c\",\"wait\":5}");
    then_answer_has(s, 1, "\"batch\":2,\"attempt\":1");
    then_answer_has(s, 1, "[\"gw-2\"]");
}

static void a_job_without_devices_or_group_fails_with_the_reason(void **state)
{
    struct stage *s = *state;
    stage_call(s, 1, "groups.put", "{\"id\":\"all\"}");
    given_job(s, "job-1", "");
    expect_answer(job(s, "job-1"), "\"statusReason\":\"no_devices\"");
}

static void a_job_whose_group_or_template_is_gone_fails_when_its_turn_comes(void **state)
{
    struct stage *s = *state;
    s->turn->settings.jobs_at_once = 1;
    given_devices(s, 1);
    stage_call(s, 1, "templates.put", "{\"id\":\"t\"}");
    stage_call(s, 1, "groups.put", "{\"id\":\"other\"}");
    given_job(s, "job-1", "");
    stage_call(s, 1, "jobs.run", "{\"id\":\"job-2\",\"group\":\"other\",\"data\":[{\"type\":\"property\",\"path\":\"p\",\"value\":1}]}");
    stage_call(s, 1, "jobs.run", "{\"id\":\"job-3\",\"group\":\"all\",\"data\":[{\"type\":\"property\",\"target\":\"t\",\"path\":\"p\",\"value\":1}]}");
    stage_call(s, 1, "groups.remove", "{\"id\":\"other\",\"force\":true}");
    stage_call(s, 1, "templates.remove", "{\"id\":\"t\",\"force\":true}");
    stage_call(s, 1, "jobs.cancel", "{\"id\":\"job-1\"}");
    expect_answer(job(s, "job-2"), "\"statusReason\":\"group_removed\"");
    expect_answer(job(s, "job-3"), "\"statusReason\":\"template_removed\"");
}

static void a_report_by_name_for_work_that_nobody_was_given_is_unknown(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    given_job(s, "job-1", ",\"batch\":{\"type\":\"number\",\"value\":1}");
    take_work(s, 1, 10);
    stage_call(s, 1, "work.report", "{\"results\":[{\"job\":\"job-1\",\"device\":\"gw-2\",\"status\":\"completed\"},"
                                    "{\"job\":\"job-1\",\"device\":\"gw-1\",\"attempt\":2,\"status\":\"completed\"},"
                                    "{\"job\":\"job-1\",\"device\":\"gw-1\",\"attempt\":1,\"status\":\"completed\"}]}");
    then_answer_has(s, 1, "\"recorded\":1,\"duplicates\":0,\"unknown\":2");
}

static void a_subscription_may_name_any_number_of_event_types(void **state)
{
    struct stage *s = *state;
    char types[4096] = "\"DEVICE_REGISTERED\"";
    for (int i = 0; i < 100; i++) strcat(types, ",\"GROUP_SAVED\"");
    stage_call(s, 1, "events.subscribe", "{\"from\":1,\"filter\":{\"type\":[%s]}}", types);
    stage_call(s, 1, "devices.put", "{\"id\":\"gw-1\"}");
    then_answer_has(s, 1, "DEVICE_REGISTERED");
    assert_null(strstr(stage_answers(s, 1), "ACTOR_SEEN"));
}

static void the_same_request_again_gives_the_same_job(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    const char *body = "{\"requestId\":\"r-1\",\"group\":\"all\",\"data\":[{\"type\":\"property\",\"path\":\"p\",\"value\":%d}]}";
    stage_call(s, 1, "jobs.run", body, 1);
    char *first = strdup(strstr(stage_answers(s, 1), "\"id\":"));
    first[30] = '\0';
    stage_restart(s);
    expect_answer(stage_call(s, 1, "jobs.run", body, 1), first);
    expect_answer(stage_call(s, 1, "jobs.run", body, 2), "\"conflict\"");
    expect_answer(stage_call(s, 1, "info", "{}"), "\"running\":1");
    free(first);
}

static void a_request_that_made_no_job_is_forgotten_after_30_days(void **state)
{
    struct stage *s = *state;
    const char *put = "{\"requestId\":\"r-1\",\"id\":\"gw-1\",\"displayName\":\"%s\"}";
    stage_call(s, 1, "devices.put", put, "One");
    stage_pass(s, 29 * 86400 * (int64_t)SECOND);
    expect_answer(stage_call(s, 1, "devices.put", put, "Two"), "\"conflict\"");
    stage_pass(s, 2 * 86400 * (int64_t)SECOND);
    expect_answer(stage_call(s, 1, "devices.put", put, "Two"), "\"displayName\":\"Two\"");
    /* And is remembered anew. */
    expect_answer(stage_call(s, 1, "devices.put", put, "Three"), "\"conflict\"");
}

static void the_same_job_id_with_another_body_is_a_conflict(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_job(s, "job-1", "");
    expect_answer(given_job(s, "job-1", ""), "\"status\":\"running\"");
    expect_answer(given_job(s, "job-1", ",\"displayName\":\"other\""), "\"conflict\"");
}

static void a_reader_is_refused_what_changes(void **state)
{
    struct stage *s = *state;
    stage_join(s, 3, true);
    expect_answer(stage_call(s, 3, "devices.put", "{\"id\":\"gw-1\"}"), "\"read_only\"");
    expect_answer(stage_call(s, 3, "devices.get", "{\"id\":\"gw-1\"}"), "\"no_such_device\"");
}

static void an_import_takes_good_rows_and_explains_bad_ones(void **state)
{
    struct stage *s = *state;
    stage_call(s, 1, "imports.open", "{\"id\":\"i-1\"}");
    stage_call(s, 1, "imports.write", "{\"id\":\"i-1\",\"data\":\"%s\"}",
               "IOTC_DEVICEID,IOTC_DEVICENAME,SITE\\r\\ngw-1,One,A\\r\\nbad id,Two,B\\r\\ngw-1,One,A\\r\\n");
    then_answer_has(s, 1, "\"accepted\":1,\"changed\":0,\"unchanged\":0,\"rejected\":2");
    expect_answer(stage_call(s, 1, "imports.close", "{\"id\":\"i-1\"}"), "\"status\":\"complete\"");
    stage_call(s, 1, "imports.errors", "{\"id\":\"i-1\"}");
    expect_answer(stage_call(s, 1, "devices.get", "{\"id\":\"gw-1\"}"), "\"displayName\":\"One\"");
}

static void an_error_log_keeps_its_columns_and_comes_back_without_them(void **state)
{
    struct stage *s = *state;
    stage_call(s, 1, "imports.open", "{\"id\":\"i-1\"}");
    stage_call(s, 1, "imports.write", "{\"id\":\"i-1\",\"data\":\"%s\"}",
               "IOTC_DEVICEID,IOTC_DEVICENAME,import_line,IMPORT_ERROR\\nbad id\\n_,Pump, north,7,old\\n");
    stage_call(s, 1, "imports.close", "{\"id\":\"i-1\"}");
    stage_queue(s, 1, "imports.errors", "{\"id\":\"i-1\"}");
    stage_settle(s);
    struct import import;
    struct event event;
    struct bytes value;
    struct sentence why;
    assert_true(imports_get(s->turn->view, 1, &import));
    assert_int_equal(log_read(&s->turn->reader, imports_rejected_row(s->turn->view, 1, 0), &value), LOG_OK);
    assert_int_equal(event_decode(value, &event, &why), EVENT_OK);
    assert_true(bytes_equal(event.import_row_rejected.row, BYTES("bad id,")));
}

static void a_restart_gives_all_work_back(void **state)
{
    struct stage *s = *state;
    given_devices(s, 3);
    given_job(s, "job-1", "");
    uint64_t work = take_work(s, 1, 10);
    report(s, 1, work, "[[1,\"completed\"]]");
    stage_restart(s);
    assert_int_not_equal(take_work(s, 1, 10), 0);
    then_answer_has(s, 1, "[\"gw-1\",\"gw-3\"]");
    /* The connector's old handle still means the same devices. */
    expect_answer(report(s, 1, work, "[[0,\"completed\"],[1,\"completed\"],[2,\"completed\"]]"),
                  "\"recorded\":2,\"duplicates\":1");
    expect_answer(job(s, "job-1"), "\"status\":\"complete\"");
}

/* A job that is over is looked after no more when its last device is back: the next one must not be passed over. */
static void a_restart_gives_work_back_behind_a_job_that_is_over(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_job(s, "job-1", "");
    given_job(s, "job-2", "");
    take_work(s, 1, 10);
    stage_call(s, 1, "jobs.cancel", "{\"id\":\"job-1\"}");
    stage_restart(s);
    assert_int_not_equal(take_work(s, 1, 10), 0);
    then_answer_has(s, 1, "\"job\":\"job-2\",\"batch\":1,\"attempt\":2");
}

static void a_rebuild_gives_the_same_state(void **state)
{
    struct stage *s = *state;
    given_devices(s, 40);
    given_job(s, "job-1", ",\"batch\":{\"type\":\"number\",\"value\":7}");
    given_job(s, "job-2", ",\"cancellationThreshold\":{\"type\":\"number\",\"value\":0}");
    for (int i = 0; i < 9; i++) report(s, 1, take_work(s, 1, 4), "[[0,\"completed\"],[1,\"failed\",\"x\"],[2,\"completed\"]]");
    stage_call(s, 1, "devices.remove", "{\"id\":\"gw-40\"}");
    stage_restart(s);
    assert_true(stage_rebuild_gives_the_same(s));
}

static void a_log_that_is_gone_does_not_begin_anew_in_silence(void **state)
{
    struct stage *s = *state;
    struct sentence why;
    int exit_code = 0;
    char command[256];
    given_devices(s, 1);
    turn_close(s->turn, &s->clock);
    snprintf(command, sizeof command, "mv '%s/log' '%s/away'", s->directory, s->directory);
    assert_int_equal(system(command), 0);
    assert_null(turn_open(&s->settings, &why, &exit_code));
    assert_int_equal(exit_code, EXIT_DAMAGED);
    assert_non_null(strstr(why.text, "put that log back"));
    snprintf(command, sizeof command, "rm -r '%s/log' && mv '%s/away' '%s/log'", s->directory, s->directory, s->directory);
    assert_int_equal(system(command), 0);
    stage_start(s);
    expect_answer(stage_call(s, 1, "devices.get", "{\"id\":\"gw-1\"}"), "gw-1");
}

static void a_subscriber_sees_every_event_from_its_number_on(void **state)
{
    struct stage *s = *state;
    expect_answer(stage_call(s, 1, "events.subscribe", "{\"from\":1000}"), "restored from a backup");
    stage_call(s, 1, "events.subscribe", "{\"from\":1}");
    then_answer_has(s, 1, "LOG_STARTED");
    then_answer_has(s, 1, "caught_up");
    stage_call(s, 1, "devices.put", "{\"id\":\"gw-1\"}");
    then_answer_has(s, 1, "DEVICE_REGISTERED");
}

static void a_report_of_more_than_a_turn_is_answered_once(void **state)
{
    struct stage *s = *state;
    enum { COUNT = 9000 };
    for (int i = 1; i <= COUNT; i++) stage_queue(s, 1, "devices.put", "{\"id\":\"gw-%d\"}", i);
    stage_call(s, 1, "groups.put", "{\"id\":\"all\"}");
    given_job(s, "job-1", "");
    uint64_t work = take_work(s, 1, 10000);
    char *results = malloc(COUNT * 24), *at = results;
    for (int i = 0; i < COUNT; i++) at += sprintf(at, "%s[%d,\"completed\"]", i ? "," : "[", i);
    strcpy(at, "]");
    expect_answer(report(s, 1, work, results), "\"recorded\":9000");
    expect_answer(job(s, "job-1"), "\"status\":\"complete\"");
    free(results);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, stage_set_up, stage_tear_down)
    const struct CMUnitTest tests[] = {
        STORY(a_job_runs_on_every_device_of_its_group),
        STORY(batches_run_one_after_another),
        STORY(a_threshold_cancels_when_failures_are_more),
        STORY(a_threshold_of_a_batch_counts_that_batch),
        STORY(a_stopped_job_records_what_is_on_its_way_and_resumes),
        STORY(a_stopped_job_whose_devices_all_answered_is_complete_when_resumed),
        STORY(a_connector_that_leaves_gives_its_work_back),
        STORY(a_device_that_does_not_answer_fails_at_its_deadline),
        STORY(a_failure_is_tried_again_as_often_as_the_job_says),
        STORY(a_rejection_is_never_tried_again),
        STORY(a_resumed_job_is_looked_at_again_when_its_turn_comes),
        STORY(after_a_cancel_a_silent_device_is_pending_again),
        STORY(a_take_waits_until_there_is_work),
        STORY(the_sixth_job_waits_and_says_so),
        STORY(a_refusal_falls_with_what_it_was_for),
        STORY(a_take_is_looked_at_again_when_its_turn_is_undone),
        STORY(every_one_of_many_running_jobs_is_served),
        STORY(a_client_that_never_pauses_does_not_hold_up_jobs),
        STORY(a_write_that_comes_again_is_not_read_again),
        STORY(an_empty_name_is_the_id),
        STORY(a_job_of_the_engines_own_makes_room_for_the_next),
        STORY(lists_of_jobs_are_newest_first_and_filter),
        STORY(a_removed_device_ends_in_running_jobs),
        STORY(a_batch_of_removed_devices_only_holds_nobody_up),
        STORY(a_job_without_devices_or_group_fails_with_the_reason),
        STORY(a_job_whose_group_or_template_is_gone_fails_when_its_turn_comes),
        STORY(a_report_by_name_for_work_that_nobody_was_given_is_unknown),
        STORY(a_subscription_may_name_any_number_of_event_types),
        STORY(the_same_request_again_gives_the_same_job),
        STORY(a_request_that_made_no_job_is_forgotten_after_30_days),
        STORY(the_same_job_id_with_another_body_is_a_conflict),
        STORY(a_reader_is_refused_what_changes),
        STORY(an_import_takes_good_rows_and_explains_bad_ones),
        STORY(an_error_log_keeps_its_columns_and_comes_back_without_them),
        STORY(a_restart_gives_all_work_back),
        STORY(a_restart_gives_work_back_behind_a_job_that_is_over),
        STORY(a_rebuild_gives_the_same_state),
        STORY(a_log_that_is_gone_does_not_begin_anew_in_silence),
        STORY(a_subscriber_sees_every_event_from_its_number_on),
        STORY(a_report_of_more_than_a_turn_is_answered_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
