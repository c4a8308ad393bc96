/* Files and directories that a verb makes, on disk when the function returns. What fails has been said, and its exit code
 * is that of the verb. */
#ifndef MUSTER_REPLAY_FILES_H
#define MUSTER_REPLAY_FILES_H

#include "replay-tool/replay.h"

/* "cannot make /x: No space left on device", from errno: EXIT_NO_SPACE or EXIT_IO. */
enum exit_code files_fault(const char *doing, const char *path);

/* directory/name. */
enum exit_code files_path(char path[PATH_MAX], const char *directory, const char *name);
/* Makes it (0700), unless it is there; its parent must be. */
enum exit_code files_make_directory(const char *path);
/* Makes durable what was made, renamed and removed in it. */
enum exit_code files_sync_directory(const char *path);
/* Whether nothing is in it but what `may` is called; NULL: nothing at all. What is not there is empty. */
bool files_is_empty(const char *path, const char *may);
bool files_is_there(const char *path);

/* Byte for byte and on disk. What was at `to` is gone, also when it fails. */
enum exit_code files_copy(const char *from, const char *to);
/* The whole file at once: after a power cut it is as before, or as it is to be. */
enum exit_code files_write(const char *path, struct bytes text);
/* Gives at most `room` bytes of its beginning; 0: it is not there. */
size_t files_read(const char *path, char *text, size_t room);
enum exit_code files_rename(const char *from, const char *to);
/* Both names, of the same directory, at once: nobody sees a moment between. */
enum exit_code files_exchange(const char *one, const char *other);
/* With all that is in it; nothing when it is not there. */
void files_remove(const char *path);

enum { FILES_HASH_SIZE = 32 };
/* SHA-256, as sha256sum has it. */
enum exit_code files_hash(const char *path, uint8_t hash[FILES_HASH_SIZE]);

#endif
