/* Reruns: jobs that do again what another job did, on the devices that it did not bring to a good end.
 *
 *     job-1 <-- job-2 <-- job-4          a lineage: the first job, its reruns, and theirs
 *           <-- job-3
 *
 * A rerun's devices are all in its parent's list, so the first job's list has every device of the lineage. */
#ifndef MUSTER_RERUNS_H
#define MUSTER_RERUNS_H

#include "projections/projections.h"

/* Which of the parent's devices: a set. */
enum rerun_which { RERUN_FAILED = 1, RERUN_UNREACHED = 2, RERUN_BOTH = 3 };
/* "failed", "unreached", "both"; "unknown" for what is none of them. */
const char *rerun_which_word(uint32_t which);

struct rerun {
    uint32_t parent;
    uint32_t first; /* of the lineage */
    uint32_t which; /* enum rerun_which */
    uint32_t reserved; /* 0 */
};

/* False when the job is no rerun. */
bool reruns_get(struct view *v, uint32_t job, struct rerun *rerun);
/* The job's rerun with the lowest number >= from, 0 at the end. */
uint32_t reruns_next(struct view *v, uint32_t parent, uint32_t from);
/* How many reruns the lineage has that begins with this job, reruns of reruns too. */
uint32_t reruns_count(struct view *v, uint32_t first);

#endif
