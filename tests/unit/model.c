/* Looking at the model, and its fleet: templates, groups, devices. */
#include "tests/unit/model_parts.h"

void model_init(struct model *m)
{
    *m = (struct model){.jobs_at_once = 5};
}

void model_free(struct model *m)
{
    for (unsigned i = 0; i < m->job_count; i++) {
        free(m->jobs[i].body);
        free(m->jobs[i].rows);
    }
    for (unsigned i = 0; i < m->schedule_count; i++) free(m->schedules[i].runs);
    for (unsigned i = 0; i < m->preview_count; i++) free(m->previews[i].devices);
    for (unsigned i = 0; i < MODEL_WORKS_KEPT; i++) free(m->works[i].rows);
    free(m->schedules);
    free(m->previews);
    free(m->templates);
    free(m->groups);
    free(m->devices);
    free(m->jobs);
}

/* ---- Looking. */

#define FIND(array, count)                                                                                             \
    for (int i = (int)(count)-1; i >= 0; i--)                                                                          \
        if (!(array)[i].removed && strcmp((array)[i].id, id) == 0) return i;                                           \
    return -1

int model_template(const struct model *m, const char *id)
{
    FIND(m->templates, m->template_count);
}

int model_group(const struct model *m, const char *id)
{
    FIND(m->groups, m->group_count);
}

int model_device(const struct model *m, const char *id)
{
    FIND(m->devices, m->device_count);
}

int model_job(const struct model *m, const char *id)
{
    for (int i = (int)m->job_count - 1; i >= 0; i--)
        if (!m->jobs[i].discarded && strcmp(m->jobs[i].id, id) == 0) return i;
    return -1;
}

int model_schedule(const struct model *m, const char *id)
{
    FIND(m->schedules, m->schedule_count);
}

int model_row(const struct model_job *job, int device)
{
    for (unsigned i = 0; i < job->count; i++)
        if (job->rows[i].device == device) return (int)i;
    return -1;
}

bool model_is_over(const struct model_job *job)
{
    return job->status == COMPLETE || job->status == FAILED || job->status == CANCELLED;
}

bool model_is_active(const struct model_job *job)
{
    return job->status == PENDING || job->status == RUNNING || job->status == STOPPED;
}

unsigned model_active(const struct model *m)
{
    unsigned active = 0;
    for (unsigned i = 0; i < m->job_count; i++) active += model_is_active(&m->jobs[i]);
    return active;
}

unsigned model_batches(const struct model_job *job)
{
    return job->fixed ? (job->count + job->batch_size - 1) / job->batch_size : 0;
}

bool model_row_waits(const struct model_job *job, unsigned row)
{
    if (job->status != RUNNING || !job->fixed) return false;
    return row >= batch_begin(job) && row < batch_end(job) && job->rows[row].state == ROW_WAITS;
}

const char *model_row_may_end(const struct model *m, const struct model_job *job, unsigned index)
{
    const struct model_row *row = &job->rows[index];
    if (!model_row_waits(job, index)) return NULL;
    if (m->devices[row->device].removed) return "device_removed";
    if (job->plan.queue_timeout == 0 || job->plan.type == CLOUD_PROPERTY) return NULL;
    int64_t since_us = MAX_OF(job->runs_since.from_us, MAX_OF(row->waits_since.from_us, row->rests_until.from_us));
    return m->now_us >= since_us + (int64_t)job->plan.queue_timeout * US_PER_S ? "expired" : NULL;
}

bool model_row_is_overdue(const struct model *m, const struct model_job *job, unsigned index)
{
    const struct model_row *row = &job->rows[index];
    int64_t since_us = MAX_OF(job->runs_since.to_us, MAX_OF(row->waits_since.to_us, row->rests_until.to_us));
    return model_row_may_end(m, job, index) && job->plan.queue_timeout &&
           m->now_us >= since_us + 2 * (int64_t)job->plan.queue_timeout * US_PER_S;
}

bool model_take_names(const struct model *m, const struct model_take *take, const struct model_job *job, unsigned row)
{
    int template = m->devices[job->rows[row].device].template;
    if (!take->types[job->plan.type]) return false;
    for (unsigned i = 0; i < take->template_count; i++)
        if (take->templates[i] == template) return true;
    return take->template_count == 0;
}

bool model_take_wants(const struct model *m, const struct model_take *take, const struct model_job *job, unsigned index)
{
    const struct model_row *row = &job->rows[index];
    if (!model_row_waits(job, index)) return false;
    if (m->devices[row->device].removed) return take->types[job->plan.type];
    return m->now_us >= row->rests_until.to_us && model_take_names(m, take, job, index);
}

