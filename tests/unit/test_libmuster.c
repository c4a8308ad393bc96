/* libmuster against an engine of a few lines: a thread that listens on a socket of its own, reads what it
 * is sent, and answers from a list of canned frames, one for each request. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <muster.h>

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* What the fake engine says to the n-th request; it hangs up after the last, and where it is told to. */
struct script {
    const char *frames[16]; /* bytes of MessagePack as C strings; "" answers nothing */
    size_t sizes[16];
    bool hangs_up[16]; /* after this one; then the next connection goes on behind it */
    size_t count;
    size_t largest_request;
    struct request {
        char bytes[256];
        size_t size;
    } requests[16]; /* the beginning of each */
};

#define SAYS(literal) (literal), sizeof(literal) - 1
#define HELLO         "\x94\x01\x00\xc0\x81\xa8protocol\x01"

struct fake {
    char directory[32];
    char path[64];
    int listener;
    pthread_t thread;
    struct script script;
};

static void script_add(struct fake *fake, const char *frame, size_t size)
{
    fake->script.frames[fake->script.count] = frame;
    fake->script.sizes[fake->script.count++] = size;
}

static void script_hang_up(struct fake *fake)
{
    fake->script.hangs_up[fake->script.count - 1] = true;
}

/* What has come behind the last whole request; several may arrive at once. */
struct inbox {
    char bytes[MUSTER_REQUEST_SIZE_MAX];
    size_t size;
};

static void note_request(struct script *script, size_t n, const char *bytes, size_t size)
{
    struct request *r = &script->requests[n];
    if (size > script->largest_request) script->largest_request = size;
    r->size = size < sizeof r->bytes ? size : sizeof r->bytes;
    memcpy(r->bytes, bytes, r->size);
}

/* Reads one whole request; false when the client has gone. */
static bool fake_read(int fd, struct inbox *inbox, struct script *script, size_t n)
{
    for (;;) {
        size_t offset = 0;
        msgpack_unpacked whole;
        msgpack_unpacked_init(&whole);
        msgpack_unpack_return result = msgpack_unpack_next(&whole, inbox->bytes, inbox->size, &offset);
        msgpack_unpacked_destroy(&whole);
        if (result == MSGPACK_UNPACK_SUCCESS || result == MSGPACK_UNPACK_EXTRA_BYTES) {
            note_request(script, n, inbox->bytes, offset);
            memmove(inbox->bytes, inbox->bytes + offset, inbox->size -= offset);
            return true;
        }
        ssize_t got = recv(fd, inbox->bytes + inbox->size, sizeof inbox->bytes - inbox->size, 0);
        if (got <= 0) return false;
        inbox->size += (size_t)got;
    }
}

/* In two pieces, so that the client has to wait in the middle of a frame. A client that has heard enough may be gone.
 */
static void fake_say(int fd, const struct script *script, size_t n)
{
    size_t half = script->sizes[n] / 2;
    if (send(fd, script->frames[n], half, MSG_NOSIGNAL) < 0) return;
    usleep(1000);
    send(fd, script->frames[n] + half, script->sizes[n] - half, MSG_NOSIGNAL);
}

static void *fake_engine(void *data)
{
    struct fake *fake = data;
    for (size_t n = 0; n < fake->script.count;) {
        static struct inbox inbox;
        bool hangs_up = false;
        int fd = accept(fake->listener, NULL, NULL);
        for (inbox.size = 0; n < fake->script.count && !hangs_up; n++) {
            if (!fake_read(fd, &inbox, &fake->script, n)) n = fake->script.count - 1;
            else fake_say(fd, &fake->script, n);
            hangs_up = fake->script.hangs_up[n];
        }
        close(fd);
    }
    return NULL;
}

static void fake_start(struct fake *fake)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(fake->directory, "/tmp/libmuster-XXXXXX");
    assert_non_null(mkdtemp(fake->directory));
    snprintf(fake->path, sizeof fake->path, "%s/s", fake->directory);
    memcpy(address.sun_path, fake->path, strlen(fake->path));
    fake->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fake->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fake->listener, 4), 0);
    assert_int_equal(pthread_create(&fake->thread, NULL, fake_engine, fake), 0);
}

static void fake_end(struct fake *fake, struct muster_client *client)
{
    muster_close(client);
    pthread_join(fake->thread, NULL);
    close(fake->listener);
    unlink(fake->path);
    rmdir(fake->directory);
}

