/* The beginning and the end of an engine, and of each turn's events: opening the log and the projections, the facts
 * that come before all others, the append, and the way back when there was no append. */
#include <stdio.h>
#include <stdlib.h>

#include "engine/base/space.h"
#include "engine/clock/clock.h"
#include "engine/clock/journal.h"
#include "engine/refold.h"
#include "engine/turn_state.h"

enum { US_PER_S = 1000000, STEP_US = US_PER_S, FORMAT = 1 };

/* Bytes of values. Room for a turn that brings things to their end is room: a turn that needs more is refused alone. */
enum { ROOM_WANTED = 64 << 10 };

/* ---- Open. */

struct fault_exit {
    enum log_fault fault;
    int exit_code;
};

static int exit_code_of(enum log_fault fault)
{
    static const struct fault_exit EXITS[] = {
        {LOG_NO_SPACE, EXIT_NO_SPACE}, {LOG_OUTCOME_UNKNOWN, EXIT_DISK},        {LOG_BUSY, EXIT_BUSY},
        {LOG_DAMAGED, EXIT_DAMAGED},   {LOG_NEWER_FORMAT, EXIT_NEWER_FORMAT}, {LOG_SEGMENT_MISSING, EXIT_DAMAGED},
    };
    for (size_t i = 0; i < COUNT_OF(EXITS); i++) {
        if (EXITS[i].fault == fault) return EXITS[i].exit_code;
    }
    return EXIT_FAILED;
}

static char *path_in(const char *directory, const char *name)
{
    char *path;
    ASSERT(asprintf(&path, "%s/%s", directory, name) >= 0);
    return path;
}

static bool open_log(struct turn *t)
{
    char *directory = path_in(t->settings.data_directory, "log");
    struct log_settings settings = {.directory = directory,
                                    .segment_values_max = t->settings.segment_values_max,
                                    .segment_bytes_max = t->settings.segment_bytes_max,
                                    .map_bytes = t->settings.log_map_bytes,
                                    .quota_bytes = t->settings.quota_bytes,
                                    .ballast_bytes = t->settings.ballast_bytes};
    enum log_fault fault = log_open(&t->log, &settings);
    free(directory);
    if (fault == LOG_OK) fault = log_reader_open(&t->reader, &t->log);
    if (fault == LOG_OK) return true;
    t->why = t->log.why;
    t->exit_code = exit_code_of(fault);
    return false;
}

/* Folds what the projections lack. Without room they are folded and not committed: the engine goes on. */
static bool catch_up(struct turn *t, bool proved)
{
    const struct turn_host *host = &t->settings.host;
    const struct refold_watch watch = {.context = host->context, .folding = host->folding};
    switch (refold_watched(&t->projections, &t->log, proved, &watch, &t->why)) {
    case REFOLD_OK: return true;
    case REFOLD_NO_SPACE: t->full = true; return true;
    case REFOLD_ILLEGAL: t->exit_code = EXIT_DAMAGED; break;
    case REFOLD_LOG: t->exit_code = EXIT_DAMAGED; break;
    case REFOLD_STORE: t->exit_code = EXIT_DISK; break;
    }
    return false;
}

/* What an operator wants to know of a start that was not an ordinary one. */
static bool fold_at_start(struct turn *t)
{
    uint64_t from = projections_head(&t->projections);
    if (log_head(&t->log) > 0 && !log_was_clean(&t->log))
        journal("the last stop was not clean; the end of the log was checked and is whole");
    if (!catch_up(t, t->settings.rebuild)) return false;
    uint64_t folded = log_head(&t->log) - from;
    if (folded) journal("folded %llu events%s", (unsigned long long)folded,
                        t->settings.rebuild ? ", each proved to be what was written" : "");
    return true;
}

/* Projections of a log that is not there: somebody forgot to mount it, or moved it away. To begin a new history beside
 * them would hide that. */
static bool log_is_missing(struct turn *t)
{
    uint64_t folded = projections_position(&t->projections).seq;
    if (log_head(&t->log) > 0 || folded == 0) return false;
    sentence_set(&t->why, "%s/log is empty, but %s/projections was made from a log of %llu events; put that log back, or "
                          "remove projections to begin anew",
                 t->settings.data_directory, t->settings.data_directory, (unsigned long long)folded);
    t->exit_code = EXIT_DAMAGED;
    return true;
}

