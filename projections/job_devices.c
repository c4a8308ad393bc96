/* Each job's devices: what became of every one of them, and the sums.
 *
 *                 BATCH_DISPATCHED              DEVICE_RESULT, ends
 *     WAITING ------------------------> OUT -------------------------> COMPLETED, FAILED
 *        ^ |                             |                                 ^
 *        | |      DEVICES_RETURNED,      |                                 |
 *        | |      DEVICE_RESULT          |                                 |
 *        +-|-----------------------------+                                 |
 *          +---------------------------------------------------------------+
 *                 DEVICE_RESULT, ends: late, expired, or the device was removed
 *
 * A device that waits and expired stays WAITING when its DEVICE_RESULT does not end it: it has used up a retry.
 */
#include "projections/job_devices.h"

#include "engine/events/numbers.h"
#include "projections/devices.h"
#include "projections/packed.h"
#include "projections/reruns.h"

enum {
    /* Records that one event looks at, at most, to move behind_from up: it stays a lower bound. */
    BEHIND_STEPS_MAX = 1024,
    FAILURES_MAX = UINT8_MAX,
};

static const char *const OUTCOME_WORDS[] = {
    [OUTCOME_NONE] = "none",
    [OUTCOME_COMPLETED] = "completed",
    [OUTCOME_FAILED] = "failed",
    [OUTCOME_REJECTED] = "rejected",
    [OUTCOME_TIMED_OUT] = "timed_out",
    [OUTCOME_EXPIRED] = "expired",
    [OUTCOME_DEVICE_REMOVED] = "device_removed",
};

const char *outcome_word(enum device_outcome outcome)
{
    ASSERT((size_t)outcome < COUNT_OF(OUTCOME_WORDS));
    return OUTCOME_WORDS[outcome];
}

/* ---- The list grows, until its targets are fixed. */

static enum fold_result targets_begun(struct view *v, const struct event *e, struct sentence *why)
{
    struct rerun rerun;
    uint32_t job = e->job_targets_begun.job;
    if (job == 0) return fold_illegal(why, "there is no job 0");
    struct list *list = packed_list(v, job);
    if (list && list->head.batch_size) return fold_illegal(why, "the targets of job %u are fixed", job);
    list = packed_begin(v, job);
    if (list && reruns_get(v, job, &rerun)) list->head.first = rerun.first;
    return fold_stored(list != NULL);
}

static enum fold_result list_unfixed(struct view *v, uint32_t job, struct list **list, struct sentence *why)
{
    *list = packed_list(v, job);
    if (!*list) return fold_illegal(why, "the targets of job %u were not begun", job);
    if ((*list)->head.batch_size) return fold_illegal(why, "the targets of job %u are fixed", job);
    return FOLD_OK;
}

static enum fold_result targets(struct view *v, const struct event *e, struct sentence *why)
{
    struct list *list;
    struct numbers devices = numbers_of(e->job_targets.devices);
    if (list_unfixed(v, e->job_targets.job, &list, why) != FOLD_OK) return FOLD_ILLEGAL;
    uint64_t last = packed_last_device(v, list), next_number = devices_next_number(v);
    for (uint64_t device; numbers_next(&devices, &device); last = device) {
        if (device <= last) {
            return fold_illegal(why, "device %llu does not follow device %llu in the targets of job %u",
                                (unsigned long long)device, (unsigned long long)last, list->head.job);
        }
        if (device >= next_number) {
            return fold_illegal(why, "device %llu, a target of job %u, was never registered",
                                (unsigned long long)device, list->head.job);
        }
        if (!packed_append(v, list, (uint32_t)device)) return FOLD_FAULT;
    }
    return FOLD_OK;
}

static enum fold_result targets_fixed(struct view *v, const struct event *e, struct sentence *why)
{
    struct list *list;
    uint32_t job = e->job_targets_fixed.job, total = e->job_targets_fixed.total;
    if (list_unfixed(v, job, &list, why) != FOLD_OK) return FOLD_ILLEGAL;
    if (total != list->head.count) {
        return fold_illegal(why, "job %u has %u targets, not %u", job, list->head.count, total);
    }
    if (e->job_targets_fixed.batch_size == 0) return fold_illegal(why, "job %u has batches of no devices", job);
    list->head.batch_size = e->job_targets_fixed.batch_size;
    list->changed = true;
    return FOLD_OK;
}

