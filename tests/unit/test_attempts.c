/* jobs.attempts: everything that became of a device in a job, walked back through the log. */
#include "tests/unit/job_story.h"

static const char *attempts(struct stage *s, const char *device)
{
    return stage_call(s, 1, "jobs.attempts", "{\"id\":\"job-1\",\"device\":\"%s\"}", device);
}

/* The rows' outcomes, newest first; "out" for one that a connector has. */
static void then_outcomes(struct stage *s, const char *device, const char *outcomes)
{
    char found[256] = "";
    attempts(s, device);
    const char *row = strstr(stage_answers(s, 1), "\"value\":[");
    if (!row) fail_msg("no attempts: %s", stage_answers(s, 1));
    row += strlen("\"value\":[");
    for (; *row == '{'; row += strcspn(row, "}"), row += 1 + (row[1] == ',')) {
        const char *outcome = strstr(row, "\"outcome\":\"");
        bool has_end = outcome && outcome < row + strcspn(row, "}");
        const char *word = has_end ? outcome + strlen("\"outcome\":\"") : "out\"";
        snprintf(found + strlen(found), sizeof found - strlen(found), "%.*s ", (int)strcspn(word, "\""), word);
    }
    if (strcmp(found, outcomes) != 0) fail_msg("%s: \"%s\", not \"%s\"", device, found, outcomes);
}

static void every_attempt_is_told_newest_first(void **state)
{
    struct stage *s = *state;
    given_devices(s, 3);
    given_job(s, "job-1", ",\"retries\":{\"max\":2},\"timeouts\":{\"execution\":30}");
    report(s, 1, take_work(s, 1, 3), "[[1,\"failed\",\"no power\",{\"volts\":3}],[0,\"completed\"],[2,\"failed\"]]");
    stage_pass(s, 1 * SECOND);
    take_work(s, 1, 1);
    stage_pass(s, 30 * SECOND);
    report(s, 1, take_work(s, 1, 1), "[[0,\"completed\",null,\"fine\"]]");
    then_outcomes(s, "gw-2", "timed_out failed ");
    then_outcomes(s, "gw-3", "completed failed ");
    then_outcomes(s, "gw-1", "completed ");
    attempts(s, "gw-3");
    then_answer_has(s, 1,
                    "{\"attempt\":2,\"connector\":\"test\",\"start\":\"2023-11-14T22:13:51.000000Z\","
                    "\"end\":\"2023-11-14T22:13:51.000000Z\",\"outcome\":\"completed\",\"response\":\"fine\"}");
    attempts(s, "gw-2");
    then_answer_has(s, 1,
                    "{\"attempt\":1,\"connector\":\"test\",\"start\":\"2023-11-14T22:13:20.000000Z\","
                    "\"end\":\"2023-11-14T22:13:20.000000Z\",\"outcome\":\"failed\",\"error\":\"no power\","
                    "\"response\":{\"volts\":3}}");
}

static void an_attempt_that_is_out_has_no_end(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    given_job(s, "job-1", "");
    then_outcomes(s, "gw-1", "");
    take_work(s, 1, 1);
    then_outcomes(s, "gw-1", "out ");
    then_outcomes(s, "gw-2", "");
}

static void what_was_given_back_is_returned_and_says_by_whom(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_job(s, "job-1", "");
    report(s, 1, take_work(s, 1, 1), "[[0,\"returned\"]]");
    stage_pass(s, 6 * SECOND);
    stage_join(s, 2, false);
    take_work(s, 2, 1);
    stage_leave(s, 2);
    take_work(s, 1, 1);
    stage_restart(s);
    attempts(s, "gw-1");
    then_answer_has(s, 1, "{\"attempt\":3,");
    then_answer_has(s, 1, "\"outcome\":\"returned\",\"reason\":\"engine_restarted\"},{\"attempt\":2,");
    then_answer_has(s, 1, "\"outcome\":\"returned\",\"reason\":\"connector_gone\"},{\"attempt\":1,");
    then_answer_has(s, 1, "\"outcome\":\"returned\",\"reason\":\"given_back\"}]");
}