static bool open_projections(struct turn *t)
{
    char *directory = path_in(t->settings.data_directory, "projections");
    struct projections_settings settings = {.directory = directory, .boot_id = t->settings.boot_id};
    enum projections_fault fault;
    do fault = projections_open(&t->projections, &settings);
    while (fault == PROJECTIONS_NO_SPACE && log_give_up_ballast(&t->log));
    free(directory);
    if (fault == PROJECTIONS_OK && t->projections.why.text[0])
        journal("%s", t->projections.why.text);
    bool unfit = fault == PROJECTIONS_OK && (t->settings.rebuild || !projections_fit(&t->projections, &t->log));
    if (fault == PROJECTIONS_OK && log_is_missing(t)) {
        projections_close(&t->projections, false);
        return false;
    }
    if (unfit) fault = projections_reset(&t->projections);
    if (fault != PROJECTIONS_OK) {
        t->why = t->projections.why;
        t->exit_code = fault == PROJECTIONS_NO_SPACE ? EXIT_NO_SPACE : EXIT_DISK;
        return false;
    }
    t->view = projections_live(&t->projections);
    return true;
}

static void set_defaults(struct turn_settings *s)
{
    if (s->jobs_at_once == 0) s->jobs_at_once = 5;
    if (s->property_timeout == 0) s->property_timeout = 300;
    if (s->command_timeout == 0) s->command_timeout = 30;
    if (s->returned_rest == 0) s->returned_rest = 5;
}

void turn_change_settings(struct turn *t, const struct turn_settings *settings)
{
    t->settings.jobs_at_once = settings->jobs_at_once;
    t->settings.property_timeout = settings->property_timeout;
    t->settings.command_timeout = settings->command_timeout;
    t->settings.returned_rest = settings->returned_rest;
    set_defaults(&t->settings);
    t->progress.handouts.rest_us = (int64_t)t->settings.returned_rest * US_PER_S;
    t->wanted = true;
}

static void turn_delete(struct turn *t)
{
    free(t->spool_directory);
    free(t->exports_directory);
    free(t);
}

struct turn *turn_open(const struct turn_settings *settings, struct sentence *why, int *exit_code)
{
    struct turn *t = calloc(1, sizeof *t);
    ASSERT(t);
    t->settings = *settings;
    set_defaults(&t->settings);
    t->progress.handouts.rest_us = (int64_t)t->settings.returned_rest * US_PER_S;
    t->now = t->started = settings->now;
    t->committed_us = t->now.monotonic_us;
    t->exit_code = EXIT_FAILED;
    if (!open_log(t)) goto no_log;
    t->spool_directory = path_in(settings->data_directory, "spool");
    t->exports_directory = path_in(settings->data_directory, "exports");
    if (!spool_clean(t->spool_directory, 0, &t->why)) goto no_projections;
    if (!open_projections(t)) goto no_projections;
    if (!fold_at_start(t) || !turn_open_keys(t)) goto not_folded;
    if (!turn_open_exports(t)) goto no_exports;
    turn_open_signer(t);
    t->time_us = log_time_us(&t->log);
    return t;

no_exports:
    key_store_close(&t->keys);
not_folded:
    projections_close(&t->projections, false);
no_projections:
    log_reader_close(&t->reader);
    log_close(&t->log, false);
no_log:
    *why = t->why;
    *exit_code = t->exit_code;
    turn_delete(t);
    return NULL;
}

/* ---- A turn's events. */

static bool fold(void *context, const struct event *event)
{
    struct turn *t = context;
    struct sentence why;
    switch (projections_apply(&t->projections, event, &why)) {
    case FOLD_OK:
        progress_saw(&t->progress, t->view, event, t->now.monotonic_us);
        turn_count_event(t, event);
        return true;
    case FOLD_FAULT: return false;
    case FOLD_ILLEGAL: break;
    }
    journal("event %llu (%s): %s", (unsigned long long)event->seq, event_name(event->type), why.text);
    ASSERT(!"what was decided can be folded");
    return false;
}

