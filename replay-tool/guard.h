/* Work that may crash, in a child process: what reads files that may be damaged. LMDB 0.9.24 has no page checksums, and a
 * flipped bit in a page's header kills or misleads its reader. What the work finds out, it leaves in shared memory. */
#ifndef MUSTER_REPLAY_GUARD_H
#define MUSTER_REPLAY_GUARD_H

#include "engine/base/base.h"

#include <sys/types.h>

/* Zeroed memory that children share; stops the process when there is none. */
void *shared_alloc(size_t size);
void shared_free(void *memory, size_t size);

enum guard_end {
    GUARD_RETURNED, /* the work returned */
    GUARD_CRASHED,
    GUARD_STOPPED, /* somebody stopped it: the signal is one that asks a process to end */
};

/* Starts work(context) in a child process; -1 when there can be none. A crash there says nothing. */
pid_t guard_start(void (*work)(void *context), void *context);
/* How the child ended. */
enum guard_end guard_end(pid_t child);
/* Both at once. Without a child it crashed. */
enum guard_end guard_run(void (*work)(void *context), void *context);

/* A crash of this process is an answer, not news: no core, no sanitizer's report. */
void guard_die_quietly(void);
/* What a status of waitpid() means; *signal is set when stopped. */
enum guard_end guard_end_of(int status, int *signal);

#endif
