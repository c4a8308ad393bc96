/* Saved jobs: save, discard, copy; and previews, which show what a job would touch before it runs. */
#include "engine/decide/plan.h"
#include "projections/groups.h"
#include "projections/jobs.h"

static enum refusal refuse_unsaved(struct decision *d, uint32_t number)
{
    sentence_set(&d->why, "%s; this one is %s", refusal_text(REFUSED_JOB_NOT_SAVED),
                 job_status_word(jobs_get(d->view, number)->status));
    return REFUSED_JOB_NOT_SAVED;
}

/* ---- Save, discard. */

static enum refusal save_new(struct decision *d, struct bytes id, const struct job_fields *fields)
{
    struct job_plan plan;
    if (d->short_of_room) return REFUSED_NO_SPACE;
    enum refusal refusal = plan_read(d, fields, id, &plan);
    return refusal ? refusal : answer_with(d, ANSWER_JOB, plan_create_job(d, id, &plan));
}

/* The job's plan with the changes; refused when it is not saved any more. */
static enum refusal changed_plan(struct decision *d, uint32_t number, struct bytes id, const struct job_fields *fields,
                                 struct job_plan *plan)
{
    if (jobs_get(d->view, number)->status != JOB_IS_SAVED) return refuse_unsaved(d, number);
    plan_of_job(d->view, d->arena, number, plan);
    return plan_change(d, fields, id, plan);
}

enum refusal decide_jobs_save(struct decision *d, const struct command *c)
{
    struct job_plan plan;
    struct bytes id = c->jobs_save.id.data ? c->jobs_save.id : d->fresh_id;
    enum refusal refusal = check_id(d, id, "id");
    if (refusal) return refusal;
    uint32_t number = jobs_find_taken(d->view, id);
    if (!number) return save_new(d, id, &c->jobs_save.job);
    /* A request that comes again is no edit, also when the job has been run since. */
    refusal = plan_answer_existing(d, number);
    if (!refusal || jobs_get(d->view, number)->discarded) return refusal;
    refusal = changed_plan(d, number, id, &c->jobs_save.job, &plan);
    if (refusal) return refusal;
    plan_edit_job(d, number, &plan);
    return answer_with(d, ANSWER_JOB, number);
}

enum refusal decide_jobs_discard(struct decision *d, const struct command *c)
{
    uint32_t number = jobs_find(d->view, c->jobs_discard.id);
    if (!number) return REFUSED_NO_SUCH_JOB;
    if (jobs_get(d->view, number)->status != JOB_IS_SAVED) return refuse_unsaved(d, number);
    emit(d->events, (struct event){.type = EVENT_JOB_DISCARDED, .job_discarded = {.job = number}});
    return answer_with(d, ANSWER_EMPTY, 0);
}

/* ---- Copy. */

enum refusal decide_jobs_copy(struct decision *d, const struct command *c)
{
    struct bytes id, name = c->jobs_copy.display_name;
    struct job_plan plan;
    bool repeated;
    /* First of all: a copy that was made is answered again, also when the job it was made from is discarded by now. */
    enum refusal refusal = plan_new_id(d, c->jobs_copy.new_id, &id, &repeated);
    if (!refusal && !repeated) refusal = check_name(d, name, "displayName");
    if (refusal || repeated) return refusal;
    uint32_t from = jobs_find(d->view, c->jobs_copy.id);
    if (!from) return REFUSED_NO_SUCH_JOB;
    if (d->short_of_room) return REFUSED_NO_SPACE;
    plan_of_job(d->view, d->arena, from, &plan);
    plan.display_name = name.size ? name : plan_name_with(d->arena, plan.display_name, " Copy");
    return answer_with(d, ANSWER_JOB, plan_create_job(d, id, &plan));
}

/* ---- Preview. */

/* A saved job's plan, with the fields given beside its id changed; or a plan of fields alone. */
static enum refusal previewed_plan(struct decision *d, const struct command *c, struct job_plan *plan)
{
    struct bytes id = c->jobs_preview.id;
    const struct job_fields *fields = &c->jobs_preview.job;
    uint32_t number = id.data ? jobs_find(d->view, id) : 0;
    if (number) return changed_plan(d, number, id, fields, plan);
    if (id.data && !plan_fields_given(fields)) return REFUSED_NO_SUCH_JOB;
    return plan_read(d, fields, id, plan);
}

enum refusal decide_jobs_preview(struct decision *d, const struct command *c)
{
    struct job_plan plan;
    struct group group;
    struct preview *preview = arena_zero(d->arena, sizeof *preview);
    enum refusal refusal = previewed_plan(d, c, &plan);
    if (!refusal) refusal = plan_check_group(d, &plan, "name another group, and preview that");
    if (!refusal) refusal = plan_check_template(d, &plan, "name another target, and preview that");
    if (refusal) return refusal;
    ASSERT(groups_get(d->view, plan.group, &group));
    *preview = (struct preview){.filter = group.filter,
                                .target = plan.target,
                                .data = plan.data.data,
                                .terms = plan_terms(d->view, d->arena, &plan),
                                .batch_measure = plan.batch_measure,
                                .batch_value = plan.batch_value};
    d->answer = (struct answer){.kind = ANSWER_PREVIEW, .preview = preview};
    return ACCEPTED;
}
