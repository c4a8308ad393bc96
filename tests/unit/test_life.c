/* The life of a job through the engine's own turn: the queue, attempts and deadlines, devices, groups and templates that
 * go, lists of jobs, and a crash at any moment. */
#include "tests/unit/job_story.h"

#include <sys/mount.h>

#define NO_FAILURE ",\"cancellationThreshold\":{\"type\":\"percentage\",\"value\":0}"

/* ---- The queue. */

static void given_jobs(struct stage *s, int count)
{
    char id[16];
    for (int i = 1; i <= count; i++) {
        snprintf(id, sizeof id, "job-%d", i);
        given_job(s, id, "");
    }
}

static void jobs_start_in_the_order_in_which_they_were_queued(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_jobs(s, 8);
    for (int i = 6; i <= 8; i++) {
        char id[16];
        snprintf(id, sizeof id, "job-%d", i);
        expect_answer(job(s, id), "\"status\":\"pending\",\"waiting\":\"as many jobs run as may at the same time\"");
    }
    on_job(s, "jobs.cancel", "job-3");
    expect_answer(job(s, "job-6"), "\"status\":\"running\"");
    expect_answer(job(s, "job-7"), "\"status\":\"pending\"");
    /* One that is stopped in the queue loses its place; resumed, it is the last. */
    expect_answer(on_job(s, "jobs.stop", "job-7"), "\"status\":\"stopped\"");
    expect_answer(on_job(s, "jobs.resume", "job-7"), "\"status\":\"pending\"");
    stage_restart(s);
    on_job(s, "jobs.stop", "job-1");
    expect_answer(job(s, "job-8"), "\"status\":\"running\"");
    expect_answer(job(s, "job-7"), "\"status\":\"pending\"");
    expect_answer(on_job(s, "jobs.resume", "job-1"), "\"status\":\"pending\"");
    on_job(s, "jobs.cancel", "job-2");
    expect_answer(job(s, "job-7"), "\"status\":\"running\"");
    expect_answer(on_job(s, "jobs.cancel", "job-1"), "\"status\":\"cancelled\",\"statusReason\":\"by_user\"");
    then_a_rebuild_gives_the_same_state(s);
}

static void how_many_run_at_once_is_a_setting(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_jobs(s, 3);
    s->settings.jobs_at_once = 2;
    stage_restart(s);
    /* Those that ran go on; nothing new starts before there is room. */
    given_job(s, "job-4", "");
    on_job(s, "jobs.cancel", "job-1");
    expect_answer(job(s, "job-4"), "\"status\":\"pending\"");
    on_job(s, "jobs.cancel", "job-2");
    expect_answer(job(s, "job-4"), "\"status\":\"running\"");
}

static void a_pending_job_says_that_the_disk_is_nearly_full(void **state)
{
    struct stage *s = *state;
    s->settings.jobs_at_once = 1;
    stage_restart(s);
    given_devices(s, 1);
    given_jobs(s, 2);
    s->settings.ballast_bytes = UINT64_C(1) << 60; /* which the disk has not */
    stage_restart(s);
    on_job(s, "jobs.cancel", "job-1");
    expect_answer(job(s, "job-2"), "\"waiting\":\"the engine's disk is nearly full:nothing is started\"");
    s->settings.ballast_bytes = 0;
    stage_restart(s);
    expect_answer(job(s, "job-2"), "\"status\":\"running\"");
}

/* What is looked through in each turn are the jobs that run, however many wait. */
static void those_that_run_stand_in_a_list_of_their_own(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_jobs(s, 8);
    on_job(s, "jobs.stop", "job-2");
    on_job(s, "jobs.cancel", "job-4");
    for (int round = 0; round < 2; round++) {
        static const uint32_t RUNNING[] = {1, 3, 5, 6, 7};
        struct view *v = s->turn->view;
        assert_int_equal(jobs_running_count(v), COUNT_OF(RUNNING));
        for (size_t i = 0; i < COUNT_OF(RUNNING); i++)
            assert_int_equal(jobs_running_at(v, i)->number, RUNNING[i]);
        assert_int_equal(jobs_active_count(v), 7);
        assert_int_equal(jobs_active_previous(v, 4)->number, 3);
        assert_int_equal(jobs_active_previous(v, UINT32_MAX)->number, 8);
        assert_null(jobs_active_previous(v, 0));
        stage_restart(s);
    }
}

