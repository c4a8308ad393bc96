/* Pages of a job's devices.
 *
 * In the job's order the list is walked from the cursor on until the page is full. In another order it is walked
 * whole, and the first rows behind the cursor are kept in a heap of a page and one, whose top is the last of them;
 * that one more is where the next page begins. */
#include "engine/snapshot/runs.h"

#include "engine/snapshot/rows.h"

static bool record_is_wanted(const struct listing *listing, const struct job_device *record)
{
    if (listing->states && !(listing->states & (1u << record->state))) return false;
    if (!listing->outcomes) return true;
    return device_has_end(record->state) && listing->outcomes & (1u << record->outcome);
}

static bool id_is_wanted(struct rows *rows, const struct listing *listing, const struct job_device *record)
{
    struct device device;
    if (!listing_filters_id(listing)) return true;
    return rows_device(rows, record, &device) && listing_takes_id(listing, device.id);
}

static bool page_is_full(const struct job_device_page *page)
{
    return page->count == page->listing.limit || page->bytes > TASK_PAGE_BYTES_MAX;
}

/* The page's own copy. */
static struct bytes keep(struct task *task, struct bytes text)
{
    task->job_devices.bytes += text.size;
    return arena_copy(&task->arena, text);
}

static const struct bytes *keep_properties(struct task *task, const struct bytes *properties, size_t count)
{
    struct bytes *copies = arena_alloc(&task->arena, (count + 1) * sizeof *copies);
    for (size_t i = 0; i < count; i++) copies[i] = keep(task, properties[i]);
    return copies;
}

static bool row_add(struct task *task, struct rows *rows, const struct job_device *record)
{
    struct job_device_page *page = &task->job_devices;
    struct job_device_row row;
    if (!rows_read(rows, record, &row)) return task_fail(task, "%s", rows->why.text);
    row.id = keep(task, row.id);
    row.display_name = keep(task, row.display_name);
    row.template = keep(task, row.template);
    row.error = keep(task, row.error);
    row.response = keep(task, row.response);
    row.connector = keep(task, row.connector);
    row.properties = keep_properties(task, row.properties, page->listing.columns.count);
    page->rows[page->count++] = row;
    return true;
}

/* ---- In the job's order. */

static void walk(struct task *task, struct rows *rows)
{
    struct job_device_page *page = &task->job_devices;
    uint32_t end = rows->list.count;
    uint32_t from = (uint32_t)MIN(page->listing.from.number, end);
    uint32_t pause = end - from > TASK_LOOKS_MAX ? from + TASK_LOOKS_MAX : end;
    for (uint32_t position = from; position < pause; position++) {
        struct job_device record = rows_record(rows, position);
        if (!record_is_wanted(&page->listing, &record) || !id_is_wanted(rows, &page->listing, &record)) continue;
        if (page_is_full(page)) {
            page->next = (struct listing_place){.given = true, .number = position};
            return;
        }
        if (!row_add(task, rows, &record)) return;
    }
    if (pause < end) page->next = (struct listing_place){.given = true, .number = pause};
}

/* ---- Sorted. */

struct sorted {
    struct listing_place place;
    uint32_t position;
};

struct sorting {
    const struct listing *listing;
    struct sorted *heap; /* the last one in the order is the first here */
    size_t count, capacity;
};

