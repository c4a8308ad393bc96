/* Who acts: the peer's user id and the name it acts for, behind a small number. */
#ifndef MUSTER_ACTORS_H
#define MUSTER_ACTORS_H

#include "projections/projections.h"

struct actor {
    uint32_t number; /* 0 is the engine itself: uid 0, no name */
    uint32_t uid;
    struct bytes on_behalf_of;
};

/* 0 when this pair was never seen. */
uint32_t actors_find(struct view *v, uint32_t uid, struct bytes on_behalf_of);
bool actors_get(struct view *v, uint32_t number, struct actor *actor);
uint32_t actors_next_number(struct view *v);

#endif
