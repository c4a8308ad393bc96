/* What outlives a connection. A patient client keeps each request until it is answered:
 *
 *     ask -> kept -> answered
 *             |  the connection ends
 *             +-> asked again on the next one, when it reads or carries a requestId
 *             +-> lost, and told so, when it may have been done and cannot be asked again
 *
 * A client without patience keeps nothing and ends with its connection. */
#include "client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    READ_SIZE = 256 << 10,
    BACKOFF_FIRST_MS = 50,
    BACKOFF_LAST_MS = 5000,
    FAREWELLS_MAX = 3, /* one that the engine hangs up over again and again may be the reason */
};

/* ---- Asking. */

static int pack_head(msgpack_sbuffer *head, uint32_t id, const char *method, uint32_t fields)
{
    msgpack_packer packer;
    msgpack_packer_init(&packer, head, msgpack_sbuffer_write);
    msgpack_sbuffer_clear(head);
    int failed = msgpack_pack_array(&packer, 4);
    failed |= msgpack_pack_int(&packer, 0);
    failed |= msgpack_pack_uint32(&packer, id);
    failed |= msgpack_pack_str_with_body(&packer, method, strlen(method));
    failed |= msgpack_pack_array(&packer, 1);
    return failed | msgpack_pack_map(&packer, fields);
}

/* Behind the head, when the request needs one of its own. */
static int pack_request_id(msgpack_sbuffer *head)
{
    uint8_t chance[REQUEST_ID_SIZE / 2];
    char digits[REQUEST_ID_SIZE + 1];
    msgpack_packer packer;
    if (getrandom(chance, sizeof chance, 0) != (ssize_t)sizeof chance) return -1;
    for (size_t i = 0; i < sizeof chance; i++) snprintf(digits + 2 * i, 3, "%02x", chance[i]);
    msgpack_packer_init(&packer, head, msgpack_sbuffer_write);
    int failed = msgpack_pack_str_with_body(&packer, "requestId", strlen("requestId"));
    return failed | msgpack_pack_str_with_body(&packer, digits, REQUEST_ID_SIZE);
}

/* At the end: requests are asked again in the order in which they were asked. */
static struct request *keep(struct muster_client *c, uint32_t id, const struct iovec parts[2])
{
    size_t size = parts[0].iov_len + parts[1].iov_len;
    struct request *r = malloc(sizeof *r + size), **at = &c->kept;
    if (!r) return NULL;
    *r = (struct request){.id = id, .size = size};
    memcpy(r->bytes, parts[0].iov_base, parts[0].iov_len);
    if (parts[1].iov_len > 0) memcpy(r->bytes + parts[0].iov_len, parts[1].iov_base, parts[1].iov_len);
    while (*at) at = &(*at)->next;
    c->in_flight++;
    return *at = r;
}

/* The connection may end over it: then session_lost() has the word. */
static enum muster_status post(struct muster_client *c, const struct iovec *parts, size_t count)
{
    enum muster_status status = socket_post(c, parts, count);
    if (status != MUSTER_GONE) return status;
    status = session_lost(c);
    return status == MUSTER_NOTHING ? MUSTER_OK : status;
}

static enum muster_status ask_patiently(struct muster_client *c, uint32_t id, const struct iovec parts[2],
                                        bool may_repeat)
{
    struct request *r = keep(c, id, parts);
    if (!r) return no_memory(c, "a request");
    r->may_repeat = may_repeat;
    if (c->fd < 0) return MUSTER_OK; /* session_connect() will send it */
    r->was_sent = true;
    return post(c, parts, 2);
}

