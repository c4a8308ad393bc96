/* Calls about jobs. */
#include "tests/unit/simulate_kinds.h"

#include <stdlib.h>
#include <string.h>

enum { BODY_SIZE = CALL_PARAMS_SIZE + 32 };

/* ---- Fields. */

/* Borders come often: nothing, one, all. */
static enum model_measure some_measure(struct random *r, unsigned least, unsigned *value)
{
    static const unsigned PERCENTAGES[] = {1, 10, 33, 50, 99, 100};
    enum model_measure measure = (enum model_measure)below(r, 3);
    if (measure == NUMBER) *value = chance(r, 70) ? between(r, least, 4) : between(r, least, 40);
    if (measure == PERCENTAGE) *value = least == 0 && chance(r, 15) ? 0 : PERCENTAGES[below(r, 6)];
    return measure;
}

static void some_retries(struct model_plan *plan, struct random *r)
{
    plan->retries = between(r, 1, 3);
    plan->retry_failed = chance(r, 40);
    plan->retry_timed_out = chance(r, 40);
}

static void some_data(struct model_plan *plan, struct random *r)
{
    plan->type = chance(r, 60) ? PROPERTY : chance(r, 70) ? COMMAND : CLOUD_PROPERTY;
    plan->value = below(r, 3);
    if (chance(r, 20)) some_id(plan->target, r, "t", 2);
}

static void some_timeouts(struct model_plan *plan, struct random *r)
{
    if (chance(r, 80)) plan->timeout = between(r, 1, 60);
    if (plan->timeout == 0 || chance(r, 25)) plan->queue_timeout = between(r, 1, 60);
}

/* Now and then one that leaves little room for another's. */
static void some_name(char name[MODEL_NAME_SIZE], struct random *r)
{
    unsigned size = chance(r, 20) ? between(r, 140, 148) : between(r, 1, 12);
    for (unsigned i = 0; i < size; i++) name[i] = (char)('a' + below(r, 26));
    name[size] = '\0';
}

void some_fields(struct model_plan *plan, struct random *r, bool all_needed)
{
    plan->given = all_needed ? GIVES_GROUP | GIVES_DATA : 0;
    if (chance(r, 15)) plan->given |= GIVES_NAME;
    if (chance(r, 20)) plan->given |= GIVES_GROUP;
    if (chance(r, 20)) plan->given |= GIVES_DATA;
    if (chance(r, 65)) plan->given |= GIVES_TIMEOUTS;
    if (chance(r, 50)) plan->given |= GIVES_RETRIES;
    some_id(plan->group, r, "g", 4);
    some_data(plan, r);
    some_timeouts(plan, r);
    some_retries(plan, r);
    some_name(plan->name, r);
    plan->batch = some_measure(r, 1, &plan->batch_value);
    plan->threshold = some_measure(r, 0, &plan->threshold_value);
    plan->threshold_per_batch = plan->threshold && chance(r, 40);
    if (plan->batch) plan->given |= GIVES_BATCH;
    if (plan->threshold) plan->given |= GIVES_THRESHOLD;
}

static void add_measure(struct client_call *call, const char *name, enum model_measure measure, unsigned value,
                        bool per_batch)
{
    if (measure == NO_MEASURE) return;
    add(call, ",\"%s\":{\"type\":\"%s\",\"value\":%u%s}", name, measure == NUMBER ? "number" : "percentage", value,
        per_batch ? ",\"batch\":true" : "");
}

static void add_retries(struct client_call *call)
{
    const struct model_plan *plan = &call->plan;
    add(call, ",\"retries\":{\"max\":%u", plan->retries);
    if (plan->retry_failed && plan->retry_timed_out) add(call, ",\"on\":[\"failed\",\"timed_out\"]");
    else if (plan->retry_failed) add(call, ",\"on\":[\"failed\"]");
    else if (plan->retry_timed_out) add(call, ",\"on\":[\"timed_out\"]");
    add(call, "}");
}

static void add_data(struct client_call *call)
{
    const struct model_plan *plan = &call->plan;
    add(call, ",\"data\":[{\"type\":\"%s\",\"path\":\"p\",\"value\":%u", model_type_word(plan->type), plan->value);
    if (*plan->target) add(call, ",\"target\":\"%s\"", plan->target);
    add(call, "}]");
}

