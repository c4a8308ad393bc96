/* Checks first, one a part; then what stays of a plan: the job as an event, and its terms. */
#include "engine/decide/plan.h"

#include "engine/base/pack.h"
#include "engine/base/text.h"
#include "engine/decide/limits.h"
#include "projections/capabilities.h"
#include "projections/groups.h"
#include "projections/job_entries.h"
#include "projections/jobs.h"
#include "projections/job_devices.h"
#include "projections/templates.h"

static enum refusal check_texts(struct decision *d, const struct job_fields *fields)
{
    enum refusal refusal = check_name(d, fields->display_name, "displayName");
    if (!refusal) refusal = check_size(d, fields->description, DESCRIPTION_BYTES_MAX, "description");
    return refusal;
}

static enum refusal check_needed(struct decision *d, const struct job_fields *fields)
{
    if (!fields->group.data) return refuse_field(d, "group is missing: the id of a device group");
    if (!fields->data.data) return refuse_field(d, "data is missing: a list of {type, path, value, target?}");
    return ACCEPTED;
}

enum { QUOTED_CHARACTERS_MAX = 40 };

/* Says which entry of the data does not fit what the template lists, and what would. */
static enum refusal refuse_misfit(struct decision *d, const struct template *template, enum capability_fault fault,
                                  const struct capability_misfit *misfit)
{
    struct bytes path = text_quotable(misfit->path, QUOTED_CHARACTERS_MAX);
    if (fault == CAPABILITY_UNKNOWN_PATH)
        return refuse_field(d, "data[%u].path: the template \"%.*s\" has no %.*s \"%.*s\"; templates.get shows what it has",
                            misfit->entry, BYTES_ARG(template->id), BYTES_ARG(misfit->type), BYTES_ARG(path));
    if (fault == CAPABILITY_OTHER_KIND)
        return refuse_field(d, "data[%u].type: \"%.*s\" is a %.*s of the template \"%.*s\", no %.*s", misfit->entry,
                            BYTES_ARG(path), BYTES_ARG(text_quotable(misfit->kind, QUOTED_CHARACTERS_MAX)),
                            BYTES_ARG(template->id), BYTES_ARG(misfit->type));
    return refuse_field(d, "data[%u].value: \"%.*s\" of the template \"%.*s\" takes a value of the schema %.*s",
                        misfit->entry, BYTES_ARG(path), BYTES_ARG(template->id), BYTES_ARG(misfit->schema));
}

/* A template that lists nothing takes everything. */
static enum refusal check_capabilities(struct decision *d, uint32_t target, struct bytes data)
{
    struct template template;
    struct capability_misfit misfit;
    uint32_t entries;
    ASSERT(templates_get(d->view, target, &template));
    job_entries_begin(data, &entries);
    look_through(d, entries * template.capabilities.size); /* for each entry the list is read from its beginning */
    enum capability_fault fault = capabilities_check(template.capabilities, data, &misfit);
    return fault == CAPABILITY_FITS ? ACCEPTED : refuse_misfit(d, &template, fault, &misfit);
}

static enum refusal read_data(struct decision *d, const struct job_fields *fields, struct job_plan *plan)
{
    if (!job_data_read(d->arena, fields->data, &plan->data, &d->why)) return REFUSED_BAD_FIELD;
    plan->target = 0;
    if (plan->data.target.size == 0) return ACCEPTED;
    plan->target = templates_find(d->view, plan->data.target);
    return plan->target ? check_capabilities(d, plan->target, plan->data.data) : REFUSED_NO_SUCH_TEMPLATE;
}

static enum refusal read_group(struct decision *d, const struct job_fields *fields, struct job_plan *plan)
{
    plan->group = groups_find(d->view, fields->group);
    return plan->group ? ACCEPTED : REFUSED_NO_SUCH_GROUP;
}

static uint32_t measure_of(command_measure m)
{
    if (!m.given) return MEASURE_NONE;
    return m.percentage ? MEASURE_PERCENTAGE : MEASURE_NUMBER;
}

static uint32_t execution_timeout(const struct decision *d, const struct job_fields *fields, uint32_t type)
{
    command_number given = fields->timeouts.execution;
    if (given.given) return (uint32_t)given.value;
    return type == JOB_TYPE_COMMAND ? d->command_timeout : d->property_timeout;
}

/* Unless reasons are named, attempts are tried again, and waits are not. */
static uint32_t retried_outcomes(command_retry retries)
{
    if (!retries.given || retries.max == 0) return 0;
    return retries.on ? retries.on : 1u << OUTCOME_FAILED | 1u << OUTCOME_TIMED_OUT;
}

