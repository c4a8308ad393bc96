/* The log's directory: its lock, its file names, the marker of a clean stop, and syncing its entries. It
 * knows no segment from inside. All faults come with a sentence in `why`. */
#ifndef MUSTER_LOG_DIRECTORY_H
#define MUSTER_LOG_DIRECTORY_H

#include "engine/log/log.h"

#include <limits.h>

enum { LOG_PATH_MAX = PATH_MAX };

struct directory {
    char path[LOG_PATH_MAX];
    int fd;      /* -1: not open */
    int lock_fd; /* -1: not locked */
};

/* Makes the directory if it must and takes its lock: LOG_BUSY, LOG_FAILED. With `read_only` nothing is made. After a
 * fault it is closed. */
enum log_fault directory_open(struct directory *d, const char *path, bool read_only, struct sentence *why);
/* LOG_NOT_LOCAL where a sync promises nothing about a disk. */
enum log_fault directory_check_local(const struct directory *d, struct sentence *why);
/* Gives the lock back. May be called twice. */
void directory_close(struct directory *d);

/* Makes what was made, renamed and removed in the directory durable. LOG_OUTCOME_UNKNOWN. */
enum log_fault directory_sync(const struct directory *d, struct sentence *why);

/* The full name of a file in it. */
void directory_name(const struct directory *d, const char *name, char path[LOG_PATH_MAX]);

/* ---- Segments' files: 00000000000000000001.mdb, and .new while one is being made. */
enum { SEGMENT_NAME_SIZE = 20 + sizeof ".mdb" };
void segment_name(uint64_t first, char name[SEGMENT_NAME_SIZE]);
void segment_name_new(uint64_t first, char name[SEGMENT_NAME_SIZE]);

/* The first numbers of the segments there are, ascending; the caller frees *firsts. */
enum log_fault directory_list(const struct directory *d, uint64_t **firsts, size_t *count, struct sentence *why);
/* Removes what a roll left half-made, and the LMDB lock files of sealed segments. That of the newest one
 * stays: it has its blocks, so the log can be opened on a full disk. */
enum log_fault directory_clean_up(const struct directory *d, uint64_t newest_first, struct sentence *why);

/* ---- The marker of a clean stop: says where the log ended. */
struct clean_marker {
    uint8_t log_id[LOG_ID_SIZE];
    uint64_t head;
    uint8_t root[MERKLE_HASH_SIZE];
};

/* On disk, with its directory entry, when LOG_OK returns. */
enum log_fault marker_write(const struct directory *d, const struct clean_marker *marker, struct sentence *why);
/* False when there is none, or it is not exactly what marker_write makes. */
bool marker_read(const struct directory *d, struct clean_marker *marker);
enum log_fault marker_remove(const struct directory *d, struct sentence *why);

#endif
