/* Which group keys hold. A start compares them with the file of the keys. */
#include "projections/keys.h"

#include "projections/exports.h"
#include "projections/fold.h"

/* under 0 the two prints */
enum { PRINTS = FOLD_TABLE(keys, 0) };

enum { PRIMARY, SECONDARY, TEXTS };

static enum fold_result known(struct view *v, struct bytes primary, struct bytes secondary, struct sentence *why)
{
    const struct bytes prints[TEXTS] = {primary, secondary};
    if (prints[PRIMARY].size != KEY_PRINT_BYTES || prints[SECONDARY].size != KEY_PRINT_BYTES) {
        return fold_illegal(why, "the print of a group key has %d bytes", KEY_PRINT_BYTES);
    }
    return fold_stored(entry_put(v, PRINTS, 0, BYTES_NONE, prints, TEXTS, false));
}

static enum fold_result rotated(struct view *v, const struct event *e, struct sentence *why)
{
    if (e->keys_rotated.which > KEYS_ROTATED_SECONDARY) {
        return fold_illegal(why, "%u is none of the group keys", e->keys_rotated.which);
    }
    return known(v, e->keys_rotated.primary, e->keys_rotated.secondary, why);
}

/* Keys are given out for the first time. Later ones say nothing new: they may be of before a rotation. */
static enum fold_result given_out(struct view *v, const struct event *e, struct sentence *why)
{
    if (e->export_closed.outcome != EXPORT_COMPLETE || keys_get(v).primary.size) return FOLD_OK;
    return known(v, e->export_closed.primary, e->export_closed.secondary, why);
}

/* Keys were made, or given out. */
static enum fold_result apply(struct view *v, const struct event *e, struct sentence *why)
{
    switch (e->type) {
    case EVENT_KEYS_ROTATED: return rotated(v, e, why);
    case EVENT_EXPORT_CLOSED: return given_out(v, e, why);
    default: return FOLD_OK;
    }
}

const struct fold fold_keys = {
    .name = "keys",
    .tables = {"keys"},
    .apply = apply,
};

struct key_prints keys_get(struct view *v)
{
    struct bytes entry, prints[TEXTS];
    if (!store_get_number(v, PRINTS, 0, &entry) || !entry_read(v, entry, NULL, 0, prints, TEXTS))
        return (struct key_prints){0};
    return (struct key_prints){prints[PRIMARY], prints[SECONDARY]};
}
