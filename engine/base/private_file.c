#include "engine/base/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Reading. */

static bool is_private(int fd, const char *path, const struct private_file_kind *kind, struct sentence *why)
{
    struct stat status;
    if (fstat(fd, &status) != 0) {
        sentence_set(why, "%s cannot be looked at: %s", path, strerror(errno));
        return false;
    }
    if (!S_ISREG(status.st_mode)) {
        sentence_set(why, "%s is no file; put the file of %s there", path, kind->what);
        return false;
    }
    if (status.st_uid != geteuid()) {
        sentence_set(why, "%s belongs to the user %u, and this process runs as %u: run it as that user, or chown the file if "
                          "it is this engine's",
                     path, (unsigned)status.st_uid, (unsigned)geteuid());
        return false;
    }
    if (!kind->remedy || (status.st_mode & (S_IRWXG | S_IRWXO)) == 0) return true;
    sentence_set(why, "%s holds secrets and its mode %04o lets others in: chmod 600 it, and %s if somebody may have read it",
                 path, (unsigned)(status.st_mode & 07777), kind->remedy);
    return false;
}

/* False also for a larger file: it is not one of these. */
static bool read_whole(int fd, void *data, size_t size_max, size_t *size)
{
    uint8_t *at = data, more;
    ssize_t got;
    *size = 0;
    while ((got = *size < size_max ? read(fd, at + *size, size_max - *size) : read(fd, &more, 1)) != 0) {
        if (got < 0 && errno != EINTR) return false;
        if (got > 0 && *size == size_max) return false;
        if (got > 0) *size += (size_t)got;
    }
    return true;
}

enum private_file_result private_file_read(const char *path, const struct private_file_kind *kind, void *data,
                                           size_t size_max, size_t *size, struct sentence *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT) return PRIVATE_FILE_MISSING;
    if (fd < 0) {
        sentence_set(why, "%s cannot be opened: %s", path, strerror(errno));
        return PRIVATE_FILE_REFUSED;
    }
    bool may_read = is_private(fd, path, kind, why);
    bool is_read = may_read && read_whole(fd, data, size_max, size);
    close(fd);
    if (is_read) return PRIVATE_FILE_READ;
    explicit_bzero(data, size_max);
    if (may_read) sentence_set(why, "%s is damaged or no file of %s: put it back from a backup", path, kind->what);
    return PRIVATE_FILE_REFUSED;
}

/* ---- Writing. */

static bool write_whole(int fd, struct bytes data)
{
    const uint8_t *at = data.data, *end = bytes_end(data);
    while (at < end) {
        ssize_t written = write(fd, at, (size_t)(end - at));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        at += written;
    }
    return true;
}

static int sync_directory_of(const char *path)
{
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    ASSERT(slash);
    snprintf(directory, sizeof directory, "%.*s", (int)(slash - path + 1), path);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return errno;
    int error = fsync(fd) == 0 ? 0 : errno;
    close(fd);
    return error;
}

int private_file_write(const char *path, struct bytes data)
{
    if (unlink(path) != 0 && errno != ENOENT) return errno;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return errno;
    int error = write_whole(fd, data) && fsync(fd) == 0 ? 0 : errno;
    if (close(fd) != 0 && !error) error = errno;
    if (!error) error = sync_directory_of(path);
    if (error) unlink(path);
    return error;
}

int private_file_rename(const char *from, const char *to)
{
    return rename(from, to) == 0 ? sync_directory_of(to) : errno;
}

int private_directory_make(const char *path)
{
    if (mkdir(path, 0700) == 0) return sync_directory_of(path);
    return errno == EEXIST ? 0 : errno;
}
