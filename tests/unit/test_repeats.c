/* Requests that come again. Every method of the table that changes something has a row here, or is named as one whose
 * requestId is not remembered; a method without one fails the walk. */
#include "tests/unit/job_story.h"

#include "engine/decide/command.h"
#include "engine/decide/repeats.h"

enum { DAY = 86400 };

/* The first is carried out; `other` is the method with another body; the answer has `shown`, also when it comes again. */
struct repeat {
    const char *params;
    const char *other;
    const char *shown;
};

static const struct repeat REPEATS[COMMAND_COUNT] = {
    [COMMAND_templates_put] = {"\"id\":\"new\"", "\"id\":\"newer\"", "\"id\":\"new\""},
    [COMMAND_templates_remove] = {"\"id\":\"unused\"", "\"id\":\"pump\"", "null,{}]"},
    [COMMAND_groups_put] = {"\"id\":\"new\"", "\"id\":\"newer\"", "\"id\":\"new\""},
    [COMMAND_groups_remove] = {"\"id\":\"unused\"", "\"id\":\"all\",\"force\":true", "null,{}]"},
    [COMMAND_devices_put] = {"\"id\":\"new\"", "\"id\":\"newer\"", "\"id\":\"new\""},
    [COMMAND_devices_move] = {"\"ids\":[\"gw-1\"],\"template\":\"pump\"", "\"ids\":[\"gw-2\"],\"template\":\"pump\"",
                              "\"move\":1,"},
    [COMMAND_devices_report] = {"\"id\":\"gw-1\",\"properties\":{\"speed\":1}",
                                "\"id\":\"gw-1\",\"properties\":{\"speed\":2}", "null,{}]"},
    [COMMAND_devices_set_thumbprints] = {"\"id\":\"gw-1\",\"primary\":\"0123456789012345678901234567890123456789\"",
                                         "\"id\":\"gw-1\",\"primary\":\"\"", "\"id\":\"gw-1\""},
    [COMMAND_devices_remove] = {"\"id\":\"gw-1\"", "\"id\":\"gw-2\"", "null,{}]"},
    [COMMAND_imports_open] = {"\"id\":\"new\"", "\"id\":\"newer\"", "\"id\":\"new\""},
    [COMMAND_imports_write] = {"\"id\":\"open\",\"data\":\"IOTC_DEVICEID\\ngw-9\\n\"", "\"id\":\"open\",\"data\":\"gw-8\"",
                               "\"accepted\":1"},
    [COMMAND_imports_close] = {"\"id\":\"open\"", "\"id\":\"closed\"", "\"id\":\"open\""},
    [COMMAND_imports_cancel] = {"\"id\":\"open\"", "\"id\":\"closed\"", "\"id\":\"open\""},
    [COMMAND_exports_open] = {"\"ids\":[\"gw-1\"]", "\"ids\":[\"gw-2\"]", "\"id\":"},
    [COMMAND_jobs_run] = {JOB, JOB ",\"description\":\"other\"", "\"group\":\"all\""},
    [COMMAND_jobs_save] = {JOB, JOB ",\"description\":\"other\"", "\"status\":\"saved\""},
    [COMMAND_jobs_discard] = {"\"id\":\"saved\"", "\"id\":\"kept\"", "null,{}]"},
    [COMMAND_jobs_copy] = {"\"id\":\"saved\"", "\"id\":\"kept\"", "\"displayName\":\"saved Copy\""},
    [COMMAND_jobs_rerun] = {"\"id\":\"failed\"", "\"id\":\"failed\",\"devices\":\"both\"", "\"parentId\":\"failed\""},
    [COMMAND_jobs_stop] = {"\"id\":\"runs\"", "\"id\":\"stopped\"", "\"status\":\"stopped\""},
    [COMMAND_jobs_resume] = {"\"id\":\"stopped\"", "\"id\":\"runs\"", "\"id\":\"stopped\""},
    [COMMAND_jobs_cancel] = {"\"id\":\"runs\"", "\"id\":\"stopped\"", "\"status\":\"cancelled\""},
    [COMMAND_columns_set] = {"\"user\":\"a\",\"view\":\"jobs.devices\",\"columns\":[\"end\"]",
                             "\"user\":\"b\",\"view\":\"jobs.devices\",\"columns\":[\"end\"]", "\"columns\":[\"end\"]"},
    [COMMAND_keys_rotate] = {"\"which\":\"primary\"", "\"which\":\"secondary\"", "\"primary\":"},
    [COMMAND_schedules_put] = {"\"id\":\"nightly\",\"enabled\":false", "\"id\":\"nightly\",\"enabled\":true",
                               "\"enabled\":false"},
    [COMMAND_schedules_remove] = {"\"id\":\"nightly\"", "\"id\":\"weekly\"", "null,{}]"},
};

