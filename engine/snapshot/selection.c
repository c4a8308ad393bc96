/* One step of the devices' cursor and one evaluation of the filter a device; nothing is copied or allocated. */
#include "engine/snapshot/selection.h"

static bool property_is_missing(void *context, struct bytes path, struct filter_value *out)
{
    (void)context;
    (void)path;
    (void)out;
    return false;
}

bool selection_begin(struct selection *s, struct view *view, struct arena *arena, struct bytes filter,
                     struct filter_error *error)
{
    *s = (struct selection){.view = view};
    return filter_parse(arena, filter, &s->filter, error) == FILTER_OK;
}

static bool matches(const struct selection *s, const struct selected *candidate)
{
    const struct device *device = &candidate->device;
    return filter_matches(s->filter, &(struct filter_device){
                                         .id = device->id,
                                         .display_name = device->display_name,
                                         .template = candidate->template,
                                         .provisioned = device->provisioned,
                                         .simulated = device->simulated,
                                         .property = property_is_missing,
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
