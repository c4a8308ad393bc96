/* What the tests of the projections have in common: a history told event by event, the projections folding it, and
 * at the end of each story a rebuild from the history alone that must equal what was folded, byte for byte. */
#ifndef MUSTER_FOLD_STORY_H
#define MUSTER_FOLD_STORY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <ftw.h>
#include <unistd.h>

#include "engine/base/arena.h"
#include "engine/events/numbers.h"
#include "projections/jobs.h"
#include "projections/job_devices.h"
#include "projections/projections.h"

/* ---- A history and the projections of it. */

struct story {
    char top[64];
    char directory[96];
    struct projections_settings settings;
    struct projections p;
    struct arena arena; /* the texts and lists of the events */
    struct event *history;
    size_t count;
    size_t capacity;
};

static inline int story_begin(void **state)
{
    struct story *s = calloc(1, sizeof *s);
    strcpy(s->top, "/tmp/muster-test-fold-XXXXXX");
    if (!mkdtemp(s->top)) return -1;
    snprintf(s->directory, sizeof s->directory, "%s/projections", s->top);
    s->settings =
        (struct projections_settings){.directory = s->directory, .boot_id = "boot-1", .map_bytes = (uint64_t)1 << 30};
    if (projections_open(&s->p, &s->settings) != PROJECTIONS_OK) return -1;
    *state = s;
    return 0;
}

static inline struct view *live(struct story *s)
{
    return projections_live(&s->p);
}

/* Any log id and root will do: the projections only keep them. */
static inline struct fold_position position_of(uint64_t seq)
{
    struct fold_position position = {.log_id = "log of a story", .seq = seq};
    memset(position.root, (int)seq, sizeof position.root);
    return position;
}

static inline void commit(struct story *s)
{
    struct fold_position position = position_of(projections_head(&s->p));
    assert_int_equal(projections_commit(&s->p, &position), PROJECTIONS_OK);
}

/* Folds what the projections have not seen yet. */
static inline void catch_up(struct story *s, struct projections *p)
{
    struct sentence why = {""};
    while (projections_head(p) < s->count) {
        if (projections_apply(p, &s->history[projections_head(p)], &why) != FOLD_OK) fail_msg("%s", why.text);
        if (p != &s->p || !projections_commit_due(p)) continue;
        struct fold_position position = position_of(projections_head(p));
        assert_int_equal(projections_commit(p, &position), PROJECTIONS_OK);
    }
}

static inline void abort_and_catch_up(struct story *s)
{
    assert_int_equal(projections_abort(&s->p), PROJECTIONS_OK);
    catch_up(s, &s->p);
}

static inline void stop(struct story *s, bool clean)
{
    if (clean) commit(s);
    projections_close(&s->p, clean);
}

static inline void start(struct story *s)
{
    assert_int_equal(projections_open(&s->p, &s->settings), PROJECTIONS_OK);
}

static inline struct event *history_add(struct story *s, struct event event)
{
    if (s->count == s->capacity) {
        s->capacity = MAX(s->capacity * 2, (size_t)64);
        s->history = realloc(s->history, s->capacity * sizeof s->history[0]);
    }
    event.seq = s->count + 1;
    if (event.time_us == 0) event.time_us = (int64_t)event.seq * 1000000;
    s->history[s->count] = event;
    return &s->history[s->count++];
}

static inline void given_events(struct story *s, const struct event events[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        history_add(s, events[i]);
        catch_up(s, &s->p);
    }
}
#define given(s, ...)                                                                                                  \
    given_events(s, (const struct event[]){__VA_ARGS__}, COUNT_OF(((const struct event[]){__VA_ARGS__})))

/* The event cannot be, for a reason that holds these words; it leaves nothing behind. */
static inline void then_illegal(struct story *s, struct event event, const char *words)
{
    struct sentence why = {""};
    enum fold_result result = projections_apply(&s->p, history_add(s, event), &why);
    s->count--;
    assert_int_equal(result, FOLD_ILLEGAL);
    if (!strstr(why.text, words)) fail_msg("\"%s\" does not say \"%s\"", why.text, words);
    abort_and_catch_up(s);
}

/* ---- The state, byte for byte. */

struct dump {
    uint8_t *data;
    size_t size;
    size_t capacity;
};

static inline void dump_add(struct dump *dump, const void *data, size_t size)
{
    if (dump->size + size > dump->capacity) {
        dump->capacity = 2 * (dump->size + size);
        dump->data = realloc(dump->data, dump->capacity);
    }
    if (size) memcpy(dump->data + dump->size, data, size);
    dump->size += size;
}

static inline void dump_entry(void *context, const char *table, struct bytes key, struct bytes value)
{
    uint64_t sizes[2] = {key.size, value.size};
    dump_add(context, table, strlen(table));
    dump_add(context, sizes, sizeof sizes);
    dump_add(context, key.data, key.size);
    dump_add(context, value.data, value.size);
}

static inline struct dump dump_of(struct view *v)
{
    struct dump dump = {0};
    projections_each(v, dump_entry, &dump);
    return dump;
}

static inline void assert_same_state(struct view *a, struct view *b)
{
    struct dump one = dump_of(a), other = dump_of(b);
    assert_int_equal(one.size, other.size);
    if (one.size) assert_memory_equal(one.data, other.data, one.size);
    free(one.data);
    free(other.data);
}

static inline void then_rebuild_equals(struct story *s)
{
    struct projections rebuilt;
    struct projections_settings settings = s->settings;
    char directory[128];
    snprintf(directory, sizeof directory, "%s/rebuilt", s->top);
    settings.directory = directory;
    assert_int_equal(projections_open(&rebuilt, &settings), PROJECTIONS_OK);
    catch_up(s, &rebuilt);
    assert_same_state(live(s), projections_live(&rebuilt));
    projections_close(&rebuilt, false);
}

