/* Templates, device groups and devices: put, get, list, remove. */
#include "engine/base/cursor.h"
#include "engine/decide/decide.h"
#include "engine/decide/limits.h"
#include "engine/decide/uses.h"
#include "engine/filter/filter.h"
#include "projections/devices.h"
#include "projections/groups.h"
#include "projections/job_devices.h"
#include "projections/jobs.h"
#include "projections/templates.h"

/* A field that was not given stays as it was. */
static struct bytes given_or(struct bytes given, struct bytes otherwise)
{
    return given.data ? given : otherwise;
}

/* A name that was emptied is the id again. */
static struct bytes name_of(struct bytes given, struct bytes otherwise, struct bytes id)
{
    struct bytes name = given_or(given, otherwise);
    return name.size ? name : id;
}

/* ---- Templates. */

enum refusal decide_templates_put(struct decision *d, const struct command *c)
{
    struct bytes id = c->templates_put.id;
    enum refusal refusal = check_id(d, id, "id");
    if (!refusal) refusal = check_name(d, c->templates_put.display_name, "displayName");
    if (!refusal) refusal = check_size(d, c->templates_put.capabilities, CAPABILITIES_BYTES_MAX, "capabilities");
    if (!refusal && !value_is_readable(c->templates_put.capabilities))
        refusal = refuse_field(d, "capabilities must hold texts in UTF-8 only");
    if (refusal) return refusal;

    struct template old = {.display_name = id};
    uint32_t number = templates_find(d->view, id);
    if (number) ASSERT(templates_get(d->view, number, &old));
    struct bytes name = name_of(c->templates_put.display_name, old.display_name, id);
    struct bytes capabilities = given_or(c->templates_put.capabilities, old.capabilities);
    bool same = number && bytes_equal(name, old.display_name) && bytes_equal(capabilities, old.capabilities);
    if (same) return answer_with(d, ANSWER_TEMPLATE, number);
    if (!number) number = templates_next_number(d->view);
    emit(d->events, (struct event){.type = EVENT_TEMPLATE_SAVED,
                                   .template_saved = {.number = number,
                                                      .id = id,
                                                      .display_name = arena_copy(d->arena, name),
                                                      .capabilities = arena_copy(d->arena, capabilities)}});
    return answer_with(d, ANSWER_TEMPLATE, number);
}

enum refusal decide_templates_get(struct decision *d, const struct command *c)
{
    uint32_t number = templates_find(d->view, c->templates_get.id);
    if (!number) return REFUSED_NO_SUCH_TEMPLATE;
    return answer_with(d, ANSWER_TEMPLATE, number);
}

enum refusal decide_templates_list(struct decision *d, const struct command *c)
{
    uint32_t rows, from;
    enum refusal refusal = check_page(d, c->templates_list.limit, c->templates_list.cursor, &rows, &from);
    if (refusal) return refusal;
    uint32_t *numbers = arena_alloc(d->arena, rows * sizeof *numbers);
    struct template template;
    size_t count = 0;
    bool more = templates_next(d->view, from, &template);
    for (; more && count < rows; more = templates_next(d->view, template.number + 1, &template))
        numbers[count++] = template.number;
    d->answer = (struct answer){.kind = ANSWER_TEMPLATES,
                                .numbers = numbers,
                                .count = count,
                                .next = more ? template.number : 0};
    return ACCEPTED;
}

enum refusal decide_templates_remove(struct decision *d, const struct command *c)
{
    uint32_t number = templates_find(d->view, c->templates_remove.id);
    if (!number) return REFUSED_NO_SUCH_TEMPLATE;
    enum refusal refusal = c->templates_remove.force.value ? ACCEPTED : check_unused(d, USED_TEMPLATE, number);
    if (refusal) return refusal;
    emit(d->events, (struct event){.type = EVENT_TEMPLATE_REMOVED, .template_removed = {.number = number}});
    return answer_with(d, ANSWER_EMPTY, 0);
}

/* ---- Groups. */

static enum refusal check_filter(struct decision *d, struct bytes text)
{
    const struct filter *filter;
    struct filter_error error;
    if (filter_parse(d->arena, text, &filter, &error) == FILTER_OK) return ACCEPTED;
    d->why = error.sentence;
    return REFUSED_BAD_FILTER;
}

enum refusal decide_groups_put(struct decision *d, const struct command *c)
{
    struct bytes id = c->groups_put.id;
    enum refusal refusal = check_id(d, id, "id");
    if (!refusal) refusal = check_name(d, c->groups_put.display_name, "displayName");
    if (!refusal) refusal = check_size(d, c->groups_put.description, DESCRIPTION_BYTES_MAX, "description");
    if (!refusal && c->groups_put.filter.data) refusal = check_filter(d, c->groups_put.filter);
    if (refusal) return refusal;

