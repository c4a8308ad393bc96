/* Cancellation thresholds at their borders, through the engine's own turn: a job is cancelled exactly when failures exceed
 * its threshold. */
#include "tests/unit/job_story.h"

/* Devices report one after another: (c)ompleted or (f)ailed. After each the job is (r)unning, (x) cancelled or (d)one. */
struct border {
    const char *threshold;
    int batch; /* devices, 0: all */
    const char *reports;
    const char *states;
    int devices;
};

#define NUMBER(value)           "{\"type\":\"number\",\"value\":" #value "}"
#define PERCENTAGE(value)       "{\"type\":\"percentage\",\"value\":" #value "}"
#define NUMBER_EACH(value)      "{\"type\":\"number\",\"value\":" #value ",\"batch\":true}"
#define PERCENTAGE_EACH(value)  "{\"type\":\"percentage\",\"value\":" #value ",\"batch\":true}"

static const struct border BORDERS[] = {
    /* One device. */
    {NUMBER(0), 0, "f", "x", 1},
    {NUMBER(0), 0, "c", "d", 1},
    {NUMBER(1), 0, "f", "d", 1},
    {PERCENTAGE(0), 0, "f", "x", 1},
    {PERCENTAGE(0), 0, "c", "d", 1},
    {PERCENTAGE(99), 0, "f", "x", 1},
    {PERCENTAGE(100), 0, "f", "d", 1},
    {PERCENTAGE_EACH(100), 0, "f", "d", 1},
    /* Not when they are as many, but when they are more: also with the last device of all. */
    {NUMBER(1), 0, "fcf", "rrx", 3},
    {NUMBER(2), 0, "fcf", "rrd", 3},
    {PERCENTAGE(50), 0, "fc", "rd", 2},
    {PERCENTAGE(50), 0, "ff", "rx", 2},
    {PERCENTAGE(49), 0, "f", "x", 2},
    {PERCENTAGE(33), 0, "f", "x", 3},
    {PERCENTAGE(34), 0, "fcc", "rrd", 3},
    {PERCENTAGE(66), 0, "ff", "rx", 3},
    {PERCENTAGE(67), 0, "ffc", "rrd", 3},
    {PERCENTAGE(100), 0, "fff", "rrd", 3},
    /* Of the job: failures of earlier batches count, devices of later ones are part of the whole. */
    {NUMBER(1), 2, "fcf", "rrx", 4},
    {NUMBER(0), 2, "cf", "rx", 4},
    {PERCENTAGE(25), 2, "fcf", "rrx", 4},
    {PERCENTAGE(25), 2, "fccc", "rrrd", 4},
    {PERCENTAGE(100), 2, "ffff", "rrrd", 4},
    /* Of a batch: the next one begins at nothing; the last device of one; a last batch that is smaller. */
    {NUMBER_EACH(1), 2, "fcfc", "rrrd", 4},
    {NUMBER_EACH(1), 2, "fcff", "rrrx", 4},
    {NUMBER_EACH(0), 2, "ccf", "rrx", 4},
    {NUMBER_EACH(0), 2, "cf", "rx", 4},
    {PERCENTAGE_EACH(50), 2, "fccf", "rrrd", 4},
    {PERCENTAGE_EACH(49), 2, "f", "x", 4},
    {PERCENTAGE_EACH(50), 2, "fcf", "rrx", 3},
    {PERCENTAGE_EACH(99), 2, "fcf", "rrx", 3},
    {PERCENTAGE_EACH(100), 2, "fff", "rrd", 3},
};

static const char *word_of(char state)
{
    return state == 'r' ? "\"status\":\"running\"" : state == 'x' ? "\"status\":\"cancelled\",\"statusReason\":\"threshold\""
                                                                  : "\"status\":\"complete\"";
}

static void play_border(struct stage *s, int number, const struct border *b)
{
    char id[16], filter[64], batch[64] = "";
    snprintf(id, sizeof id, "job-%d", number);
    snprintf(filter, sizeof filter, "$id IN ['gw-1'%s%s%s]", b->devices > 1 ? ",'gw-2'" : "",
             b->devices > 2 ? ",'gw-3'" : "", b->devices > 3 ? ",'gw-4'" : "");
    stage_call(s, 1, "groups.put", "{\"id\":\"all\",\"filter\":\"%s\"}", filter);
    if (b->batch) snprintf(batch, sizeof batch, ",\"batch\":{\"type\":\"number\",\"value\":%d}", b->batch);
    stage_call(s, 1, "jobs.run", "{\"id\":\"%s\"," JOB ",\"cancellationThreshold\":%s%s}", id, b->threshold, batch);
    for (size_t i = 0; b->reports[i]; i++) {
        report(s, 1, take_work(s, 1, 1), b->reports[i] == 'f' ? "[[0,\"failed\"]]" : "[[0,\"completed\"]]");
        if (!strstr(job(s, id), word_of(b->states[i])))
            fail_msg("%s, batch %d, %s: after device %zu %.2000s", b->threshold, b->batch, b->reports, i + 1,
                     stage_answers(s, 1));
    }
    assert_int_equal(take_work(s, 1, 1), 0);
}

static void a_threshold_cancels_exactly_when_it_is_exceeded(void **state)
{
    struct stage *s = *state;
    given_devices(s, 4);
    for (size_t i = 0; i < COUNT_OF(BORDERS); i++) play_border(s, (int)i, &BORDERS[i]);
    then_a_rebuild_gives_the_same_state(s);
}

static void results_on_their_way_are_recorded_after_a_cancel(void **state)
{
    struct stage *s = *state;
    given_devices(s, 5);
    given_job(s, "job-1", ",\"retries\":{\"max\":3,\"on\":[\"timed_out\"]},\"cancellationThreshold\":" NUMBER(0));
    uint64_t work = take_work(s, 1, 4);
    report(s, 1, work, "[[0,\"failed\"]]");
    expect_answer(job(s, "job-1"), "\"status\":\"cancelled\"");
    expect_answer(report(s, 1, work, "[[1,\"completed\"],[2,\"failed\"],[0,\"completed\"]]"), "\"recorded\":2,\"duplicates\":1");
    expect_answer(job(s, "job-1"), "\"total\":5,\"pending\":2,\"completed\":1,\"failed\":2");
    stage_pass(s, 301 * (int64_t)SECOND);
    expect_answer(job(s, "job-1"), "\"total\":5,\"pending\":2,\"completed\":1,\"failed\":2");
    then_answer_has(s, 1, "\"status\":\"cancelled\"");
    assert_int_equal(take_work(s, 1, 5), 0);
    expect_answer(report(s, 1, work, "[[3,\"completed\"]]"), "\"recorded\":1");
    then_a_rebuild_gives_the_same_state(s);
}

static void what_was_failed_while_stopped_cancels_when_resumed(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    given_job(s, "job-1", ",\"cancellationThreshold\":" NUMBER(0));
    uint64_t work = take_work(s, 1, 1);
    on_job(s, "jobs.stop", "job-1");
    report(s, 1, work, "[[0,\"failed\"]]");
    expect_answer(job(s, "job-1"), "\"status\":\"stopped\"");
    expect_answer(on_job(s, "jobs.resume", "job-1"), "\"status\":\"cancelled\",\"statusReason\":\"threshold\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_threshold_cancels_exactly_when_it_is_exceeded),
        STORY(results_on_their_way_are_recorded_after_a_cancel),
        STORY(what_was_failed_while_stopped_cancels_when_resumed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
