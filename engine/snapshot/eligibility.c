/* Looks at a template's capabilities once. */
#include "engine/snapshot/eligibility.h"

#include "projections/capabilities.h"
#include "projections/templates.h"

static bool template_has_paths(struct eligibility *e, uint32_t number)
{
    struct template template;
    if (number == 0) return true;
    __typeof__(e->judged[0]) *judged = &e->judged[number % TEMPLATES_JUDGED_MAX];
    if (judged->template != number) {
        if (!templates_get(e->view, number, &template)) return true; /* a fault, which task_run finds */
        judged->template = number;
        judged->has_paths = capabilities_have(template.capabilities, e->data);
    }
    return judged->has_paths;
}

enum exclusion eligibility_check(struct eligibility *e, const struct device *device)
{
    if (e->target != 0 && e->target != device->template) return EXCLUDED_WRONG_TEMPLATE;
    return template_has_paths(e, device->template) ? EXCLUDED_NOT : EXCLUDED_UNKNOWN_PATH;
}
