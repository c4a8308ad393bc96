/* libuv 1.44 silently shortens a path that is too long and replaces nothing that is in the way. */
#include "engine/loop/socket_path.h"

#include "engine/loop/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* 0: somebody answers, else an errno value. */
static int try_connect(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return errno;
    memcpy(address.sun_path, path, strlen(path));
    int error = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 ? 0 : errno;
    close(fd);
    return error;
}

static bool remove_stale(const char *path, struct sentence *why)
{
    int error = try_connect(path);
    if (error == ECONNREFUSED && (unlink(path) == 0 || errno == ENOENT)) return true;
    if (error == 0 || error == EAGAIN) {
        sentence_set(why, "another process serves at %s; stop it, or choose another path", path);
    } else {
        sentence_set(why, "the socket %s is in the way and cannot be removed: %s", path, strerror(error));
    }
    return false;
}

/* The path without its last part: "." for a name alone. `directory` has room for a socket's path. */
static const char *directory_of(const char *path, char directory[SOCKET_PATH_SIZE_MAX + 1])
{
    const char *slash = strrchr(path, '/');
    if (!slash) return strcpy(directory, ".");
    size_t size = MAX((size_t)(slash - path), 1); /* "/" of "/muster.sock" */
    memcpy(directory, path, size);
    directory[size] = '\0';
    return directory;
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool socket_path_check(const char *path, struct sentence *why)
{
    char directory[SOCKET_PATH_SIZE_MAX + 1];
    size_t size = strlen(path);
    if (size == 0 || size > SOCKET_PATH_SIZE_MAX) {
        sentence_set(why, "a socket's path may have 1 to %d bytes; %s has %zu", SOCKET_PATH_SIZE_MAX, path, size);
        return false;
    }
    directory_of(path, directory);
    if (faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) == 0) return true;
    sentence_set(why,
                 "the socket %s cannot be made: its directory %s: %s; make it and let musterd write there, or choose "
                 "another path",
                 path, directory, strerror(errno));
    return false;
}

bool socket_paths_are_one(const char *a, const char *b)
{
    char directory[SOCKET_PATH_SIZE_MAX + 1];
    struct stat of_a, of_b;
    if (strcmp(name_of(a), name_of(b)) != 0) return false;
    if (stat(directory_of(a, directory), &of_a) != 0 || stat(directory_of(b, directory), &of_b) != 0) return false;
    return of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

bool socket_path_prepare(const char *path, struct sentence *why)
{
    struct stat stat;
    if (!socket_path_check(path, why)) return false;
    if (lstat(path, &stat) != 0) {
        if (errno == ENOENT) return true;
        sentence_set(why, "the socket's path %s cannot be used: %s", path, strerror(errno));
        return false;
    }
    if (S_ISSOCK(stat.st_mode)) return remove_stale(path, why);
    sentence_set(why, "%s is there and is no socket; remove it, or choose another path", path);
    return false;
}

bool socket_group_check(const char *group, struct sentence *why)
{
    if (getgrnam(group)) return true;
    sentence_set(why, "there is no group %s; --socket-group takes a name of /etc/group", group);
    return false;
}

bool socket_group_may_reach(const char *path, const char *group, struct sentence *why)
{
    char directory[SOCKET_PATH_SIZE_MAX + 1];
    const struct group *entry = getgrnam(group);
    struct stat stat_of;
    if (!entry || stat(directory_of(path, directory), &stat_of) != 0) return true;
    bool others = stat_of.st_mode & S_IXOTH, members = stat_of.st_gid == entry->gr_gid && stat_of.st_mode & S_IXGRP;
    if (others || members) return true;
    sentence_set(
        why,
        "the group %s cannot reach %s: its directory has mode %04o and lets nobody of it through; put the socket "
        "into a directory of its own, such as /run/muster",
        group, path, (unsigned)(stat_of.st_mode & 07777));
    return false;
}

bool socket_path_admit(const char *path, uint32_t mode, const char *group, struct sentence *why)
{
    if (group && !socket_group_check(group, why)) return false;
    const struct group *entry = group ? getgrnam(group) : NULL;
    if (entry && chown(path, (uid_t)-1, entry->gr_gid) != 0) {
        sentence_set(why, "%s cannot be given to the group %s: %s; the engine's user must be a member", path, group,
                     strerror(errno));
        return false;
    }
    if (chmod(path, (mode_t)mode) == 0) return true;
    sentence_set(why, "the mode of %s cannot be set: %s", path, strerror(errno));
    return false;
}