/* Puts a request's frame together in two parts, the second the program's own. */
static enum muster_status make_frame(struct muster_client *c, const char *method, const struct muster_params *params,
                                     bool needs_request_id, struct iovec parts[2])
{
    uint32_t count = (params ? params->count : 0) + needs_request_id;
    bool failed = (params && params->failed) || pack_head(&c->head, c->next_id, method, count) ||
                  (needs_request_id && pack_request_id(&c->head));
    if (failed) return no_memory(c, method);
    parts[0] = (struct iovec){.iov_base = c->head.data, .iov_len = c->head.size};
    parts[1] = (struct iovec){.iov_len = 0};
    if (params) parts[1] = (struct iovec){.iov_base = params->fields.data, .iov_len = params->fields.size};
    size_t size = parts[0].iov_len + parts[1].iov_len;
    if (size <= MUSTER_REQUEST_SIZE_MAX) return MUSTER_OK;
    return say(c, MUSTER_TOO_LARGE, "the request %s has %zu bytes; the engine takes at most %d", method, size,
               MUSTER_REQUEST_SIZE_MAX);
}

enum muster_status session_ask(struct muster_client *c, const char *method, const struct muster_params *params,
                               uint32_t *id)
{
    struct iovec parts[2];
    uint32_t this_id = c->next_id;
    if (c->fault) return c->fault;
    enum method_kind kind = c->patience_ms > 0 ? method_kind(method) : METHOD_UNKNOWN;
    bool has_request_id = params && params->has_request_id;
    bool needs_request_id = kind == METHOD_CHANGES && !has_request_id;
    enum muster_status status = make_frame(c, method, params, needs_request_id, parts);
    if (status != MUSTER_OK) return status;
    c->next_id++;
    if (id) *id = this_id;
    if (c->patience_ms > 0) return ask_patiently(c, this_id, parts, kind != METHOD_UNKNOWN || has_request_id);
    status = post(c, parts, 2);
    c->in_flight += status == MUSTER_OK;
    return status;
}

enum muster_status session_ask_for_itself(struct muster_client *c, const char *method,
                                          const struct muster_params *params, uint32_t *id)
{
    struct iovec parts[2];
    *id = c->next_id;
    enum muster_status status = make_frame(c, method, params, false, parts);
    c->next_id++;
    return status == MUSTER_OK ? socket_post(c, parts, 2) : status;
}

/* ---- Answers. */

static struct request **find_kept(struct muster_client *c, uint32_t id)
{
    struct request **at = &c->kept;
    while (*at && (*at)->id != id) at = &(*at)->next;
    return at;
}

static void forget(struct muster_client *c, struct request **at)
{
    struct request *r = *at;
    *at = r->next;
    free(r);
    c->in_flight--;
}

bool session_answered(struct muster_client *c, uint32_t id, bool unknown_outcome, bool *again)
{
    if (c->in_flight == 0) return false;
    if (c->patience_ms == 0) {
        c->in_flight--;
        return true;
    }
    struct request **at = find_kept(c, id);
    if (!*at) return false;
    *again = unknown_outcome && (*at)->may_repeat;
    if (!*again) forget(c, at);
    return true;
}

bool session_next_lost(struct muster_client *c, struct muster_message *message)
{
    struct request **at = &c->kept;
    if (c->lost == 0) return false;
    while (!(*at)->is_lost) at = &(*at)->next;
    c->lost--;
    *message = (struct muster_message){.kind = MUSTER_LOST, .id = (*at)->id};
    say(c, MUSTER_GONE, "the connection to the engine ended; whether the request was done is unknown");
    forget(c, at);
    return true;
}

bool session_greeted(struct muster_client *c, const msgpack_object *answer)
{
    uint64_t protocol = muster_uint(answer, "protocol", 0);
    if (protocol != MUSTER_PROTOCOL) {
        say(c, MUSTER_BAD_ANSWER, "the engine speaks protocol %llu, this client %d", (unsigned long long)protocol,
            MUSTER_PROTOCOL);
        broken(c, MUSTER_BAD_ANSWER);
        return false;
    }
    c->is_greeted = true;
    c->backoff_ms = 0;
    return true;
}

/* ---- The end of a connection, and the next one. */

