/* Walks through files that may be damaged, in order, and tells apart
 *
 *     the longest beginning whose every event is proved to be what was written,
 *     what else can be read, proved or not,
 *     what is lost.
 *
 * Events are proved by their commit's record on top of the record before it. Where a record is lost, the next one proves
 * the events of both; so does the next segment, which knows how this one ended, and the marker of a clean stop. */
#ifndef MUSTER_REPLAY_RESCUE_H
#define MUSTER_REPLAY_RESCUE_H

#include "replay-tool/copy.h"
#include "replay-tool/pages.h"

struct rescue {
    /* Given by the verb; each may be NULL: then it is only counted. */
    struct copy *copy;  /* takes the beginning, but for what it has already */
    void *context;
    enum exit_code (*other)(void *context, uint64_t seq, struct bytes value, bool proved);
    enum exit_code (*lost)(void *context, uint64_t first, uint64_t last, const char *why);

    /* What was found. */
    uint8_t log_id[LOG_ID_SIZE];
    bool has_id;
    uint64_t head;     /* the last event that is known to have been there */
    uint64_t kept;     /* the beginning */
    uint64_t proved;   /* others that are proved */
    uint64_t unproved; /* others that are not */
    uint64_t missing;
    uint64_t unread_bytes;
    uint8_t kept_root[MERKLE_HASH_SIZE];

    /* Inside. */
    struct log_commit at; /* the last record that can be relied on */
    bool is_beginning;    /* nothing was lost yet */
    bool is_same;         /* the tree stands where the walk does */
};

/* Walks through the log that --data names, whose lock is held meanwhile. What fails has been said. */
enum exit_code rescue_walk(struct rescue *rescue, struct replay *r);
/* Whether there is anything that is not in the beginning. */
bool rescue_lost_something(const struct rescue *rescue);

#endif
