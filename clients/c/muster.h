/* libmuster: talks to a Muster engine over its Unix socket, from C.
 *
 * A client is one connection. One thread at a time uses a client, and several threads take several clients. Values
 * travel as MessagePack and are handed out as msgpack-c's own msgpack_object, so nothing stands between a program and
 * what the engine said. Methods and their fields are in docs/protocol.md.
 *
 *     struct muster_client *client;
 *     struct muster_params params;
 *     msgpack_object job;
 *
 *     if (muster_connect(muster_default_path(), &client) != MUSTER_OK) goto out;
 *     muster_params_init(&params);
 *     muster_put_text(&params, "id", "firmware-12");
 *     if (muster_call(client, "jobs.get", &params, &job) == MUSTER_OK)
 *         printf("%" PRIu64 " devices are done\n", muster_uint(&job, "progress.completed", 0));
 *     else
 *         fprintf(stderr, "%s\n", muster_why(client));
 *     muster_params_free(&params);
 * out:
 *     muster_close(client);
 *
 * A client may be patient (muster_open): when the engine goes, or is not there yet, it connects again by itself, asks
 * again what may be asked again, and goes on with its events where it was.
 *
 * The binary interface is stable: symbols carry the version that they came with, what is in this header keeps its
 * meaning and its layout, and structures that the library makes may get members at their end. */
#ifndef MUSTER_H
#define MUSTER_H

#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define MUSTER_API __attribute__((visibility("default")))
#else
#define MUSTER_API
#endif

enum muster_status {
    MUSTER_OK = 0,
    MUSTER_REFUSED,    /* the engine said no: muster_code() and muster_why() say what and why */
    MUSTER_NO_ENGINE,  /* nobody listens at the path, or the path cannot be one */
    MUSTER_GONE,       /* the connection ended; whether the last request was done is unknown */
    MUSTER_BAD_ANSWER, /* what came is no MessagePack-RPC, is over MUSTER_ANSWER_SIZE_MAX, or another protocol */
    MUSTER_TOO_LARGE,  /* the request is over MUSTER_REQUEST_SIZE_MAX; nothing was sent */
    MUSTER_BUSY,       /* muster_call() while other requests are unanswered or events come; nothing was sent */
    MUSTER_NO_MEMORY,
    MUSTER_NOTHING, /* muster_next(): nothing has arrived; muster_take(): there is no work */
};

enum {
    MUSTER_PROTOCOL = 1,
    MUSTER_PATH_SIZE_MAX = 107, /* of a Unix socket's path, in bytes: the system's own bound */
    MUSTER_REQUEST_SIZE_MAX = 8 << 20,
    MUSTER_ANSWER_SIZE_MAX = 64 << 20,
};

/* ---- The connection. */

struct muster_client;

/* Where the engine is when nobody says otherwise: the environment's MUSTER_SOCKET, else ./muster-data/muster.sock if
 * there is one, else /run/muster/muster.sock. Never to be freed. */
MUSTER_API const char *muster_default_path(void);

/* Connects, and asks the engine which protocol it speaks. *client is to be closed whatever the outcome: after a fault
 * it is there to say why. It is NULL only after MUSTER_NO_MEMORY. The client is not patient: after MUSTER_GONE it is of
 * no use any more, and every further call says the same again. */
MUSTER_API enum muster_status muster_connect(const char *path, struct muster_client **client);

/* The same without waiting for the engine to say hello, and with patience: for so many milliseconds at a time, or
 * for ever, the client may be without an engine. It tries again, at first soon and then every few seconds, and a
 * program notices only that an answer takes longer:
 *
 * - A request that was not answered is asked again if it only reads or carries a requestId. To one that changes
 *   something the client adds a requestId, a new random one, unless the program put its own: the engine does it once.
 * - What may not be asked again - a method that is newer than this library, without a requestId - is told as
 *   MUSTER_LOST. So is one that was under way when the engine ended the connection for the third time.
 * - muster_subscribe() goes on behind the last event that was handed out.
 * - Work that was taken is given to somebody else by the engine, but its results are still welcome.
 *
 * When the patience is over calls give MUSTER_GONE, and the client is of no use any more. With patience 0 the client is
 * as muster_connect() gives it. */
enum { MUSTER_FOR_EVER = INT32_MAX };
MUSTER_API enum muster_status muster_open(const char *path, uint32_t patience_ms, struct muster_client **client);

/* NULL is allowed. */
MUSTER_API void muster_close(struct muster_client *client);

/* The last refusal or fault as one sentence for a person. Valid until the next call on this client. */
MUSTER_API const char *muster_why(const struct muster_client *client);
/* The last refusal's code, such as "no_such_job"; "" after a fault. Valid likewise. */
MUSTER_API const char *muster_code(const struct muster_client *client);

