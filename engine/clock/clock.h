/* The two clocks, in microseconds. */
#ifndef MUSTER_CLOCK_H
#define MUSTER_CLOCK_H

#include <stdint.h>

/* UTC since 1970. It may be set, and so step either way. */
int64_t clock_wall_us(void);
/* For deadlines: never steps, and stands still while the machine sleeps, so that a nap costs no device its time. */
int64_t clock_monotonic_us(void);

#endif
