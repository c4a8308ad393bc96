/* Schedules: when they are due, and what becomes of it then. */
#include "tests/unit/model_parts.h"

#include <time.h>

enum { DAY_S = 86400, LATE_S = 60 };

/* ---- Local time, of three zones: none of it is asked of the system. */

/* 01:00 UTC on the month's last Sunday: when clocks are changed in Europe. */
static int64_t change_of_clocks(int year, int month)
{
    struct tm tm = {.tm_year = year, .tm_mon = month, .tm_mday = 31, .tm_hour = 1};
    time_t last_day = timegm(&tm);
    gmtime_r(&last_day, &tm);
    return last_day - (int64_t)tm.tm_wday * DAY_S;
}

/* Seconds that the zone's clocks show ahead of UTC. */
static int64_t offset_at(enum model_zone zone, int64_t utc_s)
{
    struct tm tm;
    time_t time = (time_t)utc_s;
    if (zone == ZONE_UTC) return 0;
    if (zone == ZONE_KOLKATA) return 5 * 3600 + 1800;
    gmtime_r(&time, &tm);
    bool summer = utc_s >= change_of_clocks(tm.tm_year, 2) && utc_s < change_of_clocks(tm.tm_year, 9);
    return summer ? 7200 : 3600;
}

/* The first moment at which the zone's clocks show this, or have passed over it. */
static int64_t utc_of(enum model_zone zone, int64_t local_s)
{
    int64_t early = local_s - offset_at(zone, local_s - DAY_S), late = local_s - offset_at(zone, local_s + DAY_S);
    if (early + offset_at(zone, early) == local_s) return early;
    if (late + offset_at(zone, late) == local_s) return late;
    int64_t moment = late;
    while (moment + offset_at(zone, moment) < local_s) moment++;
    return moment;
}

/* The time with this index, from 0 at the start. */
static int64_t due_at(const struct model_times *times, unsigned index)
{
    int64_t start_s = times->start_us / US_PER_S, days = times->recurrence == WEEKLY ? 7 : 1;
    if (index == 0) return times->start_us;
    int64_t local_s = start_s + offset_at(times->zone, start_s) + index * days * DAY_S;
    return utc_of(times->zone, local_s) * US_PER_S;
}

/* ---- Put, remove. */

static const char *refuse_past(const struct model_schedule *s)
{
    if (s->times.end_occurrences && s->occurrences >= s->times.end_occurrences) return "occurrences";
    if (s->times.recurrence == ONCE && s->next > 0) return "once";
    return s->times.end_us && due_at(&s->times, s->next) > s->times.end_us ? "date" : NULL;
}

/* At its next index from now on; NULL, or why there is none. */
static const char *set_next(struct model_schedule *s)
{
    const char *reason = refuse_past(s);
    s->next_us = reason ? 0 : due_at(&s->times, s->next);
    return reason;
}

/* What was run is not due again, also when the clock was put back. */
static const char *set_next_from_now(const struct model *m, struct model_schedule *s)
{
    int64_t after_us = MAX_OF(m->wall_us, s->last_due_us);
    s->next = 0;
    while (due_at(&s->times, s->next) <= after_us && (s->next == 0 || s->times.recurrence != ONCE)) s->next++;
    return set_next(s);
}

static bool times_are_equal(const struct model_times *a, const struct model_times *b)
{
    return a->start_us == b->start_us && a->zone == b->zone && a->recurrence == b->recurrence &&
           a->end_us == b->end_us && a->end_occurrences == b->end_occurrences;
}

static bool policies_are_equal(const struct model_times *a, const struct model_times *b)
{
    return a->skips_missed == b->skips_missed && a->skips_overlap == b->skips_overlap;
}

/* With any field of a job, all of them are looked at as if they had been given. */
static const char *change_job(const struct model *m, struct model_plan *plan, const struct model_plan *given)
{
    struct model_plan whole = *plan;
    if (!given->given) return NULL;
    if (given->given & GIVES_GROUP) set_id(whole.group, given->group);
    if (given->given & GIVES_DATA) {
        set_id(whole.target, given->target);
        whole.type = given->type;
        whole.value = given->value;
    }
    whole.given = GIVES_GROUP | GIVES_DATA;
    const char *refusal = change_plan(m, plan, &whole);
    whole = *given;
    whole.given &= ~(unsigned)(GIVES_GROUP | GIVES_DATA);
    return refusal ? refusal : change_plan(m, plan, &whole);
}

/* A schedule as it would be. NULL or the refusal. */
static const char *changed_schedule(const struct model *m, struct model_schedule *s, bool is_new,
                                    const struct model_plan *plan, const struct model_times *times, int enabled)
{
    const char *refusal = is_new ? new_plan(m, &s->plan, plan, s->id) : change_job(m, &s->plan, plan);
    if (refusal) return refusal;
    if (is_new && !times) return "bad_field";
    bool due_anew = is_new || (times && !times_are_equal(times, &s->times)) || (enabled >= 0 && enabled != s->enabled);
    if (times) s->times = *times;
    if (enabled >= 0) s->enabled = enabled;
    if (!due_anew) return NULL;
    s->next_us = 0;
    if (!s->enabled) return NULL;
    if (set_next_from_now(m, s)) return "bad_field";
    s->ended_us = 0;
    s->ended_reason = NULL;
    return NULL;
}

