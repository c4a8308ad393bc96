/* Lists of devices in every order, page by page, and what a device's jobs did with it. */
#include "tests/unit/stage.h"

static void given_device(struct stage *s, const char *id, const char *name)
{
    stage_call(s, 1, "devices.put", "{\"id\":\"%s\",\"displayName\":\"%s\"}", id, name);
}

/* The ids of all pages of `rows` rows, one after another. Between two pages `meanwhile` is called. */
static void then_lists(struct stage *s, const char *fields, int rows, void (*meanwhile)(struct stage *s), const char *ids)
{
    char found[4000] = "", cursor[400] = "";
    for (int page = 0; page < 100; page++) {
        const char *answer = stage_call(s, 1, "devices.list", "{\"limit\":%d%s%s}", rows, fields, cursor);
        if (!strstr(answer, "\"value\":")) fail_msg("%s", answer);
        for (const char *at = answer; (at = strstr(at, "{\"id\":\""));) {
            at += strlen("{\"id\":\"");
            strncat(found, at, strcspn(at, "\""));
            strcat(found, " ");
        }
        const char *next = strstr(answer, "\"cursor\":\"");
        if (!next) break;
        next += strlen("\"cursor\":\"");
        snprintf(cursor, sizeof cursor, ",\"cursor\":\"%.*s\"", (int)strcspn(next, "\""), next);
        if (meanwhile) meanwhile(s);
    }
    assert_string_equal(found, ids);
}

static void given_names(struct stage *s)
{
    given_device(s, "c", "Pump");
    given_device(s, "a", "pump");
    given_device(s, "d", "Fan");
    given_device(s, "b", "Pump");
    given_device(s, "e", "");
}

static void devices_come_in_the_order_that_was_asked_for(void **state)
{
    struct stage *s = *state;
    given_names(s);
    for (int rows = 1; rows <= 6; rows++) {
        then_lists(s, "", rows, NULL, "c a d b e ");
        then_lists(s, ",\"sort\":\"id\"", rows, NULL, "a b c d e ");
        then_lists(s, ",\"sort\":\"id desc\"", rows, NULL, "e d c b a ");
        then_lists(s, ",\"sort\":\"displayName\"", rows, NULL, "d c b e a ");
        then_lists(s, ",\"sort\":\"displayName desc\"", rows, NULL, "a e b c d ");
        then_lists(s, ",\"sort\":\"id\",\"filter\":\"$displayName = 'Pump'\"", rows, NULL, "b c ");
    }
}

static void change_the_fleet(struct stage *s)
{
    stage_call(s, 1, "devices.remove", "{\"id\":\"a\"}");
    stage_call(s, 1, "devices.remove", "{\"id\":\"c\"}");
    given_device(s, "a0", "");
}

static void a_page_goes_on_though_the_row_it_begins_with_is_gone(void **state)
{
    struct stage *s = *state;
    given_names(s);
    then_lists(s, ",\"sort\":\"id\"", 2, change_the_fleet, "a b d e ");
}

static void many_devices_are_sorted_in_a_page_of_memory(void **state)
{
    struct stage *s = *state;
    char up[4000] = "", down[4000] = "";
    for (int i = 100; i < 400; i++) stage_queue(s, 1, "devices.put", "{\"id\":\"%d\"}", 100 + (i * 7) % 300);
    stage_call(s, 1, "info", "{}");
    for (int i = 100; i < 400; i++) sprintf(up + strlen(up), "%d ", i);
    for (int i = 399; i >= 100; i--) sprintf(down + strlen(down), "%d ", i);
    then_lists(s, ",\"sort\":\"id\"", 7, NULL, up);
    then_lists(s, ",\"sort\":\"id desc\"", 7, NULL, down);
    then_lists(s, ",\"sort\":\"displayName\"", 1000, NULL, up);
}

static void a_question_that_cannot_be_is_refused(void **state)
{
    struct stage *s = *state;
    expect_answer(stage_call(s, 1, "devices.list", "{\"sort\":\"template\"}"), "sort must be id or displayName");
    expect_answer(stage_call(s, 1, "devices.list", "{\"sort\":\"id\",\"cursor\":\"7\"}"), "bad_cursor");
    expect_answer(stage_call(s, 1, "devices.list", "{\"sort\":\"id\",\"cursor\":\"id desc:7:a\"}"), "bad_cursor");
    expect_answer(stage_call(s, 1, "devices.list", "{\"sort\":\"id\",\"cursor\":\"id:99999999999:a\"}"), "bad_cursor");
    expect_answer(stage_call(s, 1, "devices.list", "{\"cursor\":\"id:7:a\"}"), "bad_cursor");
}

/* ---- History. */

static void take_and_report(struct stage *s, const char *result)
{
    const char *work = strstr(stage_call(s, 1, "work.take", "{\"connector\":\"north\"}"), "\"work\":");
    assert_non_null(work);
    stage_call(s, 1, "work.report", "{\"work\":%d,\"results\":[[0,%s]]}", atoi(work + strlen("\"work\":")), result);
}

static void run(struct stage *s, const char *id, const char *result)
{
    stage_call(s, 1, "jobs.run",
               "{\"id\":\"%s\",\"group\":\"all\",\"data\":[{\"type\":\"property\",\"path\":\"p\",\"value\":1}]}", id);
    take_and_report(s, result);
}

