/* What devices reported of themselves: for each device one map from path to value, as MessagePack.
 *
 *     {"temperature": 21.5, "motor.speed": 1500}
 *
 * A report names what changed; the rest stays. It is kept as one value a device, so that a filter which asks for several
 * properties of a million devices takes one step of a cursor a device. */
#ifndef MUSTER_REPORTED_H
#define MUSTER_REPORTED_H

#include "engine/base/arena.h"
#include "engine/base/cursor.h"
#include "projections/projections.h"

/* One property of such a map. */
struct reported {
    struct bytes path;
    struct bytes value; /* MessagePack; in the changes of a report nil forgets the property */
};

/* The map of a device; no bytes when nothing was reported. */
struct bytes reported_get(struct view *v, uint32_t device);
/* The first device with a number >= from that has one; 0 at the end. In ascending order a step of a cursor. */
uint32_t reported_next(struct view *v, uint32_t from, struct bytes *map);

/* Walks a map; borrows it. `count` is 0 for no bytes. */
struct cursor reported_begin(struct bytes map, uint32_t *count);
bool reported_read(struct cursor *c, struct reported *property);
/* No bytes when the map has no such path. */
struct bytes reported_value(struct bytes map, struct bytes path);
bool reported_is_forgotten(const struct reported *property);

/* Appends what `map` is after these changes; nothing when nothing is left. Returns how many properties it has. */
uint32_t reported_merge(struct bytes map, struct bytes changes, struct buffer *out);

#endif
