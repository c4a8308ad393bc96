/* One turn, in the order of the walk: frames in, commands decided one after another, progress, one durable
 * append, replies and notices out, projections committed when it is time.
 *
 * When the append finds no room: the projections go back to what the log has, callers that change something are told
 * "not done: no space", callers that read are answered again. When its outcome is unknown: they are told so, and the
 * engine stops. */
#include "engine/turn.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/clock/journal.h"
#include "engine/clock/zone.h"
#include "engine/decide/history.h"
#include "engine/decide/repeats.h"
#include "engine/refold.h"
#include "engine/turn_state.h"
#include "projections/actors.h"
#include "projections/requests.h"
#include "projections/schedules.h"

enum {
    COMMAND_EVENTS_MAX = 3000,   /* a turn; the rest is for what the engine does by itself, however much is asked of it */
    EVENTS_MAX = 3900,
    REPLY_BYTES_MAX = 32 << 20,  /* a turn */
    LOOKS_MAX = 12000,           /* likewise */
    FULL = 1000000,              /* a turn, as parts_used() counts */
    SHARE_MAX = FULL / 4,        /* of one peer, when others take part */
    JOBS_LIST_LOOKS = 4000,      /* what a page of jobs counts as, */
    JOB_SHOWN_LOOKS = 10,        /* and each job of it */
    RETRY_AFTER_US = 1000000,
    COMMIT_EVERY_US = 1000000,   /* of the projections */
    ROOM_CHECK_EVERY_US = 1000000,
    CLOCK_CHECK_EVERY_US = 60000000, /* the wall clock may be put forward over what is due */
};
_Static_assert(EVENTS_MAX + 5 * JOBS_AT_ONCE_MAX <= LOG_COMMIT_VALUES_MAX,
               "a turn fits into one commit of the log, with what a last step adds for each running job");

static const struct zone_rules ZONES = {.is_known = zone_is_known, .local = zone_local, .utc = zone_utc};

/* ---- Replies wait in the arena until the events behind them are on disk. */

static struct buffer reply_buffer(struct turn *t)
{
    return (struct buffer){.arena = &t->arena};
}

static void refuse(struct turn *t, struct handled *h, enum refusal refusal, const struct sentence *why)
{
    const struct peer *peer = turn_peer(t, h->frame.peer);
    const char *text = why && why->text[0] ? why->text : refusal_text(refusal);
    struct buffer out = reply_buffer(t);
    wire_reply_error(h->msgid, refusal, text, peer->error_strings, &out);
    h->reply = buffer_bytes(&out);
    t->counts.refusals[refusal]++;
}

static void serve(void *context, const struct take *take, const struct work *works, size_t count)
{
    struct turn *t = context;
    struct answer answer = {.kind = ANSWER_WORKS, .works = works, .count = count};
    struct served *served = arena_alloc(&t->arena, sizeof *served);
    struct buffer out = reply_buffer(t);
    wire_reply(t->view, NULL, take->msgid, &answer, &out);
    t->reply_bytes += out.size;
    *served = (struct served){.peer = take->peer, .reply = buffer_bytes(&out)};
    *t->served_last = served;
    t->served_last = &served->next;
}

static bool may_serve(void *context)
{
    return ((struct turn *)context)->reply_bytes < REPLY_BYTES_MAX;
}

/* Takes whose time is up get an empty answer. */
static void answer_due_takes(struct turn *t)
{
    if (takes_deadline(&t->takes) > t->now.monotonic_us) return;
    for (struct take *take = t->takes.first; take; take = take->next) {
        if (take->served || take->deadline_us > t->now.monotonic_us) continue;
        take->served = true;
        serve(t, take, NULL, 0);
    }
}

/* ---- One command. */

static uint32_t actor_of(void *turn, uint32_t uid, struct bytes on_behalf_of)
{
    return actors_find(((struct turn *)turn)->view, uid, on_behalf_of);
}

static uint32_t next_actor(void *turn)
{
    return actors_next_number(((struct turn *)turn)->view);
}

