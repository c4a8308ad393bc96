/* Saved jobs, their copies, and previews with the plan that a run may quote, through the engine's own turn. */
#include <openssl/evp.h>

#include "tests/unit/job_story.h"

static const char *save(struct stage *s, const char *fields)
{
    return stage_call(s, 1, "jobs.save", "{%s}", fields);
}

/* ---- Save, edit, run. */

static void a_saved_job_waits_until_it_is_run(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    expect_answer(save(s, "\"id\":\"job-1\"," JOB), "\"status\":\"saved\"");
    assert_int_equal(take_work(s, 1, 10), 0);
    stage_restart(s);
    expect_answer(stage_call(s, 1, "jobs.list", "{\"section\":\"saved\"}"), "\"id\":\"job-1\"");
    expect_answer(on_job(s, "jobs.run", "job-1"), "\"status\":\"pending\"");
    report(s, 1, take_work(s, 1, 10), "[[0,\"completed\"],[1,\"completed\"]]");
    expect_answer(job(s, "job-1"), "\"status\":\"complete\"");
}

static void a_saved_job_runs_once(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    save(s, "\"id\":\"job-1\"," JOB);
    on_job(s, "jobs.run", "job-1");
    uint64_t before = head(s);
    expect_answer(on_job(s, "jobs.run", "job-1"), "\"status\":\"running\"");
    assert_int_equal(head(s), before);
    expect_answer(on_job(s, "jobs.run", "job-2"), "\"no_such_job\"");
}

static void an_edit_changes_what_is_given_and_nothing_else(void **state)
{
    struct stage *s = *state;
    given_devices(s, 5);
    stage_call(s, 1, "groups.put", "{\"id\":\"one\",\"filter\":\"$id = 'gw-1'\"}");
    save(s, "\"id\":\"job-1\",\"displayName\":\"Raise\",\"batch\":{\"type\":\"number\",\"value\":2}," JOB);
    save(s, "\"id\":\"job-1\",\"description\":\"for winter\",\"timeouts\":{\"execution\":7}");
    then_answer_has(s, 1, "\"displayName\":\"Raise\",\"description\":\"for winter\"");
    then_answer_has(s, 1, "\"batch\":{\"type\":\"number\",\"value\":2}");
    then_answer_has(s, 1, "\"timeouts\":{\"execution\":7}");
    save(s, "\"id\":\"job-1\",\"group\":\"one\",\"displayName\":\"\"," "\"data\":[{\"type\":\"command\",\"path\":\"reboot\"}]");
    then_answer_has(s, 1, "\"displayName\":\"job-1\"");
    stage_restart(s);
    on_job(s, "jobs.run", "job-1");
    take_work(s, 1, 10);
    then_answer_has(s, 1, "\"type\":\"command\",\"data\":[{\"type\":\"command\",\"path\":\"reboot\"}],\"timeout\":7");
    then_answer_has(s, 1, "\"devices\":[\"gw-1\"]");
}

static void an_edit_is_checked_like_a_new_job(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    save(s, "\"id\":\"job-1\"," JOB);
    expect_answer(save(s, "\"id\":\"job-1\",\"group\":\"none\""), "\"no_such_group\"");
    expect_answer(save(s, "\"id\":\"job-1\",\"data\":[]"), "\"bad_field\"");
    expect_answer(save(s, "\"id\":\"job-2\",\"group\":\"all\""), "data is missing");
    expect_answer(job(s, "job-1"), "\"group\":\"all\"");
}

static void only_a_saved_job_is_edited_or_discarded(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    save(s, "\"id\":\"job-1\"," JOB);
    on_job(s, "jobs.run", "job-1");
    expect_answer(save(s, "\"id\":\"job-1\",\"displayName\":\"x\""), "this one is running");
    expect_answer(on_job(s, "jobs.discard", "job-1"), "\"job_not_saved\"");
    expect_answer(on_job(s, "jobs.preview", "job-1"), "\"job_not_saved\"");
}

static void a_saved_job_cannot_be_stopped_nor_cancelled(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    save(s, "\"id\":\"job-1\"," JOB);
    expect_answer(on_job(s, "jobs.stop", "job-1"), "\"job_cannot_stop\"");
    expect_answer(on_job(s, "jobs.resume", "job-1"), "\"job_cannot_resume\"");
    expect_answer(on_job(s, "jobs.cancel", "job-1"), "\"job_cannot_cancel\"");
}

