/* For each changing command what a repeat of it is answered: the command that only looks at the same thing. */
#include "engine/decide/repeats.h"

#include "projections/jobs.h"

bool command_is_remembered(const struct command *c)
{
    return c->request_id.size > 0 && c->type != COMMAND_work_take && c->type != COMMAND_work_report;
}

bool command_makes(enum command_type type)
{
    switch (type) {
    case COMMAND_imports_open:
    case COMMAND_exports_open:
    case COMMAND_jobs_run:
    case COMMAND_jobs_save:
    case COMMAND_jobs_copy:
    case COMMAND_jobs_rerun: return true;
    default: return false; /* the others name what is there, or change by name */
    }
}

static enum refusal look_at_job(struct decision *d, struct bytes id)
{
    return decide(d, &(struct command){.type = COMMAND_jobs_get, .jobs_get = {.id = id}});
}

/* Without `made` the request was about the job with this id, which was there. */
static enum refusal look_at_made_job(struct decision *d, uint32_t made, struct bytes id)
{
    if (!made) return look_at_job(d, id);
    return jobs_get(d->view, made)->discarded ? REFUSED_NO_SUCH_JOB : answer_with(d, ANSWER_JOB, made);
}

static enum refusal look_at_import(struct decision *d, struct bytes id)
{
    return decide(d, &(struct command){.type = COMMAND_imports_get, .imports_get = {.id = id}});
}

enum refusal decide_repeated(struct decision *d, const struct command *c, uint32_t made)
{
    switch (c->type) {
    case COMMAND_templates_put:
        return decide(d, &(struct command){.type = COMMAND_templates_get, .templates_get = {.id = c->templates_put.id}});
    case COMMAND_groups_put:
        return decide(d, &(struct command){.type = COMMAND_groups_get, .groups_get = {.id = c->groups_put.id}});
    case COMMAND_devices_put:
        return decide(d, &(struct command){.type = COMMAND_devices_get, .devices_get = {.id = c->devices_put.id}});
    case COMMAND_devices_set_thumbprints:
        return decide(d, &(struct command){.type = COMMAND_devices_get,
                                           .devices_get = {.id = c->devices_set_thumbprints.id}});
    case COMMAND_devices_move: return answer_with(d, ANSWER_MOVE, made);
    case COMMAND_imports_open: return answer_with(d, ANSWER_IMPORT, made);
    case COMMAND_exports_open: return answer_with(d, ANSWER_EXPORT, made);
    case COMMAND_imports_write: return look_at_import(d, c->imports_write.id);
    case COMMAND_imports_close: return look_at_import(d, c->imports_close.id);
    case COMMAND_imports_cancel: return look_at_import(d, c->imports_cancel.id);
    case COMMAND_jobs_run: return look_at_made_job(d, made, c->jobs_run.id);
    case COMMAND_jobs_save: return look_at_made_job(d, made, c->jobs_save.id);
    case COMMAND_jobs_copy: return look_at_made_job(d, made, BYTES_NONE);
    case COMMAND_jobs_rerun: return look_at_made_job(d, made, BYTES_NONE);
    case COMMAND_jobs_stop: return look_at_job(d, c->jobs_stop.id);
    case COMMAND_jobs_resume: return look_at_job(d, c->jobs_resume.id);
    case COMMAND_jobs_cancel: return look_at_job(d, c->jobs_cancel.id);
    case COMMAND_columns_set:
        return decide(d, &(struct command){.type = COMMAND_columns_get,
                                           .columns_get = {.user = c->columns_set.user, .view = c->columns_set.view}});
    case COMMAND_keys_rotate: return answer_with(d, ANSWER_KEYS, 0);
    case COMMAND_schedules_put:
        return decide(d, &(struct command){.type = COMMAND_schedules_get,
                                           .schedules_get = {.id = c->schedules_put.id}});
    default: return answer_with(d, ANSWER_EMPTY, 0); /* what was removed stays removed */
    }
}
