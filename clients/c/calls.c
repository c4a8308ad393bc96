/* What programs call to ask and to hear. All of it is muster_next() and, for those who wait, waiting in between. */
#include "client.h"

/* The connection's part of a step: there is one, and it has been sent what waits. */
static enum muster_status be_connected(struct muster_client *c)
{
    enum muster_status status = c->fd < 0 ? session_connect(c) : socket_flush(c);
    return status == MUSTER_GONE && !c->fault ? session_lost(c) : status;
}

static enum muster_status step(struct muster_client *c, struct muster_message *message)
{
    if (c->fault) return c->fault;
    if (session_next_lost(c, message)) return MUSTER_OK;
    enum muster_status status = be_connected(c);
    if (status == MUSTER_OK && c->fd >= 0) status = frames_next(c, message);
    if (status == MUSTER_GONE && !c->fault) status = session_lost(c);
    if (status == MUSTER_NOTHING && session_next_lost(c, message)) return MUSTER_OK;
    return status;
}

enum muster_status muster_next(struct muster_client *client, struct muster_message *message)
{
    enum muster_status status = step(client, message);
    loop_follow(client);
    return status;
}

enum muster_status muster_receive(struct muster_client *client, struct muster_message *message)
{
    enum muster_status status;
    while ((status = muster_next(client, message)) == MUSTER_NOTHING) socket_wait(client, POLLIN);
    return status;
}

enum muster_status muster_queue(struct muster_client *client, const char *method, const struct muster_params *params,
                                uint32_t *id)
{
    enum muster_status status = session_ask(client, method, params, id);
    loop_follow(client);
    return status;
}

size_t muster_unsent(const struct muster_client *client)
{
    return socket_unsent(client);
}

enum muster_status muster_send(struct muster_client *client, const char *method, const struct muster_params *params,
                               uint32_t *id)
{
    enum muster_status status = muster_queue(client, method, params, id);
    while (status == MUSTER_OK && socket_unsent(client) > 0) {
        socket_wait(client, 0);
        status = be_connected(client);
    }
    return status == MUSTER_NOTHING ? MUSTER_OK : status;
}

/* Whether the message is the answer that a call waits for. */
static bool is_answer(const struct muster_message *m, uint32_t id)
{
    bool is_notice = m->kind == MUSTER_NOTICE || m->kind == MUSTER_EVENT || m->kind == MUSTER_CAUGHT_UP;
    return !is_notice && m->id == id;
}

enum muster_status muster_call(struct muster_client *client, const char *method, const struct muster_params *params,
                               msgpack_object *result)
{
    struct muster_message message;
    uint32_t id;
    if (client->fault) return client->fault;
    if (client->in_flight > 0)
        return say(client, MUSTER_BUSY, "%s was asked while %u answers are still due", method, client->in_flight);
    if (client->subscription.is_on)
        return say(client, MUSTER_BUSY, "%s was asked of a client that hears events; calls take another one", method);
    enum muster_status status = muster_send(client, method, params, &id);
    do status = status == MUSTER_OK ? muster_receive(client, &message) : status;
    while (status == MUSTER_OK && !is_answer(&message, id));
    if (status != MUSTER_OK) return status;
    *result = message.value;
    if (message.kind == MUSTER_LOST) return MUSTER_GONE;
    return message.kind == MUSTER_REFUSAL ? MUSTER_REFUSED : MUSTER_OK;
}
