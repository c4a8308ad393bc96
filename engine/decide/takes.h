/* Calls of work.take that wait for work, first come first served, and what the connectors behind them can do. A
 * take that was served in a turn whose events did not reach the disk waits on, one that came in it is forgotten:
 * takes_settle(), takes_undo().
 *
 * Takes that name the same templates and types are of one *kind*: what one of them cannot have, the others cannot
 * either. A kind is there as long as a take of it waits, or a connection is there whose last take was of it. */
#ifndef MUSTER_TAKES_H
#define MUSTER_TAKES_H

#include "engine/base/map.h"
#include "engine/decide/limits.h"

/* What a take may be answered with. */
struct take_wish {
    uint32_t types;            /* bit (1 << job_type) */
    uint32_t template_count;   /* 0: devices of any template, and of none */
    const uint32_t *templates; /* in order, each once; 0 means devices without one */
};

struct take_kind {
    struct take_wish wish;
    uint32_t *templates; /* the wish's, owned */
    uint32_t references; /* 0: the place is free */
    uint32_t waiting;    /* takes of it */
    uint32_t generation; /* another one each time the place is used anew */
    bool barren;         /* there is nothing for it in this turn */
};

struct take {
    uint64_t peer;
    uint64_t msgid;
    struct take_kind *kind;
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
    struct take **new_link;  /* where those of this turn begin; NULL when there are none */
    struct map takers;       /* connections that took, by peer */
    int64_t soonest_us;      /* no take is due before */
    struct take_kind kinds[TAKE_KINDS_MAX];
};

enum takes_result {
    TAKES_ADDED,
    TAKES_TOO_MANY,       /* of this peer wait already */
    TAKES_TOO_MANY_KINDS, /* are there already */
};

/* Copies the take and the wish; take->kind is found by the wish. */
enum takes_result takes_add(struct takes *t, const struct take *take, const struct take_wish *wish);
void takes_peer_left(struct takes *t, uint64_t peer);
/* INT64_MAX when none waits. */
int64_t takes_deadline(const struct takes *t);
/* Those of this turn are there to stay; forgets those that were served, if any was. */
void takes_settle(struct takes *t, bool served);
/* Nobody was served, and those of this turn have not come: what they name may not be there any more. */
void takes_undo(struct takes *t);
void takes_free(struct takes *t);

/* Whether devices of this template (0: of none) are wanted. */
bool take_wish_has_template(const struct take_wish *wish, uint32_t template);

#endif
