/* What one client may have of a turn, beside others. */
#include "tests/unit/job_story.h"

enum { FLOOD = 5000, QUIET_PEER = 3, FLOODING_PEER = 2 };

static void queue_flood(struct stage *s, const char *name)
{
    stage_join(s, FLOODING_PEER, false);
    for (int i = 0; i < FLOOD; i++) stage_queue(s, FLOODING_PEER, "devices.put", "{\"id\":\"%s-%d\"}", name, i);
}

static void queue_one(struct stage *s, const char *id)
{
    stage_queue(s, QUIET_PEER, "devices.put", "{\"id\":\"%s\"}", id);
}

static size_t answers_to(struct stage *s, uint64_t peer)
{
    size_t count = 0;
    for (const char *at = stage_answers(s, peer); (at = strchr(at, '\n')); at++) count++;
    return count;
}

static void a_client_alone_has_the_whole_turn(void **state)
{
    struct stage *s = *state;
    queue_flood(s, "d");
    assert_int_equal(turn_run(s->turn, &s->clock), TURN_AGAIN);
    assert_in_range(answers_to(s, FLOODING_PEER), 2000, FLOOD - 1);
}

static void beside_others_it_has_a_part_of_it(void **state)
{
    struct stage *s = *state;
    stage_join(s, QUIET_PEER, false);
    queue_flood(s, "d");
    for (int turn = 0; turn < 3; turn++) {
        stage_forget_answers(s, FLOODING_PEER);
        stage_forget_answers(s, QUIET_PEER);
        queue_one(s, "quiet");
        assert_int_equal(turn_run(s->turn, &s->clock), TURN_AGAIN);
        assert_int_equal(answers_to(s, QUIET_PEER), 1);
        assert_in_range(answers_to(s, FLOODING_PEER), 300, 1000);
    }
}

static void what_is_put_off_is_done_in_its_order(void **state)
{
    struct stage *s = *state;
    char last[100];
    stage_join(s, QUIET_PEER, false);
    queue_flood(s, "d");
    queue_one(s, "quiet");
    stage_settle(s);
    assert_int_equal(answers_to(s, FLOODING_PEER), FLOOD);
    const char *at = stage_answers(s, FLOODING_PEER);
    for (int i = 0; i < FLOOD; i++, at = strchr(at, '\n') + 1) {
        snprintf(last, sizeof last, "[1,%d,null,{\"id\":\"d-%d\"", i + 1, i);
        assert_memory_equal(at, last, strlen(last));
    }
}

static void a_client_that_leaves_takes_what_was_put_off_with_it(void **state)
{
    struct stage *s = *state;
    stage_join(s, QUIET_PEER, false);
    queue_flood(s, "d");
    queue_one(s, "quiet");
    assert_int_equal(turn_run(s->turn, &s->clock), TURN_AGAIN);
    stage_leave(s, FLOODING_PEER);
    assert_non_null(strstr(stage_call(s, QUIET_PEER, "devices.get", "{\"id\":\"d-4999\"}"), "no_such_device"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_client_alone_has_the_whole_turn),
        STORY(beside_others_it_has_a_part_of_it),
        STORY(what_is_put_off_is_done_in_its_order),
        STORY(a_client_that_leaves_takes_what_was_put_off_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