/* ---- Attempts and deadlines. */

static void ten_retries_are_eleven_attempts_and_all_are_told(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_job(s, "job-1", ",\"retries\":{\"max\":10}");
    for (int attempt = 1; attempt <= 11; attempt++) {
        char expected[32];
        expect_answer(job(s, "job-1"), "\"status\":\"running\"");
        uint64_t work = take_work(s, 1, 1);
        snprintf(expected, sizeof expected, "\"attempt\":%d,", attempt);
        then_answer_has(s, 1, expected);
        report(s, 1, work, "[[0,\"failed\",\"no power\"]]");
        if (attempt == 5) stage_restart(s);
    }
    expect_answer(job(s, "job-1"), "\"status\":\"complete\"");
    then_answer_has(s, 1, "\"failed\":1");
    stage_call(s, 1, "jobs.attempts", "{\"id\":\"job-1\",\"device\":\"gw-1\"}");
    for (int attempt = 1; attempt <= 11; attempt++) {
        char expected[64];
        snprintf(expected, sizeof expected, "{\"attempt\":%d,\"connector\":\"test\",", attempt);
        then_answer_has(s, 1, expected);
    }
    assert_int_equal(events_of_type(s, "BATCH_DISPATCHED"), 11);
    assert_int_equal(events_of_type(s, "DEVICE_RESULT"), 11);
}

static void only_the_reasons_chosen_are_tried_again(void **state)
{
    struct stage *s = *state;
    given_devices(s, 3);
    given_job(s, "job-1", ",\"retries\":{\"max\":2,\"on\":[\"timed_out\"]},\"timeouts\":{\"execution\":10}");
    report(s, 1, take_work(s, 1, 3), "[[0,\"failed\"],[1,\"rejected\"]]");
    expect_answer(job(s, "job-1"), "\"pending\":1,\"completed\":0,\"failed\":2");
    stage_pass(s, 10 * SECOND);
    expect_answer(job(s, "job-1"), "\"pending\":1,\"completed\":0,\"failed\":2");
    /* Whatever reason came before, a rejection is for good. */
    report(s, 1, take_work(s, 1, 3), "[[0,\"rejected\"]]");
    expect_answer(job(s, "job-1"), "\"status\":\"complete\"");
    expect_answer(stage_call(s, 1, "jobs.failures", "{\"id\":\"job-1\"}"), "{\"reason\":\"rejected\",\"count\":2}");
}

static void giving_back_uses_up_no_retry(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_job(s, "job-1", ",\"retries\":{\"max\":1}" NO_FAILURE);
    for (int i = 0; i < 4; i++) {
        report(s, 1, take_work(s, 1, 1), "[[0,\"returned\"]]");
        stage_pass(s, 6 * SECOND);
    }
    report(s, 1, take_work(s, 1, 1), "[[0,\"failed\"]]");
    expect_answer(job(s, "job-1"), "\"status\":\"running\"");
    then_answer_has(s, 1, "\"pending\":1,\"completed\":0,\"failed\":0");
    report(s, 1, take_work(s, 1, 1), "[[0,\"completed\"]]");
    expect_answer(job(s, "job-1"), "\"status\":\"complete\"");
}

