/* Property values as jobs set them last, through the engine's own turn: who sets them, who sees them. */
#include "tests/unit/job_story.h"

#include "engine/decide/limits.h"

/* ---- Givens. */

static void given_results(struct stage *s, const char *results)
{
    report(s, 1, take_work(s, 1, 10), results);
    then_answer_has(s, 1, "\"recorded\"");
}

#define TEMPERATURE(value) "{\"type\":\"property\",\"path\":\"temperature\",\"value\":" value "}"
#define MODE(value)        "{\"type\":\"property\",\"path\":\"motor.mode\",\"value\":" value "}"

static void given_job_with(struct stage *s, const char *id, const char *data)
{
    given_job_of(s, id, data, "");
}

/* ---- Thens. */

static const char *device(struct stage *s, const char *id)
{
    return stage_call(s, 1, "devices.get", "{\"id\":\"%s\"}", id);
}

static void then_group(struct stage *s, const char *filter, const char *rows)
{
    const char *answer = stage_call(s, 1, "devices.list", "{\"filter\":\"%s\"}", filter);
    char found[256] = "";
    for (const char *row = answer; (row = strstr(row, "\"id\":\"")); row++)
        snprintf(found + strlen(found), sizeof found - strlen(found), "%.*s ", (int)strcspn(row + 6, "\""), row + 6);
    if (strcmp(found, rows) != 0) fail_msg("%s finds \"%s\", not \"%s\"", filter, found, rows);
}

/* ---- Stories. */

static void a_completed_property_job_sets_the_device(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    given_job_with(s, "job-1", TEMPERATURE("21") "," MODE("\"eco\""));
    given_results(s, "[[0,\"completed\"],[1,\"failed\"]]");
    expect_answer(device(s, "gw-1"), "\"properties\":{\"motor.mode\":\"eco\",\"temperature\":21}");
    assert_null(strstr(device(s, "gw-2"), "properties"));
}

static void the_last_result_counts_path_by_path(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_job_with(s, "job-1", TEMPERATURE("21") "," MODE("\"eco\""));
    given_results(s, "[[0,\"completed\"]]");
    given_job_with(s, "job-2", TEMPERATURE("22"));
    given_results(s, "[[0,\"completed\"]]");
    expect_answer(device(s, "gw-1"), "\"properties\":{\"motor.mode\":\"eco\",\"temperature\":22}");
    given_job_with(s, "job-3", TEMPERATURE("23") "," MODE("\"dry\""));
    given_results(s, "[[0,\"completed\"]]");
    expect_answer(device(s, "gw-1"), "\"properties\":{\"motor.mode\":\"dry\",\"temperature\":23}");
}

static void filters_see_what_was_set(void **state)
{
    struct stage *s = *state;
    given_devices(s, 3);
    given_job_with(s, "job-1", TEMPERATURE("21") "," MODE("\"eco\""));
    given_results(s, "[[0,\"completed\"],[1,\"completed\"],[2,\"failed\"]]");
    given_job_with(s, "job-2", TEMPERATURE("25"));
    given_results(s, "[[0,\"failed\"],[1,\"completed\"],[2,\"completed\"]]");
    then_group(s, "temperature > 21", "gw-2 gw-3 ");
    then_group(s, "temperature <= 21", "gw-1 ");
    then_group(s, "motor.mode = 'eco' AND temperature = 25", "gw-2 ");
    then_group(s, "NOT motor.mode = 'eco'", "gw-3 ");
}

static void a_group_by_value_is_read_when_its_job_runs(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    stage_call(s, 1, "groups.put", "{\"id\":\"warm\",\"filter\":\"temperature > 20\"}");
    given_job_with(s, "job-1", TEMPERATURE("21"));
    given_results(s, "[[0,\"completed\"],[1,\"failed\"]]");
    stage_call(s, 1, "jobs.run", "{\"id\":\"job-2\",\"group\":\"warm\",\"data\":[" MODE("1") "]}");
    stage_call(s, 1, "jobs.get", "{\"id\":\"job-2\"}");
    then_answer_has(s, 1, "\"total\":1");
}

/* A property and a cloud property may have the same path. */
static void lists_of_a_job_show_values_as_columns(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    given_job_with(s, "job-1", TEMPERATURE("21") "," MODE("\"eco\""));
    given_results(s, "[[0,\"completed\"],[1,\"failed\"]]");
    given_job_of(s, "job-2", "{\"type\":\"cloudProperty\",\"path\":\"temperature\",\"value\":5}", "");
    stage_call(s, 1, "jobs.devices",
               "{\"id\":\"job-1\",\"columns\":[\"properties.temperature\","
               "\"cloudProperties.temperature\",\"properties.motor.mode\"]}");
    then_answer_has(s, 1, "{\"id\":\"gw-1\",\"properties.temperature\":21,\"cloudProperties.temperature\":5,"
                          "\"properties.motor.mode\":\"eco\"}");
    then_answer_has(s, 1, "{\"id\":\"gw-2\",\"cloudProperties.temperature\":5}");
}

