/* Group keys in the walk: what the log knows of them at a start, and their prints for events. */
#include "engine/base/space.h"
#include "engine/turn_state.h"
#include "projections/keys.h"

_Static_assert((int)KEY_PRINT_SIZE == (int)KEY_PRINT_BYTES, "what is made is what is kept");

bool turn_open_keys(struct turn *t)
{
    struct key_prints known = keys_get(t->view);
    const struct turn_settings *s = &t->settings;
    if (key_store_open(&t->keys, s->data_directory, known.primary, known.secondary, s->trust_keys)) return true;
    t->why = t->keys.why;
    t->exit_code = space_is_lacking(t->keys.error) ? EXIT_NO_SPACE : EXIT_FAILED;
    return false;
}

static struct bytes print_of(struct turn *t, enum group_key which)
{
    uint8_t *print = arena_alloc(&t->arena, KEY_PRINT_SIZE);
    group_keys_print(key_store_keys(&t->keys), which, print);
    return (struct bytes){print, KEY_PRINT_SIZE};
}

struct key_prints turn_key_prints(struct turn *t)
{
    return (struct key_prints){print_of(t, GROUP_KEY_PRIMARY), print_of(t, GROUP_KEY_SECONDARY)};
}

struct key_prints turn_rotate_key(void *turn, enum keys_rotated which)
{
    struct turn *t = turn;
    key_store_rotate(&t->keys, which == KEYS_ROTATED_PRIMARY ? GROUP_KEY_PRIMARY : GROUP_KEY_SECONDARY);
    return turn_key_prints(t);
}
