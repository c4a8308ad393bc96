/* A library to preload (or to link into a test) that makes file calls fail on demand, and records what a
 * program writes, syncs and says. control.h and recorder.h tell how they are steered. It stands where the
 * C library's functions are called from: LMDB, libuv and our own code. */
#include "tests/faults/control.h"
#include "tests/faults/recorder.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

/* The function that stands behind ours. */
#define REAL(name) ((__typeof__(&name))real_of(#name))

static void *real_of(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    if (!function) {
        fprintf(stderr, "interpose: there is no %s\n", name);
        abort();
    }
    return function;
}

/* ---- Opening */

static bool makes_or_empties(int flags)
{
    return (flags & (O_CREAT | O_TRUNC)) != 0;
}

int openat(int at, const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    if (!makes_or_empties(flags)) return REAL(openat)(at, path, flags, mode);
    record_begin();
    bool was_there = record_is_there(at, path);
    int fd = REAL(openat)(at, path, flags, mode);
    if (fd >= 0 && !was_there) record_created(fd);
    else if (fd >= 0 && (flags & O_TRUNC)) record_size(TRACE_TRUNCATE, fd, 0);
    record_end();
    return fd;
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return openat(AT_FDCWD, path, flags, mode);
}

int mkdirat(int at, const char *path, mode_t mode)
{
    record_begin();
    int code = REAL(mkdirat)(at, path, mode);
    if (code == 0) record_mkdir(at, path);
    record_end();
    return code;
}

int mkdir(const char *path, mode_t mode)
{
    return mkdirat(AT_FDCWD, path, mode);
}

/* ---- Writing. `offset` -1 stands for the file's own position. */

static size_t size_of(const struct iovec parts[], int count)
{
    size_t size = 0;
    for (int i = 0; i < count; i++) size += parts[i].iov_len;
    return size;
}

static ssize_t write_half(int fd, const struct iovec parts[], int count, off_t offset)
{
    size_t half = size_of(parts, count) / 2;
    size_t first = half < parts[0].iov_len ? half : parts[0].iov_len;
    return offset < 0 ? REAL(write)(fd, parts[0].iov_base, first) : REAL(pwrite)(fd, parts[0].iov_base, first, offset);
}

static ssize_t write_really(int fd, const struct iovec parts[], int count, off_t offset)
{
    enum call_class class = fcntl(fd, F_GETFL) & O_DSYNC ? CALL_WRITE_DURABLE : CALL_WRITE;
    struct fault fault = fault_of_fd(class, fd);
    if (fault.kind == FAULT_SHORT) return write_half(fd, parts, count, offset);
    if (fault.kind == FAULT_ERRNO) {
        errno = (int)fault.value;
        return -1;
    }
    return offset < 0 ? REAL(writev)(fd, parts, count) : REAL(pwritev)(fd, parts, count, offset);
}

static ssize_t write_parts(int fd, const struct iovec parts[], int count, off_t offset)
{
    if (record_is_talk(fd)) {
        /* Not between begin and end: it may have to wait for the other side. */
        ssize_t sent = write_really(fd, parts, count, offset);
        record_said(fd, parts, count, sent);
        return sent;
    }
    record_begin();
    off_t at = offset < 0 ? lseek(fd, 0, SEEK_CUR) : offset;
    ssize_t written = write_really(fd, parts, count, offset);
    record_write(fd, parts, count, at, written);
    record_end();
    return written;
}

