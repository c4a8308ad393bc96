/* How long a fold takes over one event: a job on a million devices is dispatched and answered, in the order of the
 * devices and in random order, with commits as the engine does them. Prints nanoseconds; the projections lie in the
 * directory given, else in /tmp, and are removed afterwards.
 *
 *     bench_fold [devices] [directory] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "engine/events/numbers.h"
#include "projections/devices.h"
#include "projections/job_devices.h"
#include "projections/jobs.h"
#include "projections/projections.h"

enum { DEVICES_USUAL = 1000000, DISPATCH_SIZE = 1000, TARGETS_SIZE = 4096 };

struct bench {
    struct projections p;
    struct arena arena;
    uint32_t devices;
    uint32_t *order;
    double commit_seconds;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void commit(struct bench *b)
{
    struct fold_position position = {.seq = projections_head(&b->p)};
    double start = now();
    ASSERT(projections_commit(&b->p, &position) == PROJECTIONS_OK);
    b->commit_seconds += now() - start;
}

static uint64_t apply(struct bench *b, struct event event)
{
    struct sentence why = {""};
    event.seq = projections_head(&b->p) + 1;
    enum fold_result result = projections_apply(&b->p, &event, &why);
    if (result != FOLD_OK) fprintf(stderr, "%s\n", why.text);
    ASSERT(result == FOLD_OK);
    if (projections_commit_due(&b->p)) commit(b);
    return event.seq;
}

/* Runs a step and prints what one of its `count` things took, applying and committing apart. */
static void measure(struct bench *b, const char *what, uint32_t count, void (*step)(struct bench *b))
{
    b->commit_seconds = 0;
    double start = now();
    step(b);
    double applying = now() - start - b->commit_seconds;
    printf("%-48s %8.1f ns, commits %6.1f ns\n", what, applying / count * 1e9, b->commit_seconds / count * 1e9);
}

static void register_devices(struct bench *b)
{
    char id[16];
    for (uint32_t number = 1; number <= b->devices; number++) {
        snprintf(id, sizeof id, "device-%u", number);
        apply(b, (struct event){.type = EVENT_DEVICE_REGISTERED,
                                .device_registered = {.number = number, .id = bytes_of_text(id)}});
    }
}

static struct bytes neighbours(struct bench *b, uint32_t first, uint32_t last)
{
    struct numbers_writer w = {.buffer = {.arena = &b->arena}};
    for (uint32_t number = first; number <= last; number++) numbers_add(&w, number);
    return numbers_bytes(&w);
}

/* [{type: "property", path: "p", value: 1}] */
#define DATA BYTES("\x91\x83\xa4type\xa8property\xa4path\xa1p\xa5value\x01")

static void begin_job(struct bench *b, uint32_t job, enum job_type type)
{
    char id[16];
    snprintf(id, sizeof id, "job-%u", job);
    struct bytes data = type == JOB_TYPE_COMMAND ? BYTES_NONE : DATA;
    apply(b, (struct event){.type = EVENT_JOB_CREATED,
                            .job_created = {.job = job, .id = bytes_of_text(id), .type = type, .data = data}});
    apply(b, (struct event){.type = EVENT_JOB_QUEUED, .job_queued = {.job = job}});
    apply(b, (struct event){.type = EVENT_JOB_TARGETS_BEGUN, .job_targets_begun = {.job = job}});
    for (uint32_t first = 1; first <= b->devices; first += TARGETS_SIZE) {
        arena_reset(&b->arena);
        uint32_t last = MIN(first + TARGETS_SIZE - 1, b->devices);
        apply(b, (struct event){.type = EVENT_JOB_TARGETS,
                                .job_targets = {.job = job, .devices = neighbours(b, first, last)}});
    }
    apply(b, (struct event){.type = EVENT_JOB_TARGETS_FIXED,
                            .job_targets_fixed = {.job = job, .total = b->devices, .batch_size = b->devices}});
}

static uint32_t current_job;

static void dispatch(struct bench *b)
{
    for (uint32_t first = 1; first <= b->devices; first += DISPATCH_SIZE) {
        arena_reset(&b->arena);
        uint32_t last = MIN(first + DISPATCH_SIZE - 1, b->devices);
        apply(b, (struct event){
                     .type = EVENT_BATCH_DISPATCHED,
                     .batch_dispatched = {.job = current_job, .attempt = 1, .devices = neighbours(b, first, last)}});
    }
}

