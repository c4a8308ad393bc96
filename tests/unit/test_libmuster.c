/* libmuster against an engine of a few lines: a thread that listens on a socket of its own, reads what it
 * is sent, and answers from a list of canned frames, one for each request. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* NOLINTBEGIN(bugprone-suspicious-include) */
#include "clients/c/connection.c"
#include "clients/c/lookup.c"
#include "clients/c/params.c"
/* NOLINTEND(bugprone-suspicious-include) */

#include <pthread.h>

/* What the fake engine says to the n-th request; it hangs up after the last. */
struct script {
    const char *frames[8]; /* bytes of MessagePack as C strings; "" answers nothing */
    size_t sizes[8];
    size_t count;
    size_t largest_request;
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

/* Reads one whole request; false when the client has gone. */
static bool fake_read(int fd, struct script *script)
{
    static char request[MUSTER_REQUEST_SIZE_MAX];
    size_t size = 0;
    for (;;) {
        ssize_t got = recv(fd, request + size, sizeof request - size, 0);
        if (got <= 0) return false;
        size += (size_t)got;
        size_t offset = 0;
        msgpack_unpacked whole;
        msgpack_unpacked_init(&whole);
        bool complete = msgpack_unpack_next(&whole, request, size, &offset) == MSGPACK_UNPACK_SUCCESS;
        msgpack_unpacked_destroy(&whole);
        if (size > script->largest_request) script->largest_request = size;
        if (complete) return true;
    }
}

static void *fake_engine(void *data)
{
    struct fake *fake = data;
    int fd = accept(fake->listener, NULL, NULL);
    for (size_t i = 0; i < fake->script.count && fake_read(fd, &fake->script); i++)
        /* In two pieces, so that the client has to wait in the middle of a frame. */
        for (size_t half = 0; half < 2; half++) {
            size_t size = fake->script.sizes[i], start = half ? size / 2 : 0, end = half ? size : size / 2;
            /* A client that has heard enough may be gone already. */
            if (send(fd, fake->script.frames[i] + start, end - start, MSG_NOSIGNAL) < 0) break;
            usleep(1000);
        }
    close(fd);
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
    assert_int_equal(listen(fake->listener, 1), 0);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