/* ---- The sums. */

static enum fold_result list_fixed(struct view *v, uint32_t job, struct list **list, struct sentence *why)
{
    *list = packed_list(v, job);
    if (*list && (*list)->head.batch_size) return FOLD_OK;
    return fold_illegal(why, "the targets of job %u are not fixed", job);
}

/* Counts those in the state from position `at` to before `end`; *first is the first of them. */
static uint32_t count_state(struct view *v, const struct job_list *head, enum device_state state, uint32_t at,
                            uint32_t end, uint32_t *first)
{
    uint32_t count = 0;
    while (job_devices_scan(v, head->job, state, end, end - MIN(at, end), &at)) {
        if (count++ == 0) *first = at;
        at++;
    }
    return count;
}

static void wait_behind(struct job_list *head, uint32_t position)
{
    if (position >= head->cursor) return;
    head->behind++;
    head->behind_from = MIN(head->behind_from, position);
}

/* The device's state is about to be another one. */
static void leave(struct job_list *head, enum device_state state, uint32_t position)
{
    if (state == DEVICE_OUT) head->out--;
    else if (position < head->cursor) head->behind--;
}

/* A device at this position waits no more: the bound may move up when nothing before it waits. */
static void behind_settle(struct view *v, struct job_list *head, uint32_t position)
{
    if (head->behind == 0) head->behind_from = head->cursor;
    else if (position >= head->behind_from) {
        job_devices_scan(v, head->job, DEVICE_WAITING, head->cursor, BEHIND_STEPS_MAX, &head->behind_from);
    }
}

/* Hands out the device at the cursor or after it; those between that wait are behind from now on. */
static void cursor_pass(struct view *v, struct job_list *head, uint32_t position)
{
    uint32_t from = head->cursor, first = 0;
    head->cursor = position + 1;
    if (from == position) return;
    uint32_t passed = count_state(v, head, DEVICE_WAITING, from, position, &first);
    if (passed > 0 && head->behind == 0) head->behind_from = first;
    head->behind += passed;
}

/* ---- Dispatch and return. */

static enum fold_result device_illegal(struct sentence *why, uint32_t job, uint64_t device, const char *what)
{
    return fold_illegal(why, "device %llu of job %u %s", (unsigned long long)device, job, what);
}

static enum fold_result not_in_list(const struct view *v, struct sentence *why, uint32_t job, uint64_t device)
{
    if (v->fault != PROJECTIONS_OK) return FOLD_FAULT;
    return device_illegal(why, job, device, "is not in its list");
}

static struct packed *find(struct view *v, struct list *list, uint64_t device, uint32_t *position)
{
    return device <= UINT32_MAX ? packed_find(v, list, (uint32_t)device, position) : NULL;
}

static enum fold_result dispatch_one(struct view *v, struct list *list, const struct event *e, uint64_t device,
                                     uint64_t previous, struct sentence *why)
{
    struct job_list *head = &list->head;
    uint32_t position, attempt = e->batch_dispatched.attempt;
    struct packed *record = find(v, list, device, &position);
    if (!record) return not_in_list(v, why, head->job, device);
    if (position < job_list_batch_begin(head) || position >= job_list_batch_end(head)) {
        return device_illegal(why, head->job, device, "is not in the batch that is dispatched");
    }
    if (packed_state(record) != DEVICE_WAITING) return device_illegal(why, head->job, device, "does not wait");
    if (packed_attempt(record) >= attempt) {
        return device_illegal(why, head->job, device, "had an attempt with this number");
    }
    if (packed_last(record) != previous) {
        return device_illegal(why, head->job, device, "had another event last than its dispatch says");
    }
    packed_set_state(record, DEVICE_OUT, packed_outcome(record));
    packed_set_attempt(record, attempt);
    packed_set_last(record, e->seq);
    head->out++;
    if (position < head->cursor) head->behind--;
    else cursor_pass(v, head, position);
    behind_settle(v, head, position);
    return FOLD_OK;
}