static struct bytes fresh_id(struct turn *t)
{
    char *text = arena_alloc(&t->arena, 2 * sizeof t->settings.session + 24);
    size_t size = 0;
    for (size_t i = 0; i < 6; i++) size += (size_t)sprintf(text + size, "%02x", t->settings.session[i]);
    size += (size_t)sprintf(text + size, "-%llu", (unsigned long long)++t->fresh_ids);
    return (struct bytes){text, size};
}

static enum refusal answer(struct turn *t, struct peer *peer, struct handled *h, struct decision *d)
{
    struct buffer out = reply_buffer(t);
    struct wire_facts facts;
    enum refusal refusal = ACCEPTED;
    switch (d->answer.kind) {
    case ANSWER_LATER: h->waits = true; return ACCEPTED;
    case ANSWER_DEVICES:
    case ANSWER_DEVICE_HISTORY:
    case ANSWER_GROUP_PREVIEW:
    case ANSWER_JOB_DEVICES:
    case ANSWER_FAILURES:
    case ANSWER_ATTEMPTS:
    case ANSWER_PREVIEW:
    case ANSWER_EXPORT_PIECE:
    case ANSWER_RESULTS: h->waits = true; return turn_ask_worker(t, peer, h->msgid, &d->answer);
    case ANSWER_EVENTS: refusal = turn_answer_events(t, h->msgid, &d->answer, &out, &d->why); break;
    case ANSWER_LOG: refusal = turn_answer_log(t, h->msgid, &d->answer, &out, &d->why); break;
    case ANSWER_CHECKPOINT: refusal = turn_answer_checkpoint(t, h->msgid, &d->answer, &out, &d->why); break;
    case ANSWER_IMPORT_ERRORS: refusal = turn_answer_import_errors(t, h->msgid, &d->answer, &out, &d->why); break;
    case ANSWER_SUBSCRIBED:
        refusal = turn_subscribe(t, peer, &d->answer, &d->why);
        if (refusal) break;
        wire_reply(t->view, NULL, h->msgid, &(struct answer){.kind = ANSWER_EMPTY}, &out);
        break;
    case ANSWER_INFO:
    case ANSWER_METRICS: turn_answer_state(t, h->msgid, &d->answer, &out); break;
    case ANSWER_JOBS: t->looks += JOBS_LIST_LOOKS + JOB_SHOWN_LOOKS * (uint32_t)d->answer.count; /* fall through */
    default: /* the others are the wire's to know */
        turn_facts(t, &facts);
        wire_reply(t->view, &facts, h->msgid, &d->answer, &out);
        break;
    }
    h->reply = buffer_bytes(&out);
    return refusal;
}

static void note_peer(struct turn *t, struct peer *peer, const struct command *c)
{
    if (c->type == COMMAND_hello) peer->error_strings = bytes_equal(c->hello.errors, BYTES("string"));
    if (c->type == COMMAND_hello) turn_name_peer(peer->name, c->hello.client);
    if (c->type == COMMAND_work_take) turn_name_peer(peer->works_as, c->work_take.connector);
    if (c->type == COMMAND_work_take && !peer->connector) {
        peer->connector = true;
        t->connectors++;
    }
}

/* What the request id says: new, or this very request was carried out before. */
static enum refusal check_repeat(struct turn *t, struct decision *d, const struct command *c, struct handled *h,
                                 bool *repeated)
{
    struct request before;
    *repeated = false;
    if (!command_is_remembered(c) || !requests_find(t->view, c->request_id, &before)) return ACCEPTED;
    if (d->unfinished->goes_on) {
        t->events.cause = before.seq;
        return ACCEPTED;
    }
    if (!request_is_remembered(&before, t->events.time_us)) return ACCEPTED;
    *repeated = true;
    h->stands = before.seq <= log_head(&t->log);
    if (!bytes_equal(before.body_hash, (struct bytes){d->body_hash, 32})) return REFUSED_CONFLICT;
    return decide_repeated(d, c, before.made);
}

