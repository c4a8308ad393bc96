/* Whether a device that a job is for can be a target: it is of the template that the job's data is for, and its template,
 * if it lists what its devices have, lists every path that the data names. */
#ifndef MUSTER_SNAPSHOT_ELIGIBILITY_H
#define MUSTER_SNAPSHOT_ELIGIBILITY_H

#include "projections/devices.h"
#include "projections/jobs.h"

/* Fleets have few templates; a device costs no look at its template's list while that is among those last seen. */
enum { TEMPLATES_JUDGED_MAX = 64 };

struct eligibility {
    struct view *view;
    uint32_t target;   /* template number, 0: any */
    struct bytes data; /* of the job */
    struct {
        uint32_t template; /* 0: none yet */
        bool has_paths;
    } judged[TEMPLATES_JUDGED_MAX];
};

static inline struct eligibility eligibility_of(struct view *view, uint32_t target, struct bytes data)
{
    return (struct eligibility){.view = view, .target = target, .data = data};
}

/* EXCLUDED_NOT when it can be. */
enum exclusion eligibility_check(struct eligibility *e, const struct device *device);

#endif
