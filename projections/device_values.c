/* Device values: the job that set each device's properties last. */
#include "projections/device_values.h"

#include <stdlib.h>

#include "engine/base/map.h"
#include "projections/fold.h"
#include "projections/job_devices.h"
#include "projections/job_entries.h"

/* set -> its first job; hash of type and paths -> set; (set, page) -> page. */
enum {
    SETS = FOLD_TABLE(device_values, 0),
    SET_HASHES = FOLD_TABLE(device_values, 1),
    PAGES = FOLD_TABLE(device_values, 2),
};

enum {
    FRAMES = 4096,      /* 16 MiB, and as much again in LMDB when all are flushed */
    JOBS_SEEN_MAX = 64, /* whose set is known without a search */
};

/* In the machine's byte order; all zero is none. */
struct record {
    uint16_t result[3];
    uint16_t job[2];
};
struct value_page {
    struct record records[VALUE_PAGE_DEVICES];
};
_Static_assert(sizeof(struct value_page) == 4080, "a page takes one overflow page of the store");

/* Pages touched lately, each changed in place many times between two flushes; frame 0 is none. */
struct frame {
    uint64_t key; /* 0: free */
    bool changed;
};
struct ram {
    struct {
        uint32_t job; /* 0: free */
        uint32_t set; /* 0: a command, which sets nothing */
    } seen[JOBS_SEEN_MAX];
    struct map frames_by_key; /* as pointers' values */
    struct frame *frames;
    struct value_page *pages;
    uint32_t hand;    /* the frame taken last */
    uint32_t near;    /* the frame asked for last: results come mostly in order */
    uint32_t changed; /* frames that a flush will write */
};

static uint64_t page_key(uint32_t set, uint32_t page)
{
    return (uint64_t)set << 32 | page;
}

/* ---- Sets. */

