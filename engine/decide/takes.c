/* One list in order of arrival; takes leave it in takes_sweep() only. */
#include "engine/decide/takes.h"

#include <stdlib.h>

static uintptr_t count_of(const struct takes *t, uint64_t peer)
{
    return (uintptr_t)map_get(&t->count_by_peer, peer);
}

static void set_count(struct takes *t, uint64_t peer, uintptr_t count)
{
    if (count) map_put(&t->count_by_peer, peer, (void *)count);
    else map_remove(&t->count_by_peer, peer);
}

bool takes_add(struct takes *t, const struct take *take)
{
    uintptr_t waiting = count_of(t, take->peer);
    if (waiting >= TAKES_WAITING_MAX) return false;
    set_count(t, take->peer, waiting + 1);
    struct take *copy = malloc(sizeof *copy);
    ASSERT(copy);
    *copy = *take;
    copy->next = NULL;
    if (!t->first) {
        t->last_link = &t->first;
        t->soonest_us = INT64_MAX;
    }
    *t->last_link = copy;
    t->last_link = &copy->next;
    t->soonest_us = MIN(t->soonest_us, copy->deadline_us);
    return true;
}

/* Forgets the served ones and those of `peer`, and finds the soonest deadline of the rest. */
static void takes_sweep(struct takes *t, uint64_t peer)
{
    struct take **link = &t->first;
    t->soonest_us = INT64_MAX;
    while (*link) {
        struct take *take = *link;
        if (take->served || take->peer == peer) {
            set_count(t, take->peer, count_of(t, take->peer) - 1);
            *link = take->next;
            free(take);
            continue;
        }
        t->soonest_us = MIN(t->soonest_us, take->deadline_us);
        link = &take->next;
    }
    t->last_link = link;
}

void takes_peer_left(struct takes *t, uint64_t peer)
{
    if (count_of(t, peer)) takes_sweep(t, peer);
}

int64_t takes_deadline(const struct takes *t)
{
    return t->first ? t->soonest_us : INT64_MAX;
}

void takes_settle(struct takes *t)
{
    takes_sweep(t, 0);
}

void takes_undo(struct takes *t)
{
    for (struct take *take = t->first; take; take = take->next) take->served = false;
}

void takes_free(struct takes *t)
{
    while (t->first) takes_peer_left(t, t->first->peer);
    map_free(&t->count_by_peer);
}
