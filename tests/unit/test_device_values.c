/* The fold of device values: which job set what last, found again after restarts, aborts and rebuilds. */
#include "tests/unit/fold_story.h"

#include "projections/device_values.h"

/* ---- Givens. */

/* One property each: {type, path, value}. */
#define TEMPERATURE "\x91\x83\xa4type\xa8property\xa4path\xa1t\xa5value\x15"
#define MODE_TOO                                                                                                       \
    "\x92\x83\xa4type\xa8property\xa4path\xa1t\xa5value\x16\x83\xa4type\xa8property\xa4path\xa1m\xa5value\x01"
#define SITE                                                                                                           \
    "\x91\x83\xa4type\xad"                                                                                             \
    "cloudProperty\xa4path\xa1t\xa5value\x17"

static struct event job_of(uint32_t job, const char *id, enum job_type type, const char *data)
{
    struct event event = job_created(job, id);
    event.job_created.type = type;
    event.job_created.data = bytes_of_text(data);
    return event;
}

/* A running job on devices 1 to `count`, all of which are out. Returns the dispatch. */
static uint64_t given_out(struct story *s, struct event created, uint32_t count)
{
    uint32_t job = created.job_created.job;
    given(s, created, job_queued(job), job_targets_begun(job), job_targets(job, from_to(s, 1, count)),
          job_targets_fixed(job, count, count), batch_dispatched(job, 0, 1, from_to(s, 1, count), BYTES_NONE));
    return s->count;
}

/* ---- Thens. */

static struct value_mark mark_of(struct view *v, uint32_t set, uint32_t device)
{
    const struct value_page *page = device_values_page(v, set, value_page_of(device));
    return page ? value_page_mark(page, device) : (struct value_mark){0};
}

static void then_set(struct story *s, uint32_t set, uint32_t device, uint32_t job, uint64_t result)
{
    struct value_mark mark = mark_of(live(s), set, device);
    assert_int_equal(mark.job, job);
    assert_int_equal(mark.result, result);
}

/* ---- Stories. */

static void a_completed_result_sets_what_its_job_sets(void **state)
{
    struct story *s = *state;
    given_devices(s, 1, 3);
    uint64_t out = given_out(s, job_of(1, "job-1", JOB_TYPE_PROPERTY, TEMPERATURE), 3);
    given(s, device_result(1, 1, out, OUTCOME_COMPLETED, true));
    then_set(s, 1, 1, 1, s->count);
    given(s, device_result(1, 2, out, OUTCOME_FAILED, true));
    then_set(s, 1, 2, 0, 0);
    then_set(s, 1, 3, 0, 0);
}

static void a_later_result_takes_the_place_of_an_earlier_one(void **state)
{
    struct story *s = *state;
    given_devices(s, 1, 2);
    uint64_t first = given_out(s, job_of(1, "job-1", JOB_TYPE_PROPERTY, TEMPERATURE), 2);
    uint64_t second = given_out(s, job_of(2, "job-2", JOB_TYPE_PROPERTY, TEMPERATURE), 2);
    given(s, device_result(2, 1, second, OUTCOME_COMPLETED, true));
    given(s, device_result(1, 1, first, OUTCOME_COMPLETED, true));
    /* Job 1 began before job 2, and was done by the device after it. */
    then_set(s, 1, 1, 1, s->count);
}

static void jobs_share_a_set_when_type_and_paths_are_the_same(void **state)
{
    struct story *s = *state;
    struct value_set set;
    given_devices(s, 1, 1);
    uint64_t out[5];
    out[1] = given_out(s, job_of(1, "job-1", JOB_TYPE_PROPERTY, TEMPERATURE), 1);
    out[2] = given_out(s, job_of(2, "job-2", JOB_TYPE_PROPERTY, MODE_TOO), 1);
    out[3] = given_out(s, job_of(3, "job-3", JOB_TYPE_CLOUD_PROPERTY, SITE), 1);
    out[4] = given_out(s, job_of(4, "job-4", JOB_TYPE_PROPERTY, TEMPERATURE), 1);
    for (uint32_t job = 1; job <= 4; job++) given(s, device_result(job, 1, out[job], OUTCOME_COMPLETED, true));
    then_set(s, 1, 1, 4, s->count);
    then_set(s, 2, 1, 2, s->count - 2);
    then_set(s, 3, 1, 3, s->count - 1);
    assert_true(device_values_next_set(live(s), 3, &set));
    assert_int_equal(set.job, 3);
    assert_int_equal(set.type, JOB_TYPE_CLOUD_PROPERTY);
    assert_false(device_values_next_set(live(s), 4, &set));
}

