/* muster-replay diff: between two moments of one log, or between two logs. */
#include "replay-tool/diff.h"

#include "replay-tool/moment.h"
#include "replay-tool/state.h"
#include "replay-tool/verbs.h"

const struct option_row DIFF_OPTIONS[] = {
    FOLD_OPTION_ROWS,
    {NULL, NULL, NULL},
};

enum exit_code verb_diff(struct replay *r)
{
    const char *a = r->operands[0], *b = r->operands[1];
    if (moment_is(a) != moment_is(b))
        return usage(r, "%s and %s: expected two moments, or two logs; a path that looks like a moment begins with ./", a, b);
    if (moment_is(a)) return diff_moments(r);
    if (option(r, "data") || option(r, "socket"))
        return usage(r, "two logs are compared, each at its path; --data and --socket are for moments of one");
    return diff_logs(r);
}