static struct muster_client *connected(struct fake *fake)
{
    struct muster_client *client;
    fake_start(fake);
    assert_int_equal(muster_connect(fake->path, &client), MUSTER_OK);
    return client;
}

static void an_answer_is_found_by_its_path(void **state)
{
    (void)state;
    struct fake fake = {.script.count = 0};
    script_add(&fake, SAYS(HELLO));
    script_add(&fake, SAYS("\x94\x01\x01\xc0\x83\xa6status\xa7running\xa8progress\x81\xa5total\xcd\x03\xe8"
                           "\xa8p.target\x15"));
    struct muster_client *client = connected(&fake);
    msgpack_object job;
    assert_int_equal(muster_call(client, "jobs.get", NULL, &job), MUSTER_OK);
    assert_int_equal(muster_uint(&job, "progress.total", 0), 1000);
    assert_true(muster_text_is(muster_text(&job, "status"), "running"));
    assert_int_equal(muster_uint(&job, "progress.failed", 7), 7);
    assert_null(muster_get(&job, "progress.total.more"));
    assert_int_equal(muster_uint(&job, "p.target", 0), 21);
    fake_end(&fake, client);
}

static void a_refusal_is_a_code_and_a_sentence_and_the_connection_goes_on(void **state)
{
    (void)state;
    struct fake fake = {.script.count = 0};
    script_add(&fake, SAYS(HELLO));
    script_add(&fake, SAYS("\x94\x01\x01\x93\xabno_such_job\xb0there is no job!\x80\xc0"));
    script_add(&fake, SAYS("\x94\x01\x02\xc0\xc3"));
    struct muster_client *client = connected(&fake);
    msgpack_object result;
    assert_int_equal(muster_call(client, "jobs.get", NULL, &result), MUSTER_REFUSED);
    assert_string_equal(muster_code(client), "no_such_job");
    assert_string_equal(muster_why(client), "there is no job!");
    assert_int_equal(muster_call(client, "jobs.get", NULL, &result), MUSTER_OK);
    assert_int_equal(result.type, MSGPACK_OBJECT_BOOLEAN);
    fake_end(&fake, client);
}

static void answers_to_pipelined_requests_carry_their_ids(void **state)
{
    (void)state;
    struct fake fake = {.script.count = 0};
    script_add(&fake, SAYS(HELLO));
    script_add(&fake, SAYS("\x94\x01\x02\xc0\xa6second\x94\x01\x01\xc0\xa5"
                           "first"));
    struct muster_client *client = connected(&fake);
    struct muster_message message;
    msgpack_object result;
    uint32_t first, second;
    assert_int_equal(muster_send(client, "info", NULL, &first), MUSTER_OK);
    assert_int_equal(muster_send(client, "info", NULL, &second), MUSTER_OK);
    assert_int_equal(muster_call(client, "info", NULL, &result), MUSTER_BUSY);
    assert_int_equal(muster_receive(client, &message), MUSTER_OK);
    assert_int_equal(message.id, second);
    assert_int_equal(muster_receive(client, &message), MUSTER_OK);
    assert_int_equal(message.id, first);
    assert_true(muster_text_is(message.value.via.str, "first"));
    fake_end(&fake, client);
}

static void notices_come_between_answers(void **state)
{
    (void)state;
    struct fake fake = {.script.count = 0};
    script_add(&fake, SAYS(HELLO));
    script_add(&fake, SAYS("\x93\x02\xa5"
                           "event\x91\x81\xa3seq\x05\x94\x01\x01\xc0\x80\x93\x02\xa9"
                           "caught_up\x91\x81\xa3seq\x06"));
    struct muster_client *client = connected(&fake);
    struct muster_message message;
    msgpack_object result;
    assert_int_equal(muster_call(client, "events.subscribe", NULL, &result), MUSTER_OK);
    assert_int_equal(result.type, MSGPACK_OBJECT_MAP);
    assert_int_equal(muster_receive(client, &message), MUSTER_OK);
    assert_int_equal(message.kind, MUSTER_NOTICE);
    assert_true(muster_text_is(message.method, "caught_up"));
    assert_int_equal(muster_uint(&message.value.via.array.ptr[0], "seq", 0), 6);
    fake_end(&fake, client);
}

