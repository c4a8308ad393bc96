/* What became of devices in jobs, attempt by attempt, gathered while the log is folded: of every device of one job, or of
 * some devices in every job. Nothing the engine forgets is missing: jobs of all times, removed devices too.
 *
 *     course_begin(&course, replay);                 and whose: course.job is set, or course_want(&course, device)
 *     course_see(&course, view, event) ...            each event, after it was folded
 *     course_end(&course);
 *     for (size_t i = 0; i < course.part_count; i++)
 *         course_row(&course, i, view, &arena, &row);
 *
 * Dispatches and results are 40 bytes each in memory; their texts go to a file. */
#ifndef MUSTER_REPLAY_COURSE_H
#define MUSTER_REPLAY_COURSE_H

#include "engine/wire/resources.h"
#include "replay-tool/replay.h"

#include <stdio.h>

/* A device that a job is for. */
struct part {
    uint32_t job, device;
    uint32_t batch; /* from 1 */
};

struct course_step;

/* An answer that came too late to count. */
struct late_row {
    int64_t time_us;
    enum device_outcome outcome;
    struct bytes error;
};

struct course {
    uint32_t job;      /* its devices, all of them; 0: not by job */
    uint32_t *devices; /* these, in all jobs */
    size_t device_count;
    /* After course_end() in order of jobs, then of devices. */
    struct part *parts;
    size_t part_count, part_capacity;
    struct course_step *steps;
    size_t step_count, step_capacity;
    FILE *file; /* of texts: errors, responses, connectors */
    uint64_t file_size;
    const uint8_t *text; /* all of it, mapped */
};

enum exit_code course_begin(struct course *c, struct replay *r);
void course_want(struct course *c, uint32_t device);
void course_see(struct course *c, struct view *v, const struct event *event);
enum exit_code course_end(struct course *c);
/* All zero is allowed. */
void course_free(struct course *c);

/* The row of a part: attempts oldest first. `late`, of *late_count, likewise. They live as long as the arena and the
 * course; names are of the view. */
void course_row(const struct course *c, size_t part, struct view *v, struct arena *arena, struct history_row *row,
                struct late_row **late, size_t *late_count);
/* "late", a list, if there are any. */
void course_put_late(struct open_map *m, const struct late_row *late, size_t count);

#endif
