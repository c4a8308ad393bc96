/* Who is connected, who has frames, who is to be settled this round. */
#include "engine/loop/server.h"

#include "engine/clock/journal.h"
#include "engine/loop/socket_path.h"

#include <sys/socket.h>
#include <sys/stat.h>

enum { BACKLOG = 128, PATIENCE_MS = 1000, SLOT_BITS = 10 };
_Static_assert(1 << SLOT_BITS == SERVER_SLOTS, "an id's lowest bits are its slot");

void server_init(struct server *s, uv_loop_t *uv)
{
    *s = (struct server){.uv = uv, .input_budget = {.max = INPUT_BYTES_MAX}};
    ASSERT(uv_timer_init(uv, &s->patience) == 0);
    uv_unref((uv_handle_t *)&s->patience);
    s->patience.data = s;
}

/* ---- Who comes. */

static void admit(struct server *s, struct connection *c, bool read_only)
{
    uint32_t slot = 0;
    if (c->is_broken) return;
    /* Readers alone cannot keep the operators out. */
    if (s->count >= CONNECTIONS_MAX || (read_only && s->readers >= READERS_MAX)) {
        connection_hang_up(c, "as many clients are connected as may; connect again when one has left");
        return;
    }
    c->is_reader = read_only;
    s->readers += read_only;
    while (s->slots[slot]) slot++;
    s->slots[slot] = c;
    s->count++;
    c->id = ++s->serial << SLOT_BITS | slot;
    turn_peer_joined(s->turn, c->id, c->uid, read_only);
    s->news = true;
}

static void on_connection(uv_stream_t *stream, int status)
{
    struct listener *listener = stream->data;
    if (status < 0) {
        journal("a client could not be let in: %s", uv_strerror(status));
        return;
    }
    admit(listener->server, connection_accept(listener->server, stream), listener->read_only);
}

/* Anything else would let in whoever reaches a network, and under no uid. */
static bool is_listening_unix_socket(int fd)
{
    int domain = 0, listens = 0;
    socklen_t size = sizeof domain;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 || domain != AF_UNIX) return false;
    size = sizeof listens;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens;
}

/* Handed over by a service manager, who made its file and says who may use it. */
static bool listen_on(struct server *s, int fd, bool read_only, struct sentence *why)
{
    if (!is_listening_unix_socket(fd)) {
        sentence_set(why,
                     "the socket that was handed over for %s is no Unix socket that listens; let the socket unit say "
                     "ListenStream= with a path",
                     read_only ? "readers" : "operators");
        return false;
    }
    struct listener *listener = &s->listeners[s->listener_count];
    *listener = (struct listener){.server = s, .read_only = read_only};
    ASSERT(uv_pipe_init(s->uv, &listener->pipe, 0) == 0);
    listener->pipe.data = listener;
    s->listener_count++;
    int error = uv_pipe_open(&listener->pipe, fd);
    if (error == 0) error = uv_listen((uv_stream_t *)&listener->pipe, BACKLOG, on_connection);
    if (error) sentence_set(why, "the socket that was handed over cannot be used: %s", uv_strerror(error));
    return error == 0;
}

/* The file is closed to all until its mode is set, and only then does anybody listen. */
static bool listen_at(struct server *s, const char *path, bool read_only, const struct loop_sockets *sockets,
                      struct sentence *why)
{
    struct listener *listener = &s->listeners[s->listener_count];
    if (!socket_path_prepare(path, why)) return false;
    *listener = (struct listener){.server = s, .read_only = read_only};
    ASSERT(uv_pipe_init(s->uv, &listener->pipe, 0) == 0);
    listener->pipe.data = listener;
    s->listener_count++;
    mode_t before = umask(0777);
    int error = uv_pipe_bind(&listener->pipe, path);
    umask(before);
    if (error == 0 && !socket_path_admit(path, sockets->mode, sockets->group, why)) return false;
    if (error == 0) error = uv_listen((uv_stream_t *)&listener->pipe, BACKLOG, on_connection);
    if (error == 0) return true;
    sentence_set(why, "cannot listen at %s: %s; choose another path", path, uv_strerror(error));
    return false;
}

