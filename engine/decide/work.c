/* What connectors say: they take work and report results. */
#include "engine/decide/decide.h"
#include "engine/decide/evaluate.h"
#include "engine/decide/limits.h"
#include "engine/decide/report.h"
#include "engine/events/numbers.h"
#include "projections/devices.h"
#include "projections/job_devices.h"
#include "projections/jobs.h"
#include "projections/templates.h"

#include <stdlib.h>

enum { TAKE_DEVICES_DEFAULT = 1000, US_PER_S = 1000000 };

/* ---- work.take: every one waits in line; progress serves the line in the same turn. */

static enum refusal check_range(struct decision *d, command_number n, uint64_t least, uint64_t most, const char *what)
{
    if (!n.given || (n.value >= least && n.value <= most)) return ACCEPTED;
    return refuse_field(d, "%s must be a whole number from %llu to %llu; it is %llu", what, (unsigned long long)least,
                        (unsigned long long)most, (unsigned long long)n.value);
}

/* Cloud properties are no connector's: the engine sets them itself. */
static uint32_t type_bit(struct bytes word)
{
    if (bytes_equal(word, BYTES("property"))) return 1u << JOB_TYPE_PROPERTY;
    return bytes_equal(word, BYTES("command")) ? 1u << JOB_TYPE_COMMAND : 0;
}

static enum refusal read_types(struct decision *d, struct bytes list, struct take_wish *wish)
{
    struct cursor c = cursor_over(list);
    uint32_t count = 0;
    bool good = true;
    wish->types = type_bit(BYTES("property")) | type_bit(BYTES("command"));
    if (!list.data) return ACCEPTED;
    wish->types = 0;
    for (cursor_array(&c, &count); good && count > 0; count--) {
        struct bytes word;
        uint32_t bit = cursor_text(&c, &word) ? type_bit(word) : 0;
        wish->types |= bit;
        good = bit != 0;
    }
    if (good && wish->types) return ACCEPTED;
    return refuse_field(d, "types must be a list of \"property\" and \"command\", or left out for both");
}