static int compare_ids(struct bytes a, struct bytes b)
{
    int order = memcmp(a.data, b.data, MIN(a.size, b.size));
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

/* Below 0: `a` comes first. No two devices of a job have the same place. */
static int compare(enum listing_order order, const struct listing_place *a, const struct listing_place *b)
{
    switch (order) {
    case LISTED_BY_ID: return compare_ids(a->id, b->id);
    case LISTED_BY_ID_DOWN: return compare_ids(b->id, a->id);
    case LISTED_BY_POSITION:
    case LISTED_BY_FINISH:
    case LISTED_BY_FINISH_DOWN: break;
    }
    return (a->number > b->number) - (a->number < b->number);
}

/* The number of the event that ended a device stands for the time: events' times never run backwards. Numbers have
 * 48 bits, so devices without an end have room behind them. */
static uint64_t finish_number(enum listing_order order, const struct job_device *record)
{
    const uint64_t ends_max = (UINT64_C(1) << 48) - 1;
    if (!device_has_end(record->state)) return ends_max + 1 + record->position;
    return order == LISTED_BY_FINISH ? record->last : ends_max - record->last;
}

static bool place_of(const struct sorting *s, struct rows *rows, const struct job_device *record,
                     struct listing_place *place)
{
    struct device device = {0};
    *place = (struct listing_place){.given = true};
    if (s->listing->order == LISTED_BY_FINISH || s->listing->order == LISTED_BY_FINISH_DOWN) {
        place->number = finish_number(s->listing->order, record);
        return true;
    }
    if (!rows_device(rows, record, &device)) return false; /* a fault, which task_run finds */
    place->id = device.id;
    return true;
}

static void heap_down(struct sorting *s, struct sorted entry)
{
    enum listing_order order = s->listing->order;
    size_t at = 0;
    for (size_t child = 1; child < s->count; child = 2 * at + 1) {
        if (child + 1 < s->count && compare(order, &s->heap[child + 1].place, &s->heap[child].place) > 0) child++;
        if (compare(order, &s->heap[child].place, &entry.place) <= 0) break;
        s->heap[at] = s->heap[child];
        at = child;
    }
    s->heap[at] = entry;
}

static void heap_add(struct sorting *s, struct sorted entry)
{
    size_t at = s->count++;
    for (; at > 0; at = (at - 1) / 2) {
        if (compare(s->listing->order, &s->heap[(at - 1) / 2].place, &entry.place) >= 0) break;
        s->heap[at] = s->heap[(at - 1) / 2];
    }
    s->heap[at] = entry;
}

/* Whether a row at the place may be on this page, as far as is known. */
static bool may_be_on_page(const struct sorting *s, const struct listing_place *place)
{
    const struct listing *listing = s->listing;
    if (listing->from.given && compare(listing->order, place, &listing->from) < 0) return false;
    return s->count < s->capacity || compare(listing->order, place, &s->heap[0].place) < 0;
}

static void select_rows(struct sorting *s, struct rows *rows)
{
    struct sorted entry;
    for (uint32_t position = 0; position < rows->list.count; position++) {
        struct job_device record = rows_record(rows, position);
        if (!record_is_wanted(s->listing, &record) || !place_of(s, rows, &record, &entry.place)) continue;
        if (!may_be_on_page(s, &entry.place) || !id_is_wanted(rows, s->listing, &record)) continue;
        entry.position = position;
        if (s->count < s->capacity) heap_add(s, entry);
        else heap_down(s, entry);
    }
}

/* Takes the last one again and again, so that the heap's place becomes the sorted list. */
static void heap_unwind(struct sorting *s)
{
    size_t count = s->count;
    while (s->count > 1) {
        struct sorted last = s->heap[0], entry = s->heap[--s->count];
        heap_down(s, entry);
        s->heap[s->count] = last;
    }
    s->count = count;
}

static void sort(struct task *task, struct rows *rows)
{
    struct job_device_page *page = &task->job_devices;
    struct sorting s = {.listing = &page->listing, .capacity = page->listing.limit + 1};
    s.heap = arena_alloc(&task->arena, s.capacity * sizeof *s.heap);
    select_rows(&s, rows);
    heap_unwind(&s);
    size_t shown = 0;
    for (; shown < s.count && !page_is_full(page); shown++) {
        struct job_device record = rows_record(rows, s.heap[shown].position);
        if (!row_add(task, rows, &record)) return;
    }
    if (shown == s.count) return;
    page->next = s.heap[shown].place;
    page->next.id = arena_copy(&task->arena, page->next.id);
}

/* ---- One device. */

/* The device that has the id now, if it is in the list. A list has an id at most once: it was read at one moment. */
static bool find(struct task *task, const struct rows *rows, struct job_device *record)
{
    struct bytes id = task->job_devices.listing.id;
    uint32_t device = id.size > 0 ? devices_find(task->snapshot, id) : 0;
    return device != 0 && rows->list.count > 0 && job_devices_find(task->snapshot, rows->list.job, device, record);
}

/* It is a list of one or none, in any order: it has no second page. */
static void show_one(struct task *task, struct rows *rows, const struct job_device *record)
{
    const struct listing *listing = &task->job_devices.listing;
    if (listing->from.given || !record_is_wanted(listing, record) || !id_is_wanted(rows, listing, record)) return;
    row_add(task, rows, record);
}

/* An id whose device was removed leads to no number any more, so the list is searched for it. */
void job_device_page_run(struct task *task)
{
    struct job_device_page *page = &task->job_devices;
    struct rows rows;
    struct job_device record;
    ASSERT(page->listing.limit > 0);
    if (!rows_open(&rows, task, page->job, page->listing.columns)) {
        task_fail(task, "%s", rows.why.text);
        return;
    }
    page->rows = arena_alloc(&task->arena, page->listing.limit * sizeof *page->rows);
    if (find(task, &rows, &record)) show_one(task, &rows, &record);
    else if (page->listing.order == LISTED_BY_POSITION) walk(task, &rows);
    else sort(task, &rows);
    rows_close(&rows);
}