static void a_large_request_arrives_whole_and_one_too_large_is_not_sent(void **state)
{
    (void)state;
    static char chunk[MUSTER_REQUEST_SIZE_MAX];
    struct fake fake = {.script.count = 0};
    script_add(&fake, SAYS(HELLO));
    script_add(&fake, SAYS("\x94\x01\x01\xc0\x80"));
    struct muster_client *client = connected(&fake);
    struct muster_params params;
    msgpack_object result;
    muster_params_init(&params);
    muster_put_bin(&params, "data", chunk, sizeof chunk);
    assert_int_equal(muster_call(client, "imports.write", &params, &result), MUSTER_TOO_LARGE);
    muster_params_clear(&params);
    muster_put_bin(&params, "data", chunk, 1 << 20);
    assert_int_equal(muster_call(client, "imports.write", &params, &result), MUSTER_OK);
    muster_params_free(&params);
    fake_end(&fake, client);
    assert_in_range(fake.script.largest_request, 1 << 20, (1 << 20) + 64);
}

static void an_engine_that_goes_is_told_and_told_again(void **state)
{
    (void)state;
    struct fake fake = {.script.count = 0};
    script_add(&fake, SAYS(HELLO));
    script_add(&fake, SAYS("\x94\x01\x01\xc0")); /* cut off in the middle */
    struct muster_client *client = connected(&fake);
    msgpack_object result;
    assert_int_equal(muster_call(client, "info", NULL, &result), MUSTER_GONE);
    assert_non_null(strstr(muster_why(client), "ended"));
    assert_int_equal(muster_call(client, "info", NULL, &result), MUSTER_GONE);
    fake_end(&fake, client);
}

static void what_is_no_answer_ends_the_connection_with_a_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } wrong[] = {
        {SAYS("\xc1")},                         /* no MessagePack */
        {SAYS("HTTP/1.1 400 Bad Request\r\n")}, /* not even near */
        {SAYS("\x94\x00\x01\xa4info\x90")},     /* a request */
        {SAYS("\x93\x01\x01\xc0")},             /* an answer with three parts */
        {SAYS("\x93\x02\xa5"
              "event\xc0")}, /* a notice without a list */
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct fake fake = {.script.count = 0};
        script_add(&fake, SAYS(HELLO));
        script_add(&fake, wrong[i].bytes, wrong[i].size);
        struct muster_client *client = connected(&fake);
        msgpack_object result;
        assert_int_equal(muster_call(client, "info", NULL, &result), MUSTER_BAD_ANSWER);
        assert_non_null(strstr(muster_why(client), "not an answer"));
        fake_end(&fake, client);
    }
}

static void an_engine_of_another_protocol_is_not_spoken_to(void **state)
{
    (void)state;
    struct fake fake = {.script.count = 0};
    struct muster_client *client;
    script_add(&fake, SAYS("\x94\x01\x00\xc0\x81\xa8protocol\x02"));
    fake_start(&fake);
    assert_int_equal(muster_connect(fake.path, &client), MUSTER_BAD_ANSWER);
    assert_string_equal(muster_why(client), "the engine speaks protocol 2, this client 1");
    fake_end(&fake, client);
}

static void a_path_that_cannot_be_a_socket_says_so(void **state)
{
    (void)state;
    struct muster_client *client;
    char path[MUSTER_PATH_SIZE_MAX + 2];
    assert_int_equal(muster_connect("/nonexistent/muster.sock", &client), MUSTER_NO_ENGINE);
    assert_string_equal(muster_why(client), "no engine answers at /nonexistent/muster.sock: No such file or directory");
    muster_close(client);
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_equal(muster_connect(path, &client), MUSTER_NO_ENGINE);
    assert_non_null(strstr(muster_why(client), "has 108 bytes, a Unix socket allows 107"));
    muster_close(client);
    assert_int_equal(muster_connect("", &client), MUSTER_NO_ENGINE);
    muster_close(client);
}

/* ---- Patience. */

enum { PATIENCE_MS = 20000 };

static struct muster_client *patient(struct fake *fake)
{
    struct muster_client *client;
    fake_start(fake);
    assert_int_equal(muster_open(fake->path, PATIENCE_MS, &client), MUSTER_OK);
    return client;
}

