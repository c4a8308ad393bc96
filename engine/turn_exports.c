/* Exports in the walk: the worker that writes one, and the files that are kept a day. */
#include <stdio.h>

#include "engine/turn_state.h"
#include "projections/exports.h"

/* ---- A start. */

static bool is_kept(void *turn, uint32_t number)
{
    struct export export;
    struct turn *t = turn;
    return exports_get(t->view, number, &export) && export.outcome == EXPORT_COMPLETE && !export.gone;
}

static void find_lost(struct turn *t)
{
    struct exports *x = &t->exports;
    for (uint32_t number = exports_next_kept(t->view, 1); number; number = exports_next_kept(t->view, number + 1)) {
        struct export export;
        ASSERT(exports_get(t->view, number, &export) && x->lost_count < COUNT_OF(x->lost));
        if (export_file_size(t->exports_directory, number) != export.bytes) x->lost[x->lost_count++] = number;
    }
}

bool turn_open_exports(struct turn *t)
{
    t->exports.first = exports_next_number(t->view);
    if (!export_files_sweep(t->exports_directory, is_kept, t, &t->why)) return false;
    find_lost(t);
    return true;
}

/* ---- The one that is written. */

bool turn_export_waits(const struct turn *t)
{
    return t->exports.run.number != 0 && !t->exports.run.begun;
}

struct task *turn_next_export(struct turn *t)
{
    struct export_run *run = &t->exports.run;
    struct export export;
    if (!turn_export_waits(t)) return NULL;
    ASSERT(exports_get(t->view, run->number, &export));
    struct task *task = task_new(TASK_EXPORT);
    task->projections = &t->projections;
    task->exports_directory = t->exports_directory;
    task->exporting = (struct exporting){.export = run->number,
                                         .of_group = export.group != 0,
                                         .filter = arena_copy(&task->arena, export.filter),
                                         .template = export.template,
                                         .devices = arena_copy(&task->arena, export.devices),
                                         .keys = group_keys_hold(key_store_keys(&t->keys))};
    group_keys_print(task->exporting.keys, GROUP_KEY_PRIMARY, run->primary);
    group_keys_print(task->exporting.keys, GROUP_KEY_SECONDARY, run->secondary);
    run->begun = true;
    return task;
}

void turn_export_done(struct turn *t, struct task *task)
{
    struct export_run *run = &t->exports.run;
    const struct exporting *e = &task->exporting;
    ASSERT(run->number == e->export);
    run->outcome = !task->failed ? EXPORT_COMPLETE : task->lacks_room ? EXPORT_NO_SPACE : EXPORT_FAILED;
    if (task->failed) run->reason = task->fault;
    run->rows = e->rows;
    run->bytes = e->bytes;
    run->done = true;
    t->wanted = true;
    task_delete(task);
}

void turn_export_facts(const struct turn *t, struct wire_facts *facts)
{
    for (uint32_t i = 0; i < t->at_workers_count; i++) {
        struct task *task = t->at_workers[i];
        if (task->kind != TASK_EXPORT) continue;
        facts->export_running = task->exporting.export;
        facts->export_rows = atomic_load(&task->exporting.rows_so_far);
        facts->export_percent = atomic_load(&task->exporting.percent);
    }
}

/* ---- What is over. */

void turn_settle_exports(struct turn *t)
{
    struct exports *x = &t->exports;
    for (uint32_t i = 0; i < x->gone_count; i++) export_file_remove(t->exports_directory, x->gone[i]);
    exports_settle(x);
}
