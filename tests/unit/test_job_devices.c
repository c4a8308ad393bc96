/* The packed device lists: each event of a device in a job, those that cannot be, the borders of the pages, and
 * random histories against a model that is a plain array. */
#include "tests/unit/fold_story.h"

#include <time.h>

static struct job_list list_of(struct story *s, uint32_t job)
{
    const struct job_list *list = job_devices_list(live(s), job);
    assert_non_null(list);
    return *list;
}

static struct job_device device_in(struct story *s, uint32_t job, uint32_t device)
{
    struct job_device found = {0};
    assert_true(job_devices_find(live(s), job, device, &found));
    assert_int_equal(found.device, device);
    return found;
}

/* ---- Targets. */

static void a_list_counts_once_its_targets_are_fixed(void **state)
{
    struct story *s = *state;
    given_devices(s, 1, 5);
    given(s, job_created(1, "j"), job_queued(1), job_targets_begun(1), job_targets(1, these(s, 1, 3)));
    assert_int_equal(list_of(s, 1).batch_size, 0);
    assert_int_equal(job_list_batches(job_devices_list(live(s), 1)), 0);
    given(s, job_targets(1, these(s, 4, 5)), job_targets_fixed(1, 4, 3));
    assert_int_equal(list_of(s, 1).count, 4);
    assert_int_equal(job_list_batches(job_devices_list(live(s), 1)), 2);
    assert_int_equal(device_in(s, 1, 4).position, 2);
    assert_false(job_devices_find(live(s), 1, 2, &(struct job_device){0}));
}

static void a_second_reading_voids_the_first(void **state)
{
    struct story *s = *state;
    given_devices(s, 1, 600);
    given(s, job_created(1, "j"), job_queued(1), job_targets_begun(1), job_targets(1, from_to(s, 1, 600)));
    commit(s);
    given(s, job_targets_begun(1), job_targets(1, these(s, 7, 8)), job_targets_fixed(1, 2, 2));
    assert_int_equal(list_of(s, 1).count, 2);
    assert_false(job_devices_find(live(s), 1, 600, &(struct job_device){0}));
}

static void targets_that_cannot_be_are_named(void **state)
{
    struct story *s = *state;
    given_devices(s, 1, 5);
    given(s, job_created(1, "j"), job_queued(1));
    then_illegal(s, job_targets_begun(0), "no job 0");
    then_illegal(s, job_targets(1, these(s, 1)), "were not begun");
    then_illegal(s, job_targets_fixed(1, 0, 1), "were not begun");
    given(s, job_targets_begun(1));
    then_illegal(s, job_targets(1, these(s, 3, 2)), "device 2 does not follow device 3");
    then_illegal(s, job_targets(1, these(s, 3, 3)), "device 3 does not follow device 3");
    then_illegal(s, job_targets(1, these(s, 5, 6)), "device 6, a target of job 1, was never registered");
    given(s, job_targets(1, these(s, 3)));
    then_illegal(s, job_targets(1, these(s, 2)), "device 2 does not follow device 3");
    then_illegal(s, job_targets_fixed(1, 2, 1), "job 1 has 1 targets, not 2");
    then_illegal(s, job_targets_fixed(1, 1, 0), "batches of no devices");
    then_illegal(s, batch_dispatched(1, 0, 1, these(s, 3), BYTES_NONE), "are not fixed");
    given(s, job_targets_fixed(1, 1, 1));
    then_illegal(s, job_targets(1, these(s, 4)), "are fixed");
    then_illegal(s, job_targets_begun(1), "are fixed");
    then_illegal(s, job_targets_fixed(1, 1, 1), "are fixed");
}

/* ---- One device. */

static void a_dispatched_device_is_out(void **state)
{
    struct story *s = *state;
    given_devices(s, 1, 3);
    given_running(s, 1, "j", 1, 3, 3);
    given(s, batch_dispatched(1, 0, 1, these(s, 1, 2), BYTES_NONE));
    struct job_device device = device_in(s, 1, 2);
    assert_int_equal(device.state, DEVICE_OUT);
    assert_int_equal(device.attempt, 1);
    assert_int_equal(device.last, s->count);
    assert_int_equal(list_of(s, 1).out, 2);
    assert_int_equal(list_of(s, 1).cursor, 2);
    assert_int_equal(device_in(s, 1, 3).state, DEVICE_WAITING);
}

