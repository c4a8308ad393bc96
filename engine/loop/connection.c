/* Frames in, bytes out. Output of a round is gathered and written in one go: first as much as the socket takes
 * at once, the rest by libuv while the next round gathers anew. */
#include "engine/loop/connection.h"

#include "engine/clock/journal.h"
#include "engine/loop/server.h"
#include "engine/wire/wire.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
    SOCKET_BUFFER_BYTES = 4 << 20,
    KEPT_BYTES_MAX = 256 << 10,/* of an empty buffer */
    LEAVE_MS = 10000,
};

static uv_stream_t *stream_of(struct connection *c)
{
    return (uv_stream_t *)&c->pipe;
}

/* ---- Output. */

static void output_append(struct output *o, struct bytes frame)
{
    if (o->capacity - o->size < frame.size) {
        o->capacity = MAX(o->capacity * 2, o->size + frame.size);
        o->data = realloc(o->data, o->capacity);
        ASSERT(o->data != NULL);
    }
    memcpy(o->data + o->size, frame.data, frame.size);
    o->size += frame.size;
}

static void output_clear(struct connection *c, struct output *o)
{
    c->server->unread -= o->size;
    o->size = 0;
    if (o->capacity <= KEPT_BYTES_MAX) return;
    free(o->data);
    *o = (struct output){0};
}

size_t connection_unread(const struct connection *c)
{
    return c->next.size + (c->write_is_active ? uv_stream_get_write_queue_size((const uv_stream_t *)&c->pipe) : 0);
}

static void tell_operator(const struct connection *c, const char *why)
{
    journal("a connection of uid %u ends: %s", c->uid, why);
}

void connection_break_off(struct connection *c)
{
    c->is_broken = true;
    output_clear(c, &c->next);
    server_touch(c->server, c);
}

static void append(struct connection *c, struct bytes frame)
{
    output_append(&c->next, frame);
    c->server->unread += frame.size;
    server_touch(c->server, c);
}

void connection_send(struct connection *c, struct bytes frame)
{
    if (c->phase == CONNECTION_CLOSED || c->is_broken || c->farewell_said) return;
    if (wire_is_reply(frame)) c->owed--;
    append(c, frame);
    if (connection_unread(c) > OUTPUT_CLOSE_BYTES) {
        tell_operator(c, "it left 64 MiB of answers unread");
        connection_break_off(c);
    }
    if (c->server->unread > OUTPUT_BYTES_MAX) server_shed(c->server);
}

static void on_written(uv_write_t *write, int status)
{
    struct connection *c = write->data;
    c->write_is_active = false;
    if (c->phase == CONNECTION_CLOSED) return;
    output_clear(c, &c->writing);
    c->server->news = true;
    if (status < 0) connection_break_off(c);
    else server_touch(c->server, c);
}

static void write_rest(struct connection *c, size_t written)
{
    uv_buf_t rest = uv_buf_init((char *)c->writing.data + written, (unsigned)(c->writing.size - written));
    c->write.data = c;
    c->write_is_active = true;
    if (uv_write(&c->write, stream_of(c), &rest, 1, on_written) == 0) return;
    c->write_is_active = false;
    connection_break_off(c);
}

static void flush(struct connection *c)
{
    if (c->write_is_active || c->is_broken || c->next.size == 0) return;
    struct output emptied = c->writing;
    c->writing = c->next;
    c->next = emptied;
    uv_buf_t all = uv_buf_init((char *)c->writing.data, (unsigned)c->writing.size);
    int written = uv_try_write(stream_of(c), &all, 1);
    if (written == UV_EAGAIN) written = 0;
    if (written < 0) connection_break_off(c); /* the client has gone */
    else if ((size_t)written < c->writing.size) write_rest(c, (size_t)written);
    else output_clear(c, &c->writing);
}

static void say_farewell(struct connection *c)
{
    struct arena arena = {0};
    struct buffer out = {.arena = &arena};
    if (c->farewell_said) return;
    wire_notify_closing(c->why.text, &out);
    append(c, buffer_bytes(&out));
    c->farewell_said = true;
    arena_free(&arena);
}

/* ---- Input. */

static bool takes_frames(const struct connection *c)
{
    bool is_here = c->phase == CONNECTION_OPEN || c->phase == CONNECTION_ENDED;
    return is_here && !c->is_broken && connection_unread(c) <= OUTPUT_PAUSE_BYTES;
}

static bool wants_to_read(const struct connection *c)
{
    bool has_enough = c->input.frame_size > 0 && input_size(&c->input) >= INPUT_PAUSE_BYTES;
    return c->phase == CONNECTION_OPEN && !c->server->is_stopping && takes_frames(c) && !has_enough &&
           c->input.bad == SCAN_WHOLE && input_may_grow(&c->input);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct connection *c = handle->data;
    (void)suggested;
    struct bytes room = input_room(&c->input);
    if (room.size == 0) {
        server_trim(c->server);
        room = input_room(&c->input);
    }
    *buf = uv_buf_init((char *)room.data, (unsigned)room.size);
}

/* Who only ended its side still reads; who has closed does not. */
static bool peer_has_closed(struct connection *c)
{
    struct pollfd pollfd = {0};
    if (uv_fileno((uv_handle_t *)&c->pipe, &pollfd.fd) != 0) return true;
    return poll(&pollfd, 1, 0) > 0 && (pollfd.revents & (POLLHUP | POLLERR));
}

