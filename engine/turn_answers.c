/* Answers that are not in the projections: events and refused rows are read from the log, long lists and results logs
 * are made by workers, subscribers are fed from the log at their own pace. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#include "engine/csv/csv_writer.h"
#include "engine/decide/limits.h"
#include "engine/turn_state.h"
#include "projections/groups.h"
#include "projections/imports.h"
#include "projections/jobs.h"

enum {
    EVENTS_LOOKED_AT_MAX = 20000,    /* for one page */
    EVENTS_FED_MAX = 1000,           /* to one subscriber in one turn */
    ERRORS_BYTES_MAX = 1 << 20,      /* a piece of an error log */
    FED_ROOM_LEAST = 128 << 10,      /* with less the subscriber reads first */
    US_PER_S = 1000000,
};

void turn_facts(struct turn *t, struct wire_facts *facts)
{
    struct statvfs disk;
    *facts = (struct wire_facts){.session = {t->settings.session, sizeof t->settings.session},
                                 .head = log_head(&t->log),
                                 .uptime_s = (uint64_t)(t->now.monotonic_us - t->started.monotonic_us) / US_PER_S,
                                 .connectors = t->connectors,
                                 .log_bytes = log_bytes(&t->log),
                                 .disk_percent = log_percent_full(&t->log),
                                 .disk_short = t->full || log_room(&t->log) == LOG_ROOM_SHORT,
                                 .concurrency_full =
                                     jobs_count(t->view, JOB_IS_RUNNING) >= t->settings.jobs_at_once,
                                 .connector_waits = t->takes.first || leases_soonest(&t->leases),
                                 .now_us = t->now.wall_us};
    memcpy(facts->log_id, log_id(&t->log), sizeof facts->log_id);
    memcpy(facts->root, log_root(&t->log), sizeof facts->root);
    if (statvfs(t->settings.data_directory, &disk) == 0)
        facts->disk_used = (uint64_t)(disk.f_blocks - disk.f_bfree) * disk.f_frsize;
}

/* ---- Events. */

static bool read_event(struct turn *t, uint64_t seq, struct event *event, struct sentence *why)
{
    struct bytes value;
    struct sentence reason;
    if (log_read(&t->reader, seq, &value) != LOG_OK) {
        *why = t->reader.why;
        return false;
    }
    if (event_decode(value, event, &reason) != EVENT_OK) {
        sentence_set(why, "event %" PRIu64 ": %s", seq, reason.text);
        return false;
    }
    event->seq = seq;
    return true;
}

const struct event *turn_find_dispatch(void *turn, uint64_t seq)
{
    struct turn *t = turn;
    struct sentence why;
    if (seq == 0 || seq > log_head(&t->log) || !read_event(t, seq, &t->dispatch, &why)) return NULL;
    return t->dispatch.type == EVENT_BATCH_DISPATCHED ? &t->dispatch : NULL;
}

static enum refusal check_from(struct turn *t, uint64_t from, struct sentence *why)
{
    uint64_t head = log_head(&t->log);
    if (from >= 1 && from <= head + 1) return ACCEPTED;
    sentence_set(why, "from must be an event's number from 1 to %" PRIu64 "; it is %" PRIu64, head + 1, from);
    return REFUSED_BAD_FIELD;
}

enum refusal turn_answer_events(struct turn *t, uint64_t msgid, struct answer *answer, struct buffer *out,
                                struct sentence *why)
{
    struct event event;
    struct event_filter filter = {0};
    struct buffer events = {.arena = &t->arena};
    uint32_t count = 0;
    uint64_t seq = answer->from;
    enum refusal refusal = check_from(t, seq, why);
    if (refusal) return refusal;
    if (answer->text.data && !wire_event_filter(t->view, answer->text, &filter, why))
        return REFUSED_BAD_FIELD;
    uint64_t end = MIN(log_head(&t->log), seq + EVENTS_LOOKED_AT_MAX - 1);
    for (; seq <= end && count < answer->limit && events.size < FRAME_BYTES_MAX / 2; seq++) {
        if (!read_event(t, seq, &event, why)) return REFUSED_FAILED;
        if (!wire_event_matches(&event, &filter)) continue;
        wire_event(t->view, &event, &events);
        count++;
    }
    wire_reply_events(msgid, buffer_bytes(&events), count, seq, out);
    return ACCEPTED;
}

enum refusal turn_subscribe(struct turn *t, struct peer *peer, const struct answer *answer, struct sentence *why)
{
    struct event_filter filter = {0};
    enum refusal refusal = check_from(t, answer->from, why);
    if (refusal) return refusal;
    if (answer->text.data && !wire_event_filter(t->view, answer->text, &filter, why))
        return REFUSED_BAD_FIELD;
    if (!peer->subscription) {
        peer->subscription = malloc(sizeof *peer->subscription);
        ASSERT(peer->subscription);
        t->subscriptions++;
    }
    struct subscription *s = peer->subscription;
    *s = (struct subscription){.next = answer->from, .filter = filter};
    return ACCEPTED;
}

