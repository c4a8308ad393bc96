/* Pages for numbers, open addressing for hashes. Whoever makes ids that hash alike is bounded: after PROBES_MAX slots a
 * new id is neither found nor remembered, which costs that dry run the word "twice" and nobody else anything. */
#include "engine/decide/seen_rows.h"

#include <stdlib.h>

enum { PAGE_NUMBERS = 1024, SLOTS_FIRST = 1024, PROBES_MAX = 512 };

static uint32_t line_to_keep(uint64_t line)
{
    ASSERT(line > 0);
    return (uint32_t)MIN(line, (uint64_t)UINT32_MAX);
}

/* ---- Devices. */

static uint32_t *page_of(struct seen_rows *s, uint32_t number)
{
    size_t index = number / PAGE_NUMBERS;
    if (index >= s->page_count) {
        size_t count = MAX(index + 1, 2 * s->page_count);
        s->pages = realloc(s->pages, count * sizeof *s->pages);
        ASSERT(s->pages);
        memset(s->pages + s->page_count, 0, (count - s->page_count) * sizeof *s->pages);
        s->page_count = count;
    }
    if (!s->pages[index]) s->pages[index] = calloc(PAGE_NUMBERS, sizeof **s->pages);
    ASSERT(s->pages[index]);
    return s->pages[index];
}

uint64_t seen_device(const struct seen_rows *s, uint32_t number)
{
    size_t index = number / PAGE_NUMBERS;
    if (index >= s->page_count || !s->pages[index]) return 0;
    return s->pages[index][number % PAGE_NUMBERS];
}

void seen_add_device(struct seen_rows *s, uint32_t number, uint64_t line)
{
    page_of(s, number)[number % PAGE_NUMBERS] = line_to_keep(line);
}

/* ---- New ids. */

/* FNV-1a, and then the end of MurmurHash3, which spreads it over the low bits too. */
static uint64_t hash_of(struct bytes id)
{
    const uint8_t *byte = id.data;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < id.size; i++) hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
    hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
    hash = (hash ^ hash >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return hash ^ hash >> 33;
}

/* The slot that has the hash, or the free one where it goes; capacity when there are too many in between. */
static size_t slot_of(const struct seen_rows *s, uint64_t hash)
{
    for (size_t i = 0; i < PROBES_MAX; i++) {
        size_t slot = (hash + i) & (s->capacity - 1);
        if (s->lines[slot] == 0 || s->hashes[slot] == hash) return slot;
    }
    return s->capacity;
}

static void grow(struct seen_rows *s)
{
    const struct seen_rows old = *s;
    s->capacity = MAX(2 * old.capacity, (size_t)SLOTS_FIRST);
    s->hashes = malloc(s->capacity * sizeof *s->hashes);
    s->lines = calloc(s->capacity, sizeof *s->lines);
    ASSERT(s->hashes && s->lines);
    for (size_t i = 0; i < old.capacity; i++) {
        size_t slot = old.lines[i] ? slot_of(s, old.hashes[i]) : s->capacity;
        if (slot == s->capacity) continue;
        s->hashes[slot] = old.hashes[i];
        s->lines[slot] = old.lines[i];
    }
    free(old.hashes);
    free(old.lines);
}

uint64_t seen_new(const struct seen_rows *s, struct bytes id)
{
    if (s->capacity == 0) return 0;
    size_t slot = slot_of(s, hash_of(id));
    return slot == s->capacity ? 0 : s->lines[slot];
}

void seen_add_new(struct seen_rows *s, struct bytes id, uint64_t line)
{
    uint64_t hash = hash_of(id);
    if (2 * (s->new_count + 1) > s->capacity) grow(s);
    size_t slot = slot_of(s, hash);
    if (slot == s->capacity) return;
    s->hashes[slot] = hash;
    s->lines[slot] = line_to_keep(line);
    s->new_count++;
}

void seen_free(struct seen_rows *s)
{
    for (size_t i = 0; i < s->page_count; i++) free(s->pages[i]);
    free(s->pages);
    free(s->hashes);
    free(s->lines);
    *s = (struct seen_rows){0};
}