/* What a decider does too: it looks the device up to name its last event. */
static void answer(struct bench *b)
{
    struct view *v = projections_live(&b->p);
    for (uint32_t i = 0; i < b->devices; i++) {
        struct job_device device = {0};
        ASSERT(job_devices_find(v, current_job, b->order[i], &device));
        apply(b, (struct event){.type = EVENT_DEVICE_RESULT,
                                .device_result = {.job = current_job,
                                                  .device = b->order[i],
                                                  .previous = device.last,
                                                  .outcome = OUTCOME_COMPLETED,
                                                  .ends = true}});
    }
}

/* As answer, with the last event known beforehand: the fold alone. */
static void answer_known(struct bench *b)
{
    struct job_device first = {0};
    ASSERT(job_devices_find(projections_live(&b->p), current_job, 1, &first));
    for (uint32_t i = 0; i < b->devices; i++) {
        uint64_t dispatch_seq = first.last + (b->order[i] - 1) / DISPATCH_SIZE;
        apply(b, (struct event){.type = EVENT_DEVICE_RESULT,
                                .device_result = {.job = current_job,
                                                  .device = b->order[i],
                                                  .previous = dispatch_seq,
                                                  .outcome = OUTCOME_COMPLETED,
                                                  .ends = true}});
    }
}

static void shuffle(struct bench *b)
{
    uint64_t random = 88172645463325252u;
    for (uint32_t i = b->devices; i > 1; i--) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        uint32_t other = (uint32_t)(random % i), held = b->order[i - 1];
        b->order[i - 1] = b->order[other];
        b->order[other] = held;
    }
}

static void scan_devices(struct bench *b)
{
    struct view *snapshot = snapshot_open(&b->p);
    struct device device;
    uint32_t count = 0;
    for (uint32_t from = 1; devices_next(snapshot, from, &device); from = device.number + 1) count++;
    ASSERT(count == b->devices);
    snapshot_close(snapshot);
}

static void run_job(struct bench *b, uint32_t job, enum job_type type, const char *what,
                    void (*answering)(struct bench *b))
{
    current_job = job;
    begin_job(b, job, type);
    measure(b, "BATCH_DISPATCHED, a device", b->devices, dispatch);
    measure(b, what, b->devices, answering);
}

int main(int argc, char **argv)
{
    char directory[256];
    snprintf(directory, sizeof directory, "%s/muster-bench-XXXXXX", argc > 2 ? argv[2] : "/tmp");
    struct bench b = {.devices = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : DEVICES_USUAL};
    ASSERT(b.devices > 0 && mkdtemp(directory));
    ASSERT(chdir(directory) == 0);
    struct projections_settings settings = {.directory = "projections", .boot_id = "bench"};
    ASSERT(projections_open(&b.p, &settings) == PROJECTIONS_OK);
    b.order = malloc(b.devices * sizeof b.order[0]);
    for (uint32_t i = 0; i < b.devices; i++) b.order[i] = i + 1;

    measure(&b, "DEVICE_REGISTERED", b.devices, register_devices);
    commit(&b);
    measure(&b, "devices_next on a snapshot", b.devices, scan_devices);
    run_job(&b, 1, JOB_TYPE_COMMAND, "DEVICE_RESULT in order", answer_known);
    run_job(&b, 2, JOB_TYPE_COMMAND, "DEVICE_RESULT in order, found first", answer);
    run_job(&b, 3, JOB_TYPE_PROPERTY, "DEVICE_RESULT in order, sets a property", answer_known);
    shuffle(&b);
    run_job(&b, 4, JOB_TYPE_COMMAND, "DEVICE_RESULT in random order", answer_known);
    run_job(&b, 5, JOB_TYPE_COMMAND, "DEVICE_RESULT in random order, found first", answer);
    run_job(&b, 6, JOB_TYPE_PROPERTY, "DEVICE_RESULT in random order, sets a property", answer_known);

    projections_close(&b.p, false);
    arena_free(&b.arena);
    free(b.order);
    unlink("projections/projections.mdb");
    unlink("projections/projections.mdb-lock");
    ASSERT(rmdir("projections") == 0 && chdir("/") == 0 && rmdir(directory) == 0);
    return EXIT_SUCCESS;
}