static bool feed(struct turn *t, struct peer *peer)
{
    const struct turn_host *host = &t->settings.host;
    struct subscription *s = peer->subscription;
    uint64_t head = log_head(&t->log);
    struct event event;
    struct sentence why;
    for (unsigned looked = 0; s->next <= head; looked++) {
        if (host->room(host->context, peer->id) < FED_ROOM_LEAST) return false;
        if (looked == EVENTS_FED_MAX) return true;
        if (!read_event(t, s->next, &event, &why)) {
            host->hang_up(host->context, peer->id, why.text);
            return false;
        }
        s->next++;
        if (!wire_event_matches(&event, &s->filter)) continue;
        struct buffer out = {.arena = &t->arena};
        wire_notify_event(t->view, &event, &out);
        host->send(host->context, peer->id, buffer_bytes(&out));
    }
    if (s->told_up_to == head) return false;
    s->told_up_to = head;
    struct buffer out = {.arena = &t->arena};
    wire_notify_caught_up(head, &out);
    host->send(host->context, peer->id, buffer_bytes(&out));
    return false;
}

bool turn_feed_subscribers(struct turn *t)
{
    size_t index = 0;
    bool more = false;
    struct peer *peer;
    if (t->subscriptions == 0) return false;
    while ((peer = map_next(&t->peers, &index))) {
        if (peer->subscription) more |= feed(t, peer);
    }
    return more;
}

/* ---- The error log of an import: its header and refused rows, with the line and the reason put behind. */

static bool append_row(struct turn *t, uint64_t seq, bool header, struct buffer *csv, struct sentence *why)
{
    struct event event;
    char line[24];
    if (!read_event(t, seq, &event, why)) return false;
    struct bytes row = header ? event.import_header_read.row : event.import_row_rejected.row;
    int size = snprintf(line, sizeof line, "%" PRIu64, header ? 0 : event.import_row_rejected.line);
    buffer_append(csv, row.data, row.size);
    buffer_append(csv, ",", 1);
    struct csv_writer w = csv_writer_on(csv);
    csv_writer_cell(&w, header ? BYTES("IMPORT_LINE") : (struct bytes){line, (size_t)size});
    csv_writer_cell(&w, header ? BYTES("IMPORT_ERROR") : event.import_row_rejected.reason);
    csv_writer_row_end(&w);
    return true;
}

enum refusal turn_answer_import_errors(struct turn *t, uint64_t msgid, const struct answer *answer,
                                       struct buffer *out, struct sentence *why)
{
    struct import import;
    struct buffer csv = {.arena = &t->arena};
    uint64_t index = answer->from;
    ASSERT(imports_get(t->view, answer->number, &import));
    uint64_t header = import.header_seq, head = log_head(&t->log);
    if (index == 0 && header && header <= head && !append_row(t, header, true, &csv, why)) return REFUSED_FAILED;
    uint64_t seq = imports_rejected_row(t->view, answer->number, index);
    while (seq && seq <= head && csv.size < ERRORS_BYTES_MAX) {
        if (!append_row(t, seq, false, &csv, why)) return REFUSED_FAILED;
        seq = imports_rejected_row(t->view, answer->number, ++index);
    }
    wire_reply_import_errors(msgid, buffer_bytes(&csv), seq && seq <= head ? index : 0, out);
    return ACCEPTED;
}

/* ---- Workers. */

