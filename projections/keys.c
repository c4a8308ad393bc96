/* Which group keys hold. A start compares them with the file of the keys. */
#include "projections/keys.h"

#include "projections/fold.h"

/* under 0 the two prints */
enum { PRINTS = FOLD_TABLE(keys, 0) };

enum { PRIMARY, SECONDARY, TEXTS };

static enum fold_result rotated(struct view *v, const struct event *e, struct sentence *why)
{
    const struct bytes prints[TEXTS] = {e->keys_rotated.primary, e->keys_rotated.secondary};
    if (e->keys_rotated.which > KEYS_ROTATED_SECONDARY) {
        return fold_illegal(why, "%u is none of the group keys", e->keys_rotated.which);
    }
    if (prints[PRIMARY].size != KEY_PRINT_BYTES || prints[SECONDARY].size != KEY_PRINT_BYTES) {
        return fold_illegal(why, "the print of a group key has %d bytes", KEY_PRINT_BYTES);
    }
    return fold_stored(entry_put(v, PRINTS, 0, BYTES_NONE, prints, TEXTS, false));
}

/* One event of the catalogue. */
static enum fold_result apply(struct view *v, const struct event *e, struct sentence *why)
{
    return e->type == EVENT_KEYS_ROTATED ? rotated(v, e, why) : FOLD_OK;
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