static inline int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

static inline int story_end(void **state)
{
    struct story *s = *state;
    if (s->p.state) {
        then_rebuild_equals(s);
        projections_close(&s->p, false);
    }
    nftw(s->top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    arena_free(&s->arena);
    free(s->history);
    free(s);
    return 0;
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, story_begin, story_end)

/* ---- Events, shortly. */

static inline struct event device_registered(uint32_t number, const char *id)
{
    return (struct event){.type = EVENT_DEVICE_REGISTERED,
                          .device_registered = {.number = number, .id = bytes_of_text(id)}};
}

static inline void given_devices(struct story *s, uint32_t first, uint32_t last)
{
    for (uint32_t number = first; number <= last; number++) {
        char id[16];
        snprintf(id, sizeof id, "d-%u", number);
        given(s, device_registered(number, arena_text(&s->arena, bytes_of_text(id))));
    }
}

static inline struct event job_created(uint32_t job, const char *id)
{
    return (struct event){.type = EVENT_JOB_CREATED,
                          .job_created = {.job = job, .id = bytes_of_text(id), .type = JOB_TYPE_COMMAND}};
}

static inline struct event job_queued(uint32_t job)
{
    return (struct event){.type = EVENT_JOB_QUEUED, .job_queued = {.job = job}};
}

static inline struct event job_targets_begun(uint32_t job)
{
    return (struct event){.type = EVENT_JOB_TARGETS_BEGUN, .job_targets_begun = {.job = job}};
}

static inline struct event job_targets(uint32_t job, struct bytes devices)
{
    return (struct event){.type = EVENT_JOB_TARGETS, .job_targets = {.job = job, .devices = devices}};
}

static inline struct event job_targets_fixed(uint32_t job, uint32_t total, uint32_t batch_size)
{
    return (struct event){.type = EVENT_JOB_TARGETS_FIXED,
                          .job_targets_fixed = {.job = job, .total = total, .batch_size = batch_size}};
}

static inline struct event batch_dispatched(uint32_t job, uint32_t batch, uint32_t attempt, struct bytes devices,
                                            struct bytes previous)
{
    return (struct event){
        .type = EVENT_BATCH_DISPATCHED,
        .batch_dispatched = {.job = job, .batch = batch, .attempt = attempt, .devices = devices, .previous = previous}};
}

static inline struct event device_result(uint32_t job, uint32_t device, uint64_t previous, enum device_outcome outcome,
                                         bool ends)
{
    return (struct event){
        .type = EVENT_DEVICE_RESULT,
        .device_result = {.job = job, .device = device, .previous = previous, .outcome = outcome, .ends = ends}};
}

static inline struct event devices_returned(uint32_t job, uint64_t dispatch, struct bytes devices)
{
    return (struct event){
        .type = EVENT_DEVICES_RETURNED,
        .devices_returned = {.job = job, .dispatch = dispatch, .devices = devices, .reason = RETURNED_BY_DISCONNECT}};
}

static inline struct event batch_ended(uint32_t job, uint32_t batch, uint32_t completed, uint32_t failed)
{
    return (struct event){.type = EVENT_BATCH_ENDED,
                          .batch_ended = {.job = job, .batch = batch, .completed = completed, .failed = failed}};
}

static inline struct event job_stopped(uint32_t job)
{
    return (struct event){.type = EVENT_JOB_STOPPED, .job_stopped = {.job = job}};
}

static inline struct event job_resumed(uint32_t job)
{
    return (struct event){.type = EVENT_JOB_RESUMED, .job_resumed = {.job = job}};
}

static inline struct event job_continued(uint32_t job)
{
    return (struct event){.type = EVENT_JOB_CONTINUED, .job_continued = {.job = job}};
}

static inline struct event job_cancelled(uint32_t job, enum job_cancel_reason reason)
{
    return (struct event){.type = EVENT_JOB_CANCELLED, .job_cancelled = {.job = job, .reason = reason}};
}

static inline struct event job_completed(uint32_t job)
{
    return (struct event){.type = EVENT_JOB_COMPLETED, .job_completed = {.job = job}};
}

static inline struct event job_failed(uint32_t job, enum job_failed_reason reason)
{
    return (struct event){.type = EVENT_JOB_FAILED, .job_failed = {.job = job, .reason = reason}};
}

/* ---- Lists of numbers. */

static inline struct bytes numbers_from(struct story *s, const uint64_t numbers[], size_t count)
{
    struct numbers_writer w = {.buffer = {.arena = &s->arena}};
    for (size_t i = 0; i < count; i++) numbers_add(&w, numbers[i]);
    return numbers_bytes(&w);
}
#define these(s, ...) numbers_from(s, (const uint64_t[]){__VA_ARGS__}, COUNT_OF(((const uint64_t[]){__VA_ARGS__})))

static inline struct bytes from_to(struct story *s, uint32_t first, uint32_t last)
{
    struct numbers_writer w = {.buffer = {.arena = &s->arena}};
    for (uint32_t number = first; number <= last; number++) numbers_add(&w, number);
    return numbers_bytes(&w);
}

/* A running job on devices first..last, all registered before. */
static inline void given_running(struct story *s, uint32_t job, const char *id, uint32_t first, uint32_t last,
                                 uint32_t batch_size)
{
    given(s, job_created(job, id), job_queued(job), job_targets_begun(job), job_targets(job, from_to(s, first, last)),
          job_targets_fixed(job, last - first + 1, batch_size));
}

#endif