    struct group old = {.display_name = id};
    uint32_t number = groups_find(d->view, id);
    if (number) ASSERT(groups_get(d->view, number, &old));
    struct bytes name = name_of(c->groups_put.display_name, old.display_name, id);
    struct bytes description = given_or(c->groups_put.description, old.description);
    struct bytes filter = given_or(c->groups_put.filter, old.filter);
    bool same = number && bytes_equal(name, old.display_name) && bytes_equal(description, old.description) &&
                bytes_equal(filter, old.filter);
    if (same) return answer_with(d, ANSWER_GROUP, number);
    if (!number) number = groups_next_number(d->view);
    emit(d->events, (struct event){.type = EVENT_GROUP_SAVED,
                                   .group_saved = {.number = number,
                                                   .id = id,
                                                   .display_name = arena_copy(d->arena, name),
                                                   .description = arena_copy(d->arena, description),
                                                   .filter = arena_copy(d->arena, filter)}});
    return answer_with(d, ANSWER_GROUP, number);
}

enum refusal decide_groups_get(struct decision *d, const struct command *c)
{
    uint32_t number = groups_find(d->view, c->groups_get.id);
    if (!number) return REFUSED_NO_SUCH_GROUP;
    return answer_with(d, ANSWER_GROUP, number);
}

enum refusal decide_groups_list(struct decision *d, const struct command *c)
{
    uint32_t rows, from;
    enum refusal refusal = check_page(d, c->groups_list.limit, c->groups_list.cursor, &rows, &from);
    if (refusal) return refusal;
    uint32_t *numbers = arena_alloc(d->arena, rows * sizeof *numbers);
    struct group group;
    size_t count = 0;
    bool more = groups_next(d->view, from, &group);
    for (; more && count < rows; more = groups_next(d->view, group.number + 1, &group))
        numbers[count++] = group.number;
    d->answer =
        (struct answer){.kind = ANSWER_GROUPS, .numbers = numbers, .count = count, .next = more ? group.number : 0};
    return ACCEPTED;
}

enum refusal decide_groups_preview(struct decision *d, const struct command *c)
{
    enum { SAMPLE_DEFAULT = 10 };
    struct bytes id = c->groups_preview.id, filter = c->groups_preview.filter;
    command_number sample = c->groups_preview.sample;
    struct group group;
    if (!id.data == !filter.data)
        return refuse_field(d, "groups.preview takes either id, a group, or filter, what a group might be");
    if (sample.given && sample.value > PAGE_ROWS_MAX)
        return refuse_field(d, "sample must be a whole number from 0 to %d; it is %llu", PAGE_ROWS_MAX,
                            (unsigned long long)sample.value);
    enum refusal refusal = filter.data ? check_filter(d, filter) : ACCEPTED;
    if (refusal) return refusal;
    uint32_t number = id.data ? groups_find(d->view, id) : 0;
    if (id.data && !number) return REFUSED_NO_SUCH_GROUP;
    if (number) ASSERT(groups_get(d->view, number, &group));
    d->answer = (struct answer){.kind = ANSWER_GROUP_PREVIEW,
                                .text = number ? group.filter : filter,
                                .limit = sample.given ? sample.value : SAMPLE_DEFAULT};
    return ACCEPTED;
}

enum refusal decide_groups_remove(struct decision *d, const struct command *c)
{
    uint32_t number = groups_find(d->view, c->groups_remove.id);
    if (!number) return REFUSED_NO_SUCH_GROUP;
    enum refusal refusal = c->groups_remove.force.value ? ACCEPTED : check_unused(d, USED_GROUP, number);
    if (refusal) return refusal;
    emit(d->events, (struct event){.type = EVENT_GROUP_REMOVED, .group_removed = {.number = number}});
    return answer_with(d, ANSWER_EMPTY, 0);
}

/* ---- Devices. */

static void register_device(struct decision *d, const struct command *c, uint32_t number, uint32_t template)
{
    emit(d->events, (struct event){.type = EVENT_DEVICE_REGISTERED,
                                   .device_registered = {.number = number,
                                                         .id = c->devices_put.id,
                                                         .display_name = c->devices_put.display_name,
                                                         .template = template,
                                                         .provisioned = c->devices_put.provisioned.value,
                                                         .simulated = c->devices_put.simulated.value}});
}

