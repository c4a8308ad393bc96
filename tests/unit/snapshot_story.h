/* Stories for tests of tasks, on a real log and real projections: events are given, settled (appended and folded),
 * and then a task is run as a worker would. Event n of a story happens n seconds after 2026-11-23T02:00:00Z. */
#ifndef MUSTER_SNAPSHOT_STORY_H
#define MUSTER_SNAPSHOT_STORY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/events/numbers.h"
#include "engine/snapshot/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BEGIN_US INT64_C(1795399200000000)
#define AT(seq)  (BEGIN_US + (int64_t)(seq)*1000000)
enum { GROUP = 1, JOB = 1, TEMPLATE = 1, OTHER_TEMPLATE = 2, GIVEN_MAX = 2000 };

/* ---- The story. */

struct story {
    char directory[40], spool[64];
    struct log log;
    struct projections projections;
    struct arena arena;
    struct bytes given[GIVEN_MAX]; /* appended by the next settle */
    size_t given_count;
    uint64_t seq;
    struct task *task; /* run last */
};

static inline void settle(struct story *s)
{
    if (s->given_count > 0) {
        uint64_t first = s->seq - s->given_count + 1;
        assert_int_equal(log_append(&s->log, first, AT(s->seq), s->given, s->given_count), LOG_OK);
    }
    struct fold_position position = {.seq = s->seq};
    memcpy(position.log_id, log_id(&s->log), sizeof position.log_id);
    memcpy(position.root, log_root(&s->log), sizeof position.root);
    assert_int_equal(projections_commit(&s->projections, &position), PROJECTIONS_OK);
    s->given_count = 0;
    arena_reset(&s->arena);
}

/* What is folded, and what is stored: the same in every story but one. */
static inline uint64_t given_stored_as(struct story *s, struct event event, const struct event *stored)
{
    struct sentence why;
    struct buffer bytes = {.arena = &s->arena};
    event.seq = ++s->seq;
    event.time_us = AT(event.seq);
    enum fold_result folded = projections_apply(&s->projections, &event, &why);
    if (folded != FOLD_OK) fail_msg("%s: %s", event_name(event.type), why.text);
    event_encode(stored ? stored : &event, &bytes);
    s->given[s->given_count++] = buffer_bytes(&bytes);
    if (s->given_count == GIVEN_MAX) settle(s);
    return event.seq;
}

static inline uint64_t given(struct story *s, struct event event)
{
    return given_stored_as(s, event, NULL);
}

static inline int story_begin(void **state)
{
    struct story *s = calloc(1, sizeof *s);
    char path[64];
    assert_non_null(s);
    strcpy(s->directory, "/tmp/muster-snapshot-XXXXXX");
    assert_non_null(mkdtemp(s->directory));
    snprintf(s->spool, sizeof s->spool, "%s/spool", s->directory);
    snprintf(path, sizeof path, "%s/log", s->directory);
    assert_int_equal(log_open(&s->log, &(struct log_settings){.directory = path}), LOG_OK);
    snprintf(path, sizeof path, "%s/projections", s->directory);
    struct projections_settings settings = {.directory = path, .boot_id = "test", .map_bytes = UINT64_C(1) << 30};
    assert_int_equal(projections_open(&s->projections, &settings), PROJECTIONS_OK);
    assert_true(spool_clean(s->spool, 0, &s->projections.why));
    given(s, (struct event){.type = EVENT_LOG_STARTED,
                            .log_started = {.log_id = {log_id(&s->log), LOG_ID_SIZE}, .format = 1}});
    *state = s;
    return 0;
}

static inline int story_end(void **state)
{
    struct story *s = *state;
    char command[64];
    if (s->task) task_delete(s->task);
    projections_close(&s->projections, false);
    log_close(&s->log, false);
    arena_free(&s->arena);
    snprintf(command, sizeof command, "rm -rf %s", s->directory);
    assert_int_equal(system(command), 0);
    free(s);
    return 0;
}

/* ---- What is given. */

static inline void template_saved(struct story *s, uint32_t number, const char *id)
{
    given(s, (struct event){.type = EVENT_TEMPLATE_SAVED,
                            .template_saved = {number, bytes_of_text(id), bytes_of_text(id), BYTES_NONE, 0}});
}

static inline void device_registered(struct story *s, uint32_t number, const char *id, const char *name,
                                     uint32_t template)
{
    given(s, (struct event){.type = EVENT_DEVICE_REGISTERED,
                            .device_registered = {number, bytes_of_text(id), bytes_of_text(name), template, true,
                                                  number % 2 == 0, 0}});
}

/* Devices 1 to count: "gw-1", ...; their names are their ids. */
static inline void devices_registered(struct story *s, uint32_t count)
{
    for (uint32_t number = 1; number <= count; number++) {
        char id[16];
        snprintf(id, sizeof id, "gw-%u", number);
        device_registered(s, number, id, "", 0);
    }
}

static inline void device_removed(struct story *s, uint32_t number)
{
    given(s, (struct event){.type = EVENT_DEVICE_REMOVED, .device_removed = {.number = number}});
}

static inline struct bytes number_range(struct story *s, uint64_t first, uint64_t last)
{
    struct numbers_writer w = {.buffer.arena = &s->arena};
    for (uint64_t number = first; number <= last; number++) numbers_add(&w, number);
    return numbers_bytes(&w);
}