static void the_same_save_again_is_no_edit(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    save(s, "\"id\":\"job-1\"," JOB);
    uint64_t before = head(s);
    expect_answer(save(s, "\"id\":\"job-1\"," JOB), "\"status\":\"saved\"");
    assert_int_equal(head(s), before);
    on_job(s, "jobs.run", "job-1");
    stage_restart(s);
    expect_answer(save(s, "\"id\":\"job-1\"," JOB), "\"status\":\"running\"");
}

static void a_saved_id_with_fields_to_run_is_a_conflict(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    save(s, "\"id\":\"job-1\"," JOB);
    expect_answer(stage_call(s, 1, "jobs.run", "{\"id\":\"job-1\"," JOB "}"), "\"conflict\"");
    expect_answer(job(s, "job-1"), "\"status\":\"saved\"");
}

/* ---- Discard. */

static void a_discarded_job_is_gone_and_its_id_stays_taken(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    save(s, "\"id\":\"job-1\"," JOB);
    expect_answer(on_job(s, "jobs.discard", "job-1"), "null,{}]");
    stage_restart(s);
    static const char *const METHODS[] = {"jobs.get",     "jobs.run",   "jobs.discard", "jobs.preview", "jobs.copy",
                                          "jobs.rerun",   "jobs.stop",  "jobs.devices", "jobs.results"};
    for (size_t i = 0; i < COUNT_OF(METHODS); i++) expect_answer(on_job(s, METHODS[i], "job-1"), "\"no_such_job\"");
    expect_answer(save(s, "\"id\":\"job-1\"," JOB), "discarded; take a new id");
    expect_answer(stage_call(s, 1, "jobs.run", "{\"id\":\"job-1\"," JOB "}"), "\"conflict\"");
    expect_answer(stage_call(s, 1, "jobs.list", "{}"), "\"value\":[]");
    expect_answer(stage_call(s, 1, "info", "{}"), "\"saved\":0");
    stage_call(s, 1, "events.read", "{\"filter\":{\"job\":\"job-1\"}}");
    then_answer_has(s, 1, "JOB_DISCARDED");
    then_a_rebuild_gives_the_same_state(s);
}

static void a_schedule_makes_no_job_of_a_discarded_id(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    save(s, "\"id\":\"nightly-1\"," JOB);
    on_job(s, "jobs.discard", "nightly-1");
    stage_call(s, 1, "schedules.put",
               "{\"id\":\"nightly\"," JOB ",\"schedule\":{\"start\":\"2023-11-14T22:13:30Z\",\"timeZone\":\"Etc/UTC\","
               "\"recurrence\":\"daily\"}}");
    stage_pass(s, 30 * SECOND);
    expect_answer(stage_call(s, 1, "jobs.list", "{}"), "\"id\":\"nightly-1-");
}

/* ---- What a saved job is for is removed. */

static void a_saved_job_outlives_its_group_but_does_not_run_without(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    save(s, "\"id\":\"job-1\"," JOB);
    stage_call(s, 1, "groups.remove", "{\"id\":\"all\",\"force\":true}");
    expect_answer(on_job(s, "jobs.run", "job-1"), "the device group \\\"all\\\" of this job was removed");
    expect_answer(on_job(s, "jobs.preview", "job-1"), "\"no_such_group\"");
    /* Another one of the same id is another one. */
    stage_call(s, 1, "groups.put", "{\"id\":\"all\"}");
    expect_answer(on_job(s, "jobs.run", "job-1"), "\"no_such_group\"");
    expect_answer(save(s, "\"id\":\"job-1\",\"displayName\":\"still editable\""), "\"status\":\"saved\"");
    save(s, "\"id\":\"job-1\",\"group\":\"all\"");
    on_job(s, "jobs.run", "job-1");
    expect_answer(job(s, "job-1"), "\"status\":\"running\"");
}