static void hold_task(struct turn *t, struct task *task)
{
    struct pending_task *pending = arena_alloc(&t->arena, sizeof *pending);
    task->projections = &t->projections;
    task->log = &t->log;
    task->spool_directory = t->spool_directory;
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

enum refusal turn_ask_worker(struct turn *t, struct peer *peer, uint64_t msgid, const struct answer *answer)
{
    if (peer->tasks >= TASKS_WAITING_MAX) return REFUSED_BUSY;
    enum task_kind kind = answer->kind == ANSWER_DEVICES       ? TASK_DEVICES
                          : answer->kind == ANSWER_JOB_DEVICES ? TASK_JOB_DEVICES
                                                               : TASK_RESULTS;
    struct task *task = task_new(kind);
    task->peer = peer->id;
    task->msgid = msgid;
    if (kind == TASK_DEVICES) {
        task->devices.filter = arena_copy(&task->arena, answer->text);
        task->devices.from = (uint32_t)answer->from;
        task->devices.limit = (uint32_t)answer->limit;
    } else if (kind == TASK_JOB_DEVICES) {
        task->job_devices = (struct job_device_page){.job = answer->number,
                                                     .state = (int)answer->state,
                                                     .outcome = (enum device_outcome)answer->outcome,
                                                     .device_id = arena_copy(&task->arena, answer->text),
                                                     .from = (uint32_t)answer->from,
                                                     .limit = (uint32_t)answer->limit};
    } else if (!answer->text.data) {
        task->results.job = answer->number;
    } else if (!read_token(answer->text, &task->results, &task->arena)) {
        task_delete(task);
        return REFUSED_NO_SUCH_RESULTS;
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
    if (job->begun_seq != begun_seq || !groups_get(t->view, job->group, &group)) return;
    struct task *task = task_new(TASK_MEMBERS);
    task->members = (struct members){.job = number,
                                     .filter = arena_copy(&task->arena, group.filter),
                                     .target = job->target,
                                     .begun_seq = begun_seq};
    hold_task(t, task);
}

void turn_start_tasks(struct turn *t)
{
    for (struct pending_read *read = t->reads; read; read = read->next)
        ask_for_members(t, read->job, read->begun_seq);
    for (struct pending_task *pending = t->tasks; pending; pending = pending->next) {
        /* Members are those of this very moment, which the log names; a failure is in the task. */
        if (pending->task->kind == TASK_MEMBERS) task_take_snapshot(pending->task);
        if (pending->task->kind == TASK_RESULTS) t->spool_used = true;
        t->settings.host.run_task(t->settings.host.context, pending->task);
    }
    t->reads = NULL;
    t->tasks = NULL;
}

void turn_clean_spool(struct turn *t)
{
    struct sentence why;
    if (!t->spool_used || t->now.monotonic_us - t->spool_cleaned_us < SPOOL_CLEAN_EVERY_US) return;
    t->spool_cleaned_us = t->now.monotonic_us;
    if (!spool_clean(t->spool_directory, t->now.wall_us / US_PER_S, &why)) fprintf(stderr, "musterd: %s\n", why.text);
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

/* ---- Workers' answers. */

static void take_members(struct turn *t, struct task *task)
{
    const struct members *members = &task->members;
    struct targets *targets = progress_targets(&t->progress, members->job, members->begun_seq);
    t->wanted = true;
    if (task->failed) fprintf(stderr, "musterd: a job's devices could not be read: %s\n", task->fault.text);
    if (!targets || task->failed) {
        /* Without its targets the job begins again. */
        if (targets) targets->begun_seq = 0;
        task_delete(task);
        return;
    }
    size_t count = 0;
    for (const struct members_chunk *chunk = members->chunks; chunk; chunk = chunk->next) count++;
    struct bytes *chunks = arena_alloc(&task->arena, (count + 1) * sizeof *chunks);
    count = 0;
    for (const struct members_chunk *chunk = members->chunks; chunk; chunk = chunk->next)
        chunks[count++] = chunk->devices;
    targets->chunks = chunks;
    targets->chunk_count = count;
    targets->total = members->total;
    targets->excluded = members->excluded;
    targets->bad_filter = members->bad_filter;
    targets->owner = task;
    targets->read = true;
}

static enum refusal reply_of(struct task *task, struct buffer *out)
{
    char next[64] = "";
    if (task->failed) return REFUSED_FAILED;
    switch (task->kind) {
    case TASK_MEMBERS: break;
    case TASK_DEVICES: wire_reply_devices(task->msgid, &task->devices, out); break;
    case TASK_JOB_DEVICES: wire_reply_job_devices(task->msgid, &task->job_devices, out); break;
    case TASK_RESULTS:
        if (task->results.gone) return REFUSED_NO_SUCH_RESULTS;
        if (task->results.next)
            snprintf(next, sizeof next, "%.*s:%" PRIu64, BYTES_ARG(task->results.token), task->results.next);
        wire_reply_results(task->msgid, task->results.data, bytes_of_text(next), out);
        break;
    }
    return ACCEPTED;
}

void turn_task_done(struct turn *t, struct task *task)
{
    t->distrusted |= task->unreadable;
    t->wanted |= task->unreadable;
    if (task->kind == TASK_MEMBERS) {
        take_members(t, task);
        return;
    }
    struct peer *peer = turn_peer(t, task->peer);
    if (peer) {
        struct buffer out = {.arena = &task->arena};
        enum refusal refusal = reply_of(task, &out);
        const char *text = task->failed ? task->fault.text : refusal_text(refusal);
        if (refusal) wire_reply_error(task->msgid, refusal, text, peer->error_strings, &out);
        t->settings.host.send(t->settings.host.context, peer->id, buffer_bytes(&out));
        peer->tasks--;
    }
    task_delete(task);
}