/* The text of a field of a request's map; size 0 when it has none. */
static size_t request_field(const struct request *r, const char *key, char *text, size_t size)
{
    msgpack_unpacked frame;
    size_t offset = 0;
    msgpack_unpacked_init(&frame);
    assert_int_equal(msgpack_unpack_next(&frame, r->bytes, r->size, &offset), MSGPACK_UNPACK_SUCCESS);
    const msgpack_object *fields = &frame.data.via.array.ptr[3].via.array.ptr[0];
    msgpack_object_str value = muster_text(fields, key);
    snprintf(text, size, "%.*s", (int)value.size, value.ptr);
    msgpack_unpacked_destroy(&frame);
    return value.size;
}

static void a_patient_client_asks_again_with_the_same_request_id(void **state)
{
    (void)state;
    struct fake fake = {.script.count = 0};
    script_add(&fake, SAYS(HELLO));
    script_add(&fake, SAYS("\x94\x01")); /* cut off: done, or not */
    script_hang_up(&fake);
    script_add(&fake, SAYS("\x94\x01\x02\xc0\x81\xa8protocol\x01"));
    script_add(&fake, SAYS("\x94\x01\x01\xc0\x81\xa2id\xa5job-7"));
    struct muster_client *client = patient(&fake);
    msgpack_object job;
    char first[64], second[64];
    assert_int_equal(muster_call(client, "jobs.run", NULL, &job), MUSTER_OK);
    assert_true(muster_text_is(muster_text(&job, "id"), "job-7"));
    fake_end(&fake, client);
    assert_int_equal(request_field(&fake.script.requests[1], "requestId", first, sizeof first), 32);
    assert_int_equal(request_field(&fake.script.requests[3], "requestId", second, sizeof second), 32);
    assert_string_equal(first, second);
}

static void a_request_id_of_the_program_s_own_stays(void **state)
{
    (void)state;
    struct fake fake = {.script.count = 0};
    script_add(&fake, SAYS(HELLO));
    script_add(&fake, SAYS("\x94\x01\x01\xc0\x80"));
    script_add(&fake, SAYS("\x94\x01\x02\xc0\x80"));
    struct muster_client *client = patient(&fake);
    struct muster_params params;
    msgpack_object result;
    char text[64];
    muster_params_init(&params);
    muster_put_text(&params, "requestId", "mine");
    assert_int_equal(muster_call(client, "jobs.run", &params, &result), MUSTER_OK);
    muster_params_free(&params);
    assert_int_equal(muster_call(client, "jobs.list", NULL, &result), MUSTER_OK);
    fake_end(&fake, client);
    request_field(&fake.script.requests[1], "requestId", text, sizeof text);
    assert_string_equal(text, "mine");
    assert_int_equal(request_field(&fake.script.requests[2], "requestId", text, sizeof text), 0); /* it only reads */
}

static void what_the_library_does_not_know_is_not_asked_twice(void **state)
{
    (void)state;
    struct fake fake = {.script.count = 0};
    script_add(&fake, SAYS(HELLO));
    script_add(&fake, SAYS(""));
    script_hang_up(&fake);
    script_add(&fake, SAYS("\x94\x01\x02\xc0\x81\xa8protocol\x01"));
    script_add(&fake, SAYS("\x94\x01\x03\xc0\x80"));
    struct muster_client *client = patient(&fake);
    msgpack_object result;
    assert_int_equal(muster_call(client, "moons.launch", NULL, &result), MUSTER_GONE);
    assert_non_null(strstr(muster_why(client), "unknown"));
    assert_int_equal(muster_call(client, "info", NULL, &result), MUSTER_OK);
    fake_end(&fake, client);
}

static void an_unknown_outcome_is_asked_for_again(void **state)
{
    (void)state;
    struct fake fake = {.script.count = 0};
    script_add(&fake, SAYS(HELLO));
    script_add(&fake, SAYS("\x94\x01\x01\x93\xafoutcome_unknown\xa4"
                           "disk\x80\xc0"));
    script_hang_up(&fake);
    script_add(&fake, SAYS("\x94\x01\x02\xc0\x81\xa8protocol\x01"));
    script_add(&fake, SAYS("\x94\x01\x01\xc0\x80"));
    struct muster_client *client = patient(&fake);
    msgpack_object result;
    assert_int_equal(muster_call(client, "jobs.stop", NULL, &result), MUSTER_OK);
    fake_end(&fake, client);
}