static void given_templates(struct stage *s)
{
    stage_call(s, 1, "templates.put",
               "{\"id\":\"pump\",\"capabilities\":[{\"path\":\"target\",\"kind\":\"property\",\"schema\":\"double\"}]}");
    stage_call(s, 1, "templates.put", "{\"id\":\"fan\",\"capabilities\":[{\"path\":\"speed\"}]}");
    stage_call(s, 1, "templates.put", "{\"id\":\"gate\",\"capabilities\":[{\"path\":\"target\",\"kind\":\"command\"}]}");
    stage_call(s, 1, "templates.put", "{\"id\":\"any\"}");
}

#define FOR_PUMPS "\"data\":[{\"type\":\"property\",\"target\":\"pump\",\"path\":\"target\",\"value\":21}]"

#define ON_PUMPS(type, path, value)                                                                                    \
    "{\"group\":\"all\",\"data\":[{\"type\":\"" type "\",\"target\":\"pump\",\"path\":\"" path "\",\"value\":" value "}]}"

static void a_job_is_held_against_its_templates_capabilities(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_templates(s);
    expect_answer(stage_call(s, 1, "jobs.run", ON_PUMPS("property", "speed", "1")),
                  "data[0].path:the template \\\"pump\\\" has no property \\\"speed\\\"; templates.get shows");
    expect_answer(stage_call(s, 1, "jobs.preview", ON_PUMPS("property", "motor.target", "1")), "has no property");
    expect_answer(stage_call(s, 1, "jobs.save", ON_PUMPS("command", "target", "1")),
                  "data[0].type:\\\"target\\\" is a property of the template \\\"pump\\\",no command");
    expect_answer(stage_call(s, 1, "jobs.run", ON_PUMPS("property", "target", "\"warm\"")),
                  "data[0].value:\\\"target\\\" of the template \\\"pump\\\" takes a value of the schema double");
}

static void a_saved_job_is_held_against_them_again_when_it_runs(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_templates(s);
    save(s, "\"id\":\"job-1\",\"group\":\"all\"," FOR_PUMPS);
    stage_call(s, 1, "templates.put", "{\"id\":\"pump\",\"capabilities\":[{\"path\":\"speed\"}]}");
    expect_answer(on_job(s, "jobs.run", "job-1"), "has no property");
    expect_answer(job(s, "job-1"), "\"status\":\"saved\"");
}

static void a_saved_job_outlives_its_template_but_does_not_run_without(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_templates(s);
    save(s, "\"id\":\"job-1\",\"group\":\"all\"," FOR_PUMPS);
    stage_call(s, 1, "templates.remove", "{\"id\":\"pump\",\"force\":true}");
    expect_answer(on_job(s, "jobs.run", "job-1"), "the template \\\"pump\\\" that this job is for was removed");
    save(s, "\"id\":\"job-1\"," DATA);
    on_job(s, "jobs.run", "job-1");
    expect_answer(job(s, "job-1"), "\"status\":\"running\"");
}

static void a_waiting_job_fails_when_its_group_or_template_goes(void **state)
{
    struct stage *s = *state;
    s->settings.jobs_at_once = 1;
    stage_restart(s);
    given_devices(s, 1);
    given_templates(s);
    stage_call(s, 1, "groups.put", "{\"id\":\"other\"}");
    stage_call(s, 1, "jobs.run", "{\"id\":\"job-1\"," JOB "}");
    stage_call(s, 1, "jobs.run", "{\"id\":\"job-2\",\"group\":\"other\"," DATA "}");
    stage_call(s, 1, "jobs.run", "{\"id\":\"job-3\",\"group\":\"all\"," FOR_PUMPS "}");
    stage_call(s, 1, "groups.remove", "{\"id\":\"other\",\"force\":true}");
    stage_call(s, 1, "templates.remove", "{\"id\":\"pump\",\"force\":true}");
    on_job(s, "jobs.cancel", "job-1");
    expect_answer(job(s, "job-2"), "\"statusReason\":\"group_removed\"");
    expect_answer(job(s, "job-3"), "\"statusReason\":\"template_removed\"");
}

/* ---- Preview. */

/* gw-1 and gw-2 can, gw-3 lists another path, gw-4 has it as a command, gw-5 lists nothing, gw-6 has no template. */
static void given_a_mixed_fleet(struct stage *s)
{
    static const char *const TEMPLATES[] = {"pump", "pump", "fan", "gate", "any", ""};
    given_templates(s);
    for (int i = 0; i < 6; i++)
        stage_queue(s, 1, "devices.put", "{\"id\":\"gw-%d\",\"template\":\"%s\"}", i + 1, TEMPLATES[i]);
    stage_call(s, 1, "groups.put", "{\"id\":\"all\"}");
}

