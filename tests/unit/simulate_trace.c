#include "tests/unit/simulate_trace.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LINES_KEPT = 48, LINE_SIZE = 600 };

static uint64_t seed;
static unsigned long step;
static char lines[LINES_KEPT][LINE_SIZE];
static unsigned line_count;
static void (*events_printer)(void *context, const char *difference);
static void *printer_context;

void note(const char *format, ...)
{
    char *line = lines[line_count++ % LINES_KEPT];
    int size = snprintf(line, LINE_SIZE, "%5lu  ", step);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + size, LINE_SIZE - (size_t)size, format, arguments);
    va_end(arguments);
    if (getenv("TRACE")) printf("%s\n", line);
}

static void tell_way_back(void)
{
    unsigned from = line_count > LINES_KEPT ? line_count - LINES_KEPT : 0;
    for (unsigned i = from; !getenv("TRACE") && i < line_count; i++) printf("%s\n", lines[i % LINES_KEPT]);
    printf("again: tests/simulate --seed %llu --steps %lu\n", (unsigned long long)seed, step);
}

void differ(const char *format, ...)
{
    char *difference;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&difference, format, arguments) < 0) abort();
    va_end(arguments);
    tell_way_back();
    events_printer(printer_context, difference);
    printf("step %lu: %s\n0 passed, 1 failed\n", step, difference);
    exit(1);
}

/* The engine's own assertions. */
static void on_abort(int signal_number)
{
    (void)signal_number;
    tell_way_back();
    printf("0 passed, 1 failed\n");
    fflush(stdout);
    _exit(1);
}

void trace_begin(uint64_t run_seed, void (*print_events)(void *context, const char *difference), void *context)
{
    seed = run_seed;
    events_printer = print_events;
    printer_context = context;
    step = line_count = 0;
    signal(SIGABRT, on_abort);
}

void trace_step(unsigned long number)
{
    step = number;
}
