/* Actors: who stands behind each event. */
#include "projections/actors.h"

#include "projections/fold.h"

/* number -> uid and name; uid and name -> number. */
enum { ACTORS = FOLD_TABLE(actors, 0), ACTOR_KEYS = FOLD_TABLE(actors, 1) };

enum { UID_SIZE = 4, NAME_SIZE_MAX = STORE_KEY_MAX - UID_SIZE };

/* 0: not known, see the table. Every event names an actor, so this is asked for each. */
struct ram {
    uint32_t next_number;
};

struct key {
    uint8_t bytes[STORE_KEY_MAX];
};

static struct bytes key_of(uint32_t uid, struct bytes name, struct key *key)
{
    put_be32(key->bytes, uid);
    if (name.size) memcpy(key->bytes + UID_SIZE, name.data, name.size);
    return (struct bytes){key->bytes, UID_SIZE + name.size};
}

uint32_t actors_next_number(struct view *v)
{
    struct ram *ram = v->ram[FOLD_actors];
    if (!ram) return (uint32_t)store_last(v, ACTORS) + 1;
    if (!ram->next_number) ram->next_number = (uint32_t)store_last(v, ACTORS) + 1;
    return ram->next_number;
}

static enum fold_result actor_seen(struct view *v, const struct event *e, struct sentence *why)
{
    struct key key;
    struct ram *ram = v->ram[FOLD_actors];
    uint32_t number = e->actor_seen.number, uid = e->actor_seen.uid;
    struct bytes name = e->actor_seen.on_behalf_of;
    if (number != actors_next_number(v)) {
        return fold_illegal(why, "actor number %u is not the next one, %u", number, actors_next_number(v));
    }
    if (name.size > NAME_SIZE_MAX) return fold_illegal(why, "an actor's name has %zu bytes", name.size);
    if (actors_find(v, uid, name)) return fold_illegal(why, "actor %u was seen before under another number", number);
    ram->next_number = number + 1;
    return fold_stored(entry_put(v, ACTORS, number, (struct bytes){&uid, sizeof uid}, &name, 1, true) &&
                       ids_put(v, ACTOR_KEYS, key_of(uid, name, &key), number));
}

/* Every event names its actor, one makes one. */
static enum fold_result apply(struct view *v, const struct event *e, struct sentence *why)
{
    if (e->type == EVENT_ACTOR_SEEN) return actor_seen(v, e, why);
    if (e->actor < actors_next_number(v)) return FOLD_OK;
    return fold_illegal(why, "actor %u was never seen", e->actor);
}

const struct fold fold_actors = {
    .name = "actors",
    .tables = {"actors", "actor_keys"},
    .ram_size = sizeof(struct ram),
    .apply = apply,
};

uint32_t actors_find(struct view *v, uint32_t uid, struct bytes on_behalf_of)
{
    struct key key;
    if (on_behalf_of.size > NAME_SIZE_MAX) return 0;
    return ids_find(v, ACTOR_KEYS, key_of(uid, on_behalf_of, &key));
}

bool actors_get(struct view *v, uint32_t number, struct actor *actor)
{
    struct bytes entry;
    *actor = (struct actor){.number = number};
    if (number == 0) return true;
    return store_get_number(v, ACTORS, number, &entry) &&
           entry_read(v, entry, &actor->uid, sizeof actor->uid, &actor->on_behalf_of, 1);
}
