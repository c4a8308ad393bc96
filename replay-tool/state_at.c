/* muster-replay state: what anybody would have seen at a moment, as the socket would have shown it. */
#include "replay-tool/moment.h"
#include "replay-tool/resources.h"
#include "replay-tool/state.h"
#include "replay-tool/verbs.h"

#include "engine/wire/resources.h"
#include "projections/devices.h"
#include "projections/jobs.h"

const struct option_row STATE_OPTIONS[] = {
    {"at", "SEQ|TIME", "behind this event, or at this time (the end)"},
    {"job", "ID", "this job only"},
    {"device", "ID", "this device only"},
    {"devices", NULL, "all devices too"},
    FOLD_OPTION_ROWS,
    {NULL, NULL, NULL},
};

/* How each kind is listed as text. */
static const struct table_column COLUMNS[RESOURCE_KINDS][8] = {
    [RESOURCE_TEMPLATE] = {{"TEMPLATE", "id", cell_value, LEFT}, {"NAME", "displayName", cell_value, WIDE}},
    [RESOURCE_GROUP] = {{"GROUP", "id", cell_value, LEFT},
                        {"NAME", "displayName", cell_value, LEFT},
                        {"FILTER", "filter", cell_value, WIDE}},
    [RESOURCE_DEVICE] = {{"DEVICE", "id", cell_value, LEFT},
                         {"NAME", "displayName", cell_value, LEFT},
                         {"TEMPLATE", "template", cell_value, LEFT}},
    [RESOURCE_MOVE] = {{"MOVE", "move", cell_value, RIGHT},
                       {"GROUP", "group", cell_value, LEFT},
                       {"TEMPLATE", "template", cell_value, LEFT},
                       {"STATUS", "status", cell_status, LEFT},
                       {"MOVED", "moved", cell_value, RIGHT}},
    [RESOURCE_IMPORT] = {{"IMPORT", "id", cell_value, LEFT},
                         {"STATUS", "status", cell_status, LEFT},
                         {"ACCEPTED", "accepted", cell_value, RIGHT},
                         {"REJECTED", "rejected", cell_value, RIGHT},
                         {"OPENED", "opened", cell_time, LEFT}},
    [RESOURCE_EXPORT] = {{"EXPORT", "id", cell_value, LEFT},
                         {"STATUS", "status", cell_status, LEFT},
                         {"ROWS", "rows", cell_value, RIGHT},
                         {"OPENED", "opened", cell_time, LEFT}},
    [RESOURCE_SCHEDULE] = {{"SCHEDULE", "id", cell_value, LEFT},
                           {"NAME", "displayName", cell_value, LEFT},
                           {"NEXT", "next", cell_time, LEFT},
                           {"ENDED", "ended", cell_time, LEFT}},
    [RESOURCE_JOB] = {{"JOB", "id", cell_value, LEFT},
                      {"NAME", "displayName", cell_value, WIDE},
                      {"STATUS", "status", cell_status, LEFT},
                      {"DEVICES", "progress.total", cell_value, RIGHT},
                      {"COMPLETED", "progress.completed", cell_value, RIGHT},
                      {"FAILED", "progress.failed", cell_value, RIGHT},
                      {"CREATED", "created", cell_time, LEFT}},
};

struct looking {
    struct source source;
    struct state state;
    struct arena arena;
    uint64_t seq;
    uint64_t shown[RESOURCE_KINDS];
};

/* ---- Rows. */

static void show_one(struct looking *l, enum resource_kind kind, uint32_t number)
{
    struct buffer map = {.arena = &l->arena};
    arena_reset(&l->arena);
    resource_put(state_view(&l->state), kind, number, &map);
    out_row(&l->source.replay->out, resource_word(kind), buffer_bytes(&map));
    l->shown[kind]++;
}

static void show_all(struct looking *l)
{
    struct view *v = state_view(&l->state);
    struct out *out = &l->source.replay->out;
    bool devices = option(l->source.replay, "devices");
    for (enum resource_kind kind = 0; kind < RESOURCE_KINDS; kind++) {
        if (kind == RESOURCE_DEVICE && !devices) continue;
        out->columns = COLUMNS[kind];
        for (uint32_t number = 0; (number = resource_next(v, kind, number + 1));) show_one(l, kind, number);
        out_rows_end(out);
    }
}

static enum exit_code show_wanted(struct looking *l)
{
    struct view *v = state_view(&l->state);
    const char *job = option(l->source.replay, "job"), *device = option(l->source.replay, "device");
    if (!job && !device) {
        show_all(l);
        return EXIT_WELL;
    }
    enum resource_kind kind = job ? RESOURCE_JOB : RESOURCE_DEVICE;
    uint32_t number = job ? jobs_find(v, bytes_of_text(job)) : devices_find(v, bytes_of_text(device));
    if (number == 0)
        return fail(EXIT_NOTHING, "there was no %s \"%s\" at that moment", resource_word(kind), job ? job : device);
    show_one(l, kind, number);
    return EXIT_WELL;
}

/* ---- Around them. */

/* As info has them. */
static void put_job_counts(struct open_map *m, struct view *v)
{
    put_key(m, "jobs");
    struct open_map counts = put_map(m->out);
#define STATE(NAME, word, moves) put_uint(&counts, word, jobs_count(v, JOB_IS_##NAME));
    JOB_STATES(STATE)
#undef STATE
    put_end(&counts);
}

static enum exit_code show_summary(struct looking *l)
{
    struct view *v = state_view(&l->state);
    struct open_map *m = out_record(&l->source.replay->out, "summary");
    enum exit_code code = moment_put(&l->source, l->seq, m);
    put_uint(m, "devices", devices_count(v));
    put_job_counts(m, v);
    put_key(m, "shown");
    struct open_map shown = put_map(m->out);
    for (enum resource_kind kind = 0; kind < RESOURCE_KINDS; kind++)
        if (l->shown[kind]) put_uint(&shown, resource_plural(kind), l->shown[kind]);
    put_end(&shown);
    state_put_skipped(&l->state, m);
    if (code == EXIT_WELL) out_end(&l->source.replay->out);
    return code;
}

static enum exit_code look(struct looking *l, const char *at)
{
    enum exit_code code = EXIT_WELL;
    l->seq = l->source.head;
    if (at) code = moment_find(&l->source, "--at", at, &l->seq);
    if (code == EXIT_WELL) code = state_open(&l->state, &l->source);
    if (code == EXIT_WELL) code = state_reach(&l->state, l->seq);
    if (code != EXIT_WELL) return code;
    source_header(&l->source);
    code = show_wanted(l);
    return code == EXIT_WELL ? show_summary(l) : code;
}

enum exit_code verb_state(struct replay *r)
{
    struct looking l = {.seq = 0};
    if (option(r, "job") && option(r, "device")) return usage(r, "--job and --device exclude each other");
    enum exit_code code = source_open(&l.source, r);
    if (code != EXIT_WELL) return code;
    code = look(&l, option(r, "at"));
    if (code == EXIT_WELL) code = state_exit(&l.state);
    arena_free(&l.arena);
    state_close(&l.state);
    source_close(&l.source);
    return code;
}
