/* Reads the log backwards from a record. Every step goes to a lower number, so a walk always ends. */
#include "engine/snapshot/trail.h"

/* A reader keeps the log's old pages from being used again; so often it is renewed, which is some times a second. */
enum { READS_BEFORE_RENEWAL = 1 << 16 };

bool trail_open(struct trail *trail, struct log *log)
{
    memset(trail, 0, sizeof *trail);
    if (log_reader_open(&trail->reader, log) == LOG_OK) return true;
    trail->why = trail->reader.why;
    return false;
}

void trail_close(struct trail *trail)
{
    log_reader_close(&trail->reader);
}

/* What is kept borrows from the reader, so it goes when the reader is renewed. */
static bool renew_when_due(struct trail *trail)
{
    if (trail->reads < READS_BEFORE_RENEWAL) return true;
    memset(trail->kept, 0, sizeof trail->kept);
    trail->reads = 0;
    if (log_reader_renew(&trail->reader) == LOG_OK) return true;
    trail->why = trail->reader.why;
    return false;
}

bool trail_read(struct trail *trail, uint64_t seq, struct event *event)
{
    struct bytes stored;
    trail->reads++;
    if (log_read(&trail->reader, seq, &stored) != LOG_OK) {
        trail->why = trail->reader.why;
        return false;
    }
    struct sentence malformed;
    event->seq = seq;
    if (event_decode(stored, event, &malformed) == EVENT_OK) return true;
    sentence_set(&trail->why, "event %llu of the log cannot be read: %s", (unsigned long long)seq, malformed.text);
    return false;
}

/* Fibonacci hashing: neighbouring numbers land far from each other. */
static struct trail_step *place_of(struct trail *trail, uint64_t seq)
{
    enum { KEPT_BITS = 10 };
    _Static_assert(1 << KEPT_BITS == TRAIL_STEPS_KEPT, "as many places as the hash has values");
    return &trail->kept[seq * UINT64_C(0x9E3779B97F4A7C15) >> (64 - KEPT_BITS)];
}

static bool astray(struct trail *trail, uint64_t seq, const struct event *event)
{
    sentence_set(&trail->why, "event %llu of the log, a %s, is no step of a device's way through a job",
                 (unsigned long long)seq, event_name(event->type));
    return false;
}

static void result_take(const struct job_device *record, const struct event *event, struct trail_end *end)
{
    end->error = event->device_result.error;
    end->response = event->device_result.response;
    end->end_us = device_has_end(record->state) ? event->time_us : 0;
}

/* Results are a device's own; only what devices share is worth keeping. */
static bool step_read(struct trail *trail, uint64_t seq, const struct job_device *record, struct trail_end *end,
                      struct trail_step *step)
{
    struct event event;
    if (!trail_read(trail, seq, &event)) return false;
    *step = (struct trail_step){.seq = seq};
    switch (event.type) {
    case EVENT_DEVICE_RESULT:
        if (seq == record->last) result_take(record, &event, end);
        step->back = event.device_result.previous;
        break;
    case EVENT_BATCH_DISPATCHED:
        step->start_us = event.time_us;
        step->connector = event.batch_dispatched.connector;
        break;
    case EVENT_DEVICES_RETURNED: step->back = event.devices_returned.dispatch; break;
    default: return astray(trail, seq, &event); /* no other event moves a device */
    }
    if (step->back >= seq) return astray(trail, seq, &event);
    if (event.type != EVENT_DEVICE_RESULT) *place_of(trail, seq) = *step;
    return true;
}

bool trail_follow(struct trail *trail, const struct job_device *record, struct trail_end *end)
{
    *end = (struct trail_end){0};
    if (!renew_when_due(trail)) return false;
    for (uint64_t seq = record->last; seq != 0;) {
        struct trail_step step = *place_of(trail, seq);
        if (step.seq != seq && !step_read(trail, seq, record, end, &step)) return false;
        if (step.back == 0) {
            end->start_us = step.start_us;
            end->connector = step.connector;
        }
        seq = step.back;
    }
    return true;
}
