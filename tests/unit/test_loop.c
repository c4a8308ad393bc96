/* The loop with a turn that only echoes: sockets, frames, slow and hostile clients, signals, stopping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/base/pack.h"
#include "engine/clock/clock.h"
#include "engine/decide/limits.h"
#include "engine/loop/input.h"
#include "engine/loop/loop.h"
#include "engine/wire/wire.h"

/* ---- A turn that answers by the method's name; it stands in for the engine's own. */

enum { LATER_US = 50000, PEERS_MAX = 64, BIG_BYTES = 1 << 20 };

struct turn {
    struct turn_host host;
    uint32_t joined, left, runs;
    uint32_t parts;           /* of a frame that goes on over turns */
    uint64_t later_peer;
    uint64_t later_msgid;
    int64_t later_us;         /* INT64_MAX: nobody waits */
    bool closed;
    bool read_only[PEERS_MAX]; /* in order of joining */
};

static struct turn turn;

static void reply(uint64_t peer, uint64_t msgid, size_t filling)
{
    struct arena arena = {0};
    struct buffer out = {.arena = &arena};
    msgpack_packer p = packer_into(&out);
    msgpack_pack_array(&p, 4);
    msgpack_pack_int(&p, 1);
    msgpack_pack_uint64(&p, msgid);
    msgpack_pack_nil(&p);
    pack_bin(&p, (struct bytes){arena_zero(&arena, filling + 1), filling});
    turn.host.send(turn.host.context, peer, buffer_bytes(&out));
    arena_free(&arena);
}

/* False when the frame is not used up. */
static bool handle(const struct turn_frame *frame, enum turn_result *result)
{
    struct cursor c = cursor_over(frame->bytes);
    uint32_t parts;
    uint64_t kind, msgid = 0;
    struct bytes method = BYTES_NONE;
    assert_true(cursor_array(&c, &parts) && cursor_uint(&c, &kind) && cursor_uint(&c, &msgid));
    assert_true(cursor_text(&c, &method));
    if (bytes_equal(method, BYTES("later"))) {
        turn.later_peer = frame->peer;
        turn.later_msgid = msgid;
        turn.later_us = clock_monotonic_us() + LATER_US;
    } else if (bytes_equal(method, BYTES("task"))) {
        struct task *task = task_new(TASK_RESULTS);
        task->peer = frame->peer;
        task->msgid = msgid;
        task->results.token = BYTES("no token");
        task->spool_directory = "/nonexistent";
        turn.host.run_task(turn.host.context, task);
    } else if (bytes_equal(method, BYTES("parts")) && turn.parts++ < 2) {
        *result = TURN_AGAIN;
        return false;
    } else if (bytes_equal(method, BYTES("fatal"))) {
        *result = TURN_FATAL;
    } else if (bytes_equal(method, BYTES("leave"))) {
        turn.host.hang_up(turn.host.context, frame->peer, "it asked to");
    } else {
        reply(frame->peer, msgid, bytes_equal(method, BYTES("big")) ? BIG_BYTES : 0);
    }
    return true;
}

enum turn_result turn_run(struct turn *t, const struct turn_clock *now)
{
    enum turn_result result = TURN_IDLE;
    struct turn_frame frame;
    t->runs++;
    while (t->host.next_frame(t->host.context, &frame)) {
        if (!handle(&frame, &result)) break;
        t->host.frame_done(t->host.context, frame.peer);
    }
    if (t->later_us <= now->monotonic_us) {
        reply(t->later_peer, t->later_msgid, 0);
        t->later_us = INT64_MAX;
    }
    return result;
}

int64_t turn_deadline_us(const struct turn *t)
{
    return t->later_us;
}

void turn_cancel_tasks(struct turn *t)
{
    (void)t;
}

void turn_task_done(struct turn *t, struct task *task)
{
    (void)t;
    reply(task->peer, task->msgid, 0);
    task_delete(task);
}

void turn_peer_joined(struct turn *t, uint64_t peer, uint32_t uid, bool read_only)
{
    assert_int_equal(uid, getuid());
    assert_true(peer > 0);
    t->read_only[t->joined++ % PEERS_MAX] = read_only;
}

