/* A model of a disk that a trace is played onto: what is durable, and what a power cut may or may not
 * leave. From it, any number of directories as the cut could leave them are made. */
#ifndef MUSTER_FAULTS_DISK_H
#define MUSTER_FAULTS_DISK_H

#include "tests/faults/trace.h"

#include <stdbool.h>

struct disk;

struct disk *disk_new(void);
void disk_delete(struct disk *disk);

/* `bytes` must stay as long as the disk. What was said is not for the disk. */
void disk_play(struct disk *disk, const struct trace_entry *entry, const uint8_t *bytes);

/* What the cut leaves of what was not synced. Writes are torn into pieces of `piece` bytes, each of which
 * stays with the given chance; so does each change of a directory or a file's size. Of two changes to the
 * same place the later one wins, if it stays. */
struct cut {
    unsigned percent; /* 0: nothing stays, 100: everything does */
    uint32_t piece;   /* bytes; 0: writes stay or go whole */
    uint64_t seed;
    /* A write that was going on when the power went; may be NULL. Not durable, whatever its kind. */
    const struct trace_entry *last;
    const uint8_t *last_bytes;
};

/* Makes the directory `path`, which must not exist. */
void disk_restore(const struct disk *disk, const struct cut *cut, const char *path);

#endif
