/* Reruns: a job again, on the devices that failed or that it did not reach. */
#include "engine/decide/limits.h"
#include "engine/decide/plan.h"
#include "projections/job_devices.h"
#include "projections/jobs.h"
#include "projections/reruns.h"

static enum refusal read_which(struct decision *d, struct bytes word, enum rerun_which *which)
{
    *which = RERUN_FAILED;
    if (!word.data) return ACCEPTED;
    for (; *which <= RERUN_BOTH; (*which)++) {
        if (bytes_equal(word, bytes_of_text(rerun_which_word(*which)))) return ACCEPTED;
    }
    return refuse_field(d, "devices must be failed, unreached or both; it is \"%.*s\"", BYTES_ARG(word));
}

/* A job that failed never had a list of devices. */
static enum refusal check_parent(struct decision *d, const struct job *parent)
{
    if (parent->expired) return REFUSED_JOB_EXPIRED;
    if (parent->status == JOB_IS_COMPLETE || parent->status == JOB_IS_CANCELLED) {
        if (parent->targets_fixed && job_devices_list(d->view, parent->number)) return ACCEPTED;
        sentence_set(&d->why, "this job has no list of devices, so none can be run again; jobs.copy makes a job that "
                              "reads its group anew");
        return REFUSED_JOB_CANNOT_RERUN;
    }
    sentence_set(&d->why, "%s; this one is %s", refusal_text(REFUSED_JOB_CANNOT_RERUN),
                 job_status_word(parent->status));
    return REFUSED_JOB_CANNOT_RERUN;
}

/* Devices that were removed after their end are found out when the list is read. */
static enum refusal check_devices(struct decision *d, uint32_t parent, enum rerun_which which)
{
    static const char *const NONE[] = {
        [RERUN_FAILED] = "no device of this job has failed; devices: \"unreached\" means those without an end",
        [RERUN_UNREACHED] = "every device of this job has an end; devices: \"failed\" means those that failed",
        [RERUN_BOTH] = "every device of this job has completed; there is none to run again",
    };
    const struct job_list *list = job_devices_list(d->view, parent);
    uint32_t failed = list->failed - list->removed, unreached = list->count - list->completed - list->failed;
    uint32_t count = (which & RERUN_FAILED ? failed : 0) + (which & RERUN_UNREACHED ? unreached : 0);
    if (count > 0) return ACCEPTED;
    sentence_set(&d->why, "%s", NONE[which]);
    return REFUSED_NOTHING_TO_RERUN;
}

static enum refusal check_lineage(struct decision *d, uint32_t parent)
{
    struct rerun above = {.first = parent};
    reruns_get(d->view, parent, &above);
    if (reruns_count(d->view, above.first) < RERUNS_MAX) return ACCEPTED;
    sentence_set(&d->why, "there are %d reruns of this job and of its reruns already; jobs.copy makes a new job",
                 RERUNS_MAX);
    return REFUSED_LIMIT;
}

static enum refusal check_texts(struct decision *d, const struct command *c)
{
    enum refusal refusal = check_name(d, c->jobs_rerun.display_name, "displayName");
    return refusal ? refusal : check_size(d, c->jobs_rerun.description, DESCRIPTION_BYTES_MAX, "description");
}

static void plan_again(struct decision *d, const struct command *c, uint32_t parent, struct job_plan *plan)
{
    struct bytes name = c->jobs_rerun.display_name;
    plan_of_job(d->view, d->arena, parent, plan);
    plan->display_name = name.size ? name : plan_name_with(d->arena, plan->display_name, " Rerun");
    if (c->jobs_rerun.description.data) plan->description = c->jobs_rerun.description;
}

enum refusal decide_jobs_rerun(struct decision *d, const struct command *c)
{
    struct bytes id;
    struct job_plan plan;
    enum rerun_which which;
    bool repeated;
    uint32_t parent = jobs_find(d->view, c->jobs_rerun.id);
    if (!parent) return REFUSED_NO_SUCH_JOB;
    enum refusal refusal = plan_new_id(d, c->jobs_rerun.new_id, &id, &repeated);
    if (refusal || repeated) return refusal;
    refusal = read_which(d, c->jobs_rerun.devices, &which);
    if (!refusal) refusal = check_texts(d, c);
    if (!refusal) refusal = check_parent(d, jobs_get(d->view, parent));
    if (!refusal) refusal = check_devices(d, parent, which);
    if (!refusal) refusal = check_lineage(d, parent);
    if (!refusal) refusal = plan_check_queue(d);
    if (refusal) return refusal;
    plan_again(d, c, parent, &plan);
    refusal = plan_check_template(d, &plan, "copy the job, change its data, and run that");
    if (refusal) return refusal;
    uint32_t number = plan_create_job(d, id, &plan);
    emit(d->events, (struct event){.type = EVENT_JOB_RERUN_OF,
                                   .job_rerun_of = {.job = number, .parent = parent, .which = which}});
    emit(d->events, (struct event){.type = EVENT_JOB_QUEUED, .job_queued = {.job = number}});
    return answer_with(d, ANSWER_JOB, number);
}
