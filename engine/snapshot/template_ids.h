/* Ids of templates by number. Fleets have few templates: a device's costs no lookup while its template is among those
 * seen last. */
#ifndef MUSTER_SNAPSHOT_TEMPLATE_IDS_H
#define MUSTER_SNAPSHOT_TEMPLATE_IDS_H

#include "projections/projections.h"

enum { TEMPLATES_SEEN_MAX = 64 };

/* All zero is empty. */
struct template_ids {
    struct {
        uint32_t number; /* 0: none yet */
        struct bytes id;
    } seen[TEMPLATES_SEEN_MAX];
};

/* No bytes for number 0, and when the snapshot fails. Borrowed from the snapshot until it is closed. */
struct bytes template_ids_get(struct template_ids *ids, struct view *snapshot, uint32_t number);

#endif
