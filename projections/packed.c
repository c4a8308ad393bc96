/* Lists, frames and the search in them. */
#include "projections/packed.h"

#include <stdlib.h>

/* job -> head; (job, page) -> page. */
enum { LISTS = FOLD_TABLE(job_devices, 0), PAGES = FOLD_TABLE(job_devices, 1) };

enum {
    FRAMES = 4096,  /* 16 MiB, and as much again in LMDB when all are flushed */
    LISTS_MAX = 64, /* kept over a flush although nobody asked for them since the one before */
    STEPS_MAX = 16, /* records looked at one after another before the search halves what is left */
    HEAD_SIZE = 80,
};
_Static_assert(sizeof(struct job_list) <= HEAD_SIZE, "a head's place has room for it");

static uint64_t page_key(uint32_t job, uint32_t page)
{
    return (uint64_t)job << 32 | page;
}

static struct packed_cache *cache_of(struct view *v)
{
    return v->ram[FOLD_job_devices];
}

static void *allocated(void *memory)
{
    ASSERT(memory != NULL);
    return memory;
}

/* ---- Frames. */

static bool frame_write(struct view *v, struct packed_cache *cache, uint32_t number)
{
    struct frame *frame = &cache->frames[number];
    const struct job_list *head = &frame->list->head;
    struct bytes value = {cache->pages[number], packed_page_count(head, frame->page) * sizeof(struct packed)};
    if (!frame->changed) return true;
    frame->changed = false;
    cache->changed--;
    return store_put_number(v, PAGES, page_key(head->job, frame->page), value);
}

static void frame_change(struct packed_cache *cache, struct list *list, uint32_t number)
{
    struct frame *frame = &cache->frames[number];
    list->changed = true;
    if (frame->changed) return;
    frame->changed = true;
    cache->changed++;
}

static void frame_free(struct packed_cache *cache, uint32_t number)
{
    struct frame *frame = &cache->frames[number];
    if (frame->changed) cache->changed--;
    frame->list->frame[frame->page] = 0;
    *frame = (struct frame){0};
}

/* Frame 0 is none; the memory behind frames never used is never touched. */
static void frames_allocate(struct packed_cache *cache)
{
    cache->frames = allocated(calloc(FRAMES + 1, sizeof cache->frames[0]));
    cache->pages = allocated(malloc((FRAMES + 1) * sizeof cache->pages[0]));
}

/* A frame for this page, its content not yet set; 0 when the one to make way could not be written. */
static uint32_t frame_take(struct view *v, struct list *list, uint32_t page)
{
    struct packed_cache *cache = cache_of(v);
    if (!cache->frames) frames_allocate(cache);
    uint32_t number = cache->hand = cache->hand % FRAMES + 1;
    if (cache->frames[number].list) {
        if (!frame_write(v, cache, number)) return 0;
        frame_free(cache, number);
    }
    cache->frames[number] = (struct frame){.list = list, .page = page};
    list->frame[page] = number;
    return number;
}

static struct bytes page_stored(struct view *v, const struct job_list *head, uint32_t page)
{
    struct bytes value;
    size_t size = packed_page_count(head, page) * sizeof(struct packed);
    if (!store_get_number(v, PAGES, page_key(head->job, page), &value)) value = BYTES_NONE;
    if (value.size == size) return value;
    store_damaged(v, "a page of a job's devices is not as long as its list says");
    return BYTES_NONE;
}

/* The page's frame, filled from the table when it was not in RAM; 0 when the store failed. */
static uint32_t frame_of(struct view *v, struct list *list, uint32_t page)
{
    uint32_t number = list->frame[page];
    if (number) return number;
    number = frame_take(v, list, page);
    if (!number) return 0;
    struct bytes stored = page_stored(v, &list->head, page);
    if (stored.data) {
        memcpy(cache_of(v)->pages[number], stored.data, stored.size);
        return number;
    }
    frame_free(cache_of(v), number);
    return 0;
}

