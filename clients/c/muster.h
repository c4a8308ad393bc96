/* libmuster: talks to a Muster engine over its Unix socket, from C.
 *
 * A client is one connection. Calls block until the engine has answered; one thread at a time uses a
 * client, and several threads take several clients. Values travel as MessagePack and are handed out as
 * msgpack-c's own msgpack_object, so nothing stands between a program and what the engine said.
 *
 *     struct muster_client *client;
 *     struct muster_params params;
 *     msgpack_object job;
 *
 *     if (muster_connect("/run/muster/muster.sock", &client) != MUSTER_OK) goto out;
 *     muster_params_init(&params);
 *     muster_put_text(&params, "id", "firmware-12");
 *     if (muster_call(client, "jobs.get", &params, &job) == MUSTER_OK)
 *         printf("%" PRIu64 " devices are done\n", muster_uint(&job, "progress.completed", 0));
 *     else
 *         fprintf(stderr, "%s\n", muster_why(client));
 *     muster_params_free(&params);
 * out:
 *     muster_close(client);
 */
#ifndef MUSTER_H
#define MUSTER_H

#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum muster_status {
    MUSTER_OK = 0,
    MUSTER_REFUSED,    /* the engine said no: muster_code() and muster_why() say what and why */
    MUSTER_NO_ENGINE,  /* nobody listens at the path, or the path cannot be one */
    MUSTER_GONE,       /* the connection ended; whether the last request was done is unknown */
    MUSTER_BAD_ANSWER, /* what came is no MessagePack-RPC, is over MUSTER_ANSWER_SIZE_MAX, or another protocol */
    MUSTER_TOO_LARGE,  /* the request is over MUSTER_REQUEST_SIZE_MAX; nothing was sent */
    MUSTER_BUSY,       /* muster_call() while other requests are unanswered; nothing was sent */
    MUSTER_NO_MEMORY,
};

enum {
    MUSTER_PROTOCOL = 1,
    MUSTER_PATH_SIZE_MAX = 107, /* of a Unix socket's path, in bytes: the system's own bound */
    MUSTER_REQUEST_SIZE_MAX = 8 << 20,
    MUSTER_ANSWER_SIZE_MAX = 64 << 20,
};

/* ---- The connection. */

struct muster_client;

/* Where the engine is when nobody says otherwise: the environment's MUSTER_SOCKET, else
 * ./muster-data/muster.sock if there is one, else /run/muster/muster.sock. Never to be freed. */
const char *muster_default_path(void);

/* Connects, and asks the engine which protocol it speaks. *client is to be closed whatever the outcome:
 * after a fault it is there to say why. It is NULL only after MUSTER_NO_MEMORY. */
enum muster_status muster_connect(const char *path, struct muster_client **client);
/* NULL is allowed. */
void muster_close(struct muster_client *client);

/* The last refusal or fault as one sentence for a person. Valid until the next call on this client. */
const char *muster_why(const struct muster_client *client);
/* The last refusal's code, such as "no_such_job"; "" after a fault. Valid likewise. */
const char *muster_code(const struct muster_client *client);

/* The socket, for poll() and its like. A program that reads or writes it itself is on its own: it makes
 * no other call on this client any more but muster_close(). */
int muster_fd(const struct muster_client *client);

/* ---- What a request says: one map, put together field by field.
 * A failure to get memory is kept and comes back from the call that sends the request. */

struct muster_params {
    msgpack_sbuffer fields; /* the pairs, without the map's head */
    msgpack_packer packer;
    uint32_t count;
    bool failed;
};

/* Does not move in memory between init and free. */
void muster_params_init(struct muster_params *params);
/* Empty again, memory kept. */
void muster_params_clear(struct muster_params *params);
void muster_params_free(struct muster_params *params);

void muster_put_text(struct muster_params *params, const char *key, const char *value);
void muster_put_uint(struct muster_params *params, const char *key, uint64_t value);
void muster_put_bool(struct muster_params *params, const char *key, bool value);
void muster_put_bin(struct muster_params *params, const char *key, const void *data, size_t size);
/* For lists and maps: writes the key and hands out the packer; the caller packs exactly one value. */
msgpack_packer *muster_put(struct muster_params *params, const char *key);
/* Text where the packer stands: an array's element, a map's key or value. */
void muster_pack_text(msgpack_packer *packer, const char *text);

/* ---- One question, one answer. */

/* `params` may be NULL and stays the caller's. On MUSTER_OK *result is what the engine answered, valid
 * until the next call on this client. Notices that arrive before the answer are dropped: a program that
 * subscribes to events gives the subscription a client of its own. */
enum muster_status muster_call(struct muster_client *client, const char *method, const struct muster_params *params,
                               msgpack_object *result);

/* ---- Many questions under way, and notices. */

enum muster_kind {
    MUSTER_ANSWER,  /* to request `id`, with `value` */
    MUSTER_REFUSAL, /* of request `id`; muster_code() and muster_why() are set, `value` holds the details */
    MUSTER_NOTICE,  /* `method`, with the list of its parameters in `value` */
};

struct muster_message {
    enum muster_kind kind;
    uint32_t id;
    msgpack_object_str method;
    msgpack_object value;
};

/* Sends without waiting for the answer; *id (may be NULL) tells it apart. Blocks while the engine does not
 * read, so a program takes answers with muster_receive() before many are due: a few at a time is plenty. */
enum muster_status muster_send(struct muster_client *client, const char *method, const struct muster_params *params,
                               uint32_t *id);
/* Waits for the next answer, refusal or notice; all three are MUSTER_OK. *message is valid until the next
 * call on this client. */
enum muster_status muster_receive(struct muster_client *client, struct muster_message *message);

/* ---- Looking into an answer. Keys are joined by dots: "progress.total". A key with dots of its own comes first. */

/* NULL when the path leads nowhere. Lives as long as the answer. */
const msgpack_object *muster_get(const msgpack_object *map, const char *path);
/* `otherwise` when there is none, or it is of another kind. */
uint64_t muster_uint(const msgpack_object *map, const char *path, uint64_t otherwise);
bool muster_bool(const msgpack_object *map, const char *path, bool otherwise);
/* Not terminated by a zero; size 0 and ptr "" when there is none. */
msgpack_object_str muster_text(const msgpack_object *map, const char *path);
bool muster_text_is(msgpack_object_str text, const char *word);

#endif