static enum fold_result batch_dispatched(struct view *v, const struct event *e, struct sentence *why)
{
    struct list *list;
    uint32_t job = e->batch_dispatched.job;
    struct numbers devices = numbers_of(e->batch_dispatched.devices);
    struct numbers previous = numbers_of(e->batch_dispatched.previous);
    bool first_attempt = e->batch_dispatched.previous.size == 0;
    if (list_fixed(v, job, &list, why) != FOLD_OK) return FOLD_ILLEGAL;
    if (e->batch_dispatched.batch != list->head.batch) {
        return fold_illegal(why, "batch %u of job %u is not the current one, %u", e->batch_dispatched.batch, job,
                            list->head.batch);
    }
    for (uint64_t device, before = 0; numbers_next(&devices, &device);) {
        if (!first_attempt && !numbers_next(&previous, &before)) {
            return device_illegal(why, job, device, "is dispatched without its previous event");
        }
        enum fold_result result = dispatch_one(v, list, e, device, before, why);
        if (result != FOLD_OK) return result;
    }
    if (previous.at == previous.end) return FOLD_OK;
    return fold_illegal(why, "a dispatch of job %u names more previous events than devices", job);
}

static enum fold_result return_one(struct view *v, struct list *list, const struct event *e, uint64_t device,
                                   struct sentence *why)
{
    uint32_t position;
    struct packed *record = find(v, list, device, &position);
    if (!record) return not_in_list(v, why, list->head.job, device);
    if (packed_state(record) != DEVICE_OUT || packed_last(record) != e->devices_returned.dispatch) {
        return device_illegal(why, list->head.job, device, "is not out with the dispatch it is returned from");
    }
    packed_set_state(record, DEVICE_WAITING, packed_outcome(record));
    packed_set_last(record, e->seq);
    list->head.out--;
    wait_behind(&list->head, position);
    return FOLD_OK;
}

static enum fold_result devices_returned(struct view *v, const struct event *e, struct sentence *why)
{
    struct list *list;
    struct numbers devices = numbers_of(e->devices_returned.devices);
    if (list_fixed(v, e->devices_returned.job, &list, why) != FOLD_OK) return FOLD_ILLEGAL;
    for (uint64_t device; numbers_next(&devices, &device);) {
        enum fold_result result = return_one(v, list, e, device, why);
        if (result != FOLD_OK) return result;
    }
    return FOLD_OK;
}

/* ---- Results. */

static void count_end(struct job_list *head, enum device_outcome outcome, uint32_t position)
{
    bool current = position < job_list_batch_end(head);
    uint32_t completed = outcome == OUTCOME_COMPLETED, removed = outcome == OUTCOME_DEVICE_REMOVED;
    head->completed += completed;
    head->failed += !completed;
    head->removed += removed;
    if (!current) {
        head->ended_ahead++;
        return;
    }
    head->batch_completed += completed;
    head->batch_failed += !completed;
    head->batch_removed += removed;
}

/* How the device ended last, in this job or in a rerun. */
static enum device_state merged_state(const struct packed *record)
{
    enum device_state later = packed_later(record);
    return later == DEVICE_WAITING ? packed_state(record) : later;
}

static void count_merged(struct job_list *head, enum device_state before, enum device_state after)
{
    head->merged_completed += (after == DEVICE_COMPLETED) - (uint32_t)(before == DEVICE_COMPLETED);
    head->merged_failed += (after == DEVICE_FAILED) - (uint32_t)(before == DEVICE_FAILED);
}

/* A rerun brought the device to an end, which its lineage's first job keeps, until it forgets its devices. */
static enum fold_result end_in_lineage(struct view *v, uint32_t first, const struct event *e, struct sentence *why)
{
    struct list *list = packed_list(v, first);
    uint32_t position;
    if (!list || list->head.forgotten) return fold_stored(v->fault == PROJECTIONS_OK);
    struct packed *record = packed_find(v, list, e->device_result.device, &position);
    if (!record) return not_in_list(v, why, first, e->device_result.device);
    enum device_state before = merged_state(record);
    packed_set_later(record, e->device_result.outcome == OUTCOME_COMPLETED ? DEVICE_COMPLETED : DEVICE_FAILED);
    count_merged(&list->head, before, merged_state(record));
    return FOLD_OK;
}