static void a_result_ends_a_device(void **state)
{
    struct story *s = *state;
    given_devices(s, 1, 3);
    given_running(s, 1, "j", 1, 3, 3);
    given(s, batch_dispatched(1, 0, 1, these(s, 1, 2, 3), BYTES_NONE));
    uint64_t dispatch = s->count;
    given(s, device_result(1, 2, dispatch, OUTCOME_COMPLETED, true),
          device_result(1, 3, dispatch, OUTCOME_TIMED_OUT, true));
    assert_int_equal(device_in(s, 1, 2).state, DEVICE_COMPLETED);
    assert_int_equal(device_in(s, 1, 3).state, DEVICE_FAILED);
    assert_int_equal(device_in(s, 1, 3).outcome, OUTCOME_TIMED_OUT);
    assert_int_equal(device_in(s, 1, 3).last, s->count);
    struct job_list list = list_of(s, 1);
    assert_int_equal(list.out, 1);
    assert_int_equal(list.completed, 1);
    assert_int_equal(list.failed, 1);
    assert_int_equal(list.batch_completed, 1);
    assert_int_equal(list.batch_failed, 1);
    assert_int_equal(list.removed, 0);
}

static void a_failure_that_does_not_end_makes_it_wait_again(void **state)
{
    struct story *s = *state;
    given_devices(s, 1, 3);
    given_running(s, 1, "j", 1, 3, 3);
    given(s, batch_dispatched(1, 0, 1, these(s, 1, 2, 3), BYTES_NONE));
    given(s, device_result(1, 2, s->count, OUTCOME_FAILED, false));
    uint64_t failure = s->count;
    struct job_device device = device_in(s, 1, 2);
    assert_int_equal(device.state, DEVICE_WAITING);
    assert_int_equal(device.outcome, OUTCOME_FAILED);
    assert_int_equal(device.failures, 1);
    assert_int_equal(list_of(s, 1).behind, 1);
    assert_int_equal(list_of(s, 1).behind_from, 1);
    given(s, batch_dispatched(1, 0, 2, these(s, 2), these(s, failure)));
    assert_int_equal(device_in(s, 1, 2).attempt, 2);
    assert_int_equal(list_of(s, 1).behind, 0);
    assert_int_equal(list_of(s, 1).behind_from, 3);
}

static void returned_devices_wait_and_may_still_complete(void **state)
{
    struct story *s = *state;
    given_devices(s, 1, 4);
    given_running(s, 1, "j", 1, 4, 4);
    given(s, batch_dispatched(1, 0, 1, these(s, 1, 2, 3), BYTES_NONE));
    given(s, devices_returned(1, s->count, these(s, 1, 3)));
    uint64_t returned = s->count;
    assert_int_equal(list_of(s, 1).out, 1);
    assert_int_equal(list_of(s, 1).behind, 2);
    given(s, device_result(1, 1, returned, OUTCOME_COMPLETED, true));
    assert_int_equal(list_of(s, 1).behind, 1);
    assert_int_equal(list_of(s, 1).behind_from, 2);
    given(s, device_result(1, 3, returned, OUTCOME_FAILED, false));
    assert_int_equal(list_of(s, 1).behind, 1);
}

static void a_dispatch_that_passes_waiting_devices_leaves_them_behind(void **state)
{
    struct story *s = *state;
    given_devices(s, 1, 6);
    given_running(s, 1, "j", 1, 6, 6);
    given(s, batch_dispatched(1, 0, 1, these(s, 2, 5), BYTES_NONE));
    struct job_list list = list_of(s, 1);
    assert_int_equal(list.cursor, 5);
    assert_int_equal(list.behind, 3);
    assert_int_equal(list.behind_from, 0);
    given(s, batch_dispatched(1, 0, 2, these(s, 1, 3, 4, 6), BYTES_NONE));
    assert_int_equal(list_of(s, 1).behind, 0);
    assert_int_equal(list_of(s, 1).cursor, 6);
}