static bool is_never_remembered(enum command_type type)
{
    return type == COMMAND_work_take || type == COMMAND_work_report;
}

static const char *method_of(enum command_type type)
{
    return wire_method_name(type).data;
}

/* Something of everything, for methods to change. */
static void given_a_fleet_at_work(struct stage *s)
{
    given_devices(s, 2);
    stage_queue(s, 1, "templates.put", "{\"id\":\"pump\"}");
    stage_queue(s, 1, "templates.put", "{\"id\":\"unused\"}");
    stage_queue(s, 1, "groups.put", "{\"id\":\"unused\"}");
    stage_queue(s, 1, "imports.open", "{\"id\":\"open\"}");
    stage_queue(s, 1, "jobs.save", "{\"id\":\"saved\"," JOB "}");
    stage_queue(s, 1, "jobs.save", "{\"id\":\"kept\"," JOB "}");
    stage_queue(s, 1, "schedules.put",
                "{\"id\":\"nightly\"," JOB ",\"schedule\":{\"start\":\"2033-01-01T00:00:00Z\",\"timeZone\":\"Etc/UTC\","
                "\"recurrence\":\"daily\"}}");
    given_job(s, "failed", "");
    report(s, 1, take_work(s, 1, 2), "[[0,\"failed\"],[1,\"failed\"]]");
    given_job(s, "stopped", "");
    on_job(s, "jobs.stop", "stopped");
    given_job(s, "runs", "");
}

static const char *request(struct stage *s, enum command_type type, const char *params)
{
    return stage_call(s, 1, method_of(type), "{\"requestId\":\"r-1\",%s}", params);
}

/* The id of the resource in the last answer; empty when it shows none. */
static void shown_id(struct stage *s, char id[64])
{
    const char *at = strstr(stage_answers(s, 1), "\"id\":\"");
    id[0] = '\0';
    if (at) snprintf(id, 64, "%.*s", (int)strcspn(at + 6, "\""), at + 6);
}

/* Again, it is not carried out: it shows the same resource, and nothing is written. */
static void then_it_is_only_answered(struct stage *s, enum command_type type, const char *id, const char *when)
{
    const struct repeat *r = &REPEATS[type];
    char shown[64];
    uint64_t before = head(s);
    if (!strstr(request(s, type, r->params), r->shown))
        fail_msg("%s again, %s: %.2000s", method_of(type), when, stage_answers(s, 1));
    shown_id(s, shown);
    if (strcmp(id, shown) != 0) fail_msg("%s again, %s, shows %s, not %s", method_of(type), when, shown, id);
    if (head(s) != before) fail_msg("%s again, %s, was carried out", method_of(type), when);
    if (!strstr(request(s, type, r->other), "\"conflict\""))
        fail_msg("%s, %s, with another body: %.2000s", method_of(type), when, stage_answers(s, 1));
    if (head(s) != before) fail_msg("%s, %s, with another body, was carried out", method_of(type), when);
}

static bool makes_a_job(enum command_type type)
{
    return command_makes(type) && type != COMMAND_imports_open && type != COMMAND_exports_open;
}

static void then_30_days_are_enough_unless_it_made_a_job(struct stage *s, enum command_type type, const char *id)
{
    stage_pass(s, 29 * DAY * (int64_t)SECOND);
    then_it_is_only_answered(s, type, id, "29 days later");
    stage_pass(s, 2 * DAY * (int64_t)SECOND);
    bool conflicts = strstr(request(s, type, REPEATS[type].other), "\"conflict\"") != NULL;
    if (conflicts != makes_a_job(type))
        fail_msg("31 days later %s %s", method_of(type), conflicts ? "is still remembered" : "is forgotten");
}