void turn_begin_events(struct turn *t)
{
    t->events = (struct events){.bytes.arena = &t->arena,
                                .first_seq = log_head(&t->log) + 1,
                                .time_us = MAX(t->now.wall_us, t->time_us),
                                .fold = fold,
                                .context = t};
    memset(t->results, 0, sizeof t->results);
    t->served = NULL;
    t->served_last = &t->served;
    t->reads = NULL;
    t->tasks = NULL;
}

void turn_begin(struct turn *t)
{
    arena_reset(&t->arena);
    t->handled = arena_alloc(&t->arena, HANDLED_MAX * sizeof *t->handled);
    t->handled_count = 0;
    t->number++;
    t->takes_part = 0;
    t->wanted = false;
    t->reply_bytes = 0;
    t->looks = 0;
    t->clock_step_us = 0;
    turn_begin_events(t);
}

static void announce_segment(struct turn *t)
{
    struct event event = {.type = EVENT_SEGMENT_OPENED,
                          .segment_opened = {.root = {log_root(&t->log), MERKLE_HASH_SIZE}}};
    log_segment_range(&t->log, &event.segment_opened.first, &event.segment_opened.last);
    emit(&t->events, event);
}

static void announce_engine(struct turn *t)
{
    if (log_head(&t->log) == 0)
        emit(&t->events, (struct event){.type = EVENT_LOG_STARTED,
                                        .log_started = {.log_id = {log_id(&t->log), LOG_ID_SIZE}, .format = FORMAT}});
    emit(&t->events, (struct event){.type = EVENT_ENGINE_STARTED,
                                    .engine_started = {.version = BYTES(MUSTER_VERSION),
                                                       .clean = log_was_clean(&t->log),
                                                       .settings = t->settings.settings}});
    if (!t->keys.unknown) return;
    struct key_prints prints = turn_key_prints(t);
    emit(&t->events, (struct event){.type = EVENT_KEYS_ROTATED,
                                    .keys_rotated = {.which = KEYS_ROTATED_BOTH,
                                                     .primary = prints.primary,
                                                     .secondary = prints.secondary}});
}

/* How far the wall clock went beside the monotonic one since the last look. */
static void announce_clock(struct turn *t)
{
    int64_t by = (t->now.wall_us - t->started.wall_us) - (t->now.monotonic_us - t->started.monotonic_us);
    if (by < STEP_US && by > -STEP_US) return;
    emit(&t->events, (struct event){.type = EVENT_CLOCK_STEPPED, .clock_stepped = {.by_us = by}});
    t->clock_step_us = by;
}

void turn_announce(struct turn *t)
{
    if (t->full) return;
    if (log_must_roll(&t->log)) announce_segment(t);
    if (!t->announced) announce_engine(t);
    announce_clock(t);
}

/* ---- Onto the disk. */

/* The projections write to the same disk, and results need them too: the ballast is also for them. */
static bool projections_have_room(struct turn *t)
{
    enum projections_fault fault;
    do fault = projections_reserve(&t->projections);
    while (fault == PROJECTIONS_NO_SPACE && log_give_up_ballast(&t->log));
    return fault != PROJECTIONS_NO_SPACE;
}

enum log_fault turn_append(struct turn *t)
{
    struct events *e = &t->events;
    struct bytes *values = arena_alloc(&t->arena, e->count * sizeof *values);
    for (size_t i = 0; i < e->count; i++) {
        size_t start = i ? e->ends[i - 1] : 0;
        values[i] = (struct bytes){e->bytes.data + start, e->ends[i] - start};
    }
    if (!projections_have_room(t)) return LOG_NO_SPACE;
    if (!key_store_write(&t->keys)) { /* as if the log could not be written: nobody is told "done" */
        t->log.why = t->keys.why;
        return space_is_lacking(t->keys.error) ? LOG_NO_SPACE : LOG_FAILED;
    }
    int64_t begun_us = clock_monotonic_us();
    enum log_fault fault = log_append(&t->log, e->first_seq, e->time_us, values, e->count);
    turn_count_commit(t, clock_monotonic_us() - begun_us);
    if (fault == LOG_OK) log_reader_renew(&t->reader);
    return fault;
}

bool turn_has_no_room(struct turn *t)
{
    return log_reserve(&t->log, ROOM_WANTED) != LOG_OK || !projections_have_room(t);
}

