/* One connection: frames out, frames in.
 *
 *     [0, id, method, [{...}]]  ->  [1, id, error, value]        and, after a subscription,
 *                               <-  [2, method, [{...}]]
 *
 * The happy path of a call is send, receive, hand out the value. The ways off it: the engine refuses
 * (the connection goes on), the connection ends or what comes makes no sense. After either of the latter
 * the connection is of no use, and every further call says the same again. */
#include "muster.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    SOCKET_BUFFER_SIZE = 4 << 20, /* the default holds one frame of a few thousand results, no more */
    READ_SIZE = 256 << 10,
    WHY_SIZE = 1280, /* the engine's sentences are at most 1 KiB */
    CODE_SIZE = 64,
};

struct muster_client {
    int fd;
    uint32_t next_id;
    uint32_t in_flight;
    enum muster_status fault; /* MUSTER_OK while the connection is of use */
    bool unpacker_ready;
    msgpack_unpacker unpacker;
    msgpack_unpacked last; /* holds the memory of the message handed out last */
    msgpack_sbuffer head;
    char why[WHY_SIZE];
    char code[CODE_SIZE];
};

/* ---- Saying what is wrong. */

__attribute__((format(printf, 3, 4))) static enum muster_status say(struct muster_client *c, enum muster_status status,
                                                                    const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(c->why, sizeof c->why, format, arguments);
    va_end(arguments);
    c->code[0] = '\0';
    return status;
}

/* The connection is of no use any more: `status` is what every further call returns. */
static enum muster_status broken(struct muster_client *c, enum muster_status status)
{
    c->fault = status;
    return status;
}

const char *muster_why(const struct muster_client *client)
{
    return client ? client->why : "there is no memory left for a connection";
}

const char *muster_code(const struct muster_client *client)
{
    return client ? client->code : "";
}

int muster_fd(const struct muster_client *client)
{
    return client->fd;
}

/* ---- Out. */

static enum muster_status send_failed(struct muster_client *c)
{
    say(c, MUSTER_GONE, "the connection to the engine ended while sending: %s", strerror(errno));
    return broken(c, MUSTER_GONE);
}