static void take_texts(const struct job_fields *fields, struct bytes name, struct job_plan *plan)
{
    if (fields->display_name.data) plan->display_name = fields->display_name.size ? fields->display_name : name;
    if (fields->description.data) plan->description = fields->description;
}

static void take_numbers(const struct decision *d, const struct job_fields *fields, struct job_plan *plan)
{
    if (fields->batch.given) {
        plan->batch_measure = measure_of(fields->batch);
        plan->batch_value = (uint32_t)fields->batch.value;
    }
    if (fields->threshold.given) {
        plan->threshold_measure = measure_of(fields->threshold);
        plan->threshold_value = (uint32_t)fields->threshold.value;
        plan->threshold_per_batch = fields->threshold.per_batch;
    }
    if (fields->timeouts.given) {
        plan->queue_timeout = (uint32_t)fields->timeouts.queue.value;
        plan->execution_timeout = execution_timeout(d, fields, plan->data.type);
    }
    if (fields->retries.given) {
        plan->retries_max = (uint32_t)fields->retries.max;
        plan->retries_on = retried_outcomes(fields->retries);
    }
}

enum refusal plan_change(struct decision *d, const struct job_fields *fields, struct bytes name, struct job_plan *plan)
{
    enum refusal refusal = check_texts(d, fields);
    if (!refusal && fields->data.data) refusal = read_data(d, fields, plan);
    if (!refusal && fields->group.data) refusal = read_group(d, fields, plan);
    if (refusal) return refusal;
    take_texts(fields, name, plan);
    take_numbers(d, fields, plan);
    return ACCEPTED;
}

enum refusal plan_read(struct decision *d, const struct job_fields *fields, struct bytes name, struct job_plan *plan)
{
    *plan = (struct job_plan){.display_name = name};
    enum refusal refusal = check_texts(d, fields);
    if (!refusal) refusal = check_needed(d, fields);
    if (!refusal) refusal = plan_change(d, fields, name, plan);
    if (!refusal) plan->execution_timeout = execution_timeout(d, fields, plan->data.type);
    return refusal;
}

bool plan_fields_given(const struct job_fields *f)
{
    return f->display_name.data || f->description.data || f->group.data || f->data.data || f->batch.given ||
           f->threshold.given || f->timeouts.given || f->retries.given;
}

/* ---- The plan of a job. */

void plan_of_job(struct view *v, struct arena *a, uint32_t number, struct job_plan *plan)
{
    struct job_text text;
    const struct job *job = jobs_get(v, number);
    ASSERT(job && jobs_text(v, number, &text));
    *plan = (struct job_plan){.display_name = arena_copy(a, text.display_name),
                              .description = arena_copy(a, text.description),
                              .group = job->group,
                              .target = job->target,
                              .data = {.type = job->type, .data = arena_copy(a, text.data)},
                              .batch_measure = job->batch_measure,
                              .batch_value = job->batch_value,
                              .threshold_measure = job->threshold_measure,
                              .threshold_value = job->threshold_value,
                              .threshold_per_batch = job->threshold_per_batch,
                              .queue_timeout = job->queue_timeout,
                              .execution_timeout = job->execution_timeout,
                              .retries_max = job->retries_max,
                              .retries_on = job->retries_on};
}

static struct bytes group_id_of(struct view *v, const struct job_plan *plan)
{
    struct group group;
    ASSERT(groups_get(v, plan->group, &group));
    return group.id;
}

static struct bytes template_id_of(struct view *v, const struct job_plan *plan)
{
    struct template template;
    if (plan->target == 0) return BYTES_NONE;
    ASSERT(templates_get(v, plan->target, &template));
    return template.id;
}

enum refusal plan_check_template(struct decision *d, const struct job_plan *plan, const char *advice)
{
    struct template template;
    if (plan->target == 0) return ACCEPTED;
    if (templates_get(d->view, plan->target, &template) && !template.removed)
        return check_capabilities(d, plan->target, plan->data.data);
    sentence_set(&d->why, "the template \"%.*s\" that this job is for was removed; %s",
                 BYTES_ARG(template_id_of(d->view, plan)), advice);
    return REFUSED_NO_SUCH_TEMPLATE;
}

enum refusal plan_check_group(struct decision *d, const struct job_plan *plan, const char *advice)
{
    struct group group;
    if (groups_get(d->view, plan->group, &group) && !group.removed) return ACCEPTED;
    sentence_set(&d->why, "the device group \"%.*s\" of this job was removed; %s",
                 BYTES_ARG(group_id_of(d->view, plan)), advice);
    return REFUSED_NO_SUCH_GROUP;
}

