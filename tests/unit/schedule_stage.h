/* What stories of schedules have in common: a whole engine with a group and a device in it, at a moment from which the
 * clock goes on. Include it in test programs only. */
#ifndef MUSTER_SCHEDULE_STAGE_H
#define MUSTER_SCHEDULE_STAGE_H

#include "tests/unit/stage.h"

#include "engine/base/timestamp.h"
#include "projections/schedules.h"

#define DAY  (86400 * (int64_t)SECOND)
#define HOUR (3600 * (int64_t)SECOND)

/* The clock begins at 2026-03-02 00:00 UTC, a Monday. */
static inline int set_up(void **state)
{
    struct stage *s = malloc(sizeof *s);
    int64_t begin_us;
    stage_open(s);
    assert_true(timestamp_read(BYTES("2026-03-02T00:00:00Z"), &begin_us));
    stage_pass(s, begin_us - s->clock.wall_us);
    stage_call(s, 1, "groups.put", "{\"id\":\"all\"}");
    stage_call(s, 1, "devices.put", "{\"id\":\"gw-1\"}");
    *state = s;
    return 0;
}

static inline int tear_down(void **state)
{
    stage_close(*state);
    free(*state);
    return 0;
}

/* ---- Givens. The stage leaves out the blanks after commas and colons, in sentences too. */

#define DATA "\"group\":\"all\",\"data\":[{\"type\":\"property\",\"path\":\"target\",\"value\":21}]"

/* `times` are the fields of "schedule", `more` others of the schedule with a comma before each. */
static inline const char *put(struct stage *s, const char *id, const char *times, const char *more)
{
    return stage_call(s, 1, "schedules.put", "{\"id\":\"%s\"," DATA ",\"schedule\":{%s}%s}", id, times, more);
}

/* Daily at 03:00 UTC, from today on. */
#define NIGHTLY "\"start\":\"2026-03-02T03:00:00Z\",\"timeZone\":\"UTC\",\"recurrence\":\"daily\""

static inline const char *change(struct stage *s, const char *id, const char *fields)
{
    return stage_call(s, 1, "schedules.put", "{\"id\":\"%s\",%s}", id, fields);
}

static inline const char *schedule(struct stage *s, const char *id)
{
    return stage_call(s, 1, "schedules.get", "{\"id\":\"%s\"}", id);
}

static inline const char *runs(struct stage *s, const char *id)
{
    return stage_call(s, 1, "schedules.runs", "{\"id\":\"%s\"}", id);
}

static inline const char *job(struct stage *s, const char *id)
{
    return stage_call(s, 1, "jobs.get", "{\"id\":\"%s\"}", id);
}

/* A connector comes and completes whatever there is to do. */
static inline void complete_work(struct stage *s)
{
    const char *work;
    while ((work = strstr(stage_call(s, 1, "work.take", "{\"connector\":\"c\"}"), "\"work\":"))) {
        while (work) {
            stage_queue(s, 1, "work.report", "{%.*s,\"results\":[[0,\"completed\"]]}", (int)strcspn(work, ","), work);
            work = strstr(work + 1, "\"work\":");
        }
    }
}

/* The engine stops, time goes by, it starts. */
static inline void be_down(struct stage *s, int64_t us)
{
    turn_close(s->turn, &s->clock);
    s->clock.wall_us += us;
    s->clock.monotonic_us += us;
    stage_start(s);
}

/* ---- Looking at the state itself. */

static inline struct schedule stored(struct stage *s, const char *id)
{
    const struct schedule *found = schedules_get(s->turn->view, schedules_find(s->turn->view, bytes_of_text(id)));
    assert_non_null(found);
    return *found;
}

/* To the next time at which any schedule is due, as the loop's timer would. */
static inline void pass_to_next(struct stage *s)
{
    const struct schedule *first = schedules_first_due(s->turn->view);
    assert_non_null(first);
    stage_pass(s, first->next_us - s->clock.wall_us);
}

static inline unsigned count_of(const char *text, const char *part)
{
    unsigned count = 0;
    for (const char *at = text; (at = strstr(at, part)); at += strlen(part)) count++;
    return count;
}

static inline unsigned events_of(struct stage *s, const char *type)
{
    stage_call(s, 1, "events.read", "{\"limit\":1000,\"filter\":{\"type\":\"%s\"}}", type);
    return count_of(stage_answers(s, 1), "\"seq\":");
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
