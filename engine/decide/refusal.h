/* A refusal: the client asked for what cannot be. */
#ifndef MUSTER_REFUSAL_H
#define MUSTER_REFUSAL_H

#include "engine/base/base.h"

enum refusal {
    ACCEPTED = 0,
#define REFUSAL(NAME, code, text) REFUSED_##NAME,
#include "engine/decide/refusals.def"
#undef REFUSAL
};

/* With ACCEPTED; not in the enum, so that a switch over it names refusals only. */
enum {
    REFUSAL_COUNT = 1
#define REFUSAL(NAME, code, text) +1
#include "engine/decide/refusals.def"
#undef REFUSAL
};

/* "no_such_job"; what a client's program tests for. */
const char *refusal_code(enum refusal refusal);
/* The sentence of the table. */
const char *refusal_text(enum refusal refusal);

#endif
