/* The two kinds of differences that muster-replay diff shows. Both write header, rows and summary; EXIT_DIFFERENT when
 * there is a difference. */
#ifndef MUSTER_REPLAY_DIFF_H
#define MUSTER_REPLAY_DIFF_H

#include "replay-tool/replay.h"

/* diff_moments.c: what clients saw at one moment of a log, and at a later one. */
enum exit_code diff_moments(struct replay *r);
/* diff_logs.c: where two logs part. */
enum exit_code diff_logs(struct replay *r);

#endif
