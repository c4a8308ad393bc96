/* muster-replay events: what happened, in order. The log is folded first, in a scratch directory, for the names behind
 * the numbers; then it is read again and what is wanted is shown. */
#include "replay-tool/state.h"
#include "replay-tool/verbs.h"

#include "clients/terminal/event.h"
#include "engine/base/timestamp.h"
#include "engine/wire/wire.h"
#include "projections/actors.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { POLL_NS = 200000000 };

const struct option_row EVENTS_OPTIONS[] = {
    {"from", "N", "from event N on"},
    {"to", "N", "up to event N"},
    {"since", "TIME", "not before this time, as 2026-11-23T02:10:00Z"},
    {"until", "TIME", "before this time"},
    {"job", "ID", "that name this job"},
    {"device", "ID", "that name this device, or one that had its id before"},
    {"type", "NAMES", "of these types, with commas between"},
    {"actor", "NAME", "by engine, by a uid, or on behalf of a name"},
    {"limit", "N", "at most so many"},
    {"reverse", NULL, "the last one first"},
    {"follow", NULL, "go on with what happens, until interrupted; needs --socket"},
    {"numbers", NULL, "leave numbers as they are stored; nothing is folded"},
    FOLD_OPTION_ROWS,
    {NULL, NULL, NULL},
};

/* All devices, or jobs, that ever had an id. */
struct had_id {
    struct bytes id; /* size 0: any */
    uint32_t *numbers;
    size_t count;
};

struct wanted {
    struct source source;
    struct state state;
    struct view *view; /* NULL: numbers stay numbers */
    uint64_t from, to, limit;
    int64_t since_us, until_us;
    struct event_filter types;
    struct had_id devices, jobs;
    const char *actor;
    uint64_t shown;
};

/* ---- What is wanted. */

static void note(struct had_id *had, struct bytes id, uint32_t number)
{
    if (had->id.size == 0 || !bytes_equal(had->id, id)) return;
    had->numbers = realloc(had->numbers, (had->count + 1) * sizeof *had->numbers);
    ASSERT(had->numbers);
    had->numbers[had->count++] = number;
}

static void note_ids(void *context, const struct event *event)
{
    struct wanted *w = context;
    if (event->type == EVENT_DEVICE_REGISTERED)
        note(&w->devices, event->device_registered.id, event->device_registered.number);
    else if (event->type == EVENT_IMPORT_ROW_ACCEPTED)
        note(&w->devices, event->import_row_accepted.id, event->import_row_accepted.number);
    else if (event->type == EVENT_JOB_CREATED)
        note(&w->jobs, event->job_created.id, event->job_created.job);
}

static enum exit_code take_types(struct replay *r, struct event_filter *filter)
{
    const char *names = option(r, "type");
    for (size_t size; names && *names; names += size + (names[size] == ',')) {
        size = strcspn(names, ",");
        enum event_type type = event_type_named((struct bytes){names, size});
        if (type == EVENT_NONE) return usage(r, "there is no event %.*s; docs/events.md lists them", (int)size, names);
        filter->types[type / 64] |= UINT64_C(1) << type % 64;
        filter->some_types = true;
    }
    return EXIT_WELL;
}

static enum exit_code take_time(struct replay *r, const char *name, int64_t *time_us)
{
    const char *text = option(r, name);
    if (!text || timestamp_read(bytes_of_text(text), time_us)) return EXIT_WELL;
    return usage(r, "--%s %s: expected a time as 2026-11-23T02:10:00Z", name, text);
}

/* Only a range that somebody named can want events that are not there; what happened since a time may be among them when
 * the first that is there is not before it. */
static enum exit_code check_range(struct replay *r, const struct wanted *w)
{
    uint64_t first = w->source.first;
    bool wants = (option(r, "from") && w->from < first) || (option(r, "since") && w->from <= first) || w->to < first;
    if (first == 1 || !wants) return EXIT_WELL;
    return fail(EXIT_INCOMPLETE, "events 1 to %" PRIu64 " are not there: bring their segments back, or begin with --from %" PRIu64,
                first - 1, first);
}