static void a_wall_clock_that_jumps_lets_no_deadline_pass(void **state)
{
    static const int64_t JUMPS[] = {86400, -2 * 86400, 86400};
    struct stage *s = *state;
    given_devices(s, 2);
    given_job(s, "job-1", ",\"timeouts\":{\"queue\":60,\"execution\":60}");
    take_work(s, 1, 1);
    for (size_t i = 0; i < COUNT_OF(JUMPS); i++) {
        s->clock.wall_us += JUMPS[i] * SECOND;
        stage_pass(s, 10 * SECOND);
        expect_answer(job(s, "job-1"), "\"pending\":2,\"completed\":0,\"failed\":0");
    }
    stage_pass(s, 30 * SECOND);
    stage_call(s, 1, "jobs.devices", "{\"id\":\"job-1\",\"columns\":[\"reason\"]}");
    then_answer_has(s, 1, "{\"id\":\"gw-1\",\"reason\":\"timed_out\"}");
}

static void a_deadline_begins_anew_after_a_restart(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    given_job(s, "job-1", ",\"timeouts\":{\"execution\":10}");
    take_work(s, 1, 1);
    stage_pass(s, 9 * SECOND);
    stage_crash(s);
    take_work(s, 1, 1);
    then_answer_has(s, 1, "\"attempt\":2");
    stage_pass(s, 9 * SECOND);
    expect_answer(job(s, "job-1"), "\"status\":\"running\"");
    stage_pass(s, 1 * SECOND);
    expect_answer(job(s, "job-1"), "\"status\":\"complete\"");
}

/* ---- Devices that go. */

static void removed(struct stage *s, const char *id)
{
    expect_answer(stage_call(s, 1, "devices.remove", "{\"id\":\"%s\"}", id), "null,{}]");
}

static void a_device_removed_before_a_job_runs_is_none_of_its_targets(void **state)
{
    struct stage *s = *state;
    s->settings.jobs_at_once = 1;
    stage_restart(s);
    given_devices(s, 4);
    stage_call(s, 1, "jobs.save", "{\"id\":\"job-1\"," JOB "}");
    removed(s, "gw-1");
    given_job(s, "job-0", "");
    expect_answer(on_job(s, "jobs.run", "job-1"), "\"status\":\"pending\"");
    removed(s, "gw-2");
    on_job(s, "jobs.cancel", "job-0");
    expect_answer(job(s, "job-1"), "\"total\":2");
    take_work(s, 1, 10);
    then_answer_has(s, 1, "[\"gw-3\",\"gw-4\"]");
}

static void a_device_removed_while_it_is_out_ends_at_once(void **state)
{
    struct stage *s = *state;
    given_devices(s, 3);
    given_job(s, "job-1", ",\"retries\":{\"max\":3}" NO_FAILURE);
    uint64_t work = take_work(s, 1, 10);
    removed(s, "gw-2");
    expect_answer(job(s, "job-1"), "\"status\":\"running\"");
    then_answer_has(s, 1, "\"pending\":2,\"completed\":0,\"failed\":1");
    expect_answer(report(s, 1, work, "[[1,\"completed\"],[0,\"completed\"]]"), "\"recorded\":1,\"duplicates\":1");
    /* And after its end: what became of it stays. */
    removed(s, "gw-1");
    removed(s, "gw-3");
    expect_answer(job(s, "job-1"), "\"status\":\"complete\"");
    stage_call(s, 1, "jobs.devices", "{\"id\":\"job-1\",\"columns\":[\"displayName\",\"deleted\",\"status\",\"reason\"]}");
    then_answer_has(s, 1, "{\"id\":\"gw-1\",\"displayName\":\"(deleted)\",\"deleted\":true,\"status\":\"completed\"}");
    then_answer_has(s, 1, "{\"id\":\"gw-2\",\"displayName\":\"(deleted)\",\"deleted\":true,\"status\":\"failed\","
                          "\"reason\":\"device_removed\"}");
    then_a_rebuild_gives_the_same_state(s);
}