/* ---- Lists. */

static void list_delete(struct packed_cache *cache, struct list *list)
{
    for (uint32_t page = 0; page < packed_pages(&list->head); page++) {
        if (list->frame[page]) frame_free(cache, list->frame[page]);
    }
    map_remove(&cache->lists, list->head.job);
    if (cache->last == list) cache->last = NULL;
    free(list->first);
    free(list->frame);
    free(list);
}

static void list_grow(struct list *list, uint32_t pages)
{
    if (pages <= list->capacity) return;
    uint32_t capacity = MAX(pages, list->capacity * 2);
    ASSERT(capacity > 0);
    list->first = allocated(realloc(list->first, capacity * sizeof list->first[0]));
    list->frame = allocated(realloc(list->frame, capacity * sizeof list->frame[0]));
    memset(list->frame + list->capacity, 0, (capacity - list->capacity) * sizeof list->frame[0]);
    list->capacity = capacity;
}

static struct list *list_new(struct packed_cache *cache, const struct job_list *head)
{
    struct list *list = allocated(calloc(1, sizeof *list));
    list->head = *head;
    list_grow(list, packed_pages(head));
    map_put(&cache->lists, head->job, list);
    return list;
}

static struct list *list_load(struct view *v, uint32_t job)
{
    const struct job_list *head = store_record(v, LISTS, job, HEAD_SIZE);
    if (!head) return NULL;
    struct list *list = list_new(cache_of(v), head);
    for (uint32_t page = 0; page < packed_pages(&list->head); page++) {
        struct bytes stored = page_stored(v, &list->head, page);
        if (!stored.data) {
            list_delete(cache_of(v), list);
            return NULL;
        }
        list->first[page] = ((const struct packed *)stored.data)->device;
    }
    return list;
}

static struct list *list_in_ram(const struct packed_cache *cache, uint32_t job)
{
    if (cache->last && cache->last->head.job == job) return cache->last;
    return map_get(&cache->lists, job);
}

struct list *packed_list(struct view *v, uint32_t job)
{
    struct packed_cache *cache = cache_of(v);
    if (job == 0) return NULL;
    struct list *list = list_in_ram(cache, job);
    if (!list) list = list_load(v, job);
    if (!list) return NULL;
    list->touched = true;
    return cache->last = list;
}

/* Pages of the former list that were never flushed are not in the table. */
static bool pages_delete(struct view *v, uint32_t job)
{
    uint64_t key = page_key(job, 0);
    struct bytes value;
    for (; store_next(v, PAGES, key, &key, &value) && key >> 32 == job; key++) {
        if (!store_delete_number(v, PAGES, key)) return false;
    }
    return v->fault == PROJECTIONS_OK;
}

struct list *packed_begin(struct view *v, uint32_t job)
{
    struct packed_cache *cache = cache_of(v);
    ASSERT(job != 0);
    struct list *list = packed_list(v, job);
    if (list) list_delete(cache, list);
    if (!pages_delete(v, job)) return NULL;
    list = list_new(cache, &(struct job_list){.job = job});
    list->changed = list->touched = true;
    return cache->last = list;
}

static bool head_write(struct view *v, const struct job_list *head)
{
    uint8_t stored[HEAD_SIZE] = {0};
    memcpy(stored, head, sizeof *head);
    return store_put_number(v, LISTS, head->job, (struct bytes){stored, sizeof stored});
}

bool packed_forget(struct view *v, const struct job_list *head)
{
    struct list *list = list_in_ram(cache_of(v), head->job);
    struct job_list sums = *head;
    sums.forgotten += sums.count;
    sums.count = 0;
    if (list) list_delete(cache_of(v), list);
    return pages_delete(v, sums.job) && head_write(v, &sums);
}