/* What about the event itself cannot be; NULL when it may be. */
static const char *result_flaw(const struct packed *record, const struct event *e)
{
    uint32_t outcome = e->device_result.outcome;
    if (outcome < OUTCOME_COMPLETED || outcome > OUTCOME_DEVICE_REMOVED) return "has a result with an unknown outcome";
    if (device_has_end(packed_state(record))) return "has an end already";
    if (packed_last(record) != e->device_result.previous) return "had another event last than its result says";
    if (e->device_result.ends) return NULL;
    if (outcome == OUTCOME_COMPLETED) return "completed without an end";
    return record->failures == FAILURES_MAX ? "failed more often than can be counted" : NULL;
}

static enum fold_result device_result(struct view *v, const struct event *e, struct sentence *why)
{
    struct list *list;
    uint32_t job = e->device_result.job, position;
    if (list_fixed(v, job, &list, why) != FOLD_OK) return FOLD_ILLEGAL;
    struct packed *record = packed_find(v, list, e->device_result.device, &position);
    if (!record) return not_in_list(v, why, job, e->device_result.device);
    const char *flaw = result_flaw(record, e);
    if (flaw) return device_illegal(why, job, e->device_result.device, flaw);
    enum device_outcome outcome = (enum device_outcome)e->device_result.outcome;
    enum device_state before = packed_state(record), merged = merged_state(record);
    leave(&list->head, before, position);
    packed_set_last(record, e->seq);
    if (!e->device_result.ends) {
        packed_set_state(record, DEVICE_WAITING, outcome);
        record->failures++;
        wait_behind(&list->head, position);
        return FOLD_OK;
    }
    packed_set_state(record, outcome == OUTCOME_COMPLETED ? DEVICE_COMPLETED : DEVICE_FAILED, outcome);
    packed_set_later(record, DEVICE_WAITING);
    count_end(&list->head, outcome, position);
    count_merged(&list->head, merged, packed_state(record));
    if (before == DEVICE_WAITING) behind_settle(v, &list->head, position);
    return list->head.first ? end_in_lineage(v, list->head.first, e, why) : FOLD_OK;
}

/* ---- The next batch. */

static bool is_removed(struct view *v, const struct job_list *head, uint32_t position)
{
    return job_devices_at(v, head->job, position).outcome == OUTCOME_DEVICE_REMOVED;
}

/* Devices of the new batch that ended before their turn came. */
static void count_ended_ahead(struct view *v, struct job_list *head)
{
    uint32_t begin = job_list_batch_begin(head), end = job_list_batch_end(head), at = begin;
    if (head->ended_ahead == 0) return;
    for (; job_devices_scan(v, head->job, DEVICE_FAILED, end, end - at, &at); at++) {
        head->batch_failed++;
        head->batch_removed += is_removed(v, head, at);
    }
    head->batch_completed = count_state(v, head, DEVICE_COMPLETED, begin, end, &at);
    head->ended_ahead -= head->batch_failed + head->batch_completed;
}

static enum fold_result batch_ended(struct view *v, const struct event *e, struct sentence *why)
{
    struct list *list;
    uint32_t job = e->batch_ended.job, batch = e->batch_ended.batch;
    if (list_fixed(v, job, &list, why) != FOLD_OK) return FOLD_ILLEGAL;
    struct job_list *head = &list->head;
    if (batch != head->batch || batch >= job_list_batches(head)) {
        return fold_illegal(why, "batch %u of job %u is not the current one, %u", batch, job, head->batch);
    }
    uint32_t size = job_list_batch_end(head) - job_list_batch_begin(head);
    if (head->batch_completed + head->batch_failed != size) {
        return fold_illegal(why, "batch %u of job %u has devices without an end", batch, job);
    }
    if (e->batch_ended.completed != head->batch_completed || e->batch_ended.failed != head->batch_failed) {
        return fold_illegal(why, "in batch %u of job %u %u devices completed and %u failed, not %u and %u", batch, job,
                            head->batch_completed, head->batch_failed, e->batch_ended.completed, e->batch_ended.failed);
    }
    head->cursor = MAX(head->cursor, job_list_batch_end(head));
    head->behind_from = head->cursor;
    head->batch++;
    head->batch_completed = head->batch_failed = head->batch_removed = 0;
    list->changed = true;
    count_ended_ahead(v, head);
    return FOLD_OK;
}

/* ---- The list goes; its sums stay. */

static enum fold_result expired(struct view *v, uint32_t job, struct sentence *why)
{
    const struct job_list *head = packed_head(v, job);
    if (!head) return FOLD_OK; /* it ended before its devices were read */
    if (head->out > 0) return fold_illegal(why, "job %u expires and %u of its devices are out", job, head->out);
    return fold_stored(packed_forget(v, head));
}

