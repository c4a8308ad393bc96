/* Which group keys hold: a print of each, from which nothing can be made. */
#ifndef MUSTER_PROJECTIONS_KEYS_H
#define MUSTER_PROJECTIONS_KEYS_H

#include "projections/projections.h"

/* On disk: never change. */
enum keys_rotated {
    KEYS_ROTATED_BOTH = 0, /* not by a rotation: the engine was told to trust the keys it found, or to make new ones */
    KEYS_ROTATED_PRIMARY = 1,
    KEYS_ROTATED_SECONDARY = 2,
};

enum { KEY_PRINT_BYTES = 8 };

/* KEY_PRINT_BYTES each; no bytes while no key was ever rotated or given out. */
struct key_prints {
    struct bytes primary, secondary;
};

struct key_prints keys_get(struct view *v);

#endif
