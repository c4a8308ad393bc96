/* Workers' tasks: long lists, results logs and the members of groups are asked for in a turn, begun when its events are
 * on disk, and answered when they are done. A task whose client has left does nothing. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/clock/journal.h"
#include "engine/decide/limits.h"
#include "engine/decide/plan.h"
#include "engine/turn_state.h"
#include "projections/groups.h"
#include "projections/jobs.h"
#include "projections/moves.h"
#include "projections/reruns.h"

enum { US_PER_S = 1000000 };

/* ---- Asking. */

static void hold_task(struct turn *t, struct task *task)
{
    struct pending_task *pending = arena_alloc(&t->arena, sizeof *pending);
    task->projections = &t->projections;
    task->log = &t->log;
    task->spool_directory = t->spool_directory;
    task->exports_directory = t->exports_directory;
    *pending = (struct pending_task){task, t->tasks};
    t->tasks = pending;
}

/* "token:offset", as the last piece gave it. */
static bool read_token(struct bytes text, struct results *results, struct arena *arena)
{
    const char *colon = text.size ? memchr(text.data, ':', text.size) : NULL;
    if (!colon) return false;
    size_t size = (size_t)(colon - (const char *)text.data);
    results->token = arena_copy(arena, (struct bytes){text.data, size});
    char *end, *offset = arena_text(arena, (struct bytes){colon + 1, text.size - size - 1});
    results->offset = strtoull(offset, &end, 10);
    return size > 0 && *end == '\0' && end != offset;
}

static enum refusal fill_results(struct task *task, const struct answer *answer)
{
    task->results.job = answer->number;
    task->results.columns = listing_copy(&task->arena, answer->listing).columns;
    if (!answer->text.data || read_token(answer->text, &task->results, &task->arena)) return ACCEPTED;
    return REFUSED_NO_SUCH_RESULTS;
}

static void fill_devices(struct task *task, const struct answer *answer)
{
    task->devices.filter = arena_copy(&task->arena, answer->text);
    task->devices.order = answer->device_order;
    task->devices.after = answer->device_place;
    task->devices.after.key = arena_copy(&task->arena, answer->device_place.key);
    task->devices.from = answer->device_place.number;
    task->devices.limit = (uint32_t)answer->limit;
}

static void fill_preview(struct task *task, const struct preview *preview)
{
    struct arena *arena = &task->arena;
    task->members = (struct members){.filter = arena_copy(arena, preview->filter),
                                     .target = preview->target,
                                     .data = arena_copy(arena, preview->data),
                                     .terms = arena_copy(arena, preview->terms),
                                     .batch_measure = (enum job_measure)preview->batch_measure,
                                     .batch_value = preview->batch_value,
                                     .sample_max = PLAN_SAMPLE};
}

static enum task_kind task_kind_of(enum answer_kind kind)
{
    switch (kind) {
    case ANSWER_DEVICES: return TASK_DEVICES;
    case ANSWER_JOB_DEVICES: return TASK_JOB_DEVICES;
    case ANSWER_FAILURES: return TASK_FAILURES;
    case ANSWER_ATTEMPTS: return TASK_ATTEMPTS;
    case ANSWER_PREVIEW: return TASK_PREVIEW;
    case ANSWER_EXPORT_PIECE: return TASK_EXPORT_PIECE;
    case ANSWER_GROUP_PREVIEW: return TASK_GROUP_PREVIEW;
    case ANSWER_DEVICE_HISTORY: return TASK_HISTORY;
    default: return TASK_RESULTS; /* the last one that a worker gives */
    }
}