static void a_preview_tells_whom_a_job_would_touch(void **state)
{
    struct stage *s = *state;
    given_a_mixed_fleet(s);
    uint64_t before = head(s);
    stage_call(s, 1, "jobs.preview", "{" JOB ",\"batch\":{\"type\":\"percentage\",\"value\":50}}");
    then_answer_has(s, 1, "\"count\":4,\"sample\":[\"gw-1\",\"gw-2\",\"gw-5\",\"gw-6\"]");
    then_answer_has(s, 1, "\"excluded\":[{\"reason\":\"unknown_path\",\"count\":2}],\"batches\":2,\"planHash\":\"4-");
    stage_call(s, 1, "jobs.preview", "{\"group\":\"all\"," FOR_PUMPS "}");
    then_answer_has(s, 1, "\"count\":2");
    then_answer_has(s, 1, "\"excluded\":[{\"reason\":\"wrong_template\",\"count\":4}],\"batches\":1");
    assert_int_equal(head(s), before);
}

static void what_a_preview_excludes_a_run_excludes_too(void **state)
{
    struct stage *s = *state;
    given_a_mixed_fleet(s);
    stage_call(s, 1, "jobs.run", "{\"id\":\"job-1\"," JOB "}");
    expect_answer(job(s, "job-1"), "\"excluded\":[{\"reason\":\"unknown_path\",\"count\":2}]");
    then_answer_has(s, 1, "\"total\":4");
    take_work(s, 1, 10);
    then_answer_has(s, 1, "[\"gw-1\",\"gw-2\",\"gw-5\",\"gw-6\"]");
    stage_call(s, 1, "events.read", "{\"filter\":{\"type\":\"JOB_TARGETS_EXCLUDED\"}}");
    then_answer_has(s, 1, "\"job\":\"job-1\",\"reason\":\"unknown_path\",\"count\":2");
    then_a_rebuild_gives_the_same_state(s);
}

static void a_job_without_any_target_says_who_was_excluded(void **state)
{
    struct stage *s = *state;
    given_a_mixed_fleet(s);
    stage_call(s, 1, "jobs.run",
               "{\"id\":\"job-1\",\"group\":\"all\",\"data\":[{\"type\":\"property\",\"target\":\"any\",\"path\":\"a\",\"value\":1}]}");
    expect_answer(job(s, "job-1"), "\"status\":\"running\"");
    stage_call(s, 1, "groups.put", "{\"id\":\"others\",\"filter\":\"$template != 'pump'\"}");
    stage_call(s, 1, "jobs.run", "{\"id\":\"job-2\",\"group\":\"others\"," FOR_PUMPS "}");
    expect_answer(job(s, "job-2"), "\"statusReason\":\"no_devices\"");
    then_answer_has(s, 1, "[{\"reason\":\"wrong_template\",\"count\":4}]");
    stage_call(s, 1, "groups.put", "{\"id\":\"pumps\",\"filter\":\"$template = 'pump'\"}");
    stage_call(s, 1, "jobs.run",
               "{\"id\":\"job-3\",\"group\":\"pumps\",\"data\":[{\"type\":\"property\",\"path\":\"a\",\"value\":1}]}");
    expect_answer(job(s, "job-3"), "\"statusReason\":\"no_devices\"");
    then_answer_has(s, 1, "[{\"reason\":\"unknown_path\",\"count\":2}]");
}

static void a_preview_of_nobody_is_an_answer(void **state)
{
    struct stage *s = *state;
    stage_call(s, 1, "groups.put", "{\"id\":\"all\"}");
    stage_call(s, 1, "jobs.preview", "{" JOB "}");
    then_answer_has(s, 1, "\"count\":0,\"sample\":[],\"excluded\":[],\"batches\":0,\"planHash\":\"0-");
    expect_answer(stage_call(s, 1, "jobs.preview", "{}"), "group is missing");
    expect_answer(stage_call(s, 1, "jobs.preview", "{\"id\":\"job-1\"}"), "\"no_such_job\"");
}

