/* Requests that come again: the same requestId with the same body gives the resource as it is now. */
#ifndef MUSTER_REPEATS_H
#define MUSTER_REPEATS_H

#include "engine/decide/decide.h"

/* Whether the engine writes down the request's id. Work is not: a report that comes again is answered as duplicates,
 * a take that comes again is another take. */
bool command_is_remembered(const struct command *c);

/* Whether it may make a resource with an id of its own, so that the id tells a repeat too. */
bool command_makes(enum command_type type);

/* The answer to a request that was carried out before; `made` is the job or import that it made, or 0. */
enum refusal decide_repeated(struct decision *d, const struct command *c, uint32_t made);

#endif
