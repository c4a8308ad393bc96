#include "replay-tool/course.h"

#include "engine/events/numbers.h"
#include "projections/devices.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

enum step_kind { STEP_DISPATCHED, STEP_RETURNED, STEP_RESULT, STEP_LATE };

struct course_step {
    uint32_t job, device;
    uint64_t seq;
    int64_t time_us;
    uint64_t text; /* one more than its place in the file; 0: none */
    uint32_t attempt; /* of a dispatch */
    uint8_t kind;
    uint8_t what; /* the outcome, or why it was returned */
    bool ends;
};

/* A text's two parts, which follow. */
struct text_head {
    uint32_t first_size, second_size;
};

/* ---- Beginning and end. */

enum exit_code course_begin(struct course *c, struct replay *r)
{
    char path[PATH_MAX + sizeof "/texts"];
    const char *scratch = scratch_directory(r);
    *c = (struct course){.job = 0};
    if (!scratch) return EXIT_IO;
    snprintf(path, sizeof path, "%s/texts", scratch);
    c->file = fopen(path, "w+e");
    return c->file ? EXIT_WELL : fail(EXIT_IO, "%s cannot be made: %s", path, strerror(errno));
}

void course_free(struct course *c)
{
    if (c->text) munmap((void *)(uintptr_t)c->text, c->file_size);
    if (c->file) fclose(c->file);
    free(c->devices);
    free(c->parts);
    free(c->steps);
    *c = (struct course){.job = 0};
}

static int by_job_and_device(uint32_t job, uint32_t device, uint32_t other_job, uint32_t other_device)
{
    if (job != other_job) return job < other_job ? -1 : 1;
    return device < other_device ? -1 : device > other_device;
}

static int compare_parts(const void *a, const void *b)
{
    const struct part *one = a, *other = b;
    return by_job_and_device(one->job, one->device, other->job, other->device);
}

static int compare_steps(const void *a, const void *b)
{
    const struct course_step *one = a, *other = b;
    int order = by_job_and_device(one->job, one->device, other->job, other->device);
    return order ? order : one->seq < other->seq ? -1 : one->seq > other->seq;
}

static enum exit_code map_texts(struct course *c)
{
    if (c->file_size == 0) return EXIT_WELL;
    bool written = fflush(c->file) == 0 && !ferror(c->file);
    void *text = written ? mmap(NULL, c->file_size, PROT_READ, MAP_PRIVATE, fileno(c->file), 0) : MAP_FAILED;
    if (text == MAP_FAILED)
        return fail(errno == ENOSPC ? EXIT_NO_SPACE : EXIT_IO,
                    "texts cannot be kept meanwhile: %s; --scratch names another place", strerror(errno));
    c->text = text;
    return EXIT_WELL;
}

enum exit_code course_end(struct course *c)
{
    if (c->part_count) qsort(c->parts, c->part_count, sizeof *c->parts, compare_parts);
    if (c->step_count) qsort(c->steps, c->step_count, sizeof *c->steps, compare_steps);
    return map_texts(c);
}

/* ---- Who takes part. */

/* Room for one more in an array that doubles. */
static void *room_for(void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) return array;
    *capacity = MAX(2 * *capacity, (size_t)64);
    array = realloc(array, *capacity * size);
    ASSERT(array);
    return array;
}

void course_want(struct course *c, uint32_t device)
{
    c->devices = realloc(c->devices, (c->device_count + 1) * sizeof *c->devices);
    ASSERT(c->devices);
    c->devices[c->device_count++] = device;
}

static void part_add(struct course *c, uint32_t job, uint32_t device, uint32_t batch)
{
    c->parts = room_for(c->parts, c->part_count, &c->part_capacity, sizeof *c->parts);
    c->parts[c->part_count++] = (struct part){.job = job, .device = device, .batch = batch};
}

static void see_targets(struct course *c, struct bytes devices)
{
    struct numbers numbers = numbers_of(devices);
    uint64_t device;
    while (numbers_next(&numbers, &device)) part_add(c, c->job, (uint32_t)device, 0);
}

/* A device's place in a job's list is known once that counts. */
static void see_fixed(struct course *c, struct view *v, uint32_t job, uint32_t batch_size)
{
    for (size_t i = 0; c->job && i < c->part_count; i++) c->parts[i].batch = (uint32_t)i / batch_size + 1;
    for (size_t i = 0; i < c->device_count; i++) {
        struct job_device record;
        if (job_devices_find(v, job, c->devices[i], &record))
            part_add(c, job, c->devices[i], record.position / batch_size + 1);
    }
}