/* Says only what changes. `old` holds numbers that outlive an emit, and names that do not. */
static void change_device(struct decision *d, const struct command *c, const struct device *old, uint32_t template)
{
    struct bytes name = c->devices_put.display_name;
    if (name.data && name.size == 0) name = old->id;
    bool renamed = name.data && !bytes_equal(name, old->display_name);
    command_flag provisioned = c->devices_put.provisioned, simulated = c->devices_put.simulated;
    bool now_provisioned = provisioned.given ? provisioned.value : old->provisioned;
    bool now_simulated = simulated.given ? simulated.value : old->simulated;
    if (renamed)
        emit(d->events, (struct event){.type = EVENT_DEVICE_RENAMED,
                                       .device_renamed = {.number = old->number, .display_name = arena_copy(d->arena, name)}});
    if (c->devices_put.template.data && template != old->template)
        emit(d->events, (struct event){.type = EVENT_DEVICE_MOVED, .device_moved = {.number = old->number, .template = template}});
    if (now_provisioned != old->provisioned || now_simulated != old->simulated)
        emit(d->events, (struct event){.type = EVENT_DEVICE_MARKED,
                                       .device_marked = {.number = old->number,
                                                         .provisioned = now_provisioned,
                                                         .simulated = now_simulated}});
}

enum refusal decide_devices_put(struct decision *d, const struct command *c)
{
    struct bytes id = c->devices_put.id;
    enum refusal refusal = check_id(d, id, "id");
    if (!refusal) refusal = check_name(d, c->devices_put.display_name, "displayName");
    if (refusal) return refusal;
    uint32_t template = 0;
    if (c->devices_put.template.size) template = templates_find(d->view, c->devices_put.template);
    if (c->devices_put.template.size && !template) return REFUSED_NO_SUCH_TEMPLATE;

    uint32_t number = devices_find(d->view, id);
    if (number) {
        struct device old;
        ASSERT(devices_get(d->view, number, &old));
        change_device(d, c, &old, template);
        return answer_with(d, ANSWER_DEVICE, number);
    }
    if (d->short_of_room) return REFUSED_NO_SPACE;
    number = devices_next_number(d->view);
    register_device(d, c, number, template);
    return answer_with(d, ANSWER_DEVICE, number);
}

enum refusal decide_devices_get(struct decision *d, const struct command *c)
{
    uint32_t number = devices_find(d->view, c->devices_get.id);
    if (!number) return REFUSED_NO_SUCH_DEVICE;
    return answer_with(d, ANSWER_DEVICE, number);
}

enum refusal decide_devices_list(struct decision *d, const struct command *c)
{
    uint32_t rows, unused;
    struct bytes sort = c->devices_list.sort;
    enum device_order order = DEVICES_BY_NUMBER;
    struct device_place place;
    enum refusal refusal = check_page(d, c->devices_list.limit, BYTES_NONE, &rows, &unused);
    if (!refusal && c->devices_list.filter.data) refusal = check_filter(d, c->devices_list.filter);
    if (refusal) return refusal;
    if (sort.data && !device_order_named(sort, &order))
        return refuse_field(d, "sort must be id or displayName, perhaps with desc behind it, as in \"id desc\"");
    if (!device_place_read(c->devices_list.cursor, order, &place)) return REFUSED_BAD_CURSOR;
    d->answer = (struct answer){.kind = ANSWER_DEVICES,
                                .text = c->devices_list.filter,
                                .device_order = order,
                                .device_place = place,
                                .limit = rows};
    return ACCEPTED;
}

/* Also of an id that no device has any more: the worker finds out. */
enum refusal decide_devices_history(struct decision *d, const struct command *c)
{
    uint32_t rows, from;
    enum refusal refusal = check_id(d, c->devices_history.id, "id");
    if (!refusal) refusal = check_page(d, c->devices_history.limit, c->devices_history.cursor, &rows, &from);
    if (refusal) return refusal;
    d->answer =
        (struct answer){.kind = ANSWER_DEVICE_HISTORY, .text = c->devices_history.id, .from = from, .limit = rows};
    return ACCEPTED;
}

/* A running job need not wait for a device that is gone. Other jobs find out when its turn comes. */
static void end_in_running_jobs(struct decision *d, uint32_t device)
{
    for (size_t i = 0; i < jobs_running_count(d->view); i++) {
        const struct job *job = jobs_running_at(d->view, i);
        struct job_device found;
        if (!job->targets_fixed) continue;
        if (!job_devices_find(d->view, job->number, device, &found) || device_has_end(found.state)) continue;
        struct lease *lease = found.state == DEVICE_OUT ? leases_find(d->leases, found.last) : NULL;
        if (lease) leases_answer(d->leases, lease, 1);
        emit(d->events, (struct event){.type = EVENT_DEVICE_RESULT,
                                       .device_result = {.job = job->number,
                                                         .device = device,
                                                         .previous = found.last,
                                                         .outcome = OUTCOME_DEVICE_REMOVED,
                                                         .ends = true}});
    }
}

enum refusal decide_devices_remove(struct decision *d, const struct command *c)
{
    uint32_t number = devices_find(d->view, c->devices_remove.id);
    if (!number) return REFUSED_NO_SUCH_DEVICE;
    emit(d->events, (struct event){.type = EVENT_DEVICE_REMOVED, .device_removed = {.number = number}});
    end_in_running_jobs(d, number);
    return answer_with(d, ANSWER_EMPTY, 0);
}
