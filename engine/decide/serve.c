/* Waiting connectors get devices: first come first served, running jobs in turn. A connector that there is nothing for
 * holds up nobody behind it that wants something else. */
#include "engine/decide/dispatch.h"

enum { DEVICES_A_TURN_MAX = 1 << 16 }; /* handed out */

/* The jobs that have devices for connectors, and how far this turn may go. */
struct serving {
    struct progress *progress;
    struct progress_turn *turn;
    uint32_t *jobs; /* their numbers, in order */
    size_t job_count;
    uint32_t devices_left;
    bool more; /* there may be something that was not looked at */
};

static void find_jobs(struct serving *s)
{
    struct view *v = s->turn->view;
    s->jobs = arena_alloc(s->turn->arena, jobs_running_count(v) * sizeof *s->jobs);
    for (size_t i = 0; i < jobs_running_count(v); i++) {
        const struct job *job = jobs_running_at(v, i);
        bool is_theirs = job->targets_fixed && job->type != JOB_TYPE_CLOUD_PROPERTY;
        if (is_theirs) s->jobs[s->job_count++] = job->number;
    }
}

/* The place of the job behind the one that was served last. */
static size_t first_in_turn(const struct serving *s)
{
    size_t first = 0;
    while (first < s->job_count && s->jobs[first] <= s->progress->served_job) first++;
    return first;
}

static bool wants(const struct serving *s, const struct take *take, uint32_t job)
{
    return take->kind->wish.types >> jobs_get(s->turn->view, job)->type & 1;
}

/* False when there is nothing for the take now. */
static bool serve_take(struct serving *s, struct take *take)
{
    struct progress_turn *t = s->turn;
    struct work *works = arena_alloc(t->arena, s->job_count * sizeof *works);
    uint32_t left = MIN(take->max, s->devices_left), given = 0;
    size_t first = first_in_turn(s), count = 0;
    for (size_t i = 0; i < s->job_count && given < left && !turn_is_full(t); i++) {
        uint32_t job = s->jobs[(first + i) % s->job_count];
        if (!wants(s, take, job)) continue;
        enum gathered gathered = dispatch_job(s->progress, t, job, take, left - given, &works[count]);
        s->more |= gathered == GATHERED_LATER;
        if (gathered != GATHERED_SOME) continue;
        given += works[count++].count;
        s->progress->served_job = job;
    }
    if (count == 0) return false;
    s->devices_left -= given;
    take->served = true;
    t->serve(t->context, take, works, count);
    return true;
}

/* How many kinds have takes that wait; none of them is barren yet. */
static size_t begin_kinds(struct takes *takes)
{
    size_t waiting = 0;
    for (size_t i = 0; i < COUNT_OF(takes->kinds); i++) {
        struct take_kind *kind = &takes->kinds[i];
        kind->barren = false;
        waiting += kind->references > 0 && kind->waiting > 0;
    }
    return waiting;
}

bool serve_takes(struct progress *p, struct progress_turn *t)
{
    struct serving s = {.progress = p, .turn = t, .devices_left = DEVICES_A_TURN_MAX};
    if (!t->takes->first || jobs_running_count(t->view) == 0) return false;
    find_jobs(&s);
    size_t kinds_left = begin_kinds(t->takes);
    for (struct take *take = t->takes->first; take && kinds_left > 0; take = take->next) {
        if (take->served || take->kind->barren) continue;
        if (s.devices_left == 0 || turn_is_full(t) || !t->may_serve(t->context)) return true;
        if (serve_take(&s, take)) continue;
        take->kind->barren = true;
        kinds_left--;
    }
    return s.more || turn_is_full(t);
}
