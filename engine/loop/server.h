/* The engine's two sockets and the connections to them; the turn's host. Inside loop/, which alone knows libuv.
 *
 * Frames wait in a ring of connections that have one ready; each gives one in turn, so that nobody who sends
 * a lot keeps others waiting. */
#ifndef MUSTER_SERVER_H
#define MUSTER_SERVER_H

#include "engine/decide/limits.h"
#include "engine/loop/connection.h"
#include "engine/loop/loop.h"
#include "engine/turn.h"

enum { SERVER_SLOTS = 1024 };
_Static_assert((int)SERVER_SLOTS >= (int)CONNECTIONS_MAX, "a slot for each connection");

struct listener {
    uv_pipe_t pipe;
    struct server *server;
    bool read_only;
};

struct server {
    uv_loop_t *uv;
    struct turn *turn; /* NULL: nobody is told who comes and goes */
    struct listener listeners[2];
    uint32_t listener_count;
    struct connection *slots[SERVER_SLOTS]; /* an id's lowest bits are its slot */
    uint32_t count;       /* connections in slots */
    uint64_t serial;      /* the upper bits of the last id */
    bool is_stopping;     /* nothing more is read */
    bool news;            /* something besides frames that the turn should look at: who came, left, or has read */
    struct connection *ready;   /* the next one to give a frame; NULL: none has any */
    struct connection *touched; /* to be settled this round */
    struct input_budget input_budget;
    uint32_t readers; /* of `count`, on the socket that only reads */
    size_t unread; /* bytes of all connections' outputs */
    uv_timer_t patience; /* looks after connections that are leaving */
};

void server_init(struct server *s, uv_loop_t *uv);
/* Listens; `why` says what cannot be. The turn is told of every client from now on. */
bool server_listen(struct server *s, struct turn *turn, const struct loop_sockets *sockets, struct sentence *why);
/* No new clients and no new frames; those that have come stay ready. The sockets' files are removed. */
void server_stop_reading(struct server *s);
/* Ends every connection once its output is written, or after a moment. */
void server_hang_up_all(struct server *s, const char *why);
/* Closes what is left at once. */
void server_close(struct server *s);

/* Settles the connections that something happened to. */
void server_settle(struct server *s);
static inline bool server_has_frames(const struct server *s)
{
    return s->ready != NULL;
}

/* The turn's host; run_task is the loop's. */
bool server_next_frame(void *server, struct turn_frame *frame);
void server_frame_done(void *server, uint64_t peer);
void server_send(void *server, uint64_t peer, struct bytes frame);
size_t server_room(void *server, uint64_t peer);
void server_hang_up(void *server, uint64_t peer, const char *why);

/* ---- For connections. */

/* Something happened: connection_settle() is called before the round ends. */
void server_touch(struct server *s, struct connection *c);
/* Puts a connection into the ring, or takes it out. */
void server_set_ready(struct server *s, struct connection *c, bool is_ready);
/* Gives back buffers that hold nothing, when memory for input is used up. */
void server_trim(struct server *s);
/* Breaks off who has most unread, when memory for output is used up. */
void server_shed(struct server *s);
/* The connection is closed: frees its slot, tells the turn. */
void server_forget(struct server *s, struct connection *c);

#endif
