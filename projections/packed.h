/* The jobs' device lists as they are kept: pages of 255 records, and a write-back cache of those touched lately.
 *
 *     list in RAM:   head | first device of each page | frame of each page, or none
 *     frame:         a page's own copy, changed in place many times between two flushes
 *     tables:        job -> head;  (job, page) -> page, a value of up to 4,080 bytes
 *
 * A result is then a search in RAM and a change of 16 bytes; LMDB sees each touched page once a commit. The cache
 * has a fixed number of frames; when none is free the one taken longest ago is written back and used again. */
#ifndef MUSTER_PACKED_H
#define MUSTER_PACKED_H

#include "engine/base/map.h"
#include "projections/fold.h"
#include "projections/job_devices.h"

enum { PAGE_DEVICES = 255 };

/* What job_devices.h draws, in the machine's byte order. */
struct packed {
    uint32_t device;
    uint32_t last_low;
    uint16_t last_high;
    uint16_t attempt_low;
    uint16_t attempt_high;
    uint8_t state; /* from the lowest: 2 bits enum device_state, 2 bits the later end's, 4 bits enum device_outcome */
    uint8_t failures;
};
_Static_assert(sizeof(struct packed) == 16, "a record is 16 bytes");

static inline uint64_t packed_last(const struct packed *r)
{
    return (uint64_t)r->last_high << 32 | r->last_low;
}
static inline void packed_set_last(struct packed *r, uint64_t seq)
{
    r->last_low = (uint32_t)seq;
    r->last_high = (uint16_t)(seq >> 32);
}
static inline uint32_t packed_attempt(const struct packed *r)
{
    return (uint32_t)r->attempt_high << 16 | r->attempt_low;
}
static inline void packed_set_attempt(struct packed *r, uint32_t attempt)
{
    r->attempt_low = (uint16_t)attempt;
    r->attempt_high = (uint16_t)(attempt >> 16);
}
static inline enum device_state packed_state(const struct packed *r)
{
    return (enum device_state)(r->state & 3);
}
/* DEVICE_WAITING: there is none. */
static inline enum device_state packed_later(const struct packed *r)
{
    return (enum device_state)(r->state >> 2 & 3);
}
static inline enum device_outcome packed_outcome(const struct packed *r)
{
    return (enum device_outcome)(r->state >> 4);
}
static inline void packed_set_state(struct packed *r, enum device_state state, enum device_outcome outcome)
{
    r->state = (uint8_t)(state | (r->state & 12) | outcome << 4);
}
static inline void packed_set_later(struct packed *r, enum device_state later)
{
    r->state = (uint8_t)((r->state & ~12) | later << 2);
}

/* A list in RAM. */
struct list {
    struct job_list head;
    bool changed;      /* the head or a page, since the last flush */
    bool touched;      /* asked for, since the last flush */
    uint32_t near;     /* the page found last: the next device is most often in it or behind it */
    uint32_t capacity; /* pages that fit in: */
    uint32_t *first;   /* the first device of each page */
    uint32_t *frame;   /* of each page; 0: the page is only in the table */
};

/* The fold's RAM; all zero is empty. */
struct frame {
    struct list *list; /* NULL: free */
    uint32_t page;
    bool changed;
};
struct packed_cache {
    struct map lists; /* by job */
    struct list *last;
    struct frame *frames;
    struct packed (*pages)[PAGE_DEVICES];
    uint32_t hand;    /* the frame taken last */
    uint32_t changed; /* frames that a flush will write */
};

/* ---- Live: the list in RAM, brought there when it is not. Frames are for one use: the next call may take one. */

/* NULL when the job has no list, or the store failed. */
struct list *packed_list(struct view *v, uint32_t job);
/* An empty list; what the job had before is gone. */
struct list *packed_begin(struct view *v, uint32_t job);
/* Puts a device at the end; its number is above the last one's. */
bool packed_append(struct view *v, struct list *list, uint32_t device);
/* The last device; 0 in an empty list. */
uint32_t packed_last_device(struct view *v, struct list *list);
/* The record, to be changed, and its position; NULL when the device is not in the list or the store failed. */
struct packed *packed_find(struct view *v, struct list *list, uint32_t device, uint32_t *position);

/* Drops the list's records and keeps its sums. A million devices take two milliseconds, so it is done at once. */
bool packed_forget(struct view *v, const struct job_list *head);

/* For the fold. */
bool packed_flush(struct view *v);
void packed_drop(void *cache);
uint64_t packed_unflushed_bytes(const void *cache);

/* ---- Any view: where the list is now, in RAM or in its table. */

const struct job_list *packed_head(struct view *v, uint32_t job);
/* One page of the list; NULL when the store failed. Borrowed until the next call or apply. */
const struct packed *packed_page(struct view *v, const struct job_list *head, uint32_t page);
/* The device's record and position; NULL when it is not in the list. Borrowed likewise. */
const struct packed *packed_look(struct view *v, const struct job_list *head, uint32_t device, uint32_t *position);
/* How many records a page has. */
static inline uint32_t packed_page_count(const struct job_list *head, uint32_t page)
{
    return MIN((uint32_t)PAGE_DEVICES, head->count - page * PAGE_DEVICES);
}
static inline uint32_t packed_pages(const struct job_list *head)
{
    return (head->count + PAGE_DEVICES - 1) / PAGE_DEVICES;
}

#endif