static bool is_wanted(const struct course *c, uint32_t job, uint32_t device)
{
    if (c->job) return c->job == job;
    for (size_t i = 0; i < c->device_count; i++)
        if (c->devices[i] == device) return true;
    return false;
}

/* ---- Steps. */

static uint64_t keep_text(struct course *c, struct bytes first, struct bytes second)
{
    struct text_head head = {(uint32_t)first.size, (uint32_t)second.size};
    if (first.size == 0 && second.size == 0) return 0;
    uint64_t place = c->file_size;
    fwrite(&head, sizeof head, 1, c->file); /* what fails is found by fflush */
    if (first.size) fwrite(first.data, first.size, 1, c->file);
    if (second.size) fwrite(second.data, second.size, 1, c->file);
    c->file_size += sizeof head + first.size + second.size;
    return place + 1;
}

static void text_of(const struct course *c, const struct course_step *step, struct bytes *first, struct bytes *second)
{
    struct text_head head;
    if (step->text == 0) return;
    const uint8_t *at = c->text + step->text - 1;
    memcpy(&head, at, sizeof head);
    *first = (struct bytes){at + sizeof head, head.first_size};
    if (second) *second = (struct bytes){at + sizeof head + head.first_size, head.second_size};
}

static void step_add(struct course *c, const struct event *event, struct course_step step)
{
    if (!is_wanted(c, step.job, step.device)) return;
    step.seq = event->seq;
    step.time_us = event->time_us;
    c->steps = room_for(c->steps, c->step_count, &c->step_capacity, sizeof *c->steps);
    c->steps[c->step_count++] = step;
}

/* Of a dispatch or a return, which are of many devices. */
static void see_many(struct course *c, const struct event *event, struct course_step step, struct bytes devices,
                     struct bytes connector)
{
    struct numbers numbers = numbers_of(devices);
    uint64_t device;
    if (c->job && c->job != step.job) return;
    while (numbers_next(&numbers, &device)) {
        if (!is_wanted(c, step.job, (uint32_t)device)) continue;
        if (connector.size && !step.text) step.text = keep_text(c, connector, BYTES_NONE);
        step.device = (uint32_t)device;
        step_add(c, event, step);
    }
}

static void see_result(struct course *c, const struct event *event)
{
    uint32_t job = event->device_result.job, device = event->device_result.device;
    if (!is_wanted(c, job, device)) return;
    step_add(c, event, (struct course_step){
        .job = job,
        .device = device,
        .kind = STEP_RESULT,
        .what = (uint8_t)event->device_result.outcome,
        .ends = event->device_result.ends,
        .text = keep_text(c, event->device_result.error, event->device_result.response),
    });
}

static void see_late(struct course *c, const struct event *event)
{
    uint32_t job = event->late_result.job, device = event->late_result.device;
    if (!is_wanted(c, job, device)) return;
    step_add(c, event, (struct course_step){
        .job = job,
        .device = device,
        .kind = STEP_LATE,
        .what = (uint8_t)event->late_result.outcome,
        .text = keep_text(c, event->late_result.error, BYTES_NONE),
    });
}

void course_see(struct course *c, struct view *v, const struct event *event)
{
    switch (event->type) {
    case EVENT_JOB_TARGETS_BEGUN:
        if (c->job && c->job == event->job_targets_begun.job) c->part_count = 0;
        return;
    case EVENT_JOB_TARGETS:
        if (c->job && c->job == event->job_targets.job) see_targets(c, event->job_targets.devices);
        return;
    case EVENT_JOB_TARGETS_FIXED:
        if (!c->job || c->job == event->job_targets_fixed.job)
            see_fixed(c, v, event->job_targets_fixed.job, event->job_targets_fixed.batch_size);
        return;
    case EVENT_BATCH_DISPATCHED:
        see_many(c, event,
                 (struct course_step){.job = event->batch_dispatched.job,
                                      .kind = STEP_DISPATCHED,
                                      .attempt = event->batch_dispatched.attempt},
                 event->batch_dispatched.devices, event->batch_dispatched.connector);
        return;
    case EVENT_DEVICES_RETURNED:
        see_many(c, event,
                 (struct course_step){.job = event->devices_returned.job,
                                      .kind = STEP_RETURNED,
                                      .what = (uint8_t)event->devices_returned.reason},
                 event->devices_returned.devices, BYTES_NONE);
        return;
    case EVENT_DEVICE_RESULT: see_result(c, event); return;
    case EVENT_LATE_RESULT: see_late(c, event); return;
    default: return; /* nothing else moves a device in a job */
    }
}