static uint64_t hash_bytes(uint64_t hash, const void *data, size_t size)
{
    const uint8_t *byte = data;
    for (size_t i = 0; i < size; i++) hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* FNV-1a; jobs of the same type with the same paths in the same order have the same. */
static uint64_t hash_of(enum job_type type, struct bytes data)
{
    struct job_entry entry;
    uint32_t count, type_number = type;
    uint64_t hash = hash_bytes(UINT64_C(0xcbf29ce484222325), &type_number, sizeof type_number);
    for (struct cursor c = job_entries_begin(data, &count); job_entries_next(&c, &entry);) {
        uint32_t size = (uint32_t)entry.path.size;
        hash = hash_bytes(hash, &size, sizeof size);
        hash = hash_bytes(hash, entry.path.data, entry.path.size);
    }
    return hash;
}

static bool has_same_paths(struct bytes data, struct bytes other)
{
    struct job_entry entry, other_entry;
    uint32_t count, other_count;
    struct cursor c = job_entries_begin(data, &count), o = job_entries_begin(other, &other_count);
    if (count != other_count) return false;
    while (job_entries_next(&c, &entry)) {
        if (!job_entries_next(&o, &other_entry) || !bytes_equal(entry.path, other_entry.path)) return false;
    }
    return true;
}

static bool set_is_of(struct view *v, uint32_t set, enum job_type type, struct bytes data)
{
    struct job_text text;
    const uint64_t *first = store_record(v, SETS, set, sizeof *first);
    const struct job *job = first ? jobs_get(v, (uint32_t)*first) : NULL;
    return job && job->type == type && jobs_text(v, job->number, &text) && has_same_paths(data, text.data);
}

static uint32_t set_new(struct view *v, uint64_t hash, uint32_t job)
{
    uint64_t set = store_last(v, SETS) + 1, first = job;
    bool stored = store_append_number(v, SETS, set, (struct bytes){&first, sizeof first}) &&
                  store_put_number(v, SET_HASHES, hash, (struct bytes){&set, sizeof set});
    return stored ? (uint32_t)set : 0;
}

/* The set of the job's paths, made when it is the first with them; 0 when the job sets nothing or the store failed. */
static uint32_t set_find(struct view *v, uint32_t number)
{
    struct job_text text;
    const struct job *job = jobs_get(v, number);
    if (!job || job->type == JOB_TYPE_COMMAND || !jobs_text(v, number, &text)) return 0;
    enum job_type type = job->type;
    const uint64_t *set;
    uint64_t hash = hash_of(type, text.data);
    for (; (set = store_record(v, SET_HASHES, hash, sizeof *set)); hash++) {
        if (set_is_of(v, (uint32_t)*set, type, text.data)) return (uint32_t)*set;
    }
    return v->fault == PROJECTIONS_OK ? set_new(v, hash, number) : 0;
}

static uint32_t set_of(struct view *v, struct ram *ram, uint32_t job)
{
    uint32_t place = job % JOBS_SEEN_MAX;
    if (ram->seen[place].job != job) {
        ram->seen[place].set = set_find(v, job);
        ram->seen[place].job = job;
    }
    return ram->seen[place].set;
}

/* ---- Frames. */

static void frames_allocate(struct ram *ram)
{
    ram->frames = calloc(FRAMES + 1, sizeof ram->frames[0]);
    /* The memory behind frames never used is never touched. */
    ram->pages = malloc((FRAMES + 1) * sizeof ram->pages[0]);
    ASSERT(ram->frames && ram->pages);
}

static bool frame_write(struct view *v, struct ram *ram, uint32_t number)
{
    struct frame *frame = &ram->frames[number];
    if (!frame->changed) return true;
    frame->changed = false;
    ram->changed--;
    return store_put_number(v, PAGES, frame->key, (struct bytes){&ram->pages[number], sizeof ram->pages[number]});
}

/* False when what is stored is no page; *page is NULL when nothing is. */
static bool page_stored(struct view *v, uint64_t key, const struct value_page **page)
{
    struct bytes value;
    *page = NULL;
    if (!store_get_number(v, PAGES, key, &value)) return v->fault == PROJECTIONS_OK;
    if (value.size != sizeof **page) return store_damaged(v, "a page of device values is of another size");
    *page = value.data;
    return true;
}

/* A frame for this page, as it is stored or empty; 0 when the store failed. The one taken longest ago makes way. */
static uint32_t frame_take(struct view *v, struct ram *ram, uint64_t key)
{
    const struct value_page *stored;
    if (!ram->frames) frames_allocate(ram);
    uint32_t number = ram->hand = ram->hand % FRAMES + 1;
    struct frame *frame = &ram->frames[number];
    if (frame->key) {
        if (!frame_write(v, ram, number)) return 0;
        map_remove(&ram->frames_by_key, frame->key);
        frame->key = 0;
    }
    if (!page_stored(v, key, &stored)) return 0;
    if (stored) memcpy(&ram->pages[number], stored, sizeof *stored);
    else memset(&ram->pages[number], 0, sizeof ram->pages[number]);
    frame->key = key;
    map_put(&ram->frames_by_key, key, (void *)(uintptr_t)number);
    return number;
}

static uint32_t frame_in_ram(const struct ram *ram, uint64_t key)
{
    if (ram->near && ram->frames[ram->near].key == key) return ram->near;
    return (uint32_t)(uintptr_t)map_get(&ram->frames_by_key, key);
}

static struct value_page *page_to_change(struct view *v, struct ram *ram, uint64_t key)
{
    uint32_t number = frame_in_ram(ram, key);
    if (!number) number = frame_take(v, ram, key);
    if (!number) return NULL;
    ram->near = number;
    if (!ram->frames[number].changed) ram->changed++;
    ram->frames[number].changed = true;
    return &ram->pages[number];
}

static bool flush(struct view *v)
{
    struct ram *ram = v->ram[FOLD_device_values];
    for (uint32_t number = 1; ram->changed > 0 && number <= FRAMES; number++) {
        if (!frame_write(v, ram, number)) return false;
    }
    return true;
}

static void drop(void *memory)
{
    struct ram *ram = memory;
    map_free(&ram->frames_by_key);
    free(ram->frames);
    free(ram->pages);
    *ram = (struct ram){0};
}

static uint64_t unflushed_bytes(const void *memory)
{
    return (uint64_t)((const struct ram *)memory)->changed * STORE_PAGE_SIZE;
}

/* ---- The fold. */

static struct record record_of(uint32_t job, uint64_t result)
{
    return (struct record){
        .result = {(uint16_t)result, (uint16_t)(result >> 16), (uint16_t)(result >> 32)},
        .job = {(uint16_t)job, (uint16_t)(job >> 16)},
    };
}

/* A later result of the same set takes the place of the one before it: events come in order. */
static enum fold_result completed(struct view *v, const struct event *e)
{
    struct ram *ram = v->ram[FOLD_device_values];
    uint32_t job = e->device_result.job, device = e->device_result.device;
    uint32_t set = set_of(v, ram, job);
    if (v->fault != PROJECTIONS_OK) return FOLD_FAULT;
    if (!set) return FOLD_OK;
    struct value_page *page = page_to_change(v, ram, page_key(set, value_page_of(device)));
    if (!page) return FOLD_FAULT;
    page->records[device % VALUE_PAGE_DEVICES] = record_of(job, e->seq);
    return FOLD_OK;
}

/* Only completed results set anything. Whether the event may be at all is for the list of the job to say, which is
 * folded before. */
static enum fold_result apply(struct view *v, const struct event *e, struct sentence *why)
{
    (void)why;
    if (e->type != EVENT_DEVICE_RESULT || e->device_result.outcome != OUTCOME_COMPLETED) return FOLD_OK;
    return completed(v, e);
}

const struct fold fold_device_values = {
    .name = "device_values",
    .tables = {"value_sets", "value_hashes", "value_pages"},
    .ram_size = sizeof(struct ram),
    .apply = apply,
    .flush = flush,
    .drop = drop,
    .unflushed_bytes = unflushed_bytes,
};

/* ---- Reads. */

bool device_values_next_set(struct view *v, uint32_t from, struct value_set *set)
{
    uint64_t number;
    struct bytes value;
    if (!store_next(v, SETS, from, &number, &value)) return false;
    const uint64_t *first = store_record_of(v, value, sizeof *first);
    const struct job *job = first ? jobs_get(v, (uint32_t)*first) : NULL;
    if (!job) return false;
    *set = (struct value_set){.number = (uint32_t)number, .job = job->number, .type = job->type};
    return true;
}

const struct value_page *device_values_page(struct view *v, uint32_t set, uint32_t page)
{
    const struct ram *ram = v->ram[FOLD_device_values];
    uint32_t number = ram ? frame_in_ram(ram, page_key(set, page)) : 0;
    const struct value_page *stored;
    if (number) return &ram->pages[number];
    return page_stored(v, page_key(set, page), &stored) ? stored : NULL;
}

struct value_mark value_page_mark(const struct value_page *page, uint32_t device)
{
    const struct record *r = &page->records[device % VALUE_PAGE_DEVICES];
    return (struct value_mark){
        .job = (uint32_t)r->job[1] << 16 | r->job[0],
        .result = (uint64_t)r->result[2] << 32 | (uint64_t)r->result[1] << 16 | r->result[0],
    };
}