static void a_sample_is_ten_devices_at_most(void **state)
{
    struct stage *s = *state;
    given_devices(s, 12);
    stage_call(s, 1, "jobs.preview", "{" JOB "}");
    then_answer_has(s, 1, "\"count\":12");
    then_answer_has(s, 1, "\"gw-10\"],");
}

/* ---- The plan. */

/* The planHash of the last answer; valid until the next call of this. */
static const char *plan_hash(struct stage *s)
{
    static char hash[96];
    const char *at = strstr(stage_answers(s, 1), "\"planHash\":\"");
    assert_non_null(at);
    at += strlen("\"planHash\":\"");
    snprintf(hash, sizeof hash, "%.*s", (int)strcspn(at, "\""), at);
    return hash;
}

/* docs/protocol.md says what the hash is of, so that anybody can make it. */
static void a_plan_hash_is_what_the_page_says(void **state)
{
    struct stage *s = *state;
    struct arena arena = {0};
    struct buffer values = {.arena = &arena};
    msgpack_packer p = packer_into(&values);
    const uint32_t numbers[] = {2, 50, 1, 3, 1, 0, 7, 2, 4 + 16};
    given_devices(s, 2);
    stage_call(s, 1, "jobs.preview",
               "{" JOB ",\"batch\":{\"type\":\"percentage\",\"value\":50},\"timeouts\":{\"execution\":7},"
               "\"cancellationThreshold\":{\"type\":\"number\",\"value\":3,\"batch\":true},\"retries\":{\"max\":2}}");
    msgpack_pack_array(&p, 12);
    pack_key(&p, "all");
    pack_key(&p, "");
    msgpack_pack_array(&p, 1);
    msgpack_pack_map(&p, 3);
    pack_key(&p, "type");
    pack_key(&p, "property");
    pack_key(&p, "path");
    pack_key(&p, "target");
    pack_key(&p, "value");
    msgpack_pack_int(&p, 21);
    for (size_t i = 0; i < COUNT_OF(numbers); i++) msgpack_pack_uint32(&p, numbers[i]);
    pack_key(&p, "gw-1");
    pack_key(&p, "gw-2");
    uint8_t hash[32];
    char expected[80] = "2-";
    assert_int_equal(EVP_Digest(values.data, values.size, hash, NULL, EVP_sha256(), NULL), 1);
    for (size_t i = 0; i < sizeof hash; i++) sprintf(expected + 2 + 2 * i, "%02x", hash[i]);
    assert_string_equal(plan_hash(s), expected);
    arena_free(&arena);
}

static void a_plan_quoted_for_a_saved_job_holds(void **state)
{
    struct stage *s = *state;
    given_devices(s, 3);
    save(s, "\"id\":\"job-1\"," JOB);
    on_job(s, "jobs.preview", "job-1");
    stage_call(s, 1, "jobs.run", "{\"id\":\"job-1\",\"planHash\":\"%s\"}", plan_hash(s));
    expect_answer(job(s, "job-1"), "\"status\":\"running\"");
    stage_call(s, 1, "jobs.preview", "{\"displayName\":\"a name changes nothing on devices\"," JOB "}");
    stage_call(s, 1, "jobs.run", "{\"id\":\"job-2\"," JOB ",\"planHash\":\"%s\"}", plan_hash(s));
    expect_answer(job(s, "job-2"), "\"status\":\"running\"");
}

static void expect_plan_changed(struct stage *s, const char *id, const char *counts)
{
    expect_answer(job(s, id), "\"status\":\"failed\",\"statusReason\":\"plan_changed\"");
    then_answer_has(s, 1, counts);
    then_answer_has(s, 1, "\"total\":0");
}

