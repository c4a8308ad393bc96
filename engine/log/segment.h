/* One segment: one LMDB file with the tables `events`, `commits` and `meta`. Nothing else in the log
 * knows LMDB; its codes become log faults and sentences here. Which segments there are, and in which
 * order, is not known here.
 *
 * Every function that can fail puts what happened into `why`, with the file's name. */
#ifndef MUSTER_LOG_SEGMENT_H
#define MUSTER_LOG_SEGMENT_H

#include "engine/log/log.h"

enum { LOG_FORMAT = 1 };

/* What a segment is told when it is made, and keeps for ever. */
struct segment_birth {
    uint8_t log_id[LOG_ID_SIZE];
    uint64_t first;           /* number of its first value */
    uint64_t previous_first;  /* that of the segment before it; 0: this is the log's first */
    struct log_commit before; /* the last commit of the segment before it */
};

struct segment;

/* Makes an empty segment in a file that must not exist, and syncs it (not its directory). On a fault
 * the file may be there half-made. LOG_NO_SPACE, LOG_OUTCOME_UNKNOWN, LOG_FAILED. */
enum log_fault segment_create(const char *path, const struct segment_birth *birth, uint64_t map_bytes,
                              struct sentence *why);

enum segment_use {
    SEGMENT_APPEND, /* map_bytes of address space are reserved */
    SEGMENT_READ,   /* it must not change while it is open; map_bytes is not looked at */
};

/* Checks the file's measure, format and last commit record, not the values. LOG_SEGMENT_MISSING when
 * there is no such file. */
enum log_fault segment_open(struct segment **segment, const char *path, enum segment_use use, uint64_t map_bytes,
                            struct sentence *why);
void segment_close(struct segment *segment);

const struct segment_birth *segment_birth(const struct segment *segment);
/* The last commit, or what was before the segment while it is empty. */
const struct log_commit *segment_last(const struct segment *segment);
bool segment_is_empty(const struct segment *segment);
/* Bytes of the file, from its beginning, that hold something; what is behind them is only room. */
uint64_t segment_used_bytes(const struct segment *segment);
int segment_fd(const struct segment *segment);

/* Writes the values and the records of commits that follow each other, all in one durable step; LOG_OK: they are on disk.
 * LOG_NO_SPACE, LOG_FAILED: the segment is as before. LOG_OUTCOME_UNKNOWN, LOG_DAMAGED: stop using it. */
enum log_fault segment_append(struct segment *segment, const struct log_commit commits[], size_t count,
                              const struct bytes values[], struct sentence *why);

/* ---- Reading what was committed when the view was opened or renewed. One view belongs to one thread
 * at a time; any number of them may be open in as many threads, also while another thread appends. */
struct segment_view;

enum log_fault segment_view_open(struct segment_view **view, struct segment *segment, struct sentence *why);
enum log_fault segment_view_renew(struct segment_view *view, struct sentence *why);
void segment_view_close(struct segment_view *view);

/* The last commit the view sees, or what was before the segment. Valid until renew or close. */
const struct log_commit *segment_view_last(const struct segment_view *view);
/* The number must be one the view sees. The value lives until renew or close. LOG_DAMAGED. */
enum log_fault segment_view_value(struct segment_view *view, uint64_t seq, struct bytes *value, struct sentence *why);
enum log_fault segment_view_commit(struct segment_view *view, uint64_t seq, struct log_commit *commit,
                                   struct sentence *why);

#endif
