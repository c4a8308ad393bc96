/* A whole engine without sockets for a test to play on: turn.h with a host that keeps frames and replies in memory, a
 * clock that the test moves, workers that run at once. Calls and answers are JSON, so that a story reads like
 * the protocol. Include it in one test program only. */
#ifndef MUSTER_STAGE_H
#define MUSTER_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "clients/terminal/json_read.c"
#include "clients/terminal/json_write.c"
#include "engine/base/pack.h"
#include "engine/log/state.h"
#include "engine/refold.h"
#include "engine/turn.h"
#include "engine/turn_state.h"

enum { STAGE_PEERS_MAX = 16, STAGE_TASKS_MAX = 64, SECOND = 1000000 };

struct stage_peer {
    bool here;
    bool hung_up;
    uint64_t msgid;      /* of its last call */
    uint8_t *frames;     /* to the engine, whole ones, one after another */
    size_t size, taken;
    char *answers;       /* from the engine, one JSON line each, without blanks after commas and colons */
    size_t answers_size;
};

struct stage {
    struct turn *turn;
    char directory[64];
    struct turn_clock clock;
    struct turn_settings settings;
    struct stage_peer peers[STAGE_PEERS_MAX]; /* by id; 0 is not used */
    uint64_t next_from;
    struct task *tasks[STAGE_TASKS_MAX];
    size_t task_count;
    bool hold_tasks; /* workers are slow until this is taken back */
    bool died;       /* TURN_FATAL */
};

/* ---- The host. */

static inline size_t frame_size(const struct stage_peer *peer)
{
    struct scan scan = {0};
    size_t size = 0;
    struct bytes rest = {peer->frames + peer->taken, peer->size - peer->taken};
    if (rest.size == 0 || wire_scan(&scan, rest, &size) != SCAN_WHOLE) return 0;
    return size;
}

static bool stage_next_frame(void *context, struct turn_frame *frame)
{
    struct stage *s = context;
    for (uint64_t i = 1; i <= STAGE_PEERS_MAX; i++) {
        uint64_t id = (s->next_from + i) % STAGE_PEERS_MAX;
        struct stage_peer *peer = &s->peers[id];
        size_t size = id && peer->here ? frame_size(peer) : 0;
        if (size == 0) continue;
        s->next_from = id;
        *frame = (struct turn_frame){id, {peer->frames + peer->taken, size}};
        return true;
    }
    return false;
}

static void stage_frame_done(void *context, uint64_t id)
{
    struct stage_peer *peer = &((struct stage *)context)->peers[id];
    peer->taken += frame_size(peer);
}

static void stage_send(void *context, uint64_t id, struct bytes frame)
{
    struct stage_peer *peer = &((struct stage *)context)->peers[id];
    msgpack_unpacked unpacked;
    size_t offset = 0, size;
    char *line;
    if (!peer->here) return;
    msgpack_unpacked_init(&unpacked);
    assert_int_equal(msgpack_unpack_next(&unpacked, frame.data, frame.size, &offset), MSGPACK_UNPACK_SUCCESS);
    assert_int_equal(offset, frame.size);
    FILE *out = open_memstream(&line, &size);
    json_write(out, &unpacked.data);
    fclose(out);
    msgpack_unpacked_destroy(&unpacked);
    peer->answers = realloc(peer->answers, peer->answers_size + size + 2);
    for (size_t i = 0; i < size; i++) {
        bool spacing = line[i] == ' ' && i > 0 && (line[i - 1] == ',' || line[i - 1] == ':');
        if (!spacing) peer->answers[peer->answers_size++] = line[i];
    }
    peer->answers[peer->answers_size++] = '\n';
    peer->answers[peer->answers_size] = '\0';
    free(line);
}

static size_t stage_room(void *context, uint64_t id)
{
    return ((struct stage *)context)->peers[id].here ? 1 << 20 : 0;
}

static void stage_hang_up(void *context, uint64_t id, const char *why)
{
    (void)why;
    ((struct stage *)context)->peers[id].hung_up = true;
}

static void stage_run_task(void *context, struct task *task)
{
    struct stage *s = context;
    assert_true(s->task_count < STAGE_TASKS_MAX);
    s->tasks[s->task_count++] = task;
}

/* ---- Running it. */

static inline void stage_finish_tasks(struct stage *s)
{
    while (s->task_count) {
        struct task *task = s->tasks[--s->task_count];
        task_run(task);
        turn_task_done(s->turn, task);
    }
}

