/* What devices report: kept, merged, found by filters before what jobs have set, gone with the device. */
#include "tests/unit/stage.h"

static int open_stage(void **state)
{
    struct stage *s = malloc(sizeof *s);
    *state = s;
    stage_open(s);
    stage_call(s, 1, "devices.put", "{\"id\":\"gw-1\"}");
    stage_call(s, 1, "devices.put", "{\"id\":\"gw-2\"}");
    return 0;
}

static void reports(struct stage *s, const char *id, const char *properties)
{
    stage_call(s, 1, "devices.report", "{\"id\":\"%s\",\"properties\":%s}", id, properties);
    then_answer_has(s, 1, "null,{}]");
}

static void then_reported(struct stage *s, const char *id, const char *map)
{
    char expected[512];
    stage_call(s, 1, "devices.get", "{\"id\":\"%s\"}", id);
    snprintf(expected, sizeof expected, "\"reported\":%s", map);
    then_answer_has(s, 1, expected);
}

static void then_finds(struct stage *s, const char *filter, const char *rows)
{
    stage_call(s, 1, "devices.list", "{\"filter\":\"%s\"}", filter);
    then_answer_has(s, 1, rows);
}

static void a_report_changes_what_it_names(void **state)
{
    struct stage *s = *state;
    reports(s, "gw-1", "{\"temperature\":21,\"motor\":{\"speed\":1500,\"mode\":\"eco\"}}");
    then_reported(s, "gw-1", "{\"temperature\":21,\"motor.speed\":1500,\"motor.mode\":\"eco\"}");
    reports(s, "gw-1", "{\"motor.speed\":900,\"on\":true,\"temperature\":null}");
    then_reported(s, "gw-1", "{\"motor.speed\":900,\"motor.mode\":\"eco\",\"on\":true}");
    reports(s, "gw-1", "{\"motor\":null}");
    then_reported(s, "gw-1", "{\"on\":true}");
    reports(s, "gw-1", "{\"on\":null}");
    assert_null(strstr(stage_call(s, 1, "devices.get", "{\"id\":\"gw-1\"}"), "reported"));
}

static void a_report_that_changes_nothing_is_no_event(void **state)
{
    struct stage *s = *state;
    reports(s, "gw-1", "{\"temperature\":21}");
    uint64_t head = log_head(&s->turn->log);
    reports(s, "gw-1", "{\"temperature\":21,\"other\":null}");
    assert_int_equal(log_head(&s->turn->log), head);
    stage_call(s, 1, "events.read", "{\"from\":%d}", (int)head);
    then_answer_has(s, 1, "\"type\":\"DEVICE_REPORTED\"");
    then_answer_has(s, 1, "\"device\":\"gw-1\",\"properties\":{\"temperature\":21}");
}

static void sets(struct stage *s, const char *path, const char *value)
{
    stage_call(s, 1, "groups.put", "{\"id\":\"all\"}");
    stage_call(s, 1, "jobs.run", "{\"group\":\"all\",\"data\":[{\"type\":\"cloudProperty\",\"path\":\"%s\",\"value\":%s}]}",
               path, value);
}

static void a_filter_sees_the_reported_value_before_the_one_set(void **state)
{
    struct stage *s = *state;
    sets(s, "limit", "10");
    then_finds(s, "limit = 10", "gw-1");
    reports(s, "gw-1", "{\"limit\":20}");
    then_finds(s, "limit = 10", "\"value\":[{\"id\":\"gw-2\"");
    then_finds(s, "limit = 20", "\"value\":[{\"id\":\"gw-1\"");
    reports(s, "gw-1", "{\"limit\":null}");
    then_finds(s, "limit = 10", "\"value\":[{\"id\":\"gw-1\"");
}