static void dispatches_that_cannot_be_are_named(void **state)
{
    struct story *s = *state;
    given_devices(s, 1, 5);
    given_running(s, 1, "j", 1, 4, 2);
    then_illegal(s, batch_dispatched(1, 1, 1, these(s, 3), BYTES_NONE), "batch 1 of job 1 is not the current one, 0");
    then_illegal(s, batch_dispatched(1, 0, 1, these(s, 3), BYTES_NONE), "is not in the batch");
    then_illegal(s, batch_dispatched(1, 0, 1, these(s, 5), BYTES_NONE), "device 5 of job 1 is not in its list");
    then_illegal(s, batch_dispatched(1, 0, 0, these(s, 1), BYTES_NONE), "had an attempt with this number");
    then_illegal(s, batch_dispatched(1, 0, 1, these(s, 1, 1), BYTES_NONE), "does not wait");
    then_illegal(s, batch_dispatched(1, 0, 1, these(s, 1), these(s, 9)), "had another event last");
    then_illegal(s, batch_dispatched(1, 0, 1, these(s, 1, 2), these(s, 0)), "without its previous event");
    then_illegal(s, batch_dispatched(1, 0, 1, these(s, 1), these(s, 0, 0)), "more previous events than devices");
    given(s, job_stopped(1));
    then_illegal(s, batch_dispatched(1, 0, 1, these(s, 1), BYTES_NONE), "does not run");
    given(s, job_resumed(1), job_continued(1), batch_dispatched(1, 0, 1, these(s, 1), BYTES_NONE));
    uint64_t dispatch = s->count;
    then_illegal(s, devices_returned(1, dispatch - 1, these(s, 1)), "is not out with the dispatch");
    then_illegal(s, devices_returned(1, dispatch, these(s, 2)), "is not out with the dispatch");
    given(s, devices_returned(1, dispatch, these(s, 1)));
    then_illegal(s, batch_dispatched(1, 0, 1, these(s, 1), these(s, s->count)), "had an attempt with this number");
    then_illegal(s, batch_dispatched(1, 0, 2, these(s, 1), BYTES_NONE), "had another event last");
}

static void results_that_cannot_be_are_named(void **state)
{
    struct story *s = *state;
    given_devices(s, 1, 5);
    then_illegal(s, device_result(1, 1, 0, OUTCOME_COMPLETED, true), "the targets of job 1 are not fixed");
    given_running(s, 1, "j", 1, 4, 2);
    given(s, batch_dispatched(1, 0, 1, these(s, 1), BYTES_NONE));
    uint64_t dispatch = s->count;
    then_illegal(s, device_result(1, 5, dispatch, OUTCOME_COMPLETED, true), "is not in its list");
    then_illegal(s, device_result(1, 1, dispatch - 1, OUTCOME_COMPLETED, true), "had another event last");
    then_illegal(s, device_result(1, 1, dispatch, OUTCOME_COMPLETED, false), "completed without an end");
    then_illegal(s, device_result(1, 1, dispatch, OUTCOME_NONE, true), "unknown outcome");
    then_illegal(s, device_result(1, 1, dispatch, OUTCOME_DEVICE_REMOVED + 1, true), "unknown outcome");
    given(s, device_result(1, 1, dispatch, OUTCOME_FAILED, true));
    then_illegal(s, device_result(1, 1, s->count, OUTCOME_COMPLETED, true), "has an end already");
}

static void a_late_result_changes_nothing(void **state)
{
    struct story *s = *state;
    given_devices(s, 1, 2);
    given_running(s, 1, "j", 1, 2, 2);
    given(s, batch_dispatched(1, 0, 1, these(s, 1), BYTES_NONE));
    given(s, device_result(1, 1, s->count, OUTCOME_FAILED, true));
    struct dump before = dump_of(live(s));
    given(s,
          (struct event){.type = EVENT_LATE_RESULT,
                         .late_result = {.job = 1, .device = 1, .previous = s->count, .outcome = OUTCOME_COMPLETED}});
    struct dump after = dump_of(live(s));
    assert_int_equal(before.size, after.size);
    assert_memory_equal(before.data, after.data, after.size);
    free(before.data);
    free(after.data);
}

