#include "replay-tool/verbs.h"

const struct verb VERBS[] = {
#define VERB(name, words, operands, help, options) {words, operands, help, options, verb_##name},
#include "replay-tool/verbs.def"
#undef VERB
    {NULL, NULL, NULL, NULL, NULL},
};