/* The worker needs what was asked; the turn's arena does not live as long. */
static enum refusal fill_task(struct task *task, const struct answer *answer)
{
    switch (task->kind) {
    case TASK_MEMBERS:
    case TASK_MOVE:
    case TASK_EXPORT: break; /* not asked by a peer */
    case TASK_EXPORT_PIECE:
        task->export_piece = (struct export_piece){.export = answer->number, .offset = answer->from};
        break;
    case TASK_DEVICES: fill_devices(task, answer); break;
    case TASK_FAILURES: task->failures.job = answer->number; break;
    case TASK_ATTEMPTS:
        task->attempts = (struct attempts){.job = answer->number,
                                           .device_id = arena_copy(&task->arena, answer->text),
                                           .from = answer->from,
                                           .limit = (uint32_t)answer->limit};
        break;
    case TASK_PREVIEW: fill_preview(task, answer->preview); break;
    case TASK_GROUP_PREVIEW:
        task->members = (struct members){.filter = arena_copy(&task->arena, answer->text),
                                         .sample_max = (uint32_t)answer->limit};
        break;
    case TASK_HISTORY:
        task->history = (struct device_history){.device_id = arena_copy(&task->arena, answer->text),
                                                .from = (uint32_t)answer->from,
                                                .limit = (uint32_t)answer->limit};
        break;
    case TASK_JOB_DEVICES:
        task->job_devices.job = answer->number;
        task->job_devices.listing = listing_copy(&task->arena, answer->listing);
        break;
    case TASK_RESULTS: return fill_results(task, answer);
    }
    return ACCEPTED;
}

static uint32_t tasks_pending(const struct turn *t)
{
    uint32_t count = t->at_workers_count;
    for (const struct pending_task *pending = t->tasks; pending; pending = pending->next) count++;
    return count;
}

enum refusal turn_ask_worker(struct turn *t, struct peer *peer, uint64_t msgid, const struct answer *answer)
{
    if (peer->tasks >= TASKS_WAITING_MAX || tasks_pending(t) >= TASKS_MAX - OWN_TASKS_MAX) return REFUSED_BUSY;
    struct task *task = task_new(task_kind_of(answer->kind));
    task->peer = peer->id;
    task->msgid = msgid;
    enum refusal refusal = fill_task(task, answer);
    if (refusal) {
        task_delete(task);
        return refusal;
    }
    peer->tasks++;
    hold_task(t, task);
    return ACCEPTED;
}

/* The worker needs what the job was begun with; the turn's arena does not live as long. */
static void ask_for_members(struct turn *t, uint32_t number, uint64_t begun_seq)
{
    const struct job *job = jobs_get(t->view, number);
    struct group group;
    struct job_plan plan;
    struct rerun rerun = {0};
    if (job->begun_seq != begun_seq || !groups_get(t->view, job->group, &group)) return;
    bool quoted = job->plan_quoted;
    struct task *task = task_new(TASK_MEMBERS);
    struct arena *arena = &task->arena;
    reruns_get(t->view, number, &rerun);
    plan_of_job(t->view, arena, number, &plan);
    task->members = (struct members){.job = number,
                                     .begun_seq = begun_seq,
                                     .filter = arena_copy(arena, group.filter),
                                     .parent = rerun.parent,
                                     .which = (enum rerun_which)rerun.which,
                                     .target = plan.target,
                                     .data = plan.data.data,
                                     .terms = quoted ? plan_terms(t->view, arena, &plan) : BYTES_NONE};
    hold_task(t, task);
}

static void ask_for_move(struct turn *t, uint32_t number)
{
    struct bytes filter;
    if (moves_first_open(t->view, &filter) != number) return;
    struct task *task = task_new(TASK_MOVE);
    task->members = (struct members){.job = number, .filter = arena_copy(&task->arena, filter)};
    hold_task(t, task);
}

/* ---- Answers. */

/* What the engine asks for by itself. */
static bool task_reads_a_group(const struct task *task)
{
    return task->kind == TASK_MEMBERS || task->kind == TASK_MOVE;
}

/* No peer waits for it. */
static bool task_is_own(const struct task *task)
{
    return task_reads_a_group(task) || task->kind == TASK_EXPORT;
}

static void reading_failed(struct turn *t, const struct task *task, const char *whose)
{
    journal("%s devices could not be read: %s", whose, task->fault.text);
    t->members_retry_us = t->now.monotonic_us + US_PER_S;
}

