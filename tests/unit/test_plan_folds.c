/* What the folds make of saved jobs and quoted plans: what cannot be is named. */
#include "tests/unit/fold_story.h"

#include "projections/jobs.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(only_a_saved_job_is_edited_quoted_or_discarded),
        STORY(an_edit_that_cannot_be_is_named),
        STORY(a_plan_that_cannot_have_changed_is_named),
        STORY(exclusions_are_of_the_last_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
