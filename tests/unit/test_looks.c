/* What takes long is bounded: in a turn, the calls that read much and write nothing; at workers, the engine's own
 * readings. So nobody waits long for either. */
#include "tests/unit/job_story.h"

enum { FRAMES = 100 };

/* ---- Givens. */

/* The same text so many times, with commas between; the caller frees it. */
static char *repeat(const char *text, int count)
{
    char *out = malloc((size_t)count * (strlen(text) + 1) + 1), *at = out;
    for (int i = 0; i < count; i++) at += sprintf(at, "%s%s", i ? "," : "", text);
    return out;
}

/* "prefix0":value, ... */
static char *properties(const char *prefix, int count, const char *value)
{
    char *out = malloc((size_t)count * (strlen(prefix) + strlen(value) + 16) + 1), *at = out;
    for (int i = 0; i < count; i++) at += sprintf(at, "%s\"%s%d\":%s", i ? "," : "", prefix, i, value);
    return out;
}

static void send_frames(struct stage *s, const char *method, const char *params)
{
    for (int i = 0; i < FRAMES; i++) stage_queue(s, 1, method, "{%s}", params);
}

/* ---- Thens. */

static void then_a_turn_takes_but_some(struct stage *s)
{
    assert_int_equal(turn_run(s->turn, &s->clock), TURN_AGAIN);
    assert_true(s->peers[1].taken > 0);
    if (s->peers[1].taken == s->peers[1].size) fail_msg("one turn took all of %d frames", FRAMES);
    stage_settle(s);
    assert_int_equal(s->peers[1].taken, s->peers[1].size);
}

/* ---- Stories. */

static void exports_that_name_many_devices(void **state)
{
    struct stage *s = *state;
    char *ids = repeat("\"gw-1\"", 9999), *params = malloc(strlen(ids) + 100);
    given_devices(s, 1);
    sprintf(params, "\"ids\":[%s,\"nobody\"]", ids);
    send_frames(s, "exports.open", params);
    then_a_turn_takes_but_some(s);
    free(params);
    free(ids);
}

static void moves_that_name_many_devices(void **state)
{
    struct stage *s = *state;
    char *ids = repeat("\"gw-1\"", 999), *params = malloc(strlen(ids) + 100);
    given_devices(s, 1);
    sprintf(params, "\"template\":\"\",\"ids\":[%s,\"nobody\"]", ids);
    send_frames(s, "devices.move", params);
    then_a_turn_takes_but_some(s);
    free(params);
    free(ids);
}

static void reports_that_forget_what_was_never_reported(void **state)
{
    struct stage *s = *state;
    char *known = properties("p", 200, "\"a value of some forty characters, or nearly\""), *gone = properties("q", 1500, "null");
    char *params = malloc(MAX(strlen(known), strlen(gone)) + 100);
    given_devices(s, 1);
    sprintf(params, "\"id\":\"gw-1\",\"properties\":{%s}", known);
    expect_answer(stage_call(s, 1, "devices.report", "{%s}", params), "null,{}");
    sprintf(params, "\"id\":\"gw-1\",\"properties\":{%s}", gone);
    send_frames(s, "devices.report", params);
    then_a_turn_takes_but_some(s);
    free(params);
    free(gone);
    free(known);
}

static void a_group_that_many_jobs_use(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    for (int i = 0; i < 1000; i++) stage_queue(s, 1, "jobs.save", "{\"id\":\"job-%d\"," JOB "}", i);
    stage_settle(s);
    send_frames(s, "groups.remove", "\"id\":\"all\"");
    then_a_turn_takes_but_some(s);
}

static void jobs_for_a_template_that_lists_much(void **state)
{
    struct stage *s = *state;
    char *capabilities = repeat("{\"path\":\"speed\",\"kind\":\"property\"}", 8000);
    given_devices(s, 1);
    stage_call(s, 1, "templates.put", "{\"id\":\"pump\",\"capabilities\":[%s]}", capabilities);
    char *data = repeat("{\"type\":\"property\",\"target\":\"pump\",\"path\":\"x\",\"value\":1}", 20), params[2000];
    for (int i = 0; i < 20; i++) *strchr(data, 'x') = (char)('A' + i);
    snprintf(params, sizeof params, "\"group\":\"all\",\"data\":[%s]", data);
    send_frames(s, "jobs.save", params);
    then_a_turn_takes_but_some(s);
    free(data);
    free(capabilities);
}

static void error_logs_of_an_import(void **state)
{
    struct stage *s = *state;
    char *data = malloc(1 << 20), *at = data + sprintf(data, "IOTC_DEVICEID\\n");
    for (int i = 0; i < 2500; i++) at += sprintf(at, "a b\\n");
    stage_call(s, 1, "imports.open", "{\"id\":\"import\"}");
    stage_call(s, 1, "imports.write", "{\"id\":\"import\",\"data\":\"%s\"}", data);
    stage_call(s, 1, "imports.close", "{\"id\":\"import\"}");
    send_frames(s, "imports.errors", "\"id\":\"import\"");
    then_a_turn_takes_but_some(s);
    free(data);
}

/* Workers keep places for calls, and no more tasks are begun than there are places for. */
static void jobs_that_begin_at_once(void **state)
{
    enum { JOBS = 50 };
    struct stage *s = *state;
    s->settings.jobs_at_once = JOBS;
    stage_restart(s);
    given_devices(s, 1);
    s->hold_tasks = true;
    for (int i = 0; i < JOBS; i++) stage_queue(s, 1, "jobs.run", "{" JOB "}");
    stage_settle(s);
    assert_int_equal(s->task_count, MEMBERS_TASKS_MAX);
    s->hold_tasks = false;
    stage_settle(s);
    stage_call(s, 1, "info", "{}");
    then_answer_has(s, 1, "\"running\":50,");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(exports_that_name_many_devices),
        STORY(moves_that_name_many_devices),
        STORY(reports_that_forget_what_was_never_reported),
        STORY(a_group_that_many_jobs_use),
        STORY(jobs_for_a_template_that_lists_much),
        STORY(error_logs_of_an_import),
        STORY(jobs_that_begin_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
