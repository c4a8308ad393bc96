/* A template's capabilities: what its devices have, as whoever saved the template listed it.
 *
 *     [{path: "target", kind: "property", schema: "double"}, {path: "motor.start", kind: "command"}, ...]
 *
 * `kind` is "property", "cloudProperty" or "command", as the type of a job's data; without one it is any of them.
 * Schemas are DTDL's primitive ones; others, and none, allow any value. The rest of a capability may be anything. */
#ifndef MUSTER_CAPABILITIES_H
#define MUSTER_CAPABILITIES_H

#include "engine/base/base.h"

/* Whether a template with these capabilities has every path of a job's data, each as what the data takes it for. A
 * template without any has all. */
bool capabilities_have(struct bytes capabilities, struct bytes data);

enum capability_fault {
    CAPABILITY_FITS = 0,
    CAPABILITY_UNKNOWN_PATH,
    CAPABILITY_OTHER_KIND,  /* the path is there, as something else */
    CAPABILITY_WRONG_VALUE, /* not of its schema */
};

/* What of a job's data does not fit. Texts borrow what was checked. */
struct capability_misfit {
    uint32_t entry;      /* of the data, from 0 */
    struct bytes path;
    struct bytes type;   /* of the data */
    struct bytes kind;   /* that the path has, of CAPABILITY_OTHER_KIND */
    struct bytes schema; /* of CAPABILITY_WRONG_VALUE */
};

/* The first entry that does not fit. */
enum capability_fault capabilities_check(struct bytes capabilities, struct bytes data, struct capability_misfit *misfit);

#endif