static void add_timeouts(struct client_call *call)
{
    const struct model_plan *plan = &call->plan;
    if (plan->timeout && plan->queue_timeout)
        add(call, ",\"timeouts\":{\"execution\":%u,\"queue\":%u}", plan->timeout, plan->queue_timeout);
    else if (plan->timeout) add(call, ",\"timeouts\":{\"execution\":%u}", plan->timeout);
    else add(call, ",\"timeouts\":{\"queue\":%u}", plan->queue_timeout);
}

void add_fields(struct client_call *call)
{
    const struct model_plan *plan = &call->plan;
    if (plan->given & GIVES_NAME) add(call, ",\"displayName\":\"%s\"", plan->name);
    if (plan->given & GIVES_GROUP) add(call, ",\"group\":\"%s\"", plan->group);
    if (plan->given & GIVES_DATA) add_data(call);
    if (plan->given & GIVES_BATCH) add_measure(call, "batch", plan->batch, plan->batch_value, false);
    if (plan->given & GIVES_THRESHOLD)
        add_measure(call, "cancellationThreshold", plan->threshold, plan->threshold_value, plan->threshold_per_batch);
    if (plan->given & GIVES_TIMEOUTS) add_timeouts(call);
    if (plan->given & GIVES_RETRIES) add_retries(call);
}

/* ---- Ids. */

/* A new one; one that was used is a repeat or a conflict. */
static void new_job_id(char id[MODEL_ID_SIZE], struct random *r, const struct model *m)
{
    unsigned number = chance(r, 5) && m->job_count ? between(r, 1, m->job_count) : m->job_count + 1;
    snprintf(id, MODEL_ID_SIZE, "j-%u", number);
}

/* One of the last ones with this status; else any. */
static void some_job_of(char id[MODEL_ID_SIZE], struct random *r, const struct model *m,
                        bool (*is_meant)(const struct model_job *job))
{
    unsigned from = m->job_count > 40 ? m->job_count - 40 : 0;
    some_job_id(id, r, m);
    for (int looks = 0; looks < 20 && m->job_count && !chance(r, 3); looks++) {
        const struct model_job *job = &m->jobs[between(r, from, m->job_count - 1)];
        if (!*job->id || !is_meant(job)) continue;
        snprintf(id, MODEL_ID_SIZE, "%s", job->id);
        return;
    }
}

static bool is_saved(const struct model_job *job)
{
    return job->status == SAVED && !job->discarded;
}

/* The request as the engine tells it from another one. */
static const char *body_of(const struct client_call *call, char body[BODY_SIZE])
{
    snprintf(body, BODY_SIZE, "%s %s", call->kind->method, call->params);
    return body;
}

/* ---- Run. */

static void add_quote(struct client_call *call, const struct model *m)
{
    if (call->quoted >= 0) add(call, ",\"planHash\":\"%s\"", m->previews[call->quoted].hash);
}

/* One of the last previews, so that it may still hold. */
static int some_preview(struct random *r, const struct model *m, unsigned percent)
{
    if (m->preview_count == 0 || !chance(r, percent)) return -1;
    return (int)(m->preview_count - 1 - (chance(r, 60) ? 0 : below(r, m->preview_count < 4 ? m->preview_count : 4)));
}

/* With a quote mostly the plan that was looked at. */
void make_run_job(struct client_call *call, struct random *r, const struct model *m)
{
    new_job_id(call->id, r, m);
    make_id(call);
    some_fields(&call->plan, r, true);
    call->quoted = some_preview(r, m, 25);
    if (call->quoted >= 0 && chance(r, 80)) {
        call->plan = m->previews[call->quoted].plan;
        call->plan.given &= ~(unsigned)GIVES_NAME;
        if (call->plan.batch == NO_MEASURE) call->plan.given &= ~(unsigned)GIVES_BATCH;
        if (call->plan.threshold == NO_MEASURE) call->plan.given &= ~(unsigned)GIVES_THRESHOLD;
        if (call->plan.retries == 0) call->plan.given &= ~(unsigned)GIVES_RETRIES;
    }
    add_fields(call);
    add_quote(call, m);
}

const char *call_run_job(const struct client_call *call, struct model *m, struct model_report *report)
{
    char body[BODY_SIZE];
    (void)report;
    return model_run_job(m, call->id, body_of(call, body), &call->plan, call->quoted);
}