static enum muster_status send_all(struct muster_client *c, struct iovec parts[2])
{
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    while (message.msg_iovlen > 0) {
        ssize_t sent = sendmsg(c->fd, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return send_failed(c);
        size_t rest = (size_t)sent;
        while (message.msg_iovlen > 0 && rest >= message.msg_iov->iov_len) {
            rest -= message.msg_iov->iov_len;
            message.msg_iov++;
            message.msg_iovlen--;
        }
        if (message.msg_iovlen > 0) {
            message.msg_iov->iov_base = (char *)message.msg_iov->iov_base + rest;
            message.msg_iov->iov_len -= rest;
        }
    }
    return MUSTER_OK;
}

static int pack_head(msgpack_sbuffer *head, uint32_t id, const char *method, uint32_t fields)
{
    msgpack_packer packer;
    msgpack_packer_init(&packer, head, msgpack_sbuffer_write);
    msgpack_sbuffer_clear(head);
    int failed = msgpack_pack_array(&packer, 4);
    failed |= msgpack_pack_int(&packer, 0);
    failed |= msgpack_pack_uint32(&packer, id);
    failed |= msgpack_pack_str_with_body(&packer, method, strlen(method));
    failed |= msgpack_pack_array(&packer, 1);
    return failed | msgpack_pack_map(&packer, fields);
}

enum muster_status muster_send(struct muster_client *client, const char *method, const struct muster_params *params,
                               uint32_t *id)
{
    if (client->fault) return client->fault;
    uint32_t this_id = client->next_id;
    bool failed = pack_head(&client->head, this_id, method, params ? params->count : 0) || (params && params->failed);
    if (failed) return say(client, MUSTER_NO_MEMORY, "there is no memory left for the request %s", method);
    size_t fields_size = params ? params->fields.size : 0;
    if (client->head.size + fields_size > MUSTER_REQUEST_SIZE_MAX)
        return say(client, MUSTER_TOO_LARGE, "the request %s has %zu bytes; the engine takes at most %d", method,
                   client->head.size + fields_size, MUSTER_REQUEST_SIZE_MAX);
    struct iovec parts[2] = {
        {.iov_base = client->head.data, .iov_len = client->head.size},
        {.iov_base = params ? params->fields.data : NULL, .iov_len = fields_size},
    };
    enum muster_status status = send_all(client, parts);
    if (status != MUSTER_OK) return status;
    client->next_id++;
    client->in_flight++;
    if (id) *id = this_id;
    return MUSTER_OK;
}

/* ---- In. */

static enum muster_status bad_answer(struct muster_client *c, const char *what)
{
    say(c, MUSTER_BAD_ANSWER, "what came from the socket is not an answer of the engine: %s", what);
    return broken(c, MUSTER_BAD_ANSWER);
}

static enum muster_status no_memory_for_answer(struct muster_client *c)
{
    say(c, MUSTER_NO_MEMORY, "there is no memory left for the engine's answer");
    return broken(c, MUSTER_NO_MEMORY);
}

/* Waits for more bytes. */
static enum muster_status fill(struct muster_client *c)
{
    if (msgpack_unpacker_message_size(&c->unpacker) > MUSTER_ANSWER_SIZE_MAX)
        return bad_answer(c, "it is longer than 64 MiB");
    if (!msgpack_unpacker_reserve_buffer(&c->unpacker, READ_SIZE)) return no_memory_for_answer(c);
    ssize_t got;
    do got = recv(c->fd, msgpack_unpacker_buffer(&c->unpacker), msgpack_unpacker_buffer_capacity(&c->unpacker), 0);
    while (got < 0 && errno == EINTR);
    if (got <= 0) {
        say(c, MUSTER_GONE, "the connection to the engine ended%s%s", got < 0 ? ": " : " before it answered",
            got < 0 ? strerror(errno) : "");
        return broken(c, MUSTER_GONE);
    }
    msgpack_unpacker_buffer_consumed(&c->unpacker, (size_t)got);
    return MUSTER_OK;
}

/* A refusal is [code, sentence, details]. */
static void take_refusal(struct muster_client *c, const msgpack_object *error, struct muster_message *m)
{
    const msgpack_object *part = error->type == MSGPACK_OBJECT_ARRAY ? error->via.array.ptr : NULL;
    uint32_t count = part ? error->via.array.size : 0;
    msgpack_object_str none = {.size = 0, .ptr = ""};
    msgpack_object_str code = count > 0 && part[0].type == MSGPACK_OBJECT_STR ? part[0].via.str : none;
    msgpack_object_str why = count > 1 && part[1].type == MSGPACK_OBJECT_STR ? part[1].via.str : none;
    if (error->type == MSGPACK_OBJECT_STR) why = error->via.str;
    m->kind = MUSTER_REFUSAL;
    m->value = count > 2 ? part[2] : (msgpack_object){.type = MSGPACK_OBJECT_NIL};
    if (why.size > 0) say(c, MUSTER_REFUSED, "%.*s", (int)why.size, why.ptr);
    else say(c, MUSTER_REFUSED, "the engine refused without saying why");
    snprintf(c->code, sizeof c->code, "%.*s", (int)code.size, code.ptr);
}

static bool is_uint(const msgpack_object *object)
{
    return object->type == MSGPACK_OBJECT_POSITIVE_INTEGER;
}

static enum muster_status take_answer(struct muster_client *c, const msgpack_object_array *frame,
                                      struct muster_message *m)
{
    if (frame->size != 4 || !is_uint(&frame->ptr[1])) return bad_answer(c, "an answer has four parts");
    if (c->in_flight == 0) return bad_answer(c, "nothing was asked");
    c->in_flight--;
    m->id = (uint32_t)frame->ptr[1].via.u64;
    m->kind = MUSTER_ANSWER;
    m->value = frame->ptr[3];
    if (frame->ptr[2].type != MSGPACK_OBJECT_NIL) take_refusal(c, &frame->ptr[2], m);
    return MUSTER_OK;
}

static enum muster_status take_notice(struct muster_client *c, const msgpack_object_array *frame,
                                      struct muster_message *m)
{
    if (frame->size != 3 || frame->ptr[1].type != MSGPACK_OBJECT_STR || frame->ptr[2].type != MSGPACK_OBJECT_ARRAY)
        return bad_answer(c, "a notice has a name and a list");
    m->kind = MUSTER_NOTICE;
    m->method = frame->ptr[1].via.str;
    m->value = frame->ptr[2];
    return MUSTER_OK;
}

static enum muster_status take_frame(struct muster_client *c, const msgpack_object *o, struct muster_message *m)
{
    if (o->type != MSGPACK_OBJECT_ARRAY || o->via.array.size < 3 || !is_uint(&o->via.array.ptr[0]))
        return bad_answer(c, "it is no MessagePack-RPC");
    *m = (struct muster_message){.kind = MUSTER_ANSWER};
    if (o->via.array.ptr[0].via.u64 == 1) return take_answer(c, &o->via.array, m);
    if (o->via.array.ptr[0].via.u64 == 2) return take_notice(c, &o->via.array, m);
    return bad_answer(c, "engines do not ask");
}

enum muster_status muster_receive(struct muster_client *client, struct muster_message *message)
{
    if (client->fault) return client->fault;
    for (;;) {
        switch (msgpack_unpacker_next(&client->unpacker, &client->last)) {
        case MSGPACK_UNPACK_SUCCESS:
        case MSGPACK_UNPACK_EXTRA_BYTES: return take_frame(client, &client->last.data, message);
        case MSGPACK_UNPACK_CONTINUE: break;
        case MSGPACK_UNPACK_NOMEM_ERROR: return no_memory_for_answer(client);
        case MSGPACK_UNPACK_PARSE_ERROR: return bad_answer(client, "it is no MessagePack");
        }
        enum muster_status status = fill(client);
        if (status != MUSTER_OK) return status;
    }
}

enum muster_status muster_call(struct muster_client *client, const char *method, const struct muster_params *params,
                               msgpack_object *result)
{
    if (client->fault) return client->fault;
    if (client->in_flight > 0)
        return say(client, MUSTER_BUSY, "%s was asked while %u answers are still due", method, client->in_flight);
    struct muster_message message;
    enum muster_status status = muster_send(client, method, params, NULL);
    do status = status == MUSTER_OK ? muster_receive(client, &message) : status;
    while (status == MUSTER_OK && message.kind == MUSTER_NOTICE);
    if (status != MUSTER_OK) return status;
    *result = message.value;
    return message.kind == MUSTER_REFUSAL ? MUSTER_REFUSED : MUSTER_OK;
}

/* ---- Coming and going. */

const char *muster_default_path(void)
{
    const char *local = "./muster-data/muster.sock";
    const char *chosen = getenv("MUSTER_SOCKET");
    if (chosen && *chosen) return chosen;
    return access(local, F_OK) == 0 ? local : "/run/muster/muster.sock";
}

static enum muster_status no_engine(struct muster_client *c, const char *path, const char *reason)
{
    say(c, MUSTER_NO_ENGINE, "no engine answers at %s: %s", path, reason);
    return broken(c, MUSTER_NO_ENGINE);
}

static enum muster_status open_socket(struct muster_client *c, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t size = strlen(path);
    if (size == 0) return no_engine(c, "\"\"", "the path is empty");
    if (size > MUSTER_PATH_SIZE_MAX) {
        say(c, MUSTER_NO_ENGINE, "the socket's path has %zu bytes, a Unix socket allows %d: %s", size,
            MUSTER_PATH_SIZE_MAX, path);
        return broken(c, MUSTER_NO_ENGINE);
    }
    memcpy(address.sun_path, path, size);
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0) return no_engine(c, path, strerror(errno));
    /* Best effort: the system may allow less. */
    const int wanted = SOCKET_BUFFER_SIZE;
    setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &wanted, sizeof wanted);
    setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof wanted);
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address) != 0) return no_engine(c, path, strerror(errno));
    return MUSTER_OK;
}

