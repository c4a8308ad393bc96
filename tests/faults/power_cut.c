/* Cuts the power at many points of a recorded run and asks a program each time whether all is well.
 *
 *     power_cut [--cuts N] [--seed S] TRACE SCRATCH -- CHECKER [ARGUMENT...]
 *
 * For each cut, and each of the ways a cut can leave what was not synced, it makes SCRATCH/disk, the
 * watched directory as it is found afterwards, and SCRATCH/said, with one file per socket or pipe, 0, 1,
 * ..., that holds what had been said on it by then. Then it runs `CHECKER ARGUMENT... SCRATCH/disk
 * SCRATCH/said`, which must exit with 0. Says how many did not, and exits with 1 if any. */
#include "tests/faults/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TALKS_MAX = 64, FAILURES_SHOWN = 5 };

static const struct {
    const char *name;
    unsigned percent;
    uint32_t piece;
} WAYS[] = {
    {"nothing that was not synced", 0, 0}, {"everything", 100, 0},
    {"half of it, whole writes", 50, 0},   {"half of it, by pages", 50, 4096},
    {"half of it, by sectors", 50, 512},   {"most of it, by pages", 90, 4096},
    {"little of it, by sectors", 10, 512},
};
enum { WAY_COUNT = sizeof WAYS / sizeof *WAYS };

struct talk {
    uint64_t inode;
    uint8_t *data;
    size_t size;
};

struct run {
    const uint8_t *trace;
    size_t *offsets; /* of the entries */
    size_t count;
    struct disk *disk;
    struct talk talks[TALKS_MAX];
    size_t talk_count;
    const char *scratch;
    char **checker; /* with two places at its end */
    size_t checker_size;
    unsigned long images;
    unsigned long failures;
};

static void fail(const char *what)
{
    fprintf(stderr, "power_cut: %s: %s\n", what, strerror(errno));
    exit(2);
}

/* ---- The trace */

static struct trace_entry entry_at(const struct run *run, size_t index)
{
    struct trace_entry entry;
    memcpy(&entry, run->trace + run->offsets[index], sizeof entry);
    return entry;
}

static const uint8_t *bytes_at(const struct run *run, size_t index)
{
    return run->trace + run->offsets[index] + sizeof(struct trace_entry);
}

static void trace_load(struct run *run, const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0) fail(path);
    size_t size = (size_t)status.st_size;
    run->trace = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (run->trace == MAP_FAILED) fail(path);
    close(fd);
    run->offsets = malloc((size / sizeof(struct trace_entry) + 1) * sizeof *run->offsets);
    if (!run->offsets) fail("memory");
    for (size_t at = 0; at + sizeof(struct trace_entry) <= size; run->count++) {
        run->offsets[run->count] = at;
        at += sizeof(struct trace_entry) + entry_at(run, run->count).size;
        if (at > size) break; /* the last entry is cut off: the program was killed as it wrote it */
    }
}

/* ---- What was said */

static struct talk *talk_find(struct run *run, uint64_t inode)
{
    size_t i = 0;
    while (i < run->talk_count && run->talks[i].inode != inode) i++;
    if (i == TALKS_MAX) fail("more sockets than expected");
    if (i == run->talk_count) run->talks[run->talk_count++].inode = inode;
    return &run->talks[i];
}

static void talk_add(struct run *run, const struct trace_entry *entry, const uint8_t *bytes)
{
    struct talk *talk = talk_find(run, entry->file);
    talk->data = realloc(talk->data, talk->size + entry->size);
    if (!talk->data) fail("memory");
    memcpy(talk->data + talk->size, bytes, entry->size);
    talk->size += entry->size;
}

static void talks_write(const struct run *run, const char *directory)
{
    if (mkdir(directory, 0700) != 0) fail(directory);
    for (size_t i = 0; i < run->talk_count; i++) {
        char path[PATH_MAX + 24];
        snprintf(path, sizeof path, "%s/%zu", directory, i);
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        const struct talk *talk = &run->talks[i];
        if (fd < 0 || write(fd, talk->data, talk->size) != (ssize_t)talk->size) fail(path);
        close(fd);
    }
}

/* ---- One image */

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

static void remove_tree(const char *path)
{
    if (access(path, F_OK) == 0 && nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0) fail(path);
}

