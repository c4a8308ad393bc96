/* What goes on over a while, of all kinds in one list: imports, exports, moves of devices. */
#include "tests/unit/job_story.h"

static const char *operations(struct stage *s, const char *fields)
{
    return stage_call(s, 1, "operations.list", "{%s}", fields);
}

static void write_rows(struct stage *s, const char *id, const char *rows)
{
    stage_call(s, 1, "imports.write", "{\"id\":\"%s\",\"data\":\"IOTC_DEVICEID,IOTC_DEVICENAME\\n%s\"}", id, rows);
}

/* In this order, each behind the one before. */
static void then_list(const char *answer, const char *const parts[])
{
    const char *at = answer;
    for (size_t i = 0; parts[i]; i++) {
        const char *found = strstr(at, parts[i]);
        if (!found) fail_msg("expected %s in %s", parts[i], at);
        at = found + strlen(parts[i]);
    }
}

static void operations_are_shown_newest_first_with_who_and_how_far(void **state)
{
    struct stage *s = *state;
    stage_call(s, 1, "imports.open", "{\"id\":\"i-1\",\"onBehalfOf\":\"ann\"}");
    write_rows(s, "i-1", "a,One\\nb b,\\n");
    stage_call(s, 1, "imports.close", "{\"id\":\"i-1\"}");
    stage_pass(s, SECOND);
    stage_call(s, 1, "imports.open", "{\"id\":\"i-2\",\"size\":1000}");
    write_rows(s, "i-2", "a,One\\nc,\\n");
    then_list(operations(s, ""), (const char *const[]){
        "{\"value\":[{\"type\":\"import\",\"id\":\"i-2\",\"status\":\"open\",\"accepted\":1,\"changed\":0,\"unchanged\":1,"
        "\"rejected\":0,\"lines\":3,\"bytes\":39,\"size\":1000,",
        "{\"type\":\"import\",\"fetch\":\"imports.errors\",\"id\":\"i-1\",\"status\":\"complete\",",
        "\"by\":\"uid 1000 for ann\"}]}", NULL});
}

static void an_export_is_listed_with_the_file_to_fetch(void **state)
{
    struct stage *s = *state;
    given_devices(s, 3);
    stage_call(s, 1, "exports.open", "{\"id\":\"e-1\",\"ids\":\"gw-2\",\"onBehalfOf\":\"ann\"}");
    stage_pass(s, SECOND);
    s->hold_tasks = true;
    stage_call(s, 1, "exports.open", "{\"id\":\"e-2\"}");
    then_list(operations(s, ""), (const char *const[]){
        "{\"value\":[{\"type\":\"export\",\"id\":\"e-2\",\"status\":\"running\",\"rows\":0,\"percent\":0,\"opened\":",
        "\"by\":\"uid 1000\"},{\"type\":\"export\",\"fetch\":\"exports.read\",\"id\":\"e-1\",\"status\":\"complete\",\"rows\":1,",
        "\"listed\":1,\"opened\":", "\"closed\":", "\"by\":\"uid 1000 for ann\"}]}", NULL});
    s->hold_tasks = false;
    stage_settle(s);
    stage_pass(s, 86400 * (int64_t)SECOND);
    assert_null(strstr(operations(s, ""), "fetch"));
    then_answer_has(s, 1, "\"gone\":\"day_old\"");
}

static void a_move_is_listed_with_how_far_it_is(void **state)
{
    struct stage *s = *state;
    given_devices(s, 9000);
    stage_call(s, 1, "templates.put", "{\"id\":\"pump\"}");
    stage_call(s, 1, "devices.move", "{\"ids\":\"gw-1\",\"template\":\"pump\"}");
    stage_pass(s, SECOND);
    s->hold_tasks = true;
    stage_call(s, 1, "devices.move", "{\"group\":\"all\",\"template\":\"pump\",\"onBehalfOf\":\"ann\"}");
    stage_finish_tasks(s);
    turn_run(s->turn, &s->clock);
    stage_forget_answers(s, 1);
    stage_queue(s, 1, "operations.list", "{}");
    turn_run(s->turn, &s->clock);
    then_list(stage_answers(s, 1), (const char *const[]){
        "{\"type\":\"move\",\"move\":2,\"group\":\"all\",\"template\":\"pump\",\"status\":\"running\",\"moved\":", "\"percent\":",
        "\"by\":\"uid 1000 for ann\"},{\"type\":\"move\",\"move\":1,\"template\":\"pump\",\"status\":\"complete\",\"moved\":1,", NULL});
    assert_null(strstr(stage_answers(s, 1), "\"percent\":0,"));
    s->hold_tasks = false;
    stage_settle(s);
    then_list(operations(s, "\"limit\":1"), (const char *const[]){"\"status\":\"complete\",\"moved\":8999,\"opened\":", NULL});
    assert_true(stage_rebuild_gives_the_same(s));
}

static void kinds_are_merged_by_when_they_began(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    stage_call(s, 1, "exports.open", "{\"id\":\"first\"}");
    stage_pass(s, SECOND);
    stage_call(s, 1, "devices.move", "{\"ids\":\"gw-1\",\"template\":\"\"}");
    stage_pass(s, SECOND);
    stage_call(s, 1, "imports.open", "{\"id\":\"third\"}");
    stage_pass(s, SECOND);
    stage_call(s, 1, "exports.open", "{\"id\":\"fourth\"}");
    then_list(operations(s, ""), (const char *const[]){"\"fourth\"", "\"third\"", "\"move\":1", "\"first\"", NULL});
    then_list(operations(s, "\"limit\":2"), (const char *const[]){"\"fourth\"", "\"third\"", "\"cursor\":\"0-1-1\"", NULL});
    then_list(operations(s, "\"cursor\":\"0-1-1\""), (const char *const[]){"[{\"type\":\"move\"", "\"first\"", "}]}", NULL});
}

static void operations_come_in_pages(void **state)
{
    struct stage *s = *state;
    for (int i = 1; i <= 5; i++) {
        stage_call(s, 1, "imports.open", "{\"id\":\"i-%d\"}", i);
        stage_call(s, 1, "imports.cancel", "{\"id\":\"i-%d\"}", i);
    }
    expect_answer(operations(s, "\"limit\":2"), "\"cursor\":\"3-0-0\"");
    then_list(operations(s, "\"limit\":2,\"cursor\":\"3-0-0\""), (const char *const[]){"\"i-3\"", "\"cursor\":\"1-0-0\"", NULL});
    assert_null(strstr(operations(s, "\"limit\":2,\"cursor\":\"1-0-0\""), "cursor"));
    for (const char *const *cursor = (const char *const[]){"", "x", "6-0-0", "1-1-1", "1", "1-0", "1-0-0-0", "--", NULL};
         *cursor; cursor++)
        expect_answer(stage_call(s, 1, "operations.list", "{\"cursor\":\"%s\"}", *cursor), "bad_cursor");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(operations_are_shown_newest_first_with_who_and_how_far),
        STORY(an_export_is_listed_with_the_file_to_fetch),
        STORY(a_move_is_listed_with_how_far_it_is),
        STORY(kinds_are_merged_by_when_they_began),
        STORY(operations_come_in_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
