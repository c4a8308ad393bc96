/* The result of device i is always the same bytes: [i, "completed"] and its like. They are written once, one
 * after the other, and a report of a thousand completed devices is one memcpy of the first thousand. */
#include "clients/fleet/report.h"

#include <string.h>

enum {
    TAKE_WAIT_S = 20,
    RESULT_SIZE_MAX = 48,
    FRAME_SIZE_MAX = 64, /* of what stands around a connector's name, a handle or the results */
};

/* ---- Queues. */

uint8_t *queue_room(struct queue *q, size_t size)
{
    if (q->start + q->size + size > q->capacity && q->start > 0) {
        memmove(q->data, q->data + q->start, q->size);
        q->start = 0;
    }
    if (q->size + size > q->capacity) {
        q->capacity = (q->size + size) * 2;
        q->data = fleet_realloc(q->data, q->capacity);
    }
    return q->data + q->start + q->size;
}

void queue_add(struct queue *q, const void *data, size_t size)
{
    memcpy(queue_room(q, size), data, size);
    q->size += size;
}

void queue_drop(struct queue *q, size_t size)
{
    q->size -= size;
    q->start = q->size ? q->start + size : 0;
}

void queue_free(struct queue *q)
{
    fleet_realloc(q->data, 0);
    *q = (struct queue){.size = 0};
}

/* ---- Writing values. The caller has made room. */

static uint8_t *put_be32(uint8_t *at, uint8_t head, uint32_t value)
{
    const uint8_t bytes[5] = {head, value >> 24, value >> 16 & 0xff, value >> 8 & 0xff, value & 0xff};
    memcpy(at, bytes, sizeof bytes);
    return at + sizeof bytes;
}

static uint8_t *put_uint(uint8_t *at, uint32_t value)
{
    if (value > 0xffff) return put_be32(at, 0xce, value);
    if (value < 0x80) {
        *at++ = (uint8_t)value;
        return at;
    }
    *at++ = 0xcd;
    *at++ = (uint8_t)(value >> 8);
    *at++ = (uint8_t)value;
    return at;
}

static uint8_t *put_text(uint8_t *at, const char *text)
{
    size_t size = strlen(text);
    if (size < 32) {
        *at++ = (uint8_t)(0xa0 | size);
    } else {
        *at++ = 0xd9;
        *at++ = (uint8_t)size;
    }
    return mempcpy(at, text, size);
}

/* [0, id, method, [{ `fields` pairs */
static uint8_t *put_request(uint8_t *at, uint32_t id, const char *method, uint8_t fields)
{
    *at++ = 0x94;
    *at++ = 0x00;
    at = put_be32(at, 0xce, id);
    at = put_text(at, method);
    *at++ = 0x91;
    *at++ = 0x80 | fields;
    return at;
}

void write_take(struct queue *q, uint32_t id, const struct settings *settings)
{
    uint8_t *start = queue_room(q, FRAME_SIZE_MAX + strlen(settings->connector));
    uint8_t *at = put_request(start, id, "work.take", 3);
    at = put_text(put_text(at, "connector"), settings->connector);
    at = put_uint(put_text(at, "max"), settings->max);
    at = put_uint(put_text(at, "wait"), TAKE_WAIT_S);
    q->size += (size_t)(at - start);
}

/* ---- Ready-made results. */

struct pieces {
    const char *status;
    const char *error;
    uint8_t *bytes;
    uint32_t *ends; /* of result i */
    uint32_t count;
};

static struct pieces PIECES[] = {
    [OUTCOME_COMPLETED] = {.status = "completed"},
    [OUTCOME_FAILED] = {.status = "failed", .error = "the simulated device failed"},
    [OUTCOME_RETURNED] = {.status = "returned"},
};

static uint8_t *put_result(uint8_t *at, uint32_t index, const struct pieces *p)
{
    *at++ = p->error ? 0x93 : 0x92;
    at = put_text(put_uint(at, index), p->status);
    return p->error ? put_text(at, p->error) : at;
}

static void pieces_grow(struct pieces *p, uint32_t count)
{
    uint32_t capacity = count < 1000 ? 1000 : count * 2;
    p->bytes = fleet_realloc(p->bytes, (size_t)capacity * RESULT_SIZE_MAX);
    p->ends = fleet_realloc(p->ends, capacity * sizeof *p->ends);
    uint8_t *at = p->bytes + (p->count ? p->ends[p->count - 1] : 0);
    for (; p->count < capacity; p->count++) {
        at = put_result(at, p->count, p);
        p->ends[p->count] = (uint32_t)(at - p->bytes);
    }
}

static const struct pieces *pieces_of(enum outcome outcome, uint32_t count)
{
    struct pieces *p = &PIECES[outcome];
    if (count > p->count) pieces_grow(p, count);
    return p;
}

void report_pieces_free(void)
{
    for (size_t i = 0; i < sizeof PIECES / sizeof *PIECES; i++) {
        fleet_realloc(PIECES[i].bytes, 0);
        fleet_realloc(PIECES[i].ends, 0);
    }
}

/* ---- Reports. */

struct report report_begin(struct queue *q, uint32_t id, struct span work)
{
    uint8_t *start = queue_room(q, FRAME_SIZE_MAX + work.size);
    uint8_t *at = put_text(put_request(start, id, "work.report", 2), "work");
    memcpy(at, work.data, work.size);
    at = put_text(at + work.size, "results");
    struct report r = {.queue = q, .begin = q->size, .count_at = q->size + (size_t)(at - start)};
    at = put_be32(at, 0xdd, 0);
    q->size += (size_t)(at - start);
    return r;
}

void report_add(struct report *r, uint32_t index, enum outcome outcome)
{
    const struct pieces *p = pieces_of(outcome, index + 1);
    uint32_t start = index ? p->ends[index - 1] : 0;
    queue_add(r->queue, p->bytes + start, p->ends[index] - start);
    r->count++;
}

void report_add_completed(struct report *r, uint32_t count)
{
    if (count == 0) return;
    const struct pieces *p = pieces_of(OUTCOME_COMPLETED, count);
    queue_add(r->queue, p->bytes, p->ends[count - 1]);
    r->count += count;
}

bool report_end(struct report *r)
{
    if (r->count == 0) {
        r->queue->size = r->begin;
        return false;
    }
    put_be32(r->queue->data + r->queue->start + r->count_at, 0xdd, r->count);
    return true;
}
