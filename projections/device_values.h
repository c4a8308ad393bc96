/* Which job set a device's properties and cloud properties last.
 *
 * A result says nothing of paths: its job does, and all of a job's paths are set at once. So jobs that set the same
 * paths share one *set*, and a result writes one record however many properties the job has:
 *
 *     set 1: property "targetTemperature"                    device -> job, number of its result event
 *     set 2: property "targetTemperature", "mode"            device -> job, number of its result event
 *     set 3: cloudProperty "site"                            device -> job, number of its result event
 *
 * A device's value at a path is the one in the data of the job whose result is the latest of all sets with the
 * path. Records take 10 bytes, 408 in a page of 4,080, at the place of the device's number: nothing is searched. A
 * page is there once a device of it was set; a set on every device of a fleet costs 10 bytes a device.
 *
 * Values stand in the jobs' data and nowhere else, so a job's data outlives the job. Removed devices keep their
 * records, which nobody asks for any more: numbers are never used again. */
#ifndef MUSTER_DEVICE_VALUES_H
#define MUSTER_DEVICE_VALUES_H

#include "projections/jobs.h"

struct value_set {
    uint32_t number;
    uint32_t job; /* the first one of the set: its data names the paths */
    enum job_type type;
};

/* The set with the lowest number >= from; false at the end. */
bool device_values_next_set(struct view *v, uint32_t from, struct value_set *set);

struct value_mark {
    uint32_t job;    /* 0: none of the set has set this device's values */
    uint64_t result; /* its DEVICE_RESULT */
};

/* The page of a set that a device is on; NULL when none of its devices was set, or the store failed. Borrowed until
 * the next apply, or until the snapshot is closed. */
struct value_page;
const struct value_page *device_values_page(struct view *v, uint32_t set, uint32_t page);
enum { VALUE_PAGE_DEVICES = 408 };
static inline uint32_t value_page_of(uint32_t device)
{
    return device / VALUE_PAGE_DEVICES;
}
/* The device must be one of this page. */
struct value_mark value_page_mark(const struct value_page *page, uint32_t device);

#endif