static void a_plan_fails_when_the_devices_are_others(void **state)
{
    struct stage *s = *state;
    given_devices(s, 3);
    save(s, "\"id\":\"job-1\"," JOB);
    save(s, "\"id\":\"job-2\"," JOB);
    on_job(s, "jobs.preview", "job-1");
    const char *hash = plan_hash(s);
    stage_call(s, 1, "devices.put", "{\"id\":\"gw-4\"}");
    stage_call(s, 1, "jobs.run", "{\"id\":\"job-1\",\"planHash\":\"%s\"}", hash);
    expect_plan_changed(s, "job-1", "\"planChanged\":{\"expected\":3,\"found\":4}");
    /* As many, but not the same ones. */
    stage_call(s, 1, "devices.remove", "{\"id\":\"gw-1\"}");
    stage_call(s, 1, "jobs.run", "{\"id\":\"job-2\",\"planHash\":\"%s\"}", hash);
    expect_plan_changed(s, "job-2", "\"planChanged\":{\"expected\":3,\"found\":3}");
    stage_call(s, 1, "events.read", "{\"filter\":{\"job\":\"job-2\"}}");
    then_answer_has(s, 1, "\"type\":\"JOB_PLAN_QUOTED\"");
    then_answer_has(s, 1, "\"type\":\"JOB_PLAN_CHANGED\"");
    then_a_rebuild_gives_the_same_state(s);
}

static void a_plan_fails_when_the_job_is_another(void **state)
{
    struct stage *s = *state;
    given_devices(s, 3);
    save(s, "\"id\":\"job-1\"," JOB);
    on_job(s, "jobs.preview", "job-1");
    const char *hash = plan_hash(s);
    save(s, "\"id\":\"job-1\",\"data\":[{\"type\":\"property\",\"path\":\"target\",\"value\":22}]");
    stage_call(s, 1, "jobs.run", "{\"id\":\"job-1\",\"planHash\":\"%s\"}", hash);
    expect_plan_changed(s, "job-1", "\"planChanged\":{\"expected\":3,\"found\":3}");
}

static void a_plan_is_checked_when_the_devices_are_read_also_after_a_restart(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    save(s, "\"id\":\"job-1\"," JOB);
    on_job(s, "jobs.preview", "job-1");
    s->hold_tasks = true;
    stage_call(s, 1, "jobs.run", "{\"id\":\"job-1\",\"planHash\":\"%s\"}", plan_hash(s));
    stage_call(s, 1, "devices.put", "{\"id\":\"gw-3\"}");
    s->hold_tasks = false;
    /* What was read before the restart is void: the group is read anew. */
    stage_restart(s);
    expect_plan_changed(s, "job-1", "\"planChanged\":{\"expected\":2,\"found\":3}");
}

static void a_hash_that_no_preview_gave_is_refused(void **state)
{
    static const char *const BAD[] = {"", "-", "3", "3-", "x-0000", "3-00", "99999999999-", "-00"};
    struct stage *s = *state;
    given_devices(s, 1);
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        stage_call(s, 1, "jobs.run", "{\"id\":\"job-1\"," JOB ",\"planHash\":\"%s\"}", BAD[i]);
        then_answer_has(s, 1, "planHash must be what jobs.preview answered");
    }
    expect_answer(job(s, "job-1"), "\"no_such_job\"");
}

/* ---- Copy. */

static void a_copy_is_a_saved_job_that_can_be_edited(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    stage_call(s, 1, "jobs.run", "{\"id\":\"job-1\",\"displayName\":\"Raise\",\"retries\":{\"max\":2}," JOB "}");
    report(s, 1, take_work(s, 1, 10), "[[0,\"completed\"]]");
    stage_call(s, 1, "jobs.copy", "{\"id\":\"job-1\",\"newId\":\"job-2\"}");
    then_answer_has(s, 1, "\"id\":\"job-2\",\"displayName\":\"Raise Copy\"");
    then_answer_has(s, 1, "\"status\":\"saved\"");
    then_answer_has(s, 1, "\"retries\":{\"max\":2,");
    stage_restart(s);
    save(s, "\"id\":\"job-2\",\"displayName\":\"Raise again\"");
    on_job(s, "jobs.run", "job-2");
    report(s, 1, take_work(s, 1, 10), "[[0,\"completed\"]]");
    expect_answer(job(s, "job-2"), "\"status\":\"complete\"");
    then_answer_lacks(s, 1, "parentId");
    expect_answer(stage_call(s, 1, "jobs.copy", "{\"id\":\"job-3\"}"), "\"no_such_job\"");
}