/* ---- Batches. */

static void a_batch_ends_when_every_device_of_it_has_an_end(void **state)
{
    struct story *s = *state;
    given_devices(s, 1, 5);
    given_running(s, 1, "j", 1, 5, 2);
    given(s, batch_dispatched(1, 0, 1, these(s, 1, 2), BYTES_NONE));
    uint64_t dispatch = s->count;
    given(s, device_result(1, 1, dispatch, OUTCOME_COMPLETED, true));
    then_illegal(s, batch_ended(1, 0, 1, 0), "devices without an end");
    given(s, device_result(1, 2, dispatch, OUTCOME_FAILED, true));
    then_illegal(s, batch_ended(1, 1, 1, 1), "is not the current one");
    then_illegal(s, batch_ended(1, 0, 2, 0), "1 devices completed and 1 failed, not 2 and 0");
    given(s, batch_ended(1, 0, 1, 1));
    struct job_list list = list_of(s, 1);
    assert_int_equal(list.batch, 1);
    assert_int_equal(list.batch_completed + list.batch_failed, 0);
    assert_int_equal(job_list_batch_begin(&list), 2);
    assert_int_equal(job_list_batch_end(&list), 4);
    assert_int_equal(list.completed, 1);
}

static void devices_removed_before_their_turn_count_in_their_batch(void **state)
{
    struct story *s = *state;
    given_devices(s, 1, 6);
    given_running(s, 1, "j", 1, 6, 2);
    given(s, device_result(1, 4, 0, OUTCOME_DEVICE_REMOVED, true), device_result(1, 6, 0, OUTCOME_EXPIRED, true),
          device_result(1, 2, 0, OUTCOME_DEVICE_REMOVED, true));
    assert_int_equal(list_of(s, 1).ended_ahead, 2);
    assert_int_equal(list_of(s, 1).batch_removed, 1);
    given(s, batch_dispatched(1, 0, 1, these(s, 1), BYTES_NONE));
    given(s, device_result(1, 1, s->count, OUTCOME_COMPLETED, true), batch_ended(1, 0, 1, 1));
    struct job_list list = list_of(s, 1);
    assert_int_equal(list.ended_ahead, 1);
    assert_int_equal(list.cursor, 2);
    assert_int_equal(list.batch_failed, 1);
    assert_int_equal(list.batch_removed, 1);
    given(s, batch_dispatched(1, 1, 1, these(s, 3), BYTES_NONE));
    given(s, device_result(1, 3, s->count, OUTCOME_COMPLETED, true), batch_ended(1, 1, 1, 1));
    assert_int_equal(list_of(s, 1).ended_ahead, 0);
    assert_int_equal(list_of(s, 1).batch_failed, 1);
    assert_int_equal(list_of(s, 1).batch_removed, 0);
    given(s, batch_dispatched(1, 2, 1, these(s, 5), BYTES_NONE));
    given(s, device_result(1, 5, s->count, OUTCOME_COMPLETED, true), batch_ended(1, 2, 1, 1), job_completed(1));
    assert_int_equal(list_of(s, 1).batch, 3);
    assert_int_equal(list_of(s, 1).removed, 2);
    then_illegal(s, batch_ended(1, 3, 0, 0), "is not the current one");
}

/* ---- Reading. */

static void a_scan_looks_at_no_more_than_its_steps(void **state)
{
    struct story *s = *state;
    uint32_t position = 0;
    given_devices(s, 1, 600);
    given_running(s, 1, "j", 1, 600, 600);
    given(s, batch_dispatched(1, 0, 1, these(s, 400, 550), BYTES_NONE));
    assert_false(job_devices_scan(live(s), 1, DEVICE_OUT, 600, 300, &position));
    assert_int_equal(position, 300);
    assert_true(job_devices_scan(live(s), 1, DEVICE_OUT, 600, 100, &position));
    assert_int_equal(position, 399);
    position++;
    assert_true(job_devices_scan(live(s), 1, DEVICE_OUT, UINT32_MAX, UINT32_MAX, &position));
    assert_int_equal(position, 549);
    position++;
    assert_false(job_devices_scan(live(s), 1, DEVICE_OUT, 600, 1000, &position));
    assert_int_equal(position, 600);
    assert_false(job_devices_scan(live(s), 2, DEVICE_OUT, 600, 1000, &position));
}