static int by_number(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* Sorts them and keeps each once. */
static uint32_t sort_numbers(uint32_t numbers[], uint32_t count)
{
    uint32_t kept = 0;
    qsort(numbers, count, sizeof numbers[0], by_number);
    for (uint32_t i = 0; i < count; i++) {
        if (kept == 0 || numbers[kept - 1] != numbers[i]) numbers[kept++] = numbers[i];
    }
    return kept;
}

static enum refusal read_templates(struct decision *d, struct bytes list, struct take_wish *wish)
{
    struct cursor c = cursor_over(list);
    uint32_t count = 0;
    if (!list.data) return ACCEPTED;
    if (!cursor_array(&c, &count) || count == 0 || count > TAKE_TEMPLATES_MAX)
        return refuse_field(d, "templates must be a list of 1 to %d ids of templates, or left out for all devices",
                            TAKE_TEMPLATES_MAX);
    uint32_t *numbers = arena_alloc(d->arena, count * sizeof *numbers);
    for (uint32_t i = 0; i < count; i++) {
        struct bytes id;
        if (!cursor_text(&c, &id)) return refuse_field(d, "templates must be a list of texts, the ids of templates");
        numbers[i] = id.size ? templates_find(d->view, id) : 0; /* "": devices without one */
        if (id.size && !numbers[i]) return REFUSED_NO_SUCH_TEMPLATE;
    }
    wish->templates = numbers;
    wish->template_count = sort_numbers(numbers, count);
    return ACCEPTED;
}

static enum refusal refuse_take(struct decision *d, enum takes_result result)
{
    if (result == TAKES_TOO_MANY) {
        sentence_set(&d->why, "%d work.take calls of this connection wait already; wait for their answers",
                     TAKES_WAITING_MAX);
    } else {
        sentence_set(&d->why, "connectors name %d combinations of templates and types already; let this one name what "
                              "another names, or nothing", TAKE_KINDS_MAX);
    }
    return REFUSED_LIMIT;
}

enum refusal decide_work_take(struct decision *d, const struct command *c)
{
    struct bytes connector = c->work_take.connector;
    command_number max = c->work_take.max, wait = c->work_take.wait;
    struct take_wish wish = {0};
    enum refusal refusal = check_range(d, max, 1, TAKE_DEVICES_MAX, "max");
    if (!refusal) refusal = check_range(d, wait, 0, TAKE_WAIT_SECONDS_MAX, "wait");
    if (!refusal) refusal = check_size(d, connector, REQUEST_ID_BYTES_MAX, "connector");
    if (!refusal && connector.size == 0) refusal = refuse_field(d, "connector must be the connector's name; it is empty");
    if (!refusal) refusal = read_types(d, c->work_take.types, &wish);
    if (!refusal) refusal = read_templates(d, c->work_take.templates, &wish);
    if (refusal) return refusal;
    struct take take = {.peer = d->peer,
                        .msgid = d->msgid,
                        .max = max.given ? (uint32_t)max.value : TAKE_DEVICES_DEFAULT,
                        .deadline_us = d->monotonic_us + (int64_t)wait.value * US_PER_S,
                        .connector_size = connector.size};
    memcpy(take.connector, connector.data, connector.size);
    enum takes_result result = takes_add(d->takes, &take, &wish);
    if (result != TAKES_ADDED) return refuse_take(d, result);
    d->answer = (struct answer){.kind = ANSWER_LATER};
    return ACCEPTED;
}

/* ---- work.report. */

/* Who a report of one work speaks of: from its lease, or after a restart from the log. */
struct reported_work {
    uint32_t job;
    uint32_t attempt;
    const uint32_t *devices;
    uint64_t count; /* 0: nobody knows this work */
};

static struct reported_work work_of_event(struct decision *d, const struct event *event)
{
    struct bytes list = event->batch_dispatched.devices;
    size_t count = numbers_count(list);
    uint32_t *devices = arena_alloc(d->arena, count * sizeof *devices);
    struct numbers numbers = numbers_of(list);
    uint64_t number;
    for (size_t i = 0; numbers_next(&numbers, &number); i++) devices[i] = (uint32_t)number;
    return (struct reported_work){
        .job = event->batch_dispatched.job,
        .attempt = event->batch_dispatched.attempt,
        .devices = devices,
        .count = count,
    };
}

static struct reported_work find_work(struct decision *d, uint64_t dispatch)
{
    const struct lease *lease = leases_find(d->leases, dispatch);
    if (lease) {
        return (struct reported_work){
            .job = lease->job, .attempt = lease->attempt, .devices = lease->devices, .count = lease->count};
    }
    const struct event *event = d->dispatch(d->context, dispatch);
    return event ? work_of_event(d, event) : (struct reported_work){0};
}

static void keep_late(struct decision *d, uint32_t job, const struct job_device *device, enum device_outcome outcome,
                      struct bytes error)
{
    emit(d->events, (struct event){.type = EVENT_LATE_RESULT,
                                   .late_result = {.job = job,
                                                   .device = device->device,
                                                   .previous = device->last,
                                                   .outcome = outcome,
                                                   .error = error}});
    d->unfinished->duplicates++;
}

static void answer_lease(struct decision *d, const struct job_device *device)
{
    struct lease *lease = device->state == DEVICE_OUT ? leases_find(d->leases, device->last) : NULL;
    if (lease) leases_answer(d->leases, lease, 1);
}

static void give_back(struct decision *d, uint32_t job, const struct job_device *device)
{
    struct numbers_writer devices = {.buffer.arena = d->arena};
    numbers_add(&devices, device->device);
    answer_lease(d, device);
    emit(d->events, (struct event){.type = EVENT_DEVICES_RETURNED,
                                   .devices_returned = {.job = job,
                                                        .dispatch = device->last,
                                                        .devices = numbers_bytes(&devices),
                                                        .reason = RETURNED_BY_CONNECTOR}});
    d->unfinished->recorded++;
}

static const enum device_outcome OUTCOMES[] = {
    [REPORT_COMPLETED] = OUTCOME_COMPLETED,
    [REPORT_FAILED] = OUTCOME_FAILED,
    [REPORT_REJECTED] = OUTCOME_REJECTED,
    [REPORT_RETURNED] = OUTCOME_NONE,
};

/* One device's answer. A completion of any attempt ends the device; a failure counts for the attempt that is out. */
static void take_result(struct decision *d, uint32_t job, const struct job_device *device, uint64_t attempt,
                        const struct report_entry *entry)
{
    enum device_outcome outcome = OUTCOMES[entry->status];
    bool current = device->state == DEVICE_OUT && device->attempt == attempt;
    if (device_has_end(device->state) || (!current && outcome != OUTCOME_COMPLETED)) {
        if (entry->status == REPORT_RETURNED) d->unfinished->duplicates++;
        else keep_late(d, job, device, outcome, entry->error);
        return;
    }
    if (entry->status == REPORT_RETURNED) {
        give_back(d, job, device);
        return;
    }
    answer_lease(d, device);
    bool ends = outcome == OUTCOME_COMPLETED || failure_ends(jobs_get(d->view, job), device, outcome);
    emit(d->events, (struct event){.type = EVENT_DEVICE_RESULT,
                                   .device_result = {.job = job,
                                                     .device = device->device,
                                                     .previous = device->last,
                                                     .outcome = outcome,
                                                     .ends = ends,
                                                     .error = entry->error,
                                                     .response = entry->response}});
    d->unfinished->recorded++;
}

static void report_on_work(struct decision *d, const struct reported_work *work, const struct report_entry *entry)
{
    struct job_device device;
    if (entry->index >= work->count ||
        !job_devices_find(d->view, work->job, work->devices[entry->index], &device)) {
        d->unfinished->unknown++;
        return;
    }
    take_result(d, work->job, &device, work->attempt, entry);
}

static void report_by_name(struct decision *d, const struct report_entry *entry)
{
    struct job_device device;
    uint32_t job = jobs_find(d->view, entry->job);
    uint32_t number = devices_find(d->view, entry->device);
    if (!job || !number || !job_devices_find(d->view, job, number, &device)) {
        d->unfinished->unknown++;
        return;
    }
    uint64_t attempt = entry->attempt_given ? entry->attempt : device.attempt;
    /* An attempt that never was: nobody was given this work. */
    if (attempt == 0 || attempt > device.attempt) {
        d->unfinished->unknown++;
        return;
    }
    take_result(d, job, &device, attempt, entry);
}

enum refusal decide_work_report(struct decision *d, const struct command *c)
{
    struct bytes results = c->work_report.results;
    bool short_form = c->work_report.work.given;
    struct unfinished *u = d->unfinished;
    if (u->position == 0) {
        uint64_t count;
        if (!report_check(results, short_form, &count, &d->why)) return REFUSED_BAD_FIELD;
        u->position = (size_t)(report_begin(results).at - (const uint8_t *)results.data);
    }
    struct reported_work work = {0};
    if (short_form) work = find_work(d, c->work_report.work.value);

    struct cursor at = report_begin(results);
    at.at = (const uint8_t *)results.data + u->position;
    struct report_entry entry;
    while (d->events->count < d->events_max && report_next(&at, short_form, &entry)) {
        if (short_form) report_on_work(d, &work, &entry);
        else report_by_name(d, &entry);
    }
    u->position = (size_t)(at.at - (const uint8_t *)results.data);
    u->goes_on = !cursor_at_end(&at);
    d->answer = (struct answer){.kind = ANSWER_REPORTED,
                                .recorded = u->recorded,
                                .duplicates = u->duplicates,
                                .unknown = u->unknown};
    return ACCEPTED;
}