void make_run_saved_job(struct client_call *call, struct random *r, const struct model *m)
{
    some_job_of(call->id, r, m, is_saved);
    make_id(call);
    call->quoted = some_preview(r, m, 40);
    add_quote(call, m);
}

const char *call_run_saved_job(const struct client_call *call, struct model *m, struct model_report *report)
{
    (void)report;
    return model_run_saved_job(m, call->id, call->quoted);
}

bool call_queues_job(const struct client_call *call)
{
    call_maker *made_by = call->kind->make;
    return made_by == make_run_job || made_by == make_run_saved_job || made_by == make_rerun_job;
}

/* ---- Save, discard. */

void make_save_job(struct client_call *call, struct random *r, const struct model *m)
{
    bool is_new = chance(r, 50);
    if (is_new) new_job_id(call->id, r, m);
    else some_job_of(call->id, r, m, is_saved);
    make_id(call);
    some_fields(&call->plan, r, is_new);
    add_fields(call);
}

const char *call_save_job(const struct client_call *call, struct model *m, struct model_report *report)
{
    char body[BODY_SIZE];
    (void)report;
    return model_save_job(m, call->id, body_of(call, body), &call->plan);
}

void make_saved_job(struct client_call *call, struct random *r, const struct model *m)
{
    some_job_of(call->id, r, m, is_saved);
    make_id(call);
}

const char *call_discard_job(const struct client_call *call, struct model *m, struct model_report *report)
{
    (void)report;
    return model_discard_job(m, call->id);
}

/* ---- Preview. */

void call_make_preview(struct client_call *call, struct random *r, const struct model *m)
{
    *call = (struct client_call){.quoted = -1};
    bool of_saved = chance(r, 50);
    if (of_saved) {
        some_job_of(call->id, r, m, is_saved);
        make_id(call);
    }
    if (!of_saved || chance(r, 30)) some_fields(&call->plan, r, !of_saved);
    add_fields(call);
    if (!of_saved) memmove(call->params, call->params + 1, strlen(call->params)); /* the first comma */
}

/* ---- Copy, rerun. */

static void add_new_id(struct client_call *call, struct random *r, const struct model *m)
{
    new_job_id(call->new_id, r, m);
    make_id(call);
    add(call, ",\"newId\":\"%s\"", call->new_id);
    if (!chance(r, 20)) return;
    some_name(call->plan.name, r);
    add(call, ",\"displayName\":\"%s\"", call->plan.name);
}

void make_copy_job(struct client_call *call, struct random *r, const struct model *m)
{
    some_job_id(call->id, r, m);
    add_new_id(call, r, m);
}

const char *call_copy_job(const struct client_call *call, struct model *m, struct model_report *report)
{
    char body[BODY_SIZE];
    (void)report;
    return model_copy_job(m, call->id, call->new_id, body_of(call, body), call->plan.name);
}

void make_rerun_job(struct client_call *call, struct random *r, const struct model *m)
{
    some_job_of(call->id, r, m, model_is_over);
    add_new_id(call, r, m);
    call->which = chance(r, 30) ? RERUN_FAILED : (enum model_which)between(r, RERUN_FAILED, RERUN_BOTH);
    if (call->which != RERUN_FAILED || chance(r, 30)) add(call, ",\"devices\":\"%s\"", model_which_word(call->which));
}

const char *call_rerun_job(const struct client_call *call, struct model *m, struct model_report *report)
{
    char body[BODY_SIZE];
    (void)report;
    return model_rerun_job(m, call->id, call->new_id, body_of(call, body), call->plan.name, call->which);
}

/* ---- Stop, resume, cancel. */

void make_job(struct client_call *call, struct random *r, const struct model *m)
{
    some_job_id(call->id, r, m);
    make_id(call);
}

const char *call_stop_job(const struct client_call *call, struct model *m, struct model_report *report)
{
    (void)report;
    return model_stop_job(m, call->id);
}

const char *call_resume_job(const struct client_call *call, struct model *m, struct model_report *report)
{
    (void)report;
    return model_resume_job(m, call->id);
}

const char *call_cancel_job(const struct client_call *call, struct model *m, struct model_report *report)
{
    (void)report;
    return model_cancel_job(m, call->id);
}
