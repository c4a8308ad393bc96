/* Device templates. */
#ifndef MUSTER_TEMPLATES_H
#define MUSTER_TEMPLATES_H

#include "projections/projections.h"

struct template {
    uint32_t number;
    struct bytes id;
    struct bytes display_name;
    struct bytes capabilities; /* MessagePack array; no bytes when unknown */
    bool removed;
};

uint32_t templates_find(struct view *v, struct bytes id); /* 0: none, or removed */
/* Removed ones too, so that old events can be read. */
bool templates_get(struct view *v, uint32_t number, struct template *template);
uint32_t templates_next_number(struct view *v);
/* The first one present with a number >= from; false at the end. */
bool templates_next(struct view *v, uint32_t from, struct template *template);

#endif
