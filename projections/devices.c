/* Devices: what is registered, by number and by id. */
#include "projections/devices.h"

#include "engine/events/numbers.h"
#include "projections/fold.h"
#include "projections/templates.h"

/* number -> device, removed ones too; id -> number of those present; under key 0 how many those are. */
enum { DEVICES = FOLD_TABLE(devices, 0), DEVICE_IDS = FOLD_TABLE(devices, 1), DEVICE_COUNT = FOLD_TABLE(devices, 2) };

enum { ID, DISPLAY_NAME, TEXTS }; /* the name is left empty when it is the id */

enum { PROVISIONED = 1, SIMULATED = 2, REMOVED = 4 };

struct fixed {
    uint32_t template;
    uint32_t flags;
};

struct ram {
    bool loaded;
    bool changed; /* since the last flush */
    uint32_t next_number;
    uint32_t count;
};

static uint32_t stored_count(struct view *v)
{
    const uint64_t *count = store_record(v, DEVICE_COUNT, 0, sizeof *count);
    return count ? (uint32_t)*count : 0;
}

static struct ram *loaded(struct view *v)
{
    struct ram *ram = v->ram[FOLD_devices];
    if (ram->loaded) return ram;
    *ram = (struct ram){.loaded = true, .next_number = (uint32_t)store_last(v, DEVICES) + 1, .count = stored_count(v)};
    return ram;
}

static bool flush(struct view *v)
{
    struct ram *ram = v->ram[FOLD_devices];
    uint64_t count = ram->count;
    if (!ram->changed) return true;
    ram->changed = false;
    return store_put_number(v, DEVICE_COUNT, 0, (struct bytes){&count, sizeof count});
}

/* ---- Registration: a device's own event, or an accepted row of an import. */

struct registration {
    uint32_t number;
    struct fixed fixed;
    struct bytes texts[TEXTS];
};

static uint32_t flags_of(bool provisioned, bool simulated)
{
    return (provisioned ? PROVISIONED : 0) | (simulated ? SIMULATED : 0);
}

static enum fold_result template_known(struct view *v, uint32_t template, struct sentence *why)
{
    if (template == 0 || template < templates_next_number(v)) return FOLD_OK;
    return fold_illegal(why, "template %u was never saved", template);
}

static enum fold_result register_device(struct view *v, const struct registration *r, struct sentence *why)
{
    struct ram *ram = loaded(v);
    struct bytes id = r->texts[ID];
    if (r->number != ram->next_number) {
        return fold_illegal(why, "device number %u is not the next one, %u", r->number, ram->next_number);
    }
    if (!store_key_fits(id)) return fold_illegal(why, "a device's id has %zu bytes", id.size);
    if (ids_find(v, DEVICE_IDS, id)) return fold_illegal(why, "device id %.*s is taken", BYTES_ARG(id));
    if (template_known(v, r->fixed.template, why) != FOLD_OK) return FOLD_ILLEGAL;
    ram->next_number++;
    ram->count++;
    ram->changed = true;
    struct bytes texts[TEXTS] = {id, bytes_equal(id, r->texts[DISPLAY_NAME]) ? BYTES_NONE : r->texts[DISPLAY_NAME]};
    struct bytes fixed = {&r->fixed, sizeof r->fixed};
    return fold_stored(entry_put(v, DEVICES, r->number, fixed, texts, TEXTS, true) &&
                       ids_put(v, DEVICE_IDS, id, r->number));
}

static enum fold_result device_registered(struct view *v, const struct event *e, struct sentence *why)
{
    const struct registration r = {
        .number = e->device_registered.number,
        .fixed = {e->device_registered.template,
                  flags_of(e->device_registered.provisioned, e->device_registered.simulated)},
        .texts = {e->device_registered.id, e->device_registered.display_name},
    };
    return register_device(v, &r, why);
}

static enum fold_result import_row_accepted(struct view *v, const struct event *e, struct sentence *why)
{
    const struct registration r = {
        .number = e->import_row_accepted.number,
        .fixed = {.template = e->import_row_accepted.template},
        .texts = {e->import_row_accepted.id, e->import_row_accepted.display_name},
    };
    return register_device(v, &r, why);
}

/* ---- Changes of one that is present. */

static bool read(struct view *v, uint32_t number, struct fixed *fixed, struct bytes texts[TEXTS])
{
    struct bytes entry;
    return store_get_number(v, DEVICES, number, &entry) && entry_read(v, entry, fixed, sizeof *fixed, texts, TEXTS);
}

static bool write(struct view *v, uint32_t number, const struct fixed *fixed, const struct bytes texts[TEXTS])
{
    return entry_put(v, DEVICES, number, (struct bytes){fixed, sizeof *fixed}, texts, TEXTS, false);
}

static enum fold_result read_present(struct view *v, uint32_t number, struct fixed *fixed, struct bytes texts[TEXTS],
                                     struct sentence *why)
{
    if (!read(v, number, fixed, texts)) return fold_illegal(why, "there is no device %u", number);
    if (fixed->flags & REMOVED) return fold_illegal(why, "device %u was removed", number);
    return FOLD_OK;
}

/* By its own event, or by a row of an import. */
static enum fold_result rename_device(struct view *v, uint32_t number, struct bytes name, struct sentence *why)
{
    struct fixed fixed;
    struct bytes texts[TEXTS];
    if (read_present(v, number, &fixed, texts, why) != FOLD_OK) return FOLD_ILLEGAL;
    texts[DISPLAY_NAME] = bytes_equal(name, texts[ID]) ? BYTES_NONE : name;
    return fold_stored(write(v, number, &fixed, texts));
}

