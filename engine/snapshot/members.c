/* Who is in a group: one walk over all devices. Besides the chunks only one chunk's worth of memory is used. */
#include "engine/snapshot/runs.h"

#include "engine/events/numbers.h"
#include "engine/snapshot/selection.h"

struct chunking {
    struct task *task;
    struct numbers_writer open;  /* the chunk being filled; its buffer is used again for the next */
    struct members_chunk **link; /* where the next chunk goes */
};

static void chunk_end(struct chunking *c)
{
    if (c->open.count == 0) return;
    struct members_chunk *chunk = arena_zero(&c->task->arena, sizeof *chunk);
    chunk->devices = arena_copy(&c->task->arena, numbers_bytes(&c->open));
    chunk->count = (uint32_t)c->open.count;
    *c->link = chunk;
    c->link = &chunk->next;
    c->open.buffer.size = 0;
    c->open.last = 0;
    c->open.count = 0;
}

static void member_add(struct chunking *c, uint32_t device)
{
    if (c->open.count == TASK_MEMBERS_CHUNK) chunk_end(c);
    numbers_add(&c->open, device);
    c->task->members.total++;
}

void members_run(struct task *task)
{
    struct members *members = &task->members;
    struct selection selection;
    struct filter_error error;
    if (!selection_begin(&selection, task->snapshot, &task->arena, members->filter, &error)) {
        members->bad_filter = true;
        task->fault = error.sentence;
        return;
    }
    struct chunking chunking = {.task = task, .open.buffer.arena = &task->arena, .link = &members->chunks};
    struct selected found;
    uint32_t from = 1, looks = UINT32_MAX;
    while (selection_next(&selection, &from, &looks, &found) == SELECTION_FOUND) {
        bool is_target = members->target == 0 || members->target == found.device.template;
        if (is_target) member_add(&chunking, found.device.number);
        else members->excluded++;
    }
    chunk_end(&chunking);
}