/* Turns until the engine has nothing more to do by itself. */
static inline void stage_settle(struct stage *s)
{
    for (int turns = 0; turns < 100000; turns++) {
        enum turn_result result = turn_run(s->turn, &s->clock);
        bool worked = s->task_count > 0 && !s->hold_tasks;
        if (worked) stage_finish_tasks(s);
        if (result == TURN_FATAL) s->died = true;
        if (result == TURN_FATAL || (result == TURN_IDLE && !worked)) return;
    }
    fail_msg("the engine never comes to rest");
}

static inline void stage_pass(struct stage *s, int64_t us)
{
    s->clock.wall_us += us;
    s->clock.monotonic_us += us;
    stage_settle(s);
}

static inline void stage_start(struct stage *s)
{
    struct sentence why;
    int exit_code = 0;
    s->settings.data_directory = s->directory;
    s->settings.now = s->clock;
    if (!s->settings.boot_id) s->settings.boot_id = "test-boot";
    s->settings.host = (struct turn_host){s,          stage_next_frame, stage_frame_done, stage_send,
                                          stage_room, stage_hang_up,    stage_run_task,   NULL};
    s->settings.session[0]++;
    s->turn = turn_open(&s->settings, &why, &exit_code);
    if (!s->turn) fail_msg("the engine does not start: %s", why.text);
    for (uint64_t id = 1; id < STAGE_PEERS_MAX; id++) {
        if (s->peers[id].here) turn_peer_joined(s->turn, id, 1000, false);
    }
    stage_settle(s);
}

static inline void stage_open(struct stage *s)
{
    *s = (struct stage){.clock = {.wall_us = 1700000000 * (int64_t)SECOND, .monotonic_us = 1000 * (int64_t)SECOND}};
    const char *temporary = getenv("TMPDIR");
    int size = snprintf(s->directory, sizeof s->directory, "%s/muster-stage-XXXXXX", temporary ? temporary : "/tmp");
    assert_true((size_t)size < sizeof s->directory);
    assert_non_null(mkdtemp(s->directory));
    s->peers[1].here = true;
    stage_start(s);
}

/* In order, and up again. */
static inline void stage_restart(struct stage *s)
{
    stage_finish_tasks(s);
    turn_close(s->turn, &s->clock);
    stage_start(s);
}

/* What is on disk stays, nothing is tidied up, as when the process is killed; and up again. */
static inline void stage_crash(struct stage *s)
{
    stage_finish_tasks(s);
    s->turn->fatal = true;
    turn_close(s->turn, &s->clock);
    stage_start(s);
}

static inline void stage_join(struct stage *s, uint64_t id, bool read_only)
{
    s->peers[id].here = true;
    turn_peer_joined(s->turn, id, 1000, read_only);
}

static inline void stage_leave(struct stage *s, uint64_t id)
{
    s->peers[id].here = false;
    turn_peer_left(s->turn, id);
    stage_settle(s);
}

static inline void stage_close(struct stage *s)
{
    char command[128];
    s->hold_tasks = false;
    stage_finish_tasks(s);
    turn_close(s->turn, &s->clock);
    for (size_t i = 0; i < STAGE_PEERS_MAX; i++) {
        free(s->peers[i].frames);
        free(s->peers[i].answers);
    }
    snprintf(command, sizeof command, "rm -rf '%s'", s->directory);
    assert_int_equal(system(command), 0);
}

/* ---- Talking to it. */

/* Queues a call; its parameters are JSON in the manner of printf. */
static inline void stage_send_call(struct stage *s, uint64_t id, const char *method, const char *format, va_list arguments)
{
    struct stage_peer *peer = &s->peers[id];
    struct json_fault fault;
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    char *json;
    assert_true(vasprintf(&json, format, arguments) >= 0);
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    msgpack_pack_array(&packer, 4);
    msgpack_pack_int(&packer, 0);
    msgpack_pack_uint64(&packer, ++peer->msgid);
    msgpack_pack_str_with_body(&packer, method, strlen(method));
    msgpack_pack_array(&packer, 1);
    if (!json_read(json, &packer, &fault)) fail_msg("%s at byte %zu of %s", fault.why, fault.at, json);
    if (peer->taken == peer->size) peer->taken = peer->size = 0;
    peer->frames = realloc(peer->frames, peer->size + buffer.size);
    memcpy(peer->frames + peer->size, buffer.data, buffer.size);
    peer->size += buffer.size;
    msgpack_sbuffer_destroy(&buffer);
    free(json);
}

__attribute__((format(printf, 4, 5))) static inline void stage_queue(struct stage *s, uint64_t id, const char *method,
                                                                     const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    stage_send_call(s, id, method, format, arguments);
    va_end(arguments);
}

static inline const char *stage_answers(struct stage *s, uint64_t id)
{
    return s->peers[id].answers ? s->peers[id].answers : "";
}