static enum refusal refuse_reader(struct decision *d, const struct handled *h)
{
    if (!h->changes) sentence_set(&d->why, "an export holds devices' keys; this socket's clients may not see them");
    return REFUSED_READ_ONLY;
}

static enum refusal carry_out(struct turn *t, struct peer *peer, struct handled *h, const struct command *c,
                              struct decision *d)
{
    uint8_t hash[32];
    bool repeated;
    bool remembered = command_is_remembered(c);
    if (peer->read_only && command_access(c->type) != READS) return refuse_reader(d, h);
    bool makes = command_makes(c->type);
    if (remembered || makes) wire_body_hash(c, hash);
    d->body_hash = hash;
    if (makes) d->fresh_id = fresh_id(t);
    struct prelude prelude = {.uid = peer->uid,
                              .on_behalf_of = c->on_behalf_of,
                              .request_id = remembered && !d->unfinished->goes_on ? c->request_id : BYTES_NONE,
                              .method = wire_method_name(c->type),
                              .body_hash = hash,
                              .actor_of = actor_of,
                              .next_actor = next_actor};
    events_begin_command(&t->events, &prelude);
    enum refusal refusal = check_repeat(t, d, c, h, &repeated);
    bool no_room = h->changes && t->full && c->type != COMMAND_work_take;
    if (!refusal && !repeated) refusal = no_room ? REFUSED_NO_SPACE : decide(d, c);
    events_begin_command(&t->events, NULL);
    if (refusal || d->unfinished->goes_on) return refusal;
    note_peer(t, peer, c);
    return answer(t, peer, h, d);
}

/* Decodes, decides and leaves a reply in `h`. */
static void handle(struct turn *t, struct peer *peer, struct handled *h)
{
    struct call call;
    struct decision d = {.view = t->view,
                         .arena = &t->arena,
                         .events = &t->events,
                         .leases = &t->leases,
                         .takes = &t->takes,
                         .imports = &t->imports,
                         .exports = &t->exports,
                         .peer = peer->id,
                         .events_max = COMMAND_EVENTS_MAX,
                         .monotonic_us = t->now.monotonic_us,
                         .wall_us = t->now.wall_us,
                         .zones = &ZONES,
                         .property_timeout = t->settings.property_timeout,
                         .command_timeout = t->settings.command_timeout,
                         .short_of_room = log_room(&t->log) == LOG_ROOM_SHORT,
                         .dispatch = turn_find_dispatch,
                         .rotate_key = turn_rotate_key,
                         .context = t,
                         .unfinished = &peer->unfinished};
    enum refusal refusal = ACCEPTED;
    enum wire_result result = wire_decode(h->frame.bytes, &call, &refusal, &d.why);
    h->msgid = d.msgid = call.msgid;
    switch (result) {
    case WIRE_NOTIFICATION: return;
    case WIRE_NOT_RPC: t->settings.host.hang_up(t->settings.host.context, peer->id, d.why.text); return;
    case WIRE_REFUSED: break;
    case WIRE_CALL:
        h->changes = command_access(call.command.type) == CHANGES;
        refusal = carry_out(t, peer, h, &call.command, &d);
        break;
    }
    t->looks += d.looked;
    h->goes_on = !refusal && peer->unfinished.goes_on;
    if (!h->goes_on) peer->unfinished = (struct unfinished){0};
    if (refusal) {
        h->waits = false;
        h->stands = t->events.count == 0; /* else it may rest on what is undone with the turn */
        refuse(t, h, refusal, &d.why);
    }
}

/* ---- Frames in. */

/* How full the turn is. */
static uint64_t parts_used(const struct turn *t)
{
    return (uint64_t)t->events.count * FULL / COMMAND_EVENTS_MAX + (uint64_t)t->handled_count * FULL / HANDLED_MAX +
           (uint64_t)t->reply_bytes * FULL / REPLY_BYTES_MAX + (uint64_t)t->looks * FULL / LOOKS_MAX;
}