/* ---- Rows. */

static const struct course_step *steps_of(const struct course *c, const struct part *part, size_t *count)
{
    size_t low = 0, high = c->step_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct course_step *step = &c->steps[middle];
        if (by_job_and_device(step->job, step->device, part->job, part->device) < 0) low = middle + 1;
        else high = middle;
    }
    for (*count = 0; low + *count < c->step_count; ++*count) {
        const struct course_step *step = &c->steps[low + *count];
        if (step->job != part->job || step->device != part->device) break;
    }
    return c->steps + low;
}

/* A dispatch opens a row, which what comes next ends; an end without a dispatch before it is a row by itself. */
static void take_step(const struct course *c, const struct course_step *step, struct attempts *attempts, bool *open)
{
    struct attempt_row *row = &attempts->rows[attempts->count - *open];
    if (step->kind == STEP_DISPATCHED || !*open) {
        row = &attempts->rows[attempts->count++];
        *row = (struct attempt_row){.attempt = 0};
    }
    *open = step->kind == STEP_DISPATCHED;
    if (*open) {
        row->attempt = step->attempt;
        row->start_us = step->time_us;
        text_of(c, step, &row->connector, NULL);
        return;
    }
    row->end_us = step->time_us;
    if (step->kind == STEP_RETURNED) row->returned = step->what;
    else row->outcome = (enum device_outcome)step->what;
    if (step->kind == STEP_RESULT) text_of(c, step, &row->error, &row->response);
}

static enum device_state state_after(const struct course_step *step)
{
    if (step->kind == STEP_DISPATCHED) return DEVICE_OUT;
    if (step->kind == STEP_RETURNED || !step->ends) return DEVICE_WAITING;
    return step->what == OUTCOME_COMPLETED ? DEVICE_COMPLETED : DEVICE_FAILED;
}

/* As the fold of job_devices and the engine's walk back through the log would have it. */
static void stand_after(const struct course *c, const struct course_step *step, struct history_row *row)
{
    row->state = state_after(step);
    row->end_us = device_has_end(row->state) ? step->time_us : 0;
    row->error = BYTES_NONE;
    if (step->kind == STEP_DISPATCHED) {
        row->attempt = step->attempt;
        row->start_us = step->time_us;
    } else if (step->kind == STEP_RESULT) {
        row->outcome = (enum device_outcome)step->what;
        text_of(c, step, &row->error, NULL);
    }
}

static void take_late(const struct course *c, const struct course_step *step, struct late_row *late)
{
    *late = (struct late_row){.time_us = step->time_us, .outcome = (enum device_outcome)step->what};
    text_of(c, step, &late->error, NULL);
}

void course_row(const struct course *c, size_t index, struct view *v, struct arena *arena, struct history_row *row,
                struct late_row **late, size_t *late_count)
{
    const struct part *part = &c->parts[index];
    const struct job *job = jobs_get(v, part->job);
    struct job_text text = {.id = BYTES_NONE};
    size_t count;
    bool open = false;
    const struct course_step *steps = steps_of(c, part, &count);
    ASSERT(job && jobs_text(v, part->job, &text));
    *row = (struct history_row){
        .job = text.id,
        .display_name = text.display_name,
        .type = job->type,
        .job_status = job->status,
        .batch = part->batch,
        .attempts = {.job = part->job, .rows = arena_alloc(arena, (count + 1) * sizeof *row->attempts.rows)},
    };
    *late = arena_alloc(arena, (count + 1) * sizeof **late);
    *late_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (steps[i].kind == STEP_LATE) {
            take_late(c, &steps[i], &(*late)[(*late_count)++]);
            continue;
        }
        take_step(c, &steps[i], &row->attempts, &open);
        stand_after(c, &steps[i], row);
    }
}

void course_put_late(struct open_map *m, const struct late_row *late, size_t count)
{
    if (count == 0) return;
    put_key(m, "late");
    struct open_list list = put_list(m->out);
    for (size_t i = 0; i < count; i++, list.count++) {
        struct open_map row = put_map(m->out);
        put_time(&row, "time", late[i].time_us);
        put_word(&row, "outcome", outcome_word(late[i].outcome));
        if (late[i].error.size) put_text(&row, "error", late[i].error);
        put_end(&row);
    }
    put_list_end(&list);
}
