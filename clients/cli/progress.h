/* How far something is, on standard error: a bar that is drawn over on a terminal, else a line every few
 * seconds. */
#ifndef MUSTER_CLI_PROGRESS_H
#define MUSTER_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool terminal;
    double start; /* all in seconds of the monotonic clock */
    double drawn;
    double rate;  /* of `done`, per second, smoothed */
    double rated; /* when the rate was last taken, and how much was done then */
    uint64_t rated_done;
};

/* What to show. Rates and remaining times are made from `done` and `total`. */
struct progress_state {
    bool counted; /* done and total are shown too, not only the part they make */
    uint64_t done;
    uint64_t total;   /* 0: not known, no bar */
    const char *more; /* behind the numbers: "12 failed  batch 3/10" */
};

/* `done` may already be above nothing when one begins to watch. */
void progress_begin(struct progress *p, uint64_t done);
/* Draws when it is time to. */
void progress_show(struct progress *p, const struct progress_state *state);
/* Leaves the line clean for what is printed next. */
void progress_end(struct progress *p);

double monotonic_seconds(void);

#endif