/* Narrows the range to what the times leave of it, as far as they have come. */
static enum exit_code take_times(struct replay *r, struct wanted *w)
{
    uint64_t since = 0, until = 0;
    w->since_us = INT64_MIN;
    w->until_us = INT64_MAX;
    enum exit_code code = take_time(r, "since", &w->since_us);
    if (code == EXIT_WELL) code = take_time(r, "until", &w->until_us);
    if (code == EXIT_WELL && option(r, "since")) code = event_since(&w->source, w->since_us, &since);
    if (code == EXIT_WELL && option(r, "until")) code = event_since(&w->source, w->until_us, &until);
    if (code != EXIT_WELL) return code;
    w->from = MAX(w->from, since);
    if (option(r, "until") && until <= w->source.head) w->to = MIN(w->to, until - 1);
    return EXIT_WELL;
}

static enum exit_code take_range(struct replay *r, struct wanted *w)
{
    w->from = 1;
    w->to = w->limit = UINT64_MAX;
    bool good = option_number(r, "from", UINT64_MAX, &w->from) && option_number(r, "to", UINT64_MAX, &w->to) &&
                option_number(r, "limit", UINT64_MAX, &w->limit);
    enum exit_code code = good ? EXIT_WELL : EXIT_USAGE;
    if (code == EXIT_WELL) code = take_times(r, w);
    if (code == EXIT_WELL) code = check_range(r, w);
    w->from = MAX(w->from, w->source.first);
    return code;
}

static enum exit_code take_wishes(struct replay *r, struct wanted *w)
{
    const char *device = option(r, "device"), *job = option(r, "job");
    w->actor = option(r, "actor");
    if (device) w->devices.id = bytes_of_text(device);
    if (job) w->jobs.id = bytes_of_text(job);
    bool needs_names = device || job || w->actor;
    if (option(r, "numbers") && needs_names) return usage(r, "--numbers knows no --job, --device or --actor");
    if (option(r, "follow") && (option(r, "reverse") || source_place(r) != SOURCE_ENGINE))
        return usage(r, "--follow needs --socket, and goes forwards");
    enum exit_code code = take_types(r, &w->types);
    return code == EXIT_WELL ? take_range(r, w) : code;
}

/* ---- Names. */

/* Where event 1 is not there, nothing can be folded. */
static bool has_names(const struct wanted *w)
{
    return !option(w->source.replay, "numbers") && w->source.first == 1;
}

static enum exit_code fold_names(struct wanted *w)
{
    bool needed = w->devices.id.size || w->jobs.id.size || w->actor;
    if (!has_names(w) && needed)
        return fail(EXIT_INCOMPLETE, "events 1 to %llu are not there, so no names are known; without --job, --device and "
                                     "--actor events are shown with their numbers", (unsigned long long)w->source.first - 1);
    if (!has_names(w)) return EXIT_WELL;
    enum exit_code code = state_open(&w->state, &w->source);
    if (code != EXIT_WELL) return code;
    w->state.seen = note_ids;
    w->state.context = w;
    code = state_reach(&w->state, w->source.head);
    w->view = state_view(&w->state);
    if (code != EXIT_WELL) return code;
    if (w->devices.id.size && w->devices.count == 0)
        return fail(EXIT_NOTHING, "there never was a device \"%s\"", option(w->source.replay, "device"));
    if (w->jobs.id.size && w->jobs.count == 0)
        return fail(EXIT_NOTHING, "there never was a job \"%s\"", option(w->source.replay, "job"));
    return EXIT_WELL;
}

/* ---- Matching. */

static bool names_one(const struct event *event, const struct had_id *had, bool devices)
{
    if (had->id.size == 0) return true;
    for (size_t i = 0; i < had->count; i++) {
        struct event_filter one = {0};
        if (devices) one.device = had->numbers[i];
        else one.job = had->numbers[i];
        if (wire_event_matches(event, &one)) return true;
    }
    return false;
}

