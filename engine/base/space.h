/* Room on disk ahead of need, so that a full disk is learned before anything is written: LMDB 0.9.24
 * would turn it into an I/O error. */
#ifndef MUSTER_SPACE_H
#define MUSTER_SPACE_H

#include "engine/base/base.h"

/* A file that grows. The caller sets `ready` to the bytes in use when it opens the file, and again when
 * it shortens it. */
struct space {
    int fd;         /* open for writing; the caller's */
    uint64_t step;  /* bytes to go ahead by, above 0 */
    uint64_t ready; /* bytes from the beginning that are known to have their blocks */
};

/* Makes sure of blocks for `need` bytes behind the first `used` ones, without making the file larger than
 * `limit` bytes. What the file holds stays as it is; what is added reads as zeros. Goes a whole step ahead
 * if there is room for it, else as far as needed. Returns 0 or an errno value. */
int space_extend(struct space *space, uint64_t used, uint64_t need, uint64_t limit);

/* Makes a file of `size` bytes with all its blocks, or gives them to the one that is there. For what will be written
 * through a map, where a hole on a full disk kills the process with SIGBUS. Returns 0 or an errno value. */
int space_make_file(const char *path, uint64_t size);

/* Whether an errno value says that there is no room, which passes, rather than that something is broken. */
bool space_is_lacking(int error);

#endif
