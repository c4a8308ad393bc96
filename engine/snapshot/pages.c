/* Pages of devices and of a job's devices. A page's `next` is the next row itself, not a place where there might be
 * one, unless the page ended because it had looked at as many as it may. */
#include "engine/snapshot/runs.h"

#include "engine/snapshot/rows.h"
#include "engine/snapshot/selection.h"

/* ---- Devices. */

static void device_row_add(struct task *task, const struct selected *found)
{
    struct arena *arena = &task->arena;
    const struct device *device = &found->device;
    task->devices.rows[task->devices.count++] = (struct device_row){
        .number = device->number,
        .id = arena_copy(arena, device->id),
        .display_name = arena_copy(arena, device->display_name),
        .template = arena_copy(arena, found->template),
        .provisioned = device->provisioned,
        .simulated = device->simulated,
    };
}

void device_page_run(struct task *task)
{
    struct device_page *page = &task->devices;
    struct selection selection;
    struct filter_error error;
    ASSERT(page->limit > 0);
    if (!selection_begin(&selection, task->snapshot, &task->arena, page->filter, &error)) {
        task_fail(task, "%s", error.sentence.text);
        return;
    }
    page->rows = arena_alloc(&task->arena, page->limit * sizeof *page->rows);
    uint32_t from = page->from, looks = TASK_LOOKS_MAX;
    struct selected found;
    enum selection_step step;
    while ((step = selection_next(&selection, &from, &looks, &found)) == SELECTION_FOUND) {
        if (page->count == page->limit) {
            page->next = found.device.number;
            return;
        }
        device_row_add(task, &found);
    }
    page->next = step == SELECTION_PAUSED ? from : 0;
}

/* ---- A job's devices. */

/* Which of a page's states a record is in. */
static const int PAGE_STATES[] = {
    [DEVICE_WAITING] = 1,
    [DEVICE_OUT] = 1,
    [DEVICE_COMPLETED] = 2,
    [DEVICE_FAILED] = 3,
};

static bool record_is_wanted(const struct job_device_page *page, const struct job_device *record)
{
    if (page->state != 0 && page->state != PAGE_STATES[record->state]) return false;
    return page->outcome == OUTCOME_NONE || (device_has_end(record->state) && page->outcome == record->outcome);
}

static bool job_device_row_add(struct task *task, struct rows *rows, const struct job_device *record)
{
    struct arena *arena = &task->arena;
    struct job_device_row row;
    if (!rows_read(rows, record, &row)) return task_fail(task, "%s", rows->why.text);
    row.id = arena_copy(arena, row.id);
    row.display_name = arena_copy(arena, row.display_name);
    row.error = arena_copy(arena, row.error);
    row.connector = arena_copy(arena, row.connector);
    task->job_devices.rows[task->job_devices.count++] = row;
    return true;
}

static bool device_has_id(struct rows *rows, const struct job_device *record, struct bytes id)
{
    struct device device;
    return rows_device(rows, record, &device) && bytes_equal(device.id, id);
}

/* The wanted rows from page->from on. */
static void job_devices_walk(struct task *task, struct rows *rows)
{
    struct job_device_page *page = &task->job_devices;
    uint32_t end = rows->list.count;
    uint32_t pause = end - MIN(page->from, end) > TASK_LOOKS_MAX ? page->from + TASK_LOOKS_MAX : end;
    for (uint32_t position = page->from; position < pause; position++) {
        struct job_device record = rows_record(rows, position);
        if (!record_is_wanted(page, &record)) continue;
        if (page->device_id.size > 0 && !device_has_id(rows, &record, page->device_id)) continue;
        if (page->count == page->limit) {
            page->next = position;
            return;
        }
        if (!job_device_row_add(task, rows, &record)) return;
    }
    page->next = pause < end ? pause : 0;
}

/* The device that has the id now, if it is in the list. A list has an id at most once: it was read at one moment. */
static bool job_device_find(struct task *task, const struct rows *rows, struct job_device *record)
{
    struct bytes id = task->job_devices.device_id;
    uint32_t device = id.size > 0 ? devices_find(task->snapshot, id) : 0;
    return device != 0 && rows->list.count > 0 && job_devices_find(task->snapshot, rows->list.job, device, record);
}

/* An id whose device was removed leads to no number any more, so the list is searched for it. */
void job_device_page_run(struct task *task)
{
    struct job_device_page *page = &task->job_devices;
    struct rows rows;
    struct job_device record;
    ASSERT(page->limit > 0);
    if (!rows_open(&rows, task->snapshot, task->log, page->job)) {
        task_fail(task, "%s", rows.why.text);
        return;
    }
    page->rows = arena_alloc(&task->arena, page->limit * sizeof *page->rows);
    if (!job_device_find(task, &rows, &record)) job_devices_walk(task, &rows);
    else if (record_is_wanted(page, &record) && record.position >= page->from) job_device_row_add(task, &rows, &record);
    rows_close(&rows);
}
