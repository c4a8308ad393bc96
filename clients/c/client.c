/* Coming and going, and saying what is wrong. */
#include "client.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { READ_SIZE = 256 << 10 };

/* ---- Saying what is wrong. */

enum muster_status say(struct muster_client *c, enum muster_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(c->why, sizeof c->why, format, arguments);
    va_end(arguments);
    c->code[0] = '\0';
    return status;
}

enum muster_status broken(struct muster_client *c, enum muster_status status)
{
    c->fault = status;
    return status;
}

enum muster_status no_memory(struct muster_client *c, const char *what)
{
    return say(c, MUSTER_NO_MEMORY, "there is no memory left for %s", what);
}

enum muster_status bad_answer(struct muster_client *c, const char *what)
{
    say(c, MUSTER_BAD_ANSWER, "what came from the socket is not an answer of the engine: %s", what);
    return broken(c, MUSTER_BAD_ANSWER);
}

const char *muster_why(const struct muster_client *client)
{
    return client ? client->why : "there is no memory left for a connection";
}

const char *muster_code(const struct muster_client *client)
{
    return client ? client->code : "";
}

uint64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- Coming. */

const char *muster_default_path(void)
{
    const char *local = "./muster-data/muster.sock";
    const char *chosen = getenv("MUSTER_SOCKET");
    if (chosen && *chosen) return chosen;
    return access(local, F_OK) == 0 ? local : "/run/muster/muster.sock";
}

static enum muster_status check_path(struct muster_client *c)
{
    size_t size = strlen(c->path);
    if (size > 0 && size <= MUSTER_PATH_SIZE_MAX) return MUSTER_OK;
    if (size == 0) say(c, MUSTER_NO_ENGINE, "no engine answers at \"\": the path is empty");
    else
        say(c, MUSTER_NO_ENGINE, "the socket's path has %zu bytes, a Unix socket allows %d: %s", size,
            MUSTER_PATH_SIZE_MAX, c->path);
    return broken(c, MUSTER_NO_ENGINE);
}

/* Takes what memory a client always has; NULL when there is none. */
static struct muster_client *client_new(const char *path, uint32_t patience_ms)
{
    struct muster_client *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    c->fd = c->loop_fd = c->timer_fd = -1;
    c->patience_ms = patience_ms;
    msgpack_sbuffer_init(&c->out);
    msgpack_sbuffer_init(&c->head);
    msgpack_sbuffer_init(&c->subscription.filter);
    msgpack_unpacked_init(&c->last);
    c->unpacker_ready = msgpack_unpacker_init(&c->unpacker, READ_SIZE);
    c->path = strdup(path);
    if (c->path && c->unpacker_ready) return c;
    muster_close(c);
    return NULL;
}

enum muster_status muster_open(const char *path, uint32_t patience_ms, struct muster_client **client)
{
    struct muster_client *c = *client = client_new(path, patience_ms);
    if (!c) return MUSTER_NO_MEMORY;
    if (check_path(c) != MUSTER_OK) return c->fault;
    c->give_up_ms = monotonic_ms() + patience_ms;
    enum muster_status status = session_connect(c);
    return status == MUSTER_NOTHING ? MUSTER_OK : status;
}

/* Nothing but the answer to hello can come. */
static enum muster_status wait_for_hello(struct muster_client *c)
{
    struct muster_message none;
    enum muster_status status;
    while ((status = muster_next(c, &none)) == MUSTER_NOTHING && !c->is_greeted) socket_wait(c, POLLIN);
    if (status == MUSTER_OK) return bad_answer(c, "nothing was asked");
    return status == MUSTER_NOTHING ? MUSTER_OK : status;
}

enum muster_status muster_connect(const char *path, struct muster_client **client)
{
    enum muster_status status = muster_open(path, 0, client);
    return status == MUSTER_OK ? wait_for_hello(*client) : status;
}

/* ---- Going. */

void muster_close(struct muster_client *client)
{
    if (!client) return;
    socket_close(client);
    loop_free(client);
    session_free(client);
    if (client->unpacker_ready) msgpack_unpacker_destroy(&client->unpacker);
    msgpack_unpacked_destroy(&client->last);
    msgpack_sbuffer_destroy(&client->out);
    msgpack_sbuffer_destroy(&client->head);
    msgpack_sbuffer_destroy(&client->subscription.filter);
    free(client->path);
    free(client);
}

int muster_socket(const struct muster_client *client)
{
    return client->fd;
}
