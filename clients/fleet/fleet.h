/* What the parts of muster-fleet share: the settings, the tally, and the two things a program without a
 * caller to answer to may do about a fault: ask for memory that is there, or say one sentence and end. */
#ifndef MUSTER_FLEET_H
#define MUSTER_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum exit_code { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_NO_ENGINE = 3 };

struct settings {
    const char *socket;
    const char *connector;
    uint32_t latency_min_ms;
    uint32_t latency_max_ms;
    double fail_rate;   /* 0 to 1, of the devices that answer or not alike */
    double silent_rate; /* 0 to 1 */
    uint32_t connections;
    uint32_t pipeline;
    uint32_t max;
    uint64_t seed;
    uint64_t idle_us; /* 0: until told to stop */
    bool quiet;
    bool reconnect;
};

/* Devices, counted since the start. The last three are what the engine said to the reports. */
struct tally {
    uint64_t taken;
    uint64_t completed;
    uint64_t failed;
    uint64_t silent;
    uint64_t returned;
    uint64_t recorded;
    uint64_t duplicates;
    uint64_t unknown;
};

/* Fills in what the command line says, over defaults. Ends the process itself for --help, --version and
 * what it does not understand. */
void settings_read(struct settings *settings, int argc, char **argv);

/* Never NULL: without memory there is nothing a fleet could do but end. */
void *fleet_realloc(void *old, size_t size);
/* "muster-fleet: " and the sentence to stderr; the process ends with `code`. */
_Noreturn void fleet_end(enum exit_code code, const char *format, ...) __attribute__((format(printf, 2, 3)));
void fleet_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

uint64_t monotonic_us(void);

#endif
