/* libuv 1.44 silently shortens a path that is too long and replaces nothing that is in the way. */
#include "engine/loop/socket_path.h"

#include "engine/loop/loop.h"

#include <errno.h>
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
        sentence_set(why, "another process serves at %s; stop it, or choose another --socket", path);
    } else {
        sentence_set(why, "the socket %s is in the way and cannot be removed: %s", path, strerror(error));
    }
    return false;
}

bool socket_path_prepare(const char *path, struct sentence *why)
{
    struct stat stat;
    size_t size = strlen(path);
    if (size == 0 || size > SOCKET_PATH_SIZE_MAX) {
        sentence_set(why, "a socket's path may have 1 to %d bytes; %s has %zu", SOCKET_PATH_SIZE_MAX, path, size);
        return false;
    }
    if (lstat(path, &stat) != 0) {
        if (errno == ENOENT) return true;
        sentence_set(why, "the socket's path %s cannot be used: %s", path, strerror(errno));
        return false;
    }
    if (S_ISSOCK(stat.st_mode)) return remove_stale(path, why);
    sentence_set(why, "%s is there and is no socket; remove it, or choose another --socket", path);
    return false;
}

bool socket_path_admit(const char *path, uint32_t mode, const char *group, struct sentence *why)
{
    const struct group *entry = group ? getgrnam(group) : NULL;
    if (group && !entry) {
        sentence_set(why, "there is no group %s; --socket-group takes a name of /etc/group", group);
        return false;
    }
    if (entry && chown(path, (uid_t)-1, entry->gr_gid) != 0) {
        sentence_set(why, "%s cannot be given to the group %s: %s; the engine's user must be a member", path, group,
                     strerror(errno));
        return false;
    }
    if (chmod(path, (mode_t)mode) == 0) return true;
    sentence_set(why, "the mode of %s cannot be set: %s", path, strerror(errno));
    return false;
}
