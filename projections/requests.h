/* Requests that carried an id, so that a repeated one is answered and not done again. */
#ifndef MUSTER_REQUESTS_H
#define MUSTER_REQUESTS_H

#include "projections/projections.h"

struct request {
    uint64_t seq; /* of its REQUEST_SEEN */
    int64_t time_us;
    struct bytes method;
    struct bytes body_hash; /* 32 bytes */
    uint32_t made;          /* number of the job or import that it made, or 0 */
    bool made_job;
};

/* What made a job is remembered for ever; every other request for 30 days of the log's time. */
bool request_is_remembered(const struct request *request, int64_t now_us);

bool requests_find(struct view *v, struct bytes request_id, struct request *request);

#endif