static void lists_at_the_borders_of_pages_are_whole(void **state)
{
    struct story *s = *state;
    static const uint32_t SIZES[] = {1, 254, 255, 256, 509, 510, 511, 765};
    given_devices(s, 1, 1600);
    for (uint32_t i = 0; i < COUNT_OF(SIZES); i++) {
        uint32_t job = i + 1, half = SIZES[i] / 2;
        char id[16];
        snprintf(id, sizeof id, "j-%u", job);
        given(s, job_created(job, arena_text(&s->arena, bytes_of_text(id))), job_queued(job), job_targets_begun(job),
              job_targets(job, from_to(s, 100, 99 + half)));
        if (i % 2) commit(s);
        given(s, job_targets(job, from_to(s, 100 + half, 99 + SIZES[i])), job_targets_fixed(job, SIZES[i], 1000));
        given(s, batch_dispatched(job, 0, 1, from_to(s, 100, 99 + SIZES[i]), BYTES_NONE));
        for (uint32_t position = 0; position < SIZES[i]; position++) {
            assert_int_equal(device_in(s, job, 100 + position).position, position);
            assert_int_equal(job_devices_at(live(s), job, position).device, 100 + position);
        }
        assert_false(job_devices_find(live(s), job, 99, &(struct job_device){0}));
        assert_false(job_devices_find(live(s), job, 100 + SIZES[i], &(struct job_device){0}));
    }
}

/* ---- Random histories against a model. */

enum { MODEL_MAX = 100000 };

struct model_device {
    uint64_t last;
    uint32_t number;
    uint32_t attempt;
    uint32_t failures;
    enum device_state state;
    enum device_outcome outcome;
};

struct model {
    struct story *s;
    uint64_t random;
    uint32_t job, count, batch_size, batch, cursor, attempts;
    struct model_device devices[MODEL_MAX];
};

static uint32_t below(struct model *m, uint32_t bound)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return (uint32_t)((m->random >> 16) % bound);
}

static uint32_t batch_end(const struct model *m)
{
    return MIN((m->batch + 1) * m->batch_size, m->count);
}

static void model_check_device(struct model *m, struct view *v, uint32_t position)
{
    const struct model_device *expected = &m->devices[position];
    struct job_device found = {0};
    assert_true(job_devices_find(v, m->job, expected->number, &found));
    assert_int_equal(found.position, position);
    assert_int_equal(found.state, expected->state);
    assert_int_equal(found.outcome, expected->outcome);
    assert_int_equal(found.last, expected->last);
    assert_int_equal(found.attempt, expected->attempt);
    assert_int_equal(found.failures, expected->failures);
}

/* The sums, counted anew. */
static struct job_list model_list(const struct model *m)
{
    struct job_list list = {.job = m->job,
                            .count = m->count,
                            .batch_size = m->batch_size,
                            .batch = m->batch,
                            .cursor = m->cursor,
                            .behind_from = m->cursor};
    for (uint32_t i = m->count; i-- > 0;) {
        const struct model_device *d = &m->devices[i];
        bool failed = d->state == DEVICE_FAILED, completed = d->state == DEVICE_COMPLETED;
        bool removed = failed && d->outcome == OUTCOME_DEVICE_REMOVED;
        bool current = i >= m->batch * m->batch_size && i < batch_end(m);
        list.out += d->state == DEVICE_OUT;
        list.completed += completed;
        list.failed += failed;
        list.removed += removed;
        list.batch_completed += current && completed;
        list.batch_failed += current && failed;
        list.batch_removed += current && removed;
        list.ended_ahead += i >= batch_end(m) && (failed || completed);
        if (d->state != DEVICE_WAITING || i >= m->cursor) continue;
        list.behind++;
        list.behind_from = i;
    }
    /* Nobody reran it. */
    list.merged_completed = list.completed;
    list.merged_failed = list.failed;
    return list;
}

