/* Writing frames: takes, and reports whose results are pasted together from ready-made pieces. */
#ifndef MUSTER_FLEET_REPORT_H
#define MUSTER_FLEET_REPORT_H

#include "clients/fleet/chance.h"

/* Bytes waiting for the socket, or from it: `size` of them from `start` on. All zero is empty. */
struct queue {
    uint8_t *data;
    size_t start;
    size_t size;
    size_t capacity;
};

/* Room for `size` more bytes after those that wait; the caller adds to q->size what it used. */
uint8_t *queue_room(struct queue *q, size_t size);
void queue_add(struct queue *q, const void *data, size_t size);
/* The first `size` bytes are done with. */
void queue_drop(struct queue *q, size_t size);
void queue_free(struct queue *q);

void write_take(struct queue *q, uint32_t id, const struct settings *settings);

/* A report is begun, gets its results one by one or as a whole, and is ended. */
struct report {
    struct queue *queue;
    size_t begin;    /* the queue's size before */
    size_t count_at; /* where the number of results goes, from queue->start */
    uint32_t count;
};

/* `work` is the handle as it came, byte for byte. */
struct report report_begin(struct queue *q, uint32_t id, struct span work);
void report_add(struct report *r, uint32_t index, enum outcome outcome);
/* Results 0 to count-1, all completed. */
void report_add_completed(struct report *r, uint32_t count);
/* A report without results is taken back; false says so. */
bool report_end(struct report *r);

/* Gives the ready-made results back, at the end. */
void report_pieces_free(void);

#endif
