/* The due times of local_times.txt, which Python's zoneinfo gave; tests/unit/make-local-times says how to read it.
 * Include it after cmocka.h. */
#ifndef MUSTER_LOCAL_TIMES_H
#define MUSTER_LOCAL_TIMES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/timestamp.h"

enum { LOCAL_TIMES_MAX = 8000, LOCAL_SCHEDULES_MAX = 16 };

struct local_schedule {
    char zone[64];
    char recurrence[16];
    int64_t due_us[LOCAL_TIMES_MAX]; /* the first is the start */
    uint32_t count;
};

struct local_times {
    struct local_schedule schedules[LOCAL_SCHEDULES_MAX];
    uint32_t count;
};

static inline void local_times_add(struct local_schedule *s, const char *line)
{
    char time[32];
    unsigned count;
    int64_t first_us, step_us = INT64_C(86400000000) * (strcmp(s->recurrence, "weekly") == 0 ? 7 : 1);
    assert_int_equal(sscanf(line, " %31s %u", time, &count), 2);
    assert_true(timestamp_read(bytes_of_text(time), &first_us));
    assert_true(s->count + count <= LOCAL_TIMES_MAX);
    for (unsigned i = 0; i < count; i++) s->due_us[s->count++] = first_us + i * step_us;
}

/* To be freed. */
static inline struct local_times *local_times_read(void)
{
    struct local_times *times = calloc(1, sizeof *times);
    struct local_schedule *s = NULL;
    char line[128];
    FILE *file = fopen(SOURCE_DIR "/tests/unit/local_times.txt", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        if (line[0] == ' ') {
            local_times_add(s, line);
            continue;
        }
        assert_true(times->count < LOCAL_SCHEDULES_MAX);
        s = &times->schedules[times->count++];
        assert_int_equal(sscanf(line, "%63s %*s %*s %15s", s->zone, s->recurrence), 2);
    }
    fclose(file);
    return times;
}

#endif
