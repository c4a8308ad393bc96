/* Pages of devices. A page's `next` is the next row itself, not a place where there might be one, unless the page
 * ended because it had looked at as many as it may. */
#include "engine/snapshot/runs.h"

#include "engine/snapshot/selection.h"

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
    if (page->order != DEVICES_BY_NUMBER) {
        sorted_devices_run(task, &selection);
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
