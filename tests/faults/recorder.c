#include "tests/faults/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Large enough for LMDB's longest writev and for a reply. */
enum { PARTS_MAX = 1024 };

static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int trace_fd = -1; /* -1: nothing is recorded */
static char top[PATH_MAX];

/* ---- Writing the trace */

/* One system call an entry: a program that is killed leaves whole entries. */
static void put(struct trace_entry entry, const struct iovec parts[], int count, size_t size)
{
    struct iovec all[PARTS_MAX + 1] = {{&entry, sizeof entry}};
    int used = 1;
    entry.size = (uint32_t)size;
    for (int i = 0; i < count && size > 0; i++) {
        if (used > PARTS_MAX) abort();
        all[used] = parts[i];
        if (all[used].iov_len > size) all[used].iov_len = size;
        size -= all[used++].iov_len;
    }
    if (syscall(SYS_writev, trace_fd, all, used) != (long)(sizeof entry + entry.size)) abort();
}

static void put_plain(struct trace_entry entry)
{
    put(entry, NULL, 0, 0);
}

/* ---- Whether anything is recorded */

static void start(void)
{
    const char *directory = getenv("RECORD_DIRECTORY");
    const char *trace = getenv("RECORD_TRACE");
    if (!directory || !trace) return;
    if (!realpath(directory, top)) {
        fprintf(stderr, "recorder: there is no directory %s\n", directory);
        abort();
    }
    trace_fd = (int)syscall(SYS_openat, AT_FDCWD, trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct stat status;
    if (trace_fd < 0 || stat(top, &status) != 0) abort();
    put_plain((struct trace_entry){.kind = TRACE_TOP, .file = status.st_ino});
}

static bool is_on(void)
{
    pthread_once(&once, start);
    return trace_fd >= 0;
}

void record_begin(void)
{
    if (is_on()) pthread_mutex_lock(&order);
}

void record_end(void)
{
    if (is_on()) pthread_mutex_unlock(&order);
}

/* ---- What is watched */

static bool path_is_below(const char *path)
{
    size_t size = strlen(top);
    return strncmp(path, top, size) == 0 && (path[size] == '/' || path[size] == '\0');
}

static bool fd_path(int fd, char path[PATH_MAX])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, PATH_MAX - 1);
    path[size < 0 ? 0 : size] = '\0';
    return size > 0;
}

static bool fd_is_watched(int fd, struct stat *status)
{
    char path[PATH_MAX];
    return is_on() && fd_path(fd, path) && path_is_below(path) && fstat(fd, status) == 0;
}

/* The directory of a name that need not exist, and the last part of the name; false: not watched. */
static bool name_is_watched(int at, const char *path, struct stat *directory, char name[NAME_MAX + 1])
{
    char parent[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const char *last = slash ? slash + 1 : path;
    if (!is_on() || strlen(path) >= sizeof parent || strlen(last) > NAME_MAX) return false;
    strcpy(name, last);
    snprintf(parent, sizeof parent, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    int fd = (int)syscall(SYS_openat, at, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    bool is_watched = fd_is_watched(fd, directory);
    syscall(SYS_close, fd);
    return is_watched;
}

/* ---- What was done */

static void put_names(struct trace_entry entry, const char *first, const char *second)
{
    const struct iovec names[] = {{(void *)first, strlen(first) + 1},
                                  {(void *)second, second ? strlen(second) + 1 : 0}};
    put(entry, names, 2, names[0].iov_len + names[1].iov_len);
}

void record_write(int fd, const struct iovec parts[], int count, off_t offset, ssize_t written)
{
    struct stat status;
    if (written <= 0 || !fd_is_watched(fd, &status)) return;
    int flags = fcntl(fd, F_GETFL);
    /* O_SYNC contains the bit of O_DSYNC. */
    enum trace_kind kind = flags & O_DSYNC ? TRACE_WRITE_DURABLE : TRACE_WRITE;
    if (flags & O_APPEND) offset = status.st_size - written;
    put((struct trace_entry){.kind = kind, .file = status.st_ino, .offset = (uint64_t)offset}, parts, count,
        (size_t)written);
}

bool record_is_talk(int fd)
{
    struct stat status;
    return is_on() && fstat(fd, &status) == 0 && (S_ISSOCK(status.st_mode) || S_ISFIFO(status.st_mode));
}

void record_said(int fd, const struct iovec parts[], int count, ssize_t sent)
{
    struct stat status;
    if (sent <= 0 || !is_on() || fstat(fd, &status) != 0) return;
    record_begin();
    put((struct trace_entry){.kind = TRACE_SAID, .file = status.st_ino}, parts, count, (size_t)sent);
    record_end();
}

void record_sync(int fd)
{
    struct stat status;
    if (!fd_is_watched(fd, &status)) return;
    enum trace_kind kind = S_ISDIR(status.st_mode) ? TRACE_SYNC_DIRECTORY : TRACE_SYNC;
    put_plain((struct trace_entry){.kind = kind, .file = status.st_ino});
}

void record_size(enum trace_kind kind, int fd, off_t size)
{
    struct stat status;
    if (!fd_is_watched(fd, &status)) return;
    put_plain((struct trace_entry){.kind = kind, .file = status.st_ino, .offset = (uint64_t)size});
}

bool record_is_there(int at, const char *path)
{
    struct stat status;
    int saved = errno;
    bool is_there = is_on() && fstatat(at, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
    errno = saved;
    return is_there;
}

void record_created(int fd)
{
    struct stat status;
    struct stat directory;
    char path[PATH_MAX];
    char name[NAME_MAX + 1];
    if (!fd_is_watched(fd, &status) || !fd_path(fd, path)) return;
    if (!name_is_watched(AT_FDCWD, path, &directory, name)) return;
    put_names((struct trace_entry){.kind = TRACE_CREATE, .file = status.st_ino, .directory = directory.st_ino}, name,
              NULL);
}

void record_mkdir(int at, const char *path)
{
    struct stat status;
    struct stat directory;
    char name[NAME_MAX + 1];
    if (!name_is_watched(at, path, &directory, name) || fstatat(at, path, &status, 0) != 0) return;
    put_names((struct trace_entry){.kind = TRACE_MKDIR, .file = status.st_ino, .directory = directory.st_ino}, name,
              NULL);
}

void record_unlink(int at, const char *path)
{
    struct stat directory;
    char name[NAME_MAX + 1];
    if (!name_is_watched(at, path, &directory, name)) return;
    put_names((struct trace_entry){.kind = TRACE_UNLINK, .directory = directory.st_ino}, name, NULL);
}

void record_rename(int from_at, const char *from, int to_at, const char *to)
{
    struct stat status;
    struct stat from_directory;
    struct stat directory;
    char from_name[NAME_MAX + 1];
    char name[NAME_MAX + 1];
    bool from_is = name_is_watched(from_at, from, &from_directory, from_name);
    bool to_is = name_is_watched(to_at, to, &directory, name);
    if (!from_is && !to_is) return;
    /* Between directories two of them would have to be synced; nothing here does that. */
    if (!from_is || !to_is || from_directory.st_ino != directory.st_ino) abort();
    if (fstatat(to_at, to, &status, AT_SYMLINK_NOFOLLOW) != 0) return;
    put_names((struct trace_entry){.kind = TRACE_RENAME, .file = status.st_ino, .directory = directory.st_ino},
              from_name, name);
}
