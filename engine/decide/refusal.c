/* Expanded from refusals.def. */
#include "engine/decide/refusal.h"

struct row {
    const char *code;
    const char *text;
};

static const struct row ROWS[] = {
    [ACCEPTED] = {"accepted", "done"},
#define REFUSAL(NAME, code, text) [REFUSED_##NAME] = {code, text},
#include "engine/decide/refusals.def"
#undef REFUSAL
};

const char *refusal_code(enum refusal refusal)
{
    ASSERT((size_t)refusal < COUNT_OF(ROWS));
    return ROWS[refusal].code;
}

const char *refusal_text(enum refusal refusal)
{
    ASSERT((size_t)refusal < COUNT_OF(ROWS));
    return ROWS[refusal].text;
}
