/* What the log tells about a job after it has ended: how long it took by the engine's own clock, and how much was
 * written for it. No engine may have the log open.
 *
 *     bench_history PREFIX LOG-DIRECTORY FIRST LAST
 *
 * Prints  events commits bytes    of FIRST to LAST; bytes are those of the events alone
 *         filter_seconds          from the job's being queued to its targets being fixed
 *         seconds                 from the job's start to its end, as jobs.get shows them */
#include <stdlib.h>

#include "bench/support.h"
#include "engine/events/event.h"

/* Seconds between the first event of one type and the first of the other; a negative number when one is missing. */
static double between(const struct stretch *s, enum event_type from, enum event_type to)
{
    int64_t times[2] = {0};
    for (size_t i = 0; i < s->count; i++) {
        struct event event;
        struct sentence why;
        if (event_decode(s->values[i], &event, &why) != EVENT_OK) bench_fail("%s", why.text);
        if (event.type == from && !times[0]) times[0] = event.time_us;
        if (event.type == to && !times[1]) times[1] = event.time_us;
    }
    return times[0] && times[1] ? (double)(times[1] - times[0]) / 1e6 : -1;
}

int main(int argc, char **argv)
{
    if (argc != 5) bench_fail("bench_history PREFIX LOG-DIRECTORY FIRST LAST");
    struct stretch stretch;
    stretch_load(&stretch, argv[2], bench_number(argv[3]), bench_number(argv[4]));
    bench_figure(argv[1], "events", (double)stretch.count);
    bench_figure(argv[1], "commits", (double)stretch.commit_count);
    bench_figure(argv[1], "bytes", (double)stretch.bytes);
    bench_figure(argv[1], "filter_seconds", between(&stretch, EVENT_JOB_QUEUED, EVENT_JOB_TARGETS_FIXED));
    bench_figure(argv[1], "seconds", between(&stretch, EVENT_JOB_TARGETS_BEGUN, EVENT_JOB_COMPLETED));
    stretch_free(&stretch);
    return EXIT_SUCCESS;
}
