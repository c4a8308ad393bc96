/* One step of the devices' cursor and one evaluation of the filter a device; nothing is copied, and allocated only when
 * the filter asks for a path the first time. */
#include "engine/snapshot/selection.h"

#include "projections/reported.h"

static struct values *values_at(struct selection *s, struct bytes path)
{
    for (struct selection_path *known = s->paths; known; known = known->next) {
        if (bytes_equal(values_path(known->values), path)) return known->values;
    }
    struct selection_path *known = arena_alloc(s->arena, sizeof *known);
    *known = (struct selection_path){values_begin(s->view, s->arena, path), s->paths};
    s->paths = known;
    return known->values;
}

static struct bytes reported_at(struct selection *s, struct bytes path)
{
    if (s->reported.device < s->device) {
        uint32_t next = reported_next(s->view, s->device, &s->reported.map);
        s->reported.device = next ? next : UINT32_MAX;
    }
    return s->reported.device == s->device ? reported_value(s->reported.map, path) : BYTES_NONE;
}

static bool property(void *context, struct bytes path, struct filter_value *out)
{
    struct selection *s = context;
    struct bytes value = reported_at(s, path);
    if (value.size == 0) value = values_get(values_at(s, path), s->device);
    if (value.size == 0) return false;
    *out = filter_value_of(value);
    return true;
}

bool selection_begin(struct selection *s, struct view *view, struct arena *arena, struct bytes filter,
                     struct filter_error *error)
{
    *s = (struct selection){.view = view, .arena = arena};
    return filter_parse(arena, filter, &s->filter, error) == FILTER_OK;
}

static bool matches(struct selection *s, const struct selected *candidate)
{
    const struct device *device = &candidate->device;
    s->device = device->number;
    return filter_matches(s->filter, &(struct filter_device){
                                         .id = device->id,
                                         .display_name = device->display_name,
                                         .template = candidate->template,
                                         .provisioned = device->provisioned,
                                         .simulated = device->simulated,
                                         .property = property,
                                         .context = s,
                                     });
}

enum selection_step selection_next(struct selection *s, uint32_t *from, uint32_t *looks, struct selected *found)
{
    for (; *looks > 0; (*looks)--) {
        if (!devices_next(s->view, *from, &found->device)) return SELECTION_END;
        *from = found->device.number + 1;
        found->template = template_ids_get(&s->templates, s->view, found->device.template);
        if (!matches(s, found)) continue;
        (*looks)--;
        return SELECTION_FOUND;
    }
    return SELECTION_PAUSED;
}