void turn_peer_left(struct turn *t, uint64_t peer)
{
    (void)peer;
    t->left++;
}

void turn_close(struct turn *t, const struct turn_clock *now)
{
    (void)now;
    t->closed = true;
}

struct bytes turn_metrics(struct turn *t, const struct turn_clock *now, struct arena *arena)
{
    (void)t, (void)now, (void)arena;
    return BYTES("# EOF\n");
}

const char *turn_why(const struct turn *t)
{
    (void)t;
    return "the disk is gone";
}

int turn_exit_code(const struct turn *t)
{
    (void)t;
    return EXIT_DISK;
}

/* ---- The loop in a thread of its own. */

struct place {
    char directory[64];
    char socket[96];
    char readers[96];
    struct loop *loop;
    pthread_t thread;
    bool running;
    int exit_code;
    struct sentence why;
};

static void *run_loop(void *context)
{
    struct place *p = context;
    p->exit_code = loop_run(p->loop, &p->why);
    return NULL;
}

static int begin(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    strcpy(p->directory, "/tmp/muster-test-loop-XXXXXX");
    if (!mkdtemp(p->directory)) return -1;
    snprintf(p->socket, sizeof p->socket, "%s/muster.sock", p->directory);
    snprintf(p->readers, sizeof p->readers, "%s/reader.sock", p->directory);
    *state = p;
    return 0;
}

static bool try_serve(struct place *p, const char *path)
{
    const struct loop_sockets sockets = {.operators_path = path, .readers_path = p->readers, .mode = 0660,
                                         .operators_fd = -1, .readers_fd = -1};
    p->loop = loop_new(&p->why);
    turn = (struct turn){.host = loop_host(p->loop), .later_us = INT64_MAX};
    return loop_serve(p->loop, &turn, &sockets, &p->why);
}

static void serve(struct place *p)
{
    if (!try_serve(p, p->socket)) fail_msg("%s", p->why.text);
    p->running = pthread_create(&p->thread, NULL, run_loop, p) == 0;
    assert_true(p->running);
    /* From its first turn on it listens to signals. */
    while (turn.runs == 0) usleep(1000);
}

static int wait_for_end(struct place *p)
{
    pthread_join(p->thread, NULL);
    p->running = false;
    return p->exit_code;
}