const char *model_put_schedule(struct model *m, const char *id, const struct model_plan *plan,
                               const struct model_times *times, int enabled)
{
    int index = model_schedule(m, id);
    bool is_new = index < 0;
    struct model_schedule s = {.enabled = true};
    if (is_new) set_id(s.id, id);
    else s = m->schedules[index];
    const char *refusal = changed_schedule(m, &s, is_new, plan, times, enabled);
    if (refusal) return refusal;
    if (is_new) {
        index = (int)m->schedule_count++;
        m->schedules = grown(m->schedules, (unsigned)index, sizeof *m->schedules);
    }
    const struct model_schedule before = m->schedules[index];
    m->schedules[index] = s;
    return done(m, is_new || !plans_are_equal(&s.plan, &before.plan) || !times_are_equal(&s.times, &before.times) ||
                       !policies_are_equal(&s.times, &before.times) || s.enabled != before.enabled);
}

const char *model_remove_schedule(struct model *m, const char *id)
{
    int index = model_schedule(m, id);
    if (index < 0) return "no_such_schedule";
    m->schedules[index].removed = true;
    m->schedules[index].next_us = 0;
    return done(m, true);
}

/* ---- Due. */

static bool has_run(const struct model *m, int schedule, bool also_pending)
{
    for (unsigned i = 0; i < m->job_count; i++) {
        const struct model_job *job = &m->jobs[i];
        if (job->schedule != schedule) continue;
        if (job->status == RUNNING || (also_pending && job->status == PENDING)) return true;
    }
    return false;
}

bool waits_for_run(const struct model *m, const struct model_job *job)
{
    return job->schedule >= 0 && has_run(m, job->schedule, false);
}

/* The index of the last time that has come; those up to it are due together. */
static unsigned last_due(const struct model *m, const struct model_schedule *s)
{
    unsigned last = s->next;
    const struct model_times *times = &s->times;
    while (times->recurrence != ONCE) {
        int64_t due_us = due_at(times, last + 1);
        unsigned occurrence = s->occurrences + last + 1 - s->next + 1;
        if (due_us > m->wall_us || (times->end_us && due_us > times->end_us)) break;
        if (times->end_occurrences && occurrence > times->end_occurrences) break;
        last++;
    }
    return last;
}

/* Of those that were missed together the log has the first one's time: when the clock is put back over the others, and
 * the schedule is changed then, they may come again. None of them was run. */
static void keep_run(struct model_schedule *s, unsigned count, int job, const char *reason)
{
    s->runs = grown(s->runs, s->run_count, sizeof *s->runs);
    s->runs[s->run_count++] = (struct model_run){.first = s->occurrences + 1,
                                                 .last = s->occurrences + count,
                                                 .due_us = due_at(&s->times, s->next),
                                                 .job = job,
                                                 .reason = reason};
    s->occurrences += count;
    s->last_due_us = due_at(&s->times, s->next);
    s->next += count;
}

static const char *obstacle(const struct model *m, int index)
{
    const struct model_schedule *s = &m->schedules[index];
    if (m->groups[s->plan.group_index].removed) return "group_removed";
    if (s->plan.target_index >= 0 && m->templates[s->plan.target_index].removed) return "template_removed";
    return s->times.skips_overlap && has_run(m, index, true) ? "overlap" : NULL;
}

/* "ID-N"; when that is taken the engine finds another name, and the job has none until it is asked. */
static void make_run(struct model *m, int index)
{
    char id[MODEL_ID_SIZE + 16];
    const char *refusal;
    struct model_schedule *s = &m->schedules[index];
    snprintf(id, sizeof id, "%s-%u", s->id, s->occurrences + 1);
    if (id_is_taken(m, id, "", &refusal)) *id = '\0';
    struct model_job *job = new_job(m, id, "", &s->plan);
    job->schedule = index;
    queue(m, job);
    keep_run(s, 1, (int)m->job_count - 1, NULL);
}

static void run_schedule(struct model *m, int index)
{
    struct model_schedule *s = &m->schedules[index];
    unsigned last = last_due(m, s), count = last - s->next + 1;
    bool late = m->wall_us - due_at(&s->times, last) > (int64_t)LATE_S * US_PER_S;
    unsigned missed = count - 1 + (late && s->times.skips_missed);
    if (missed) keep_run(s, missed, -1, s->next_us < m->started_us ? "engine_down" : "late");
    if (missed < count) {
        const char *reason = obstacle(m, index);
        if (reason) keep_run(s, 1, -1, reason);
        else make_run(m, index);
    }
    const char *ended = set_next(s);
    if (!ended) return;
    s->ended_us = m->time_us;
    s->ended_reason = ended;
}

static int first_due(const struct model *m)
{
    int first = -1;
    for (int i = 0; i < (int)m->schedule_count; i++) {
        int64_t next_us = m->schedules[i].next_us;
        if (next_us == 0 || next_us > m->wall_us) continue;
        if (first < 0 || next_us < m->schedules[first].next_us) first = i;
    }
    return first;
}

void run_schedules(struct model *m)
{
    for (int index; (index = first_due(m)) >= 0;) run_schedule(m, index);
}

/* ---- Names. */

int model_nameless_job(const struct model *m)
{
    for (unsigned i = 0; i < m->job_count; i++)
        if (!*m->jobs[i].id) return (int)i;
    return -1;
}

bool model_may_be_called(const struct model *m, const struct model_job *job, const char *id)
{
    const struct model_schedule *s = &m->schedules[job->schedule];
    const char *refusal;
    char begin[MODEL_ID_SIZE + 16] = "";
    for (unsigned i = 0; i < s->run_count; i++)
        if (s->runs[i].job == (int)(job - m->jobs)) snprintf(begin, sizeof begin, "%s-%u-", s->id, s->runs[i].first);
    return *begin && strncmp(id, begin, strlen(begin)) == 0 && !id_is_taken(m, id, "", &refusal);
}
