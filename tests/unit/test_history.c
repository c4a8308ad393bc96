/* The 30 days after which an ended job is forgotten, through the engine's own turn: the test moves the clock. */
#include "tests/unit/stage.h"

#include "engine/refold.h"

#define DAY (86400 * (int64_t)SECOND)

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
                      "{\"id\":\"%s\",\"group\":\"all\",\"data\":[{\"type\":\"command\",\"path\":\"reboot\"}]%s}", id,
                      more);
}

static uint64_t take_work(struct stage *s, int max)
{
    const char *answer = stage_call(s, 1, "work.take", "{\"connector\":\"north\",\"max\":%d}", max);
    const char *work = strstr(answer, "\"work\":");
    return work ? strtoull(work + strlen("\"work\":"), NULL, 10) : 0;
}

static const char *report(struct stage *s, uint64_t work, const char *results)
{
    return stage_call(s, 1, "work.report", "{\"work\":%llu,\"results\":%s}", (unsigned long long)work, results);
}

static const char *job(struct stage *s, const char *id)
{
    return stage_call(s, 1, "jobs.get", "{\"id\":\"%s\"}", id);
}

/* One device, whose job has ended. */
static void given_ended_job(struct stage *s, const char *id)
{
    given_job(s, id, "");
    uint64_t work = take_work(s, 1);
    report(s, work, "[[0,\"failed\",\"no power\"]]");
}

/* ---- Stories. */

static void an_ended_job_is_recent_for_30_days_to_the_microsecond(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_ended_job(s, "job-1");
    int64_t ended_us = s->clock.wall_us;
    stage_pass(s, ended_us + 30 * DAY - s->clock.wall_us);
    expect_answer(stage_call(s, 1, "jobs.list", "{\"section\":\"recent\"}"), "[{\"id\":\"job-1\"");
    stage_call(s, 1, "jobs.devices", "{\"id\":\"job-1\"}");
    then_answer_has(s, 1, "\"id\":\"gw-1\"");
    /* The clock alone wakes the engine. */
    assert_int_equal(turn_deadline_us(s->turn), s->clock.monotonic_us + 1);
    stage_pass(s, 1);
    expect_answer(stage_call(s, 1, "jobs.list", "{\"section\":\"recent\"}"), "\"value\":[]");
    expect_answer(stage_call(s, 1, "jobs.list", "{}"), "\"value\":[]");
    expect_answer(stage_call(s, 1, "events.read", "{\"filter\":{\"type\":\"JOB_EXPIRED\"}}"), "\"job\":\"job-1\"");
    expect_answer(stage_call(s, 1, "info", "{}"), "\"complete\":0");
}

static void day_30_and_day_31_are_told_apart(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_ended_job(s, "job-1");
    stage_pass(s, DAY);
    given_ended_job(s, "job-2");
    stage_pass(s, 30 * DAY);
    stage_call(s, 1, "jobs.list", "{\"section\":\"recent\"}");
    then_answer_has(s, 1, "{\"value\":[{\"id\":\"job-2\"");
    assert_null(strstr(stage_answers(s, 1), "job-1"));
}

static void an_expired_job_keeps_its_id_its_status_and_its_sums(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_ended_job(s, "job-1");
    stage_pass(s, 31 * DAY);
    for (int round = 0; round < 2; round++) {
        expect_answer(job(s, "job-1"), "\"status\":\"complete\",\"expired\":true");
        then_answer_has(s, 1, "\"progress\":{\"total\":1,\"pending\":0,\"completed\":0,\"failed\":1}");
        then_answer_has(s, 1, "\"batches\":{\"count\":1,");
        expect_answer(given_job(s, "job-1", ""), "\"expired\":true");
        expect_answer(given_job(s, "job-1", ",\"displayName\":\"other\""), "\"conflict\"");
        expect_answer(stage_call(s, 1, "jobs.devices", "{\"id\":\"job-1\"}"), "\"job_expired\"");
        expect_answer(stage_call(s, 1, "jobs.failures", "{\"id\":\"job-1\"}"), "\"job_expired\"");
        expect_answer(stage_call(s, 1, "jobs.results", "{\"id\":\"job-1\"}"), "\"job_expired\"");
        expect_answer(stage_call(s, 1, "jobs.cancel", "{\"id\":\"job-1\"}"), "\"job_cannot_cancel\"");
        stage_call(s, 1, "work.report",
                   "{\"results\":[{\"job\":\"job-1\",\"device\":\"gw-1\",\"status\":\"completed\"}]}");
        then_answer_has(s, 1, "\"unknown\":1");
        stage_restart(s);
    }
}