static void a_long_name_is_cut_before_copy(void **state)
{
    struct stage *s = *state;
    char name[149 * 3] = "", expected[149 * 3] = "";
    given_devices(s, 1);
    /* Three bytes a character. */
    for (int i = 0; i < 148; i++) strcat(name, "\u20ac");
    for (int i = 0; i < 143; i++) strcat(expected, "\u20ac");
    save(s, "\"id\":\"job-1\"," JOB);
    stage_call(s, 1, "jobs.save", "{\"id\":\"job-1\",\"displayName\":\"%s\"}", name);
    stage_call(s, 1, "jobs.copy", "{\"id\":\"job-1\"}");
    strcat(expected, " Copy\"");
    then_answer_has(s, 1, expected);
    stage_call(s, 1, "jobs.copy", "{\"id\":\"job-1\",\"displayName\":\"Short\"}");
    then_answer_has(s, 1, "\"displayName\":\"Short\"");
}

static void a_copy_of_a_job_whose_group_is_gone_waits_for_another_group(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    stage_call(s, 1, "jobs.run", "{\"id\":\"job-1\"," JOB "}");
    stage_call(s, 1, "groups.remove", "{\"id\":\"all\",\"force\":true}");
    stage_call(s, 1, "groups.put", "{\"id\":\"new\"}");
    expect_answer(stage_call(s, 1, "jobs.copy", "{\"id\":\"job-1\",\"newId\":\"job-2\"}"), "\"group\":\"all\"");
    expect_answer(on_job(s, "jobs.run", "job-2"), "\"no_such_group\"");
    save(s, "\"id\":\"job-2\",\"group\":\"new\"");
    expect_answer(on_job(s, "jobs.run", "job-2"), "\"status\":\"pending\"");
}

/* ---- Repeats. */

/* The call again, after a restart, is answered with the same text and changes nothing. */
static void expect_repeat(struct stage *s, const char *method, const char *params, const char *text)
{
    expect_answer(stage_call(s, 1, method, "%s", params), text);
    stage_restart(s);
    uint64_t before = head(s);
    expect_answer(stage_call(s, 1, method, "%s", params), text);
    assert_int_equal(head(s), before);
}

static void requests_that_come_again_are_done_once(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    expect_repeat(s, "jobs.save", "{\"requestId\":\"r-1\",\"id\":\"job-1\"," JOB "}", "\"id\":\"job-1\"");
    expect_repeat(s, "jobs.save", "{\"requestId\":\"r-2\",\"id\":\"job-1\",\"displayName\":\"A\"}", "\"A\"");
    expect_repeat(s, "jobs.copy", "{\"requestId\":\"r-3\",\"id\":\"job-1\"}", "\"displayName\":\"A Copy\"");
    expect_repeat(s, "jobs.copy", "{\"id\":\"job-1\",\"newId\":\"job-2\"}", "\"id\":\"job-2\"");
    expect_repeat(s, "jobs.discard", "{\"requestId\":\"r-4\",\"id\":\"job-2\"}", "null,{}]");
    expect_answer(stage_call(s, 1, "jobs.run", "{\"requestId\":\"r-5\",\"id\":\"job-1\"}"), "\"id\":\"job-1\"");
    expect_repeat(s, "jobs.run", "{\"requestId\":\"r-5\",\"id\":\"job-1\"}", "\"status\":\"running\"");
    expect_answer(stage_call(s, 1, "jobs.copy", "{\"requestId\":\"r-3\",\"id\":\"job-2\"}"), "\"conflict\"");
    expect_answer(stage_call(s, 1, "jobs.save", "{\"requestId\":\"r-1\",\"id\":\"job-9\"," JOB "}"), "\"conflict\"");
    expect_answer(stage_call(s, 1, "jobs.copy", "{\"id\":\"job-1\",\"newId\":\"job-1\"}"), "\"conflict\"");
}

static void a_copy_that_comes_again_needs_its_source_no_more(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    save(s, "\"id\":\"job-1\"," JOB);
    stage_call(s, 1, "jobs.copy", "{\"id\":\"job-1\",\"newId\":\"job-2\"}");
    on_job(s, "jobs.discard", "job-1");
    expect_answer(stage_call(s, 1, "jobs.copy", "{\"id\":\"job-1\",\"newId\":\"job-2\"}"), "\"id\":\"job-2\"");
    expect_answer(stage_call(s, 1, "jobs.copy", "{\"id\":\"job-1\",\"newId\":\"job-3\"}"), "\"no_such_job\"");
}

