/* Device groups: a name for a filter. */
#ifndef MUSTER_GROUPS_H
#define MUSTER_GROUPS_H

#include "projections/projections.h"

struct group {
    uint32_t number;
    struct bytes id;
    struct bytes display_name;
    struct bytes description;
    struct bytes filter;
    bool removed;
};

uint32_t groups_find(struct view *v, struct bytes id); /* 0: none, or removed */
bool groups_get(struct view *v, uint32_t number, struct group *group); /* removed ones too */
uint32_t groups_next_number(struct view *v);
bool groups_next(struct view *v, uint32_t from, struct group *group); /* as templates_next */

#endif