static void a_job_whose_devices_are_all_removed_is_complete(void **state)
{
    struct stage *s = *state;
    given_devices(s, 4);
    given_job(s, "job-1", ",\"batch\":{\"type\":\"number\",\"value\":2}" NO_FAILURE);
    for (int i = 4; i >= 1; i--) {
        char id[16];
        snprintf(id, sizeof id, "gw-%d", i);
        removed(s, id);
    }
    expect_answer(job(s, "job-1"), "\"status\":\"complete\"");
    then_answer_has(s, 1, "\"failed\":4");
    then_answer_has(s, 1, "\"current\":2");
}

static void a_device_removed_while_its_job_is_stopped_ends_when_the_job_goes_on(void **state)
{
    struct stage *s = *state;
    given_devices(s, 3);
    given_job(s, "job-1", "");
    uint64_t work = take_work(s, 1, 1);
    on_job(s, "jobs.stop", "job-1");
    removed(s, "gw-1");
    removed(s, "gw-2");
    expect_answer(job(s, "job-1"), "\"status\":\"stopped\"");
    then_answer_has(s, 1, "\"pending\":3");
    /* What the removed one answers still counts. */
    expect_answer(report(s, 1, work, "[[0,\"completed\"]]"), "\"recorded\":1");
    on_job(s, "jobs.resume", "job-1");
    report(s, 1, take_work(s, 1, 10), "[[0,\"completed\"]]");
    expect_answer(job(s, "job-1"), "\"status\":\"complete\"");
    then_answer_has(s, 1, "\"completed\":2,\"failed\":1");
    then_a_rebuild_gives_the_same_state(s);
}

static void a_device_removed_after_a_cancel_is_not_reached(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    given_job(s, "job-1", "");
    take_work(s, 1, 1);
    on_job(s, "jobs.cancel", "job-1");
    removed(s, "gw-1");
    removed(s, "gw-2");
    stage_pass(s, 301 * (int64_t)SECOND);
    expect_answer(job(s, "job-1"), "\"pending\":2,\"completed\":0,\"failed\":0");
    stage_call(s, 1, "jobs.rerun", "{\"id\":\"job-1\",\"newId\":\"job-2\",\"devices\":\"unreached\"}");
    expect_answer(job(s, "job-2"), "\"statusReason\":\"no_devices\"");
}

/* ---- Groups and templates that go. */

/* By somebody who was told that they are in use. */
static void forced_out(struct stage *s, const char *method, const char *id)
{
    expect_answer(stage_call(s, 1, method, "{\"id\":\"%s\",\"force\":true}", id), "null,{}]");
}

static void a_running_job_needs_its_group_and_template_no_more(void **state)
{
    struct stage *s = *state;
    stage_call(s, 1, "templates.put", "{\"id\":\"pump\"}");
    for (int i = 1; i <= 2; i++) stage_queue(s, 1, "devices.put", "{\"id\":\"gw-%d\",\"template\":\"pump\"}", i);
    stage_call(s, 1, "groups.put", "{\"id\":\"all\"}");
    stage_call(s, 1, "jobs.run",
               "{\"id\":\"job-1\",\"group\":\"all\",\"batch\":{\"type\":\"number\",\"value\":1},"
               "\"data\":[{\"type\":\"command\",\"target\":\"pump\",\"path\":\"flush\"}]}");
    stage_settle(s);
    forced_out(s, "groups.remove", "all");
    forced_out(s, "templates.remove", "pump");
    stage_crash(s);
    report(s, 1, take_work(s, 1, 10), "[[0,\"completed\"]]");
    on_job(s, "jobs.stop", "job-1");
    on_job(s, "jobs.resume", "job-1");
    report(s, 1, take_work(s, 1, 10), "[[0,\"completed\"]]");
    expect_answer(job(s, "job-1"), "\"group\":\"all\"");
    then_answer_has(s, 1, "\"status\":\"complete\"");
}