int64_t model_deadline(const struct model *m)
{
    int64_t soonest = INT64_MAX;
    for (unsigned i = 0; i < m->take_count; i++)
        if (m->takes[i].deadline_us < soonest) soonest = m->takes[i].deadline_us;
    for (unsigned i = 0; i < m->job_count; i++) {
        const struct model_job *job = &m->jobs[i];
        for (unsigned row = 0; row < job->count; row++)
            if (job->rows[row].state == ROW_OUT && job->rows[row].deadline_us < soonest)
                soonest = job->rows[row].deadline_us;
    }
    for (unsigned i = 0; i < m->schedule_count; i++)
        if (m->schedules[i].next_us) soonest = MIN_OF(soonest, m->now_us + m->schedules[i].next_us - m->wall_us);
    return soonest;
}

const char *model_status_word(enum model_status status)
{
    static const char *const WORDS[] = {"saved", "pending", "running", "stopped", "complete", "failed", "cancelled"};
    return WORDS[status];
}

const char *model_filter_text(enum model_filter filter)
{
    static const char *const TEXTS[] = {"", "$template = 't-1'", "$provisioned = true", "$id STARTSWITH 'a-'", "p = 1"};
    return TEXTS[filter];
}

const char *model_which_word(enum model_which which)
{
    static const char *const WORDS[] = {"", "failed", "unreached", "both"};
    return WORDS[which];
}

const char *model_zone_name(enum model_zone zone)
{
    static const char *const NAMES[] = {"UTC", "Europe/Paris", "Asia/Kolkata"};
    return NAMES[zone];
}

const char *model_recurrence_word(enum model_recurrence recurrence)
{
    static const char *const WORDS[] = {"once", "daily", "weekly"};
    return WORDS[recurrence];
}

const char *model_type_word(enum model_type type)
{
    static const char *const WORDS[] = {"property", "cloudProperty", "command"};
    return WORDS[type];
}

const char *model_answer_word(enum model_answer answer)
{
    static const char *const WORDS[] = {"completed", "failed", "rejected", "returned"};
    return WORDS[answer];
}

/* ---- Templates, groups, devices. */

const char *model_put_template(struct model *m, const char *id)
{
    if (model_template(m, id) >= 0) return done(m, false);
    m->templates = grown(m->templates, m->template_count, sizeof *m->templates);
    set_id(m->templates[m->template_count].id, id);
    m->templates[m->template_count++].removed = false;
    return done(m, true);
}

const char *model_remove_template(struct model *m, const char *id)
{
    int template = model_template(m, id);
    if (template <0) return "no_such_template";
    m->templates[template].removed = true;
    return done(m, true);
}

const char *model_put_group(struct model *m, const char *id, enum model_filter filter)
{
    int group = model_group(m, id);
    if (group >= 0 && m->groups[group].filter == filter) return done(m, false);
    if (group < 0) {
        group = (int)m->group_count++;
        m->groups = grown(m->groups, (unsigned)group, sizeof *m->groups);
        set_id(m->groups[group].id, id);
        m->groups[group].removed = false;
    }
    m->groups[group].filter = filter;
    return done(m, true);
}

const char *model_remove_group(struct model *m, const char *id)
{
    int group = model_group(m, id);
    if (group < 0) return "no_such_group";
    m->groups[group].removed = true;
    return done(m, true);
}

const char *model_put_device(struct model *m, const char *id, const char *template, int provisioned)
{
    int device = model_device(m, id), of = -1;
    bool is_new = device < 0;
    if (template && *template && (of = model_template(m, template)) < 0) return "no_such_template";
    if (is_new) {
        device = (int)m->device_count++;
        m->devices = grown(m->devices, (unsigned)device, sizeof *m->devices);
        m->devices[device] = (struct model_device){.template = -1, .property = -1, .cloud_property = -1};
        set_id(m->devices[device].id, id);
    }
    struct model_device before = m->devices[device], *now = &m->devices[device];
    if (template) now->template = of;
    if (provisioned >= 0) now->provisioned = provisioned;
    return done(m, is_new || now->template != before.template || now->provisioned != before.provisioned);
}

void model_row_ends(const struct model *m, struct model_job *job, unsigned row, const char *reason)
{
    end_row(m, job, &job->rows[row], reason, NULL);
}

const char *model_remove_device(struct model *m, const char *id)
{
    int device = model_device(m, id);
    if (device < 0) return "no_such_device";
    m->devices[device].removed = true;
    for (unsigned i = 0; i < m->job_count; i++) {
        struct model_job *job = &m->jobs[i];
        int row = job->status == RUNNING && job->fixed ? model_row(job, device) : -1;
        if (row >= 0 && !has_end(&job->rows[row])) model_row_ends(m, job, (unsigned)row, "device_removed");
    }
    return done(m, true);
}
