/* Whom a job is for: one walk over all devices, or over the list of the job that it reruns. Besides the chunks only one
 * chunk's worth of memory is used. */
#include "engine/snapshot/runs.h"

#include <openssl/evp.h>

#include "engine/base/pack.h"
#include "engine/events/numbers.h"
#include "engine/snapshot/eligibility.h"
#include "engine/snapshot/selection.h"

/* ---- What becomes of a target: a place in a chunk or in the sample, and a part of the hash. */

struct gathering {
    struct task *task;
    struct eligibility eligibility;
    struct numbers_writer open;  /* the chunk being filled; its buffer is used again for the next */
    struct members_chunk **link; /* where the next chunk goes */
    EVP_MD_CTX *hash;            /* NULL: none is wanted */
    struct buffer id;            /* one as MessagePack, used again for the next */
};

static void hash_begin(struct gathering *g)
{
    struct bytes terms = g->task->members.terms;
    if (!terms.data) return;
    g->hash = EVP_MD_CTX_new();
    ASSERT(g->hash && EVP_DigestInit_ex2(g->hash, EVP_sha256(), NULL) == 1);
    ASSERT(EVP_DigestUpdate(g->hash, terms.data, terms.size) == 1);
}

static void hash_add(struct gathering *g, struct bytes id)
{
    if (!g->hash) return;
    g->id.size = 0;
    msgpack_packer p = packer_into(&g->id);
    pack_text(&p, id);
    ASSERT(EVP_DigestUpdate(g->hash, g->id.data, g->id.size) == 1);
}

static void hash_end(struct gathering *g)
{
    if (!g->hash) return;
    ASSERT(EVP_DigestFinal_ex(g->hash, g->task->members.hash, NULL) == 1);
    EVP_MD_CTX_free(g->hash);
}

static void chunk_end(struct gathering *g)
{
    if (g->open.count == 0) return;
    struct members_chunk *chunk = arena_zero(&g->task->arena, sizeof *chunk);
    chunk->devices = arena_copy(&g->task->arena, numbers_bytes(&g->open));
    chunk->count = (uint32_t)g->open.count;
    *g->link = chunk;
    g->link = &chunk->next;
    g->open.buffer.size = 0;
    g->open.last = 0;
    g->open.count = 0;
}

static void chunk_add(struct gathering *g, uint32_t device)
{
    if (g->open.count == TASK_MEMBERS_CHUNK) chunk_end(g);
    numbers_add(&g->open, device);
}

static bool is_preview(const struct task *task)
{
    return task->kind == TASK_PREVIEW || task->kind == TASK_GROUP_PREVIEW;
}

static void sample_add(struct members *members, struct arena *arena, struct bytes id)
{
    if (members->sample_count < members->sample_max) members->sample[members->sample_count++] = arena_copy(arena, id);
}

static void gather(struct gathering *g, const struct device *device)
{
    struct members *members = &g->task->members;
    enum exclusion exclusion = eligibility_check(&g->eligibility, device);
    if (exclusion != EXCLUDED_NOT) {
        members->excluded[exclusion]++;
        return;
    }
    members->total++;
    hash_add(g, device->id);
    if (is_preview(g->task)) sample_add(members, &g->task->arena, device->id);
    else chunk_add(g, device->number);
}

/* ---- Where devices come from. */

/* False when the filter cannot be parsed. */
static bool walk_group(struct gathering *g)
{
    struct task *task = g->task;
    struct selection selection;
    struct filter_error error;
    struct selected found;
    uint32_t from = 1, looks = UINT32_MAX;
    if (!selection_begin(&selection, task->snapshot, &task->arena, task->members.filter, &error)) {
        task->fault = error.sentence;
        return false;
    }
    while (selection_next(&selection, &from, &looks, &found) == SELECTION_FOUND) gather(g, &found.device);
    return true;
}

static bool is_rerun(const struct job_device *record, enum rerun_which which)
{
    if (record->state == DEVICE_COMPLETED) return false;
    return which & (record->state == DEVICE_FAILED ? RERUN_FAILED : RERUN_UNREACHED);
}

/* Both go up by number; a device that was removed has none to meet. */
static void walk_parent(struct gathering *g)
{
    struct view *view = g->task->snapshot;
    const struct members *members = &g->task->members;
    const struct job_list *list = job_devices_list(view, members->parent);
    struct device device = {0};
    uint32_t count = list ? list->count : 0;
    for (uint32_t position = 0; position < count; position++) {
        struct job_device record = job_devices_at(view, members->parent, position);
        if (!is_rerun(&record, members->which)) continue;
        if (device.number < record.device && !devices_next(view, record.device, &device)) return;
        if (device.number == record.device) gather(g, &device);
    }
}

void members_run(struct task *task)
{
    struct members *members = &task->members;
    struct gathering g = {.task = task,
                          .eligibility = eligibility_of(task->snapshot, members->target, members->data),
                          .open.buffer.arena = &task->arena,
                          .link = &members->chunks,
                          .id.arena = &task->arena};
    members->sample = arena_alloc(&task->arena, (members->sample_max + 1) * sizeof *members->sample);
    hash_begin(&g);
    if (members->parent) walk_parent(&g);
    else members->bad_filter = !walk_group(&g);
    chunk_end(&g);
    hash_end(&g);
}