static void an_end_without_an_attempt_is_a_row_of_its_own(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    given_job(s, "job-1", ",\"timeouts\":{\"queue\":10},\"retries\":{\"max\":1,\"on\":[\"expired\"]}");
    uint64_t lost = take_work(s, 1, 1);
    report(s, 1, lost, "[[0,\"returned\"]]");
    report(s, 1, lost, "[[0,\"completed\"]]");
    then_outcomes(s, "gw-1", "completed returned ");
    stage_pass(s, 10 * SECOND);
    take_work(s, 1, 1);
    then_outcomes(s, "gw-2", "out expired ");
    attempts(s, "gw-2");
    then_answer_has(s, 1, "{\"end\":\"2023-11-14T22:13:30.000000Z\",\"outcome\":\"expired\"}]");
    then_answer_has(s, 1, "{\"attempt\":1,");
}

static void a_removed_device_keeps_its_attempts(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    given_job(s, "job-1", "");
    take_work(s, 1, 1);
    stage_call(s, 1, "devices.remove", "{\"id\":\"gw-1\"}");
    then_outcomes(s, "gw-1", "device_removed ");
    stage_call(s, 1, "devices.remove", "{\"id\":\"gw-2\"}");
    stage_call(s, 1, "devices.put", "{\"id\":\"gw-2\"}");
    then_outcomes(s, "gw-2", "device_removed ");
}

static void many_attempts_come_in_pages(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_job(s, "job-1", "");
    for (int i = 0; i < 5; i++) {
        report(s, 1, take_work(s, 1, 1), "[[0,\"returned\"]]");
        stage_pass(s, 6 * SECOND);
    }
    char cursor[32] = "";
    for (int attempt = 5; attempt > 0; attempt -= 2) {
        char expected[32];
        stage_call(s, 1, "jobs.attempts", "{\"id\":\"job-1\",\"device\":\"gw-1\",\"limit\":2%s}", cursor);
        snprintf(expected, sizeof expected, "\"value\":[{\"attempt\":%d,", attempt);
        then_answer_has(s, 1, expected);
        const char *next = strstr(stage_answers(s, 1), "\"cursor\":\"");
        assert_int_equal(next != NULL, attempt > 2);
        if (next) snprintf(cursor, sizeof cursor, ",\"cursor\":\"%d\"", atoi(next + strlen("\"cursor\":\"")));
    }
}

static void what_is_asked_for_must_be_there(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    expect_answer(attempts(s, "gw-1"), "\"no_such_job\"");
    given_job(s, "job-1", "");
    stage_call(s, 1, "devices.put", "{\"id\":\"late\"}");
    take_work(s, 1, 1);
    expect_answer(attempts(s, "late"), "\"not_in_job\"");
    expect_answer(attempts(s, "nobody"), "\"not_in_job\"");
    const char *with_cursor = "{\"id\":\"job-1\",\"device\":\"gw-1\",\"cursor\":\"%s\"}";
    expect_answer(stage_call(s, 1, "jobs.attempts", with_cursor, "2"), "\"bad_cursor\"");
    expect_answer(stage_call(s, 1, "jobs.attempts", with_cursor, "900000000000000000"), "\"bad_cursor\"");
    expect_answer(stage_call(s, 1, "jobs.attempts", with_cursor, "7e"), "\"bad_cursor\"");
    expect_answer(stage_call(s, 1, "jobs.attempts", "{\"id\":\"job-1\",\"device\":\"gw-1\",\"limit\":0}"),
                  "\"bad_field\"");
}

static void those_of_a_job_that_expired_are_forgotten(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_job(s, "job-1", "");
    report(s, 1, take_work(s, 1, 1), "[[0,\"completed\"]]");
    stage_pass(s, 31 * 86400 * (int64_t)SECOND);
    expect_answer(attempts(s, "gw-1"), "\"job_expired\"");
}

static void a_cloud_property_has_one_attempt_by_the_engine(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    given_job_of(s, "job-1", CLOUD_PROPERTY, "");
    then_outcomes(s, "gw-2", "completed ");
    expect_answer(attempts(s, "gw-2"), "\"connector\":\"engine\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(every_attempt_is_told_newest_first),
        STORY(an_attempt_that_is_out_has_no_end),
        STORY(what_was_given_back_is_returned_and_says_by_whom),
        STORY(an_end_without_an_attempt_is_a_row_of_its_own),
        STORY(a_removed_device_keeps_its_attempts),
        STORY(many_attempts_come_in_pages),
        STORY(what_is_asked_for_must_be_there),
        STORY(those_of_a_job_that_expired_are_forgotten),
        STORY(a_cloud_property_has_one_attempt_by_the_engine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
