/* Stories about jobs on a whole engine (stage.h): devices "gw-1", "gw-2", ... in the group "all", jobs on it,
 * and peers that take work and report. */
#ifndef MUSTER_JOB_STORY_H
#define MUSTER_JOB_STORY_H

#include "tests/unit/stage.h"

#include "engine/refold.h"

static inline int set_up(void **state)
{
    struct stage *s = malloc(sizeof *s);
    stage_open(s);
    *state = s;
    return 0;
}

static inline int tear_down(void **state)
{
    stage_close(*state);
    free(*state);
    return 0;
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* ---- Givens. */

static inline void given_devices(struct stage *s, int count)
{
    for (int i = 1; i <= count; i++) stage_queue(s, 1, "devices.put", "{\"id\":\"gw-%d\"}", i);
    stage_call(s, 1, "groups.put", "{\"id\":\"all\"}");
}

#define PROPERTY       "{\"type\":\"property\",\"path\":\"target\",\"value\":21}"
#define CLOUD_PROPERTY "{\"type\":\"cloudProperty\",\"path\":\"site\",\"value\":\"north\"}"
#define COMMAND        "{\"type\":\"command\",\"path\":\"reboot\"}"

/* `data` is its entries as JSON; `more` is the job's other fields, each with a comma before it. */
static inline const char *given_job_of(struct stage *s, const char *id, const char *data, const char *more)
{
    return stage_call(s, 1, "jobs.run", "{\"id\":\"%s\",\"group\":\"all\",\"data\":[%s]%s}", id, data, more);
}

static inline const char *given_job(struct stage *s, const char *id, const char *more)
{
    return given_job_of(s, id, PROPERTY, more);
}

/* The first handle of the works in an answer; 0 when there is none. */
static inline uint64_t work_in(const char *answer)
{
    const char *work = strstr(answer, "\"work\":");
    return work ? strtoull(work + strlen("\"work\":"), NULL, 10) : 0;
}

/* Takes up to `max` devices as peer `id`; `more` is other fields, each with a comma before it. */
static inline uint64_t take_work_of(struct stage *s, uint64_t id, int max, const char *more)
{
    return work_in(stage_call(s, id, "work.take", "{\"connector\":\"test\",\"max\":%d%s}", max, more));
}

static inline uint64_t take_work(struct stage *s, uint64_t id, int max)
{
    return take_work_of(s, id, max, "");
}

static inline const char *report(struct stage *s, uint64_t id, uint64_t work, const char *results)
{
    assert_int_not_equal(work, 0);
    return stage_call(s, id, "work.report", "{\"work\":%llu,\"results\":%s}", (unsigned long long)work, results);
}

/* Fields of a job. */
#define DATA "\"data\":[" PROPERTY "]"
#define JOB  "\"group\":\"all\"," DATA

/* ---- What is asked. */

/* A call with an id alone. */
static inline const char *on_job(struct stage *s, const char *method, const char *id)
{
    return stage_call(s, 1, method, "{\"id\":\"%s\"}", id);
}

/* The number of the last event. */
static inline uint64_t head(struct stage *s)
{
    return log_head(&s->turn->log);
}

static inline const char *job(struct stage *s, const char *id)
{
    return stage_call(s, 1, "jobs.get", "{\"id\":\"%s\"}", id);
}

/* How many events of a type there are. */
static inline unsigned events_of_type(struct stage *s, const char *type)
{
    char shown[64];
    unsigned count = 0;
    snprintf(shown, sizeof shown, "\"type\":\"%s\"", type);
    stage_call(s, 1, "events.read", "{\"limit\":1000,\"filter\":{\"type\":\"%s\"}}", type);
    for (const char *at = stage_answers(s, 1); (at = strstr(at, shown)); at++) count++;
    return count;
}

/* ---- What must be. */

#define then_answer_lacks(s, id, text)                                                                                 \
    do {                                                                                                               \
        if (strstr(stage_answers(s, id), text)) fail_msg("%s is in %s", text, stage_answers(s, id));                   \
    } while (0)

/* Folds the log again: the state is the same. */
static inline void then_a_rebuild_gives_the_same_state(struct stage *s)
{
    struct sentence why;
    stage_restart(s);
    char *before = stage_state(s);
    assert_int_equal(projections_reset(&s->turn->projections), PROJECTIONS_OK);
    assert_int_equal(refold(&s->turn->projections, &s->turn->log, true, &why), REFOLD_OK);
    s->turn->view = projections_live(&s->turn->projections);
    char *after = stage_state(s);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

#endif
