/* Files are found by their token under the directory's descriptor; nothing a client sends becomes a path before it
 * is known to be 32 hex digits. Nothing is synced: after a crash the spool is emptied anyway. */
#include "engine/snapshot/spool.h"

#include "engine/base/space.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { KEPT_SECONDS = 3600, NAME_SIZE_MAX = SPOOL_TOKEN_SIZE + sizeof ".part" };

/* ---- Names. */

static bool is_token(struct bytes name)
{
    const char *digit = name.data;
    if (name.size != SPOOL_TOKEN_SIZE) return false;
    for (size_t i = 0; i < name.size; i++) {
        if (digit[i] == '\0' || !strchr("0123456789abcdef", digit[i])) return false;
    }
    return true;
}

static bool is_spool_name(const char *name)
{
    size_t size = strlen(name);
    if (size > SPOOL_TOKEN_SIZE && strcmp(name + SPOOL_TOKEN_SIZE, ".part") == 0) size = SPOOL_TOKEN_SIZE;
    return is_token((struct bytes){name, size});
}

static void part_name(const struct spool_file *file, char name[NAME_SIZE_MAX])
{
    snprintf(name, NAME_SIZE_MAX, "%s.part", file->token);
}

static bool token_make(char token[SPOOL_TOKEN_SIZE + 1])
{
    uint8_t random[SPOOL_TOKEN_SIZE / 2];
    if (getrandom(random, sizeof random, 0) != sizeof random) return false;
    for (size_t i = 0; i < sizeof random; i++) snprintf(token + 2 * i, 3, "%02x", random[i]);
    return true;
}

static bool fail(struct sentence *why, const char *what, const char *directory)
{
    sentence_set(why, "cannot %s in the spool directory %s: %s", what, directory, strerror(errno));
    return false;
}

