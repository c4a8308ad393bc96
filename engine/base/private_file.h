/* Small files that are replaced as a whole and survive a power cut, and that nobody else may read: keys, and what a key
 * has signed. Whatever of theirs passes through here is wiped. */
#ifndef MUSTER_PRIVATE_FILE_H
#define MUSTER_PRIVATE_FILE_H

#include "engine/base/base.h"

enum private_file_result {
    PRIVATE_FILE_READ,
    PRIVATE_FILE_MISSING,
    PRIVATE_FILE_REFUSED, /* damaged, not ours, open to others, or unreadable: `why` says what to do */
};

/* How sentences name a kind of file: it is "the file of <what>". */
struct private_file_kind {
    const char *what;
    const char *remedy; /* what to do when others may have read it; NULL: it is no secret, and they may */
};

/* Reads all of it; *size is at most size_max. A larger one is refused. */
enum private_file_result private_file_read(const char *path, const struct private_file_kind *kind, void *data,
                                           size_t size_max, size_t *size, struct sentence *why);

/* Makes the file anew, 0600; its content and its name are on disk when this returns 0, else an errno value and no file. */
int private_file_write(const char *path, struct bytes data);
/* Gives it another name, in place of what had that name; on disk when this returns 0, else an errno value. */
int private_file_rename(const char *from, const char *to);
/* Makes a directory, 0700, for such files, if it is not there; on disk when this returns 0, else an errno value. */
int private_directory_make(const char *path);

#endif