/* Whether the checker is content. */
static bool check(struct run *run, char *disk, char *said)
{
    run->checker[run->checker_size] = disk;
    run->checker[run->checker_size + 1] = said;
    pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) {
        execv(run->checker[0], run->checker);
        fail(run->checker[0]);
    }
    int status;
    if (waitpid(child, &status, 0) != child) fail("wait");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 2) exit(2); /* it could not even begin */
    if (WIFSIGNALED(status)) fprintf(stderr, "the checker was killed by signal %d\n", WTERMSIG(status));
    return status == 0;
}

static void try_cut(struct run *run, size_t index, size_t way, uint64_t seed)
{
    char disk[PATH_MAX];
    char said[PATH_MAX];
    snprintf(disk, sizeof disk, "%s/disk", run->scratch);
    snprintf(said, sizeof said, "%s/said", run->scratch);
    remove_tree(disk);
    remove_tree(said);
    struct cut cut = {.percent = WAYS[way].percent, .piece = WAYS[way].piece, .seed = seed + index * WAY_COUNT + way};
    struct trace_entry going_on = {0};
    if (index < run->count) going_on = entry_at(run, index);
    if (going_on.kind == TRACE_WRITE || going_on.kind == TRACE_WRITE_DURABLE) {
        cut.last = &going_on;
        cut.last_bytes = bytes_at(run, index);
    }
    disk_restore(run->disk, &cut, disk);
    talks_write(run, said);
    run->images++;
    if (check(run, disk, said)) return;
    if (run->failures++ < FAILURES_SHOWN)
        fprintf(stderr, "... after entry %zu of %zu, %s stayed\n", index, run->count, WAYS[way].name);
}

/* ---- The cuts: half of them right after something was said, where most is promised, the others anywhere. */

static bool *choose_cuts(const struct run *run, size_t cuts, uint64_t seed)
{
    bool *chosen = calloc(run->count + 1, sizeof *chosen);
    size_t *after_said = malloc((run->count + 1) * sizeof *after_said);
    size_t said_count = 0;
    if (!chosen || !after_said) fail("memory");
    for (size_t i = 0; i < run->count; i++) {
        if (entry_at(run, i).kind == TRACE_SAID) after_said[said_count++] = i + 1;
    }
    srandom((unsigned)seed);
    for (size_t i = 0; i < cuts; i++) {
        if (i % 2 == 0 && said_count > 0) chosen[after_said[(size_t)random() % said_count]] = true;
        else chosen[1 + (size_t)random() % run->count] = true;
    }
    free(after_said);
    return chosen;
}

static void try_all(struct run *run, size_t cuts, uint64_t seed)
{
    bool *chosen = choose_cuts(run, cuts, seed);
    run->disk = disk_new();
    for (size_t i = 0; i <= run->count; i++) {
        for (size_t way = 0; chosen[i] && way < WAY_COUNT; way++) try_cut(run, i, way, seed);
        if (i == run->count) break;
        struct trace_entry entry = entry_at(run, i);
        if (entry.kind == TRACE_SAID) talk_add(run, &entry, bytes_at(run, i));
        else disk_play(run->disk, &entry, bytes_at(run, i));
    }
    disk_delete(run->disk);
    free(chosen);
}

static void run_free(struct run *run)
{
    for (size_t i = 0; i < run->talk_count; i++) free(run->talks[i].data);
    free(run->offsets);
    free(run->checker);
}

static int usage(void)
{
    fprintf(stderr, "usage: power_cut [--cuts N] [--seed S] TRACE SCRATCH -- CHECKER [ARGUMENT...]\n");
    return 2;
}

int main(int argc, char **argv)
{
    struct run run = {.scratch = NULL};
    size_t cuts = 100;
    uint64_t seed = 1;
    int at = 1;
    for (; at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2) {
        if (strcmp(argv[at], "--cuts") == 0) cuts = strtoul(argv[at + 1], NULL, 10);
        else if (strcmp(argv[at], "--seed") == 0) seed = strtoul(argv[at + 1], NULL, 10);
        else return usage();
    }
    if (argc - at < 4 || strcmp(argv[at + 2], "--") != 0) return usage();
    trace_load(&run, argv[at]);
    run.scratch = argv[at + 1];
    run.checker_size = (size_t)(argc - at - 3);
    run.checker = calloc(run.checker_size + 3, sizeof *run.checker);
    if (!run.checker) fail("memory");
    memcpy(run.checker, argv + at + 3, run.checker_size * sizeof *run.checker);
    try_all(&run, cuts, seed);
    printf("%lu power cuts (seed %lu, %zu entries): %lu lost or broke something\n", run.images, (unsigned long)seed,
           run.count, run.failures);
    run_free(&run);
    return run.failures > 0;
}
