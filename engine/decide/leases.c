/* A map by dispatch, a list by peer, a heap by deadline. */
#include "engine/decide/leases.h"

#include <stdlib.h>

/* ---- The heap. */

static void heap_set(struct leases *l, size_t index, struct lease_deadline entry)
{
    l->heap[index] = entry;
    entry.lease->heap_index = index;
}

static void heap_up(struct leases *l, size_t index)
{
    struct lease_deadline entry = l->heap[index];
    while (index > 0 && l->heap[(index - 1) / 2].deadline_us > entry.deadline_us) {
        heap_set(l, index, l->heap[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    heap_set(l, index, entry);
}

static void heap_down(struct leases *l, size_t index)
{
    struct lease_deadline entry = l->heap[index];
    for (;;) {
        size_t child = 2 * index + 1;
        if (child >= l->heap_size) break;
        if (child + 1 < l->heap_size && l->heap[child + 1].deadline_us < l->heap[child].deadline_us) child++;
        if (l->heap[child].deadline_us >= entry.deadline_us) break;
        heap_set(l, index, l->heap[child]);
        index = child;
    }
    heap_set(l, index, entry);
}

static void heap_add(struct leases *l, struct lease *lease)
{
    if (l->heap_size == l->heap_capacity) {
        l->heap_capacity = l->heap_capacity ? l->heap_capacity * 2 : 64;
        l->heap = realloc(l->heap, l->heap_capacity * sizeof *l->heap);
        ASSERT(l->heap);
    }
    heap_set(l, l->heap_size, (struct lease_deadline){lease->deadline_us, lease});
    heap_up(l, l->heap_size++);
}

static void heap_remove(struct leases *l, size_t index)
{
    struct lease_deadline last = l->heap[--l->heap_size];
    if (index == l->heap_size) return;
    heap_set(l, index, last);
    heap_up(l, index);
    heap_down(l, last.lease->heap_index);
}

/* ---- The list of a peer. */

static void peer_list_add(struct leases *l, struct lease *lease)
{
    struct lease *first = map_get(&l->by_peer, lease->peer);
    lease->previous_of_peer = NULL;
    lease->next_of_peer = first;
    if (first) first->previous_of_peer = lease;
    map_put(&l->by_peer, lease->peer, lease);
}

static void peer_list_remove(struct leases *l, struct lease *lease)
{
    if (lease->peer == 0) return;
    if (lease->next_of_peer) lease->next_of_peer->previous_of_peer = lease->previous_of_peer;
    if (lease->previous_of_peer) lease->previous_of_peer->next_of_peer = lease->next_of_peer;
    else if (lease->next_of_peer) map_put(&l->by_peer, lease->peer, lease->next_of_peer);
    else map_remove(&l->by_peer, lease->peer);
}

/* ---- Leases. */

static void touch(struct leases *l, const struct lease *lease)
{
    if (l->touched_count == l->touched_capacity) {
        l->touched_capacity = l->touched_capacity ? l->touched_capacity * 2 : 64;
        l->touched = realloc(l->touched, l->touched_capacity * sizeof *l->touched);
        ASSERT(l->touched);
    }
    l->touched[l->touched_count++] = lease->dispatch;
}

struct lease *leases_add(struct leases *l, const struct lease *head, const uint32_t devices[])
{
    ASSERT(head->dispatch && head->peer && head->count && head->owed == head->count);
    struct lease *lease = malloc(sizeof *lease + head->count * sizeof devices[0]);
    ASSERT(lease);
    *lease = *head;
    memcpy(lease->devices, devices, head->count * sizeof devices[0]);
    map_put(&l->by_dispatch, lease->dispatch, lease);
    peer_list_add(l, lease);
    heap_add(l, lease);
    touch(l, lease);
    return lease;
}

struct lease *leases_find(const struct leases *l, uint64_t dispatch)
{
    return map_get(&l->by_dispatch, dispatch);
}

void leases_answer(struct leases *l, struct lease *lease, uint32_t devices)
{
    ASSERT(lease->owed >= devices);
    lease->owed -= devices;
    if (lease->owed == 0) touch(l, lease);
}

struct lease *leases_soonest(const struct leases *l)
{
    return l->heap_size ? l->heap[0].lease : NULL;
}

int64_t leases_deadline(const struct leases *l)
{
    return l->heap_size ? l->heap[0].deadline_us : INT64_MAX;
}

void leases_peer_left(struct leases *l, uint64_t peer)
{
    struct lease *lease = map_remove(&l->by_peer, peer);
    while (lease) {
        struct lease *next = lease->next_of_peer;
        lease->peer = 0;
        lease->deadline_us = INT64_MIN;
        l->heap[lease->heap_index].deadline_us = INT64_MIN;
        heap_up(l, lease->heap_index);
        lease = next;
    }
}

void leases_put_off(struct leases *l, struct lease *lease)
{
    l->heap[lease->heap_index].deadline_us = INT64_MAX;
    heap_down(l, lease->heap_index);
}

static void lease_delete(struct leases *l, struct lease *lease)
{
    map_remove(&l->by_dispatch, lease->dispatch);
    peer_list_remove(l, lease);
    heap_remove(l, lease->heap_index);
    free(lease);
}

void leases_settle(struct leases *l)
{
    for (size_t i = 0; i < l->touched_count; i++) {
        struct lease *lease = leases_find(l, l->touched[i]);
        if (lease && lease->owed == 0) lease_delete(l, lease);
    }
    l->touched_count = 0;
}

void leases_undo(struct leases *l, uint64_t head, uint32_t (*owed)(void *context, const struct lease *lease),
                 void *context)
{
    for (size_t i = 0; i < l->touched_count; i++) {
        struct lease *lease = leases_find(l, l->touched[i]);
        if (lease && lease->dispatch > head) lease_delete(l, lease);
    }
    l->touched_count = 0;
    for (size_t i = 0; i < l->heap_size; i++) {
        struct lease *lease = l->heap[i].lease;
        lease->looked = 0;
        lease->owed = owed(context, lease);
        /* Sifting up from the first to the last makes a heap of any order. */
        l->heap[i].deadline_us = lease->deadline_us;
        heap_up(l, i);
    }
}

void leases_free(struct leases *l)
{
    while (l->heap_size) lease_delete(l, l->heap[l->heap_size - 1].lease);
    map_free(&l->by_dispatch);
    map_free(&l->by_peer);
    free(l->heap);
    free(l->touched);
    *l = (struct leases){0};
}
