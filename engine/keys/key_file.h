/* A pair of group keys as a file that nobody else may read:
 *
 *     muster group keys 1
 *     primary <base64 of 64 bytes>
 *     secondary <base64 of 64 bytes>
 *     sha256 <hex, of the lines above with their ends>
 */
#ifndef MUSTER_KEYS_KEY_FILE_H
#define MUSTER_KEYS_KEY_FILE_H

#include "engine/keys/group_keys.h"

enum key_file_result {
    KEY_FILE_READ,
    KEY_FILE_MISSING,
    KEY_FILE_REFUSED, /* damaged, not ours, open to others, or unreadable: `why` says what to do */
};

/* *keys is held by the caller after KEY_FILE_READ. */
enum key_file_result key_file_read(const char *path, struct group_keys **keys, struct sentence *why);

/* Makes the file anew, 0600; its content and its name are on disk when this returns 0, else an errno value. */
int key_file_write(const char *path, const struct group_keys *keys);
/* Gives it another name, in place of what had that name; on disk when this returns 0, else an errno value. */
int key_file_rename(const char *from, const char *to);

#endif