/* Not refused: there are other ways to let somebody in, such as ACLs. */
static void warn_of_group(const char *path, const char *group)
{
    struct sentence why;
    if (group && !socket_group_may_reach(path, group, &why)) journal("%s", why.text);
}

static bool open_listener(struct server *s, int fd, const char *path, bool read_only,
                          const struct loop_sockets *sockets, struct sentence *why)
{
    if (fd >= 0) return listen_on(s, fd, read_only, why);
    if (!listen_at(s, path, read_only, sockets, why)) return false;
    warn_of_group(path, sockets->group);
    return true;
}

bool server_listen(struct server *s, struct turn *turn, const struct loop_sockets *sockets, struct sentence *why)
{
    s->turn = turn;
    return open_listener(s, sockets->operators_fd, sockets->operators_path, false, sockets, why) &&
           open_listener(s, sockets->readers_fd, sockets->readers_path, true, sockets, why);
}

bool loop_sockets_check(const struct loop_sockets *sockets, bool nobody_serves, struct sentence *why)
{
    const char *operators = sockets->operators_path, *readers = sockets->readers_path;
    bool makes_operators = sockets->operators_fd < 0, makes_readers = sockets->readers_fd < 0;
    if (makes_operators && !socket_path_check(operators, why)) return false;
    if (makes_readers && !socket_path_check(readers, why)) return false;
    if (makes_operators && makes_readers && socket_paths_are_one(operators, readers)) {
        sentence_set(why, "--socket and --reader-socket are one path, %s; choose another one for either", operators);
        return false;
    }
    if (sockets->group && !socket_group_check(sockets->group, why)) return false;
    if (!nobody_serves) return true;
    return (!makes_operators || socket_path_prepare(operators, why)) &&
           (!makes_readers || socket_path_prepare(readers, why));
}

/* ---- Who goes. */

void server_forget(struct server *s, struct connection *c)
{
    server_set_ready(s, c, false);
    if (c->id == 0) return;
    s->slots[c->id % SERVER_SLOTS] = NULL;
    s->count--;
    s->readers -= c->is_reader;
    s->news = true;
    if (s->turn) turn_peer_left(s->turn, c->id);
}

static void on_patience(uv_timer_t *timer)
{
    struct server *s = timer->data;
    for (uint32_t i = 0; i < SERVER_SLOTS; i++) {
        struct connection *c = s->slots[i];
        if (c && c->phase == CONNECTION_LEAVING && uv_now(s->uv) >= c->leave_by_ms) connection_break_off(c);
    }
}

void server_stop_reading(struct server *s)
{
    s->is_stopping = true;
    for (uint32_t i = 0; i < s->listener_count; i++) uv_close((uv_handle_t *)&s->listeners[i].pipe, NULL);
    s->listener_count = 0;
    for (uint32_t i = 0; i < SERVER_SLOTS; i++) {
        if (s->slots[i]) server_touch(s, s->slots[i]);
    }
}

void server_hang_up_all(struct server *s, const char *why)
{
    for (uint32_t i = 0; i < SERVER_SLOTS; i++) {
        if (s->slots[i]) connection_hang_up(s->slots[i], why);
    }
}

void server_close(struct server *s)
{
    server_stop_reading(s);
    for (uint32_t i = 0; i < SERVER_SLOTS; i++) {
        if (s->slots[i]) connection_break_off(s->slots[i]);
    }
    server_settle(s);
    uv_close((uv_handle_t *)&s->patience, NULL);
}

/* ---- Memory that all share. */

void server_trim(struct server *s)
{
    for (uint32_t i = 0; i < SERVER_SLOTS; i++) {
        if (s->slots[i]) input_shrink(&s->slots[i]->input, 0);
    }
}

