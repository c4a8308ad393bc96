/* A Unix socket's file: whether it may be made where it is wanted, and who may use it. Inside loop/. */
#ifndef MUSTER_SOCKET_PATH_H
#define MUSTER_SOCKET_PATH_H

#include "engine/base/base.h"

/* False, with a sentence, when the path is too long, something else is there, or somebody answers on it. A
 * socket that nobody answers on any more is removed. */
bool socket_path_prepare(const char *path, struct sentence *why);
/* Sets the file's mode and, unless NULL, its group. */
bool socket_path_admit(const char *path, uint32_t mode, const char *group, struct sentence *why);

#endif
