/* The happy path is connection_serve(), read from its end upwards. The ways off it: the engine refuses a
 * request (a take waits a second or ends the fleet, a report is told and dropped), or the connection
 * ends, and then everything under way is the engine's to give to somebody else. */
#include "clients/fleet/connection.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum {
    READ_SIZE = 4 << 20,
    OUT_SIZE_HIGH = 8 << 20, /* above it the engine is behind: no new takes */
    PAUSE_US = 1000000,
};

/* A request's id says what its answer is to: takes are even, reports odd. */
enum request { REQUEST_TAKE = 0, REQUEST_REPORT = 1 };

static uint32_t request_id(struct connection *c, enum request kind)
{
    return c->next_request++ << 1 | kind;
}

/* ---- Reporting. */

static void count_outcome(struct tally *t, enum outcome outcome, uint32_t count)
{
    switch (outcome) {
    case OUTCOME_COMPLETED: t->completed += count; break;
    case OUTCOME_FAILED: t->failed += count; break;
    case OUTCOME_RETURNED: t->returned += count; break;
    case OUTCOME_SILENT: t->silent += count; break;
    }
}

static struct report begin_report(struct connection *c, struct span work)
{
    return report_begin(&c->out, request_id(c, REQUEST_REPORT), work);
}

static void end_report(struct connection *c, struct report *r)
{
    if (report_end(r)) c->reports++;
}

static void report_one(struct connection *c, struct report *r, uint32_t index, enum outcome outcome)
{
    count_outcome(c->tally, outcome, 1);
    report_add(r, index, outcome);
}

static uint32_t tick_of(uint64_t now_us)
{
    return (uint32_t)(now_us / TICK_US);
}

/* Reports what fell due up to `tick`. While draining, everything does, and is returned. */
static void report_due(struct connection *c, uint32_t tick)
{
    struct held *h;
    while ((h = schedule_first(&c->schedule)) && (c->draining || h->due[h->next].tick <= tick)) {
        uint32_t before = h->next;
        struct report r = begin_report(c, h->work);
        for (; h->next < h->count && (c->draining || h->due[h->next].tick <= tick); h->next++) {
            const struct due *due = &h->due[h->next];
            report_one(c, &r, due->index, c->draining ? OUTCOME_RETURNED : due->outcome);
        }
        end_report(c, &r);
        schedule_settle(&c->schedule, h->next - before);
    }
}

/* ---- Taking. */

struct piece {
    struct span work;
    struct span job;
    uint64_t attempt;
    struct reader devices; /* behind the array's head */
    uint32_t count;
};

/* All devices alike, so that their names need not be read. */
static void answer_alike(struct connection *c, const struct piece *p)
{
    struct report r = begin_report(c, p->work);
    if (c->draining)
        for (uint32_t i = 0; i < p->count; i++) report_add(&r, i, OUTCOME_RETURNED);
    else report_add_completed(&r, p->count);
    count_outcome(c->tally, c->draining ? OUTCOME_RETURNED : OUTCOME_COMPLETED, p->count);
    end_report(c, &r);
}

static void answer_now(struct connection *c, const struct piece *p)
{
    uint64_t work_chance = chance_of_work(c->settings, p->job, p->attempt);
    struct reader devices = p->devices;
    struct report r = begin_report(c, p->work);
    struct span device;
    for (uint32_t i = 0; i < p->count && reader_text(&devices, &device); i++) {
        struct fate fate = chance_of_device(c->settings, work_chance, device);
        if (fate.outcome == OUTCOME_SILENT) count_outcome(c->tally, OUTCOME_SILENT, 1);
        else report_one(c, &r, i, fate.outcome);
    }
    end_report(c, &r);
}