/* ---- What a request says: one map, put together field by field.
 * A failure to get memory is kept and comes back from the call that sends the request. */

struct muster_params {
    msgpack_sbuffer fields; /* the pairs, without the map's head */
    msgpack_packer packer;
    uint32_t count;
    bool failed;
    bool has_request_id;
};

/* Does not move in memory between init and free. */
MUSTER_API void muster_params_init(struct muster_params *params);
/* Empty again, memory kept. */
MUSTER_API void muster_params_clear(struct muster_params *params);
MUSTER_API void muster_params_free(struct muster_params *params);

MUSTER_API void muster_put_text(struct muster_params *params, const char *key, const char *value);
MUSTER_API void muster_put_uint(struct muster_params *params, const char *key, uint64_t value);
MUSTER_API void muster_put_bool(struct muster_params *params, const char *key, bool value);
MUSTER_API void muster_put_bin(struct muster_params *params, const char *key, const void *data, size_t size);
/* For lists and maps: writes the key and hands out the packer; the caller packs exactly one value. */
MUSTER_API msgpack_packer *muster_put(struct muster_params *params, const char *key);
/* Text where the packer stands: an array's element, a map's key or value. */
MUSTER_API void muster_pack_text(msgpack_packer *packer, const char *text);

/* ---- One question, one answer. */

/* `params` may be NULL and stays the caller's. On MUSTER_OK *result is what the engine answered, valid until the next
 * call on this client. Notices that arrive before the answer are dropped: a program that subscribes to events gives the
 * subscription a client of its own. */
MUSTER_API enum muster_status muster_call(struct muster_client *client, const char *method,
                                          const struct muster_params *params, msgpack_object *result);

/* ---- Many questions under way, and notices. */

enum muster_kind {
    MUSTER_ANSWER,    /* to request `id`, with `value` */
    MUSTER_REFUSAL,   /* of request `id`; muster_code() and muster_why() are set, `value` holds the details */
    MUSTER_NOTICE,    /* `method`, with the list of its parameters in `value` */
    MUSTER_LOST,      /* of request `id` it is not known whether it was done, and it is not asked again */
    MUSTER_EVENT,     /* `value` is an event's map; after muster_subscribe() */
    MUSTER_CAUGHT_UP, /* all events there are have come: `value` holds the number of the last one, `seq` */
};

struct muster_message {
    enum muster_kind kind;
    uint32_t id;
    msgpack_object_str method;
    msgpack_object value;
};

/* Sends without waiting for the answer; *id (may be NULL) tells it apart. Blocks while the engine does not
 * read, so a program takes answers with muster_receive() before many are due: a few at a time is plenty. */
MUSTER_API enum muster_status muster_send(struct muster_client *client, const char *method,
                                          const struct muster_params *params, uint32_t *id);
/* Waits for the next message, of whatever kind: MUSTER_OK. *message is valid until the next call on this client. */
MUSTER_API enum muster_status muster_receive(struct muster_client *client, struct muster_message *message);

/* ---- In a program's own loop, without ever waiting.
 *
 * The loop watches muster_fd(), and each time it is readable takes what has come:
 *
 *     while ((status = muster_next(client, &message)) == MUSTER_OK) handle(&message);
 *     if (status != MUSTER_NOTHING) the client is of no use any more, and muster_why() says why
 *
 * muster_queue() asks. Together with muster_open(): nobody waits for a connection either. */

/* A descriptor of the library's that is readable whenever muster_next() has something to do: a message has come, the
 * socket takes more of what is queued, it is time to connect again. It stays the same as long as the client lives,
 * whatever becomes of the connection; only readable is to be watched, level by level, and nothing read from it. -1 when
 * the system gives none, and muster_why() says why. */
MUSTER_API int muster_fd(struct muster_client *client);
/* The next message, or MUSTER_NOTHING. Valid as with muster_receive(). */
MUSTER_API enum muster_status muster_next(struct muster_client *client, struct muster_message *message);
/* As muster_send(), but what the socket does not take at once is kept and sent by muster_next(). */
MUSTER_API enum muster_status muster_queue(struct muster_client *client, const char *method,
                                           const struct muster_params *params, uint32_t *id);
/* Bytes that are queued: a program that asks faster than the engine reads looks here before it asks on. */
MUSTER_API size_t muster_unsent(const struct muster_client *client);

/* For a program with MessagePack of its own: the connection's socket, after muster_connect(), with nothing under way.
 * Such a program makes no other call on this client any more but muster_close(). */
