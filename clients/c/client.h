/* Inside libmuster: a client, and what its files promise each other.
 *
 *     calls.c      what programs call to ask and to hear   -> session.c, frames.c
 *     session.c    what is kept of requests, and what becomes of it when the connection ends  -> socket.c
 *     frames.c     bytes that have come, as messages
 *     socket.c     bytes out and in; never waits but in socket_wait()
 *     loop.c       one descriptor that is readable when there is something to do
 *
 * Nothing here is exported; libmuster.map lists what is. */
#ifndef MUSTER_CLIENT_H
#define MUSTER_CLIENT_H

#include "muster.h"

#include <poll.h>
#include <sys/uio.h>

enum {
    WHY_SIZE = 1280, /* the engine's sentences are at most 1 KiB */
    CODE_SIZE = 64,
    REQUEST_ID_SIZE = 32, /* hexadecimal digits */
};

/* A request that is kept until it is answered, in the order of asking. Only patient clients keep any. */
struct request {
    struct request *next;
    uint32_t id;
    bool may_repeat;
    bool was_sent; /* perhaps only in part */
    bool is_lost;  /* to be told, and not sent again */
    uint8_t farewells;
    size_t size;
    char bytes[];
};

struct subscription {
    bool is_on;
    bool is_asked; /* the request `id` for it is not answered yet */
    uint32_t id;
    uint64_t position; /* the first event that was not handed out yet */
    msgpack_sbuffer filter;
    uint32_t filter_fields;
};

struct muster_client {
    char *path;
    enum muster_status fault; /* MUSTER_OK while the client is of use */
    char why[WHY_SIZE];
    char code[CODE_SIZE];
    char farewell[WHY_SIZE]; /* why the engine ends the connection; "" when it has not said so */

    int fd; /* -1 while there is no connection */
    uint32_t next_id;
    uint32_t hello_id;
    bool is_greeted;     /* the engine has answered hello */
    uint32_t in_flight;  /* requests of the program that are not answered */
    msgpack_sbuffer out; /* what the socket has not taken yet, from out_start on */
    size_t out_start;
    msgpack_sbuffer head;
    bool unpacker_ready;
    msgpack_unpacker unpacker;
    msgpack_unpacked last; /* holds the memory of the message handed out last */

    uint32_t patience_ms; /* 0: a connection that ends is the end of the client */
    uint32_t backoff_ms;
    uint64_t retry_ms;   /* when to connect again, while there is no connection */
    uint64_t give_up_ms; /* when the patience is over, while the engine does not answer */
    struct request *kept;
    uint32_t lost; /* of them, to be told */

    struct subscription subscription;

    int loop_fd; /* -1 until the program asks for it */
    int timer_fd;
    uint32_t watched;  /* what loop_fd waits for on the socket */
    uint64_t timer_ms; /* when the timer runs out; 0: it does not run */
};

/* ---- client.c */

/* Sets the sentence, and no code; gives `status`. */
enum muster_status say(struct muster_client *c, enum muster_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The client is of no use any more: `status` is what every further call returns. */
enum muster_status broken(struct muster_client *c, enum muster_status status);
enum muster_status no_memory(struct muster_client *c, const char *what);
enum muster_status bad_answer(struct muster_client *c, const char *what);
uint64_t monotonic_ms(void);

/* ---- socket.c: MUSTER_GONE says that the connection ended, and leaves what follows from it to session.c. */

/* MUSTER_NO_ENGINE, with a sentence, when nobody listens. */
enum muster_status socket_open(struct muster_client *c);
/* Closes, and forgets what was on its way in either direction. */
void socket_close(struct muster_client *c);
/* Sends what the socket takes at once and keeps the rest in c->out. */
enum muster_status socket_post(struct muster_client *c, const struct iovec *parts, size_t count);
enum muster_status socket_flush(struct muster_client *c);
/* Reads what is there. MUSTER_NOTHING when nothing is. */
enum muster_status socket_fill(struct muster_client *c);
/* Waits for the socket, or until it is time to connect again. */
void socket_wait(struct muster_client *c, short events);
size_t socket_unsent(const struct muster_client *c);

/* ---- frames.c */

/* The next message that has come. MUSTER_NOTHING when there is none; MUSTER_GONE as in socket.c. */
enum muster_status frames_next(struct muster_client *c, struct muster_message *message);

/* ---- session.c */

/* A request of the program: what the socket does not take at once is queued. */
enum muster_status session_ask(struct muster_client *c, const char *method, const struct muster_params *params,
                               uint32_t *id);
/* A request of the library's own, on the connection there is; not kept, not counted. MUSTER_GONE as in socket.c. */
enum muster_status session_ask_for_itself(struct muster_client *c, const char *method,
                                          const struct muster_params *params, uint32_t *id);
/* Connects, says hello and asks again what may be asked again. MUSTER_NOTHING: not now. */
enum muster_status session_connect(struct muster_client *c);
/* The connection has ended. MUSTER_NOTHING: it will be opened again; else the client is broken. */
enum muster_status session_lost(struct muster_client *c);
/* The next request that was lost for good, as a message; false when there is none. */
bool session_next_lost(struct muster_client *c, struct muster_message *message);
/* The engine has answered hello; false when it speaks another protocol, and the client is broken. */
bool session_greeted(struct muster_client *c, const msgpack_object *answer);
/* The request that was answered, taken out of those that are kept; false when nobody asked. A refusal that leaves
 * open what happened is not `answered`: *again is true, and the request stays until the connection ends. */
bool session_answered(struct muster_client *c, uint32_t id, bool unknown_outcome, bool *again);
void session_free(struct muster_client *c);

/* ---- loop.c */

/* What loop_fd waits for follows the client; nothing when the program has not asked for it. */
void loop_follow(struct muster_client *c);
void loop_free(struct muster_client *c);

/* ---- subscription.c */

/* Asks for the events that were not handed out yet. */
enum muster_status subscription_ask(struct muster_client *c);
/* False when the engine refused it. */
bool subscription_answered(struct muster_client *c, const struct muster_message *answer);
/* Makes an event of a notice, and notes that it is handed out. True when it is not for the program. */
bool subscription_takes(struct muster_client *c, struct muster_message *notice);

/* ---- methods.c */

enum method_kind { METHOD_UNKNOWN, METHOD_READS, METHOD_CHANGES };
enum method_kind method_kind(const char *method);

#endif
