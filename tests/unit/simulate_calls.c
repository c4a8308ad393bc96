/* A table of calls: what each is called, how often it comes, how it is made, what it does in the model. */
#include "tests/unit/simulate_kinds.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- Choosing. */

static const char *const ERRORS[] = {NULL, "no power", "valve stuck"};

void add(struct client_call *call, const char *format, ...)
{
    size_t size = strlen(call->params);
    va_list arguments;
    va_start(arguments, format);
    int more = vsnprintf(call->params + size, CALL_PARAMS_SIZE - size, format, arguments);
    va_end(arguments);
    if (more < 0 || (size_t)more >= CALL_PARAMS_SIZE - size) abort();
}

void some_id(char id[MODEL_ID_SIZE], struct random *r, const char *prefix, unsigned count)
{
    snprintf(id, MODEL_ID_SIZE, "%s-%u", prefix, between(r, 1, count));
}

static void some_device_id(char id[MODEL_ID_SIZE], struct random *r)
{
    some_id(id, r, chance(r, 50) ? "a" : "b", 18);
}

/* An active job most often, sometimes a recent one, seldom none. */
void some_job_id(char id[MODEL_ID_SIZE], struct random *r, const struct model *m)
{
    snprintf(id, MODEL_ID_SIZE, "j-none");
    if (m->job_count == 0 || chance(r, 2)) return;
    unsigned from = m->job_count > 30 ? m->job_count - 30 : 0;
    for (int looks = 0; looks < 10; looks++) {
        const struct model_job *job = &m->jobs[between(r, from, m->job_count - 1)];
        if (!*job->id) continue; /* the engine has not said yet how it is called */
        snprintf(id, MODEL_ID_SIZE, "%s", job->id);
        if (model_is_active(job) || chance(r, 10)) return;
    }
}

void make_id(struct client_call *call)
{
    add(call, "\"id\":\"%s\"", call->id);
}

/* ---- Templates, groups, devices. */

static void make_template(struct client_call *call, struct random *r, const struct model *m)
{
    (void)m;
    some_id(call->id, r, "t", 2);
    make_id(call);
}

static void make_remove_template(struct client_call *call, struct random *r, const struct model *m)
{
    make_template(call, r, m);
    add(call, ",\"force\":true");
}

static const char *put_template(const struct client_call *call, struct model *m, struct model_report *report)
{
    (void)report;
    return model_put_template(m, call->id);
}

static const char *remove_template(const struct client_call *call, struct model *m, struct model_report *report)
{
    (void)report;
    return model_remove_template(m, call->id);
}

static void make_group(struct client_call *call, struct random *r, const struct model *m)
{
    (void)m;
    some_id(call->id, r, "g", 4);
    make_id(call);
}

static void make_remove_group(struct client_call *call, struct random *r, const struct model *m)
{
    make_group(call, r, m);
    add(call, ",\"force\":true");
}

static void make_put_group(struct client_call *call, struct random *r, const struct model *m)
{
    make_group(call, r, m);
    call->filter = (enum model_filter)below(r, FILTERS);
    add(call, ",\"filter\":\"%s\"", model_filter_text(call->filter));
}

static const char *put_group(const struct client_call *call, struct model *m, struct model_report *report)
{
    (void)report;
    return model_put_group(m, call->id, call->filter);
}

static const char *remove_group(const struct client_call *call, struct model *m, struct model_report *report)
{
    (void)report;
    return model_remove_group(m, call->id);
}

static void make_put_device(struct client_call *call, struct random *r, const struct model *m)
{
    (void)m;
    some_device_id(call->id, r);
    make_id(call);
    call->provisioned = -1;
    if ((call->template_given = chance(r, 60))) {
        if (chance(r, 80)) some_id(call->template, r, "t", 2);
        add(call, ",\"template\":\"%s\"", call->template);
    }
    if (chance(r, 40)) {
        call->provisioned = chance(r, 70);
        add(call, ",\"provisioned\":%s", call->provisioned ? "true" : "false");
    }
}

static const char *put_device(const struct client_call *call, struct model *m, struct model_report *report)
{
    (void)report;
    return model_put_device(m, call->id, call->template_given ? call->template : NULL, call->provisioned);
}

