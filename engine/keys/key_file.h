/* A pair of group keys as a file that nobody else may read:
 *
 *     muster group keys 1
 *     primary <base64 of 64 bytes>
 *     secondary <base64 of 64 bytes>
 *     sha256 <hex, of the lines above with their ends>
 */
#ifndef MUSTER_KEYS_KEY_FILE_H
#define MUSTER_KEYS_KEY_FILE_H

#include "engine/base/private_file.h"
#include "engine/keys/group_keys.h"

/* *keys is held by the caller after PRIVATE_FILE_READ, else NULL. */
enum private_file_result key_file_read(const char *path, struct group_keys **keys, struct sentence *why);
/* As private_file_write(). */
int key_file_write(const char *path, const struct group_keys *keys);

#endif
