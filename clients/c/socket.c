/* Bytes out and in. The happy path is that the socket takes and gives at once; what it does not take is kept, and an
 * end of the connection is told to session.c, which knows what follows from it. */
#include "client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    SOCKET_BUFFER_SIZE = 4 << 20, /* the default holds one frame of a few thousand results, no more */
    READ_SIZE = 256 << 10,
};

/* ---- The connection. */

static enum muster_status no_engine(struct muster_client *c)
{
    int reason = errno;
    socket_close(c);
    return say(c, MUSTER_NO_ENGINE, "no engine answers at %s: %s", c->path, strerror(reason));
}

enum muster_status socket_open(struct muster_client *c)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    /* A patient client tries again rather than wait for an engine that is slow to accept. */
    int may_wait = c->patience_ms > 0 ? SOCK_NONBLOCK : 0;
    memcpy(address.sun_path, c->path, strlen(c->path));
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | may_wait, 0);
    if (c->fd < 0) return no_engine(c);
    /* Best effort: the system may allow less. */
    const int wanted = SOCKET_BUFFER_SIZE;
    setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &wanted, sizeof wanted);
    setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof wanted);
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address) != 0) return no_engine(c);
    return MUSTER_OK;
}

void socket_close(struct muster_client *c)
{
    if (c->fd >= 0) close(c->fd);
    c->fd = -1;
    c->watched = 0;
    msgpack_sbuffer_clear(&c->out);
    c->out_start = 0;
}

static enum muster_status ended(struct muster_client *c, const char *why)
{
    return say(c, MUSTER_GONE, "the connection to the engine ended%s%s", *why ? ": " : " before it answered", why);
}

static bool would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK;
}

/* ---- Out. */

/* How many bytes the socket took, 0 when it takes none now; -1 when the connection ended. */
static ssize_t send_now(struct muster_client *c, struct iovec *parts, size_t count)
{
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
    ssize_t sent;
    do sent = sendmsg(c->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent < 0 && would_block() ? 0 : sent;
}

size_t socket_unsent(const struct muster_client *c)
{
    return c->out.size - c->out_start;
}

static bool keep(struct muster_client *c, const struct iovec *parts, size_t count, size_t sent)
{
    for (size_t i = 0; i < count; i++) {
        size_t skip = sent < parts[i].iov_len ? sent : parts[i].iov_len;
        sent -= skip;
        if (parts[i].iov_len == skip) continue;
        if (msgpack_sbuffer_write(&c->out, (const char *)parts[i].iov_base + skip, parts[i].iov_len - skip) != 0)
            return false;
    }
    return true;
}

enum muster_status socket_post(struct muster_client *c, const struct iovec *parts, size_t count)
{
    struct iovec pieces[4];
    ssize_t sent = 0;
    memcpy(pieces, parts, count * sizeof *parts);
    if (socket_unsent(c) == 0) sent = send_now(c, pieces, count);
    if (sent < 0) return ended(c, strerror(errno));
    if (keep(c, parts, count, (size_t)sent)) return MUSTER_OK;
    no_memory(c, "a request"); /* half of it may have left: nothing can follow on this connection */
    return broken(c, MUSTER_NO_MEMORY);
}

enum muster_status socket_flush(struct muster_client *c)
{
    while (socket_unsent(c) > 0) {
        struct iovec rest = {.iov_base = c->out.data + c->out_start, .iov_len = socket_unsent(c)};
        ssize_t sent = send_now(c, &rest, 1);
        if (sent < 0) return ended(c, strerror(errno));
        if (sent == 0) return MUSTER_OK;
        c->out_start += (size_t)sent;
    }
    msgpack_sbuffer_clear(&c->out);
    c->out_start = 0;
    return MUSTER_OK;
}

/* ---- In. */

enum muster_status socket_fill(struct muster_client *c)
{
    if (msgpack_unpacker_message_size(&c->unpacker) > MUSTER_ANSWER_SIZE_MAX)
        return bad_answer(c, "it is longer than 64 MiB");
    if (!msgpack_unpacker_reserve_buffer(&c->unpacker, READ_SIZE)) {
        no_memory(c, "the engine's answer");
        return broken(c, MUSTER_NO_MEMORY);
    }
    ssize_t got;
    do
        got = recv(c->fd, msgpack_unpacker_buffer(&c->unpacker), msgpack_unpacker_buffer_capacity(&c->unpacker),
                   MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    if (got < 0 && would_block()) return MUSTER_NOTHING;
    if (got <= 0) return ended(c, got < 0 ? strerror(errno) : c->farewell);
    msgpack_unpacker_buffer_consumed(&c->unpacker, (size_t)got);
    return MUSTER_OK;
}

void socket_wait(struct muster_client *c, short events)
{
    struct pollfd waiting = {.fd = c->fd, .events = events};
    uint64_t now_ms = monotonic_ms();
    int left_ms = c->retry_ms > now_ms ? (int)(c->retry_ms - now_ms) : 0;
    if (socket_unsent(c) > 0) waiting.events |= POLLOUT;
    poll(&waiting, c->fd >= 0, c->fd >= 0 ? -1 : left_ms);
}
