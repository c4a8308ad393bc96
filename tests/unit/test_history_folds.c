/* What the folds make of a job's end and of what follows 30 days later, and of chosen columns. Each story ends with a
 * rebuild that must equal what was folded. */
#include "tests/unit/fold_story.h"

#include "projections/columns.h"
#include "projections/history.h"

static struct event job_expired(uint32_t job)
{
    return (struct event){.type = EVENT_JOB_EXPIRED, .job_expired = {.job = job}};
}

static struct event columns_chosen(const char *user, struct bytes columns)
{
    return (struct event){
        .type = EVENT_COLUMNS_CHOSEN,
        .columns_chosen = {.user = bytes_of_text(user), .view = BYTES("jobs.devices"), .columns = columns}};
}

static uint32_t first_to_expire(struct story *s)
{
    struct history_entry entry;
    return history_first(live(s), &entry) ? entry.job : 0;
}

static size_t pages_stored;

static void count_page(void *context, const char *table, struct bytes key, struct bytes value)
{
    (void)context, (void)key, (void)value;
    pages_stored += strcmp(table, "job_pages") == 0;
}

static size_t pages_of(struct story *s)
{
    pages_stored = 0;
    projections_each(live(s), count_page, NULL);
    return pages_stored;
}

/* ---- Stories. */

static void jobs_expire_in_the_order_of_their_ends(void **state)
{
    struct story *s = *state;
    given(s, job_created(1, "a"), job_created(2, "b"), job_created(3, "c"), job_queued(1), job_queued(2),
          job_queued(3));
    assert_int_equal(first_to_expire(s), 0);
    given(s, job_cancelled(2, CANCELLED_BY_USER), job_failed(1, FAILED_GROUP_REMOVED));
    assert_int_equal(first_to_expire(s), 2);
    then_illegal(s, job_expired(1), "not the one that ended first");
    then_illegal(s, job_expired(3), "expires and is pending");
    given(s, job_expired(2));
    assert_int_equal(first_to_expire(s), 1);
    given(s, job_expired(1));
    assert_int_equal(first_to_expire(s), 0);
    then_illegal(s, job_expired(1), "expired already");
}

static void an_expired_job_is_counted_no_more_and_keeps_its_id(void **state)
{
    struct story *s = *state;
    given(s, job_created(1, "a"), job_queued(1), job_cancelled(1, CANCELLED_BY_USER));
    assert_int_equal(jobs_count(live(s), JOB_IS_CANCELLED), 1);
    given(s, job_expired(1));
    assert_int_equal(jobs_count(live(s), JOB_IS_CANCELLED), 0);
    assert_true(jobs_get(live(s), 1)->expired);
    assert_int_equal(jobs_find(live(s), BYTES("a")), 1);
    then_illegal(s, job_created(2, "a"), "taken");
}

static void the_list_is_forgotten_and_its_sums_are_kept(void **state)
{
    struct story *s = *state;
    struct job_device device;
    given_devices(s, 1, 600);
    given_running(s, 1, "a", 1, 600, 600);
    given(s, batch_dispatched(1, 0, 1, these(s, 7, 8), BYTES_NONE));
    uint64_t dispatch = s->count;
    given(s, device_result(1, 7, dispatch, OUTCOME_COMPLETED, true),
          device_result(1, 8, dispatch, OUTCOME_FAILED, true), job_cancelled(1, CANCELLED_BY_USER));
    commit(s);
    assert_int_equal(pages_of(s), 3);
    given(s, job_expired(1));
    const struct job_list *list = job_devices_list(live(s), 1);
    assert_int_equal(list->count, 0);
    assert_int_equal(job_list_total(list), 600);
    assert_int_equal(job_list_batches(list), 1);
    assert_int_equal(list->completed, 1);
    assert_int_equal(list->failed, 1);
    assert_false(job_devices_find(live(s), 1, 7, &device));
    assert_int_equal(pages_of(s), 0);
}

static void a_list_that_was_never_flushed_is_forgotten_too(void **state)
{
    struct story *s = *state;
    given_devices(s, 1, 300);
    given_running(s, 1, "a", 1, 300, 300);
    given(s, job_cancelled(1, CANCELLED_BY_USER), job_expired(1));
    assert_int_equal(pages_of(s), 0);
    abort_and_catch_up(s);
    assert_int_equal(job_list_total(job_devices_list(live(s), 1)), 300);
}

static void a_job_with_devices_out_does_not_expire(void **state)
{
    struct story *s = *state;
    given_devices(s, 1, 2);
    given_running(s, 1, "a", 1, 2, 2);
    given(s, batch_dispatched(1, 0, 1, these(s, 1), BYTES_NONE), job_cancelled(1, CANCELLED_BY_USER));
    uint64_t dispatch = s->count - 1;
    then_illegal(s, job_expired(1), "are out");
    given(s, devices_returned(1, dispatch, these(s, 1)), job_expired(1));
}

static void columns_are_of_a_user_and_the_last_choice_counts(void **state)
{
    struct story *s = *state;
    given(s,
          columns_chosen("alice", BYTES("\x91\xa3"
                                        "end")),
          columns_chosen("bob", BYTES("\x91\xa5"
                                      "error")));
    given(s,
          columns_chosen("alice", BYTES("\x91\xa5"
                                        "batch")),
          columns_chosen("bob", BYTES("\x90")), columns_chosen("carol", BYTES("\x90")));
    assert_true(bytes_equal(columns_get(live(s), BYTES("alice"), BYTES("jobs.devices")), BYTES("\x91\xa5"
                                                                                               "batch")));
    assert_null(columns_get(live(s), BYTES("bob"), BYTES("jobs.devices")).data);
    assert_null(columns_get(live(s), BYTES("alice"), BYTES("jobs.results")).data);
    assert_null(columns_get(live(s), BYTES(""), BYTES("jobs.devices")).data);
    then_illegal(s, columns_chosen("", BYTES("\x90")), "empty or too long");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(jobs_expire_in_the_order_of_their_ends),      STORY(an_expired_job_is_counted_no_more_and_keeps_its_id),
        STORY(the_list_is_forgotten_and_its_sums_are_kept), STORY(a_list_that_was_never_flushed_is_forgotten_too),
        STORY(a_job_with_devices_out_does_not_expire),      STORY(columns_are_of_a_user_and_the_last_choice_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
