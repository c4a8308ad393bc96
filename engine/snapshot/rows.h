/* A job's device list as rows for people: the packed record, the device it is of, and what the log tells. */
#ifndef MUSTER_SNAPSHOT_ROWS_H
#define MUSTER_SNAPSHOT_ROWS_H

#include "engine/snapshot/snapshot.h"
#include "engine/snapshot/template_ids.h"
#include "engine/snapshot/trail.h"
#include "engine/snapshot/values.h"
#include "projections/devices.h"

struct rows {
    struct view *view;
    struct job_list list; /* count 0 when the job has no list, or its targets are not fixed yet */
    struct columns columns;
    struct values **values;   /* one for each column that is a property */
    struct bytes *properties; /* of the row read last, one for each column */
    struct trail trail;
    struct template_ids templates;
    struct device ahead; /* the device present that the cursor stands at; number 0 before the first */
    struct job_device run[JOB_DEVICES_RUN_MAX]; /* the records read last, in order of their positions */
    uint32_t run_count;
    struct sentence why; /* what went wrong */
};

/* Opens the task's snapshot of the job. Columns that cost something are only filled when they are among `columns`,
 * which are to live as long as the rows. On false nothing is open, and rows->why has the sentence. */
bool rows_open(struct rows *rows, struct task *task, uint32_t job, struct columns columns);
/* position < rows->list.count */
struct job_device rows_record(struct rows *rows, uint32_t position);
/* The record's device, borrowed from the snapshot. In the list's order this costs a step of a cursor, not a search. */
bool rows_device(struct rows *rows, const struct job_device *record, struct device *device);
/* Texts are borrowed until the next call. False when the log or the projections could not be read. */
bool rows_read(struct rows *rows, const struct job_device *record, struct job_device_row *row);
/* What went wrong with the device's last result, borrowed until the next call; false as above. */
bool rows_error(struct rows *rows, const struct job_device *record, struct bytes *error);
void rows_close(struct rows *rows);

#endif
