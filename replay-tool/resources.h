/* All that clients could see at a moment, one resource after another, as the socket shows each. */
#ifndef MUSTER_REPLAY_RESOURCES_H
#define MUSTER_REPLAY_RESOURCES_H

#include "projections/projections.h"
#include "engine/base/arena.h"

enum resource_kind {
#define RESOURCE(NAME, word, plural) RESOURCE_##NAME,
#include "replay-tool/resources.def"
#undef RESOURCE
    RESOURCE_KINDS
};

/* "job"; "jobs" */
const char *resource_word(enum resource_kind kind);
const char *resource_plural(enum resource_kind kind);

/* The first one with a number >= from that lists show, 0 at the end. */
uint32_t resource_next(struct view *v, enum resource_kind kind, uint32_t from);
/* Appends its map. */
void resource_put(struct view *v, enum resource_kind kind, uint32_t number, struct buffer *out);

#endif
