/* Jobs: run, stop, resume, cancel, look. */
#include "engine/base/text.h"
#include "engine/decide/decide.h"
#include "engine/decide/evaluate.h"
#include "engine/decide/history.h"
#include "engine/decide/limits.h"
#include "engine/decide/plan.h"
#include "projections/groups.h"
#include "projections/jobs.h"

/* Jobs looked at for one page; names read for it, which cost ten times as much. */
enum { LIST_LOOKS_MAX = 10000, LIST_NAMES_MAX = 1000 };

/* ---- Run. */

/* "COUNT-HASH", as jobs.preview gave it. */
struct quote {
    bool given;
    uint32_t count;
    uint8_t hash[32];
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hash(const char *digits, uint8_t hash[32])
{
    for (size_t i = 0; i < 32; i++) {
        int high = hex_digit(digits[2 * i]), low = hex_digit(digits[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        hash[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool read_count(struct bytes text, uint32_t *count)
{
    const char *digits = text.data;
    uint64_t value = 0;
    for (size_t i = 0; i < text.size && value <= UINT32_MAX; i++) {
        if (digits[i] < '0' || digits[i] > '9') return false;
        value = value * 10 + (uint64_t)(digits[i] - '0');
    }
    *count = (uint32_t)value;
    return text.size > 0 && value <= UINT32_MAX;
}

static enum refusal read_quote(struct decision *d, struct bytes text, struct quote *quote)
{
    enum { HASH_DIGITS = 64 };
    *quote = (struct quote){.given = text.data != NULL};
    if (!quote->given) return ACCEPTED;
    const char *start = text.data, *dash = text.size ? memchr(text.data, '-', text.size) : NULL;
    size_t count_size = dash ? (size_t)(dash - start) : 0;
    bool good = dash && text.size - count_size == 1 + HASH_DIGITS && read_hash(dash + 1, quote->hash);
    if (good && read_count((struct bytes){start, count_size}, &quote->count)) return ACCEPTED;
    return refuse_field(d, "planHash must be what jobs.preview answered: a count, - and 64 hexadecimal digits");
}

static enum refusal queue(struct decision *d, uint32_t number, const struct quote *quote)
{
    if (quote->given)
        emit(d->events, (struct event){.type = EVENT_JOB_PLAN_QUOTED,
                                       .job_plan_quoted = {.job = number,
                                                           .count = quote->count,
                                                           .hash = {quote->hash, sizeof quote->hash}}});
    emit(d->events, (struct event){.type = EVENT_JOB_QUEUED, .job_queued = {.job = number}});
    return answer_with(d, ANSWER_JOB, number);
}

/* A saved job runs once; who asks again is shown the job as it is now. */
static enum refusal run_saved(struct decision *d, struct bytes id, const struct quote *quote)
{
    struct job_plan plan;
    uint32_t number = jobs_find(d->view, id);
    if (!number) return REFUSED_NO_SUCH_JOB;
    if (jobs_get(d->view, number)->status != JOB_IS_SAVED) return answer_with(d, ANSWER_JOB, number);
    plan_of_job(d->view, d->arena, number, &plan);
    enum refusal refusal = plan_check_group(d, &plan, "save the job with another group, then run it");
    if (!refusal) refusal = plan_check_template(d, &plan, "save the job with other data, then run it");
    if (!refusal) refusal = plan_check_queue(d);
    return refusal ? refusal : queue(d, number, quote);
}

enum refusal decide_jobs_run(struct decision *d, const struct command *c)
{
    struct bytes id;
    struct quote quote;
    struct job_plan plan;
    bool repeated;
    enum refusal refusal = read_quote(d, c->jobs_run.plan_hash, &quote);
    if (refusal) return refusal;
    if (c->jobs_run.id.data && !plan_fields_given(&c->jobs_run.job)) return run_saved(d, c->jobs_run.id, &quote);
    refusal = plan_new_id(d, c->jobs_run.id, &id, &repeated);
    if (refusal || repeated) return refusal;
    refusal = plan_read(d, &c->jobs_run.job, id, &plan);
    if (!refusal) refusal = plan_check_queue(d);
    return refusal ? refusal : queue(d, plan_create_job(d, id, &plan), &quote);
}

/* ---- Stop, resume, cancel. */

static const struct job *job_named(struct decision *d, struct bytes id)
{
    uint32_t number = jobs_find(d->view, id);
    return number ? jobs_get(d->view, number) : NULL;
}

static enum refusal refuse_move(struct decision *d, const struct job *job, enum refusal refusal)
{
    sentence_set(&d->why, "%s; this one is %s", refusal_text(refusal), job_status_word(job->status));
    return refusal;
}

enum refusal decide_jobs_stop(struct decision *d, const struct command *c)
{
    const struct job *job = job_named(d, c->jobs_stop.id);
    if (!job) return REFUSED_NO_SUCH_JOB;
    if (!job_may_move(job->status, JOB_IS_STOPPED)) return refuse_move(d, job, REFUSED_JOB_CANNOT_STOP);
    uint32_t number = job->number;
    emit(d->events, (struct event){.type = EVENT_JOB_STOPPED, .job_stopped = {.job = number}});
    return answer_with(d, ANSWER_JOB, number);
}

enum refusal decide_jobs_resume(struct decision *d, const struct command *c)
{
    const struct job *job = job_named(d, c->jobs_resume.id);
    if (!job) return REFUSED_NO_SUCH_JOB;
    if (job->status != JOB_IS_STOPPED) return refuse_move(d, job, REFUSED_JOB_CANNOT_RESUME);
    uint32_t number = job->number;
    emit(d->events, (struct event){.type = EVENT_JOB_RESUMED, .job_resumed = {.job = number}});
    /* What came in while it was stopped may have decided it. */
    job_evaluate(d->view, d->events, number, d->events_max);
    return answer_with(d, ANSWER_JOB, number);
}

enum refusal decide_jobs_cancel(struct decision *d, const struct command *c)
{
    const struct job *job = job_named(d, c->jobs_cancel.id);
    if (!job) return REFUSED_NO_SUCH_JOB;
    if (!job_may_move(job->status, JOB_IS_CANCELLED)) return refuse_move(d, job, REFUSED_JOB_CANNOT_CANCEL);
    uint32_t number = job->number;
    emit(d->events, (struct event){.type = EVENT_JOB_CANCELLED,
                                   .job_cancelled = {.job = number, .reason = CANCELLED_BY_USER}});
    return answer_with(d, ANSWER_JOB, number);
}

/* ---- Looking. */

enum refusal decide_jobs_get(struct decision *d, const struct command *c)
{
    uint32_t number = jobs_find(d->view, c->jobs_get.id);
    if (!number) return REFUSED_NO_SUCH_JOB;
    return answer_with(d, ANSWER_JOB, number);
}

/* What a list is asked for; all zero is every job. */
struct job_filter {
    uint32_t statuses; /* bit (1 << status); 0: any */
    int64_t ended_since_us; /* 0: whenever */
    struct bytes group;     /* its id, as jobs show it: also that of a group which was removed since */
    struct bytes name;      /* somewhere in the display name */
    bool scheduled;         /* runs of schedules only */
};

/* One page's walk over the jobs, newest first. */
struct job_walk {
    struct view *view;
    const struct job_filter *filter;
    const struct job *job; /* the next one; NULL at the end */
    size_t looks, names;
    uint32_t group;        /* the last one that was compared, and whether it is meant */
    bool group_is_meant;
};

static enum refusal read_section(struct decision *d, struct bytes section, struct job_filter *filter)
{
    static const struct {
        const char *name;
        uint32_t statuses;
        bool recent;
        bool scheduled;
    } SECTIONS[] = {
        {"running", MAY(PENDING) | MAY(RUNNING) | MAY(STOPPED), false, false},
        {"saved", MAY(SAVED), false, false},
        {"recent", MAY(COMPLETE) | MAY(FAILED) | MAY(CANCELLED), true, false},
        {"scheduled", 0, false, true},
    };
    if (!section.data) return ACCEPTED;
    for (size_t i = 0; i < COUNT_OF(SECTIONS); i++) {
        if (!bytes_equal(section, bytes_of_text(SECTIONS[i].name))) continue;
        filter->statuses = SECTIONS[i].statuses;
        filter->scheduled = SECTIONS[i].scheduled;
        if (SECTIONS[i].recent) filter->ended_since_us = MAX(history_since_us(d->events->time_us), INT64_C(1));
        return ACCEPTED;
    }
    return refuse_field(d, "section must be running, saved, recent or scheduled; it is \"%.*s\"", BYTES_ARG(section));
}

static enum refusal read_job_filter(struct decision *d, const struct command *c, struct job_filter *filter)
{
    enum job_status status;
    *filter = (struct job_filter){.name = c->jobs_list.name, .group = c->jobs_list.group};
    enum refusal refusal = read_section(d, c->jobs_list.section, filter);
    if (refusal) return refusal;
    if (c->jobs_list.status.data) {
        if (!job_status_named(c->jobs_list.status, &status))
            return refuse_field(d, "status must be saved, pending, running, stopped, complete, failed or cancelled");
        filter->statuses = filter->statuses ? filter->statuses & (1u << status) : 1u << status;
        if (!filter->statuses) return refuse_field(d, "no job of that section has that status");
    }
    return ACCEPTED;
}

static bool name_holds(struct job_walk *w)
{
    struct job_text text;
    struct bytes part = w->filter->name;
    if (part.size == 0) return true;
    w->names++;
    ASSERT(jobs_text(w->view, w->job->number, &text));
    return text_holds_any_case(text.display_name, part);
}

/* Neighbours are often of one group: it is read once for them. */
static bool group_is_meant(struct job_walk *w)
{
    struct group group;
    if (!w->filter->group.data) return true;
    if (w->group == w->job->group) return w->group_is_meant;
    ASSERT(groups_get(w->view, w->job->group, &group));
    w->group = group.number;
    w->group_is_meant = bytes_equal(group.id, w->filter->group);
    return w->group_is_meant;
}

static bool job_is_meant(struct job_walk *w)
{
    const struct job *job = w->job;
    const struct job_filter *filter = w->filter;
    if (job->expired || job->discarded) return false;
    if (filter->statuses && !(filter->statuses & (1u << job->status))) return false;
    if (filter->scheduled && !job->schedule) return false;
    if (filter->ended_since_us && job->ended_us < filter->ended_since_us) return false;
    return group_is_meant(w) && name_holds(w);
}

/* Jobs that have not ended stand in a list of their own: however long the history is, it is not looked through for them. */
static const struct job *walk_from(const struct job_walk *w, uint32_t number)
{
    const unsigned waiting = MAY(PENDING) | MAY(RUNNING) | MAY(STOPPED), statuses = w->filter->statuses;
    if (number == 0) return NULL;
    return statuses && !(statuses & ~waiting) ? jobs_active_previous(w->view, number) : jobs_previous(w->view, number);
}

static bool walk_may_go_on(const struct job_walk *w)
{
    return w->job && w->looks < LIST_LOOKS_MAX && w->names < LIST_NAMES_MAX;
}

/* The number of the next job that is meant; 0 when the walk may not go on. */
static uint32_t walk_next(struct job_walk *w)
{
    while (walk_may_go_on(w)) {
        uint32_t number = w->job->number;
        bool meant = job_is_meant(w);
        w->looks++;
        w->job = walk_from(w, number - 1);
        if (meant) return number;
    }
    return 0;
}

enum refusal decide_jobs_list(struct decision *d, const struct command *c)
{
    uint32_t rows, from;
    struct job_filter filter;
    enum refusal refusal = check_page(d, c->jobs_list.limit, c->jobs_list.cursor, &rows, &from);
    if (!refusal) refusal = read_job_filter(d, c, &filter);
    if (refusal) return refusal;
    uint32_t *numbers = arena_alloc(d->arena, rows * sizeof *numbers);
    size_t count = 0;
    struct job_walk walk = {.view = d->view, .filter = &filter};
    walk.job = walk_from(&walk, from ? from : UINT32_MAX);
    for (uint32_t number; count < rows && (number = walk_next(&walk));) numbers[count++] = number;
    uint32_t next = walk.job ? walk.job->number : 0;
    bool nothing = count == 0 && next == 0 && !from;
    if (nothing && filter.group.data && !groups_find(d->view, filter.group)) return REFUSED_NO_SUCH_GROUP;
    d->answer = (struct answer){.kind = ANSWER_JOBS, .numbers = numbers, .count = count, .next = next};
    return ACCEPTED;
}