static bool actor_is(struct view *v, uint32_t number, const char *wanted)
{
    struct actor actor;
    char uid[32];
    if (number == 0) return strcmp(wanted, "engine") == 0;
    if (!actors_get(v, number, &actor)) return false;
    snprintf(uid, sizeof uid, "uid %u", actor.uid);
    return strcmp(wanted, uid) == 0 || strcmp(wanted, uid + strlen("uid ")) == 0 ||
           bytes_equal(actor.on_behalf_of, bytes_of_text(wanted));
}

static bool matches(const struct wanted *w, const struct event *event)
{
    bool in_time = event->time_us >= w->since_us && event->time_us < w->until_us;
    return in_time && wire_event_matches(event, &w->types) && names_one(event, &w->devices, true) &&
           names_one(event, &w->jobs, false) && (!w->actor || actor_is(w->view, event->actor, w->actor));
}

/* ---- Showing. */

static enum exit_code show_one(struct wanted *w, struct arena *arena, uint64_t seq)
{
    struct event event;
    struct sentence why = {""};
    bool skipped = state_skips(&w->state, seq);
    enum exit_code code = event_read(&w->source, seq, &event, &why);
    if (why.text[0]) return skipped ? EXIT_WELL : fail(code, "%s", why.text);
    if (code == EXIT_WELL && event.time_us >= w->until_us) w->to = seq - 1; /* met while following: times never run back */
    if (code != EXIT_WELL || !matches(w, &event)) return code;
    arena_reset(arena);
    struct buffer map = {.arena = arena};
    wire_event(skipped ? NULL : w->view, &event, &map); /* what it names may never have been */
    out_row(&w->source.replay->out, "event", buffer_bytes(&map));
    w->shown++;
    return EXIT_WELL;
}

static enum exit_code show_range(struct wanted *w, uint64_t from, uint64_t to)
{
    struct arena arena = {0};
    enum exit_code code = EXIT_WELL;
    bool reverse = option(w->source.replay, "reverse");
    for (uint64_t i = from; code == EXIT_WELL && i <= to && w->shown < w->limit; i++)
        code = show_one(w, &arena, reverse ? to - (i - from) : i);
    arena_free(&arena);
    return code;
}

/* Until interrupted, or until --limit or --to is reached. */
static enum exit_code follow(struct wanted *w)
{
    enum exit_code code = EXIT_WELL;
    uint64_t done = w->source.head;
    while (code == EXIT_WELL && w->shown < w->limit && done < w->to) {
        if (fflush(stdout) != 0) return EXIT_WELL; /* nobody reads any more */
        nanosleep(&(struct timespec){.tv_nsec = POLL_NS}, NULL);
        code = source_renew(&w->source);
        if (code == EXIT_WELL && w->view) code = state_reach(&w->state, w->source.head);
        if (code == EXIT_WELL) code = show_range(w, MAX(done + 1, w->from), MIN(w->to, w->source.head));
        done = w->source.head;
    }
    return code;
}

static enum exit_code show(struct wanted *w)
{
    struct replay *r = w->source.replay;
    source_header(&w->source);
    r->out.show = write_event;
    enum exit_code code = show_range(w, w->from, MIN(w->to, w->source.head));
    if (code == EXIT_WELL && option(r, "follow")) code = follow(w);
    if (code != EXIT_WELL) return code;
    struct open_map *m = out_record(&r->out, "summary");
    put_uint(m, "events", w->shown);
    put_flag(m, "names", w->view != NULL);
    put_flag(m, "cut", w->shown == w->limit);
    state_put_skipped(&w->state, m);
    out_end(&r->out);
    return state_exit(&w->state);
}

enum exit_code verb_events(struct replay *r)
{
    struct wanted w = {.shown = 0};
    enum exit_code code = source_open(&w.source, r);
    if (code != EXIT_WELL) return code;
    code = take_wishes(r, &w);
    if (code == EXIT_WELL) code = fold_names(&w);
    if (code == EXIT_WELL) code = show(&w);
    state_close(&w.state);
    source_close(&w.source);
    free(w.devices.numbers);
    free(w.jobs.numbers);
    return code;
}
