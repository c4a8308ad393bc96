/* What the recorder writes and the power-cut test reads: everything a program did to the files below one
 * directory that a power cut could undo, and everything it said to others, in one order.
 *
 * A trace is a row of entries, each a struct trace_entry followed by `size` bytes: what was written, the
 * name, or both names one after the other, each ended by a zero. Files are known by their inode. */
#ifndef MUSTER_FAULTS_TRACE_H
#define MUSTER_FAULTS_TRACE_H

#include <stdint.h>

enum trace_kind {
    TRACE_TOP = 1,        /* first of all, of each program: the directory that is watched */
    TRACE_WRITE,          /* file, offset, the bytes */
    TRACE_WRITE_DURABLE,  /* the same through a descriptor opened with O_DSYNC or O_SYNC */
    TRACE_ALLOCATE,       /* file, offset: at least this size afterwards */
    TRACE_TRUNCATE,       /* file, offset: exactly this size afterwards */
    TRACE_SYNC,           /* file: what was done to it is durable */
    TRACE_SYNC_DIRECTORY, /* the entries of this directory are durable */
    TRACE_CREATE,         /* file came to be in `directory` under the name */
    TRACE_MKDIR,          /* directory `file` came to be in `directory` under the name */
    TRACE_RENAME,         /* file, within `directory`, from the first name to the second */
    TRACE_UNLINK,         /* the name is gone from `directory` */
    TRACE_SAID,           /* to the socket or pipe `file`: the bytes */
};

struct trace_entry {
    uint32_t kind;
    uint32_t size;
    uint64_t file;
    uint64_t directory;
    uint64_t offset;
};

#endif