/* The moment at which the group is read counts; a restart before it was written down begins again. */
static void a_group_removed_while_it_is_read_counts_unless_it_is_read_again(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    s->hold_tasks = true;
    given_job(s, "job-1", "");
    given_job(s, "job-2", "");
    forced_out(s, "groups.remove", "all");
    stage_finish_tasks(s);
    s->hold_tasks = false;
    stage_settle(s);
    expect_answer(job(s, "job-1"), "\"status\":\"running\"");
    then_answer_has(s, 1, "\"total\":2");
    stage_call(s, 1, "groups.put", "{\"id\":\"all\"}");
    s->hold_tasks = true;
    given_job(s, "job-3", "");
    forced_out(s, "groups.remove", "all");
    s->hold_tasks = false;
    stage_crash(s);
    expect_answer(job(s, "job-3"), "\"status\":\"failed\",\"statusReason\":\"group_removed\"");
    then_a_rebuild_gives_the_same_state(s);
}

/* ---- Lists of jobs. */

static void jobs_are_listed_by_a_group_that_was_removed_too(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    stage_call(s, 1, "groups.put", "{\"id\":\"other\"}");
    stage_call(s, 1, "jobs.save", "{\"id\":\"job-1\"," JOB "}");
    stage_call(s, 1, "jobs.save", "{\"id\":\"job-2\",\"group\":\"other\"," DATA "}");
    forced_out(s, "groups.remove", "all");
    expect_answer(stage_call(s, 1, "jobs.list", "{\"group\":\"all\"}"), "[{\"id\":\"job-1\"");
    then_answer_lacks(s, 1, "job-2");
    /* A new one of this name is what is shown of both. */
    stage_call(s, 1, "groups.put", "{\"id\":\"all\"}");
    stage_call(s, 1, "jobs.save", "{\"id\":\"job-3\"," JOB "}");
    expect_answer(stage_call(s, 1, "jobs.list", "{\"group\":\"all\"}"), "[{\"id\":\"job-3\"");
    then_answer_has(s, 1, "{\"id\":\"job-1\"");
    stage_call(s, 1, "groups.put", "{\"id\":\"empty\"}");
    expect_answer(stage_call(s, 1, "jobs.list", "{\"group\":\"empty\"}"), "\"value\":[]");
    expect_answer(stage_call(s, 1, "jobs.list", "{\"group\":\"nobody\"}"), "\"no_such_group\"");
}

/* How many of the jobs that a query finds, page by page; *pages is how many there were. */
static int listed(struct stage *s, const char *query, int *pages)
{
    char cursor[64] = "";
    int count = 0;
    for (*pages = 1;; (*pages)++) {
        stage_call(s, 1, "jobs.list", "{%s%s}", query, cursor);
        for (const char *at = stage_answers(s, 1); (at = strstr(at, "{\"id\":")); at++) count++;
        const char *next = strstr(stage_answers(s, 1), "\"cursor\":\"");
        if (!next) return count;
        snprintf(cursor, sizeof cursor, ",\"cursor\":\"%d\"", atoi(next + strlen("\"cursor\":\"")));
    }
}

static void a_page_of_jobs_looks_at_no_more_than_it_may(void **state)
{
    enum { COUNT = 2500 };
    struct stage *s = *state;
    int pages;
    given_devices(s, 1);
    given_job(s, "first", "");
    for (int i = 1; i <= COUNT; i++) stage_queue(s, 1, "jobs.save", "{\"displayName\":\"Save %d\"," JOB "}", i);
    stage_settle(s);
    assert_int_equal(listed(s, "\"name\":\"Save 249\",\"limit\":3", &pages), 11);
    assert_true(pages > 3);
    assert_int_equal(listed(s, "\"name\":\"nobody\"", &pages), 0);
    assert_int_equal(pages, 3);
    /* Those that have not ended are found at once, however much is behind or before them. */
    assert_int_equal(listed(s, "\"section\":\"running\"", &pages), 1);
    assert_int_equal(pages, 1);
    assert_int_equal(listed(s, "\"status\":\"running\",\"name\":\"first\"", &pages), 1);
    assert_int_equal(pages, 1);
    assert_int_equal(listed(s, "\"section\":\"saved\",\"limit\":1000", &pages), COUNT);
    assert_int_equal(pages, 3);
}

