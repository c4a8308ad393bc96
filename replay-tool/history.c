/* muster-replay history: all that the log knows of a job, or of a device in all jobs, however long ago. The log is folded
 * once; what is told is gathered on the way. */
#include "replay-tool/history.h"

#include "engine/wire/wire.h"
#include "projections/devices.h"
#include "replay-tool/told.h"
#include "replay-tool/verbs.h"

const struct option_row HISTORY_OPTIONS[] = {
    {"device", "ID", "of this device in all jobs instead, and of those that had its id before"},
    {"devices", NULL, "each of the job's devices too, with every attempt"},
    {"batches", NULL, "each batch by itself, however many there are"},
    FOLD_OPTION_ROWS,
    {NULL, NULL, NULL},
};

/* ---- What is told. */

void history_tell(struct history *h, const struct event *event, size_t device)
{
    struct buffer map = {.arena = &h->arena};
    arena_reset(&h->arena);
    wire_event(state_view(&h->state), event, &map);
    struct told_event *told = arena_alloc(&h->told_arena, sizeof *told);
    *told = (struct told_event){.device = device, .map = arena_copy(&h->told_arena, buffer_bytes(&map))};
    *h->told_end = told;
    h->told_end = &told->next;
    h->told_count++;
}

void history_show_told(struct history *h, size_t device)
{
    struct out *out = &h->source.replay->out;
    out->show = told_show;
    for (const struct told_event *told = h->told; told; told = told->next)
        if (told->device == device) out_row(out, "event", told->map);
}

/* A device that is gone has its id, and no details. */
static void put_name(struct open_map *m, struct view *v, uint32_t number)
{
    struct device device;
    ASSERT(devices_get(v, number, &device));
    put_text(m, "id", device.id);
    put_text(m, "displayName", device.removed ? BYTES(REMOVED_DEVICE_NAME) : device.display_name);
    put_flag(m, "deleted", device.removed);
}

void history_show_course(struct history *h, const char *name, size_t part)
{
    struct view *v = state_view(&h->state);
    struct out *out = &h->source.replay->out;
    struct history_row row;
    struct late_row *late;
    size_t late_count;
    arena_reset(&h->arena);
    course_row(&h->course, part, v, &h->arena, &row, &late, &late_count);
    struct open_map *m = out_record(out, name);
    if (h->job) put_name(m, v, h->course.parts[part].device);
    else put_course_job(m, &row);
    put_device_course(m, &row);
    course_put_late(m, late, late_count);
    out->show = told_show_course;
    out_end(out);
}

/* ---- The verb. */

static enum exit_code take_wishes(struct replay *r, struct history *h)
{
    const char *job = r->operands[0], *device = option(r, "device");
    if (!job == !device) return usage(r, "expected a job, or --device with a device's id");
    if (device && (option(r, "devices") || option(r, "batches")))
        return usage(r, "--devices and --batches are of a job, --device of none");
    h->id = bytes_of_text(job ? job : device);
    h->with_devices = option(r, "devices");
    h->tally.each = option(r, "batches");
    h->told_end = &h->told;
    return EXIT_WELL;
}

static enum exit_code fold(struct history *h, bool of_device)
{
    enum exit_code code = state_open(&h->state, &h->source);
    if (code != EXIT_WELL) return code;
    h->state.seen = of_device ? history_see_device : history_see_job;
    h->state.context = h;
    code = course_begin(&h->course, h->source.replay);
    if (code == EXIT_WELL) code = state_reach(&h->state, h->source.head);
    return code == EXIT_WELL ? course_end(&h->course) : code;
}

enum exit_code verb_history(struct replay *r)
{
    struct history h = {.job = 0};
    bool of_device = option(r, "device");
    enum exit_code code = take_wishes(r, &h);
    if (code == EXIT_WELL) code = source_open(&h.source, r);
    if (code != EXIT_WELL) return code;
    code = fold(&h, of_device);
    if (code == EXIT_WELL) code = of_device ? history_show_device(&h) : history_show_job(&h);
    if (code == EXIT_WELL) code = state_exit(&h.state);
    course_free(&h.course);
    tally_free(&h.tally);
    arena_free(&h.told_arena);
    arena_free(&h.arena);
    state_close(&h.state);
    source_close(&h.source);
    return code;
}