/* Frames come from the peers in turn, but who has sent one waits for its answer until the whole turn is on disk: a peer
 * that could fill it may not, when there are others. A peer alone may, because large turns are cheap ones. */
static bool has_had_its_share(struct turn *t, struct peer *peer)
{
    if (peer->turn != t->number) {
        peer->turn = t->number;
        peer->parts_used = 0;
        t->takes_part++;
    }
    return t->takes_part > 1 && peer->parts_used >= SHARE_MAX;
}

/* True when the turn was full before the frames were through. */
static bool take_frames(struct turn *t)
{
    const struct turn_host *host = &t->settings.host;
    while (t->events.count < COMMAND_EVENTS_MAX && t->handled_count < HANDLED_MAX &&
           t->reply_bytes < REPLY_BYTES_MAX && t->looks < LOOKS_MAX) {
        struct handled *h = &t->handled[t->handled_count];
        *h = (struct handled){0};
        if (t->events.failed || !host->next_frame(host->context, &h->frame)) return false;
        struct peer *peer = turn_peer(t, h->frame.peer);
        ASSERT(peer);
        if (has_had_its_share(t, peer)) return true;
        uint64_t before = parts_used(t);
        t->handled_count++;
        t->counts.calls += !peer->unfinished.goes_on;
        handle(t, peer, h);
        t->reply_bytes += h->reply.size;
        peer->parts_used += parts_used(t) - before;
        if (h->goes_on) return true; /* the turn is full, and this peer's next frame is the same one */
        host->frame_done(host->context, peer->id);
    }
    return true;
}

static void read_targets(void *context, uint32_t job, uint64_t begun_seq)
{
    struct turn *t = context;
    struct pending_read *read = arena_alloc(&t->arena, sizeof *read);
    *read = (struct pending_read){.job = job, .begun_seq = begun_seq, .next = t->reads};
    t->reads = read;
}

static void read_move(void *context, uint32_t move)
{
    struct turn *t = context;
    struct pending_read *read = arena_alloc(&t->arena, sizeof *read);
    *read = (struct pending_read){.move = move, .next = t->reads};
    t->reads = read;
}

static uint32_t readings_left(const struct turn *t)
{
    if (t->now.monotonic_us < t->members_retry_us) return 0;
    return MEMBERS_TASKS_MAX - t->members_tasks;
}

static bool progress(struct turn *t)
{
    if (t->full) progress_pause(&t->progress);
    if (t->full || t->events.failed || t->now.monotonic_us < t->retry_us) return false;
    const struct turn_settings *s = &t->settings;
    struct progress_turn turn = {.view = t->view,
                                 .arena = &t->arena,
                                 .events = &t->events,
                                 .leases = &t->leases,
                                 .takes = &t->takes,
                                 .imports = &t->imports,
                                 .exports = &t->exports,
                                 .events_max = EVENTS_MAX,
                                 .monotonic_us = t->now.monotonic_us,
                                 .wall_us = t->now.wall_us,
                                 .started_us = s->now.wall_us,
                                 .zones = &ZONES,
                                 .short_of_room = log_room(&t->log) == LOG_ROOM_SHORT,
                                 .jobs_at_once = s->jobs_at_once,
                                 .readings_left = readings_left(t),
                                 .context = t,
                                 .may_serve = may_serve,
                                 .read_targets = read_targets,
                                 .read_move = read_move,
                                 .serve = serve};
    return progress_run(&t->progress, &turn);
}

/* ---- Out. */

static void send(struct turn *t, uint64_t peer, struct bytes reply)
{
    if (reply.size) t->settings.host.send(t->settings.host.context, peer, reply);
}

static void drop_targets(struct turn *t)
{
    struct targets *targets;
    struct task *moved = moving_end(&t->progress.moving, t->view);
    if (moved) task_delete(moved);
    while ((targets = progress_drop_targets(&t->progress, t->view))) {
        if (targets->owner) task_delete(targets->owner);
        free(targets);
    }
}