static void model_check_list(struct model *m, struct view *v)
{
    struct job_list expected = model_list(m), found = *job_devices_list(v, m->job);
    assert_true(found.behind_from <= expected.behind_from);
    if (expected.behind == 0) assert_int_equal(found.behind_from, expected.behind_from);
    found.behind_from = expected.behind_from;
    assert_memory_equal(&found, &expected, sizeof found);
}

static void model_dispatch(struct model *m)
{
    struct numbers_writer devices = {.buffer = {.arena = &m->s->arena}};
    struct numbers_writer previous = {.buffer = {.arena = &m->s->arena}};
    uint32_t begin = m->batch * m->batch_size, end = batch_end(m);
    uint32_t wanted = 1 + below(m, 64), skip = below(m, 4) == 0 ? 1 + below(m, 5) : 1;
    uint64_t seq = m->s->count + 1;
    m->attempts++;
    for (uint32_t i = begin + below(m, skip); i < end && devices.count < wanted; i += skip) {
        struct model_device *d = &m->devices[i];
        if (d->state != DEVICE_WAITING) continue;
        numbers_add(&devices, d->number);
        numbers_add(&previous, d->last);
        d->state = DEVICE_OUT;
        d->attempt = m->attempts;
        d->last = seq;
        m->cursor = MAX(m->cursor, i + 1);
    }
    if (devices.count == 0) return;
    given(m->s, batch_dispatched(m->job, m->batch, m->attempts, numbers_bytes(&devices), numbers_bytes(&previous)));
}

/* A device without an end, out or back again, gets a result; now and then one whose turn has not come. */
static void model_result(struct model *m)
{
    uint32_t reach = below(m, 50) == 0 ? m->count : m->cursor, begin = m->batch * m->batch_size;
    if (reach <= begin) return;
    uint32_t position = begin + below(m, reach - begin);
    struct model_device *d = &m->devices[position];
    if (device_has_end(d->state)) return;
    bool unreached = d->attempt == 0, ends = unreached || below(m, 4) || d->failures > 200;
    enum device_outcome outcome = unreached ? OUTCOME_DEVICE_REMOVED : (enum device_outcome)(1 + below(m, 4));
    if (!ends && outcome == OUTCOME_COMPLETED) outcome = OUTCOME_TIMED_OUT;
    given(m->s, device_result(m->job, d->number, d->last, outcome, ends));
    d->state = !ends ? DEVICE_WAITING : outcome == OUTCOME_COMPLETED ? DEVICE_COMPLETED : DEVICE_FAILED;
    d->outcome = outcome;
    d->failures += !ends;
    d->last = m->s->count;
}

static void model_return(struct model *m)
{
    struct numbers_writer devices = {.buffer = {.arena = &m->s->arena}};
    uint32_t begin = m->batch * m->batch_size;
    if (m->cursor <= begin) return;
    uint32_t from = begin + below(m, m->cursor - begin);
    if (m->devices[from].state != DEVICE_OUT) return;
    uint64_t dispatch = m->devices[from].last;
    for (uint32_t i = from; i < batch_end(m) && i < from + 100; i++) {
        struct model_device *d = &m->devices[i];
        if (d->state != DEVICE_OUT || d->last != dispatch) continue;
        numbers_add(&devices, d->number);
        d->state = DEVICE_WAITING;
        d->last = m->s->count + 1;
    }
    given(m->s, devices_returned(m->job, dispatch, numbers_bytes(&devices)));
}

static void model_end_batch(struct model *m)
{
    struct job_list list = model_list(m);
    uint32_t begin = m->batch * m->batch_size, end = batch_end(m);
    if (begin >= m->count || list.batch_completed + list.batch_failed < end - begin) return;
    given(m->s, batch_ended(m->job, m->batch, list.batch_completed, list.batch_failed));
    m->cursor = MAX(m->cursor, end);
    m->batch++;
}