static void answer_later(struct connection *c, const struct piece *p, uint64_t now_us)
{
    uint64_t work_chance = chance_of_work(c->settings, p->job, p->attempt);
    struct reader devices = p->devices;
    struct held *h = held_new(p->work, p->count);
    struct span device;
    for (uint32_t i = 0; i < p->count && reader_text(&devices, &device); i++) {
        struct fate fate = chance_of_device(c->settings, work_chance, device);
        uint64_t due_us = now_us + (uint64_t)fate.latency_ms * 1000;
        if (fate.outcome == OUTCOME_SILENT) count_outcome(c->tally, OUTCOME_SILENT, 1);
        else held_add(h, (struct due){.tick = tick_of(due_us) + 1, .index = i, .outcome = fate.outcome});
    }
    schedule_add_take(&c->schedule, h);
}

static bool read_piece(struct reader *r, struct piece *p)
{
    uint32_t fields;
    struct span key, rest;
    *p = (struct piece){.attempt = 0};
    if (!reader_map(r, &fields)) return false;
    for (; fields > 0; fields--) {
        bool good;
        if (!reader_text(r, &key)) return false;
        if (span_is(key, "work")) {
            good = reader_value(r, &p->work);
        } else if (span_is(key, "job")) {
            good = reader_value(r, &p->job);
        } else if (span_is(key, "attempt")) {
            good = reader_uint(r, &p->attempt);
        } else if (span_is(key, "devices")) {
            p->devices = *r;
            good = reader_array(&p->devices, &p->count) && reader_value(r, &rest);
        } else {
            good = reader_value(r, &rest);
        }
        if (!good) return false;
    }
    return p->work.size > 0;
}

static bool answer_take(struct connection *c, struct reader *r, uint64_t now_us)
{
    uint32_t pieces;
    if (!reader_array(r, &pieces)) return false;
    for (; pieces > 0; pieces--) {
        struct piece p;
        if (!read_piece(r, &p)) return false;
        c->tally->taken += p.count;
        if (c->draining || !chance_matters(c->settings)) answer_alike(c, &p);
        else if (c->settings->latency_max_ms == 0) answer_now(c, &p);
        else answer_later(c, &p, now_us);
    }
    return true;
}

static void top_up_takes(struct connection *c, uint64_t now_us)
{
    if (c->draining || c->paused_until_us > now_us) return;
    c->paused_until_us = 0;
    while (c->takes < c->settings->pipeline && c->out.size < OUT_SIZE_HIGH) {
        write_take(&c->out, request_id(c, REQUEST_TAKE), c->settings);
        c->takes++;
    }
}

/* ---- What the engine says. */

static bool answer_report(struct connection *c, struct reader *r)
{
    uint32_t fields;
    struct span key, rest;
    if (!reader_map(r, &fields)) return false;
    for (; fields > 0; fields--) {
        uint64_t *sum = NULL, count;
        if (!reader_text(r, &key)) return false;
        if (span_is(key, "recorded")) sum = &c->tally->recorded;
        if (span_is(key, "duplicates")) sum = &c->tally->duplicates;
        if (span_is(key, "unknown")) sum = &c->tally->unknown;
        if (sum && !reader_uint(r, &count)) return false;
        if (sum) *sum += count;
        else if (!reader_value(r, &rest)) return false;
    }
    return true;
}

/* Refusals that pass by themselves. */
static bool refusal_passes(struct span code)
{
    return span_is(code, "no_space") || span_is(code, "limit");
}

static bool refused(struct connection *c, struct reader error, enum request kind, uint64_t now_us)
{
    uint32_t parts;
    struct span code, why;
    if (!reader_array(&error, &parts) || !reader_text(&error, &code) || !reader_text(&error, &why)) return false;
    if (kind == REQUEST_TAKE && !refusal_passes(code)) fleet_end(EXIT_REFUSED, "%.*s", (int)why.size, why.data);
    fleet_say("a %s was refused: %.*s", kind == REQUEST_TAKE ? "take" : "report", (int)why.size, why.data);
    if (kind == REQUEST_TAKE) c->paused_until_us = now_us + PAUSE_US;
    return true;
}

