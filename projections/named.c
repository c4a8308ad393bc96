/* Saving and removing of templates and groups. */
#include "projections/named.h"

struct fixed {
    uint32_t removed;
};

static bool put(struct view *v, const struct named *kind, uint32_t number, const struct bytes texts[], bool removed)
{
    struct fixed fixed = {removed};
    return entry_put(v, kind->entries, number, (struct bytes){&fixed, sizeof fixed}, texts, kind->text_count, false);
}

static bool read(struct view *v, const struct named *kind, struct bytes entry, struct bytes texts[], bool *removed)
{
    struct fixed fixed;
    if (!entry_read(v, entry, &fixed, sizeof fixed, texts, kind->text_count)) return false;
    *removed = fixed.removed;
    return true;
}

static enum fold_result make(struct view *v, const struct named *kind, uint32_t number, const struct bytes texts[],
                             struct sentence *why)
{
    struct bytes id = texts[0];
    if (number != named_next_number(v, kind)) {
        return fold_illegal(why, "%s number %u is not the next one, %u", kind->noun, number,
                            named_next_number(v, kind));
    }
    if (!store_key_fits(id)) return fold_illegal(why, "a %s's id has %zu bytes", kind->noun, id.size);
    if (named_find(v, kind, id)) return fold_illegal(why, "%s id %.*s is taken", kind->noun, BYTES_ARG(id));
    return fold_stored(put(v, kind, number, texts, false) && ids_put(v, kind->ids, id, number));
}

enum fold_result named_save(struct view *v, const struct named *kind, uint32_t number, const struct bytes texts[],
                            struct sentence *why)
{
    struct bytes old[ENTRY_TEXTS_MAX];
    bool removed;
    if (!named_get(v, kind, number, old, &removed)) return make(v, kind, number, texts, why);
    if (removed) return fold_illegal(why, "%s %u was removed", kind->noun, number);
    if (!bytes_equal(old[0], texts[0])) {
        return fold_illegal(why, "%s %u is called %.*s, not %.*s", kind->noun, number, BYTES_ARG(old[0]),
                            BYTES_ARG(texts[0]));
    }
    return fold_stored(put(v, kind, number, texts, false));
}

enum fold_result named_remove(struct view *v, const struct named *kind, uint32_t number, struct sentence *why)
{
    struct bytes texts[ENTRY_TEXTS_MAX];
    bool removed;
    if (!named_get(v, kind, number, texts, &removed)) return fold_illegal(why, "there is no %s %u", kind->noun, number);
    if (removed) return fold_illegal(why, "%s %u was removed before", kind->noun, number);
    /* The id first: it is borrowed from the entry that put replaces. */
    return fold_stored(store_delete(v, kind->ids, texts[0]) && named_get(v, kind, number, texts, &removed) &&
                       put(v, kind, number, texts, true));
}

uint32_t named_find(struct view *v, const struct named *kind, struct bytes id)
{
    return ids_find(v, kind->ids, id);
}

bool named_get(struct view *v, const struct named *kind, uint32_t number, struct bytes texts[], bool *removed)
{
    struct bytes entry;
    return store_get_number(v, kind->entries, number, &entry) && read(v, kind, entry, texts, removed);
}

uint32_t named_next_number(struct view *v, const struct named *kind)
{
    return (uint32_t)store_last(v, kind->entries) + 1;
}

uint32_t named_next(struct view *v, const struct named *kind, uint32_t from, struct bytes texts[])
{
    uint64_t number = from;
    struct bytes entry;
    for (bool removed; store_next(v, kind->entries, number, &number, &entry); number++) {
        if (!read(v, kind, entry, texts, &removed)) return 0;
        if (!removed) return (uint32_t)number;
    }
    return 0;
}
