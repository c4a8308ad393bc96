/* Joins the sources of a row. */
#include "engine/snapshot/rows.h"

bool rows_open(struct rows *rows, struct task *task, uint32_t job, struct columns columns)
{
    const struct job_list *list = job_devices_list(task->snapshot, job);
    rows->view = task->snapshot;
    rows->ahead = (struct device){0};
    rows->templates = (struct template_ids){0};
    rows->run_count = 0;
    rows->columns = columns;
    rows->properties = arena_zero(&task->arena, (columns.count + 1) * sizeof rows->properties[0]);
    rows->values = arena_zero(&task->arena, (columns.count + 1) * sizeof rows->values[0]);
    for (size_t i = 0; i < columns.count; i++) {
        const struct column *column = &columns.column[i];
        if (column_is_property(column)) rows->values[i] = values_begin(rows->view, &task->arena, column->path);
    }
    /* A list counts once its targets are fixed; until then a restart may void it. */
    rows->list = list && list->batch_size > 0 ? *list : (struct job_list){.job = job};
    if (trail_open(&rows->trail, task->log)) return true;
    rows->why = rows->trail.why;
    return false;
}

void rows_close(struct rows *rows)
{
    trail_close(&rows->trail);
}

struct job_device rows_record(struct rows *rows, uint32_t position)
{
    uint32_t first = rows->run[0].position;
    if (rows->run_count == 0 || position < first || position - first >= rows->run_count) {
        rows->run_count = job_devices_run(rows->view, rows->list.job, position, rows->run);
        if (rows->run_count == 0) return (struct job_device){.position = position}; /* a fault, which task_run finds */
        first = position;
    }
    return rows->run[position - first];
}

/* The cursor knows only devices that are present. It is never moved while it stands ahead of the device asked for:
 * the devices between are removed ones, and stepping over them again for each would take for ever. */
bool rows_device(struct rows *rows, const struct job_device *record, struct device *device)
{
    if (rows->ahead.number < record->device && !devices_next(rows->view, record->device, &rows->ahead)) {
        rows->ahead.number = UINT32_MAX;
    }
    if (rows->ahead.number != record->device) return devices_get(rows->view, record->device, device);
    *device = rows->ahead;
    return true;
}

static struct bytes property_of(const struct rows *rows, size_t column, uint32_t device)
{
    bool is_cloud = rows->columns.column[column].kind == COLUMN_CLOUD_PROPERTY;
    return values_of(rows->values[column], is_cloud ? JOB_TYPE_CLOUD_PROPERTY : JOB_TYPE_PROPERTY, device);
}

/* A removed device has an id and no details. */
static void read_details(struct rows *rows, const struct device *device, struct job_device_row *row)
{
    row->properties = rows->properties;
    for (size_t i = 0; i < rows->columns.count; i++) {
        if (!rows->values[i]) continue;
        rows->properties[i] = device->removed ? BYTES_NONE : property_of(rows, i, device->number);
    }
    if (device->removed) return;
    row->provisioned = device->provisioned;
    row->simulated = device->simulated;
    if (columns_have(rows->columns, COLUMN_TEMPLATE)) {
        row->template = template_ids_get(&rows->templates, rows->view, device->template);
    }
}

static bool read_trail(struct rows *rows, const struct job_device *record, struct trail_end *end)
{
    if (trail_follow(&rows->trail, record, end)) return true;
    rows->why = rows->trail.why;
    return false;
}

bool rows_read(struct rows *rows, const struct job_device *record, struct job_device_row *row)
{
    struct device device;
    struct trail_end end;
    if (!rows_device(rows, record, &device)) {
        sentence_set(&rows->why, "device number %u of job number %u is not in the projections", record->device,
                     rows->list.job);
        return false;
    }
    if (!read_trail(rows, record, &end)) return false;
    *row = (struct job_device_row){
        .id = device.id,
        .display_name = device.removed ? BYTES(REMOVED_DEVICE_NAME) : device.display_name,
        .deleted = device.removed,
        .state = record->state,
        /* A device that is out again has left its last failure behind. */
        .outcome = record->state == DEVICE_OUT ? OUTCOME_NONE : record->outcome,
        .error = end.error,
        .response = end.response,
        .batch = record->position / rows->list.batch_size + 1,
        .attempt = record->attempt,
        .start_us = end.start_us,
        .end_us = end.end_us,
        .connector = end.connector,
        .later = record->later,
    };
    read_details(rows, &device, row);
    return true;
}

bool rows_error(struct rows *rows, const struct job_device *record, struct bytes *error)
{
    struct trail_end end;
    if (!read_trail(rows, record, &end)) return false;
    *error = end.error;
    return true;
}