ssize_t write(int fd, const void *data, size_t size)
{
    return write_parts(fd, &(struct iovec){(void *)data, size}, 1, -1);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    return write_parts(fd, &(struct iovec){(void *)data, size}, 1, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    return write_parts(fd, parts, count, -1);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
    return write_parts(fd, parts, count, offset);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    ssize_t sent = REAL(sendmsg)(fd, message, flags);
    record_said(fd, message->msg_iov, (int)message->msg_iovlen, sent);
    return sent;
}

ssize_t send(int fd, const void *data, size_t size, int flags)
{
    ssize_t sent = REAL(send)(fd, data, size, flags);
    record_said(fd, &(struct iovec){(void *)data, size}, 1, sent);
    return sent;
}

/* ---- Syncing and measuring */

static int sync_with(int fd, int (*really)(int))
{
    struct fault fault = fault_of_fd(CALL_SYNC, fd);
    if (fault.kind == FAULT_ERRNO) {
        errno = (int)fault.value;
        return -1;
    }
    record_begin();
    int code = really(fd);
    if (code == 0) record_sync(fd);
    record_end();
    return code;
}

int fsync(int fd)
{
    return sync_with(fd, REAL(fsync));
}

int fdatasync(int fd)
{
    return sync_with(fd, REAL(fdatasync));
}

int ftruncate(int fd, off_t size)
{
    struct fault fault = fault_of_fd(CALL_TRUNCATE, fd);
    if (fault.kind == FAULT_ERRNO) {
        errno = (int)fault.value;
        return -1;
    }
    record_begin();
    int code = REAL(ftruncate)(fd, size);
    if (code == 0) record_size(TRACE_TRUNCATE, fd, size);
    record_end();
    return code;
}

/* Gives an error number back, like posix_fallocate. */
static int allocate(int fd, int mode, off_t offset, off_t size)
{
    struct fault fault = fault_of_fd(CALL_ALLOCATE, fd);
    if (fault.kind == FAULT_ERRNO) return (int)fault.value;
    record_begin();
    int error = mode == 0                                 ? REAL(posix_fallocate)(fd, offset, size)
                : REAL(fallocate)(fd, mode, offset, size) ? errno
                                                          : 0;
    if (error == 0 && mode == 0) record_size(TRACE_ALLOCATE, fd, offset + size);
    record_end();
    return error;
}

int posix_fallocate(int fd, off_t offset, off_t size)
{
    return allocate(fd, 0, offset, size);
}

int fallocate(int fd, int mode, off_t offset, off_t size)
{
    int error = allocate(fd, mode, offset, size);
    if (error == 0) return 0;
    errno = error;
    return -1;
}

int fstatfs(int fd, struct statfs *status)
{
    struct fault fault = fault_of_fd(CALL_STATFS, fd);
    int code = REAL(fstatfs)(fd, status);
    if (fault.kind == FAULT_TYPE) status->f_type = (__fsword_t)fault.value;
    return code;
}

int statfs(const char *path, struct statfs *status)
{
    struct fault fault = fault_of_path(CALL_STATFS, path);
    int code = REAL(statfs)(path, status);
    if (fault.kind == FAULT_TYPE) status->f_type = (__fsword_t)fault.value;
    return code;
}

/* ---- Names */

int renameat(int from_at, const char *from, int to_at, const char *to)
{
    struct fault fault = fault_of_path(CALL_RENAME, to);
    if (fault.kind == FAULT_ERRNO) {
        errno = (int)fault.value;
        return -1;
    }
    record_begin();
    int code = REAL(renameat)(from_at, from, to_at, to);
    if (code == 0) record_rename(from_at, from, to_at, to);
    record_end();
    return code;
}

int rename(const char *from, const char *to)
{
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int unlinkat(int at, const char *path, int flags)
{
    struct fault fault = fault_of_path(CALL_UNLINK, path);
    if (fault.kind == FAULT_ERRNO) {
        errno = (int)fault.value;
        return -1;
    }
    record_begin();
    int code = REAL(unlinkat)(at, path, flags);
    if (code == 0) record_unlink(at, path);
    record_end();
    return code;
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

/* ---- The names that programs built for large files on 32-bit machines call. */
#define ALIAS(name) __attribute__((alias(name)))
int open64(const char *path, int flags, ...) ALIAS("open");
int openat64(int at, const char *path, int flags, ...) ALIAS("openat");
ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset) ALIAS("pwrite");
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t offset) ALIAS("pwritev");
int ftruncate64(int fd, off_t size) ALIAS("ftruncate");
int posix_fallocate64(int fd, off_t offset, off_t size) ALIAS("posix_fallocate");
int fallocate64(int fd, int mode, off_t offset, off_t size) ALIAS("fallocate");
int fstatfs64(int fd, struct statfs64 *status) ALIAS("fstatfs");
int statfs64(const char *path, struct statfs64 *status) ALIAS("statfs");
