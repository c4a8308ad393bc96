/* Moves of devices to a template: what was asked for, how many came there, and which are not over. */
#ifndef MUSTER_MOVES_H
#define MUSTER_MOVES_H

#include "projections/projections.h"

enum move_outcome { MOVE_OPEN = 0, MOVE_COMPLETE = 1, MOVE_TEMPLATE_REMOVED = 2 };

/* As it is stored. */
struct move {
    uint32_t number;
    uint32_t outcome;  /* enum move_outcome */
    uint32_t group;    /* 0: of devices that were named */
    uint32_t template; /* 0: they become unassigned */
    uint32_t actor;
    uint32_t moved;    /* devices so far */
    int64_t opened_us;
    int64_t closed_us; /* 0: not yet */
};

/* NULL when there is no such move. */
const struct move *moves_get(struct view *v, uint32_t number);
/* The next lower number <= from: newest first; NULL at the end. */
const struct move *moves_previous(struct view *v, uint32_t from);
uint32_t moves_next_number(struct view *v);
/* The oldest open one and its group's filter; 0 when there is none. Costs nothing while there is none. */
uint32_t moves_first_open(struct view *v, struct bytes *filter);
uint32_t moves_open_count(struct view *v);

#endif