static void jobs_that_have_not_ended_never_expire(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_job(s, "job-1", "");
    given_job(s, "job-2", "");
    stage_call(s, 1, "jobs.stop", "{\"id\":\"job-2\"}");
    stage_pass(s, 400 * DAY);
    expect_answer(job(s, "job-1"), "\"status\":\"running\"");
    expect_answer(job(s, "job-2"), "\"status\":\"stopped\"");
    expect_answer(stage_call(s, 1, "jobs.devices", "{\"id\":\"job-1\"}"), "\"id\":\"gw-1\"");
    assert_int_equal(turn_deadline_us(s->turn), INT64_MAX);
    /* A stopped job that is cancelled now has 30 days from now. */
    stage_call(s, 1, "jobs.cancel", "{\"id\":\"job-2\"}");
    stage_pass(s, 30 * DAY);
    expect_answer(stage_call(s, 1, "jobs.list", "{\"section\":\"recent\"}"), "\"id\":\"job-2\"");
}

static void after_a_long_stop_all_that_is_due_expires(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    for (int i = 1; i <= 30; i++) {
        char id[16];
        snprintf(id, sizeof id, "job-%d", i);
        given_ended_job(s, id);
        stage_pass(s, DAY);
    }
    stage_finish_tasks(s);
    turn_close(s->turn, &s->clock);
    s->clock.wall_us += 20 * DAY;
    stage_start(s);
    stage_call(s, 1, "jobs.list", "{\"limit\":1000}");
    then_answer_has(s, 1, "\"id\":\"job-30\"");
    then_answer_has(s, 1, "\"id\":\"job-21\"");
    assert_null(strstr(stage_answers(s, 1), "\"job-20\""));
}

/* Only a wall clock that was set far ahead finds devices out with a job that ended 30 days ago. */
static void what_is_still_out_is_called_back_before_a_job_expires(void **state)
{
    struct stage *s = *state;
    given_devices(s, 5);
    given_job(s, "job-1", "");
    uint64_t work = take_work(s, 2);
    take_work(s, 2);
    stage_call(s, 1, "jobs.cancel", "{\"id\":\"job-1\"}");
    s->clock.wall_us += 40 * DAY;
    stage_settle(s);
    expect_answer(job(s, "job-1"), "\"expired\":true");
    expect_answer(report(s, work, "[[0,\"completed\"]]"), "\"recorded\":0");
    expect_answer(stage_call(s, 1, "events.read", "{\"filter\":{\"type\":\"DEVICES_RETURNED\"}}"),
                  "\"no_answer_after_cancel\"");
    stage_pass(s, 301 * (int64_t)SECOND);
    assert_int_equal(turn_deadline_us(s->turn), INT64_MAX);
}

static void a_rebuild_forgets_the_same(void **state)
{
    struct stage *s = *state;
    given_devices(s, 300);
    given_ended_job(s, "job-1");
    stage_call(s, 1, "jobs.cancel", "{\"id\":\"job-1\"}");
    given_job(s, "job-2", "");
    report(s, take_work(s, 10), "[[0,\"failed\",\"x\"],[1,\"completed\"]]");
    stage_call(s, 1, "columns.set", "{\"user\":\"a\",\"view\":\"jobs.devices\",\"columns\":[\"end\"]}");
    stage_pass(s, 31 * DAY);
    expect_answer(job(s, "job-1"), "\"expired\":true");
    char *before = stage_state(s);
    struct sentence why;
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
#define STORY(name) cmocka_unit_test_setup_teardown(name, stage_set_up, stage_tear_down)
    const struct CMUnitTest tests[] = {
        STORY(an_ended_job_is_recent_for_30_days_to_the_microsecond),
        STORY(day_30_and_day_31_are_told_apart),
        STORY(an_expired_job_keeps_its_id_its_status_and_its_sums),
        STORY(jobs_that_have_not_ended_never_expire),
        STORY(after_a_long_stop_all_that_is_due_expires),
        STORY(what_is_still_out_is_called_back_before_a_job_expires),
        STORY(a_rebuild_forgets_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