/* The turn's events are on disk: what it did is final, and may be told. */
static void settle(struct turn *t)
{
    for (size_t i = 0; i < t->handled_count; i++) send(t, t->handled[i].frame.peer, t->handled[i].reply);
    for (struct served *served = t->served; served; served = served->next) send(t, served->peer, served->reply);
    for (struct pending_read *read = t->reads; read; read = read->next) {
        if (read->move) moving_begin(&t->progress.moving, read->move);
        else progress_add_targets(&t->progress, read->job, read->begun_seq);
    }
    turn_settle_counts(t);
    leases_settle(&t->leases);
    takes_settle(&t->takes, t->served != NULL);
    open_imports_settle(&t->imports);
    if (!key_store_settle(&t->keys)) journal("%s", t->keys.why.text);
    turn_settle_exports(t);
    progress_settle(&t->progress);
    drop_targets(t);
}

/* Nothing of the turn happened. Who wanted a change is told `refusal`; who only reads, or takes, is heard again. */
static void unsettle(struct turn *t, enum refusal refusal, const struct sentence *why)
{
    const struct turn_host *host = &t->settings.host;
    turn_drop_tasks(t);
    t->events.failed = false;
    turn_begin_events(t);
    for (size_t i = 0; i < t->handled_count; i++) {
        struct handled *h = &t->handled[i];
        struct peer *peer = turn_peer(t, h->frame.peer);
        if (h->goes_on) {
            peer->unfinished = (struct unfinished){0};
            host->frame_done(host->context, peer->id);
        }
        if (h->waits || (!h->changes && h->reply.size)) handle(t, peer, h);
        else if (h->changes && !h->stands) refuse(t, h, refusal, why);
        send(t, h->frame.peer, h->reply);
    }
    turn_start_tasks(t);
}

static enum turn_result stop_for(struct turn *t, int exit_code)
{
    t->fatal = true;
    t->exit_code = exit_code;
    return TURN_FATAL;
}

/* The disk failed in the middle of a commit. */
static enum turn_result end_unknown(struct turn *t, int exit_code)
{
    t->why = t->log.why;
    for (size_t i = 0; i < t->handled_count; i++) {
        struct handled *h = &t->handled[i];
        if (!h->changes || h->waits) continue;
        if (!h->stands) refuse(t, h, REFUSED_OUTCOME_UNKNOWN, NULL);
        send(t, h->frame.peer, h->reply);
    }
    return stop_for(t, exit_code);
}

static bool append_events(struct turn *t, enum turn_result *result)
{
    enum log_fault fault = t->events.failed ? LOG_FAILED : turn_append(t);
    if (fault == LOG_OK) {
        t->announced = true;
        t->keys.unknown = false;
        t->started.wall_us += t->clock_step_us;
        t->time_us = t->events.time_us;
        return true;
    }
    if (fault == LOG_OUTCOME_UNKNOWN || fault == LOG_DAMAGED) {
        *result = end_unknown(t, fault == LOG_DAMAGED ? EXIT_DAMAGED : EXIT_DISK);
        return false;
    }
    t->retry_us = t->now.monotonic_us + RETRY_AFTER_US;
    bool no_room = fault == LOG_NO_SPACE || t->projections.fault == PROJECTIONS_NO_SPACE;
    struct sentence reason = t->events.failed ? t->projections.why : t->log.why;
    if (!turn_undo(t)) {
        *result = stop_for(t, t->exit_code);
        return false;
    }
    if (no_room && !t->full) journal_at(JOURNAL_WARNING, "no space: nothing can be written until there is room: %s", reason.text);
    t->full = no_room;
    if (no_room) unsettle(t, REFUSED_NO_SPACE, NULL);
    else unsettle(t, REFUSED_FAILED, &reason);
    *result = TURN_IDLE;
    return false;
}

/* ---- The projections' own commits. */

