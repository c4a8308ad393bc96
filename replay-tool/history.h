/* What the two histories share: the fold, the events that are told one by one, and what became of devices. */
#ifndef MUSTER_REPLAY_HISTORY_H
#define MUSTER_REPLAY_HISTORY_H

#include "replay-tool/course.h"
#include "replay-tool/state.h"
#include "replay-tool/tally.h"

/* An event, as wire_event() showed it when it had just happened. */
struct told_event {
    struct told_event *next;
    size_t device; /* index in course.devices, of a device's */
    struct bytes map;
};

struct history {
    struct source source;
    struct state state;
    struct bytes id; /* of the job, or the device */
    uint32_t job;    /* 0 until it was made */
    bool with_devices;
    struct tally tally;
    struct course course;
    struct told_event *told, **told_end; /* in their order */
    uint64_t told_count;
    struct arena told_arena, arena; /* the second for one row */
};

/* Keeps the event to be told. */
void history_tell(struct history *h, const struct event *event, size_t device);
/* A row of each told event of this device. */
void history_show_told(struct history *h, size_t device);
/* A row with a device's course in a job, `name` "device" or "job". */
void history_show_course(struct history *h, const char *name, size_t part);

/* history_job.c */
void history_see_job(void *context, const struct event *event);
enum exit_code history_show_job(struct history *h);
/* history_device.c */
void history_see_device(void *context, const struct event *event);
enum exit_code history_show_device(struct history *h);

#endif