static void a_devices_jobs_are_told_with_their_attempts(void **state)
{
    struct stage *s = *state;
    stage_call(s, 1, "groups.put", "{\"id\":\"all\"}");
    given_device(s, "gw-1", "");
    expect_answer(stage_call(s, 1, "devices.history", "{\"id\":\"gw-1\"}"), "{\"value\":[]}");
    run(s, "job-1", "\"failed\",\"no power\"");
    run(s, "job-2", "\"completed\"");
    stage_call(s, 1, "devices.history", "{\"id\":\"gw-1\"}");
    then_answer_has(s, 1, "{\"value\":[{\"job\":\"job-2\",\"displayName\":\"job-2\",\"type\":\"property\",\"jobStatus\":\"complete\","
                          "\"status\":\"completed\",\"batch\":1,\"attempt\":1,");
    then_answer_has(s, 1, "\"status\":\"failed\",\"reason\":\"failed\",\"error\":\"no power\",\"batch\":1,\"attempt\":1,");
    then_answer_has(s, 1, "\"attempts\":[{\"attempt\":1,\"connector\":\"north\",");
    stage_call(s, 1, "devices.history", "{\"id\":\"gw-1\",\"limit\":1}");
    then_answer_has(s, 1, "\"cursor\":\"1\"}");
    stage_call(s, 1, "devices.history", "{\"id\":\"gw-1\",\"limit\":1,\"cursor\":\"1\"}");
    then_answer_has(s, 1, "{\"value\":[{\"job\":\"job-1\"");
    assert_null(strstr(stage_answers(s, 1), "cursor"));
}

static void a_device_that_was_given_back_often_shows_ten_attempts(void **state)
{
    struct stage *s = *state;
    stage_call(s, 1, "groups.put", "{\"id\":\"all\"}");
    given_device(s, "gw-1", "");
    run(s, "job-1", "\"returned\"");
    for (int i = 0; i < 12; i++) {
        stage_pass(s, 10 * SECOND);
        take_and_report(s, "\"returned\"");
    }
    stage_call(s, 1, "devices.history", "{\"id\":\"gw-1\"}");
    then_answer_has(s, 1, "\"attempts\":[{\"attempt\":13,");
    then_answer_has(s, 1, "{\"attempt\":4,");
    then_answer_has(s, 1, "\"moreAttempts\":true");
    assert_null(strstr(stage_answers(s, 1), "{\"attempt\":3,"));
}

/* Ten attempts of 5 KB each in every one of them. */
static void a_long_history_comes_in_pages_that_fit_into_a_frame(void **state)
{
    enum { JOBS = 90, ATTEMPTS = 11, RESPONSE = 4000, ERROR = 1000 };
    struct stage *s = *state;
    char result[RESPONSE + ERROR + 100];
    snprintf(result, sizeof result, "\"failed\",\"%0*d\",\"%0*d\"", ERROR, 1, RESPONSE, 2);
    stage_call(s, 1, "groups.put", "{\"id\":\"all\"}");
    given_device(s, "gw-1", "");
    for (int job = 0; job < JOBS; job++) {
        stage_call(s, 1, "jobs.run",
                   "{\"id\":\"job-%d\",\"group\":\"all\",\"retries\":{\"max\":10},\"data\":[{\"type\":\"command\",\"path\":\"p\"}]}",
                   job);
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) take_and_report(s, result);
    }
    const char *answer = stage_call(s, 1, "devices.history", "{\"id\":\"gw-1\",\"limit\":1000}");
    assert_in_range(strlen(answer), 4 << 20, 5 << 20);
    then_answer_has(s, 1, "\"cursor\":");
}

static void a_removed_device_has_a_history_until_its_id_is_another(void **state)
{
    struct stage *s = *state;
    stage_call(s, 1, "groups.put", "{\"id\":\"all\"}");
    given_device(s, "gw-1", "");
    run(s, "job-1", "\"completed\"");
    stage_call(s, 1, "devices.remove", "{\"id\":\"gw-1\"}");
    expect_answer(stage_call(s, 1, "devices.history", "{\"id\":\"gw-1\"}"), "{\"value\":[{\"job\":\"job-1\"");
    given_device(s, "gw-1", "");
    expect_answer(stage_call(s, 1, "devices.history", "{\"id\":\"gw-1\"}"), "{\"value\":[]}");
    expect_answer(stage_call(s, 1, "devices.history", "{\"id\":\"gw-2\"}"), "no_such_device");
    expect_answer(stage_call(s, 1, "devices.history", "{\"id\":\"gw 2\"}"), "bad_field");
}

static void what_ended_thirty_days_ago_is_left_out(void **state)
{
    struct stage *s = *state;
    stage_call(s, 1, "groups.put", "{\"id\":\"all\"}");
    given_device(s, "gw-1", "");
    run(s, "job-1", "\"completed\"");
    stage_pass(s, 31 * 24 * INT64_C(3600) * SECOND);
    run(s, "job-2", "\"completed\"");
    stage_call(s, 1, "devices.history", "{\"id\":\"gw-1\"}");
    then_answer_has(s, 1, "{\"value\":[{\"job\":\"job-2\"");
    assert_null(strstr(stage_answers(s, 1), "job-1"));
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, stage_set_up, stage_tear_down_rebuilt)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(devices_come_in_the_order_that_was_asked_for),
        STORY(a_page_goes_on_though_the_row_it_begins_with_is_gone),
        STORY(many_devices_are_sorted_in_a_page_of_memory),
        STORY(a_question_that_cannot_be_is_refused),
        STORY(a_devices_jobs_are_told_with_their_attempts),
        STORY(a_device_that_was_given_back_often_shows_ten_attempts),
        STORY(a_long_history_comes_in_pages_that_fit_into_a_frame),
        STORY(a_removed_device_has_a_history_until_its_id_is_another),
        STORY(what_ended_thirty_days_ago_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