static enum muster_status say_hello(struct muster_client *c)
{
    struct muster_params params;
    msgpack_object answer;
    muster_params_init(&params);
    muster_put_text(&params, "client", program_invocation_short_name);
    muster_put_uint(&params, "protocol", MUSTER_PROTOCOL);
    enum muster_status status = muster_call(c, "hello", &params, &answer);
    muster_params_free(&params);
    if (status != MUSTER_OK) return broken(c, status);
    uint64_t protocol = muster_uint(&answer, "protocol", 0);
    if (protocol == MUSTER_PROTOCOL) return MUSTER_OK;
    say(c, MUSTER_BAD_ANSWER, "the engine speaks protocol %llu, this client %d", (unsigned long long)protocol,
        MUSTER_PROTOCOL);
    return broken(c, MUSTER_BAD_ANSWER);
}

enum muster_status muster_connect(const char *path, struct muster_client **client)
{
    struct muster_client *c = calloc(1, sizeof *c);
    *client = c;
    if (!c) return MUSTER_NO_MEMORY;
    c->fd = -1;
    msgpack_sbuffer_init(&c->head);
    msgpack_unpacked_init(&c->last);
    c->unpacker_ready = msgpack_unpacker_init(&c->unpacker, READ_SIZE);
    if (!c->unpacker_ready) return no_memory_for_answer(c);
    enum muster_status status = open_socket(c, path);
    return status == MUSTER_OK ? say_hello(c) : status;
}

void muster_close(struct muster_client *client)
{
    if (!client) return;
    if (client->fd >= 0) close(client->fd);
    if (client->unpacker_ready) msgpack_unpacker_destroy(&client->unpacker);
    msgpack_unpacked_destroy(&client->last);
    msgpack_sbuffer_destroy(&client->head);
    free(client);
}
