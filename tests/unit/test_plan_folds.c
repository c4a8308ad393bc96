/* What the folds make of saved jobs, quoted plans and reruns: what cannot be is named, and a lineage of random reruns counts
 * as a small model does. */
#include "tests/unit/fold_story.h"

#include "projections/job_devices.h"
#include "projections/jobs.h"
#include "projections/reruns.h"

#include <time.h>

/* ---- Events, shortly. */

static struct event job_edited(uint32_t job)
{
    return (struct event){.type = EVENT_JOB_EDITED, .job_edited = {.job = job, .type = JOB_TYPE_PROPERTY}};
}

static struct event job_discarded(uint32_t job)
{
    return (struct event){.type = EVENT_JOB_DISCARDED, .job_discarded = {.job = job}};
}

static struct event plan_quoted(uint32_t job, struct bytes hash)
{
    return (struct event){.type = EVENT_JOB_PLAN_QUOTED, .job_plan_quoted = {.job = job, .count = 3, .hash = hash}};
}

static struct event plan_changed(uint32_t job)
{
    return (struct event){.type = EVENT_JOB_PLAN_CHANGED, .job_plan_changed = {.job = job, .expected = 3, .found = 4}};
}

static struct event targets_excluded(uint32_t job, uint32_t reason, uint32_t count)
{
    return (struct event){.type = EVENT_JOB_TARGETS_EXCLUDED,
                          .job_targets_excluded = {.job = job, .reason = reason, .count = count}};
}

static struct event rerun_of(uint32_t job, uint32_t parent, uint32_t which)
{
    return (struct event){.type = EVENT_JOB_RERUN_OF, .job_rerun_of = {.job = job, .parent = parent, .which = which}};
}

#define HASH BYTES("01234567890123456789012345678901")

/* ---- Saved jobs. */

static void only_a_saved_job_is_edited_quoted_or_discarded(void **state)
{
    struct story *s = *state;
    given(s, job_created(1, "a"), job_created(2, "b"), job_edited(1), plan_quoted(1, HASH), job_discarded(2),
          job_queued(1));
    then_illegal(s, job_edited(1), "job 1 is pending, not saved");
    then_illegal(s, plan_quoted(1, HASH), "not saved");
    then_illegal(s, job_discarded(1), "not saved");
    then_illegal(s, job_edited(2), "job 2 is discarded, not saved");
    then_illegal(s, job_discarded(2), "job 2 is discarded, not saved");
    then_illegal(s, job_queued(2), "discarded");
    then_illegal(s, job_edited(3), "there is no job 3");
    assert_int_equal(jobs_find(live(s), BYTES("b")), 0);
    assert_int_equal(jobs_find_taken(live(s), BYTES("b")), 2);
    assert_int_equal(jobs_count(live(s), JOB_IS_SAVED), 0);
}

static void an_edit_that_cannot_be_is_named(void **state)
{
    struct story *s = *state;
    given(s, job_created(1, "a"));
    struct event strange = job_edited(1);
    strange.job_edited.type = 0;
    then_illegal(s, strange, "unknown type");
    strange = job_edited(1);
    strange.job_edited.group = 1;
    then_illegal(s, strange, "a group that was never saved");
}

static void a_plan_that_cannot_have_changed_is_named(void **state)
{
    struct story *s = *state;
    given(s, job_created(1, "a"), job_created(2, "b"), plan_quoted(2, HASH), job_queued(1), job_queued(2),
          job_targets_begun(1), job_targets_begun(2), plan_changed(2), job_failed(2, FAILED_PLAN_CHANGED));
    then_illegal(s, plan_changed(1), "waits for no plan");
    then_illegal(s, plan_changed(2), "waits for no plan");
    then_illegal(s, plan_changed(3), "there is no job 3");
    given(s, job_created(3, "c"));
    then_illegal(s, plan_quoted(3, BYTES("short")), "a hash of 5 bytes");
    assert_int_equal(jobs_get(live(s), 2)->plan_found, 4);
}