void server_shed(struct server *s)
{
    struct connection *slowest = NULL;
    size_t going = 0; /* with connections that are broken off and not closed yet */
    for (uint32_t i = 0; i < SERVER_SLOTS; i++) {
        struct connection *c = s->slots[i];
        if (c && c->is_broken) going += c->writing.size;
        if (!c || c->is_broken) continue;
        if (!slowest || connection_unread(c) > connection_unread(slowest)) slowest = c;
    }
    if (!slowest || s->unread - going <= OUTPUT_BYTES_MAX) return;
    journal("a connection of uid %u ends: memory for answers is used up, it has most unread", slowest->uid);
    connection_break_off(slowest);
}

/* ---- The round's connections. */

void server_touch(struct server *s, struct connection *c)
{
    if (c->is_touched) return;
    c->is_touched = true;
    c->touched_next = s->touched;
    s->touched = c;
}

void server_settle(struct server *s)
{
    while (s->touched) {
        struct connection *c = s->touched;
        s->touched = c->touched_next;
        c->is_touched = false;
        connection_settle(c);
        if (c->phase == CONNECTION_LEAVING && !uv_is_active((uv_handle_t *)&s->patience)) {
            uv_timer_start(&s->patience, on_patience, PATIENCE_MS, PATIENCE_MS);
        }
    }
}

/* ---- The ring of those with frames. */

void server_set_ready(struct server *s, struct connection *c, bool is_ready)
{
    if (is_ready == (c->ready_next != NULL)) return;
    if (is_ready) {
        /* Behind all others: before the one that is next. */
        struct connection *next = s->ready ? s->ready : c;
        struct connection *previous = s->ready ? s->ready->ready_previous : c;
        c->ready_next = next;
        c->ready_previous = previous;
        previous->ready_next = c;
        next->ready_previous = c;
        s->ready = next;
        return;
    }
    if (s->ready == c) s->ready = c->ready_next == c ? NULL : c->ready_next;
    c->ready_next->ready_previous = c->ready_previous;
    c->ready_previous->ready_next = c->ready_next;
    c->ready_next = c->ready_previous = NULL;
}

/* ---- What the turn asks for. */

static struct connection *connection_of(struct server *s, uint64_t peer)
{
    struct connection *c = s->slots[peer % SERVER_SLOTS];
    return c && c->id == peer ? c : NULL;
}

bool server_next_frame(void *server, struct turn_frame *frame)
{
    struct server *s = server;
    while (s->ready) {
        struct connection *c = s->ready;
        struct bytes bytes = connection_frame(c);
        if (bytes.size == 0) {
            server_set_ready(s, c, false);
            continue;
        }
        s->ready = c->ready_next;
        c->input.handed_out = true;
        *frame = (struct turn_frame){.peer = c->id, .bytes = bytes};
        return true;
    }
    return false;
}

void server_frame_done(void *server, uint64_t peer)
{
    struct server *s = server;
    struct connection *c = connection_of(s, peer);
    if (!c || !c->input.handed_out) return;
    connection_frame_done(c);
    server_set_ready(s, c, connection_frame(c).size > 0);
}

void server_send(void *server, uint64_t peer, struct bytes frame)
{
    struct connection *c = connection_of(server, peer);
    if (c) connection_send(c, frame);
}

size_t server_room(void *server, uint64_t peer)
{
    const struct connection *c = connection_of(server, peer);
    if (!c || c->phase == CONNECTION_LEAVING || c->is_broken) return 0;
    return OUTPUT_PAUSE_BYTES - MIN(connection_unread(c), (size_t)OUTPUT_PAUSE_BYTES);
}

void server_hang_up(void *server, uint64_t peer, const char *why)
{
    struct connection *c = connection_of(server, peer);
    if (!c) return;
    journal("a connection of uid %u ends: %s", c->uid, why);
    connection_hang_up(c, why);
}
