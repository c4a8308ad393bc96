/* A job's device list as rows for people: the packed record, the device it is of, and what the log tells. */
#ifndef MUSTER_SNAPSHOT_ROWS_H
#define MUSTER_SNAPSHOT_ROWS_H

#include "engine/snapshot/snapshot.h"
#include "engine/snapshot/trail.h"
#include "projections/devices.h"

struct rows {
    struct view *view;
    struct job_list list; /* count 0 when the job has no list, or its targets are not fixed yet */
    struct trail trail;
    struct device ahead; /* the device present that the cursor stands at; number 0 before the first */
    struct sentence why; /* what went wrong */
};

/* On false nothing is open. */
bool rows_open(struct rows *rows, struct view *snapshot, struct log *log, uint32_t job);
/* position < rows->list.count */
struct job_device rows_record(struct rows *rows, uint32_t position);
/* The record's device, borrowed from the snapshot. In the list's order this costs a step of a cursor, not a search. */
bool rows_device(struct rows *rows, const struct job_device *record, struct device *device);
/* Texts are borrowed until the next call. False when the log or the projections could not be read. */
bool rows_read(struct rows *rows, const struct job_device *record, struct job_device_row *row);
void rows_close(struct rows *rows);

#endif