static void exclusions_are_of_the_last_reading(void **state)
{
    struct story *s = *state;
    given(s, job_created(1, "a"), job_queued(1), job_targets_begun(1), targets_excluded(1, EXCLUDED_UNKNOWN_PATH, 7),
          job_targets_begun(1), targets_excluded(1, EXCLUDED_WRONG_TEMPLATE, 2));
    assert_int_equal(jobs_get(live(s), 1)->excluded[EXCLUDED_UNKNOWN_PATH], 0);
    assert_int_equal(jobs_get(live(s), 1)->excluded[EXCLUDED_WRONG_TEMPLATE], 2);
    then_illegal(s, targets_excluded(1, EXCLUSIONS, 1), "unknown reason 3");
    then_illegal(s, targets_excluded(1, EXCLUDED_NOT, 1), "unknown reason 0");
    given(s, job_targets_fixed(1, 0, 1));
    then_illegal(s, targets_excluded(1, EXCLUDED_UNKNOWN_PATH, 1), "has its targets");
}

/* ---- Reruns. */

static void a_rerun_that_cannot_be_is_named(void **state)
{
    struct story *s = *state;
    given_devices(s, 1, 2);
    given_running(s, 1, "a", 1, 1, 1);
    given(s, job_created(2, "b"));
    then_illegal(s, rerun_of(2, 1, RERUN_FAILED), "a parent that is not over");
    given(s, job_cancelled(1, CANCELLED_BY_USER), job_created(3, "c"), job_queued(3));
    then_illegal(s, rerun_of(2, 1, 0), "nobody knows which");
    then_illegal(s, rerun_of(2, 1, 4), "nobody knows which");
    then_illegal(s, rerun_of(2, 2, RERUN_FAILED), "a parent that was not there before it");
    then_illegal(s, rerun_of(3, 1, RERUN_FAILED), "is no saved job");
    then_illegal(s, rerun_of(4, 1, RERUN_FAILED), "is no saved job");
    given(s, rerun_of(2, 1, RERUN_BOTH));
    then_illegal(s, rerun_of(2, 1, RERUN_BOTH), "is a rerun already");
    /* Its devices are its parent's. */
    given(s, job_queued(2), job_targets_begun(2), job_targets(2, these(s, 2)), job_targets_fixed(2, 1, 1),
          batch_dispatched(2, 0, 1, these(s, 2), BYTES_NONE));
    then_illegal(s, device_result(2, 2, s->count, OUTCOME_COMPLETED, true), "device 2 of job 1 is not in its list");
}

/* ---- A lineage at random. */

enum { DEVICES = 700, JOBS = 24, STEPS = 6000 };

struct lineage {
    struct story *s;
    unsigned seed;
    uint32_t jobs;                    /* so far; job 1 is the first */
    uint64_t dispatch[JOBS + 1];
    bool open[JOBS + 1][DEVICES + 1]; /* device has no end in the job, which has it */
    enum device_state merged[DEVICES + 1];
};

static uint32_t below(struct lineage *l, uint32_t bound)
{
    return (uint32_t)rand_r(&l->seed) % bound;
}

/* The job gets the devices marked open, all of them at once to a connector, and is cancelled: results may still come. */
static void lineage_run(struct lineage *l, uint32_t job, uint32_t parent)
{
    struct story *s = l->s;
    struct numbers_writer devices = {.buffer = {.arena = &s->arena}};
    char id[16];
    snprintf(id, sizeof id, "job-%u", job);
    for (uint32_t device = 1; device <= DEVICES; device++) {
        if (l->open[job][device]) numbers_add(&devices, device);
    }
    uint32_t count = (uint32_t)devices.count;
    given(s, job_created(job, arena_text(&s->arena, bytes_of_text(id))));
    if (parent) given(s, rerun_of(job, parent, RERUN_BOTH));
    given(s, job_queued(job), job_targets_begun(job), job_targets(job, numbers_bytes(&devices)),
          job_targets_fixed(job, count, count), batch_dispatched(job, 0, 1, numbers_bytes(&devices), BYTES_NONE));
    l->dispatch[job] = s->count;
    given(s, job_cancelled(job, CANCELLED_BY_USER));
    l->jobs = job;
}

