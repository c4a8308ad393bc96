/* Devices, in order of their numbers, and their ids. */
#ifndef MUSTER_DEVICES_H
#define MUSTER_DEVICES_H

#include "projections/projections.h"

struct device {
    uint32_t number;
    struct bytes id;
    struct bytes display_name; /* never empty: the id when none was given */
    uint32_t template;         /* 0: unassigned */
    bool provisioned;
    bool simulated;
    bool removed;
};

uint32_t devices_find(struct view *v, struct bytes id); /* 0: none, or removed */
/* The last one that had this id and was removed; 0: none. Looks at every device. */
uint32_t devices_find_removed(struct view *v, struct bytes id);
bool devices_get(struct view *v, uint32_t number, struct device *device); /* removed ones too */
uint32_t devices_next_number(struct view *v);
uint32_t devices_count(struct view *v); /* present ones */
/* The first one present with a number >= from; false at the end. In ascending order a step of a cursor. */
bool devices_next(struct view *v, uint32_t from, struct device *device);

#endif
