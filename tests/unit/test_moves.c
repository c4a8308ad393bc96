/* Devices on their way to another template: named ones at once, a group in steps, also over a restart. */
#include "tests/unit/stage.h"

#include "projections/moves.h"

static int open_stage(void **state)
{
    struct stage *s = malloc(sizeof *s);
    *state = s;
    stage_open(s);
    stage_call(s, 1, "templates.put", "{\"id\":\"pump\"}");
    stage_call(s, 1, "templates.put", "{\"id\":\"fan\"}");
    return 0;
}

static void given_devices(struct stage *s, int count, const char *template)
{
    for (int i = 1; i <= count; i++)
        stage_queue(s, 1, "devices.put", "{\"id\":\"%s-%d\",\"template\":\"%s\"}", *template ? template : "gw", i, template);
    stage_call(s, 1, "groups.put", "{\"id\":\"all\"}");
    stage_call(s, 1, "groups.put", "{\"id\":\"loose\",\"filter\":\"$template = ''\"}");
}

static const char *moves(struct stage *s, const char *what, const char *template)
{
    return stage_call(s, 1, "devices.move", "{%s,\"template\":\"%s\"}", what, template);
}

static void then_moved(struct stage *s, int move, const char *status, int moved)
{
    char expected[100];
    snprintf(expected, sizeof expected, "\"status\":\"%s\",\"moved\":%d,", status, moved);
    stage_call(s, 1, "moves.get", "{\"move\":%d}", move);
    then_answer_has(s, 1, expected);
}

static void then_template_of(struct stage *s, const char *id, const char *template)
{
    char expected[100];
    snprintf(expected, sizeof expected, "\"template\":\"%s\"", template);
    stage_call(s, 1, "devices.get", "{\"id\":\"%s\"}", id);
    then_answer_has(s, 1, expected);
}

/* How many devices there are of the template, by a group that asks for it. */
static void then_are_of(struct stage *s, const char *template, int count)
{
    char expected[100];
    stage_call(s, 1, "groups.put", "{\"id\":\"counted\",\"filter\":\"$template = '%s'\"}", template);
    stage_call(s, 1, "jobs.preview",
               "{\"group\":\"counted\",\"data\":[{\"type\":\"command\",\"path\":\"x\"}]}");
    snprintf(expected, sizeof expected, "\"count\":%d,", count);
    then_answer_has(s, 1, expected);
}

static void named_devices_are_moved_at_once(void **state)
{
    struct stage *s = *state;
    given_devices(s, 3, "");
    expect_answer(moves(s, "\"ids\":[\"gw-1\",\"gw-3\",\"gw-1\"]", "pump"), "\"status\":\"complete\",\"moved\":2,");
    then_template_of(s, "gw-1", "pump");
    then_are_of(s, "pump", 2);
    expect_answer(moves(s, "\"ids\":\"gw-1\"", "pump"), "\"moved\":0,");
    expect_answer(moves(s, "\"ids\":\"gw-1\"", ""), "\"moved\":1,");
    then_are_of(s, "", 2);
    stage_call(s, 1, "moves.list", "{}");
    then_answer_has(s, 1, "\"value\":[{\"move\":3,\"template\":\"\",\"status\":\"complete\",\"moved\":1,");
}

static void what_cannot_be_moved_moves_nothing(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2, "");
    expect_answer(moves(s, "\"ids\":[\"gw-1\",\"gw-9\"]", "pump"), "there is no device \\\"gw-9\\\",so none was moved");
    expect_answer(moves(s, "\"ids\":[\"gw-1\"]", "boiler"), "no_such_template");
    expect_answer(moves(s, "\"group\":\"nobody\"", "pump"), "no_such_group");
    expect_answer(moves(s, "\"ids\":[\"gw-1\"],\"group\":\"all\"", "pump"), "either ids");
    expect_answer(stage_call(s, 1, "devices.move", "{\"template\":\"pump\"}"), "either ids");
    expect_answer(stage_call(s, 1, "moves.get", "{\"move\":1}"), "no_such_move");
    then_are_of(s, "", 2);
}

static void more_than_a_call_may_name_is_refused(void **state)
{
    struct stage *s = *state;
    char *ids = malloc(20000);
    strcpy(ids, "\"ids\":[\"gw-1\"");
    for (int i = 0; i < 1000; i++) strcat(ids, ",\"gw-1\"");
    strcat(ids, "]");
    given_devices(s, 1, "");
    expect_answer(moves(s, ids, "pump"), "ids has 1001 devices; it may have 1000 at most");
    free(ids);
}

static void a_group_is_moved_in_steps(void **state)
{
    struct stage *s = *state;
    given_devices(s, 9000, "");
    given_devices(s, 2, "pump");
    expect_answer(moves(s, "\"group\":\"all\"", "pump"), "\"group\":\"all\",\"template\":\"pump\",\"status\":\"running\",\"moved\":0,");
    then_moved(s, 1, "complete", 9000);
    then_are_of(s, "pump", 9002);
}

static void an_empty_group_is_moved_too(void **state)
{
    struct stage *s = *state;
    stage_call(s, 1, "groups.put", "{\"id\":\"all\"}");
    moves(s, "\"group\":\"all\"", "pump");
    then_moved(s, 1, "complete", 0);
}