static void a_command_sets_nothing(void **state)
{
    struct story *s = *state;
    struct value_set set;
    given_devices(s, 1, 1);
    uint64_t out = given_out(s, job_created(1, "job-1"), 1);
    given(s, device_result(1, 1, out, OUTCOME_COMPLETED, true));
    assert_false(device_values_next_set(live(s), 1, &set));
}

/* More pages than there are frames: the sets of one device each stand for a large fleet. */
static void what_does_not_fit_into_memory_is_found_again(void **state)
{
    enum { SETS = 5000 };
    struct story *s = *state;
    given_devices(s, 1, 1);
    for (uint32_t job = 1; job <= SETS; job++) {
        char id[16], data[64];
        snprintf(id, sizeof id, "job-%u", job);
        snprintf(data, sizeof data, "\x91\x83\xa4type\xa8property\xa4path\xa6p%05u\xa5value\x15", job);
        const char *kept_id = arena_text(&s->arena, bytes_of_text(id));
        const char *kept = arena_text(&s->arena, bytes_of_text(data));
        uint64_t out = given_out(s, job_of(job, kept_id, JOB_TYPE_PROPERTY, kept), 1);
        given(s, device_result(job, 1, out, OUTCOME_COMPLETED, true));
    }
    for (uint32_t set = 1; set <= SETS; set++) assert_int_equal(mark_of(live(s), set, 1).job, set);
    then_rebuild_equals(s);
}

static void values_are_there_after_a_restart_an_abort_and_a_rebuild(void **state)
{
    struct story *s = *state;
    given_devices(s, 1, 1000);
    uint64_t out = given_out(s, job_of(1, "job-1", JOB_TYPE_PROPERTY, TEMPERATURE), 1000);
    given(s, device_result(1, 1, out, OUTCOME_COMPLETED, true));
    commit(s);
    stop(s, true);
    start(s);
    then_set(s, 1, 1, 1, out + 1);
    given(s, device_result(1, 1000, out, OUTCOME_COMPLETED, true));
    abort_and_catch_up(s);
    then_set(s, 1, 1000, 1, out + 2);
    then_set(s, 1, 999, 0, 0);
    then_rebuild_equals(s);
}

static void a_snapshot_sees_the_last_commit(void **state)
{
    struct story *s = *state;
    given_devices(s, 1, 2);
    uint64_t out = given_out(s, job_of(1, "job-1", JOB_TYPE_PROPERTY, TEMPERATURE), 2);
    given(s, device_result(1, 1, out, OUTCOME_COMPLETED, true));
    commit(s);
    given(s, device_result(1, 2, out, OUTCOME_COMPLETED, true));
    struct view *snapshot = snapshot_open(&s->p);
    assert_int_equal(mark_of(snapshot, 1, 1).job, 1);
    assert_int_equal(mark_of(snapshot, 1, 2).job, 0);
    snapshot_close(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_completed_result_sets_what_its_job_sets),
        STORY(a_later_result_takes_the_place_of_an_earlier_one),
        STORY(jobs_share_a_set_when_type_and_paths_are_the_same),
        STORY(a_command_sets_nothing),
        STORY(what_does_not_fit_into_memory_is_found_again),
        STORY(values_are_there_after_a_restart_an_abort_and_a_rebuild),
        STORY(a_snapshot_sees_the_last_commit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