/* Lists care for the events that name devices of a job; the job's own moves are the jobs' affair. */
static enum fold_result apply(struct view *v, const struct event *e, struct sentence *why)
{
    switch (e->type) {
    case EVENT_DEVICE_RESULT: return device_result(v, e, why);
    case EVENT_BATCH_DISPATCHED: return batch_dispatched(v, e, why);
    case EVENT_DEVICES_RETURNED: return devices_returned(v, e, why);
    case EVENT_BATCH_ENDED: return batch_ended(v, e, why);
    case EVENT_JOB_TARGETS_BEGUN: return targets_begun(v, e, why);
    case EVENT_JOB_TARGETS: return targets(v, e, why);
    case EVENT_JOB_TARGETS_FIXED: return targets_fixed(v, e, why);
    case EVENT_JOB_EXPIRED: return expired(v, e->job_expired.job, why);
    default: return FOLD_OK;
    }
}

const struct fold fold_job_devices = {
    .name = "job_devices",
    .tables = {"job_lists", "job_pages"},
    .ram_size = sizeof(struct packed_cache),
    .apply = apply,
    .flush = packed_flush,
    .drop = packed_drop,
    .unflushed_bytes = packed_unflushed_bytes,
};

/* ---- Reads. */

static struct job_device device_of(const struct packed *record, uint32_t position)
{
    return (struct job_device){
        .device = record->device,
        .position = position,
        .last = packed_last(record),
        .attempt = packed_attempt(record),
        .state = packed_state(record),
        .outcome = packed_outcome(record),
        .failures = record->failures,
        .later = packed_later(record),
    };
}

const struct job_list *job_devices_list(struct view *v, uint32_t job)
{
    return packed_head(v, job);
}

bool job_devices_find(struct view *v, uint32_t job, uint32_t device, struct job_device *found)
{
    uint32_t position;
    const struct job_list *head = packed_head(v, job);
    const struct packed *record = head ? packed_look(v, head, device, &position) : NULL;
    if (!record) return false;
    *found = device_of(record, position);
    return true;
}

struct job_device job_devices_at(struct view *v, uint32_t job, uint32_t position)
{
    const struct job_list *head = packed_head(v, job);
    ASSERT(head && position < head->count);
    const struct packed *page = packed_page(v, head, position / PAGE_DEVICES);
    if (!page) return (struct job_device){.position = position};
    return device_of(&page[position % PAGE_DEVICES], position);
}

uint32_t job_devices_run(struct view *v, uint32_t job, uint32_t position, struct job_device run[JOB_DEVICES_RUN_MAX])
{
    const struct job_list *head = packed_head(v, job);
    _Static_assert((int)JOB_DEVICES_RUN_MAX == (int)PAGE_DEVICES, "a run is a page or its end");
    ASSERT(head && position < head->count);
    uint32_t number = position / PAGE_DEVICES, end = packed_page_count(head, number);
    const struct packed *page = packed_page(v, head, number);
    uint32_t count = 0;
    for (uint32_t at = position % PAGE_DEVICES; page && at < end; at++, count++) {
        run[count] = device_of(&page[at], position + count);
    }
    return count;
}

/* The first record in the state from index `at` to before `end`; `end` when there is none. */
static uint32_t page_scan(const struct packed *page, uint32_t at, uint32_t end, enum device_state state)
{
    while (at < end && packed_state(&page[at]) != state) at++;
    return at;
}

bool job_devices_scan(struct view *v, uint32_t job, enum device_state state, uint32_t end, uint32_t steps,
                      uint32_t *position)
{
    const struct job_list *head = packed_head(v, job);
    if (!head || *position >= end) return false;
    end = MIN(end, head->count);
    if (end - MIN(*position, end) > steps) end = *position + steps;
    while (*position < end) {
        uint32_t number = *position / PAGE_DEVICES, begin = number * PAGE_DEVICES;
        uint32_t stop = MIN(end - begin, (uint32_t)PAGE_DEVICES);
        const struct packed *page = packed_page(v, head, number);
        if (!page) return false;
        uint32_t at = page_scan(page, *position - begin, stop, state);
        *position = begin + at;
        if (at < stop) return true;
    }
    return false;
}