static void moves_of_groups_go_one_after_another(void **state)
{
    struct stage *s = *state;
    given_devices(s, 5, "");
    stage_queue(s, 1, "devices.move", "{\"group\":\"loose\",\"template\":\"pump\"}");
    stage_queue(s, 1, "devices.move", "{\"group\":\"all\",\"template\":\"fan\"}");
    moves(s, "\"group\":\"loose\"", "pump");
    then_moved(s, 1, "complete", 5);
    then_moved(s, 2, "complete", 5);
    then_moved(s, 3, "complete", 0);
    then_are_of(s, "fan", 5);
}

/* As many turns as it takes for the move to have begun. */
static void begin_move(struct stage *s)
{
    s->hold_tasks = true;
    moves(s, "\"group\":\"loose\"", "pump");
    stage_finish_tasks(s);
    s->hold_tasks = false;
    turn_run(s->turn, &s->clock);
}

static void a_move_goes_on_after_the_engine_was_killed(void **state)
{
    struct stage *s = *state;
    given_devices(s, 9000, "");
    begin_move(s);
    then_are_of(s, "fan", 0);
    begin_move(s);
    stage_crash(s);
    then_moved(s, 1, "complete", 9000);
    then_moved(s, 2, "complete", 0);
    then_are_of(s, "pump", 9000);
}

static void a_killed_move_is_neither_lost_nor_done_twice(void **state)
{
    struct stage *s = *state;
    given_devices(s, 9000, "");
    begin_move(s);
    const struct move *half = moves_get(s->turn->view, 1);
    assert_int_equal(half->outcome, MOVE_OPEN);
    assert_int_equal(half->moved, 4000);
    stage_crash(s);
    then_moved(s, 1, "complete", 9000);
}

static void a_device_removed_meanwhile_is_passed_over(void **state)
{
    struct stage *s = *state;
    given_devices(s, 3, "");
    s->hold_tasks = true;
    moves(s, "\"group\":\"loose\"", "pump");
    stage_call(s, 1, "devices.remove", "{\"id\":\"gw-2\"}");
    s->hold_tasks = false;
    stage_settle(s);
    then_moved(s, 1, "complete", 2);
}

static void a_template_removed_meanwhile_ends_the_move(void **state)
{
    struct stage *s = *state;
    given_devices(s, 9000, "");
    begin_move(s);
    stage_call(s, 1, "templates.remove", "{\"id\":\"pump\",\"force\":true}");
    then_moved(s, 1, "template_removed", 4000);
    stage_call(s, 1, "events.read", "{\"from\":%d}", (int)log_head(&s->turn->log) - 2);
    then_answer_has(s, 1, "\"outcome\":\"template_removed\"");
}

static void a_full_disk_holds_a_move_up(void **state)
{
    struct stage *s = *state;
    given_devices(s, 9000, "");
    begin_move(s);
    stage_fill_disk(s, true);
    stage_pass(s, SECOND);
    assert_int_equal(moves_get(s->turn->view, 1)->moved, 4000);
    stage_fill_disk(s, false);
    stage_pass(s, 3 * SECOND);
    then_moved(s, 1, "complete", 9000);
}

/* JOB_TARGETS_BEGUN says as of which event the group is read: no device may change behind it before it is. */
static void a_job_that_begins_meanwhile_has_whom_the_log_says(void **state)
{
    struct stage *s = *state;
    given_devices(s, 9000, "");
    begin_move(s);
    stage_call(s, 1, "jobs.run", "{\"id\":\"job\",\"group\":\"loose\",\"data\":[{\"type\":\"command\",\"path\":\"x\"}]}");
    stage_call(s, 1, "jobs.get", "{\"id\":\"job\"}");
    then_answer_has(s, 1, "\"total\":5000,");
    then_moved(s, 1, "complete", 9000);
}

static void a_repeated_request_shows_the_move_as_it_is(void **state)
{
    struct stage *s = *state;
    given_devices(s, 3, "");
    moves(s, "\"requestId\":\"r\",\"group\":\"loose\"", "pump");
    expect_answer(moves(s, "\"requestId\":\"r\",\"group\":\"loose\"", "pump"), "\"move\":1,\"group\":\"loose\",\"template\":\"pump\",\"status\":\"complete\",\"moved\":3,");
    expect_answer(moves(s, "\"requestId\":\"r\",\"group\":\"loose\"", "fan"), "conflict");
}

static void only_so_many_moves_are_under_way(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1, "");
    s->hold_tasks = true;
    for (int i = 0; i < 16; i++) moves(s, "\"group\":\"all\"", "pump");
    expect_answer(moves(s, "\"group\":\"all\"", "pump"), "16 moves are under way already");
    s->hold_tasks = false;
    stage_settle(s);
    then_moved(s, 16, "complete", 0);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, open_stage, stage_tear_down_rebuilt)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(named_devices_are_moved_at_once),
        STORY(what_cannot_be_moved_moves_nothing),
        STORY(more_than_a_call_may_name_is_refused),
        STORY(a_group_is_moved_in_steps),
        STORY(an_empty_group_is_moved_too),
        STORY(moves_of_groups_go_one_after_another),
        STORY(a_move_goes_on_after_the_engine_was_killed),
        STORY(a_killed_move_is_neither_lost_nor_done_twice),
        STORY(a_device_removed_meanwhile_is_passed_over),
        STORY(a_template_removed_meanwhile_ends_the_move),
        STORY(a_full_disk_holds_a_move_up),
        STORY(a_job_that_begins_meanwhile_has_whom_the_log_says),
        STORY(a_repeated_request_shows_the_move_as_it_is),
        STORY(only_so_many_moves_are_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