static bool take_frame(struct connection *c, struct reader r, uint64_t now_us)
{
    uint32_t parts;
    uint64_t type, id;
    struct reader error;
    struct span skipped;
    if (!reader_array(&r, &parts) || !reader_uint(&r, &type)) return false;
    if (type == 2) return true; /* a notice: none is meant for a connector */
    if (type != 1 || parts != 4 || !reader_uint(&r, &id)) return false;
    enum request kind = id & 1;
    if (kind == REQUEST_TAKE) c->takes--;
    else c->reports--;
    error = r;
    if (!reader_nil(&r)) return reader_value(&r, &skipped) && refused(c, error, kind, now_us);
    return kind == REQUEST_TAKE ? answer_take(c, &r, now_us) : answer_report(c, &r);
}

/* Answers every whole frame that has arrived. */
static enum connection_state take_frames(struct connection *c, uint64_t now_us)
{
    while (c->in.size > 0) {
        struct reader r = {c->in.data + c->in.start, c->in.data + c->in.start + c->in.size};
        size_t size = 0;
        enum read_result result = reader_measure(r, &size);
        if (result == READ_MORE && c->in.size < MUSTER_ANSWER_SIZE_MAX) return CONNECTION_FINE;
        r.end = r.at + size;
        if (result != READ_WHOLE || !take_frame(c, r, now_us)) {
            fleet_say("what came from the socket is not an answer of the engine");
            return CONNECTION_LOST;
        }
        queue_drop(&c->in, size);
    }
    return CONNECTION_FINE;
}

/* ---- The socket. */

static bool would_block(ssize_t done)
{
    return done < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

static enum connection_state receive(struct connection *c)
{
    uint8_t *room = queue_room(&c->in, READ_SIZE);
    ssize_t got = recv(c->fd, room, READ_SIZE, MSG_DONTWAIT);
    if (got > 0) c->in.size += (size_t)got;
    return got > 0 || would_block(got) ? CONNECTION_FINE : CONNECTION_LOST;
}

static enum connection_state flush(struct connection *c)
{
    while (c->out.size > 0) {
        ssize_t sent = send(c->fd, c->out.data + c->out.start, c->out.size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (would_block(sent)) return CONNECTION_FINE;
        if (sent < 0) return CONNECTION_LOST;
        queue_drop(&c->out, (size_t)sent);
    }
    return CONNECTION_FINE;
}

enum connection_state connection_serve(struct connection *c, bool readable, uint64_t now_us)
{
    enum connection_state state = readable ? receive(c) : CONNECTION_FINE;
    if (state == CONNECTION_FINE) state = take_frames(c, now_us);
    report_due(c, tick_of(now_us));
    top_up_takes(c, now_us);
    return state == CONNECTION_FINE ? flush(c) : state;
}

void connection_drain(struct connection *c)
{
    c->draining = true;
    report_due(c, 0);
}

uint64_t connection_next_us(const struct connection *c)
{
    const struct held *first = schedule_first(&c->schedule);
    uint64_t due_us = first ? (uint64_t)first->due[first->next].tick * TICK_US : UINT64_MAX;
    bool pausing = c->paused_until_us && !c->draining;
    return pausing && c->paused_until_us < due_us ? c->paused_until_us : due_us;
}

bool connection_wants_to_write(const struct connection *c)
{
    return c->out.size > 0;
}

enum muster_status connection_open(struct connection *c)
{
    enum muster_status status = muster_connect(c->settings->socket, &c->client);
    if (status != MUSTER_OK) return status;
    c->fd = muster_socket(c->client);
    c->next_request = 0;
    c->paused_until_us = 0;
    top_up_takes(c, monotonic_us());
    flush(c); /* a connection that is lost again shows itself to the loop */
    return MUSTER_OK;
}

void connection_close(struct connection *c)
{
    muster_close(c->client);
    c->client = NULL;
    schedule_free(&c->schedule);
    queue_free(&c->in);
    queue_free(&c->out);
    c->takes = c->reports = 0;
}