static void make_remove_device(struct client_call *call, struct random *r, const struct model *m)
{
    (void)m;
    some_device_id(call->id, r);
    make_id(call);
}

static const char *remove_device(const struct client_call *call, struct model *m, struct model_report *report)
{
    (void)report;
    return model_remove_device(m, call->id);
}

/* ---- Work. */

static void some_types(struct client_call *call, struct random *r)
{
    unsigned dice = below(r, 10);
    call->take.types[PROPERTY] = dice != 0;
    call->take.types[COMMAND] = dice != 1;
    if (dice < 2) add(call, ",\"types\":[\"%s\"]", dice ? "property" : "command");
}

static void some_wishes(struct client_call *call, struct random *r)
{
    call->take.template_count = between(r, 1, MODEL_WISHES_MAX);
    add(call, ",\"templates\":[");
    for (unsigned i = 0; i < call->take.template_count; i++) {
        if (chance(r, 70)) some_id(call->wishes[i], r, "t", 2);
        add(call, "%s\"%s\"", i ? "," : "", call->wishes[i]);
    }
    add(call, "]");
}

static void make_take(struct client_call *call, struct random *r, const struct model *m)
{
    (void)m;
    unsigned wait = chance(r, 50) ? 0 : between(r, 1, 40);
    call->take.max = chance(r, 60) ? between(r, 1, 4) : between(r, 1, 60);
    call->take.deadline_us = (int64_t)wait * 1000000;
    some_id(call->take.connector, r, "c", 9);
    add(call, "\"connector\":\"%s\",\"max\":%u,\"wait\":%u", call->take.connector, call->take.max, wait);
    some_types(call, r);
    if (chance(r, 15)) some_wishes(call, r);
}

static const char *take(const struct client_call *call, struct model *m, struct model_report *report)
{
    (void)report;
    struct model_take taken = call->take;
    taken.peer = call->peer;
    taken.msgid = call->msgid;
    taken.deadline_us += m->now_us;
    return model_take(m, &taken, call->wishes);
}

static enum model_answer some_answer(struct random *r)
{
    unsigned dice = below(r, 100);
    return dice < 55 ? SAYS_COMPLETED : dice < 82 ? SAYS_FAILED : dice < 90 ? SAYS_REJECTED : SAYS_RETURNED;
}

static void some_result(struct call_result *result, struct random *r)
{
    result->answer = some_answer(r);
    result->error = result->answer == SAYS_COMPLETED ? NULL : ERRORS[below(r, 3)];
}

static void add_words(struct client_call *call, const struct call_result *result, bool named)
{
    add(call, "%s\"%s\"", named ? ",\"status\":" : ",", model_answer_word(result->answer));
    if (result->error) add(call, "%s\"%s\"", named ? ",\"error\":" : ",", result->error);
}

/* One of the last works, the newest most often. */
static const struct model_work *some_work(struct random *r, const struct model *m)
{
    unsigned kept = m->work_count < MODEL_WORKS_KEPT ? m->work_count : MODEL_WORKS_KEPT;
    if (kept == 0) return NULL;
    unsigned back = chance(r, 75) ? below(r, kept < 8 ? kept : 8) : below(r, kept);
    return &m->works[(m->work_count - 1 - back) % MODEL_WORKS_KEPT];
}

static void make_report(struct client_call *call, struct random *r, const struct model *m)
{
    const struct model_work *work = some_work(r, m);
    /* The first event dispatched nothing. */
    call->work = work && !chance(r, 1) ? work->handle : 1;
    unsigned count = work ? work->count : 1;
    bool all = count <= CALL_RESULTS_MAX && chance(r, 50);
    call->result_count = all ? count : between(r, 1, 5);
    add(call, "\"work\":%llu,\"results\":[", (unsigned long long)call->work);
    for (unsigned i = 0; i < call->result_count; i++) {
        struct call_result *result = &call->results[i];
        some_result(result, r);
        result->index = all ? i : below(r, count + (chance(r, 5) ? 2 : 0));
        add(call, "%s[%u", i ? "," : "", result->index);
        add_words(call, result, false);
        add(call, "]");
    }
    add(call, "]");
}