static void patience_has_an_end(void **state)
{
    (void)state;
    struct muster_client *client;
    msgpack_object result;
    assert_int_equal(muster_open("/nonexistent/muster.sock", 120, &client), MUSTER_OK);
    assert_int_equal(muster_call(client, "info", NULL, &result), MUSTER_GONE);
    assert_string_equal(muster_why(client), "no engine for 120 ms: no engine answers at /nonexistent/muster.sock: "
                                            "No such file or directory");
    assert_int_equal(muster_call(client, "info", NULL, &result), MUSTER_GONE);
    muster_close(client);
}

/* ---- In a loop, without waiting. */

static enum muster_status next_in_a_loop(struct muster_client *client, struct muster_message *message)
{
    enum muster_status status;
    struct pollfd loop = {.fd = muster_fd(client), .events = POLLIN};
    while ((status = muster_next(client, message)) == MUSTER_NOTHING) assert_int_equal(poll(&loop, 1, PATIENCE_MS), 1);
    return status;
}

static void events_go_on_behind_the_last_over_a_new_connection(void **state)
{
    (void)state;
    struct fake fake = {.script.count = 0};
    script_add(&fake, SAYS(HELLO));
    script_add(&fake, SAYS("\x94\x01\x01\xc0\x80\x93\x02\xa5"
                           "event\x91\x81\xa3seq\x05"));
    script_hang_up(&fake);
    script_add(&fake, SAYS("\x94\x01\x02\xc0\x81\xa8protocol\x01"));
    script_add(&fake, SAYS("\x94\x01\x03\xc0\x80\x93\x02\xa9"
                           "caught_up\x91\x81\xa3seq\x08"));
    struct muster_client *client = patient(&fake);
    struct muster_params filter;
    struct muster_message message;
    muster_params_init(&filter);
    muster_put_text(&filter, "job", "job-7");
    assert_int_equal(muster_subscribe(client, 3, &filter), MUSTER_OK);
    muster_params_free(&filter);
    assert_int_equal(next_in_a_loop(client, &message), MUSTER_OK);
    assert_int_equal(message.kind, MUSTER_EVENT);
    assert_int_equal(muster_uint(&message.value, "seq", 0), 5);
    assert_int_equal(muster_position(client), 6);
    assert_int_equal(next_in_a_loop(client, &message), MUSTER_OK);
    assert_int_equal(message.kind, MUSTER_CAUGHT_UP);
    assert_int_equal(muster_position(client), 9);
    fake_end(&fake, client);
    char text[64];
    assert_int_equal(request_field(&fake.script.requests[1], "filter.job", text, sizeof text), 5);
    assert_int_equal(request_field(&fake.script.requests[3], "filter.job", text, sizeof text), 5);
    assert_non_null(memmem(fake.script.requests[1].bytes, fake.script.requests[1].size, "from\x03", 5));
    assert_non_null(memmem(fake.script.requests[3].bytes, fake.script.requests[3].size, "from\x06", 5));
}

static void a_subscription_that_is_refused_says_so(void **state)
{
    (void)state;
    struct fake fake = {.script.count = 0};
    script_add(&fake, SAYS(HELLO));
    script_add(&fake, SAYS("\x94\x01\x01\x93\xa9"
                           "bad_field\xa8too far!\x80\xc0"));
    struct muster_client *client = patient(&fake);
    struct muster_message message;
    assert_int_equal(muster_subscribe(client, 99, NULL), MUSTER_OK);
    assert_int_equal(next_in_a_loop(client, &message), MUSTER_OK);
    assert_int_equal(message.kind, MUSTER_REFUSAL);
    assert_int_equal(message.id, 0);
    assert_string_equal(muster_why(client), "too far!");
    fake_end(&fake, client);
}

/* ---- Work. */

#define WORK                                                                                                           \
    "\x94\x01\x01\xc0\x91\x87\xa4work\x2d\xa3job\xa5job-1\xa5"                                                         \
    "batch\x02\xa7"                                                                                                    \
    "attempt\x03\xa4type\xa7"                                                                                          \
    "command\xa7timeout\x1e\xa7"                                                                                       \
    "devices\x93\xa1"                                                                                                  \
    "a\xa1"                                                                                                            \
    "b\xa1"                                                                                                            \
    "c"