/* Between half of the backoff and all of it, so that many clients do not come back as one. */
static void back_off(struct muster_client *c)
{
    uint16_t chance = 0;
    uint32_t next_ms = c->backoff_ms * 2 < BACKOFF_LAST_MS ? c->backoff_ms * 2 : BACKOFF_LAST_MS;
    c->backoff_ms = c->backoff_ms ? next_ms : BACKOFF_FIRST_MS;
    if (getrandom(&chance, sizeof chance, GRND_NONBLOCK) < 0) chance = 0;
    c->retry_ms = monotonic_ms() + c->backoff_ms / 2 + chance % (c->backoff_ms / 2 + 1);
}

static enum muster_status out_of_patience(struct muster_client *c)
{
    char reason[WHY_SIZE];
    memcpy(reason, c->why, sizeof reason);
    reason[sizeof reason - 64] = '\0';
    say(c, MUSTER_GONE, "no engine for %u ms: %s", c->patience_ms, reason);
    return broken(c, MUSTER_GONE);
}

static enum muster_status wait_or_give_up(struct muster_client *c)
{
    if (c->patience_ms < MUSTER_FOR_EVER && monotonic_ms() >= c->give_up_ms) return out_of_patience(c);
    back_off(c);
    return MUSTER_NOTHING;
}

enum muster_status session_lost(struct muster_client *c)
{
    bool was_greeted = c->is_greeted, was_farewell = *c->farewell;
    socket_close(c);
    c->is_greeted = false;
    *c->farewell = '\0';
    c->subscription.is_asked = false;
    if (c->patience_ms == 0) return broken(c, MUSTER_GONE);
    for (struct request *r = c->kept; r; r = r->next) {
        if (r->is_lost || !r->was_sent) continue;
        r->farewells += was_farewell;
        r->is_lost = !r->may_repeat || r->farewells == FAREWELLS_MAX;
        c->lost += r->is_lost;
    }
    if (was_greeted) c->give_up_ms = monotonic_ms() + c->patience_ms;
    return wait_or_give_up(c);
}

static enum muster_status say_hello(struct muster_client *c)
{
    struct muster_params params;
    muster_params_init(&params);
    muster_put_text(&params, "client", program_invocation_short_name);
    muster_put_uint(&params, "protocol", MUSTER_PROTOCOL);
    enum muster_status status = session_ask_for_itself(c, "hello", &params, &c->hello_id);
    muster_params_free(&params);
    return status;
}

static enum muster_status ask_again(struct muster_client *c)
{
    enum muster_status status = MUSTER_OK;
    for (struct request *r = c->kept; r && status == MUSTER_OK; r = r->next) {
        if (r->is_lost) continue;
        r->was_sent = true;
        status = socket_post(c, &(struct iovec){.iov_base = r->bytes, .iov_len = r->size}, 1);
    }
    return status;
}

/* A new connection begins with a new parser: the last may have stopped in the middle of a frame. */
static enum muster_status begin_reading(struct muster_client *c)
{
    msgpack_unpacker_destroy(&c->unpacker);
    c->unpacker_ready = msgpack_unpacker_init(&c->unpacker, READ_SIZE);
    return c->unpacker_ready ? MUSTER_OK : broken(c, no_memory(c, "the engine's answers"));
}

enum muster_status session_connect(struct muster_client *c)
{
    if (monotonic_ms() < c->retry_ms) return MUSTER_NOTHING;
    enum muster_status status = begin_reading(c);
    if (status == MUSTER_OK) status = socket_open(c);
    if (status == MUSTER_NO_ENGINE) return c->patience_ms ? wait_or_give_up(c) : broken(c, MUSTER_NO_ENGINE);
    if (status == MUSTER_OK) status = say_hello(c);
    if (status == MUSTER_OK && c->subscription.is_on) status = subscription_ask(c);
    if (status == MUSTER_OK) status = ask_again(c);
    return status == MUSTER_GONE ? session_lost(c) : status;
}

void session_free(struct muster_client *c)
{
    while (c->kept) forget(c, &c->kept);
}