static void name_device(struct call_result *result, struct random *r, const struct model *m)
{
    some_job_id(result->job, r, m);
    some_device_id(result->device, r);
    result->attempt = -1;
    int index = model_job(m, result->job);
    const struct model_job *job = index >= 0 && m->jobs[index].count ? &m->jobs[index] : NULL;
    if (!job || chance(r, 10)) return;
    const struct model_row *row = &job->rows[below(r, job->count)];
    snprintf(result->device, MODEL_ID_SIZE, "%s", m->devices[row->device].id);
    if (chance(r, 40)) return;
    result->attempt = (int)row->attempt + (chance(r, 30) ? (int)below(r, 3) - 1 : 0);
    if (result->attempt < 0) result->attempt = 0;
}

static void make_named_report(struct client_call *call, struct random *r, const struct model *m)
{
    call->result_count = between(r, 1, 4);
    add(call, "\"results\":[");
    for (unsigned i = 0; i < call->result_count; i++) {
        struct call_result *result = &call->results[i];
        some_result(result, r);
        name_device(result, r, m);
        add(call, "%s{\"job\":\"%s\",\"device\":\"%s\"", i ? "," : "", result->job, result->device);
        if (result->attempt >= 0) add(call, ",\"attempt\":%d", result->attempt);
        add_words(call, result, true);
        add(call, "}");
    }
    add(call, "]");
}

static const char *report_results(const struct client_call *call, struct model *m, struct model_report *report)
{
    for (unsigned i = 0; i < call->result_count; i++) {
        const struct call_result *result = &call->results[i];
        if (call->work) model_report_on_work(m, call->work, result->index, result->answer, result->error, report);
        else
            model_report_by_name(m, result->job, result->device, result->attempt, result->answer, result->error,
                                 report);
    }
    return NULL;
}

/* ---- The table. */

enum { PUT_TEMPLATE, PUT_GROUP, PUT_DEVICE, REPORT, CANCEL }; /* rows that are asked for by name */

static const struct call_kind KINDS[] = {
    [PUT_TEMPLATE] = {"templates.put", 2, true, SHOWS_RESOURCE, true, make_template, put_template},
    [PUT_GROUP] = {"groups.put", 3, true, SHOWS_RESOURCE, true, make_put_group, put_group},
    [PUT_DEVICE] = {"devices.put", 10, true, SHOWS_RESOURCE, true, make_put_device, put_device},
    [REPORT] = {"work.report", 45, true, SHOWS_REPORT, false, make_report, report_results},
    [CANCEL] = {"jobs.cancel", 3, true, SHOWS_JOB, true, make_job, call_cancel_job},
    {"templates.remove", 1, false, SHOWS_NOTHING, true, make_remove_template, remove_template},
    {"groups.remove", 1, false, SHOWS_NOTHING, true, make_remove_group, remove_group},
    {"devices.remove", 4, false, SHOWS_NOTHING, true, make_remove_device, remove_device},
    {"jobs.run", 22, true, SHOWS_JOB, true, make_run_job, call_run_job},
    {"jobs.run", 6, false, SHOWS_JOB, true, make_run_saved_job, call_run_saved_job},
    {"jobs.save", 6, false, SHOWS_JOB, true, make_save_job, call_save_job},
    {"jobs.discard", 1, false, SHOWS_NOTHING, true, make_saved_job, call_discard_job},
    {"jobs.copy", 4, false, SHOWS_JOB, true, make_copy_job, call_copy_job},
    {"jobs.rerun", 8, false, SHOWS_JOB, true, make_rerun_job, call_rerun_job},
    {"jobs.stop", 8, false, SHOWS_JOB, true, make_job, call_stop_job},
    {"jobs.resume", 10, true, SHOWS_JOB, true, make_job, call_resume_job},
    {"schedules.put", 7, true, SHOWS_SCHEDULE, true, make_put_schedule, call_put_schedule},
    {"schedules.remove", 1, false, SHOWS_NOTHING, true, make_schedule, call_remove_schedule},
    {"work.take", 40, true, SHOWS_NOTHING, false, make_take, take},
    {"work.report", 10, false, SHOWS_REPORT, false, make_named_report, report_results},
};
enum { KIND_COUNT = sizeof KINDS / sizeof KINDS[0] };

struct call_mixture {
    unsigned weights[KIND_COUNT];
    unsigned sum;
};

