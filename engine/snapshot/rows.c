/* Joins the three sources of a row. */
#include "engine/snapshot/rows.h"

bool rows_open(struct rows *rows, struct view *snapshot, struct log *log, uint32_t job)
{
    rows->view = snapshot;
    rows->ahead = (struct device){0};
    const struct job_list *list = job_devices_list(snapshot, job);
    /* A list counts once its targets are fixed; until then a restart may void it. */
    rows->list = list && list->batch_size > 0 ? *list : (struct job_list){.job = job};
    if (trail_open(&rows->trail, log)) return true;
    rows->why = rows->trail.why;
    return false;
}

void rows_close(struct rows *rows)
{
    trail_close(&rows->trail);
}

struct job_device rows_record(struct rows *rows, uint32_t position)
{
    return job_devices_at(rows->view, rows->list.job, position);
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

bool rows_read(struct rows *rows, const struct job_device *record, struct job_device_row *row)
{
    struct device device;
    struct trail_end end;
    if (!rows_device(rows, record, &device)) {
        sentence_set(&rows->why, "device number %u of job number %u is not in the projections", record->device,
                     rows->list.job);
        return false;
    }
    if (!trail_follow(&rows->trail, record, &end)) {
        rows->why = rows->trail.why;
        return false;
    }
    *row = (struct job_device_row){
        .id = device.id,
        .display_name = device.removed ? BYTES(REMOVED_DEVICE_NAME) : device.display_name,
        .deleted = device.removed,
        .state = record->state,
        /* A device that is out again has left its last failure behind. */
        .outcome = record->state == DEVICE_OUT ? OUTCOME_NONE : record->outcome,
        .error = end.error,
        .batch = record->position / rows->list.batch_size + 1,
        .attempt = record->attempt,
        .start_us = end.start_us,
        .end_us = end.end_us,
        .connector = end.connector,
    };
    return true;
}
