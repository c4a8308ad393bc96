/* The thumbprints of devices' X.509 certificates. */
#ifndef MUSTER_THUMBPRINTS_H
#define MUSTER_THUMBPRINTS_H

#include "projections/projections.h"

/* Each 20 bytes (SHA-1) or 32 (SHA-256), or none. */
struct thumbprints {
    struct bytes primary, secondary;
};

/* No bytes for a device that has none. In ascending order a step of a cursor. */
struct thumbprints thumbprints_get(struct view *v, uint32_t device);

#endif
