/* Device groups: filters that people gave a name. */
#include "projections/groups.h"

#include "projections/named.h"

enum { ID, DISPLAY_NAME, DESCRIPTION, FILTER, TEXTS };

static const struct named GROUPS = {"group", FOLD_TABLE(groups, 0), FOLD_TABLE(groups, 1), TEXTS};

/* Groups care for two events of the catalogue. */
static enum fold_result apply(struct view *v, const struct event *e, struct sentence *why)
{
    switch (e->type) {
    case EVENT_GROUP_SAVED: {
        const struct bytes texts[TEXTS] = {e->group_saved.id, e->group_saved.display_name, e->group_saved.description,
                                           e->group_saved.filter};
        return named_save(v, &GROUPS, e->group_saved.number, texts, why);
    }
    case EVENT_GROUP_REMOVED: return named_remove(v, &GROUPS, e->group_removed.number, why);
    default: return FOLD_OK;
    }
}

const struct fold fold_groups = {
    .name = "groups",
    .tables = {"groups", "group_ids"},
    .apply = apply,
};

static struct group group_of(uint32_t number, const struct bytes texts[TEXTS], bool removed)
{
    return (struct group){.number = number,
                          .id = texts[ID],
                          .display_name = texts[DISPLAY_NAME],
                          .description = texts[DESCRIPTION],
                          .filter = texts[FILTER],
                          .removed = removed};
}

uint32_t groups_find(struct view *v, struct bytes id)
{
    return named_find(v, &GROUPS, id);
}

bool groups_get(struct view *v, uint32_t number, struct group *group)
{
    struct bytes texts[TEXTS];
    bool removed;
    if (!named_get(v, &GROUPS, number, texts, &removed)) return false;
    *group = group_of(number, texts, removed);
    return true;
}

uint32_t groups_next_number(struct view *v)
{
    return named_next_number(v, &GROUPS);
}

bool groups_next(struct view *v, uint32_t from, struct group *group)
{
    struct bytes texts[TEXTS];
    uint32_t number = named_next(v, &GROUPS, from, texts);
    if (number) *group = group_of(number, texts, false);
    return number != 0;
}
