/* Plans: jobs that are run, saved, edited, copied, rerun; and previews, which tell whom a plan would touch. */
#include "tests/unit/model_parts.h"

enum { PROPERTY_TIMEOUT = 300, COMMAND_TIMEOUT = 30, NAME_CHARACTERS_MAX = 148 };

/* ---- Plans. */

static void take_data(struct model_plan *plan, const struct model_plan *given, int target)
{
    plan->type = given->type;
    plan->value = given->value;
    plan->target_index = target;
    set_id(plan->target, given->target);
}

static void take_numbers(struct model_plan *plan, const struct model_plan *given)
{
    if (given->given & GIVES_BATCH) {
        plan->batch = given->batch;
        plan->batch_value = given->batch_value;
    }
    if (given->given & GIVES_THRESHOLD) {
        plan->threshold = given->threshold;
        plan->threshold_value = given->threshold_value;
        plan->threshold_per_batch = given->threshold_per_batch;
    }
    if (given->given & GIVES_TIMEOUTS) {
        plan->queue_timeout = given->queue_timeout;
        plan->timeout = given->timeout;
    }
    if (given->given & GIVES_RETRIES) {
        plan->retries = given->retries;
        plan->retry_failed = given->retry_failed;
        plan->retry_timed_out = given->retry_timed_out;
    }
    if (plan->timeout == 0) plan->timeout = plan->type == COMMAND ? COMMAND_TIMEOUT : PROPERTY_TIMEOUT;
}

const char *change_plan(const struct model *m, struct model_plan *plan, const struct model_plan *given)
{
    int target = -1, group = plan->group_index;
    if (given->given & GIVES_DATA && *given->target && (target = model_template(m, given->target)) < 0)
        return "no_such_template";
    if (given->given & GIVES_GROUP && (group = model_group(m, given->group)) < 0) return "no_such_group";
    if (given->given & GIVES_GROUP) set_id(plan->group, given->group);
    plan->group_index = group;
    if (given->given & GIVES_DATA) take_data(plan, given, target);
    if (given->given & GIVES_NAME) snprintf(plan->name, sizeof plan->name, "%s", given->name);
    take_numbers(plan, given);
    return NULL;
}

const char *new_plan(const struct model *m, struct model_plan *plan, const struct model_plan *given, const char *id)
{
    enum { NEEDED = GIVES_GROUP | GIVES_DATA };
    *plan = (struct model_plan){.given = GIVES_ALL, .target_index = -1};
    snprintf(plan->name, sizeof plan->name, "%s", id);
    return (given->given & NEEDED) == NEEDED ? change_plan(m, plan, given) : "bad_field";
}

static bool on_same_terms(const struct model_plan *a, const struct model_plan *b)
{
    return strcmp(a->group, b->group) == 0 && strcmp(a->target, b->target) == 0 && a->type == b->type &&
           a->value == b->value && a->batch == b->batch && a->batch_value == b->batch_value &&
           a->threshold == b->threshold && a->threshold_value == b->threshold_value &&
           a->threshold_per_batch == b->threshold_per_batch && a->timeout == b->timeout &&
           a->queue_timeout == b->queue_timeout && a->retries == b->retries && a->retry_failed == b->retry_failed &&
           a->retry_timed_out == b->retry_timed_out;
}

bool plans_are_equal(const struct model_plan *a, const struct model_plan *b)
{
    return on_same_terms(a, b) && a->group_index == b->group_index && a->target_index == b->target_index &&
           strcmp(a->name, b->name) == 0;
}

/* The group is looked at first. */
static const char *removed_under(const struct model *m, const struct model_plan *plan)
{
    if (m->groups[plan->group_index].removed) return "no_such_group";
    return plan->target_index >= 0 && m->templates[plan->target_index].removed ? "no_such_template" : NULL;
}

/* ---- Jobs. */

struct model_job *new_job(struct model *m, const char *id, const char *body, const struct model_plan *plan)
{
    m->jobs = grown(m->jobs, m->job_count, sizeof *m->jobs);
    struct model_job *job = &m->jobs[m->job_count++];
    *job = (struct model_job){
        .plan = *plan, .body = strdup(body), .quoted = -1, .parent = -1, .schedule = -1, .created_us = m->time_us};
    set_id(job->id, id);
    m->made_job = true;
    return job;
}