/* A rerun of any job so far, on some of its devices. */
static void lineage_rerun(struct lineage *l)
{
    uint32_t job = l->jobs + 1, parent = 1 + below(l, l->jobs), count = 0;
    struct job_device found;
    for (uint32_t device = 1; device <= DEVICES; device++) {
        bool had = job_devices_find(live(l->s), parent, device, &found);
        count += l->open[job][device] = had && below(l, 3) > 0;
    }
    if (count > 0) lineage_run(l, job, parent);
}

static void lineage_result(struct lineage *l)
{
    uint32_t job = 1 + below(l, l->jobs), device = 1 + below(l, DEVICES);
    bool completed = below(l, 2);
    if (!l->open[job][device]) return;
    given(l->s, device_result(job, device, l->dispatch[job], completed ? OUTCOME_COMPLETED : OUTCOME_FAILED, true));
    l->open[job][device] = false;
    l->merged[device] = completed ? DEVICE_COMPLETED : DEVICE_FAILED;
}

static void lineage_check(struct lineage *l)
{
    struct view *v = live(l->s);
    uint32_t completed = 0, failed = 0;
    for (uint32_t device = 1; device <= DEVICES; device++) {
        struct job_device found;
        assert_true(job_devices_find(v, 1, device, &found));
        enum device_state merged = found.later != DEVICE_WAITING ? found.later : found.state;
        if (device_has_end(l->merged[device])) assert_int_equal(merged, l->merged[device]);
        else assert_false(device_has_end(merged));
        completed += l->merged[device] == DEVICE_COMPLETED;
        failed += l->merged[device] == DEVICE_FAILED;
    }
    const struct job_list *list = job_devices_list(v, 1);
    assert_int_equal(list->merged_completed, completed);
    assert_int_equal(list->merged_failed, failed);
    assert_int_equal(reruns_count(v, 1), l->jobs - 1);
}

static void a_random_lineage_counts_as_the_model_says(void **state)
{
    struct lineage *l = calloc(1, sizeof *l);
    const char *given_seed = getenv("SEED");
    *l = (struct lineage){.s = *state, .seed = given_seed ? (unsigned)strtoul(given_seed, NULL, 10) : (unsigned)time(NULL)};
    print_message("seed %u\n", l->seed);
    given_devices(l->s, 1, DEVICES);
    for (uint32_t device = 1; device <= DEVICES; device++) l->open[1][device] = true;
    lineage_run(l, 1, 0);
    for (int step = 1; step <= STEPS; step++) {
        if (step % (STEPS / JOBS) == 0 && l->jobs < JOBS) lineage_rerun(l);
        else lineage_result(l);
        if (step % 500 == 0) lineage_check(l);
    }
    lineage_check(l);
    free(l);
}

static void reruns_are_found_in_their_order(void **state)
{
    struct story *s = *state;
    given_devices(s, 1, 1);
    given_running(s, 1, "a", 1, 1, 1);
    given(s, job_cancelled(1, CANCELLED_BY_USER), job_created(2, "b"), rerun_of(2, 1, RERUN_UNREACHED),
          job_created(3, "c"), rerun_of(3, 1, RERUN_UNREACHED));
    struct view *v = live(s);
    assert_int_equal(reruns_next(v, 1, 0), 2);
    assert_int_equal(reruns_next(v, 1, 3), 3);
    assert_int_equal(reruns_next(v, 1, 4), 0);
    assert_int_equal(reruns_next(v, 2, 0), 0);
    assert_string_equal(rerun_which_word(RERUN_BOTH), "both");
    assert_string_equal(rerun_which_word(9), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(only_a_saved_job_is_edited_quoted_or_discarded),
        STORY(an_edit_that_cannot_be_is_named),
        STORY(a_plan_that_cannot_have_changed_is_named),
        STORY(exclusions_are_of_the_last_reading),
        STORY(a_rerun_that_cannot_be_is_named),
        STORY(a_random_lineage_counts_as_the_model_says),
        STORY(reruns_are_found_in_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