/* What was read, as a list of lists of numbers. */
static const struct bytes *chunks_of(struct task *task, size_t *count)
{
    const struct members_chunk *chunk;
    *count = 0;
    for (chunk = task->members.chunks; chunk; chunk = chunk->next) (*count)++;
    struct bytes *chunks = arena_alloc(&task->arena, (*count + 1) * sizeof *chunks);
    *count = 0;
    for (chunk = task->members.chunks; chunk; chunk = chunk->next) chunks[(*count)++] = chunk->devices;
    return chunks;
}

/* A move that could not be read is asked for again. */
static void take_move(struct turn *t, struct task *task)
{
    struct moving *moving = &t->progress.moving;
    t->wanted = true;
    if (task->failed) {
        reading_failed(t, task, "a move's");
        *moving = (struct moving){0};
        task_delete(task);
        return;
    }
    ASSERT(moving->move == task->members.job);
    size_t count;
    const struct bytes *chunks = chunks_of(task, &count);
    moving_fill(moving, &task->arena, chunks, count, task->members.total);
    moving->owner = task;
}

static void take_members(struct turn *t, struct task *task)
{
    const struct members *members = &task->members;
    struct targets *targets = progress_targets(&t->progress, members->job, members->begun_seq);
    t->wanted = true;
    if (task->failed && targets) reading_failed(t, task, "a job's");
    if (!targets || task->failed) {
        /* Without its targets the job begins again. */
        if (targets) targets->begun_seq = 0;
        task_delete(task);
        return;
    }
    targets->chunks = chunks_of(task, &targets->chunk_count);
    targets->total = members->total;
    memcpy(targets->excluded, members->excluded, sizeof targets->excluded);
    memcpy(targets->plan_hash, members->hash, sizeof targets->plan_hash);
    targets->bad_filter = members->bad_filter;
    targets->owner = task;
    targets->read = true;
}

static enum refusal reply_of(struct task *task, struct buffer *out)
{
    char next[64] = "";
    if (task->failed) return task->lacks_room ? REFUSED_NO_SPACE : REFUSED_FAILED;
    switch (task->kind) {
    case TASK_MEMBERS:
    case TASK_MOVE:
    case TASK_EXPORT: break;
    case TASK_EXPORT_PIECE:
        if (task->export_piece.gone) return REFUSED_EXPORT_HAS_NO_FILE;
        wire_reply_export_piece(task->msgid, &task->export_piece, out);
        break;
    case TASK_PREVIEW:
        if (task->members.bad_filter) return REFUSED_BAD_FILTER;
        wire_reply_preview(task->msgid, &task->members, out);
        break;
    case TASK_GROUP_PREVIEW:
        if (task->members.bad_filter) return REFUSED_BAD_FILTER;
        wire_reply_group_preview(task->msgid, &task->members, out);
        break;
    case TASK_HISTORY:
        if (task->history.unknown) return REFUSED_NO_SUCH_DEVICE;
        wire_reply_history(task->msgid, &task->history, out);
        break;
    case TASK_DEVICES: wire_reply_devices(task->msgid, &task->devices, out); break;
    case TASK_JOB_DEVICES: wire_reply_job_devices(task->msgid, &task->job_devices, out); break;
    case TASK_FAILURES: wire_reply_failures(task->msgid, &task->failures, out); break;
    case TASK_ATTEMPTS:
        if (task->attempts.fault == ATTEMPTS_NOT_IN_JOB) return REFUSED_NOT_IN_JOB;
        if (task->attempts.fault == ATTEMPTS_BAD_CURSOR) return REFUSED_BAD_CURSOR;
        wire_reply_attempts(task->msgid, &task->attempts, out);
        break;
    case TASK_RESULTS:
        if (task->results.gone) return REFUSED_NO_SUCH_RESULTS;
        if (task->results.next)
            snprintf(next, sizeof next, "%.*s:%" PRIu64, BYTES_ARG(task->results.token), task->results.next);
        wire_reply_results(task->msgid, task->results.data, bytes_of_text(next), out);
        break;
    }
    return ACCEPTED;
}

