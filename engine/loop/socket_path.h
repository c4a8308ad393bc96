/* A Unix socket's file: whether it may be made where it is wanted, and who may use it. Inside loop/. */
#ifndef MUSTER_SOCKET_PATH_H
#define MUSTER_SOCKET_PATH_H

#include "engine/base/base.h"

/* False, with a sentence, when no socket can be at the path whatever becomes of what is there: it is too long, or its
 * directory is not there or not for us. */
bool socket_path_check(const char *path, struct sentence *why);
/* True when both paths name the same file of one directory. */
bool socket_paths_are_one(const char *a, const char *b);
/* False, with a sentence, when the path is too long, something else is there, or somebody answers on it. A
 * socket that nobody answers on any more is removed. */
bool socket_path_prepare(const char *path, struct sentence *why);
/* Sets the file's mode and, unless NULL, its group. */
bool socket_path_admit(const char *path, uint32_t mode, const char *group, struct sentence *why);
/* False, with a sentence, when there is no group of that name. */
bool socket_group_check(const char *group, struct sentence *why);
/* False, with a sentence, when the directory lets nobody of the group through to the socket. */
bool socket_group_may_reach(const char *path, const char *group, struct sentence *why);

#endif
