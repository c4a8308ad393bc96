/* FNV-1a over the names, then the finalizer of MurmurHash3: FNV alone leaves the upper bits of short names
 * too much alike to be read as a fraction. */
#include "clients/fleet/chance.h"

static uint64_t fnv(uint64_t hash, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++) hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash;
}

static uint64_t mixed(uint64_t hash)
{
    hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdu;
    hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53u;
    return hash ^ hash >> 33;
}

/* 0 up to, not including, 1: the upper 53 bits, all a double holds. */
static double fraction(uint64_t hash)
{
    return (double)(hash >> 11) * 0x1p-53;
}

uint64_t chance_of_work(const struct settings *settings, struct span job, uint64_t attempt)
{
    uint64_t hash = fnv(0xcbf29ce484222325u, &settings->seed, sizeof settings->seed);
    hash = fnv(hash, &attempt, sizeof attempt);
    return fnv(hash, job.data, job.size);
}

struct fate chance_of_device(const struct settings *settings, uint64_t work, struct span device)
{
    uint64_t hash = mixed(fnv(work, device.data, device.size));
    double drawn = fraction(hash);
    uint32_t spread = settings->latency_max_ms - settings->latency_min_ms;
    struct fate fate = {.outcome = OUTCOME_COMPLETED, .latency_ms = settings->latency_min_ms};
    if (drawn < settings->silent_rate) fate.outcome = OUTCOME_SILENT;
    else if (drawn < settings->silent_rate + settings->fail_rate) fate.outcome = OUTCOME_FAILED;
    /* Mixed again: a device's latency tells nothing about its outcome. */
    if (spread) fate.latency_ms += (uint32_t)(fraction(mixed(hash)) * ((double)spread + 1));
    return fate;
}

bool chance_matters(const struct settings *settings)
{
    return settings->fail_rate > 0 || settings->silent_rate > 0 || settings->latency_max_ms > 0;
}