static void stop_reading(struct connection *c)
{
    if (c->is_reading) uv_read_stop(stream_of(c));
    c->is_reading = false;
}

static void on_bytes(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct connection *c = stream->data;
    (void)buf;
    server_touch(c->server, c);
    if (count >= 0) {
        input_add(&c->input, (size_t)count);
        if (!wants_to_read(c)) stop_reading(c);
    } else if (count == UV_ENOBUFS) {
        stop_reading(c);
        if (c->input.frame_size > 0) return; /* there will be room when the frame is used up */
        tell_operator(c, "the memory for frames that are not whole yet is used up");
        connection_hang_up(c, "the engine's memory for frames that are not whole yet is used up; connect again");
    } else {
        stop_reading(c);
        c->phase = CONNECTION_ENDED;
        c->peer_is_gone = count != UV_EOF || peer_has_closed(c);
    }
}

static void start_reading(struct connection *c)
{
    c->is_reading = uv_read_start(stream_of(c), on_room, on_bytes) == 0;
    if (!c->is_reading) connection_break_off(c);
}

struct bytes connection_frame(const struct connection *c)
{
    return takes_frames(c) ? input_frame(&c->input) : BYTES_NONE;
}

void connection_frame_done(struct connection *c)
{
    if (wire_is_request(input_frame(&c->input))) c->owed++;
    input_frame_done(&c->input);
    server_touch(c->server, c);
}

/* ---- From beginning to end. */

static void admit(struct connection *c)
{
    static const int OPTIONS[][2] = {
        /* What may not exceed the system's bound is tried first, what it allows next. */
        {SO_SNDBUFFORCE, SO_SNDBUF},
        {SO_RCVBUFFORCE, SO_RCVBUF},
    };
    struct ucred peer = {.uid = UINT32_MAX};
    socklen_t size = sizeof peer;
    int fd, bytes = SOCKET_BUFFER_BYTES;
    if (uv_fileno((uv_handle_t *)&c->pipe, &fd) != 0) return;
    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
    c->uid = peer.uid;
    for (size_t i = 0; i < COUNT_OF(OPTIONS); i++) {
        if (setsockopt(fd, SOL_SOCKET, OPTIONS[i][0], &bytes, sizeof bytes) == 0) continue;
        setsockopt(fd, SOL_SOCKET, OPTIONS[i][1], &bytes, sizeof bytes);
    }
}

struct connection *connection_accept(struct server *server, uv_stream_t *listener)
{
    struct connection *c = calloc(1, sizeof *c);
    ASSERT(c != NULL);
    c->server = server;
    c->input.budget = &server->input_budget;
    ASSERT(uv_pipe_init(server->uv, &c->pipe, 0) == 0);
    c->pipe.data = c;
    if (uv_accept(listener, stream_of(c)) != 0) connection_break_off(c);
    else admit(c);
    server_touch(server, c);
    return c;
}

static void on_closed(uv_handle_t *handle)
{
    struct connection *c = handle->data;
    output_clear(c, &c->next);
    output_clear(c, &c->writing);
    free(c->next.data);
    free(c->writing.data);
    input_free(&c->input);
    free(c);
}

static void close_now(struct connection *c)
{
    c->phase = CONNECTION_CLOSED;
    server_forget(c->server, c);
    uv_close((uv_handle_t *)&c->pipe, on_closed);
}

void connection_hang_up(struct connection *c, const char *why)
{
    if (c->phase == CONNECTION_LEAVING || c->phase == CONNECTION_CLOSED) return;
    stop_reading(c);
    c->phase = CONNECTION_LEAVING;
    c->leave_by_ms = uv_now(c->server->uv) + LEAVE_MS;
    sentence_set(&c->why, "%s", why);
    server_set_ready(c->server, c, false);
    server_touch(c->server, c);
}

static bool is_over(struct connection *c)
{
    bool is_written = connection_unread(c) == 0;
    switch (c->phase) {
    case CONNECTION_OPEN: return false;
    case CONNECTION_ENDED: return c->input.frame_size == 0 && (c->peer_is_gone || (c->owed <= 0 && is_written));
    case CONNECTION_LEAVING: return is_written || c->id == 0;
    case CONNECTION_CLOSED: return false;
    }
    return false;
}

void connection_settle(struct connection *c)
{
    if (c->phase == CONNECTION_CLOSED) return;
    if (c->input.bad != SCAN_WHOLE && c->input.frame_size == 0 && c->phase != CONNECTION_LEAVING) {
        tell_operator(c, wire_scan_text(c->input.bad));
        connection_hang_up(c, wire_scan_text(c->input.bad));
    }
    if (c->phase == CONNECTION_LEAVING && !c->is_broken) say_farewell(c);
    flush(c);
    if (c->is_broken || is_over(c)) {
        close_now(c);
        return;
    }
    input_shrink(&c->input, KEPT_BYTES_MAX);
    server_set_ready(c->server, c, connection_frame(c).size > 0);
    bool wants = wants_to_read(c);
    if (wants && !c->is_reading) start_reading(c);
    if (!wants) stop_reading(c);
}
