/* Reported properties: each device's own, merged report by report. */
#include "projections/reported.h"

#include "engine/base/pack.h"
#include "projections/devices.h"
#include "projections/fold.h"

/* device -> map */
enum { REPORTED = FOLD_TABLE(reported, 0) };

/* Where reports are merged: kept for its memory, empty between two events. */
struct ram {
    struct arena arena;
};

static void drop(void *memory)
{
    arena_free(&((struct ram *)memory)->arena);
}

/* ---- Maps. */

struct cursor reported_begin(struct bytes map, uint32_t *count)
{
    struct cursor c = cursor_over(map);
    if (!cursor_map(&c, count)) *count = 0;
    return c;
}

bool reported_read(struct cursor *c, struct reported *property)
{
    return cursor_text(c, &property->path) && (property->value = cursor_value(c)).data != NULL;
}

struct bytes reported_value(struct bytes map, struct bytes path)
{
    struct reported property;
    uint32_t count;
    for (struct cursor c = reported_begin(map, &count); count > 0 && reported_read(&c, &property); count--) {
        if (bytes_equal(property.path, path)) return property.value;
    }
    return BYTES_NONE;
}

bool reported_is_forgotten(const struct reported *property)
{
    struct cursor c = cursor_over(property->value);
    return cursor_nil(&c);
}

static uint32_t put_property(struct buffer *out, const struct reported *property)
{
    if (reported_is_forgotten(property)) return 0;
    msgpack_packer p = packer_into(out);
    pack_text(&p, property->path);
    pack_raw(&p, property->value);
    return 1;
}

uint32_t reported_merge(struct bytes map, struct bytes changes, struct buffer *out)
{
    struct buffer pairs = {.arena = out->arena};
    struct reported property;
    uint32_t count, kept = 0;
    for (struct cursor c = reported_begin(map, &count); count > 0 && reported_read(&c, &property); count--) {
        struct bytes changed = reported_value(changes, property.path);
        if (changed.size > 0) property.value = changed;
        kept += put_property(&pairs, &property);
    }
    for (struct cursor c = reported_begin(changes, &count); count > 0 && reported_read(&c, &property); count--) {
        if (reported_value(map, property.path).size == 0) kept += put_property(&pairs, &property);
    }
    if (kept == 0) return 0;
    msgpack_packer p = packer_into(out);
    msgpack_pack_map(&p, kept);
    buffer_append(out, pairs.data, pairs.size);
    return kept;
}

/* ---- The fold. */

static enum fold_result forget(struct view *v, uint32_t device)
{
    struct bytes map;
    bool known = store_get_number(v, REPORTED, device, &map);
    return fold_stored(known ? store_delete_number(v, REPORTED, device) : v->fault == PROJECTIONS_OK);
}

static enum fold_result reported(struct view *v, const struct event *e, struct sentence *why)
{
    struct ram *ram = v->ram[FOLD_reported];
    struct buffer merged = {.arena = &ram->arena};
    struct device device;
    uint32_t number = e->device_reported.device;
    if (!devices_get(v, number, &device) || device.removed)
        return fold_illegal(why, "device %u reports and is not there", number);
    arena_reset(&ram->arena);
    if (reported_merge(reported_get(v, number), e->device_reported.properties, &merged) == 0) return forget(v, number);
    return fold_stored(store_put_number(v, REPORTED, number, buffer_bytes(&merged)));
}

/* What a device reported goes with it: its number is never used again. */
static enum fold_result apply(struct view *v, const struct event *e, struct sentence *why)
{
    switch (e->type) {
    case EVENT_DEVICE_REPORTED: return reported(v, e, why);
    case EVENT_DEVICE_REMOVED: return forget(v, e->device_removed.number);
    default: return FOLD_OK;
    }
}

const struct fold fold_reported = {
    .name = "reported",
    .tables = {"reported"},
    .ram_size = sizeof(struct ram),
    .apply = apply,
    .drop = drop,
};

/* ---- Reads. */

struct bytes reported_get(struct view *v, uint32_t device)
{
    struct bytes map;
    return store_get_number(v, REPORTED, device, &map) ? map : BYTES_NONE;
}

uint32_t reported_next(struct view *v, uint32_t from, struct bytes *map)
{
    uint64_t device;
    return store_next(v, REPORTED, from, &device, map) ? (uint32_t)device : 0;
}
