/* A table in which a number has one place. */
#include "engine/snapshot/template_ids.h"

#include "projections/templates.h"

struct bytes template_ids_get(struct template_ids *ids, struct view *snapshot, uint32_t number)
{
    struct template template;
    size_t place = number % TEMPLATES_SEEN_MAX;
    if (number == 0) return BYTES_NONE;
    if (ids->seen[place].number != number) {
        if (!templates_get(snapshot, number, &template)) return BYTES_NONE; /* a fault, which task_run finds */
        ids->seen[place].number = number;
        ids->seen[place].id = template.id;
    }
    return ids->seen[place].id;
}