struct call_mixture *call_mixture_new(struct random *r)
{
    static const unsigned TIMES[] = {0, 1, 1, 3};
    struct call_mixture *mixture = calloc(1, sizeof *mixture);
    if (!mixture) abort();
    for (unsigned i = 0; i < KIND_COUNT; i++) {
        unsigned times = TIMES[below(r, 4)];
        mixture->weights[i] = KINDS[i].weight * (times == 0 && KINDS[i].needed ? 1 : times);
        mixture->sum += mixture->weights[i];
    }
    return mixture;
}

void call_mixture_free(struct call_mixture *mixture)
{
    free(mixture);
}

static void make(struct client_call *call, const struct call_kind *kind, struct random *r, const struct model *m)
{
    *call = (struct client_call){.kind = kind, .quoted = -1, .enabled = -1};
    kind->make(call, r, m);
    if (kind->remembered && chance(r, 50)) {
        snprintf(call->request_id, MODEL_ID_SIZE, "r-%llu", (unsigned long long)random_next(r) % 1000000);
    }
}

void call_make(struct client_call *call, const struct call_mixture *mixture, struct random *r, const struct model *m)
{
    unsigned dice = below(r, mixture->sum), kind = 0;
    for (; dice >= mixture->weights[kind]; kind++) dice -= mixture->weights[kind];
    make(call, &KINDS[kind], r, m);
    /* With more active jobs every step would be long; one that is over makes room. */
    if (call_queues_job(call) && model_active(m) >= CALL_ACTIVE_JOBS_MAX)
        make(call, &KINDS[chance(r, 70) ? REPORT : CANCEL], r, m);
}

bool call_make_first(struct client_call *call, unsigned i, struct random *r)
{
    static const struct model nothing;
    if (i == 40) return false;
    make(call, &KINDS[i < 4 ? PUT_TEMPLATE : i < 16 ? PUT_GROUP : PUT_DEVICE], r, &nothing);
    return true;
}

const char *call_method(const struct client_call *call)
{
    return call->kind->method;
}

bool call_is_take(const struct client_call *call)
{
    return call->kind->carry_out == take;
}

bool call_removes_device(const struct client_call *call)
{
    return call->kind->carry_out == remove_device;
}

bool call_is_remembered(const struct client_call *call)
{
    return call->kind->remembered && *call->request_id;
}

bool calls_are_equal(const struct client_call *a, const struct client_call *b)
{
    return strcmp(a->kind->method, b->kind->method) == 0 && strcmp(a->params, b->params) == 0;
}

/* ---- What is to be answered. */

const char *call_carry_out(const struct client_call *call, struct model *m, struct model_report *report)
{
    m->changed = m->made_job = false;
    return call->kind->carry_out(call, m, report);
}

/* Whose job the answer shows. */
static const char *shown_job(const struct client_call *call)
{
    return *call->new_id ? call->new_id : call->id;
}

/* What was removed stays removed, and what was put may have been removed since. */
const char *call_look_again(const struct client_call *call, const struct model *m)
{
    if (call->kind->carry_out == put_template && model_template(m, call->id) < 0) return "no_such_template";
    if (call->kind->carry_out == put_group && model_group(m, call->id) < 0) return "no_such_group";
    if (call->kind->carry_out == put_device && model_device(m, call->id) < 0) return "no_such_device";
    if (call->kind->shows == SHOWS_SCHEDULE && model_schedule(m, call->id) < 0) return "no_such_schedule";
    if (call->kind->shows == SHOWS_JOB && model_job(m, shown_job(call)) < 0) return "no_such_job";
    return NULL;
}

void call_print_answer(const struct client_call *call, const struct model *m, const struct model_report *report,
                       FILE *out)
{
    switch (call->kind->shows) {
    case SHOWS_NOTHING: break;
    case SHOWS_RESOURCE: fprintf(out, "{\"id\":\"%s\"", call->id); break;
    case SHOWS_JOB: model_print_status(&m->jobs[model_job(m, shown_job(call))], out); break;
    case SHOWS_SCHEDULE: model_print_schedule(&m->schedules[model_schedule(m, call->id)], out); break;
    case SHOWS_REPORT:
        fprintf(out, "{\"recorded\":%u,\"duplicates\":%u,\"unknown\":%u}", report->recorded, report->duplicates,
                report->unknown);
        break;
    }
}
