/* Records a run for the power-cut test. The environment variable RECORD_DIRECTORY names the directory to
 * watch (it must exist), RECORD_TRACE the file to write, outside of it. Without them nothing is recorded.
 *
 * What goes past the interposed calls is not seen: stdio's own writes, mappings, links, io_uring. */
#ifndef MUSTER_FAULTS_RECORDER_H
#define MUSTER_FAULTS_RECORDER_H

#include "tests/faults/trace.h"

#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Every call that is recorded runs between these two, so that the trace has one order: what another
 * thread writes during a sync must not count as synced. Does nothing when nothing is recorded. */
void record_begin(void);
void record_end(void);

/* Each looks itself whether the file is below the directory. To be called after the call has been done. */
void record_write(int fd, const struct iovec parts[], int count, off_t offset, ssize_t written);
void record_said(int fd, const struct iovec parts[], int count, ssize_t sent);
void record_sync(int fd);
void record_size(enum trace_kind kind, int fd, off_t size);
void record_created(int fd);
void record_mkdir(int at, const char *path);
void record_unlink(int at, const char *path);
void record_rename(int from_at, const char *from, int to_at, const char *to);

/* Whether the descriptor is something one talks through, rather than a file. */
bool record_is_talk(int fd);
/* Whether a file of that name is there now; asked before it is opened to be made. */
bool record_is_there(int at, const char *path);

#endif
