/* Requests that carried an id, each with what it made. */
#include "projections/requests.h"

#include "projections/fold.h"

/* request id -> request; number of the REQUEST_SEEN -> request id, so that the event which it caused finds it. */
enum { REQUESTS = FOLD_TABLE(requests, 0), REQUEST_SEQS = FOLD_TABLE(requests, 1) };

enum { HASH_SIZE = 32, METHOD_SIZE_MAX = 64, FORGOTTEN_AT_ONCE = 2 };

#define REMEMBERED_US (INT64_C(30) * 24 * 3600 * 1000000)

struct stored {
    uint64_t seq;
    int64_t time_us;
    uint8_t body_hash[HASH_SIZE];
    uint32_t made;
    uint16_t made_job;
    uint16_t method_size;
    uint8_t method[METHOD_SIZE_MAX];
};

static bool put(struct view *v, struct bytes id, const struct stored *stored)
{
    return store_put(v, REQUESTS, id, (struct bytes){stored, offsetof(struct stored, method) + stored->method_size});
}

static bool get(struct view *v, struct bytes id, struct stored *stored, struct bytes *value)
{
    if (!store_get(v, REQUESTS, id, value)) return false;
    if (value->size < offsetof(struct stored, method) || value->size > sizeof *stored) {
        return store_damaged(v, "a request has another size than it was given");
    }
    memset(stored, 0, sizeof *stored);
    memcpy(stored, value->data, value->size);
    return true;
}

static bool is_old(int64_t seen_us, int64_t now_us)
{
    return now_us - seen_us > REMEMBERED_US;
}

/* Takes the oldest request off the list by number, and forgets it unless it made a job or its id came again since. */
static bool forget(struct view *v, uint64_t seq, struct bytes id, const struct stored *stored)
{
    if (stored->seq == seq && !stored->made_job && !store_delete(v, REQUESTS, id)) return false;
    return store_delete_number(v, REQUEST_SEQS, seq);
}

/* Each request that comes lets two old ones go, so that forgetting keeps pace and costs little. */
static bool forget_old(struct view *v, int64_t now_us)
{
    uint64_t seq;
    struct bytes at, value;
    struct stored stored;
    uint8_t id[STORE_KEY_MAX];
    for (int i = 0; i < FORGOTTEN_AT_ONCE && store_next(v, REQUEST_SEQS, 1, &seq, &at); i++) {
        struct bytes copy = {memcpy(id, at.data, MIN(at.size, sizeof id)), MIN(at.size, sizeof id)};
        /* One whose id came again since is kept as long as the later request: that is rare, and costs nothing. */
        bool known = get(v, copy, &stored, &value);
        if (known && !is_old(stored.time_us, now_us)) return true;
        if (!known) stored = (struct stored){0};
        if (!forget(v, seq, copy, &stored)) return false;
    }
    return v->fault == PROJECTIONS_OK;
}

/* An id may come again once it was forgotten; then this is another request. */
static enum fold_result request_seen(struct view *v, const struct event *e, struct sentence *why)
{
    struct bytes id = e->request_seen.request_id, method = e->request_seen.method, hash = e->request_seen.body_hash;
    struct stored stored = {.seq = e->seq, .time_us = e->time_us, .method_size = (uint16_t)method.size};
    if (!store_key_fits(id)) return fold_illegal(why, "a request's id has %zu bytes", id.size);
    if (hash.size != HASH_SIZE) return fold_illegal(why, "a request's hash has %zu bytes", hash.size);
    if (method.size > METHOD_SIZE_MAX) return fold_illegal(why, "a request's method has %zu bytes", method.size);
    memcpy(stored.body_hash, hash.data, HASH_SIZE);
    if (method.size) memcpy(stored.method, method.data, method.size);
    return fold_stored(put(v, id, &stored) && store_append_number(v, REQUEST_SEQS, e->seq, id) &&
                       forget_old(v, e->time_us));
}

/* The first thing a request made is what a repeat of it is answered with. */
static enum fold_result made(struct view *v, const struct event *e, uint32_t number, struct sentence *why)
{
    struct bytes id, value;
    struct stored stored = {0};
    if (e->cause == 0) return FOLD_OK;
    if (!store_get_number(v, REQUEST_SEQS, e->cause, &id)) {
        return fold_illegal(why, "event %llu, named as the cause, is no request", (unsigned long long)e->cause);
    }
    if (!get(v, id, &stored, &value) || stored.seq != e->cause || stored.made) return FOLD_OK;
    stored.made = number;
    stored.made_job = e->type == EVENT_JOB_CREATED;
    return fold_stored(put(v, id, &stored));
}

/* Requests care for their own event and for those that make a resource. */
static enum fold_result apply(struct view *v, const struct event *e, struct sentence *why)
{
    switch (e->type) {
    case EVENT_REQUEST_SEEN: return request_seen(v, e, why);
    case EVENT_JOB_CREATED: return made(v, e, e->job_created.job, why);
    case EVENT_IMPORT_OPENED: return made(v, e, e->import_opened.number, why);
    case EVENT_EXPORT_OPENED: return made(v, e, e->export_opened.number, why);
    case EVENT_MOVE_OPENED: return made(v, e, e->move_opened.move, why);
    default: return FOLD_OK;
    }
}

const struct fold fold_requests = {
    .name = "requests",
    .tables = {"requests", "request_seqs"},
    .apply = apply,
};

bool requests_find(struct view *v, struct bytes request_id, struct request *request)
{
    struct stored stored;
    struct bytes value;
    if (!get(v, request_id, &stored, &value)) return false;
    const uint8_t *at = value.data;
    *request = (struct request){
        .seq = stored.seq,
        .time_us = stored.time_us,
        .method = {at + offsetof(struct stored, method), value.size - offsetof(struct stored, method)},
        .body_hash = {at + offsetof(struct stored, body_hash), HASH_SIZE},
        .made = stored.made,
        .made_job = stored.made_job,
    };
    return true;
}

bool request_is_remembered(const struct request *request, int64_t now_us)
{
    return request->made_job || !is_old(request->time_us, now_us);
}
