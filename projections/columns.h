/* The columns that users chose to see in a view. */
#ifndef MUSTER_COLUMNS_H
#define MUSTER_COLUMNS_H

#include "projections/projections.h"

/* A MessagePack array of texts, never an empty one; no bytes when the user chose none in this view. */
struct bytes columns_get(struct view *v, struct bytes user, struct bytes view_name);

#endif
