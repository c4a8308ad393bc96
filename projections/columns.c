/* The columns that users chose to see in a view. */
#include "projections/columns.h"

#include "projections/fold.h"

/* size of the user's name, the name, the view's name -> array of texts */
enum { CHOSEN = FOLD_TABLE(columns, 0) };

enum { EMPTY_ARRAY = 0x90 };

struct chosen_key {
    uint8_t data[STORE_KEY_MAX];
    size_t size;
};

static bool key_of(struct bytes user, struct bytes view_name, struct chosen_key *key)
{
    key->size = 1 + user.size + view_name.size;
    if (user.size == 0 || user.size > UINT8_MAX || view_name.size == 0 || key->size > STORE_KEY_MAX) return false;
    key->data[0] = (uint8_t)user.size;
    memcpy(key->data + 1, user.data, user.size);
    memcpy(key->data + 1 + user.size, view_name.data, view_name.size);
    return true;
}

static bool is_empty(struct bytes columns)
{
    return columns.size == 1 && *(const uint8_t *)columns.data == EMPTY_ARRAY;
}

static enum fold_result chosen(struct view *v, const struct event *e, struct sentence *why)
{
    struct chosen_key key;
    struct bytes columns = e->columns_chosen.columns, stored;
    if (!key_of(e->columns_chosen.user, e->columns_chosen.view, &key)) {
        return fold_illegal(why, "columns are chosen by a user or for a view whose name is empty or too long");
    }
    struct bytes at = {key.data, key.size};
    if (columns.size > 0 && !is_empty(columns)) return fold_stored(store_put(v, CHOSEN, at, columns));
    return fold_stored(!store_get(v, CHOSEN, at, &stored) || store_delete(v, CHOSEN, at));
}

/* One event of the catalogue. */
static enum fold_result apply(struct view *v, const struct event *e, struct sentence *why)
{
    return e->type == EVENT_COLUMNS_CHOSEN ? chosen(v, e, why) : FOLD_OK;
}

const struct fold fold_columns = {
    .name = "columns",
    .tables = {"columns"},
    .apply = apply,
};

struct bytes columns_get(struct view *v, struct bytes user, struct bytes view_name)
{
    struct chosen_key key;
    struct bytes columns;
    bool found = key_of(user, view_name, &key) && store_get(v, CHOSEN, (struct bytes){key.data, key.size}, &columns);
    return found ? columns : BYTES_NONE;
}