static void a_late_repeat_of_an_edit_does_not_undo_a_later_one(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    save(s, "\"id\":\"job-1\"," JOB);
    save(s, "\"id\":\"job-1\",\"requestId\":\"r-1\",\"displayName\":\"first\"");
    save(s, "\"id\":\"job-1\",\"displayName\":\"second\"");
    expect_answer(save(s, "\"id\":\"job-1\",\"requestId\":\"r-1\",\"displayName\":\"first\""), "\"second\"");
}

static void a_made_job_that_was_discarded_is_not_found_by_its_request(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    save(s, "\"id\":\"job-1\",\"requestId\":\"r-1\"," JOB);
    on_job(s, "jobs.discard", "job-1");
    expect_answer(save(s, "\"id\":\"job-1\",\"requestId\":\"r-1\"," JOB), "\"no_such_job\"");
}

static void the_log_alone_gives_saved_jobs_back(void **state)
{
    struct stage *s = *state;
    given_a_mixed_fleet(s);
    save(s, "\"id\":\"job-1\",\"requestId\":\"r-1\"," JOB);
    save(s, "\"id\":\"job-1\",\"displayName\":\"edited\",\"group\":\"all\"," FOR_PUMPS);
    stage_call(s, 1, "jobs.copy", "{\"id\":\"job-1\",\"newId\":\"job-2\"}");
    stage_call(s, 1, "jobs.copy", "{\"id\":\"job-1\",\"newId\":\"job-3\"}");
    on_job(s, "jobs.discard", "job-3");
    on_job(s, "jobs.preview", "job-2");
    stage_call(s, 1, "jobs.run", "{\"id\":\"job-2\",\"planHash\":\"%s\"}", plan_hash(s));
    report(s, 1, take_work(s, 1, 10), "[[0,\"completed\"]]");
    then_a_rebuild_gives_the_same_state(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_saved_job_waits_until_it_is_run),
        STORY(a_saved_job_runs_once),
        STORY(an_edit_changes_what_is_given_and_nothing_else),
        STORY(an_edit_is_checked_like_a_new_job),
        STORY(only_a_saved_job_is_edited_or_discarded),
        STORY(a_saved_job_cannot_be_stopped_nor_cancelled),
        STORY(the_same_save_again_is_no_edit),
        STORY(a_saved_id_with_fields_to_run_is_a_conflict),
        STORY(a_discarded_job_is_gone_and_its_id_stays_taken),
        STORY(a_schedule_makes_no_job_of_a_discarded_id),
        STORY(a_saved_job_outlives_its_group_but_does_not_run_without),
        STORY(a_job_is_held_against_its_templates_capabilities),
        STORY(a_saved_job_is_held_against_them_again_when_it_runs),
        STORY(a_saved_job_outlives_its_template_but_does_not_run_without),
        STORY(a_waiting_job_fails_when_its_group_or_template_goes),
        STORY(a_preview_tells_whom_a_job_would_touch),
        STORY(what_a_preview_excludes_a_run_excludes_too),
        STORY(a_job_without_any_target_says_who_was_excluded),
        STORY(a_preview_of_nobody_is_an_answer),
        STORY(a_sample_is_ten_devices_at_most),
        STORY(a_plan_hash_is_what_the_page_says),
        STORY(a_plan_quoted_for_a_saved_job_holds),
        STORY(a_plan_fails_when_the_devices_are_others),
        STORY(a_plan_fails_when_the_job_is_another),
        STORY(a_plan_is_checked_when_the_devices_are_read_also_after_a_restart),
        STORY(a_hash_that_no_preview_gave_is_refused),
        STORY(a_copy_is_a_saved_job_that_can_be_edited),
        STORY(a_long_name_is_cut_before_copy),
        STORY(a_copy_of_a_job_whose_group_is_gone_waits_for_another_group),
        STORY(requests_that_come_again_are_done_once),
        STORY(a_copy_that_comes_again_needs_its_source_no_more),
        STORY(a_late_repeat_of_an_edit_does_not_undo_a_later_one),
        STORY(a_made_job_that_was_discarded_is_not_found_by_its_request),
        STORY(the_log_alone_gives_saved_jobs_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