/* ---- The results log. */

static void a_results_log_shows_one_moment_while_the_job_runs(void **state)
{
    enum { COUNT = 1200 };
    struct stage *s = *state;
    static char error[1001], results[COUNT * 1100];
    char next[64], *at = results;
    memset(error, 'e', 1000);
    given_devices(s, COUNT);
    given_job(s, "job-1", "");
    uint64_t work = take_work(s, 1, COUNT);
    for (int i = 0; i < COUNT - 1; i++) at += sprintf(at, "%s[%d,\"failed\",\"%s\"]", i ? "," : "[", i, error);
    strcpy(at, "]");
    report(s, 1, work, results);
    on_job(s, "jobs.results", "job-1");
    const char *token = strstr(stage_answers(s, 1), "\"next\":\"");
    assert_non_null(token);
    snprintf(next, sizeof next, "%.*s", (int)strcspn(token + strlen("\"next\":\""), "\""), token + strlen("\"next\":\""));
    report(s, 1, work, "[[1199,\"completed\"]]");
    expect_answer(job(s, "job-1"), "\"status\":\"complete\"");
    stage_call(s, 1, "jobs.results", "{\"id\":\"job-1\",\"next\":\"%s\"}", next);
    /* "gw-1200,gw-1200,pending,," as the stage shows bytes. */
    then_answer_has(s, 1, "67772d313230302c67772d313230302c70656e64696e672c2c");
    then_answer_lacks(s, 1, "\"next\"");
}

static void a_results_log_without_room_is_refused_with_no_space(void **state)
{
    struct stage *s = *state;
    char spool[80];
    given_devices(s, 1);
    given_job(s, "job-1", "");
    snprintf(spool, sizeof spool, "%s/spool", s->directory);
    if (mount("tmpfs", spool, "tmpfs", 0, "size=1m,mode=700") != 0) skip();
    on_job(s, "jobs.results", "job-1");
    char *answer = strdup(stage_answers(s, 1));
    assert_int_equal(umount(spool), 0);
    expect_answer(answer, "[\"no_space\",\"no space on the engine's disk for this answer's file; repeat when there is room\"");
    free(answer);
    expect_answer(on_job(s, "jobs.results", "job-1"), "\"data\":");
}

/* ---- A crash, or a restart, at any moment. */

static uint64_t crashed_work;

/* Devices that a crash gave back are taken again; else the connector still has them. */
static void devices_answer(struct stage *s, const char *results)
{
    uint64_t again = take_work(s, 1, 1);
    report(s, 1, again ? again : crashed_work, results);
}

static void step(struct stage *s, int number)
{
    switch (number) {
    case 0: stage_call(s, 1, "jobs.save", "{\"id\":\"saved\"," JOB "}"); break;
    case 1: given_job(s, "done", ""); break;
    case 2: crashed_work = take_work(s, 1, 1); break;
    case 3: devices_answer(s, "[[0,\"completed\"]]"); break;
    case 4: stage_call(s, 1, "jobs.run", "{\"id\":\"void\",\"group\":\"nobody\"," DATA "}"); break;
    case 5: given_job(s, "cut", NO_FAILURE); break;
    case 6: crashed_work = take_work(s, 1, 1); break;
    case 7: devices_answer(s, "[[0,\"failed\"]]"); break;
    case 8: given_job(s, "halted", ""); break;
    case 9: on_job(s, "jobs.stop", "halted"); break;
    case 10: stage_call(s, 1, "jobs.rerun", "{\"id\":\"cut\",\"newId\":\"again\"}"); break;
    case 11: given_job(s, "goes", ""); break;
    case 12: given_job(s, "waits", ""); break;
    case 13: stage_call(s, 1, "jobs.copy", "{\"id\":\"goes\",\"newId\":\"gone\"}"); break;
    case 14: on_job(s, "jobs.discard", "gone"); break;
    default: fail();
    }
}

