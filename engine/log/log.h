/* The append-only log: numbered values that are on disk before anybody is told, kept for ever, bound
 * together by one Merkle tree. It knows bytes, not events; it alone opens the log's LMDB files.
 *
 *     log/00000000000000000001.mdb   a segment, named by its first number (20 digits)
 *     log/00000000000016777217.mdb   ... the next; the last one is appended to, the others are sealed
 *
 * Happy path: log_open, then per turn log_must_roll, log_append; log_close(clean). The ways off it are
 * the faults below. The layout, byte by byte, is in docs/log-format.md. */
#ifndef MUSTER_LOG_H
#define MUSTER_LOG_H

#include "engine/base/base.h"
#include "engine/log/merkle.h"

enum log_fault {
    LOG_OK = 0,
    LOG_NO_SPACE,        /* the disk, the quota or the map's reserve is full; the log is as before, try again later */
    LOG_OUTCOME_UNKNOWN, /* a write or sync failed: whether it is on disk only the next open can tell; append no more */
    LOG_BUSY,            /* another process holds the data directory's log */
    LOG_NOT_LOCAL,       /* NFS, FUSE and their like cannot promise what a commit promises */
    LOG_DAMAGED,         /* what is there is not what was written */
    LOG_NEWER_FORMAT,    /* written by a later Muster */
    LOG_SEGMENT_MISSING, /* a sealed segment is not in the directory; why names it and its range */
    LOG_NOT_FOUND,       /* no such number yet */
    LOG_FAILED,          /* anything else that the system refused: permissions, a missing directory; nothing was done */
};

enum { LOG_ID_SIZE = 16, LOG_COMMIT_VALUES_MAX = 4096 + 64 };

struct log_settings {
    const char *directory;       /* made (0700) when it is not there; its parent must exist */
    uint64_t segment_values_max; /* a segment that holds as many is sealed at the next commit; 0: 16 Mi */
    uint64_t segment_bytes_max;  /* or that is as large; 0: 4 GiB */
    uint64_t map_bytes;          /* address space reserved per segment; 0: segment_bytes_max + 1 GiB */
    uint64_t quota_bytes;        /* all segments and the ballast together; 0: none */
    uint64_t extend_bytes;       /* the file is extended ahead of need in such steps; 0: 16 MiB */
    uint64_t ballast_bytes;      /* given up when the disk is full, so that ends can still be written; 0: none */
    bool read_only;              /* for tools: takes the lock, changes nothing, checks nothing of the tail, appends
                                  * nothing; any file system will do */
    const uint8_t *copy_of;      /* for tools: this is, or is made as, a copy of the log with this id (LOG_ID_SIZE bytes);
                                  * any file system will do, and segments begin where log_roll() says, nowhere else */
};

/* What one commit wrote down about itself. */
struct log_commit {
    uint64_t first;
    uint64_t last;
    int64_t time_us;    /* UTC, as log_append was told */
    struct merkle tree; /* over all values 1..last */
    uint8_t root[MERKLE_HASH_SIZE];
};

enum log_room {
    LOG_ROOM_ENOUGH,
    LOG_ROOM_SHORT, /* the ballast is given up: write only what must be written */
};

struct log {
    struct sentence why; /* what the last fault was, in one sentence with the native reason */
    struct log_state *state;
};

/* Opens the log in the directory or makes a new one with a fresh log id, takes its lock, removes what a
 * roll left half-made. When the last stop was not clean, checks the tail: the last two commits, at least
 * 1,024 values if there are as many, are hashed again and compared with the commit records; LMDB can
 * have lost no more than its last commit. Sealed segments may have been archived, they are named when they
 * are read; the newest may not. A full disk does not keep a log from opening, but for a new one or a copy.
 * Afterwards `log` is open only if LOG_OK came back. */
enum log_fault log_open(struct log *log, const struct log_settings *settings);

/* With `clean` a marker is left that spares the next open its tail check; never after a fault that ended
 * appending. All readers must be closed. Does nothing when the log is not open. */