static bool commit_projections(struct turn *t)
{
    enum projections_fault fault = projections_commit_at_head(&t->projections, &t->log);
    t->committed_us = t->now.monotonic_us;
    if (fault == PROJECTIONS_OK) return true;
    t->full |= fault == PROJECTIONS_NO_SPACE;
    if (fault == PROJECTIONS_NO_SPACE) return true;
    journal("%s; folding the log again", t->projections.why.text);
    return turn_undo(t);
}

bool turn_is_committed(const struct turn *t)
{
    return projections_position(&t->projections).seq == projections_head(&t->projections);
}

static bool commit_if_due(struct turn *t)
{
    bool due = projections_commit_due(&t->projections) || t->tasks || t->reads || turn_export_waits(t) ||
               t->now.monotonic_us - t->committed_us >= COMMIT_EVERY_US;
    return turn_is_committed(t) || !due || commit_projections(t);
}

static void check_room(struct turn *t)
{
    bool is_short = log_room(&t->log) == LOG_ROOM_SHORT;
    if (!t->full && !is_short) return;
    /* The ballast first: it would find nothing left of a little room that the files have taken ahead of need. */
    if (is_short && t->now.monotonic_us - t->room_checked_us >= ROOM_CHECK_EVERY_US) {
        t->room_checked_us = t->now.monotonic_us;
        log_regain_room(&t->log);
    }
    if (!t->full) return;
    t->full = turn_has_no_room(t);
    if (!t->full) journal("there is room again");
}

/* ---- The walk. */

enum turn_result turn_run(struct turn *t, const struct turn_clock *now)
{
    enum turn_result result = TURN_IDLE;
    if (t->fatal) return TURN_FATAL;
    t->now = *now;
    check_room(t);
    turn_clean_spool(t);
    turn_begin(t);
    if (t->distrusted && !turn_undo(t)) return stop_for(t, t->exit_code);
    turn_announce(t);
    bool more = take_frames(t);
    more |= progress(t);
    answer_due_takes(t);
    if (!projections_are_readable(&t->projections)) t->events.failed = true;
    if ((t->events.count || t->events.failed) && !append_events(t, &result)) return result;
    settle(t);
    if (!commit_if_due(t)) return stop_for(t, t->exit_code);
    turn_start_tasks(t);
    more |= turn_feed_subscribers(t);
    return more ? TURN_AGAIN : TURN_IDLE;
}

/* When the next job leaves the history, or the next export's file goes, by the clock that never steps. */
static int64_t expiry_deadline_us(const struct turn *t)
{
    int64_t next_us = MIN(history_next_us(t->view), exports_next_us(t->view));
    return next_us == INT64_MAX ? INT64_MAX : t->now.monotonic_us + (next_us - t->now.wall_us);
}

/* While the disk is full nothing can be started: then it is the room that is looked at. */
static int64_t schedules_deadline(const struct turn *t)
{
    const struct schedule *first = t->full || t->fatal ? NULL : schedules_first_due(t->view);
    if (!first) return INT64_MAX;
    return t->now.monotonic_us + MIN(first->next_us - t->now.wall_us, (int64_t)CLOCK_CHECK_EVERY_US);
}

int64_t turn_deadline_us(const struct turn *t)
{
    /* Nothing is done by itself before, so nothing else is worth waking up for. */
    if (t->retry_us > t->now.monotonic_us) return t->retry_us;
    if (t->wanted) return 0;
    int64_t deadline = MIN(leases_deadline(&t->leases), takes_deadline(&t->takes));
    deadline = MIN(deadline, schedules_deadline(t));
    deadline = MIN(deadline, t->progress.deadline_us);
    if (t->spool_used) deadline = MIN(deadline, t->spool_cleaned_us + SPOOL_CLEAN_EVERY_US);
    if (!turn_is_committed(t)) deadline = MIN(deadline, t->committed_us + COMMIT_EVERY_US);
    if (t->full || log_room(&t->log) == LOG_ROOM_SHORT)
        deadline = MIN(deadline, t->now.monotonic_us + ROOM_CHECK_EVERY_US);
    if (!t->full) deadline = MIN(deadline, expiry_deadline_us(t));
    return deadline;
}
