/* The failed devices of a job counted by reason and error: a table of groups, found by their hash. The table is
 * bounded; what comes up when it is full is counted without a name. */
#include "engine/snapshot/runs.h"

#include "engine/snapshot/rows.h"

#include <stdlib.h>
#include <sys/random.h>

enum { SLOTS = 1 << 15 }; /* a third full at most */
_Static_assert(SLOTS >= 3 * FAILURES_KEPT_MAX, "places for all groups, and gaps between them");

struct grouping {
    struct arena *arena;
    uint64_t seed;
    struct failure_group *groups;
    uint32_t count;
    uint32_t rest;
    uint16_t *slots; /* 1 + index of the group; 0: free */
};

/* FNV-1a from a random start, so that nobody can choose errors that collide. */
static uint32_t slot_of(const struct grouping *g, enum device_outcome outcome, struct bytes error)
{
    const uint8_t *byte = error.data;
    uint64_t hash = (g->seed ^ outcome) * UINT64_C(1099511628211);
    for (size_t i = 0; i < error.size; i++) hash = (hash ^ byte[i]) * UINT64_C(1099511628211);
    return (uint32_t)(hash ^ hash >> 32) % SLOTS;
}

static void count_in(struct grouping *g, enum device_outcome outcome, struct bytes error)
{
    uint32_t slot = slot_of(g, outcome, error);
    for (; g->slots[slot]; slot = (slot + 1) % SLOTS) {
        struct failure_group *group = &g->groups[g->slots[slot] - 1];
        if (group->outcome != outcome || !bytes_equal(group->error, error)) continue;
        group->count++;
        return;
    }
    if (g->count == FAILURES_KEPT_MAX) {
        g->rest++;
        return;
    }
    g->groups[g->count] = (struct failure_group){outcome, arena_copy(g->arena, error), 1};
    g->slots[slot] = (uint16_t)++g->count;
}

/* Groups of one size in the order of reason and error, so that the same question has the same answer. */
static int larger_first(const void *a, const void *b)
{
    const struct failure_group *one = a, *other = b;
    if (one->count != other->count) return one->count > other->count ? -1 : 1;
    if (one->outcome != other->outcome) return one->outcome < other->outcome ? -1 : 1;
    size_t size = MIN(one->error.size, other->error.size);
    int order = size ? memcmp(one->error.data, other->error.data, size) : 0;
    return order ? order : (one->error.size > other->error.size) - (one->error.size < other->error.size);
}

static bool count_all(struct task *task, struct rows *rows, struct grouping *g)
{
    for (uint32_t position = 0; position < rows->list.count; position++) {
        struct job_device record = rows_record(rows, position);
        struct bytes error;
        if (record.state != DEVICE_FAILED) continue;
        if (!rows_error(rows, &record, &error)) return task_fail(task, "%s", rows->why.text);
        count_in(g, record.outcome, error);
    }
    return true;
}

static void show(struct failures *failures, struct grouping *g)
{
    qsort(g->groups, g->count, sizeof g->groups[0], larger_first);
    failures->groups = g->groups;
    failures->count = MIN(g->count, (uint32_t)FAILURES_SHOWN_MAX);
    failures->rest = g->rest;
    for (uint32_t i = FAILURES_SHOWN_MAX; i < g->count; i++) failures->rest += g->groups[i].count;
}

void failures_run(struct task *task)
{
    struct rows rows;
    struct grouping g = {.arena = &task->arena};
    if (!rows_open(&rows, task, task->failures.job, (struct columns){0})) {
        task_fail(task, "%s", rows.why.text);
        return;
    }
    if (getrandom(&g.seed, sizeof g.seed, 0) != sizeof g.seed) g.seed = task->seq;
    g.groups = arena_alloc(&task->arena, FAILURES_KEPT_MAX * sizeof g.groups[0]);
    g.slots = arena_zero(&task->arena, SLOTS * sizeof g.slots[0]);
    if (count_all(task, &rows, &g)) show(&task->failures, &g);
    rows_close(&rows);
}
