/* Who is in a group, and pages of devices and of a job's devices. */
#include "tests/unit/snapshot_story.h"

#include "engine/snapshot/selection.h"

/* ---- What is asked. */

static struct members *members_of(struct story *s, const char *filter, uint32_t target)
{
    struct task *task = task_for(s, TASK_MEMBERS);
    task->members = (struct members){.job = JOB, .filter = bytes_of_text(filter), .target = target};
    run(task);
    return &task->members;
}

static struct device_page *device_page(struct story *s, const char *filter, uint32_t from, uint32_t limit)
{
    struct task *task = task_for(s, TASK_DEVICES);
    task->devices = (struct device_page){.filter = bytes_of_text(filter), .from = from, .limit = limit};
    run(task);
    return &task->devices;
}

static struct listing_place at(uint64_t position)
{
    return (struct listing_place){.given = true, .number = position};
}

enum { PENDING = 1 << DEVICE_WAITING | 1 << DEVICE_OUT };

static struct job_device_page *job_device_page(struct story *s, struct listing listing)
{
    struct task *task = task_for(s, TASK_JOB_DEVICES);
    task->job_devices = (struct job_device_page){.job = JOB, .listing = listing};
    if (listing.limit == 0) task->job_devices.listing.limit = 100;
    run(task);
    return &task->job_devices;
}

/* The only row of the job. */
static struct job_device_row *job_device(struct story *s)
{
    struct job_device_page *page = job_device_page(s, (struct listing){0});
    assert_int_equal(page->count, 1);
    assert_false(page->next.given);
    return page->rows;
}