static inline void job_begun(struct story *s)
{
    given(s, (struct event){.type = EVENT_GROUP_SAVED,
                            .group_saved = {GROUP, BYTES("all"), BYTES("All"), BYTES_NONE, BYTES_NONE, 0}});
    given(s, (struct event){.type = EVENT_JOB_CREATED,
                            .job_created = {.job = JOB,
                                            .id = BYTES("job-1"),
                                            .display_name = BYTES("Job"),
                                            .group = GROUP,
                                            .type = 3,
                                            .data = BYTES("\x90"),
                                            .execution_timeout = 30,
                                            .retries_max = 3,
                                            .retries_on = 0x3c}});
    given(s, (struct event){.type = EVENT_JOB_QUEUED, .job_queued = {.job = JOB}});
    given(s, (struct event){.type = EVENT_JOB_TARGETS_BEGUN, .job_targets_begun = {.job = JOB, .at_seq = s->seq}});
}

/* A job on devices first to last runs. */
static inline void job_running(struct story *s, uint32_t first, uint32_t last, uint32_t batch_size)
{
    job_begun(s);
    for (uint32_t at = first; at <= last; at += 1000) {
        struct bytes devices = number_range(s, at, MIN(last, at + 999));
        given(s, (struct event){.type = EVENT_JOB_TARGETS, .job_targets = {.job = JOB, .devices = devices}});
    }
    given(s, (struct event){.type = EVENT_JOB_TARGETS_FIXED,
                            .job_targets_fixed = {JOB, last - first + 1, 0, batch_size, 0}});
}

static inline uint64_t dispatched_after(struct story *s, uint32_t batch, uint32_t attempt, uint32_t first,
                                        uint32_t last, struct bytes previous, const char *connector)
{
    return given(s, (struct event){.type = EVENT_BATCH_DISPATCHED,
                                   .batch_dispatched = {.job = JOB,
                                                        .batch = batch,
                                                        .attempt = attempt,
                                                        .devices = number_range(s, first, last),
                                                        .previous = previous,
                                                        .connector = bytes_of_text(connector),
                                                        .timeout_us = 30000000}});
}

static inline uint64_t dispatched(struct story *s, uint32_t batch, uint32_t first, uint32_t last)
{
    return dispatched_after(s, batch, 1, first, last, BYTES_NONE, "line-1");
}

static inline struct event result_event(uint32_t device, uint64_t previous, enum device_outcome outcome, bool ends,
                                        const char *error)
{
    return (struct event){.type = EVENT_DEVICE_RESULT,
                          .device_result = {.job = JOB,
                                            .device = device,
                                            .previous = previous,
                                            .outcome = outcome,
                                            .ends = ends,
                                            .error = bytes_of_text(error)}};
}

static inline uint64_t ended(struct story *s, uint32_t device, uint64_t previous, enum device_outcome outcome,
                             const char *error)
{
    return given(s, result_event(device, previous, outcome, true, error));
}

static inline uint64_t failed_for_now(struct story *s, uint32_t device, uint64_t previous, const char *error)
{
    return given(s, result_event(device, previous, OUTCOME_FAILED, false, error));
}

static inline uint64_t returned(struct story *s, uint64_t dispatch, uint32_t first, uint32_t last)
{
    return given(s, (struct event){.type = EVENT_DEVICES_RETURNED,
                                   .devices_returned = {JOB, dispatch, number_range(s, first, last), 1, 0}});
}

static inline void batch_ended(struct story *s, uint32_t batch, uint32_t completed, uint32_t failed)
{
    given(s, (struct event){.type = EVENT_BATCH_ENDED, .batch_ended = {JOB, batch, completed, failed, 0}});
}

/* Devices 1 to 6: completed, failed, timed out, out, waiting, waiting; two a batch. */
static inline void job_in_every_state(struct story *s)
{
    devices_registered(s, 6);
    job_running(s, 1, 6, 2);
    uint64_t dispatch = dispatched(s, 0, 1, 2);
    ended(s, 1, dispatch, OUTCOME_COMPLETED, "");
    ended(s, 2, dispatch, OUTCOME_FAILED, "no answer, twice");
    batch_ended(s, 0, 1, 1);
    dispatch = dispatched(s, 1, 3, 4);
    ended(s, 3, dispatch, OUTCOME_TIMED_OUT, "");
}

/* ---- What is asked. */

static inline struct task *task_for(struct story *s, enum task_kind kind)
{
    settle(s);
    if (s->task) task_delete(s->task);
    s->task = task_new(kind);
    s->task->projections = &s->projections;
    s->task->log = &s->log;
    s->task->spool_directory = s->spool;
    return s->task;
}

static inline void run(struct task *task)
{
    task_run(task);
    if (task->failed) fail_msg("the task failed: %s", task->fault.text);
}

/* ---- What must be. */

static inline void assert_text(struct bytes got, const char *expected)
{
    if (!bytes_equal(got, bytes_of_text(expected))) fail_msg("\"%.*s\" is not \"%s\"", BYTES_ARG(got), expected);
}

#define STORY(test) cmocka_unit_test_setup_teardown(test, story_begin, story_end)

#endif
