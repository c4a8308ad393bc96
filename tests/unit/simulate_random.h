/* Numbers that look random and are the same for the same seed, on every machine (splitmix64). */
#ifndef MUSTER_SIMULATE_RANDOM_H
#define MUSTER_SIMULATE_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

static inline uint64_t random_next(struct random *r)
{
    uint64_t z = r->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/* 0 .. end - 1; end is not 0. */
static inline unsigned below(struct random *r, unsigned end)
{
    return (unsigned)(random_next(r) % end);
}

static inline unsigned between(struct random *r, unsigned least, unsigned most)
{
    return least + below(r, most - least + 1);
}

static inline bool chance(struct random *r, unsigned percent)
{
    return below(r, 100) < percent;
}

#endif
