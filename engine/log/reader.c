/* A reader holds a view on each segment it has touched since it was opened or renewed, so that what it
 * lent out stays where it is. The first one is on the segment that was the newest then. */
#include "engine/log/state.h"

#include <stdlib.h>

struct hold {
    struct segment_slot *slot;
    struct segment_view *view;
};

struct log_reader_state {
    struct hold *holds;
    size_t count;
    size_t capacity;
    size_t current; /* index of the one read last */
    uint64_t head;
};

enum { HOLDS_KEPT = 4 }; /* over a renewal; more are given back */

static struct segments *list_of(const struct log_reader *reader)
{
    return &reader->log->state->segments;
}

static void release_down_to(struct log_reader *reader, size_t count)
{
    struct log_reader_state *r = reader->state;
    while (r->count > count) {
        struct hold *hold = &r->holds[--r->count];
        segment_view_close(hold->view);
        segments_return(list_of(reader), hold->slot);
    }
    r->current = 0;
}

/* Takes the borrowed slot over, also when it fails. */
static enum log_fault hold_add(struct log_reader *reader, struct segment_slot *slot)
{
    struct log_reader_state *r = reader->state;
    if (r->count == r->capacity) {
        r->capacity = MAX(r->capacity * 2, (size_t)HOLDS_KEPT);
        r->holds = realloc(r->holds, r->capacity * sizeof *r->holds);
        ASSERT(r->holds != NULL);
    }
    struct hold hold = {.slot = slot};
    enum log_fault fault = segment_view_open(&hold.view, slot->segment, &reader->why);
    if (fault != LOG_OK) {
        segments_return(list_of(reader), slot);
        return fault;
    }
    r->current = r->count;
    r->holds[r->count++] = hold;
    return LOG_OK;
}

static enum log_fault hold_newest(struct log_reader *reader)
{
    release_down_to(reader, 0);
    enum log_fault fault = hold_add(reader, segments_borrow_newest(list_of(reader)));
    reader->state->head = fault == LOG_OK ? segment_view_last(reader->state->holds[0].view)->last : 0;
    return fault;
}

enum log_fault log_reader_open(struct log_reader *reader, struct log *log)
{
    *reader = (struct log_reader){.log = log, .state = calloc(1, sizeof *reader->state)};
    ASSERT(reader->state != NULL);
    enum log_fault fault = hold_newest(reader);
    if (fault != LOG_OK) log_reader_close(reader);
    return fault;
}

enum log_fault log_reader_renew(struct log_reader *reader)
{
    struct log_reader_state *r = reader->state;
    if (r->count == 0 || !segments_is_newest(list_of(reader), r->holds[0].slot)) return hold_newest(reader);
    release_down_to(reader, MIN(r->count, (size_t)HOLDS_KEPT));
    enum log_fault fault = segment_view_renew(r->holds[0].view, &reader->why);
    if (fault == LOG_OK) r->head = segment_view_last(r->holds[0].view)->last;
    else r->head = 0;
    return fault;
}

void log_reader_close(struct log_reader *reader)
{
    if (!reader->state) return;
    release_down_to(reader, 0);
    free(reader->state->holds);
    free(reader->state);
    reader->state = NULL;
}

static bool hold_has(const struct hold *hold, uint64_t seq)
{
    return seq >= hold->slot->first && seq <= segment_view_last(hold->view)->last;
}

/* The view on the segment with this number. */
static enum log_fault view_for(struct log_reader *reader, uint64_t seq, struct segment_view **view)
{
    struct log_reader_state *r = reader->state;
    if (seq == 0 || seq > r->head) {
        sentence_set(&reader->why, "there is no value %llu; the last one in view is %llu", (unsigned long long)seq,
                     (unsigned long long)r->head);
        return LOG_NOT_FOUND;
    }
    for (size_t i = 0; i < r->count && !hold_has(&r->holds[r->current], seq); i++) r->current = i;
    if (!hold_has(&r->holds[r->current], seq)) {
        struct segment_slot *slot;
        enum log_fault fault = segments_borrow(list_of(reader), seq, &slot, &reader->why);
        if (fault == LOG_OK) fault = hold_add(reader, slot);
        if (fault != LOG_OK) return fault;
    }
    *view = r->holds[r->current].view;
    return LOG_OK;
}

enum log_fault log_read(struct log_reader *reader, uint64_t seq, struct bytes *value)
{
    struct segment_view *view;
    enum log_fault fault = view_for(reader, seq, &view);
    return fault == LOG_OK ? segment_view_value(view, seq, value, &reader->why) : fault;
}

enum log_fault log_read_commit(struct log_reader *reader, uint64_t seq, struct log_commit *commit)
{
    struct segment_view *view;
    enum log_fault fault = view_for(reader, seq, &view);
    return fault == LOG_OK ? segment_view_commit(view, seq, commit, &reader->why) : fault;
}

/* A segment keeps the last commit of the one before it. */
static bool is_known_behind(struct log_reader *reader, uint64_t seq, struct log_commit *commit)
{
    struct segment_view *view;
    struct sentence why = reader->why;
    const struct log_reader_state *r = reader->state;
    bool is_there = view_for(reader, seq + 1, &view) == LOG_OK && r->holds[r->current].slot->first == seq + 1;
    if (is_there) *commit = segment_birth(r->holds[r->current].slot->segment)->before;
    else reader->why = why;
    return is_there;
}

enum log_fault log_find_commit(struct log_reader *reader, uint64_t seq, struct log_commit *commit)
{
    enum log_fault fault = log_read_commit(reader, seq, commit);
    return fault == LOG_SEGMENT_MISSING && is_known_behind(reader, seq, commit) ? LOG_OK : fault;
}
