/* Who is in a group, and who uses it or a template: told before it is removed. */
#include "tests/unit/stage.h"

static int open_stage(void **state)
{
    struct stage *s = malloc(sizeof *s);
    *state = s;
    stage_open(s);
    stage_call(s, 1, "templates.put", "{\"id\":\"pump\"}");
    stage_call(s, 1, "groups.put", "{\"id\":\"all\"}");
    for (int i = 1; i <= 30; i++)
        stage_queue(s, 1, "devices.put", "{\"id\":\"gw-%d\",\"simulated\":%s}", i, i % 3 ? "false" : "true");
    stage_call(s, 1, "groups.put", "{\"id\":\"fakes\",\"filter\":\"$simulated = true\"}");
    return 0;
}

#define DATA "\"data\":[{\"type\":\"property\",\"target\":\"pump\",\"path\":\"p\",\"value\":1}]"
#define UNUSED(kind, id) assert_null(strstr(stage_call(s, 1, kind ".get", "{\"id\":\"" id "\"}"), "usedBy"))

/* ---- Previews. */

static void a_preview_counts_and_shows_some(void **state)
{
    struct stage *s = *state;
    expect_answer(stage_call(s, 1, "groups.preview", "{\"id\":\"fakes\",\"sample\":2}"),
                  "{\"count\":10,\"sample\":[\"gw-3\",\"gw-6\"]}");
    expect_answer(stage_call(s, 1, "groups.preview", "{\"filter\":\"$id = 'gw-7'\"}"),
                  "{\"count\":1,\"sample\":[\"gw-7\"]}");
    expect_answer(stage_call(s, 1, "groups.preview", "{\"filter\":\"\",\"sample\":0}"), "{\"count\":30,\"sample\":[]}");
    expect_answer(stage_call(s, 1, "groups.preview", "{\"id\":\"all\"}"), "\"gw-10\"]}");
}

static void a_preview_that_cannot_be_is_refused(void **state)
{
    struct stage *s = *state;
    expect_answer(stage_call(s, 1, "groups.preview", "{}"), "either id");
    expect_answer(stage_call(s, 1, "groups.preview", "{\"id\":\"all\",\"filter\":\"\"}"), "either id");
    expect_answer(stage_call(s, 1, "groups.preview", "{\"id\":\"nobody\"}"), "no_such_group");
    expect_answer(stage_call(s, 1, "groups.preview", "{\"filter\":\"a ==\"}"), "column 4");
    expect_answer(stage_call(s, 1, "groups.preview", "{\"id\":\"all\",\"sample\":1001}"), "from 0 to 1000; it is 1001");
}

/* ---- Uses. */

static void what_nobody_uses_is_removed(void **state)
{
    struct stage *s = *state;
    UNUSED("groups", "fakes");
    expect_answer(stage_call(s, 1, "groups.remove", "{\"id\":\"fakes\"}"), "null,{}]");
    expect_answer(stage_call(s, 1, "templates.remove", "{\"id\":\"pump\"}"), "null,{}]");
}

static void a_saved_job_uses_its_group_and_template(void **state)
{
    struct stage *s = *state;
    stage_call(s, 1, "jobs.save", "{\"id\":\"job-1\",\"group\":\"fakes\"," DATA "}");
    stage_call(s, 1, "groups.get", "{\"id\":\"fakes\"}");
    then_answer_has(s, 1, "\"usedBy\":{\"jobs\":[{\"id\":\"job-1\",\"displayName\":\"job-1\",\"status\":\"saved\"}],\"schedules\":[]}");
    expect_answer(stage_call(s, 1, "groups.remove", "{\"id\":\"fakes\"}"),
                  "[\"group_in_use\",\"it is used by the job \\\"job-1\\\" (saved); force:true removes it all the same\"");
    expect_answer(stage_call(s, 1, "templates.remove", "{\"id\":\"pump\"}"), "template_in_use");
    stage_call(s, 1, "jobs.save", "{\"id\":\"job-1\",\"group\":\"all\"}");
    UNUSED("groups", "fakes");
    stage_call(s, 1, "jobs.discard", "{\"id\":\"job-1\"}");
    UNUSED("groups", "all");
    UNUSED("templates", "pump");
}