static enum fold_result move(struct view *v, uint32_t number, uint32_t template, struct sentence *why)
{
    struct fixed fixed;
    struct bytes texts[TEXTS];
    if (read_present(v, number, &fixed, texts, why) != FOLD_OK) return FOLD_ILLEGAL;
    fixed.template = template;
    return fold_stored(write(v, number, &fixed, texts));
}

static enum fold_result device_moved(struct view *v, const struct event *e, struct sentence *why)
{
    if (template_known(v, e->device_moved.template, why) != FOLD_OK) return FOLD_ILLEGAL;
    return move(v, e->device_moved.number, e->device_moved.template, why);
}

static enum fold_result devices_moved(struct view *v, const struct event *e, struct sentence *why)
{
    struct numbers devices = numbers_of(e->devices_moved.devices);
    enum fold_result result = template_known(v, e->devices_moved.template, why);
    uint64_t number;
    while (result == FOLD_OK && numbers_next(&devices, &number))
        result = move(v, (uint32_t)number, e->devices_moved.template, why);
    return result;
}

static enum fold_result device_marked(struct view *v, const struct event *e, struct sentence *why)
{
    struct fixed fixed;
    struct bytes texts[TEXTS];
    uint32_t number = e->device_marked.number;
    if (read_present(v, number, &fixed, texts, why) != FOLD_OK) return FOLD_ILLEGAL;
    fixed.flags = flags_of(e->device_marked.provisioned, e->device_marked.simulated);
    return fold_stored(write(v, number, &fixed, texts));
}

/* The id is free for another device; this one stays under its number. */
static enum fold_result device_removed(struct view *v, const struct event *e, struct sentence *why)
{
    struct ram *ram = loaded(v);
    struct fixed fixed;
    struct bytes texts[TEXTS];
    uint32_t number = e->device_removed.number;
    if (read_present(v, number, &fixed, texts, why) != FOLD_OK) return FOLD_ILLEGAL;
    fixed.flags |= REMOVED;
    ram->count--;
    ram->changed = true;
    /* The entry is read again because its texts may have moved with the deletion. */
    struct fixed before;
    return fold_stored(store_delete(v, DEVICE_IDS, texts[ID]) && read(v, number, &before, texts) &&
                       write(v, number, &fixed, texts));
}

/* Devices care for the events about themselves. */
static enum fold_result apply(struct view *v, const struct event *e, struct sentence *why)
{
    switch (e->type) {
    case EVENT_DEVICE_REGISTERED: return device_registered(v, e, why);
    case EVENT_IMPORT_ROW_ACCEPTED: return import_row_accepted(v, e, why);
    case EVENT_DEVICE_RENAMED:
        return rename_device(v, e->device_renamed.number, e->device_renamed.display_name, why);
    case EVENT_IMPORT_ROW_CHANGED:
        return rename_device(v, e->import_row_changed.number, e->import_row_changed.display_name, why);
    case EVENT_DEVICE_MOVED: return device_moved(v, e, why);
    case EVENT_DEVICES_MOVED: return devices_moved(v, e, why);
    case EVENT_DEVICE_MARKED: return device_marked(v, e, why);
    case EVENT_DEVICE_REMOVED: return device_removed(v, e, why);
    default: return FOLD_OK;
    }
}

const struct fold fold_devices = {
    .name = "devices",
    .tables = {"devices", "device_ids", "device_count"},
    .ram_size = sizeof(struct ram),
    .apply = apply,
    .flush = flush,
};

/* ---- Reads. */

static struct device device_of(uint32_t number, const struct fixed *fixed, const struct bytes texts[TEXTS])
{
    return (struct device){
        .number = number,
        .id = texts[ID],
        .display_name = texts[DISPLAY_NAME].size ? texts[DISPLAY_NAME] : texts[ID],
        .template = fixed->template,
        .provisioned = fixed->flags & PROVISIONED,
        .simulated = fixed->flags & SIMULATED,
        .removed = fixed->flags & REMOVED,
    };
}

uint32_t devices_find(struct view *v, struct bytes id)
{
    return ids_find(v, DEVICE_IDS, id);
}

uint32_t devices_find_removed(struct view *v, struct bytes id)
{
    uint64_t number = UINT32_MAX;
    struct bytes entry, texts[TEXTS];
    for (struct fixed fixed; number > 0 && store_previous(v, DEVICES, number, &number, &entry); number--) {
        if (!entry_read(v, entry, &fixed, sizeof fixed, texts, TEXTS)) return 0;
        if (fixed.flags & REMOVED && bytes_equal(texts[ID], id)) return (uint32_t)number;
    }
    return 0;
}

/* Devices are mostly asked for in order, by whoever hands out work: a step of a cursor instead of a search. */
bool devices_get(struct view *v, uint32_t number, struct device *device)
{
    uint64_t found;
    struct fixed fixed;
    struct bytes entry, texts[TEXTS];
    if (!store_next(v, DEVICES, number, &found, &entry) || found != number) return false;
    if (!entry_read(v, entry, &fixed, sizeof fixed, texts, TEXTS)) return false;
    *device = device_of(number, &fixed, texts);
    return true;
}

uint32_t devices_next_number(struct view *v)
{
    return v->live ? loaded(v)->next_number : (uint32_t)store_last(v, DEVICES) + 1;
}

uint32_t devices_count(struct view *v)
{
    return v->live ? loaded(v)->count : stored_count(v);
}

bool devices_next(struct view *v, uint32_t from, struct device *device)
{
    uint64_t number = from;
    struct bytes entry, texts[TEXTS];
    for (struct fixed fixed; store_next(v, DEVICES, number, &number, &entry); number++) {
        if (!entry_read(v, entry, &fixed, sizeof fixed, texts, TEXTS)) return false;
        if (fixed.flags & REMOVED) continue;
        *device = device_of((uint32_t)number, &fixed, texts);
        return true;
    }
    return false;
}
