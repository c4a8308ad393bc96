/* A binary heap of pieces, and one sort for each piece when it comes. */
#include "clients/fleet/schedule.h"

#include <stdlib.h>
#include <string.h>

struct held *held_new(struct span work, uint32_t devices_max)
{
    struct held *h = fleet_realloc(NULL, sizeof *h + devices_max * sizeof(struct due) + work.size);
    uint8_t *handle = (uint8_t *)&h->due[devices_max];
    memcpy(handle, work.data, work.size);
    h->work = (struct span){handle, work.size};
    h->next = 0;
    h->count = 0;
    return h;
}

static uint32_t next_tick(const struct held *h)
{
    return h->due[h->next].tick;
}

static int due_order(const void *a, const void *b)
{
    const struct due *left = a, *right = b;
    if (left->tick != right->tick) return left->tick < right->tick ? -1 : 1;
    return left->index < right->index ? -1 : left->index > right->index;
}

static void swap(struct schedule *s, uint32_t a, uint32_t b)
{
    struct held *h = s->heap[a];
    s->heap[a] = s->heap[b];
    s->heap[b] = h;
}

static void sift_up(struct schedule *s, uint32_t at)
{
    while (at > 0 && next_tick(s->heap[at]) < next_tick(s->heap[(at - 1) / 2])) {
        swap(s, at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
}

static void sift_down(struct schedule *s, uint32_t at)
{
    for (;;) {
        uint32_t least = at;
        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < s->count; child++)
            if (next_tick(s->heap[child]) < next_tick(s->heap[least])) least = child;
        if (least == at) return;
        swap(s, at, least);
        at = least;
    }
}

void schedule_add_take(struct schedule *s, struct held *h)
{
    if (h->count == 0) {
        free(h);
        return;
    }
    qsort(h->due, h->count, sizeof h->due[0], due_order);
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? s->capacity * 2 : 64;
        s->heap = fleet_realloc(s->heap, s->capacity * sizeof(struct held *));
    }
    s->devices += h->count;
    s->heap[s->count] = h;
    sift_up(s, s->count++);
}

struct held *schedule_first(const struct schedule *s)
{
    return s->count ? s->heap[0] : NULL;
}

void schedule_settle(struct schedule *s, uint32_t answered)
{
    struct held *first = s->heap[0];
    s->devices -= answered;
    if (first->next == first->count) {
        free(first);
        s->heap[0] = s->heap[--s->count];
    }
    sift_down(s, 0);
}

void schedule_free(struct schedule *s)
{
    for (uint32_t i = 0; i < s->count; i++) free(s->heap[i]);
    free(s->heap);
    *s = (struct schedule){.count = 0};
}
