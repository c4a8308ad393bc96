/* The segment files that --data names, each looked at in a child process, so that a damaged one is a finding and the
 * others are still seen. Meanwhile the directory's lock is held. */
#ifndef MUSTER_REPLAY_PARTS_H
#define MUSTER_REPLAY_PARTS_H

#include "engine/log/directory.h"
#include "engine/log/segment.h"
#include "replay-tool/replay.h"

/* Lies in shared memory. */
struct part {
    uint64_t first; /* as its file is named */
    char path[LOG_PATH_MAX];
    uint64_t file_bytes;
    enum exit_code code;  /* EXIT_WELL: what is below is known */
    struct sentence why;
    struct segment_birth birth;
    struct log_commit last; /* the last commit, or what was before the segment while it is empty */
    uint64_t used_bytes;
};

struct parts {
    struct directory directory; /* fd -1: one file by itself */
    struct part *list;          /* ascending */
    size_t count;
    bool has_marker; /* of a clean stop */
    struct clean_marker marker;
};

/* What fails has been said, and then it is closed. A segment that is damaged is no failure. */
enum exit_code parts_open(struct parts *parts, struct replay *r);
/* The same for the segments in this directory. */
enum exit_code parts_open_at(struct parts *parts, const char *directory);
void parts_close(struct parts *parts);

/* A sealed segment may lie anywhere; one beside a lock is of a log that somebody may be writing to: takes that lock. */
enum exit_code lock_beside(struct directory *d, const char *file);

/* Whether the marker says that the log ends where its segments end. */
bool parts_were_closed_cleanly(const struct parts *parts);
/* Numbers between this part and the one before it, or before the first: none when *first > *last. Those that the clean
 * stop's marker knows behind the last part are asked for with index count. */
void parts_gap(const struct parts *parts, size_t index, uint64_t *first, uint64_t *last);

#endif