bool packed_append(struct view *v, struct list *list, uint32_t device)
{
    struct packed_cache *cache = cache_of(v);
    uint32_t page = list->head.count / PAGE_DEVICES, index = list->head.count % PAGE_DEVICES;
    list_grow(list, page + 1);
    uint32_t number = index == 0 ? frame_take(v, list, page) : frame_of(v, list, page);
    if (!number) return false;
    if (index == 0) list->first[page] = device;
    cache->pages[number][index] = (struct packed){.device = device};
    list->head.count++;
    frame_change(cache, list, number);
    return true;
}

uint32_t packed_last_device(struct view *v, struct list *list)
{
    if (list->head.count == 0) return 0;
    uint32_t position = list->head.count - 1;
    uint32_t number = frame_of(v, list, position / PAGE_DEVICES);
    return number ? cache_of(v)->pages[number][position % PAGE_DEVICES].device : 0;
}

/* ---- Searching. */

/* The record's place in a page of `count` > 0 records, looked for from `guess` on; PAGE_DEVICES: not there. */
static uint32_t index_of(const struct packed *page, uint32_t count, uint32_t device, uint32_t guess)
{
    uint32_t low = 0, high = count; /* it is at low or behind, before high */
    uint32_t at = MIN(guess, count - 1);
    for (unsigned steps = 0; low < high; steps++) {
        if (page[at].device == device) return at;
        if (page[at].device < device) low = at + 1;
        else high = at;
        if (steps >= STEPS_MAX) at = low + (high - low) / 2;
        else at = low == at + 1 ? at + 1 : at - 1;
    }
    return PAGE_DEVICES;
}

static bool page_holds(const struct list *list, uint32_t pages, uint32_t page, uint32_t device)
{
    return page < pages && list->first[page] <= device && (page + 1 == pages || device < list->first[page + 1]);
}

/* The last page that begins at or before the device; it is not before the first one. */
static uint32_t page_search(const struct list *list, uint32_t pages, uint32_t device)
{
    const uint32_t *base = list->first;
    for (uint32_t left = pages; left > 1; left -= left / 2) {
        if (base[left / 2] <= device) base += left / 2;
    }
    return (uint32_t)(base - list->first);
}

/* The page the device is in if it is in the list. Results come mostly in order, and most lists are runs of
 * neighbours: two guesses go before the search. */
static uint32_t page_of(struct list *list, uint32_t pages, uint32_t device)
{
    if (page_holds(list, pages, list->near, device)) return list->near;
    uint32_t guess = (device - list->first[0]) / PAGE_DEVICES;
    list->near = page_holds(list, pages, guess, device) ? guess : page_search(list, pages, device);
    return list->near;
}

/* Where in its page the device is if the page's numbers are spread evenly; exact for a run of neighbours. */
static uint32_t index_guess(const struct list *list, uint32_t pages, uint32_t page, uint32_t device)
{
    uint32_t ahead = device - list->first[page];
    if (page + 1 == pages) return ahead;
    uint32_t span = list->first[page + 1] - list->first[page];
    return span == PAGE_DEVICES ? ahead : (uint32_t)((uint64_t)ahead * PAGE_DEVICES / span);
}

struct packed *packed_find(struct view *v, struct list *list, uint32_t device, uint32_t *position)
{
    struct packed_cache *cache = cache_of(v);
    uint32_t pages = packed_pages(&list->head);
    if (pages == 0 || device < list->first[0]) return NULL;
    uint32_t page = page_of(list, pages, device);
    uint32_t number = frame_of(v, list, page);
    if (!number) return NULL;
    uint32_t index = index_of(cache->pages[number], packed_page_count(&list->head, page), device,
                              index_guess(list, pages, page, device));
    if (index == PAGE_DEVICES) return NULL;
    frame_change(cache, list, number);
    *position = page * PAGE_DEVICES + index;
    return &cache->pages[number][index];
}

/* ---- For the fold. */