static int directory_open(const char *directory)
{
    return open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* ---- Room: for the log, which must not find the disk full of answers, and among the files. */

static bool disk_has_room(int fd, size_t size)
{
    struct statvfs disk;
    if (fstatvfs(fd, &disk) != 0) return true; /* unknown: the write itself will say */
    return (uint64_t)disk.f_bavail * disk.f_frsize >= SPOOL_ROOM_LEFT + size;
}

/* One look at all files: their bytes together, and which whole one was not read for longest. */
static uint64_t spool_survey(DIR *files, char oldest[NAME_SIZE_MAX])
{
    uint64_t bytes = 0;
    struct timespec oldest_time = {0};
    oldest[0] = '\0';
    rewinddir(files);
    for (struct dirent *entry; (entry = readdir(files));) {
        struct stat stat;
        if (!is_spool_name(entry->d_name) || fstatat(dirfd(files), entry->d_name, &stat, 0) != 0) continue;
        bytes += (uint64_t)stat.st_size;
        bool older = oldest[0] == '\0' || stat.st_mtim.tv_sec < oldest_time.tv_sec ||
                     (stat.st_mtim.tv_sec == oldest_time.tv_sec && stat.st_mtim.tv_nsec < oldest_time.tv_nsec);
        if (!older || strlen(entry->d_name) != SPOOL_TOKEN_SIZE) continue;
        oldest_time = stat.st_mtim;
        snprintf(oldest, NAME_SIZE_MAX, "%.*s", SPOOL_TOKEN_SIZE, entry->d_name);
    }
    return bytes;
}

static void spool_trim(const char *directory)
{
    char oldest[NAME_SIZE_MAX];
    DIR *files = opendir(directory);
    if (!files) return;
    while (spool_survey(files, oldest) > SPOOL_BYTES_MAX && oldest[0]) {
        if (unlinkat(dirfd(files), oldest, 0) != 0) break;
    }
    closedir(files);
}

/* ---- Writing. */

/* The file has its token. */
static bool part_create(struct spool_file *file, const char *directory, struct sentence *why)
{
    char name[NAME_SIZE_MAX];
    part_name(file, name);
    file->fd = -1;
    file->directory = directory_open(directory);
    if (file->directory < 0) return fail(why, "open a file", directory);
    file->fd = openat(file->directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file->fd >= 0) return true;
    file->lacks_room = space_is_lacking(errno);
    fail(why, "create a file", directory);
    close(file->directory);
    return false;
}

bool spool_create(struct spool_file *file, const char *directory, struct sentence *why)
{
    spool_trim(directory);
    *file = (struct spool_file){.fd = -1};
    if (!token_make(file->token)) return fail(why, "name a file", directory);
    return part_create(file, directory, why);
}

struct bytes spool_numbered(uint32_t number, char name[])
{
    snprintf(name, SPOOL_TOKEN_SIZE + 1, "%0*x", SPOOL_TOKEN_SIZE, number);
    return (struct bytes){name, SPOOL_TOKEN_SIZE};
}

bool spool_create_numbered(struct spool_file *file, const char *directory, uint32_t number, struct sentence *why)
{
    *file = (struct spool_file){.fd = -1};
    spool_numbered(number, file->token);
    return part_create(file, directory, why);
}

void spool_abandon(struct spool_file *file)
{
    char name[NAME_SIZE_MAX];
    part_name(file, name);
    unlinkat(file->directory, name, 0);
    if (file->fd >= 0) close(file->fd);
    close(file->directory);
}

static bool abandon(struct spool_file *file, int error, struct sentence *why)
{
    spool_abandon(file);
    file->lacks_room = space_is_lacking(error);
    if (file->lacks_room) {
        sentence_set(why, "no space on the engine's disk for this answer's file; repeat when there is room");
    } else {
        sentence_set(why, "cannot write a file of the spool: %s", strerror(error));
    }
    return false;
}

bool spool_write(struct spool_file *file, struct bytes data, struct sentence *why)
{
    const uint8_t *at = data.data, *end = at + data.size;
    if (!disk_has_room(file->fd, data.size)) return abandon(file, ENOSPC, why);
    while (at < end) {
        ssize_t written = write(file->fd, at, (size_t)(end - at));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return abandon(file, errno, why);
        at += written;
    }
    return true;
}

bool spool_finish(struct spool_file *file, struct sentence *why)
{
    char name[NAME_SIZE_MAX];
    part_name(file, name);
    int closed = close(file->fd);
    file->fd = -1;
    if (closed != 0 || renameat(file->directory, name, file->directory, file->token) != 0) {
        return abandon(file, errno, why);
    }
    close(file->directory);
    return true;
}

bool spool_finish_durably(struct spool_file *file, struct sentence *why)
{
    int directory = fcntl(file->directory, F_DUPFD_CLOEXEC, 0);
    if (directory < 0 || fsync(file->fd) != 0) {
        int error = errno;
        if (directory >= 0) close(directory);
        return abandon(file, error, why);
    }
    bool finished = spool_finish(file, why);
    /* Without its name after a power cut it is lost, and a start finds that out. */
    if (finished) fsync(directory);
    close(directory);
    return finished;
}

/* ---- Reading. */

static int token_open(const char *directory, struct bytes token)
{
    char name[SPOOL_TOKEN_SIZE + 1];
    if (!is_token(token)) {
        errno = ENOENT;
        return -1;
    }
    snprintf(name, sizeof name, "%.*s", BYTES_ARG(token));
    int parent = directory_open(directory);
    if (parent < 0) return -1;
    int fd = openat(parent, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int error = errno;
    close(parent);
    errno = error;
    return fd;
}

/* Reads `size` bytes that the file is known to have. */
static bool read_whole(int fd, uint8_t *out, size_t size, uint64_t offset)
{
    while (size > 0) {
        ssize_t got = pread(fd, out, size, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got == 0) errno = EIO;
        if (got <= 0) return false;
        out += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return true;
}

static enum spool_result piece_read(int fd, uint64_t offset, uint8_t *out, size_t size, size_t *got, uint64_t *next)
{
    struct stat stat;
    if (fstat(fd, &stat) != 0) return SPOOL_FAILED;
    uint64_t file_size = (uint64_t)stat.st_size;
    if (offset > file_size) return SPOOL_GONE;
    *got = MIN(file_size - offset, size);
    if (!read_whole(fd, out, *got, offset)) return SPOOL_FAILED;
    *next = offset + *got < file_size ? offset + *got : 0;
    futimens(fd, NULL); /* if that fails the file goes earlier, and who wants it is told so */
    return SPOOL_READ;
}

enum spool_result spool_read(const char *directory, struct bytes token, uint64_t offset, uint8_t *out, size_t size,
                             size_t *got, uint64_t *next, struct sentence *why)
{
    int fd = token_open(directory, token);
    if (fd < 0 && errno == ENOENT) return SPOOL_GONE;
    enum spool_result result = fd < 0 ? SPOOL_FAILED : piece_read(fd, offset, out, size, got, next);
    if (result == SPOOL_FAILED) fail(why, "read a file", directory);
    if (fd >= 0) close(fd);
    return result;
}

/* ---- Cleaning. */

bool spool_clean(const char *directory, int64_t now_s, struct sentence *why)
{
    if (mkdir(directory, 0700) != 0 && errno != EEXIST) return fail(why, "begin", directory);
    DIR *files = opendir(directory);
    if (!files) return fail(why, "look for old files", directory);
    for (struct dirent *entry; (entry = readdir(files));) {
        struct stat stat;
        if (!is_spool_name(entry->d_name) || fstatat(dirfd(files), entry->d_name, &stat, 0) != 0) continue;
        bool is_old = now_s == 0 || stat.st_mtim.tv_sec < now_s - KEPT_SECONDS;
        if (is_old) unlinkat(dirfd(files), entry->d_name, 0);
    }
    closedir(files);
    return true;
}
