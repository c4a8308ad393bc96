/* Calls of work.take that wait for work, first come first served. A take that was served in a turn whose
 * events did not reach the disk waits on: takes_settle(), takes_undo(). */
#ifndef MUSTER_TAKES_H
#define MUSTER_TAKES_H

#include "engine/base/map.h"
#include "engine/decide/limits.h"

struct take {
    uint64_t peer;
    uint64_t msgid;
    uint32_t max;
    int64_t deadline_us; /* monotonic: then it is answered with nothing */
    bool served;
    struct take *next;
    size_t connector_size;
    char connector[REQUEST_ID_BYTES_MAX];
};

/* All zero is empty. */
struct takes {
    struct take *first;
    struct take **last_link; /* NULL when empty */
    struct map count_by_peer; /* as pointers' values */
    int64_t soonest_us;       /* no take is due before */
};

/* False: this peer has as many waiting as it may. Copies the take. */
bool takes_add(struct takes *t, const struct take *take);
void takes_peer_left(struct takes *t, uint64_t peer);
/* INT64_MAX when none waits. */
int64_t takes_deadline(const struct takes *t);
/* Forgets those that were served. */
void takes_settle(struct takes *t);
void takes_undo(struct takes *t);
void takes_free(struct takes *t);

#endif
