/* Work that was taken, copied out of the answer: it outlives the answer, the connection and the client. */
#include "client.h"

#include <stdlib.h>
#include <string.h>

struct work {
    struct muster_work open; /* first: what programs see is the beginning of it */
    msgpack_zone *zone;      /* holds all texts, the list of devices and `data` */
    bool *has_result;
    msgpack_sbuffer results; /* noted and not reported */
    uint32_t results_count;
};

static struct work *inside(struct muster_work *work)
{
    return (struct work *)work;
}

/* ---- Out of the answer. */

static char *copy_text(msgpack_zone *zone, msgpack_object_str text)
{
    char *copy = msgpack_zone_malloc(zone, text.size + 1);
    if (!copy) return NULL;
    memcpy(copy, text.ptr, text.size);
    copy[text.size] = '\0';
    return copy;
}

static bool copy_devices(struct work *w, const msgpack_object *list)
{
    static const msgpack_object_str NONE = {.size = 0, .ptr = ""};
    uint32_t count = list && list->type == MSGPACK_OBJECT_ARRAY ? list->via.array.size : 0;
    const char **devices = msgpack_zone_malloc(w->zone, (count + 1) * sizeof *devices);
    w->has_result = calloc(count + 1, sizeof *w->has_result);
    if (!devices || !w->has_result) return false;
    for (uint32_t i = 0; i < count; i++) {
        const msgpack_object *id = &list->via.array.ptr[i];
        devices[i] = copy_text(w->zone, id->type == MSGPACK_OBJECT_STR ? id->via.str : NONE);
        if (!devices[i]) return false;
    }
    w->open.devices = devices;
    w->open.count = count;
    return true;
}

/* msgpack-c copies no objects: written and read again, the texts in it point into what was written. */
static bool copy_data(struct work *w, const msgpack_object *data)
{
    static const msgpack_object NIL = {.type = MSGPACK_OBJECT_NIL};
    msgpack_sbuffer bytes;
    msgpack_packer packer;
    msgpack_sbuffer_init(&bytes);
    msgpack_packer_init(&packer, &bytes, msgpack_sbuffer_write);
    msgpack_object *copy = msgpack_zone_malloc(w->zone, sizeof *copy);
    bool good = copy && msgpack_pack_object(&packer, data ? *data : NIL) == 0;
    char *kept = good ? msgpack_zone_malloc(w->zone, bytes.size) : NULL;
    if (kept) {
        memcpy(kept, bytes.data, bytes.size);
        good = msgpack_unpack(kept, bytes.size, NULL, w->zone, copy) == MSGPACK_UNPACK_SUCCESS;
    }
    msgpack_sbuffer_destroy(&bytes);
    w->open.data = copy;
    return good && kept;
}

static struct muster_work *work_new(const msgpack_object *answer)
{
    enum { ZONE_CHUNK_SIZE = 8192 };
    struct work *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    msgpack_sbuffer_init(&w->results);
    w->zone = msgpack_zone_new(ZONE_CHUNK_SIZE);
    w->open.handle = muster_uint(answer, "work", 0);
    w->open.batch = muster_uint(answer, "batch", 0);
    w->open.attempt = muster_uint(answer, "attempt", 0);
    w->open.deadline_ms = monotonic_ms() + muster_uint(answer, "timeout", 0) * 1000;
    bool good = w->zone && (w->open.job = copy_text(w->zone, muster_text(answer, "job"))) != NULL &&
                (w->open.type = copy_text(w->zone, muster_text(answer, "type"))) != NULL &&
                copy_devices(w, muster_get(answer, "devices")) && copy_data(w, muster_get(answer, "data"));
    if (good) return &w->open;
    muster_work_free(&w->open);
    return NULL;
}

enum muster_status muster_work_read(const msgpack_object *answer, struct muster_work **work)
{
    struct muster_work **end = work;
    *work = NULL;
    if (answer->type != MSGPACK_OBJECT_ARRAY) return MUSTER_BAD_ANSWER;
    for (uint32_t i = 0; i < answer->via.array.size; i++) {
        *end = work_new(&answer->via.array.ptr[i]);
        if (*end) {
            end = &(*end)->next;
            continue;
        }
        for (struct muster_work *next; *work; *work = next) {
            next = (*work)->next;
            muster_work_free(*work);
        }
        return MUSTER_NO_MEMORY;
    }
    return *work ? MUSTER_OK : MUSTER_NOTHING;
}