static void play_repeat(enum command_type type)
{
    struct stage *s;
    char id[64];
    set_up((void **)&s);
    given_a_fleet_at_work(s);
    uint64_t before = head(s);
    if (!strstr(request(s, type, REPEATS[type].params), REPEATS[type].shown) || head(s) == before)
        fail_msg("%s: %.2000s", method_of(type), stage_answers(s, 1));
    shown_id(s, id);
    then_it_is_only_answered(s, type, id, "at once");
    stage_restart(s);
    then_it_is_only_answered(s, type, id, "after a restart");
    stage_crash(s);
    then_it_is_only_answered(s, type, id, "after a crash");
    then_a_rebuild_gives_the_same_state(s);
    then_it_is_only_answered(s, type, id, "after a rebuild");
    then_30_days_are_enough_unless_it_made_a_job(s, type, id);
    tear_down((void **)&s);
}

static void every_method_that_changes_something_is_carried_out_once(void **state)
{
    (void)state;
    for (enum command_type type = COMMAND_NONE + 1; type < COMMAND_COUNT; type++) {
        if (command_access(type) != CHANGES || is_never_remembered(type)) continue;
        if (!REPEATS[type].params)
            fail_msg("%s changes something: say in REPEATS what it is answered when it comes again", method_of(type));
        play_repeat(type);
    }
}

/* A take that is repeated is another take; a report that is repeated finds its results known. */
static void work_is_not_remembered(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    given_job(s, "job-1", "");
    uint64_t first = take_work_of(s, 1, 1, ",\"requestId\":\"r-1\"");
    uint64_t second = take_work_of(s, 1, 1, ",\"requestId\":\"r-1\"");
    assert_true(first && second && first != second);
    for (int i = 0; i < 2; i++) {
        stage_call(s, 1, "work.report", "{\"work\":%llu,\"requestId\":\"r-2\",\"results\":[[0,\"completed\"]]}",
                   (unsigned long long)first);
        then_answer_has(s, 1, i == 0 ? "\"recorded\":1,\"duplicates\":0" : "\"recorded\":0,\"duplicates\":1");
        stage_restart(s);
    }
}

/* A new id tells a repeat too, for ever. */
static void the_id_of_a_new_job_is_as_good_as_a_request_id(void **state)
{
    static const struct {
        const char *method, *params, *other;
    } MADE[] = {
        {"jobs.run", "\"id\":\"new\"," JOB, "\"id\":\"new\"," JOB ",\"description\":\"other\""},
        {"jobs.copy", "\"id\":\"saved\",\"newId\":\"copy\"", "\"id\":\"kept\",\"newId\":\"copy\""},
        {"jobs.rerun", "\"id\":\"failed\",\"newId\":\"rerun\"", "\"id\":\"failed\",\"newId\":\"rerun\",\"devices\":\"both\""},
        {"jobs.save", "\"id\":\"another\"," JOB, NULL}, /* with another body it is edited */
    };
    struct stage *s = *state;
    given_a_fleet_at_work(s);
    for (size_t i = 0; i < COUNT_OF(MADE); i++) {
        expect_answer(stage_call(s, 1, MADE[i].method, "{%s}", MADE[i].params), "\"group\":\"all\"");
    }
    for (int round = 0; round < 2; round++) {
        stage_crash(s);
        uint64_t before = head(s);
        for (size_t i = 0; i < COUNT_OF(MADE); i++) {
            expect_answer(stage_call(s, 1, MADE[i].method, "{%s}", MADE[i].params), "\"group\":\"all\"");
            if (!MADE[i].other) continue;
            expect_answer(stage_call(s, 1, MADE[i].method, "{%s}", MADE[i].other), "\"conflict\"");
        }
        assert_int_equal(head(s), before);
        stage_pass(s, 400 * DAY * (int64_t)SECOND);
    }
}

/* Nobody waits for an answer that never was: what was refused may be asked again, and is looked at anew. */
static void a_refused_request_is_not_remembered(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    const char *stop = "{\"id\":\"job-1\",\"requestId\":\"r-1\"}";
    expect_answer(stage_call(s, 1, "jobs.stop", "%s", stop), "\"no_such_job\"");
    given_job(s, "job-1", "");
    expect_answer(stage_call(s, 1, "jobs.stop", "%s", stop), "\"status\":\"stopped\"");
    on_job(s, "jobs.resume", "job-1");
    expect_answer(stage_call(s, 1, "jobs.stop", "%s", stop), "\"status\":\"running\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_that_changes_something_is_carried_out_once),
        STORY(work_is_not_remembered),
        STORY(the_id_of_a_new_job_is_as_good_as_a_request_id),
        STORY(a_refused_request_is_not_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
