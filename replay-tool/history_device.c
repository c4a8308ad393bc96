/* The history of one id: each device that had it, what was done with it, and what became of it in every job. */
#include "replay-tool/history.h"

#include "engine/events/numbers.h"
#include "projections/devices.h"
#include "replay-tool/told.h"

/* ---- While the log is folded. */

/* 0 when the event registers nobody of this id. */
static uint32_t registers(const struct event *event, struct bytes id)
{
    if (event->type == EVENT_DEVICE_REGISTERED && bytes_equal(event->device_registered.id, id))
        return event->device_registered.number;
    if (event->type == EVENT_IMPORT_ROW_ACCEPTED && bytes_equal(event->import_row_accepted.id, id))
        return event->import_row_accepted.number;
    return 0;
}

/* Of those that were moved together with it only this one is told. */
static void tell_alone(struct history *h, const struct event *event, size_t device)
{
    struct event one = *event;
    struct arena arena = {0};
    struct numbers_writer writer = {.buffer = {.arena = &arena}};
    if (event->type == EVENT_DEVICES_MOVED) {
        numbers_add(&writer, h->course.devices[device]);
        one.devices_moved.devices = numbers_bytes(&writer);
    }
    history_tell(h, &one, device);
    arena_free(&arena);
}

void history_see_device(void *context, const struct event *event)
{
    struct history *h = context;
    uint32_t number = registers(event, h->id);
    if (number) course_want(&h->course, number);
    if (h->course.device_count == 0) return;
    course_see(&h->course, state_view(&h->state), event);
    for (size_t i = 0; told_of_device(event->type) && i < h->course.device_count; i++)
        if (wire_event_matches(event, &(struct event_filter){.device = h->course.devices[i]})) tell_alone(h, event, i);
}

/* ---- Showing. */

static void show_device(struct history *h, size_t index)
{
    struct device device;
    struct view *v = state_view(&h->state);
    struct out *out = &h->source.replay->out;
    ASSERT(devices_get(v, h->course.devices[index], &device));
    bool removed = device.removed;
    out->show = NULL;
    struct open_map *m = out_record(out, "device");
    put_uint(m, "registration", index + 1);
    put_text(m, "id", h->id);
    put_flag(m, "removed", removed);
    if (!removed) {
        put_key(m, "now");
        put_device(v, h->course.devices[index], m->out);
    }
    out_end(out);
}

static uint64_t show_jobs(struct history *h, uint32_t device)
{
    uint64_t count = 0;
    for (size_t i = 0; i < h->course.part_count; i++) {
        if (h->course.parts[i].device != device) continue;
        history_show_course(h, "job", i);
        count++;
    }
    return count;
}

enum exit_code history_show_device(struct history *h)
{
    uint64_t jobs = 0;
    if (h->course.device_count == 0) return fail(EXIT_NOTHING, "there never was a device \"%.*s\"", BYTES_ARG(h->id));
    source_header(&h->source);
    for (size_t i = 0; i < h->course.device_count; i++) {
        show_device(h, i);
        history_show_told(h, i);
        jobs += show_jobs(h, h->course.devices[i]);
    }
    struct open_map *m = out_record(&h->source.replay->out, "summary");
    put_text(m, "device", h->id);
    put_uint(m, "registrations", h->course.device_count);
    put_uint(m, "events", h->told_count);
    put_uint(m, "jobs", jobs);
    state_put_skipped(&h->state, m);
    out_end(&h->source.replay->out);
    return EXIT_WELL;
}
