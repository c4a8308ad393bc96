/* What a run has done so far, and how it ends when the engine and the model differ. */
#ifndef MUSTER_SIMULATE_TRACE_H
#define MUSTER_SIMULATE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

/* The run with this seed begins; an abort in it tells the way back too. `print_events` says what the log has about a
 * difference. */
void trace_begin(uint64_t seed, void (*print_events)(void *context, const char *difference), void *context);
void trace_step(unsigned long step);
/* Keeps a line for the end; with TRACE in the environment it is printed at once. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Tells the last lines, the last events about it, the sentence and the command that leads there again, and ends the
 * program. */
void differ(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