MUSTER_API int muster_socket(const struct muster_client *client);

/* ---- Events, from the log.
 *
 * Events are numbered, and a program that keeps the number to go on from together with what it made of them misses
 * none and sees none twice, whatever restarts: */

/* From now on every event from number `from` on comes as MUSTER_EVENT, first those there are, then each as it happens.
 * `filter` (NULL: all) is put together as a request is, of the fields type, job and device. Does not wait; a refusal
 * comes as MUSTER_REFUSAL with the id 0, which no request has. Another call replaces the subscription. */
MUSTER_API enum muster_status muster_subscribe(struct muster_client *client, uint64_t from,
                                               const struct muster_params *filter);
/* Where to go on: behind the last MUSTER_EVENT or MUSTER_CAUGHT_UP that was handed out. 0 without a subscription. */
MUSTER_API uint64_t muster_position(const struct muster_client *client);

/* ---- Work, for connectors: take devices, do with them what the job says, report how it went.
 *
 * Work belongs to the program until it is freed, and does not depend on its client: its results may be reported by any
 * client, at any time, also after a restart of the engine. A device may have done it when it comes again, with a higher
 * attempt: what must not be done twice, the device or the program knows by (job, device), and reports as completed. */

enum muster_outcome {
    MUSTER_COMPLETED = 1,
    MUSTER_FAILED,   /* the job may try again */
    MUSTER_REJECTED, /* it never will */
    MUSTER_RETURNED, /* given back: the device cannot be reached now; no failure */
};

struct muster_work {
    struct muster_work *next; /* of the same take: another job's */
    uint64_t handle;
    const char *job;
    const char *type; /* "property" or "command" */
    uint64_t batch;
    uint64_t attempt;
    uint64_t deadline_ms;       /* of CLOCK_MONOTONIC: from then on the engine counts unanswered devices as timed out */
    const msgpack_object *data; /* what to do: the job's list of {type, path, value} */
    size_t count;
    const char *const *devices; /* ids */
};

/* Takes up to `max` devices, waiting up to wait_s seconds for some. On MUSTER_OK *work is a list of one work for each
 * job, linked by `next`, each to be freed by itself; on MUSTER_NOTHING there was none. */
MUSTER_API enum muster_status muster_take(struct muster_client *client, const char *connector, uint32_t max,
                                          uint32_t wait_s, struct muster_work **work);
/* The same from the answer to a work.take that the program asked for itself. */
MUSTER_API enum muster_status muster_work_read(const msgpack_object *answer, struct muster_work **work);
MUSTER_API void muster_work_free(struct muster_work *work);

/* Notes how devices[index] fared, for the next report. `error` and `response` may be NULL. False, and nothing is
 * noted, when there is no such device, it has a result already, or there is no memory. */
MUSTER_API bool muster_work_result(struct muster_work *work, size_t index, enum muster_outcome outcome,
                                   const char *error, const msgpack_object *response);
/* Notes MUSTER_RETURNED for every device that has no result yet, and gives their count. */
MUSTER_API size_t muster_work_give_back(struct muster_work *work);
/* Milliseconds until the deadline; 0 when it is over. */
MUSTER_API uint64_t muster_work_time_left(const struct muster_work *work);

/* What the engine said to a report, in devices. */
struct muster_reported {
    uint64_t recorded;
    uint64_t duplicates; /* of a device that had its end already, or too late */
    uint64_t unknown;
};

/* Reports what was noted since the last report; asks nothing when that is nothing. `reported` may be NULL. After a
 * failure the results are still there to be reported again. */
MUSTER_API enum muster_status muster_report(struct muster_client *client, struct muster_work *work,
                                            struct muster_reported *reported);
/* The same for muster_queue("work.report"): the noted results move into `params`. */
MUSTER_API void muster_put_results(struct muster_params *params, struct muster_work *work);

/* ---- Looking into an answer. Keys are joined by dots: "progress.total". A key with dots of its own comes first. */

/* NULL when the path leads nowhere. Lives as long as the answer. */
MUSTER_API const msgpack_object *muster_get(const msgpack_object *map, const char *path);
/* `otherwise` when there is none, or it is of another kind. */
MUSTER_API uint64_t muster_uint(const msgpack_object *map, const char *path, uint64_t otherwise);
MUSTER_API bool muster_bool(const msgpack_object *map, const char *path, bool otherwise);
/* Not terminated by a zero; size 0 and ptr "" when there is none. */
MUSTER_API msgpack_object_str muster_text(const msgpack_object *map, const char *path);
MUSTER_API bool muster_text_is(msgpack_object_str text, const char *word);

#ifdef __cplusplus
}
#endif
#endif
