/* The thumbprints of devices' X.509 certificates. Few fleets have any, so they lie apart from the devices. */
#include "projections/thumbprints.h"

#include "projections/devices.h"
#include "projections/fold.h"

/* device -> primary and secondary; no entry when it has neither */
enum { THUMBPRINTS = FOLD_TABLE(thumbprints, 0) };

enum { PRIMARY, SECONDARY, TEXTS };

enum { SHA1_SIZE = 20, SHA256_SIZE = 32 };

static bool is_thumbprint(struct bytes data)
{
    return data.size == 0 || data.size == SHA1_SIZE || data.size == SHA256_SIZE;
}

static bool forget(struct view *v, uint32_t device)
{
    struct bytes entry;
    return !store_get_number(v, THUMBPRINTS, device, &entry) || store_delete_number(v, THUMBPRINTS, device);
}

static enum fold_result set(struct view *v, const struct event *e, struct sentence *why)
{
    uint32_t number = e->device_thumbprints_set.number;
    struct bytes texts[TEXTS] = {e->device_thumbprints_set.primary, e->device_thumbprints_set.secondary};
    struct device device;
    if (!devices_get(v, number, &device)) return fold_illegal(why, "there is no device %u", number);
    if (device.removed) return fold_illegal(why, "device %u was removed", number);
    if (!is_thumbprint(texts[PRIMARY]) || !is_thumbprint(texts[SECONDARY])) {
        return fold_illegal(why, "device %u gets a thumbprint that is neither a SHA-1 nor a SHA-256", number);
    }
    if (texts[PRIMARY].size == 0 && texts[SECONDARY].size == 0) return fold_stored(forget(v, number));
    return fold_stored(entry_put(v, THUMBPRINTS, number, BYTES_NONE, texts, TEXTS, false));
}

/* What sets them, and what makes them void. */
static enum fold_result apply(struct view *v, const struct event *e, struct sentence *why)
{
    switch (e->type) {
    case EVENT_DEVICE_THUMBPRINTS_SET: return set(v, e, why);
    case EVENT_DEVICE_REMOVED: return fold_stored(forget(v, e->device_removed.number));
    default: return FOLD_OK;
    }
}

const struct fold fold_thumbprints = {
    .name = "thumbprints",
    .tables = {"thumbprints"},
    .apply = apply,
};

struct thumbprints thumbprints_get(struct view *v, uint32_t device)
{
    uint64_t found;
    struct bytes entry, texts[TEXTS];
    if (!store_next(v, THUMBPRINTS, device, &found, &entry) || found != device) return (struct thumbprints){0};
    if (!entry_read(v, entry, NULL, 0, texts, TEXTS)) return (struct thumbprints){0};
    return (struct thumbprints){texts[PRIMARY], texts[SECONDARY]};
}