static void work_is_taken_and_reported_and_the_rest_given_back(void **state)
{
    (void)state;
    struct fake fake = {.script.count = 0};
    script_add(&fake, SAYS(HELLO));
    script_add(&fake, SAYS(WORK));
    script_add(&fake, SAYS("\x94\x01\x02\xc0\x83\xa8recorded\x02\xaa"
                           "duplicates\x01\xa7unknown\x00"));
    struct muster_client *client = connected(&fake);
    struct muster_work *work;
    struct muster_reported reported;
    assert_int_equal(muster_take(client, "north", 100, 60, &work), MUSTER_OK);
    assert_null(work->next);
    assert_int_equal(work->count, 3);
    assert_string_equal(work->devices[2], "c");
    assert_string_equal(work->job, "job-1");
    assert_int_equal(work->attempt, 3);
    assert_int_equal(work->data->type, MSGPACK_OBJECT_NIL);
    assert_in_range(muster_work_time_left(work), 29000, 30000);
    assert_true(muster_work_result(work, 1, MUSTER_FAILED, "stuck", NULL));
    assert_false(muster_work_result(work, 1, MUSTER_COMPLETED, NULL, NULL)); /* it has one */
    assert_false(muster_work_result(work, 3, MUSTER_COMPLETED, NULL, NULL)); /* there is none */
    assert_true(muster_work_result(work, 0, MUSTER_COMPLETED, NULL, work->data));
    assert_int_equal(muster_work_give_back(work), 1);
    assert_int_equal(muster_report(client, work, &reported), MUSTER_OK);
    assert_int_equal(reported.recorded, 2);
    assert_int_equal(reported.duplicates, 1);
    assert_int_equal(muster_report(client, work, NULL), MUSTER_OK); /* nothing is left to say */
    muster_work_free(work);
    fake_end(&fake, client);
    const struct request *r = &fake.script.requests[2];
    static const char RESULTS[] = "\xa4work\x2d\xa7results\x93\x93\x01\xa6"
                                  "failed\xa5stuck\x94\x00\xa9"
                                  "completed\xc0\xc0\x92\x02\xa8returned";
    assert_non_null(memmem(r->bytes, r->size, RESULTS, sizeof RESULTS - 1));
}

/* ---- What programs have been compiled with: a row that fails is a new version of the binary interface. */

static void structures_keep_their_layout(void **state)
{
    (void)state;
    assert_int_equal(sizeof(struct muster_params), 48);
    assert_int_equal(offsetof(struct muster_params, packer), 24);
    assert_int_equal(sizeof(struct muster_message), 48);
    assert_int_equal(offsetof(struct muster_message, value), 24);
    assert_int_equal(sizeof(struct muster_reported), 24);
    assert_int_equal(offsetof(struct muster_work, devices), 72);
    assert_int_equal(MUSTER_NOTHING, 8);
    assert_int_equal(MUSTER_CAUGHT_UP, 5);
    assert_int_equal(MUSTER_RETURNED, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_found_by_its_path),
        cmocka_unit_test(a_refusal_is_a_code_and_a_sentence_and_the_connection_goes_on),
        cmocka_unit_test(answers_to_pipelined_requests_carry_their_ids),
        cmocka_unit_test(notices_come_between_answers),
        cmocka_unit_test(a_large_request_arrives_whole_and_one_too_large_is_not_sent),
        cmocka_unit_test(an_engine_that_goes_is_told_and_told_again),
        cmocka_unit_test(what_is_no_answer_ends_the_connection_with_a_sentence),
        cmocka_unit_test(an_engine_of_another_protocol_is_not_spoken_to),
        cmocka_unit_test(a_path_that_cannot_be_a_socket_says_so),
        cmocka_unit_test(a_patient_client_asks_again_with_the_same_request_id),
        cmocka_unit_test(a_request_id_of_the_program_s_own_stays),
        cmocka_unit_test(what_the_library_does_not_know_is_not_asked_twice),
        cmocka_unit_test(an_unknown_outcome_is_asked_for_again),
        cmocka_unit_test(patience_has_an_end),
        cmocka_unit_test(events_go_on_behind_the_last_over_a_new_connection),
        cmocka_unit_test(a_subscription_that_is_refused_says_so),
        cmocka_unit_test(work_is_taken_and_reported_and_the_rest_given_back),
        cmocka_unit_test(structures_keep_their_layout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
