/* One list in order of arrival; takes leave it in takes_sweep() only. */
#include "engine/decide/takes.h"

#include <stdlib.h>

/* A connection that took. */
struct taker {
    uint32_t waiting;
    struct take_kind *last; /* of its last take */
};

/* ---- Kinds. */

static bool wishes_are_equal(const struct take_wish *a, const struct take_wish *b)
{
    return a->types == b->types && a->template_count == b->template_count &&
           (a->template_count == 0 || memcmp(a->templates, b->templates, a->template_count * sizeof(uint32_t)) == 0);
}

static void kind_begin(struct take_kind *kind, const struct take_wish *wish)
{
    size_t size = wish->template_count * sizeof(uint32_t);
    kind->templates = size ? malloc(size) : NULL;
    ASSERT(kind->templates || !size);
    if (size) memcpy(kind->templates, wish->templates, size);
    kind->wish = *wish;
    kind->wish.templates = kind->templates;
    kind->generation++;
}

/* The kind with this wish, made when there is none; NULL when there is no place for another. */
static struct take_kind *kind_of(struct takes *t, const struct take_wish *wish)
{
    struct take_kind *place = NULL;
    for (size_t i = 0; i < COUNT_OF(t->kinds); i++) {
        struct take_kind *kind = &t->kinds[i];
        if (kind->references > 0 && wishes_are_equal(&kind->wish, wish)) return kind;
        if (kind->references == 0 && !place) place = kind;
    }
    if (place) kind_begin(place, wish);
    return place;
}

static void kind_release(struct take_kind *kind)
{
    if (--kind->references > 0) return;
    free(kind->templates);
    kind->templates = NULL;
}

bool take_wish_has_template(const struct take_wish *wish, uint32_t template)
{
    if (wish->template_count == 0) return true;
    for (uint32_t i = 0; i < wish->template_count && wish->templates[i] <= template; i++) {
        if (wish->templates[i] == template) return true;
    }
    return false;
}

/* ---- Takes. */

static struct taker *taker_of(struct takes *t, uint64_t peer)
{
    struct taker *taker = map_get(&t->takers, peer);
    if (taker) return taker;
    taker = calloc(1, sizeof *taker);
    ASSERT(taker);
    map_put(&t->takers, peer, taker);
    return taker;
}

/* The connection is now known to want this. */
static void taker_wants(struct taker *taker, struct take_kind *kind)
{
    kind->references++;
    if (taker->last) kind_release(taker->last);
    taker->last = kind;
}

static void list_add(struct takes *t, struct take *take)
{
    if (!t->first) {
        t->last_link = &t->first;
        t->soonest_us = INT64_MAX;
    }
    if (!t->new_link) t->new_link = t->last_link;
    *t->last_link = take;
    t->last_link = &take->next;
    t->soonest_us = MIN(t->soonest_us, take->deadline_us);
}

enum takes_result takes_add(struct takes *t, const struct take *take, const struct take_wish *wish)
{
    struct taker *taker = taker_of(t, take->peer);
    if (taker->waiting >= TAKES_WAITING_MAX) return TAKES_TOO_MANY;
    struct take_kind *kind = kind_of(t, wish);
    if (!kind) return TAKES_TOO_MANY_KINDS;
    struct take *copy = malloc(sizeof *copy);
    ASSERT(copy);
    *copy = *take;
    copy->kind = kind;
    copy->next = NULL;
    kind->references++;
    kind->waiting++;
    taker->waiting++;
    taker_wants(taker, kind);
    list_add(t, copy);
    return TAKES_ADDED;
}

static void take_delete(struct takes *t, struct take *take)
{
    struct taker *taker = map_get(&t->takers, take->peer);
    taker->waiting--;
    take->kind->waiting--;
    kind_release(take->kind);
    free(take);
}

/* Forgets the served ones and those of `peer`, and finds the soonest deadline of the rest. */
static void takes_sweep(struct takes *t, uint64_t peer)
{
    struct take **link = &t->first;
    t->soonest_us = INT64_MAX;
    while (*link) {
        struct take *take = *link;
        if (take->served || take->peer == peer) {
            *link = take->next;
            take_delete(t, take);
            continue;
        }
        t->soonest_us = MIN(t->soonest_us, take->deadline_us);
        link = &take->next;
    }
    t->last_link = link;
}

void takes_peer_left(struct takes *t, uint64_t peer)
{
    struct taker *taker = map_get(&t->takers, peer);
    if (!taker) return;
    if (taker->waiting) takes_sweep(t, peer);
    if (taker->last) kind_release(taker->last);
    map_remove(&t->takers, peer);
    free(taker);
}

int64_t takes_deadline(const struct takes *t)
{
    return t->first ? t->soonest_us : INT64_MAX;
}

void takes_settle(struct takes *t, bool served)
{
    t->new_link = NULL;
    if (served) takes_sweep(t, 0);
}

void takes_undo(struct takes *t)
{
    for (struct take *take = t->first; take; take = take->next) take->served = false;
    for (struct take *take = t->new_link ? *t->new_link : NULL; take; take = take->next) take->served = true;
    t->new_link = NULL;
    takes_sweep(t, 0);
}

void takes_free(struct takes *t)
{
    size_t index = 0;
    struct taker *taker;
    while (t->first) takes_peer_left(t, t->first->peer);
    while ((taker = map_next(&t->takers, &index))) {
        if (taker->last) kind_release(taker->last);
        free(taker);
    }
    map_free(&t->takers);
}