void muster_work_free(struct muster_work *work)
{
    if (!work) return;
    struct work *w = inside(work);
    if (w->zone) msgpack_zone_free(w->zone);
    msgpack_sbuffer_destroy(&w->results);
    free(w->has_result);
    free(w);
}

enum muster_status muster_take(struct muster_client *client, const char *connector, uint32_t max, uint32_t wait_s,
                               struct muster_work **work)
{
    struct muster_params params;
    msgpack_object answer;
    *work = NULL;
    muster_params_init(&params);
    muster_put_text(&params, "connector", connector);
    muster_put_uint(&params, "max", max);
    muster_put_uint(&params, "wait", wait_s);
    enum muster_status status = muster_call(client, "work.take", &params, &answer);
    muster_params_free(&params);
    if (status != MUSTER_OK) return status;
    status = muster_work_read(&answer, work);
    if (status == MUSTER_NO_MEMORY) return no_memory(client, "the work that was taken");
    return status == MUSTER_BAD_ANSWER ? bad_answer(client, "work is a list") : status;
}

/* ---- How it went. */

static const char *word_of(enum muster_outcome outcome)
{
    switch (outcome) {
    case MUSTER_COMPLETED: return "completed";
    case MUSTER_FAILED: return "failed";
    case MUSTER_REJECTED: return "rejected";
    case MUSTER_RETURNED: return "returned";
    }
    return NULL;
}

/* [index, status, error, response], as short as it can be; nil where an error is left out before a response. */
static int pack_result(msgpack_packer *packer, size_t index, const char *word, const char *error,
                       const msgpack_object *response)
{
    int failed = msgpack_pack_array(packer, response ? 4 : error ? 3 : 2);
    failed |= msgpack_pack_uint64(packer, index);
    failed |= msgpack_pack_str_with_body(packer, word, strlen(word));
    if (error) failed |= msgpack_pack_str_with_body(packer, error, strlen(error));
    else if (response) failed |= msgpack_pack_nil(packer);
    return response ? failed | msgpack_pack_object(packer, *response) : failed;
}

bool muster_work_result(struct muster_work *work, size_t index, enum muster_outcome outcome, const char *error,
                        const msgpack_object *response)
{
    struct work *w = inside(work);
    const char *word = word_of(outcome);
    if (!word || index >= work->count || w->has_result[index]) return false;
    msgpack_packer packer;
    size_t before = w->results.size;
    msgpack_packer_init(&packer, &w->results, msgpack_sbuffer_write);
    if (pack_result(&packer, index, word, error, response) != 0) {
        w->results.size = before;
        return false;
    }
    w->results_count++;
    return w->has_result[index] = true;
}

size_t muster_work_give_back(struct muster_work *work)
{
    size_t count = 0;
    for (size_t i = 0; i < work->count; i++) count += muster_work_result(work, i, MUSTER_RETURNED, NULL, NULL);
    return count;
}

uint64_t muster_work_time_left(const struct muster_work *work)
{
    uint64_t now_ms = monotonic_ms();
    return now_ms < work->deadline_ms ? work->deadline_ms - now_ms : 0;
}

/* ---- Reporting. */

static void put_results(struct muster_params *params, struct work *w)
{
    muster_put_uint(params, "work", w->open.handle);
    msgpack_pack_array(muster_put(params, "results"), w->results_count);
    if (w->results.size == 0) return;
    params->failed |= msgpack_sbuffer_write(&params->fields, w->results.data, w->results.size) != 0;
}

static void clear_results(struct work *w)
{
    msgpack_sbuffer_clear(&w->results);
    w->results_count = 0;
}

void muster_put_results(struct muster_params *params, struct muster_work *work)
{
    put_results(params, inside(work));
    if (!params->failed) clear_results(inside(work));
}

enum muster_status muster_report(struct muster_client *client, struct muster_work *work,
                                 struct muster_reported *reported)
{
    struct work *w = inside(work);
    struct muster_params params;
    msgpack_object answer;
    if (reported) *reported = (struct muster_reported){.recorded = 0};
    if (w->results_count == 0) return MUSTER_OK;
    muster_params_init(&params);
    put_results(&params, w);
    enum muster_status status = muster_call(client, "work.report", &params, &answer);
    muster_params_free(&params);
    if (status != MUSTER_OK) return status;
    clear_results(w);
    if (!reported) return MUSTER_OK;
    reported->recorded = muster_uint(&answer, "recorded", 0);
    reported->duplicates = muster_uint(&answer, "duplicates", 0);
    reported->unknown = muster_uint(&answer, "unknown", 0);
    return MUSTER_OK;
}