static void a_filter_compares_each_kind_and_finds_components(void **state)
{
    struct stage *s = *state;
    reports(s, "gw-1", "{\"t\":-1.5,\"name\":\"north\",\"on\":true,\"motor\":{\"speed\":7},\"list\":[1]}");
    reports(s, "gw-2", "{\"t\":3,\"name\":\"south\",\"on\":false}");
    then_finds(s, "t < 0", "\"value\":[{\"id\":\"gw-1\"");
    then_finds(s, "t > 0 AND name STARTSWITH 's'", "\"value\":[{\"id\":\"gw-2\"");
    then_finds(s, "on = false", "\"value\":[{\"id\":\"gw-2\"");
    then_finds(s, "motor.speed = 7", "\"value\":[{\"id\":\"gw-1\"");
    then_finds(s, "NOT motor.speed = 7", "\"value\":[{\"id\":\"gw-2\"");
    then_finds(s, "motor.speed != 8", "\"value\":[{\"id\":\"gw-1\"");
    then_finds(s, "list = 1", "\"value\":[]");
}

static void a_removed_device_takes_along_what_it_reported(void **state)
{
    struct stage *s = *state;
    reports(s, "gw-1", "{\"t\":1}");
    stage_call(s, 1, "devices.remove", "{\"id\":\"gw-1\"}");
    stage_call(s, 1, "devices.put", "{\"id\":\"gw-1\"}");
    assert_null(strstr(stage_call(s, 1, "devices.get", "{\"id\":\"gw-1\"}"), "reported"));
    then_finds(s, "t = 1", "\"value\":[]");
}

static void a_report_that_cannot_be_is_refused(void **state)
{
    struct stage *s = *state;
    stage_call(s, 1, "devices.report", "{\"id\":\"nobody\",\"properties\":{}}");
    then_answer_has(s, 1, "no_such_device");
    stage_call(s, 1, "devices.report", "{\"id\":\"gw-1\",\"properties\":[1]}");
    then_answer_has(s, 1, "properties must be a map from path to value");
    stage_call(s, 1, "devices.report", "{\"id\":\"gw-1\",\"properties\":{\"\":1}}");
    then_answer_has(s, 1, "a path has at least one character");
    stage_call(s, 1, "devices.report", "{\"id\":\"gw-1\",\"properties\":{\"a\\nb\":1}}");
    then_answer_has(s, 1, "is no path");
    stage_call(s, 1, "devices.report", "{\"id\":\"gw-1\",\"properties\":{\"m\":{\"a\":1},\"m.a\":2}}");
    then_answer_has(s, 1, "is reported twice");
    assert_null(strstr(stage_call(s, 1, "devices.get", "{\"id\":\"gw-1\"}"), "reported"));
}

static void a_device_reports_only_so_much(void **state)
{
    struct stage *s = *state;
    char text[7000], many[8000] = "{";
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < 3; i++) {
        stage_call(s, 1, "devices.report", "{\"id\":\"gw-1\",\"properties\":{\"p%d\":\"%s\"}}", i, text);
        then_answer_has(s, 1, i < 2 ? "null,{}]" : "it may have 16384");
    }
    for (int i = 0; i < 257; i++) sprintf(many + strlen(many), "%s\"p%d\":1", i ? "," : "", i);
    stage_call(s, 1, "devices.report", "{\"id\":\"gw-2\",\"properties\":%s}}", many);
    then_answer_has(s, 1, "at most 256 reported properties");
}

static void a_report_on_a_full_disk_leaves_nothing(void **state)
{
    struct stage *s = *state;
    stage_fill_disk(s, true);
    stage_call(s, 1, "devices.report", "{\"id\":\"gw-1\",\"properties\":{\"t\":1}}");
    then_answer_has(s, 1, "no_space");
    stage_fill_disk(s, false);
    stage_pass(s, 2 * SECOND);
    reports(s, "gw-1", "{\"t\":2}");
    then_reported(s, "gw-1", "{\"t\":2}");
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, open_stage, stage_tear_down_rebuilt)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_report_changes_what_it_names),
        STORY(a_report_that_changes_nothing_is_no_event),
        STORY(a_filter_sees_the_reported_value_before_the_one_set),
        STORY(a_filter_compares_each_kind_and_finds_components),
        STORY(a_removed_device_takes_along_what_it_reported),
        STORY(a_report_that_cannot_be_is_refused),
        STORY(a_device_reports_only_so_much),
        STORY(a_report_on_a_full_disk_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