void log_close(struct log *log, bool clean);

uint64_t log_head(const struct log *log);         /* last number on disk; 0 when empty */
const uint8_t *log_id(const struct log *log);     /* LOG_ID_SIZE bytes, as long as the log is open */
const uint8_t *log_root(const struct log *log);   /* RFC 6962 root over 1..head */
int64_t log_time_us(const struct log *log);       /* time of the last commit; 0 when empty */
bool log_was_clean(const struct log *log);        /* how the last stop was, as found by log_open; true for a new log */
uint64_t log_bytes(const struct log *log);        /* all segments' files together */
unsigned log_percent_full(const struct log *log); /* of the quota, or of the disk when there is none */

/* The open segment is full, or the next one is there already and waits for its first value. The first
 * value of the next append must then tell of the old one. */
bool log_must_roll(const struct log *log);
/* First and last number of the open segment, which is the full one while log_must_roll(): what
 * SEGMENT_OPENED names with log_root(). Last is first - 1 in a new log. */
void log_segment_range(const struct log *log, uint64_t *first, uint64_t *last);

/* Appends values as first_seq, first_seq + 1, ..., all or none, in one durable commit; first_seq must be
 * head + 1, count 1..LOG_COMMIT_VALUES_MAX, time_us not before the last one. They are on disk when LOG_OK returns.
 * After LOG_NO_SPACE and LOG_FAILED the log is as before. After LOG_OUTCOME_UNKNOWN and LOG_DAMAGED it appends no
 * more and answers the same each time. If log_must_roll(), a new segment is made and they go there whole. */
enum log_fault log_append(struct log *log, uint64_t first_seq, int64_t time_us, const struct bytes values[],
                          size_t count);

/* ---- Copying, in a log that was opened with copy_of. */

/* Begins the next segment, unless the newest has no values yet. */
enum log_fault log_roll(struct log *log);
/* Appends commits as they were made elsewhere, in one durable step, all or none: each follows the one before it, its tree
 * and root are those over its values, as the caller has made sure. `values` are those of all of them, at most
 * LOG_COMMIT_VALUES_MAX. Faults as of log_append. */
enum log_fault log_append_commits(struct log *log, const struct log_commit commits[], size_t count,
                                  const struct bytes values[]);

/* Makes sure of room for a commit whose values have `bytes` bytes in all, before it is tried; makes the next
 * segment when the open one is full; gives the ballast up if it must. log_append does so itself. */
enum log_fault log_reserve(struct log *log, size_t bytes);
enum log_room log_room(const struct log *log);
/* Gives the ballast up for what else must be written to the same disk. False when there was none. */
bool log_give_up_ballast(struct log *log);
/* Makes the ballast again when there is room for it and as much besides; for a timer. */
enum log_room log_regain_room(struct log *log);

/* ---- Reading: any thread, while the log is open. A reader sees what was on disk when it was opened or
 * renewed, and keeps pages from being reused: do not keep one over seconds without renewing. */
struct log_reader {
    struct sentence why;
    struct log *log;
    struct log_reader_state *state;
};

/* After a fault of open the reader is closed; after one of renew it sees nothing until it is renewed again. */
enum log_fault log_reader_open(struct log_reader *reader, struct log *log);
enum log_fault log_reader_renew(struct log_reader *reader);
void log_reader_close(struct log_reader *reader);

/* The value with this number; borrowed until the reader is renewed or closed. In ascending order this
 * costs a step of a cursor, not a search. LOG_SEGMENT_MISSING when its segment was archived. */
enum log_fault log_read(struct log_reader *reader, uint64_t seq, struct bytes *value);
/* The commit that holds this number. */
enum log_fault log_read_commit(struct log_reader *reader, uint64_t seq, struct log_commit *commit);
/* The same; and the last one of an archived segment is found too, because the segment behind it keeps it. */
enum log_fault log_find_commit(struct log_reader *reader, uint64_t seq, struct log_commit *commit);

#endif