static int taken_id(const struct model *m, const char *id)
{
    for (int i = (int)m->job_count - 1; i >= 0; i--)
        if (strcmp(m->jobs[i].id, id) == 0) return i;
    return -1;
}

static bool was_made_so(const struct model_job *job, const char *body)
{
    return !job->discarded && strcmp(job->body, body) == 0;
}

bool id_is_taken(const struct model *m, const char *id, const char *body, const char **refusal)
{
    int existing = taken_id(m, id);
    *refusal = existing < 0 || was_made_so(&m->jobs[existing], body) ? NULL : "conflict";
    return existing >= 0;
}

const char *model_run_job(struct model *m, const char *id, const char *body, const struct model_plan *given, int quoted)
{
    const char *refusal;
    struct model_plan plan;
    if (id_is_taken(m, id, body, &refusal)) return refusal;
    if ((refusal = new_plan(m, &plan, given, id))) return refusal;
    struct model_job *job = new_job(m, id, body, &plan);
    job->quoted = quoted;
    queue(m, job);
    return done(m, true);
}

const char *model_run_saved_job(struct model *m, const char *id, int quoted)
{
    int index = model_job(m, id);
    if (index < 0) return "no_such_job";
    struct model_job *job = &m->jobs[index];
    if (job->status != SAVED) return done(m, false);
    const char *refusal = removed_under(m, &job->plan);
    if (refusal) return refusal;
    job->quoted = quoted;
    queue(m, job);
    return done(m, true);
}

static const char *save_new(struct model *m, const char *id, const char *body, const struct model_plan *given)
{
    struct model_plan plan;
    const char *refusal = new_plan(m, &plan, given, id);
    if (!refusal) new_job(m, id, body, &plan);
    return refusal ? refusal : done(m, true);
}

/* The same request again is no edit, whatever has become of the job; any other is, also one that changes nothing. */
const char *model_save_job(struct model *m, const char *id, const char *body, const struct model_plan *given)
{
    int index = taken_id(m, id);
    if (index < 0) return save_new(m, id, body, given);
    struct model_job *job = &m->jobs[index];
    if (was_made_so(job, body)) return done(m, false);
    if (job->discarded) return "conflict";
    if (job->status != SAVED) return "job_not_saved";
    const char *refusal = change_plan(m, &job->plan, given);
    if (refusal) return refusal;
    free(job->body);
    job->body = strdup(body);
    return done(m, true);
}

const char *model_discard_job(struct model *m, const char *id)
{
    int index = model_job(m, id);
    if (index < 0) return "no_such_job";
    if (m->jobs[index].status != SAVED) return "job_not_saved";
    m->jobs[index].discarded = true;
    return done(m, true);
}

/* ---- Copies and reruns. */

/* The name given, or the other's with something behind it, which is cut to make room. */
static void name_after(struct model_plan *plan, const char *name, const char *end)
{
    size_t room = NAME_CHARACTERS_MAX - strlen(end), size = strlen(plan->name);
    if (*name) snprintf(plan->name, sizeof plan->name, "%s", name);
    else snprintf(plan->name + MIN_OF(size, room), sizeof plan->name - MIN_OF(size, room), "%s", end);
}

const char *model_copy_job(struct model *m, const char *id, const char *new_id, const char *body, const char *name)
{
    const char *refusal;
    int from = model_job(m, id);
    if (id_is_taken(m, new_id, body, &refusal)) return refusal;
    if (from < 0) return "no_such_job";
    struct model_plan plan = m->jobs[from].plan;
    name_after(&plan, name, " Copy");
    new_job(m, new_id, body, &plan);
    return done(m, true);
}

static bool is_rerun(const struct model_row *row, enum model_which which)
{
    if (!has_end(row)) return which & RERUN_UNREACHED;
    return which & RERUN_FAILED && row->state == ROW_FAILED && strcmp(row->reason, "device_removed") != 0;
}