/* Devices with gaps between them, the job's targets in chunks. */
static void model_begin(struct model *m, uint32_t count, uint32_t batch_size, uint32_t gap)
{
    uint32_t number = 1;
    m->count = count;
    m->batch_size = batch_size;
    m->job = 1;
    for (uint32_t i = 0; i < count; i++, number += 1 + (gap ? below(m, gap) : 0)) m->devices[i].number = number;
    given_devices(m->s, 1, number);
    given(m->s, job_created(1, "j"), job_queued(1), job_targets_begun(1));
    for (uint32_t i = 0; i < count;) {
        struct numbers_writer chunk = {.buffer = {.arena = &m->s->arena}};
        uint32_t size = 1 + below(m, 4096);
        for (; size > 0 && i < count; size--, i++) numbers_add(&chunk, m->devices[i].number);
        given(m->s, job_targets(1, numbers_bytes(&chunk)));
    }
    given(m->s, job_targets_fixed(1, count, batch_size));
}

static struct model *model_new(struct story *s, uint64_t seed)
{
    struct model *m = calloc(1, sizeof *m);
    m->s = s;
    m->random = seed;
    print_message("seed %llu\n", (unsigned long long)seed);
    return m;
}

static uint64_t fresh_seed(void)
{
    const char *given_seed = getenv("SEED");
    return given_seed ? strtoull(given_seed, NULL, 10) : (uint64_t)time(NULL) * 2 + 1;
}

static void model_step(struct model *m)
{
    uint32_t what = below(m, 1000);
    if (what < 50) model_dispatch(m);
    else if (what < 970) model_result(m);
    else if (what < 985) model_return(m);
    else if (what < 990) model_end_batch(m);
    else if (what < 995) commit(m->s);
    else if (what == 995) abort_and_catch_up(m->s);
    else model_check_list(m, live(m->s));
}

static void a_random_history_is_folded_as_the_model_says(void **state)
{
    struct model *m = model_new(*state, fresh_seed());
    model_begin(m, 3000, 700, 5);
    for (unsigned i = 0; i < 40000; i++) model_step(m);
    model_check_list(m, live(m->s));
    for (uint32_t i = 0; i < m->count; i++) model_check_device(m, live(m->s), i);
    assert_true(m->batch >= 2);
    free(m);
}

static void results_of_100000_devices_in_random_order_are_kept(void **state)
{
    struct story *s = *state;
    struct model *m = model_new(s, fresh_seed());
    model_begin(m, MODEL_MAX, MODEL_MAX, 3);
    struct numbers_writer all = {.buffer = {.arena = &s->arena}};
    for (uint32_t i = 0; i < m->count; i++) numbers_add(&all, m->devices[i].number);
    given(s, batch_dispatched(1, 0, 1, numbers_bytes(&all), BYTES_NONE));
    for (uint32_t i = 0; i < m->count; i++) {
        m->devices[i] =
            (struct model_device){.number = m->devices[i].number, .last = s->count, .attempt = 1, .state = DEVICE_OUT};
    }
    m->cursor = m->count;
    for (unsigned i = 0; i < 150000; i++) {
        model_result(m);
        if (i % 50000 == 49999) commit(s);
    }
    model_check_list(m, live(s));
    for (uint32_t i = 0; i < m->count; i++) model_check_device(m, live(s), i);
    /* A snapshot finds the same without the cache. */
    commit(s);
    struct view *snapshot = snapshot_open(&s->p);
    model_check_list(m, snapshot);
    for (uint32_t i = 0; i < m->count; i++) model_check_device(m, snapshot, i);
    assert_false(snapshot_failed(snapshot));
    snapshot_close(snapshot);
    free(m);
}