static void assert_members(const struct members *members, const uint32_t expected[], size_t count)
{
    size_t at = 0;
    for (const struct members_chunk *chunk = members->chunks; chunk; chunk = chunk->next) {
        struct numbers numbers = numbers_of(chunk->devices);
        assert_int_equal(numbers_count(chunk->devices), chunk->count);
        for (uint64_t number; numbers_next(&numbers, &number); at++) {
            assert_true(at < count);
            assert_int_equal(number, expected[at]);
        }
    }
    assert_int_equal(at, count);
    assert_int_equal(members->total, count);
}
#define ASSERT_MEMBERS(members, ...)                                                                                   \
    assert_members(members, (const uint32_t[]){__VA_ARGS__}, sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

/* ---- Members. */

static void members_are_the_devices_that_the_filter_lets_through(void **state)
{
    struct story *s = *state;
    template_saved(s, TEMPLATE, "pump");
    device_registered(s, 1, "gw-1", "North", TEMPLATE);
    device_registered(s, 2, "gw-2", "South", 0);
    device_registered(s, 3, "ac-3", "North", TEMPLATE);
    ASSERT_MEMBERS(members_of(s, "", 0), 1, 2, 3);
    ASSERT_MEMBERS(members_of(s, "$id STARTSWITH 'gw-'", 0), 1, 2);
    ASSERT_MEMBERS(members_of(s, "SELECT * FROM devices WHERE $displayName = 'North'", 0), 1, 3);
    ASSERT_MEMBERS(members_of(s, "$template = 'pump'", 0), 1, 3);
    ASSERT_MEMBERS(members_of(s, "$template = ''", 0), 2);
    ASSERT_MEMBERS(members_of(s, "$simulated = true", 0), 2);
    assert_members(members_of(s, "$provisioned = false", 0), NULL, 0);
}

static void members_of_another_template_are_left_out_and_counted(void **state)
{
    struct story *s = *state;
    template_saved(s, TEMPLATE, "pump");
    template_saved(s, OTHER_TEMPLATE, "fan");
    device_registered(s, 1, "gw-1", "", TEMPLATE);
    device_registered(s, 2, "gw-2", "", OTHER_TEMPLATE);
    device_registered(s, 3, "gw-3", "", 0);
    device_registered(s, 4, "ac-4", "", OTHER_TEMPLATE);
    struct members *members = members_of(s, "$id STARTSWITH 'gw-'", TEMPLATE);
    ASSERT_MEMBERS(members, 1);
    assert_int_equal(members->excluded[EXCLUDED_WRONG_TEMPLATE], 2);
}

static void a_property_that_nobody_set_is_missing_to_a_filter(void **state)
{
    struct story *s = *state;
    devices_registered(s, 2);
    assert_members(members_of(s, "temperature > 5", 0), NULL, 0);
    ASSERT_MEMBERS(members_of(s, "NOT temperature > 5", 0), 1, 2);
}

static void a_removed_device_is_no_member(void **state)
{
    struct story *s = *state;
    devices_registered(s, 3);
    device_removed(s, 2);
    ASSERT_MEMBERS(members_of(s, "", 0), 1, 3);
}

static void a_filter_that_cannot_be_parsed_is_told_and_is_no_fault(void **state)
{
    struct story *s = *state;
    devices_registered(s, 1);
    struct members *members = members_of(s, "$id =", 0);
    assert_true(members->bad_filter);
    assert_null(members->chunks);
    assert_non_null(strstr(s->task->fault.text, "column"));
}

static void many_members_come_in_chunks(void **state)
{
    struct story *s = *state;
    devices_registered(s, TASK_MEMBERS_CHUNK + 100);
    struct members *members = members_of(s, "", 0);
    assert_int_equal(members->total, TASK_MEMBERS_CHUNK + 100);
    assert_int_equal(members->chunks->count, TASK_MEMBERS_CHUNK);
    struct numbers second = numbers_of(members->chunks->next->devices);
    uint64_t number;
    assert_true(numbers_next(&second, &number));
    assert_int_equal(number, TASK_MEMBERS_CHUNK + 1);
    assert_int_equal(members->chunks->next->count, 100);
    assert_null(members->chunks->next->next);
}

static void a_snapshot_taken_before_sees_nothing_that_came_after(void **state)
{
    struct story *s = *state;
    devices_registered(s, 1);
    struct task *task = task_for(s, TASK_MEMBERS);
    uint64_t seq = s->seq;
    assert_true(task_take_snapshot(task));
    device_registered(s, 2, "gw-2", "", 0);
    settle(s);
    run(task);
    ASSERT_MEMBERS(&task->members, 1);
    assert_int_equal(task->seq, seq);
}

/* ---- Pages of devices. */

static void pages_show_each_device_once_and_end(void **state)
{
    struct story *s = *state;
    devices_registered(s, 10);
    uint32_t seen = 0, from = 1;
    do {
        struct device_page *page = device_page(s, "$simulated = false", from, 2);
        for (uint32_t i = 0; i < page->count; i++) assert_int_equal(page->rows[i].number, 2 * seen++ + 1);
        from = page->next;
    } while (from != 0);
    assert_int_equal(seen, 5);
}

static void a_page_that_just_fits_has_no_next(void **state)
{
    struct story *s = *state;
    devices_registered(s, 4);
    assert_int_equal(device_page(s, "", 1, 4)->next, 0);
    assert_int_equal(device_page(s, "$id != 'gw-4'", 1, 3)->next, 0);
    assert_int_equal(device_page(s, "", 1, 3)->next, 4);
    assert_int_equal(device_page(s, "", 5, 3)->count, 0);
}

static void a_row_shows_the_device(void **state)
{
    struct story *s = *state;
    template_saved(s, TEMPLATE, "pump");
    device_registered(s, 1, "gw-1", "North", TEMPLATE);
    device_registered(s, 2, "gw-2", "", 0);
    struct device_page *page = device_page(s, "", 1, 10);
    assert_int_equal(page->count, 2);
    assert_text(page->rows[0].id, "gw-1");
    assert_text(page->rows[0].display_name, "North");
    assert_text(page->rows[0].template, "pump");
    assert_true(page->rows[0].provisioned && !page->rows[0].simulated);
    assert_text(page->rows[1].display_name, "gw-2");
    assert_int_equal(page->rows[1].template.size, 0);
    assert_true(page->rows[1].simulated);
}

static void a_page_with_a_bad_filter_fails(void **state)
{
    struct story *s = *state;
    struct task *task = task_for(s, TASK_DEVICES);
    task->devices = (struct device_page){.filter = BYTES("$id ="), .from = 1, .limit = 1};
    task_run(task);
    assert_true(task->failed);
    assert_non_null(strstr(task->fault.text, "column"));
}

static void a_selection_pauses_when_it_has_looked_at_as_many_as_it_may(void **state)
{
    struct story *s = *state;
    devices_registered(s, 10);
    struct task *task = task_for(s, TASK_DEVICES);
    assert_true(task_take_snapshot(task));
    struct selection selection;
    struct filter_error error;
    struct selected found;
    assert_true(selection_begin(&selection, task->snapshot, &task->arena, BYTES("$id = 'gw-10'"), &error));
    uint32_t from = 1, looks = 4;
    assert_int_equal(selection_next(&selection, &from, &looks, &found), SELECTION_PAUSED);
    assert_int_equal(from, 5);
    looks = 6;
    assert_int_equal(selection_next(&selection, &from, &looks, &found), SELECTION_FOUND);
    assert_int_equal(found.device.number, 10);
    assert_int_equal(looks, 0);
}

/* ---- Pages of a job's devices. */

static void assert_times(const struct job_device_row *row, uint64_t start_seq, uint64_t end_seq)
{
    assert_int_equal(row->start_us, start_seq ? AT(start_seq) : 0);
    assert_int_equal(row->end_us, end_seq ? AT(end_seq) : 0);
}

static void a_device_not_reached_is_pending_and_has_no_times(void **state)
{
    struct story *s = *state;
    devices_registered(s, 1);
    job_running(s, 1, 1, 1);
    struct job_device_row *row = job_device(s);
    assert_text(row->id, "gw-1");
    assert_int_equal(row->state, DEVICE_WAITING);
    assert_int_equal(row->attempt, 0);
    assert_int_equal(row->batch, 1);
    assert_times(row, 0, 0);
}

static void a_device_that_is_out_tells_since_when_and_with_whom(void **state)
{
    struct story *s = *state;
    devices_registered(s, 1);
    job_running(s, 1, 1, 1);
    uint64_t dispatch = dispatched(s, 0, 1, 1);
    struct job_device_row *row = job_device(s);
    assert_int_equal(row->state, DEVICE_OUT);
    assert_int_equal(row->attempt, 1);
    assert_text(row->connector, "line-1");
    assert_times(row, dispatch, 0);
}

static void a_failed_device_tells_its_error_and_both_times(void **state)
{
    struct story *s = *state;
    devices_registered(s, 1);
    job_running(s, 1, 1, 1);
    uint64_t dispatch = dispatched(s, 0, 1, 1);
    uint64_t result = ended(s, 1, dispatch, OUTCOME_REJECTED, "valve stuck");
    struct job_device_row *row = job_device(s);
    assert_int_equal(row->state, DEVICE_FAILED);
    assert_int_equal(row->outcome, OUTCOME_REJECTED);
    assert_text(row->error, "valve stuck");
    assert_times(row, dispatch, result);
}

static void a_device_that_waits_for_its_next_attempt_tells_why(void **state)
{
    struct story *s = *state;
    devices_registered(s, 1);
    job_running(s, 1, 1, 1);
    uint64_t dispatch = dispatched(s, 0, 1, 1);
    uint64_t result = failed_for_now(s, 1, dispatch, "busy");
    struct job_device_row *row = job_device(s);
    assert_int_equal(row->state, DEVICE_WAITING);
    assert_int_equal(row->outcome, OUTCOME_FAILED);
    assert_text(row->error, "busy");
    assert_times(row, dispatch, 0);
    assert_int_equal(job_device_page(s, (struct listing){.outcomes = 1u << OUTCOME_FAILED})->count, 0);
    uint64_t second = dispatched_after(s, 0, 2, 1, 1, number_range(s, result, result), "line-2");
    row = job_device(s);
    assert_int_equal(row->state, DEVICE_OUT);
    assert_int_equal(row->outcome, OUTCOME_NONE);
    assert_int_equal(row->error.size, 0);
    assert_int_equal(row->attempt, 2);
    assert_text(row->connector, "line-2");
    assert_times(row, second, 0);
}

static void a_way_over_returns_leads_to_the_last_dispatch(void **state)
{
    struct story *s = *state;
    devices_registered(s, 3);
    job_running(s, 1, 3, 3);
    uint64_t dispatch = dispatched(s, 0, 1, 3);
    uint64_t given_back = returned(s, dispatch, 1, 3);
    uint64_t completed = ended(s, 2, given_back, OUTCOME_COMPLETED, "");
    struct job_device_page *page = job_device_page(s, (struct listing){0});
    assert_int_equal(page->count, 3);
    assert_int_equal(page->rows[0].state, DEVICE_WAITING);
    assert_times(&page->rows[0], dispatch, 0);
    assert_times(&page->rows[1], dispatch, completed);
    assert_times(&page->rows[2], dispatch, 0);
    assert_text(page->rows[1].connector, "line-1");
}

static void a_removed_device_keeps_its_row_and_reads_as_deleted(void **state)
{
    struct story *s = *state;
    device_registered(s, 1, "gw-1", "North", 0);
    job_running(s, 1, 1, 1);
    device_removed(s, 1);
    uint64_t result = ended(s, 1, 0, OUTCOME_DEVICE_REMOVED, "");
    struct job_device_row *row = job_device(s);
    assert_true(row->deleted);
    assert_text(row->id, "gw-1");
    assert_text(row->display_name, REMOVED_DEVICE_NAME);
    assert_int_equal(row->outcome, OUTCOME_DEVICE_REMOVED);
    assert_times(row, 0, result);
}

/* `next` 0: this is the last page. */
static void assert_page(const struct job_device_page *page, const char *ids, uint32_t next)
{
    char got[128] = "";
    for (uint32_t i = 0; i < page->count; i++) {
        size_t size = strlen(got);
        snprintf(got + size, sizeof got - size, "%s%.*s", i ? " " : "", BYTES_ARG(page->rows[i].id));
    }
    assert_string_equal(got, ids);
    assert_int_equal(page->next.given, next != 0);
    assert_int_equal(page->next.number, next);
}

static void rows_are_filtered_by_state_outcome_and_id(void **state)
{
    struct story *s = *state;
    job_in_every_state(s);
    assert_page(job_device_page(s, (struct listing){0}), "gw-1 gw-2 gw-3 gw-4 gw-5 gw-6", 0);
    assert_page(job_device_page(s, (struct listing){.states = PENDING}), "gw-4 gw-5 gw-6", 0);
    assert_page(job_device_page(s, (struct listing){.states = 1u << DEVICE_COMPLETED}), "gw-1", 0);
    assert_page(job_device_page(s, (struct listing){.states = 1u << DEVICE_FAILED}), "gw-2 gw-3", 0);
    assert_page(job_device_page(s, (struct listing){.outcomes = 1u << OUTCOME_TIMED_OUT}), "gw-3", 0);
    assert_page(job_device_page(s, (struct listing){.id = BYTES("gw-5")}), "gw-5", 0);
    assert_page(job_device_page(s, (struct listing){.id = BYTES("gw-5"), .states = 1u << DEVICE_FAILED}), "", 0);
    assert_page(job_device_page(s, (struct listing){.id = BYTES("gw-5"), .from = at(5)}), "", 0);
    assert_page(job_device_page(s, (struct listing){.id = BYTES("gw-7")}), "", 0);
}

static void pages_of_a_job_go_on_where_the_last_one_ended(void **state)
{
    struct story *s = *state;
    job_in_every_state(s);
    assert_page(job_device_page(s, (struct listing){.limit = 4}), "gw-1 gw-2 gw-3 gw-4", 4);
    assert_page(job_device_page(s, (struct listing){.limit = 4, .from = at(4)}), "gw-5 gw-6", 0);
    assert_page(job_device_page(s, (struct listing){.limit = 1, .states = 1u << DEVICE_FAILED}), "gw-2", 2);
    assert_page(job_device_page(s, (struct listing){.limit = 1, .states = 1u << DEVICE_FAILED, .from = at(2)}), "gw-3",
                0);
    assert_page(job_device_page(s, (struct listing){.from = at(6)}), "", 0);
    assert_page(job_device_page(s, (struct listing){.from = at(UINT32_MAX)}), "", 0);
    assert_int_equal(job_device_page(s, (struct listing){.from = at(3), .limit = 1})->rows[0].batch, 2);
}

static void removed_devices_side_by_side_keep_their_rows(void **state)
{
    struct story *s = *state;
    const bool removed[] = {false, true, true, false, true, true};
    devices_registered(s, COUNT_OF(removed));
    job_running(s, 1, COUNT_OF(removed), COUNT_OF(removed));
    for (uint32_t i = 0; i < COUNT_OF(removed); i++) {
        if (removed[i]) device_removed(s, i + 1);
    }
    struct job_device_page *page = job_device_page(s, (struct listing){0});
    assert_page(page, "gw-1 gw-2 gw-3 gw-4 gw-5 gw-6", 0);
    for (uint32_t i = 0; i < COUNT_OF(removed); i++) assert_int_equal(page->rows[i].deleted, removed[i]);
}

static void the_id_of_a_removed_device_finds_its_row(void **state)
{
    struct story *s = *state;
    devices_registered(s, 3);
    job_running(s, 1, 3, 3);
    device_removed(s, 2);
    assert_page(job_device_page(s, (struct listing){.id = BYTES("gw-2")}), "gw-2", 0);
    device_registered(s, 4, "gw-2", "", 0);
    struct job_device_page *page = job_device_page(s, (struct listing){.id = BYTES("gw-2")});
    assert_page(page, "gw-2", 0);
    assert_true(page->rows[0].deleted);
}

static void a_job_without_fixed_targets_has_no_rows(void **state)
{
    struct story *s = *state;
    assert_page(job_device_page(s, (struct listing){0}), "", 0);
    devices_registered(s, 2);
    job_begun(s);
    struct bytes devices = number_range(s, 1, 2);
    given(s, (struct event){.type = EVENT_JOB_TARGETS, .job_targets = {.job = JOB, .devices = devices}});
    assert_page(job_device_page(s, (struct listing){0}), "", 0);
    assert_page(job_device_page(s, (struct listing){.id = BYTES("gw-1")}), "", 0);
}

/* The log holds another event than the one that was folded. */
static void assert_astray(struct story *s, const struct event *stored)
{
    char expected[64];
    devices_registered(s, 1);
    job_running(s, 1, 1, 1);
    uint64_t dispatch = dispatched(s, 0, 1, 1);
    uint64_t result = given_stored_as(s, result_event(1, dispatch, OUTCOME_COMPLETED, true, ""), stored);
    struct task *task = task_for(s, TASK_JOB_DEVICES);
    task->job_devices = (struct job_device_page){.job = JOB, .listing.limit = 1};
    task_run(task);
    assert_true(task->failed);
    snprintf(expected, sizeof expected, "event %d of the log, a %s,", (int)result, event_name(stored->type));
    assert_non_null(strstr(task->fault.text, expected));
}

static void an_event_that_leads_nowhere_is_named(void **state)
{
    assert_astray(*state, &(struct event){.type = EVENT_ENGINE_STOPPED});
}

static void an_event_that_leads_forward_is_named(void **state)
{
    struct event stored = result_event(1, 1000, OUTCOME_COMPLETED, true, "");
    assert_astray(*state, &stored);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(members_are_the_devices_that_the_filter_lets_through),
        STORY(members_of_another_template_are_left_out_and_counted),
        STORY(a_property_that_nobody_set_is_missing_to_a_filter),
        STORY(a_removed_device_is_no_member),
        STORY(a_filter_that_cannot_be_parsed_is_told_and_is_no_fault),
        STORY(many_members_come_in_chunks),
        STORY(a_snapshot_taken_before_sees_nothing_that_came_after),
        STORY(pages_show_each_device_once_and_end),
        STORY(a_page_that_just_fits_has_no_next),
        STORY(a_row_shows_the_device),
        STORY(a_page_with_a_bad_filter_fails),
        STORY(a_selection_pauses_when_it_has_looked_at_as_many_as_it_may),
        STORY(a_device_not_reached_is_pending_and_has_no_times),
        STORY(a_device_that_is_out_tells_since_when_and_with_whom),
        STORY(a_failed_device_tells_its_error_and_both_times),
        STORY(a_device_that_waits_for_its_next_attempt_tells_why),
        STORY(a_way_over_returns_leads_to_the_last_dispatch),
        STORY(a_removed_device_keeps_its_row_and_reads_as_deleted),
        STORY(rows_are_filtered_by_state_outcome_and_id),
        STORY(pages_of_a_job_go_on_where_the_last_one_ended),
        STORY(removed_devices_side_by_side_keep_their_rows),
        STORY(the_id_of_a_removed_device_finds_its_row),
        STORY(a_job_without_fixed_targets_has_no_rows),
        STORY(an_event_that_leads_nowhere_is_named),
        STORY(an_event_that_leads_forward_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
