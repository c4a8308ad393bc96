/* One client's connection: bytes in become frames, frames out become bytes; both are bounded.
 *
 *     OPEN --end of input--> ENDED --everything answered--> CLOSED
 *       |                      |                              ^
 *       +----------------------+--hang_up--> LEAVING --written or out of patience
 *
 * Everything here runs in the loop's thread. What an event changes is settled once a round, by
 * connection_settle(): nothing is closed while a turn runs. */
#ifndef MUSTER_CONNECTION_H
#define MUSTER_CONNECTION_H

#include "engine/loop/input.h"

#include <uv.h>

struct server;

enum connection_phase {
    CONNECTION_OPEN,
    CONNECTION_ENDED,   /* the client sends no more, but may still read */
    CONNECTION_LEAVING, /* the engine ends it: no more frames in, the last ones go out */
    CONNECTION_CLOSED,  /* freed by libuv's callback */
};

struct output {
    uint8_t *data;
    size_t size;
    size_t capacity;
};

struct connection {
    uv_pipe_t pipe;
    struct server *server;
    uint64_t id; /* the turn's name for this peer; 0: the turn does not know it */
    uint32_t uid;
    bool is_reader; /* came by the socket that only reads */
    enum connection_phase phase;
    bool is_reading;
    bool peer_is_gone;   /* nobody reads on the other end */
    bool is_broken;      /* to be closed without writing more */
    bool farewell_said;
    int64_t owed;        /* requests that are not answered */
    struct input input;
    struct output next;    /* frames of this round */
    struct output writing; /* with libuv until `write` is done */
    uv_write_t write;
    bool write_is_active;
    uint64_t leave_by_ms;  /* uv_now() at which a leaving connection has had its time */
    struct sentence why;   /* of a leaving one */
    struct connection *ready_next, *ready_previous; /* NULL: not in the server's ring */
    struct connection *touched_next;
    bool is_touched;
};

/* Takes one client from a listening socket. NULL when there was none to take. */
struct connection *connection_accept(struct server *server, uv_stream_t *listener);

/* Copies one frame. */
void connection_send(struct connection *c, struct bytes frame);
/* Bytes that the client has not read. */
size_t connection_unread(const struct connection *c);
/* Ends it once its output is written; says why, to the client and to the engine's standard error. */
void connection_hang_up(struct connection *c, const char *why);
/* Ends it without writing more. */
void connection_break_off(struct connection *c);

/* The frame that is next; size 0: none, or the client has too much unread. */
struct bytes connection_frame(const struct connection *c);
void connection_frame_done(struct connection *c);

/* Does what the round's events ask for: writes, reads on or pauses, closes. */
void connection_settle(struct connection *c);

#endif