static bool list_flush(struct view *v, struct packed_cache *cache, struct list *list)
{
    if (!list->changed) return true;
    for (uint32_t page = 0; page < packed_pages(&list->head); page++) {
        if (list->frame[page] && !frame_write(v, cache, list->frame[page])) return false;
    }
    list->changed = false;
    return head_write(v, &list->head);
}

/* Lists that nobody asked for since the last flush go when there are many. */
static void lists_thin(struct packed_cache *cache)
{
    size_t count = cache->lists.count, found = 0;
    if (count <= LISTS_MAX) return;
    struct list **idle = allocated(malloc(count * sizeof(struct list *)));
    struct list *list;
    for (size_t index = 0; (list = map_next(&cache->lists, &index));) {
        if (!list->touched) idle[found++] = list;
    }
    while (found > 0) list_delete(cache, idle[--found]);
    free(idle);
}

bool packed_flush(struct view *v)
{
    struct packed_cache *cache = cache_of(v);
    struct list *list;
    for (size_t index = 0; (list = map_next(&cache->lists, &index));) {
        if (!list_flush(v, cache, list)) return false;
    }
    lists_thin(cache);
    for (size_t index = 0; (list = map_next(&cache->lists, &index));) list->touched = false;
    return true;
}

void packed_drop(void *memory)
{
    struct packed_cache *cache = memory;
    struct list *list;
    for (size_t index = 0; (list = map_next(&cache->lists, &index));) {
        free(list->first);
        free(list->frame);
        free(list);
    }
    map_free(&cache->lists);
    free(cache->frames);
    free(cache->pages);
    *cache = (struct packed_cache){0};
}

uint64_t packed_unflushed_bytes(const void *memory)
{
    const struct packed_cache *cache = memory;
    return (uint64_t)cache->changed * STORE_PAGE_SIZE;
}

/* ---- Any view. */

const struct job_list *packed_head(struct view *v, uint32_t job)
{
    const struct packed_cache *cache = cache_of(v);
    const struct list *list = cache ? list_in_ram(cache, job) : NULL;
    return list ? &list->head : store_record(v, LISTS, job, HEAD_SIZE);
}

const struct packed *packed_page(struct view *v, const struct job_list *head, uint32_t page)
{
    struct packed_cache *cache = cache_of(v);
    const struct list *list = cache ? list_in_ram(cache, head->job) : NULL;
    if (list && list->frame[page]) return cache->pages[list->frame[page]];
    uint64_t key = page_key(head->job, page);
    if (!v->page.value.data || v->page.key != key || v->page.writes != v->writes) {
        v->page.key = key;
        v->page.writes = v->writes;
        v->page.value = page_stored(v, head, page);
    }
    return v->page.value.data;
}

/* As page_of for a list of which only the pages are there. */
static uint32_t page_search_stored(struct view *v, const struct job_list *head, uint32_t device)
{
    uint32_t base = 0;
    for (uint32_t left = packed_pages(head); left > 1; left -= left / 2) {
        const struct packed *page = packed_page(v, head, base + left / 2);
        if (page && page->device <= device) base += left / 2;
    }
    return base;
}

const struct packed *packed_look(struct view *v, const struct job_list *head, uint32_t device, uint32_t *position)
{
    struct packed_cache *cache = cache_of(v);
    struct list *list = cache ? list_in_ram(cache, head->job) : NULL;
    uint32_t pages = packed_pages(head), guess = 0;
    if (pages == 0 || (list && device < list->first[0])) return NULL;
    uint32_t number = list ? page_of(list, pages, device) : page_search_stored(v, head, device);
    if (list) guess = index_guess(list, pages, number, device);
    const struct packed *page = packed_page(v, head, number);
    if (!page) return NULL;
    if (!list && device > page->device) guess = device - page->device;
    uint32_t index = index_of(page, packed_page_count(head, number), device, guess);
    if (index == PAGE_DEVICES) return NULL;
    *position = number * PAGE_DEVICES + index;
    return &page[index];
}
