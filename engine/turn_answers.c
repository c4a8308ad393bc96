/* Answers that are not in the projections: events and refused rows are read from the log, subscribers are fed from it at
 * their own pace. What takes longer is in turn_tasks.c. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#include "engine/csv/csv_writer.h"
#include "engine/csv/import_reader.h"
#include "engine/base/pack.h"
#include "engine/decide/limits.h"
#include "engine/log/record.h"
#include "engine/turn_state.h"
#include "projections/groups.h"
#include "projections/imports.h"
#include "projections/jobs.h"

enum {
    EVENTS_LOOKED_AT_MAX = 5000,     /* for one page */
    EVENTS_FED_MAX = 1000,           /* to one subscriber in one turn */
    FED_LOOKS_MAX = 16000,           /* to all of them */
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
                                 .handouts = &t->progress.handouts,
                                 .takes = &t->takes,
                                 .imports = &t->imports,
                                 .moving = &t->progress.moving,
                                 .now_us = t->now.wall_us};
    turn_export_facts(t, facts);
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
    sentence_set(why, "from must be an event's number from 1 to %" PRIu64 "; it is %" PRIu64 "%s", head + 1, from,
                 from == 0 ? "" : ", which a log that was restored from a backup may not have yet");
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
    t->looks += seq - answer->from;
    wire_reply_events(msgid, buffer_bytes(&events), count, seq, out);
    return ACCEPTED;
}

/* The record of the commit that holds `seq`, as it lies on disk; its last number. */
static enum log_fault append_commit(struct turn *t, uint64_t seq, struct buffer *commits, uint64_t *last)
{
    struct log_commit commit;
    uint8_t record[RECORD_SIZE_MAX];
    msgpack_packer p = packer_into(commits);
    enum log_fault fault = log_read_commit(&t->reader, seq, &commit);
    if (fault != LOG_OK) return fault;
    pack_bin(&p, (struct bytes){record, record_encode(&commit, record)});
    *last = commit.last;
    return LOG_OK;
}

enum refusal turn_answer_log(struct turn *t, uint64_t msgid, const struct answer *answer, struct buffer *out,
                             struct sentence *why)
{
    struct buffer events = {.arena = &t->arena}, commits = {.arena = &t->arena};
    struct wire_log log = {.first = answer->from, .next = answer->from};
    msgpack_packer p = packer_into(&events);
    uint64_t committed = answer->from - 1, head = log_head(&t->log);
    enum log_fault fault = LOG_OK;
    enum refusal refusal = check_from(t, answer->from, why);
    if (refusal) return refusal;
    while (log.next <= head && log.event_count < answer->limit && events.size < FRAME_BYTES_MAX / 2) {
        struct bytes value;
        if (log.next > committed && (fault = append_commit(t, log.next, &commits, &committed)) == LOG_OK)
            log.commit_count++;
        if (fault == LOG_OK) fault = log_read(&t->reader, log.next, &value);
        if (fault != LOG_OK) break;
        pack_bin(&p, value);
        log.event_count++;
        log.next++;
    }
    t->looks += log.event_count;
    if (fault != LOG_OK && log.event_count == 0) {
        *why = t->reader.why;
        return fault == LOG_SEGMENT_MISSING ? REFUSED_ARCHIVED : REFUSED_FAILED;
    }
    log.events = buffer_bytes(&events);
    log.commits = buffer_bytes(&commits);
    wire_reply_log(msgid, &log, out);
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
        if (looked == EVENTS_FED_MAX || t->looks >= FED_LOOKS_MAX) return true;
        t->looks++;
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
    bool more = false, passed = t->fed_peer == 0;
    struct peer *peer;
    if (t->subscriptions == 0) return false;
    t->looks = 0;
    /* Whoever comes behind the last one of the last turn is first, then all from the beginning. */
    for (int round = 0; round < 2; round++, index = 0) {
        while ((peer = map_next(&t->peers, &index)) && t->looks < FED_LOOKS_MAX) {
            if (passed && peer->subscription) more |= feed(t, peer);
            if (t->looks >= FED_LOOKS_MAX) t->fed_peer = peer->id;
            passed |= peer->id == t->fed_peer;
        }
        passed = true;
    }
    if (t->looks < FED_LOOKS_MAX) t->fed_peer = 0;
    return more || t->looks >= FED_LOOKS_MAX;
}

/* ---- The error log of an import: its header and refused rows, with the line and the reason put behind. */

/* Without it some spreadsheets take UTF-8 for something else, and would save that. */
static const char BYTE_ORDER_MARK[] = "\xEF\xBB\xBF";

static bool append_row(struct turn *t, uint64_t seq, bool header, struct buffer *csv, struct sentence *why)
{
    struct event event;
    char line[24];
    if (!read_event(t, seq, &event, why)) return false;
    struct bytes row = header ? event.import_header_read.row : event.import_row_rejected.row;
    int size = snprintf(line, sizeof line, "%" PRIu64, header ? 0 : event.import_row_rejected.line);
    if (header) buffer_append(csv, BYTE_ORDER_MARK, sizeof BYTE_ORDER_MARK - 1);
    buffer_append(csv, row.data, row.size);
    buffer_append(csv, ",", 1);
    struct csv_writer w = csv_writer_on(csv);
    csv_writer_cell(&w, header ? BYTES(IMPORT_LINE_COLUMN) : (struct bytes){line, (size_t)size});
    csv_writer_cell(&w, header ? BYTES(IMPORT_ERROR_COLUMN) : event.import_row_rejected.reason);
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
    t->looks += index - answer->from;
    wire_reply_import_errors(msgid, buffer_bytes(&csv), seq && seq <= head ? index : 0, out);
    return ACCEPTED;
}