static const char *refuse_rerun(const struct model *m, const struct model_job *parent, enum model_which which)
{
    unsigned count = 0;
    if (parent->expired) return "job_expired";
    if (!parent->fixed || !model_is_over(parent)) return "job_cannot_rerun";
    for (unsigned i = 0; i < parent->count; i++) count += is_rerun(&parent->rows[i], which);
    if (count == 0) return "nothing_to_rerun";
    int target = parent->plan.target_index;
    return target >= 0 && m->templates[target].removed ? "no_such_template" : NULL;
}

const char *model_rerun_job(struct model *m, const char *id, const char *new_id, const char *body, const char *name,
                            enum model_which which)
{
    const char *refusal;
    int parent = model_job(m, id);
    if (parent < 0) return "no_such_job";
    if (id_is_taken(m, new_id, body, &refusal)) return refusal;
    if ((refusal = refuse_rerun(m, &m->jobs[parent], which))) return refusal;
    struct model_plan plan = m->jobs[parent].plan;
    name_after(&plan, name, " Rerun");
    struct model_job *job = new_job(m, new_id, body, &plan);
    job->parent = parent;
    job->which = which;
    queue(m, job);
    return done(m, true);
}

/* ---- Previews. */

static void preview_devices(const struct model *m, struct model_preview *preview, unsigned *excluded)
{
    preview->devices = calloc(m->device_count + 1, MODEL_ID_SIZE);
    if (!preview->devices) abort();
    for (unsigned i = 0; i < m->device_count; i++) {
        const struct model_device *device = &m->devices[i];
        if (!group_has(m, preview->plan.group_index, device)) continue;
        if (preview->plan.target_index >= 0 && device->template != preview->plan.target_index) ++*excluded;
        else set_id(preview->devices + preview->count++ * (size_t)MODEL_ID_SIZE, device->id);
    }
}

/* A saved job's plan with the changes, or a plan of fields alone. */
static const char *previewed_plan(const struct model *m, const char *id, const struct model_plan *given,
                                  struct model_plan *plan)
{
    int index = *id ? model_job(m, id) : -1;
    if (index < 0 && *id && !given->given) return "no_such_job";
    if (index < 0) return new_plan(m, plan, given, id);
    if (m->jobs[index].status != SAVED) return "job_not_saved";
    *plan = m->jobs[index].plan;
    return change_plan(m, plan, given);
}

const char *model_look_ahead(const struct model *m, const char *id, const struct model_plan *given,
                             struct model_preview *preview, unsigned *excluded)
{
    *preview = (struct model_preview){0};
    *excluded = 0;
    const char *refusal = previewed_plan(m, id, given, &preview->plan);
    if (!refusal) refusal = removed_under(m, &preview->plan);
    if (!refusal) preview_devices(m, preview, excluded);
    return refusal;
}

static bool previews_are_equal(const struct model_preview *a, const struct model_preview *b)
{
    return on_same_terms(&a->plan, &b->plan) && a->count == b->count &&
           memcmp(a->devices, b->devices, a->count * (size_t)MODEL_ID_SIZE) == 0;
}

const char *model_keep_preview(struct model *m, struct model_preview *preview)
{
    const char *flaw = NULL;
    for (unsigned i = 0; i < m->preview_count; i++) {
        const struct model_preview *other = &m->previews[i];
        bool same_hash = strcmp(other->hash, preview->hash) == 0;
        if (same_hash != previews_are_equal(other, preview))
            flaw = same_hash ? "two plans have the same hash" : "the same plan has another hash than before";
    }
    m->previews = grown(m->previews, m->preview_count, sizeof *m->previews);
    m->previews[m->preview_count++] = *preview;
    return flaw;
}

bool quoted_plan_holds(const struct model *m, const struct model_job *job)
{
    struct model_preview now = {.plan = job->plan, .count = job->count};
    if (job->quoted < 0) return true;
    now.devices = calloc(job->count + 1, MODEL_ID_SIZE);
    if (!now.devices) abort();
    for (unsigned i = 0; i < job->count; i++)
        set_id(now.devices + i * (size_t)MODEL_ID_SIZE, m->devices[job->rows[i].device].id);
    bool holds = previews_are_equal(&now, &m->previews[job->quoted]);
    free(now.devices);
    return holds;
}