static inline void stage_forget_answers(struct stage *s, uint64_t id)
{
    s->peers[id].answers_size = 0;
    if (s->peers[id].answers) s->peers[id].answers[0] = '\0';
}

/* Calls, lets the engine come to rest and returns the answers of this peer as JSON lines, until its next call. */
__attribute__((format(printf, 4, 5))) static inline const char *stage_call(struct stage *s, uint64_t id,
                                                                           const char *method, const char *format, ...)
{
    va_list arguments;
    stage_forget_answers(s, id);
    va_start(arguments, format);
    stage_send_call(s, id, method, format, arguments);
    va_end(arguments);
    stage_settle(s);
    return stage_answers(s, id);
}

/* imports.write with any bytes, as no JSON can hold them. */
static inline const char *stage_write_import(struct stage *s, uint64_t peer, const char *id, struct bytes data)
{
    struct stage_peer *p = &s->peers[peer];
    msgpack_sbuffer frame;
    msgpack_packer packer;
    msgpack_sbuffer_init(&frame);
    msgpack_packer_init(&packer, &frame, msgpack_sbuffer_write);
    msgpack_pack_array(&packer, 4);
    msgpack_pack_int(&packer, 0);
    msgpack_pack_uint64(&packer, ++p->msgid);
    msgpack_pack_str_with_body(&packer, "imports.write", 13);
    msgpack_pack_array(&packer, 1);
    msgpack_pack_map(&packer, 2);
    msgpack_pack_str_with_body(&packer, "id", 2);
    msgpack_pack_str_with_body(&packer, id, strlen(id));
    msgpack_pack_str_with_body(&packer, "data", 4);
    msgpack_pack_bin_with_body(&packer, data.data, data.size);
    stage_forget_answers(s, peer);
    p->taken = p->size = 0;
    p->frames = realloc(p->frames, frame.size);
    memcpy(p->frames, frame.data, frame.size);
    p->size = frame.size;
    msgpack_sbuffer_destroy(&frame);
    stage_settle(s);
    return stage_answers(s, peer);
}

/* ---- What is expected. */

#define then_answer_has(s, id, text) expect_text(stage_answers(s, id), text, __FILE__, __LINE__)
#define expect_answer(answer, text) expect_text(answer, text, __FILE__, __LINE__)
static inline void expect_text(const char *answer, const char *text, const char *file, int line)
{
    if (strstr(answer, text)) return;
    print_error("%s:%d: expected %s in the answer:\n%.2000s\n", file, line, text, answer);
    fail();
}

/* The whole state as text, for comparing one with another. */
static inline void state_entry(void *context, const char *table, struct bytes key, struct bytes value)
{
    FILE *out = context;
    fprintf(out, "%s ", table);
    for (size_t i = 0; i < key.size; i++) fprintf(out, "%02x", ((const uint8_t *)key.data)[i]);
    fprintf(out, " ");
    for (size_t i = 0; i < value.size; i++) fprintf(out, "%02x", ((const uint8_t *)value.data)[i]);
    fprintf(out, "\n");
}

static inline char *stage_state(struct stage *s)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    projections_each(s->turn->view, state_entry, out);
    fclose(out);
    return text;
}

/* As a quota that is used up: nothing can be written until it is taken back. */
static inline void stage_fill_disk(struct stage *s, bool full)
{
    struct log_state *log = s->turn->log.state;
    log->settings.quota_bytes = full;
    if (full) log->space.ready = 0;
}

/* Folds the whole log again, without a stop: the state must be the same, bit for bit. */
static inline bool stage_rebuild_gives_the_same(struct stage *s)
{
    struct sentence why;
    char *before = stage_state(s);
    assert_int_equal(projections_reset(&s->turn->projections), PROJECTIONS_OK);
    assert_int_equal(refold(&s->turn->projections, &s->turn->log, true, &why), REFOLD_OK);
    s->turn->view = projections_live(&s->turn->projections);
    char *after = stage_state(s);
    bool same = strcmp(before, after) == 0;
    free(before);
    free(after);
    return same;
}

/* ---- For cmocka: each story has a stage of its own. */

static inline int stage_set_up(void **state)
{
    struct stage *s = malloc(sizeof *s);
    stage_open(s);
    *state = s;
    return 0;
}

static inline int stage_tear_down(void **state)
{
    stage_close(*state);
    free(*state);
    return 0;
}

/* Every story ends with a rebuild. */
static inline int stage_tear_down_rebuilt(void **state)
{
    assert_true(stage_rebuild_gives_the_same(*state));
    return stage_tear_down(state);
}

#endif