static int stop(struct place *p)
{
    kill(getpid(), SIGTERM);
    return wait_for_end(p);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

static int end(void **state)
{
    struct place *p = *state;
    if (p->running) stop(p);
    if (p->loop) loop_delete(p->loop);
    nftw(p->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(p);
    return 0;
}

/* ---- Clients. */

static int dial(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    strcpy(address.sun_path, path);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void send_bytes(int fd, const void *data, size_t size)
{
    for (size_t sent = 0; sent < size;) {
        ssize_t count = send(fd, (const char *)data + sent, size - sent, MSG_NOSIGNAL);
        if (count <= 0) return;
        sent += (size_t)count;
    }
}

static size_t request(uint8_t out[64], uint8_t msgid, const char *method)
{
    size_t size = strlen(method);
    memcpy(out, (uint8_t[]){0x94, 0x00, msgid, (uint8_t)(0xa0 | size)}, 4);
    memcpy(out + 4, method, size);
    out[4 + size] = 0x90;
    return size + 5;
}

static void ask(int fd, uint8_t msgid, const char *method)
{
    uint8_t frame[64];
    send_bytes(fd, frame, request(frame, msgid, method));
}

/* The next `size` bytes; fewer at the end of the connection. Fails when nothing comes for five seconds. */
static size_t receive(int fd, uint8_t *out, size_t size)
{
    size_t have = 0;
    while (have < size) {
        struct pollfd pollfd = {.fd = fd, .events = POLLIN};
        if (poll(&pollfd, 1, 5000) <= 0) fail_msg("no answer for five seconds");
        ssize_t count = recv(fd, out + have, size - have, 0);
        if (count <= 0) break;
        have += (size_t)count;
    }
    return have;
}

static void then_answer(int fd, uint8_t msgid)
{
    uint8_t answer[6];
    assert_int_equal(receive(fd, answer, sizeof answer), sizeof answer);
    assert_memory_equal(answer, ((uint8_t[]){0x94, 0x01, msgid, 0xc0, 0xc4, 0x00}), sizeof answer);
}

/* What is left before the end. */
static void then_ends_with(int fd, const char *words)
{
    static uint8_t rest[65536];
    size_t size = receive(fd, rest, sizeof rest);
    if (!memmem(rest, size, words, strlen(words))) fail_msg("%zu bytes do not say \"%s\"", size, words);
    close(fd);
}

static void then_ends(int fd)
{
    uint8_t byte;
    assert_int_equal(receive(fd, &byte, 1), 0);
    close(fd);
}

/* ---- Stories. */

static void frames_are_answered_in_order(void **state)
{
    struct place *p = *state;
    serve(p);
    int fd = dial(p->socket);
    for (uint8_t i = 0; i < 100; i++) ask(fd, i, "echo");
    for (uint8_t i = 0; i < 100; i++) then_answer(fd, i);
    close(fd);
}

static void a_frame_may_dribble_in(void **state)
{
    struct place *p = *state;
    uint8_t frame[64];
    serve(p);
    int fd = dial(p->socket);
    size_t size = request(frame, 5, "echo");
    for (size_t i = 0; i < size; i++) {
        send_bytes(fd, frame + i, 1);
        usleep(1000);
    }
    then_answer(fd, 5);
    close(fd);
}

/* A call whose parameter has 7 MiB, with a small one behind it. */
static void a_large_frame_is_taken(void **state)
{
    struct place *p = *state;
    enum { SIZE = 7 << 20 };
    uint8_t *large = calloc(1, SIZE);
    memcpy(large, "\x94\x00\x07\xa4" "echo\x91\xc6", 10);
    put_be32(large + 10, SIZE - 14);
    serve(p);
    int fd = dial(p->socket);
    send_bytes(fd, large, SIZE);
    ask(fd, 8, "echo");
    then_answer(fd, 7);
    then_answer(fd, 8);
    close(fd);
    free(large);
}

static void a_frame_that_goes_on_is_handed_out_again(void **state)
{
    struct place *p = *state;
    serve(p);
    int fd = dial(p->socket);
    ask(fd, 1, "parts");
    ask(fd, 2, "echo");
    then_answer(fd, 1);
    then_answer(fd, 2);
    assert_int_equal(turn.parts, 3);
    close(fd);
}

static void deadlines_and_workers_answer_too(void **state)
{
    struct place *p = *state;
    serve(p);
    int fd = dial(p->socket);
    ask(fd, 1, "task");
    then_answer(fd, 1);
    ask(fd, 2, "later");
    then_answer(fd, 2);
    close(fd);
}

static void a_resting_loop_rests(void **state)
{
    struct place *p = *state;
    serve(p);
    int fd = dial(p->socket);
    ask(fd, 1, "echo");
    then_answer(fd, 1);
    usleep(20000);
    uint32_t runs = turn.runs;
    usleep(100000);
    assert_int_equal(turn.runs, runs);
    close(fd);
}

static void a_bad_frame_ends_its_connection_only(void **state)
{
    struct place *p = *state;
    serve(p);
    int bad = dial(p->socket), good = dial(p->socket);
    ask(bad, 1, "echo");
    send_bytes(bad, "\xc1", 1);
    then_answer(bad, 1);
    then_ends_with(bad, "no MessagePack");
    ask(good, 2, "echo");
    then_answer(good, 2);
    close(good);
}

static void hostile_claims_end_the_connection(void **state)
{
    struct place *p = *state;
    static const struct bytes CLAIMS[] = {
        {"\xdd\xff\xff\xff\xff", 5}, {"\xc6\x7f\xff\xff\xff", 5}, {"\x91\xdf\x7f\xff\xff\xff", 6}, {"\xc7\x05\x01", 3}};
    serve(p);
    for (size_t i = 0; i < COUNT_OF(CLAIMS); i++) {
        int fd = dial(p->socket);
        send_bytes(fd, CLAIMS[i].data, CLAIMS[i].size);
        then_ends_with(fd, "closing");
    }
}

static void the_turn_may_end_a_connection(void **state)
{
    struct place *p = *state;
    serve(p);
    int fd = dial(p->socket);
    ask(fd, 1, "echo");
    ask(fd, 2, "leave");
    ask(fd, 3, "echo");
    then_answer(fd, 1);
    then_ends_with(fd, "it asked to");
}

static void who_ends_its_side_still_gets_its_answers(void **state)
{
    struct place *p = *state;
    serve(p);
    int fd = dial(p->socket);
    ask(fd, 1, "later");
    ask(fd, 2, "echo");
    shutdown(fd, SHUT_WR);
    then_answer(fd, 2);
    then_answer(fd, 1);
    then_ends(fd);
}

static void who_has_closed_is_forgotten_at_once(void **state)
{
    struct place *p = *state;
    serve(p);
    int fd = dial(p->socket);
    ask(fd, 1, "echo");
    then_answer(fd, 1);
    ask(fd, 2, "later");
    close(fd);
    for (int i = 0; i < 40 && turn.left == 0; i++) usleep(1000);
    assert_int_equal(turn.left, 1);
}

/* 100 answers of 1 MiB are asked for and not read: after the mark no more frames are taken, all are answered later. */
static void who_does_not_read_is_not_served_and_hurts_nobody(void **state)
{
    struct place *p = *state;
    enum { CALLS = 100 };
    uint8_t *answer = malloc(BIG_BYTES + 9);
    serve(p);
    int slow = dial(p->socket), other = dial(p->socket);
    for (uint8_t i = 0; i < CALLS; i++) ask(slow, i, "big");
    usleep(100000);
    ask(other, 1, "echo");
    then_answer(other, 1);
    for (uint8_t i = 0; i < CALLS; i++) {
        assert_int_equal(receive(slow, answer, BIG_BYTES + 9), BIG_BYTES + 9);
        assert_int_equal(answer[2], i);
    }
    free(answer);
    close(slow);
    close(other);
}

/* 40 frames of 7 MiB that never end are more than the memory for them. */
static void who_sends_large_frames_keeps_nobody_out(void **state)
{
    struct place *p = *state;
    enum { CLIENTS = 40, SIZE = 7 << 20 };
    int fds[CLIENTS];
    uint8_t *large = calloc(1, SIZE);
    memcpy(large, "\x94\x00\x07\xa4" "echo\x91\xc6\x00\x7f\x00\x00", 14);
    serve(p);
    int small = dial(p->socket);
    ask(small, 1, "echo");
    then_answer(small, 1);
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = dial(p->socket);
        send_bytes(fds[i], large, SIZE);
    }
    ask(small, 2, "echo");
    then_answer(small, 2);
    then_ends_with(fds[CLIENTS - 1], "memory for frames that are not whole yet is used up");
    for (int i = 0; i < CLIENTS - 1; i++) close(fds[i]);
    close(small);
    free(large);
}

static void the_readers_socket_is_told_apart(void **state)
{
    struct place *p = *state;
    serve(p);
    int operator = dial(p->socket);
    ask(operator, 1, "echo");
    then_answer(operator, 1);
    int reader = dial(p->readers);
    ask(reader, 1, "echo");
    then_answer(reader, 1);
    assert_false(turn.read_only[0]);
    assert_true(turn.read_only[1]);
    close(operator);
    close(reader);
}

static void too_many_clients_are_turned_away(void **state)
{
    struct place *p = *state;
    int fds[CONNECTIONS_MAX];
    serve(p);
    for (int i = 0; i < CONNECTIONS_MAX; i++) fds[i] = dial(p->socket);
    then_ends_with(dial(p->socket), "as many clients are connected as may");
    close(fds[0]);
    usleep(50000);
    fds[0] = dial(p->socket);
    ask(fds[0], 1, "echo");
    then_answer(fds[0], 1);
    for (int i = 0; i < CONNECTIONS_MAX; i++) close(fds[i]);
}

/* Large frames of some never keep out small ones of others. */
static void a_first_buffer_is_there_when_memory_is_used_up(void **state)
{
    (void)state;
    struct input_budget budget = {.max = 0};
    struct input input = {.budget = &budget};
    struct bytes room = input_room(&input);
    assert_int_equal(room.size, 64 << 10);
    memset((void *)(uintptr_t)room.data, 0, room.size);
    memcpy((void *)(uintptr_t)room.data, "\xc6\x00\x7f\x00\x00", 5);
    input_add(&input, room.size);
    assert_int_equal(input_frame(&input).size, 0);
    assert_int_equal(input_room(&input).size, 0);
    input_free(&input);
    assert_int_equal(budget.used, 0);
}

/* ---- Beginning and end. */

static void a_signal_stops_in_order(void **state)
{
    struct place *p = *state;
    serve(p);
    int fd = dial(p->socket);
    ask(fd, 1, "echo");
    then_answer(fd, 1);
    assert_int_equal(stop(p), EXIT_CLEAN);
    assert_true(turn.closed);
    then_ends_with(fd, "the engine is stopping");
    assert_int_equal(access(p->socket, F_OK), -1);
    assert_int_equal(access(p->readers, F_OK), -1);
}

static void a_turn_that_fails_stops_with_its_code(void **state)
{
    struct place *p = *state;
    serve(p);
    int fd = dial(p->socket);
    ask(fd, 1, "echo");
    ask(fd, 2, "fatal");
    assert_int_equal(wait_for_end(p), EXIT_DISK);
    assert_string_equal(p->why.text, "the disk is gone");
    then_answer(fd, 1);
    then_ends_with(fd, "the disk is gone");
}

static void a_socket_that_nobody_answers_on_is_replaced(void **state)
{
    struct place *p = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int dead = socket(AF_UNIX, SOCK_STREAM, 0);
    strcpy(address.sun_path, p->socket);
    assert_int_equal(bind(dead, (struct sockaddr *)&address, sizeof address), 0);
    close(dead);
    serve(p);
    close(dial(p->socket));
    struct stat status;
    assert_int_equal(stat(p->socket, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0660);
}

static void then_cannot_serve(struct place *p, const char *path, const char *words)
{
    assert_false(try_serve(p, path));
    if (!strstr(p->why.text, words)) fail_msg("\"%s\" does not say \"%s\"", p->why.text, words);
    loop_delete(p->loop);
    p->loop = NULL;
}

static void a_path_that_cannot_be_is_refused(void **state)
{
    struct place *p = *state;
    char path[200];
    memset(path, 'x', sizeof path);
    path[108] = '\0';
    then_cannot_serve(p, path, "1 to 107 bytes");
    fclose(fopen(p->socket, "w"));
    then_cannot_serve(p, p->socket, "is no socket");
    then_cannot_serve(p, "/nonexistent/muster.sock", "its directory /nonexistent: No such file");
}

static void a_socket_that_is_served_is_left_alone(void **state)
{
    struct place *p = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int alive = socket(AF_UNIX, SOCK_STREAM, 0);
    strcpy(address.sun_path, p->socket);
    assert_int_equal(bind(alive, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(alive, 1), 0);
    then_cannot_serve(p, p->socket, "another process serves");
    assert_int_equal(access(p->socket, F_OK), 0);
    close(alive);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(frames_are_answered_in_order),
        STORY(a_frame_may_dribble_in),
        STORY(a_large_frame_is_taken),
        STORY(a_frame_that_goes_on_is_handed_out_again),
        STORY(deadlines_and_workers_answer_too),
        STORY(a_resting_loop_rests),
        STORY(a_bad_frame_ends_its_connection_only),
        STORY(hostile_claims_end_the_connection),
        STORY(the_turn_may_end_a_connection),
        STORY(who_ends_its_side_still_gets_its_answers),
        STORY(who_has_closed_is_forgotten_at_once),
        STORY(who_does_not_read_is_not_served_and_hurts_nobody),
        STORY(who_sends_large_frames_keeps_nobody_out),
        STORY(a_first_buffer_is_there_when_memory_is_used_up),
        STORY(the_readers_socket_is_told_apart),
        STORY(too_many_clients_are_turned_away),
        STORY(a_signal_stops_in_order),
        STORY(a_turn_that_fails_stops_with_its_code),
        STORY(a_socket_that_nobody_answers_on_is_replaced),
        STORY(a_path_that_cannot_be_is_refused),
        STORY(a_socket_that_is_served_is_left_alone),
    };
    /* Both ends of a thousand connections are here. */
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