static void a_use_ends_with_its_job(void **state)
{
    struct stage *s = *state;
    const char *property = "\"data\":[{\"type\":\"property\",\"path\":\"p\",\"value\":1}]";
    stage_call(s, 1, "jobs.run", "{\"id\":\"job-1\",\"group\":\"all\",%s}", property);
    expect_answer(stage_call(s, 1, "groups.get", "{\"id\":\"all\"}"), "\"status\":\"running\"");
    stage_call(s, 1, "jobs.stop", "{\"id\":\"job-1\"}");
    expect_answer(stage_call(s, 1, "groups.get", "{\"id\":\"all\"}"), "\"status\":\"stopped\"");
    expect_answer(stage_call(s, 1, "groups.remove", "{\"id\":\"all\"}"), "(stopped)");
    stage_call(s, 1, "jobs.cancel", "{\"id\":\"job-1\"}");
    UNUSED("groups", "all");
    stage_call(s, 1, "jobs.run", "{\"id\":\"job-2\",\"group\":\"fakes\"," DATA "}");
    UNUSED("groups", "fakes"); /* no device is of the template: it has failed */
    stage_call(s, 1, "jobs.rerun", "{\"id\":\"job-1\",\"newId\":\"job-3\",\"devices\":\"unreached\"}");
    UNUSED("groups", "all"); /* a rerun needs its parent's devices only */
}

static void a_schedule_uses_them_until_it_is_removed(void **state)
{
    struct stage *s = *state;
    stage_call(s, 1, "schedules.put",
               "{\"id\":\"nightly\",\"displayName\":\"Every night\",\"group\":\"fakes\"," DATA
               ",\"schedule\":{\"start\":\"2030-01-01T00:00:00Z\",\"timeZone\":\"UTC\",\"recurrence\":\"daily\"}}");
    expect_answer(stage_call(s, 1, "templates.get", "{\"id\":\"pump\"}"),
                  "\"usedBy\":{\"jobs\":[],\"schedules\":[{\"id\":\"nightly\",\"displayName\":\"Every night\"}]}");
    expect_answer(stage_call(s, 1, "groups.remove", "{\"id\":\"fakes\"}"), "the schedule \\\"nightly\\\"");
    stage_call(s, 1, "schedules.put", "{\"id\":\"nightly\",\"group\":\"all\"}");
    UNUSED("groups", "fakes");
    stage_call(s, 1, "schedules.remove", "{\"id\":\"nightly\"}");
    UNUSED("groups", "all");
    UNUSED("templates", "pump");
}

static void many_uses_are_counted(void **state)
{
    struct stage *s = *state;
    for (int i = 0; i < 103; i++) stage_queue(s, 1, "jobs.save", "{\"id\":\"job-%d\",\"group\":\"fakes\"," DATA "}", i);
    expect_answer(stage_call(s, 1, "groups.remove", "{\"id\":\"fakes\"}"),
                  "the job \\\"job-0\\\" (saved),the job \\\"job-1\\\" (saved) and 101 more; force");
    expect_answer(stage_call(s, 1, "groups.get", "{\"id\":\"fakes\"}"), "\"schedules\":[],\"more\":true}");
    expect_answer(stage_call(s, 1, "groups.remove", "{\"id\":\"fakes\",\"force\":true}"), "null,{}]");
    expect_answer(stage_call(s, 1, "jobs.get", "{\"id\":\"job-7\"}"), "\"status\":\"saved\"");
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, open_stage, stage_tear_down_rebuilt)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_preview_counts_and_shows_some),
        STORY(a_preview_that_cannot_be_is_refused),
        STORY(what_nobody_uses_is_removed),
        STORY(a_saved_job_uses_its_group_and_template),
        STORY(a_use_ends_with_its_job),
        STORY(a_schedule_uses_them_until_it_is_removed),
        STORY(many_uses_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