static uint32_t devices_owed(void *turn, const struct lease *lease)
{
    struct view *view = ((struct turn *)turn)->view;
    struct job_device device;
    uint32_t owed = 0;
    for (uint32_t i = 0; i < lease->count; i++) {
        if (!job_devices_find(view, lease->job, lease->devices[i], &device)) continue;
        owed += device.state == DEVICE_OUT && device.last == lease->dispatch;
    }
    return owed;
}

bool turn_undo(struct turn *t)
{
    bool damaged = t->distrusted || t->projections.fault == PROJECTIONS_DAMAGED;
    if (damaged) journal("the projections are damaged; folding the log again");
    bool dropped = (!damaged && projections_abort(&t->projections) == PROJECTIONS_OK) ||
                   projections_reset(&t->projections) == PROJECTIONS_OK;
    t->distrusted = false;
    if (!dropped) {
        t->why = t->projections.why;
        t->exit_code = EXIT_DISK;
        return false;
    }
    if (!catch_up(t, false)) return false;
    t->view = projections_live(&t->projections);
    leases_undo(&t->leases, log_head(&t->log), devices_owed, t);
    takes_undo(&t->takes);
    open_imports_undo(&t->imports);
    key_store_undo(&t->keys);
    exports_undo(&t->exports);
    progress_undo(&t->progress);
    return true;
}

/* ---- Peers. */

void turn_peer_joined(struct turn *t, uint64_t id, uint32_t uid, bool read_only)
{
    struct peer *peer = malloc(sizeof *peer);
    ASSERT(peer);
    *peer = (struct peer){.id = id, .uid = uid, .read_only = read_only};
    map_put(&t->peers, id, peer);
}

static void peer_delete(struct turn *t, struct peer *peer)
{
    if (peer->connector) t->connectors--;
    if (peer->subscription) t->subscriptions--;
    free(peer->subscription);
    free(peer);
}

void turn_peer_left(struct turn *t, uint64_t id)
{
    struct peer *peer = map_remove(&t->peers, id);
    if (!peer) return;
    leases_peer_left(&t->leases, id);
    takes_peer_left(&t->takes, id);
    open_imports_peer_left(&t->imports, id);
    turn_forget_tasks(t, id);
    peer_delete(t, peer);
    t->wanted = true;
}

/* ---- Close. */

/* A log without room, or in which this engine never began, is left as it is. */
static bool write_stopped(struct turn *t)
{
    if (t->full || !t->announced) return projections_commit_at_head(&t->projections, &t->log) == PROJECTIONS_OK;
    turn_begin(t);
    turn_announce(t);
    emit(&t->events, (struct event){.type = EVENT_ENGINE_STOPPED});
    if (t->events.failed || turn_append(t) != LOG_OK) return false;
    return projections_commit_at_head(&t->projections, &t->log) == PROJECTIONS_OK;
}

static void free_targets(struct turn *t)
{
    if (t->progress.moving.owner) task_delete(t->progress.moving.owner);
    while (t->progress.targets) {
        struct targets *targets = t->progress.targets;
        t->progress.targets = targets->next;
        if (targets->owner) task_delete(targets->owner);
        free(targets);
    }
}

void turn_close(struct turn *t, const struct turn_clock *now)
{
    size_t index = 0;
    struct peer *peer;
    t->now = *now;
    bool clean = !t->fatal && write_stopped(t);
    while ((peer = map_next(&t->peers, &index))) peer_delete(t, peer);
    map_free(&t->peers);
    leases_free(&t->leases);
    takes_free(&t->takes);
    open_imports_free(&t->imports);
    free_targets(t);
    handouts_clear(&t->progress.handouts);
    key_store_close(&t->keys);
    signer_close(&t->signer);
    arena_free(&t->arena);
    projections_close(&t->projections, clean);
    log_reader_close(&t->reader);
    log_close(&t->log, clean);
    turn_delete(t);
}

const char *turn_why(const struct turn *t)
{
    return t->why.text;
}

void turn_describe(const struct turn *t, struct sentence *out)
{
    char id[2 * LOG_ID_SIZE + 1];
    for (size_t i = 0; i < LOG_ID_SIZE; i++) sprintf(id + 2 * i, "%02x", log_id(&t->log)[i]);
    sentence_set(out, "log %s, head %llu", id, (unsigned long long)log_head(&t->log));
}

int turn_exit_code(const struct turn *t)
{
    return t->exit_code;
}
