/* What the log tells of a device's last attempt in a job, found from the number that its record holds:
 *
 *     record.last --> DEVICE_RESULT --previous--> BATCH_DISPATCHED      it has an end, or failed and waits
 *     record.last --> BATCH_DISPATCHED                                  it is out
 *     record.last --> DEVICES_RETURNED --dispatch--> BATCH_DISPATCHED   it was given back
 *
 * and any longer way made of these. Dispatches and returns are large and many devices share them: the last ones
 * read are kept at hand, so that a walk over a job reads a result a device and little else. */
#ifndef MUSTER_SNAPSHOT_TRAIL_H
#define MUSTER_SNAPSHOT_TRAIL_H

#include "engine/events/event.h"
#include "engine/log/log.h"
#include "projections/job_devices.h"

/* One event on the way. */
struct trail_step {
    uint64_t seq;           /* 0: none */
    uint64_t back;          /* the event before it; 0: it is the first */
    int64_t start_us;       /* of a dispatch, else 0 */
    struct bytes connector; /* likewise */
};

enum { TRAIL_STEPS_KEPT = 1024 };

struct trail {
    struct log_reader reader;
    uint32_t reads; /* since the reader was opened or renewed */
    struct sentence why;
    struct trail_step kept[TRAIL_STEPS_KEPT];
};

struct trail_end {
    int64_t start_us;       /* when the last attempt was handed out; 0: not dispatched */
    int64_t end_us;         /* 0: no end */
    struct bytes error;     /* of the result that the record names, if it names one */
    struct bytes response;  /* likewise: one MessagePack value, or no bytes */
    struct bytes connector; /* of the last attempt */
};

/* To be called after the snapshot that the records come from was taken: the log then holds every event they name. On
 * false `why` has the sentence, and the trail is not open. */
bool trail_open(struct trail *trail, struct log *log);
/* Texts are borrowed until the next call. On false `why` says which event could not be read. */
bool trail_follow(struct trail *trail, const struct job_device *record, struct trail_end *end);
/* Reads one event, whatever it is; it borrows from the trail until its next renewal, which trail_follow makes. */
bool trail_read(struct trail *trail, uint64_t seq, struct event *event);
void trail_close(struct trail *trail);

#endif
