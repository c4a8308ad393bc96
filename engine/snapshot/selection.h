/* The devices of a snapshot that a filter lets through, in order of their numbers. A property is to the filter what the
 * device reported, or else what a job last set it to. */
#ifndef MUSTER_SNAPSHOT_SELECTION_H
#define MUSTER_SNAPSHOT_SELECTION_H

#include "engine/filter/filter.h"
#include "engine/snapshot/template_ids.h"
#include "engine/snapshot/values.h"
#include "projections/devices.h"

/* The values at a path that the filter has asked for. */
struct selection_path {
    struct values *values;
    struct selection_path *next;
};

struct selection {
    struct view *view;
    struct arena *arena;
    const struct filter *filter;
    struct selection_path *paths;
    uint32_t device; /* that the filter is being asked about */
    struct {
        uint32_t device; /* the first one from `device` on that reported anything; 0: not looked for yet */
        struct bytes map;
    } reported;
    struct template_ids templates;
};

/* What selection_next found. Texts are borrowed from the snapshot until it is closed. */
struct selected {
    struct device device;
    struct bytes template; /* id; size 0: unassigned */
};

/* Parses the filter into the arena, with which the selection lives. */
bool selection_begin(struct selection *s, struct view *view, struct arena *arena, struct bytes filter,
                     struct filter_error *error);

enum selection_step {
    SELECTION_FOUND,
    SELECTION_PAUSED, /* *looks is used up; go on from *from */
    SELECTION_END,
};

/* The first match with a number >= *from, which then stands behind it. Each device looked at takes one from *looks. */
enum selection_step selection_next(struct selection *s, uint32_t *from, uint32_t *looks, struct selected *found);

#endif