static void answer_peer(struct turn *t, struct peer *peer, struct task *task, enum refusal refusal)
{
    struct buffer out = {.arena = &task->arena};
    if (!refusal) refusal = reply_of(task, &out);
    const char *text = task->failed ? task->fault.text : refusal_text(refusal);
    if (refusal) wire_reply_error(task->msgid, refusal, text, peer->error_strings, &out);
    t->settings.host.send(t->settings.host.context, peer->id, buffer_bytes(&out));
    peer->tasks--;
}

/* The task is over, done or refused. */
static void end_task(struct turn *t, struct task *task, enum refusal refusal)
{
    if (task_reads_a_group(task)) {
        if (refusal) sentence_set(&task->fault, "%s", refusal_text(refusal));
        task->failed |= refusal != ACCEPTED;
        if (task->kind == TASK_MOVE) take_move(t, task);
        else take_members(t, task);
        return;
    }
    if (task->kind == TASK_EXPORT) {
        turn_export_done(t, task);
        return;
    }
    struct peer *peer = turn_peer(t, task->peer);
    if (peer) answer_peer(t, peer, task, refusal);
    task_delete(task);
}

void turn_task_done(struct turn *t, struct task *task)
{
    uint32_t i = 0;
    while (t->at_workers[i] != task) i++;
    t->at_workers[i] = t->at_workers[--t->at_workers_count];
    if (task_reads_a_group(task)) t->members_tasks--;
    t->distrusted |= task->unreadable;
    t->wanted |= task->unreadable;
    end_task(t, task, ACCEPTED);
}

/* ---- Beginning and giving up. */

static void start_task(struct turn *t, struct task *task)
{
    ASSERT(t->at_workers_count < TASKS_MAX);
    t->at_workers[t->at_workers_count++] = task;
    if (task->kind == TASK_RESULTS) t->spool_used = true;
    if (task_reads_a_group(task)) {
        t->members_tasks++;
        /* Members are those of this very moment, which the log names; a failure is in the task. */
        task_take_snapshot(task);
    }
    t->settings.host.run_task(t->settings.host.context, task);
}

void turn_start_tasks(struct turn *t)
{
    for (struct pending_read *read = t->reads; read; read = read->next) {
        if (read->move) ask_for_move(t, read->move);
        else ask_for_members(t, read->job, read->begun_seq);
    }
    t->reads = NULL;
    /* Without room for the projections a worker would see an older state than the one that was answered. */
    bool committed = turn_is_committed(t);
    while (t->tasks) {
        struct task *task = t->tasks->task;
        t->tasks = t->tasks->next;
        if (committed) start_task(t, task);
        else end_task(t, task, REFUSED_NO_SPACE);
    }
    struct task *export = committed ? turn_next_export(t) : NULL;
    if (export) start_task(t, export);
}

void turn_drop_tasks(struct turn *t)
{
    for (struct pending_task *pending = t->tasks; pending; pending = pending->next) {
        struct peer *peer = turn_peer(t, pending->task->peer);
        if (peer) peer->tasks--;
        task_delete(pending->task);
    }
    t->tasks = NULL;
}

void turn_forget_tasks(struct turn *t, uint64_t peer)
{
    for (uint32_t i = 0; i < t->at_workers_count; i++) {
        if (!task_is_own(t->at_workers[i]) && t->at_workers[i]->peer == peer) task_cancel(t->at_workers[i]);
    }
}

void turn_cancel_tasks(struct turn *t)
{
    for (uint32_t i = 0; i < t->at_workers_count; i++) task_cancel(t->at_workers[i]);
}

/* ---- What results logs leave behind. */

void turn_clean_spool(struct turn *t)
{
    struct sentence why;
    if (!t->spool_used || t->now.monotonic_us - t->spool_cleaned_us < SPOOL_CLEAN_EVERY_US) return;
    t->spool_cleaned_us = t->now.monotonic_us;
    if (!spool_clean(t->spool_directory, t->now.wall_us / US_PER_S, &why)) journal("%s", why.text);
}