static void values_are_there_after_a_restart_and_go_with_the_device(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_job_with(s, "job-1", TEMPERATURE("21"));
    given_results(s, "[[0,\"completed\"]]");
    stage_restart(s);
    expect_answer(device(s, "gw-1"), "\"temperature\":21");
    then_group(s, "temperature = 21", "gw-1 ");
    stage_call(s, 1, "devices.remove", "{\"id\":\"gw-1\"}");
    stage_call(s, 1, "devices.put", "{\"id\":\"gw-1\"}");
    assert_null(strstr(device(s, "gw-1"), "properties"));
    then_group(s, "temperature = 21", "");
}

static void a_value_stays_when_its_job_is_forgotten(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_job_with(s, "job-1", TEMPERATURE("21"));
    given_results(s, "[[0,\"completed\"]]");
    stage_pass(s, 31 * 86400 * (int64_t)SECOND);
    expect_answer(stage_call(s, 1, "jobs.get", "{\"id\":\"job-1\"}"), "\"expired\":true");
    expect_answer(device(s, "gw-1"), "\"temperature\":21");
    then_group(s, "temperature = 21", "gw-1 ");
    then_a_rebuild_gives_the_same_state(s);
}

static void a_device_with_more_values_than_an_answer_shows_says_so(void **state)
{
    struct stage *s = *state;
    char *long_value = malloc(60002);
    memset(long_value, 'x', 60001);
    long_value[0] = '"';
    strcpy(long_value + 60000, "\"");
    given_devices(s, 1);
    for (int i = 0; i < 20; i++) {
        stage_call(s, 1, "jobs.run",
                   "{\"group\":\"all\",\"data\":[{\"type\":\"property\",\"path\":\"p%d\",\"value\":%s}]}", i,
                   long_value);
        given_results(s, "[[0,\"completed\"]]");
    }
    expect_answer(device(s, "gw-1") + strlen(stage_answers(s, 1)) - 40, "\"valuesCut\":true");
    free(long_value);
}

enum { LONG_COLUMNS = 16, LONG_DEVICES = 20, LONG_VALUE = 60000 };

/* Every device has 60 KB under each of the paths p0, p1, ...; `columns` is those, as JSON. */
static void given_long_values(struct stage *s, char columns[512])
{
    char *value = malloc(LONG_VALUE + 1);
    memset(value, 'x', LONG_VALUE);
    value[LONG_VALUE] = '\0';
    columns[0] = '\0';
    for (int i = 0; i < LONG_COLUMNS; i++) {
        stage_call(s, 1, "jobs.run",
                   "{\"id\":\"job-%d\",\"group\":\"all\",\"data\":[{\"type\":\"cloudProperty\",\"path\":\"p%d\",\"value\":\"%s\"}]}",
                   i, i, value);
        snprintf(columns + strlen(columns), 512 - strlen(columns), "%s\"cloudProperties.p%d\"", i ? "," : "", i);
    }
    free(value);
}

/* Reads page after page, each within a frame. */
static void then_pages_hold_all(struct stage *s, const char *fields)
{
    int rows = 0, pages = 0;
    char cursor[64] = "";
    do {
        const char *answer = stage_call(s, 1, "jobs.devices", "{\"id\":\"job-1\",%s%s}", fields, cursor);
        const char *next = strstr(answer, "\"cursor\":\"");
        assert_in_range(strlen(answer), 1, FRAME_BYTES_MAX);
        assert_in_range(++pages, 1, LONG_DEVICES);
        for (const char *row = answer; (row = strstr(row, "{\"id\":\"gw-")); row++) rows++;
        cursor[0] = '\0';
        if (next) snprintf(cursor, sizeof cursor, ",%.*s\"", (int)(10 + strcspn(next + 10, "\"")), next);
    } while (cursor[0]);
    assert_int_equal(rows, LONG_DEVICES);
}

/* A thousand such rows would be a gigabyte. */
static void a_page_of_long_values_fits_into_a_frame(void **state)
{
    struct stage *s = *state;
    char columns[512], fields[600];
    given_devices(s, LONG_DEVICES);
    given_long_values(s, columns);
    snprintf(fields, sizeof fields, "\"columns\":[%s]", columns);
    then_pages_hold_all(s, fields);
    snprintf(fields, sizeof fields, "\"columns\":[%s],\"sort\":\"id desc\"", columns);
    then_pages_hold_all(s, fields);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_completed_property_job_sets_the_device),
        STORY(the_last_result_counts_path_by_path),
        STORY(filters_see_what_was_set),
        STORY(a_group_by_value_is_read_when_its_job_runs),
        STORY(lists_of_a_job_show_values_as_columns),
        STORY(values_are_there_after_a_restart_and_go_with_the_device),
        STORY(a_value_stays_when_its_job_is_forgotten),
        STORY(a_device_with_more_values_than_an_answer_shows_says_so),
        STORY(a_page_of_long_values_fits_into_a_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