static void expect_every_state(struct stage *s, int at)
{
    static const char *const EXPECTED[][2] = {
        {"saved", "\"status\":\"saved\""},
        {"done", "\"status\":\"complete\""},
        {"void", "\"status\":\"failed\",\"statusReason\":\"no_devices\""},
        {"cut", "\"status\":\"cancelled\",\"statusReason\":\"threshold\""},
        {"halted", "\"status\":\"stopped\""},
        {"again", "\"status\":\"running\""},
        {"goes", "\"status\":\"running\""},
        {"waits", "\"status\":\"pending\""},
        {"gone", "\"no_such_job\""},
    };
    for (size_t i = 0; i < COUNT_OF(EXPECTED); i++) {
        if (strstr(job(s, EXPECTED[i][0]), EXPECTED[i][1])) continue;
        fail_msg("stopped after step %d: %s is not %s: %.2000s", at, EXPECTED[i][0], EXPECTED[i][1],
                 stage_answers(s, 1));
    }
    expect_answer(job(s, "done"), "\"total\":1,\"pending\":0,\"completed\":1,\"failed\":0");
    expect_answer(job(s, "cut"), "\"merged\":{\"total\":1,\"pending\":0,\"completed\":0,\"failed\":1}");
}

static void every_state_outlives_a_stop_at_any_moment(void **state)
{
    enum { STEPS = 15 };
    for (int at = 0; at < STEPS; at++) {
        struct stage *s;
        set_up((void **)&s);
        s->settings.jobs_at_once = 2;
        stage_restart(s);
        given_devices(s, 1);
        stage_call(s, 1, "groups.put", "{\"id\":\"nobody\",\"filter\":\"$id = 'x'\"}");
        for (int i = 0; i < STEPS; i++) {
            step(s, i);
            if (i == at && at % 2) stage_restart(s);
            if (i == at && at % 2 == 0) stage_crash(s);
        }
        expect_every_state(s, at);
        then_a_rebuild_gives_the_same_state(s);
        expect_every_state(s, at);
        tear_down((void **)&s);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(jobs_start_in_the_order_in_which_they_were_queued),
        STORY(how_many_run_at_once_is_a_setting),
        STORY(a_pending_job_says_that_the_disk_is_nearly_full),
        STORY(those_that_run_stand_in_a_list_of_their_own),
        STORY(ten_retries_are_eleven_attempts_and_all_are_told),
        STORY(only_the_reasons_chosen_are_tried_again),
        STORY(giving_back_uses_up_no_retry),
        STORY(a_wall_clock_that_jumps_lets_no_deadline_pass),
        STORY(a_deadline_begins_anew_after_a_restart),
        STORY(a_device_removed_before_a_job_runs_is_none_of_its_targets),
        STORY(a_device_removed_while_it_is_out_ends_at_once),
        STORY(a_job_whose_devices_are_all_removed_is_complete),
        STORY(a_device_removed_while_its_job_is_stopped_ends_when_the_job_goes_on),
        STORY(a_device_removed_after_a_cancel_is_not_reached),
        STORY(a_running_job_needs_its_group_and_template_no_more),
        STORY(a_group_removed_while_it_is_read_counts_unless_it_is_read_again),
        STORY(jobs_are_listed_by_a_group_that_was_removed_too),
        STORY(a_page_of_jobs_looks_at_no_more_than_it_may),
        STORY(a_results_log_shows_one_moment_while_the_job_runs),
        STORY(a_results_log_without_room_is_refused_with_no_space),
        cmocka_unit_test(every_state_outlives_a_stop_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