/* Ids, not numbers: whoever knows the job can make it too. docs/protocol.md shows it. */
struct bytes plan_terms(struct view *v, struct arena *a, const struct job_plan *plan)
{
    const uint32_t numbers[] = {plan->batch_measure,     plan->batch_value,   plan->threshold_measure,
                                plan->threshold_value,   plan->threshold_per_batch, plan->queue_timeout,
                                plan->execution_timeout, plan->retries_max,   plan->retries_on};
    struct buffer terms = {.arena = a};
    msgpack_packer p = packer_into(&terms);
    msgpack_pack_array(&p, 3 + COUNT_OF(numbers));
    pack_text(&p, group_id_of(v, plan));
    pack_text(&p, template_id_of(v, plan));
    pack_raw(&p, plan->data.data);
    for (size_t i = 0; i < COUNT_OF(numbers); i++) msgpack_pack_uint32(&p, numbers[i]);
    return buffer_bytes(&terms);
}

/* ---- Making jobs. */

struct bytes plan_name_with(struct arena *a, struct bytes name, const char *end)
{
    struct buffer out = {.arena = a};
    uint32_t character;
    size_t size = 0;
    for (size_t left = NAME_CHARACTERS_MAX - strlen(end); size < name.size && left > 0; left--)
        size += utf8_next(name, size, &character);
    buffer_append(&out, name.data, size);
    buffer_append(&out, end, strlen(end));
    return buffer_bytes(&out);
}

enum refusal plan_answer_existing(struct decision *d, uint32_t number)
{
    struct job_text text;
    if (jobs_get(d->view, number)->discarded) {
        sentence_set(&d->why, "this id was used by a saved job that was discarded; take a new id");
        return REFUSED_CONFLICT;
    }
    ASSERT(jobs_text(d->view, number, &text));
    if (!bytes_equal(text.body_hash, (struct bytes){d->body_hash, 32})) return REFUSED_CONFLICT;
    return answer_with(d, ANSWER_JOB, number);
}

enum refusal plan_new_id(struct decision *d, struct bytes given, struct bytes *id, bool *repeated)
{
    *id = given.data ? given : d->fresh_id;
    *repeated = false;
    enum refusal refusal = check_id(d, *id, "id");
    if (refusal) return refusal;
    uint32_t existing = jobs_find_taken(d->view, *id);
    *repeated = existing != 0;
    return existing ? plan_answer_existing(d, existing) : ACCEPTED;
}

enum refusal plan_check_queue(struct decision *d)
{
    if (d->short_of_room) return REFUSED_NO_SPACE;
    if (jobs_active_count(d->view) < JOBS_ACTIVE_MAX) return ACCEPTED;
    sentence_set(&d->why, "%d jobs are pending, running or stopped already; cancel some or let them end",
                 JOBS_ACTIVE_MAX);
    return REFUSED_LIMIT;
}

/* What JOB_CREATED and JOB_EDITED both say of a plan. */
#define PLAN_FIELDS(plan)                                                                                              \
    .display_name = (plan)->display_name, .description = (plan)->description, .group = (plan)->group,                  \
    .type = (plan)->data.type, .target = (plan)->target, .data = (plan)->data.data,                                    \
    .batch_measure = (plan)->batch_measure, .batch_value = (plan)->batch_value,                                        \
    .threshold_measure = (plan)->threshold_measure, .threshold_value = (plan)->threshold_value,                        \
    .threshold_per_batch = (plan)->threshold_per_batch, .queue_timeout = (plan)->queue_timeout,                        \
    .execution_timeout = (plan)->execution_timeout, .retries_max = (plan)->retries_max,                                \
    .retries_on = (plan)->retries_on

uint32_t plan_write_job(struct view *v, struct events *out, struct bytes id, const struct job_plan *plan,
                        struct bytes body_hash)
{
    uint32_t number = jobs_next_number(v);
    emit(out, (struct event){.type = EVENT_JOB_CREATED,
                             .job_created = {.job = number, .id = id, PLAN_FIELDS(plan), .body_hash = body_hash}});
    return number;
}

uint32_t plan_create_job(struct decision *d, struct bytes id, const struct job_plan *plan)
{
    return plan_write_job(d->view, d->events, id, plan, (struct bytes){d->body_hash, 32});
}

void plan_edit_job(struct decision *d, uint32_t job, const struct job_plan *plan)
{
    struct bytes body_hash = {d->body_hash, 32};
    emit(d->events, (struct event){.type = EVENT_JOB_EDITED,
                                   .job_edited = {.job = job, PLAN_FIELDS(plan), .body_hash = body_hash}});
}
