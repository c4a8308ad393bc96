/* Who uses a group or a template, beside the thing itself. */
#include "engine/wire/resources.h"

#include "projections/jobs.h"
#include "projections/schedules.h"

enum { USES_SHOWN_MAX = 100 };

static bool put_job_use(struct view *v, uint32_t number, struct buffer *out)
{
    struct job_text text;
    const struct job *job = jobs_get(v, number);
    if (!job || !jobs_text(v, number, &text)) return false;
    struct open_map m = put_map(out);
    put_text(&m, "id", text.id);
    put_text(&m, "displayName", text.display_name);
    put_word(&m, "status", job_status_word(job->status));
    put_end(&m);
    return true;
}

static bool put_schedule_use(struct view *v, uint32_t number, struct buffer *out)
{
    struct schedule_text text;
    if (!schedules_text(v, number, &text)) return false;
    struct open_map m = put_map(out);
    put_text(&m, "id", text.id);
    put_text(&m, "displayName", text.display_name);
    put_end(&m);
    return true;
}

/* Schedules come behind all jobs, so one walk makes both lists. */
void put_used_by(struct view *v, struct open_map *m, enum used_kind kind, uint32_t number)
{
    struct use use;
    uint64_t from = 0;
    uint32_t shown = 0;
    bool more = uses_next(v, kind, number, &from, &use);
    if (!more) return;
    put_key(m, "usedBy");
    struct open_map used = put_map(m->out);
    put_key(&used, "jobs");
    struct open_list jobs = put_list(m->out);
    for (; more && use.job && shown < USES_SHOWN_MAX; shown++, more = uses_next(v, kind, number, &from, &use))
        jobs.count += put_job_use(v, use.job, m->out);
    put_list_end(&jobs);
    put_key(&used, "schedules");
    struct open_list schedules = put_list(m->out);
    for (; more && use.schedule && shown < USES_SHOWN_MAX; shown++, more = uses_next(v, kind, number, &from, &use))
        schedules.count += put_schedule_use(v, use.schedule, m->out);
    put_list_end(&schedules);
    if (more) put_flag(&used, "more", true);
    put_end(&used);
}
