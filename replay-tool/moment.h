/* Moments of a log: behind event 1234, or at 2026-11-23T02:10:00Z, which is behind the last event that is not later. */
#ifndef MUSTER_REPLAY_MOMENT_H
#define MUSTER_REPLAY_MOMENT_H

#include "replay-tool/source.h"

/* Whether the text is a moment at all, there or not: a number or a time. */
bool moment_is(const char *text);
/* The last event of that moment, 0 before the first one. EXIT_NOTHING when the log has not come so far; what fails has
 * been said. `name` says in a sentence what the text was given as. */
enum exit_code moment_find(struct source *source, const char *name, const char *text, uint64_t *seq);
/* "seq", "time" of the event, and, where it is the last one of its commit, "root": only such a moment was ever seen. */
enum exit_code moment_put(struct source *source, uint64_t seq, struct open_map *m);

#endif