/* More pages than the cache has frames: those taken longest ago are written back and read again. */
static void a_list_larger_than_the_cache_is_kept(void **state)
{
    struct story *s = *state;
    enum { DEVICES = 4200 * 255, STEP = 255, ROUNDS = 2 };
    struct event event = device_registered(0, "");
    char id[16];
    for (uint32_t number = 1; number <= DEVICES; number++) {
        struct sentence why;
        snprintf(id, sizeof id, "%u", number);
        event.device_registered.number = number;
        event.device_registered.id = bytes_of_text(id);
        event.seq = projections_head(&s->p) + 1;
        assert_int_equal(projections_apply(&s->p, &event, &why), FOLD_OK);
    }
    commit(s);
    /* The devices are not part of the history: it is too long to be told again by story_end. */
    struct sentence why;
    struct event events[] = {job_created(1, "j"),
                             job_queued(1),
                             job_targets_begun(1),
                             job_targets(1, from_to(s, 1, DEVICES)),
                             job_targets_fixed(1, DEVICES, DEVICES),
                             batch_dispatched(1, 0, 1, from_to(s, 1, DEVICES), BYTES_NONE)};
    for (size_t i = 0; i < COUNT_OF(events); i++) {
        events[i].seq = projections_head(&s->p) + 1;
        assert_int_equal(projections_apply(&s->p, &events[i], &why), FOLD_OK);
    }
    uint64_t dispatch = projections_head(&s->p);
    commit(s);
    assert_int_equal(device_in(s, 1, 1).state, DEVICE_OUT);
    for (uint32_t offset = 1; offset <= ROUNDS; offset++) {
        for (uint32_t device = offset; device <= DEVICES; device += STEP) {
            struct event result = device_result(1, device, dispatch, OUTCOME_COMPLETED, true);
            result.seq = projections_head(&s->p) + 1;
            assert_int_equal(projections_apply(&s->p, &result, &why), FOLD_OK);
        }
        assert_int_equal(device_in(s, 1, offset).state, DEVICE_COMPLETED);
    }
    assert_int_equal(list_of(s, 1).completed, ROUNDS * 4200);
    assert_int_equal(device_in(s, 1, DEVICES).state, DEVICE_OUT);
    projections_close(&s->p, false);
}

/* More lists than are kept over a commit: those nobody asked for are forgotten, and read again when they are needed. */
static void many_lists_come_and_go(void **state)
{
    struct story *s = *state;
    enum { JOBS = 150, DEVICES = 300, DISPATCHED = 5 };
    uint64_t dispatches[JOBS + 1];
    given_devices(s, 1, DEVICES);
    for (uint32_t job = 1; job <= JOBS; job++) {
        char id[16];
        snprintf(id, sizeof id, "j-%u", job);
        given_running(s, job, arena_text(&s->arena, bytes_of_text(id)), 1, DEVICES, DEVICES);
        given(s, batch_dispatched(job, 0, 1, from_to(s, 1, DEVICES), BYTES_NONE));
        dispatches[job] = s->count;
        if (job % 20 == 0) commit(s);
    }
    for (uint32_t device = 1; device <= DISPATCHED; device++) {
        for (uint32_t job = 1; job <= JOBS; job++) {
            assert_int_equal(device_in(s, job, device).state, DEVICE_OUT);
            given(s, device_result(job, device, dispatches[job], OUTCOME_FAILED, true));
            if (job % 7 == 0) commit(s);
            assert_int_equal(device_in(s, job, device).state, DEVICE_FAILED);
        }
    }
    for (uint32_t job = 1; job <= JOBS; job++) assert_int_equal(list_of(s, job).failed, DISPATCHED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_list_counts_once_its_targets_are_fixed),
        STORY(a_second_reading_voids_the_first),
        STORY(targets_that_cannot_be_are_named),
        STORY(a_dispatched_device_is_out),
        STORY(a_result_ends_a_device),
        STORY(a_failure_that_does_not_end_makes_it_wait_again),
        STORY(returned_devices_wait_and_may_still_complete),
        STORY(a_dispatch_that_passes_waiting_devices_leaves_them_behind),
        STORY(dispatches_that_cannot_be_are_named),
        STORY(results_that_cannot_be_are_named),
        STORY(a_late_result_changes_nothing),
        STORY(a_batch_ends_when_every_device_of_it_has_an_end),
        STORY(devices_removed_before_their_turn_count_in_their_batch),
        STORY(a_scan_looks_at_no_more_than_its_steps),
        STORY(lists_at_the_borders_of_pages_are_whole),
        STORY(a_random_history_is_folded_as_the_model_says),
        STORY(results_of_100000_devices_in_random_order_are_kept),
        STORY(a_list_larger_than_the_cache_is_kept),
        STORY(many_lists_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
