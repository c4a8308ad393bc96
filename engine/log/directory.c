#include "engine/log/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define LOCK_NAME   "lock"
#define MARKER_NAME "clean"

static enum log_fault failed(const char *doing, const char *path, struct sentence *why)
{
    sentence_set(why, "cannot %s %s: %s", doing, path, strerror(errno));
    return LOG_FAILED;
}

/* ---- Where it lies. Those that another machine or a program answers for: a sync that returns there
 * promises nothing about a disk, and their locks and shared mappings are not those of one kernel.
 * Numbers from linux/magic.h and the file systems' sources. */
static const struct {
    uint32_t magic;
    const char *name;
} NOT_LOCAL[] = {
    {0x6969, "NFS"},
    {0x65735546, "FUSE"},
    {0xff534d42, "CIFS"},
    {0xfe534d42, "SMB2"},
    {0x517b, "SMB"},
    {0x01021997, "9p"},
    {0x00c36400, "Ceph"},
    {0x5346414f, "AFS"},
    {0x6b414653, "kAFS"},
    {0x73757245, "Coda"},
    {0x0bd00bd0, "Lustre"},
    {0x19830326, "BeeGFS"},
    {0x786f4256, "a VirtualBox shared folder"},
    {0xbacbacbc, "a VMware shared folder"},
};

enum log_fault directory_check_local(const struct directory *d, struct sentence *why)
{
    struct statfs status;
    if (fstatfs(d->fd, &status) != 0) return failed("examine", d->path, why);
    for (size_t i = 0; i < COUNT_OF(NOT_LOCAL); i++) {
        if ((uint32_t)status.f_type != NOT_LOCAL[i].magic) continue;
        sentence_set(why,
                     "%s is on %s, which cannot promise that what was synced is on disk; "
                     "put the log on a local disk with ext4, XFS or the like",
                     d->path, NOT_LOCAL[i].name);
        return LOG_NOT_LOCAL;
    }
    return LOG_OK;
}

/* ---- The lock: a lock of the open file, gone with the process whatever kills it. The file's text, the
 * holder's pid, is for people. */
static enum log_fault lock_is_held(const struct directory *d, struct sentence *why)
{
    char pid[16];
    ssize_t size = pread(d->lock_fd, pid, sizeof pid, 0);
    while (size > 0 && pid[size - 1] == '\n') size--;
    sentence_set(why, "%s is in use by process %.*s; stop that first", d->path, size > 0 ? (int)size : 1,
                 size > 0 ? pid : "?");
    return LOG_BUSY;
}

/* Whoever may only read, as an auditor on a read-only mount, takes the lock without leaving a name. */
static int lock_file_open(const struct directory *d, bool read_only)
{
    int fd = openat(d->fd, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 && read_only) fd = openat(d->fd, LOCK_NAME, O_RDONLY | O_CLOEXEC);
    return fd;
}

static enum log_fault lock_take(struct directory *d, bool read_only, struct sentence *why)
{
    d->lock_fd = lock_file_open(d, read_only);
    if (d->lock_fd < 0) {
        /* Nobody can append where nothing can be written. */
        if (read_only && errno == EROFS) return LOG_OK;
        return failed("open the file lock in", d->path, why);
    }
    if (flock(d->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) return lock_is_held(d, why);
        return failed("lock", d->path, why);
    }
    char pid[16];
    int size = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
    /* Only a courtesy to whoever finds it busy: it may fail, on a full disk or a read-only one. */
    bool is_told = ftruncate(d->lock_fd, 0) == 0 && pwrite(d->lock_fd, pid, (size_t)size, 0) == size;
    (void)is_told;
    return LOG_OK;
}

/* ---- The directory */

static enum log_fault sync_parent(const struct directory *d, struct sentence *why)
{
    int fd = openat(d->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int code = fd < 0 ? -1 : fsync(fd);
    enum log_fault fault = code != 0 ? failed("sync the directory above", d->path, why) : LOG_OK;
    if (fd >= 0) close(fd);
    return fault;
}

static enum log_fault open_path(struct directory *d, bool read_only, struct sentence *why)
{
    if (!read_only && mkdir(d->path, 0700) != 0 && errno != EEXIST) return failed("make the directory", d->path, why);
    d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d->fd < 0) return failed("open the directory", d->path, why);
    /* Each time: the start that made it may have ended before its name was on disk. */
    return read_only ? LOG_OK : sync_parent(d, why);
}

enum log_fault directory_open(struct directory *d, const char *path, bool read_only, struct sentence *why)
{
    *d = (struct directory){.fd = -1, .lock_fd = -1};
    if (strlen(path) + 1 + SEGMENT_NAME_SIZE + sizeof "-lock" > sizeof d->path) {
        sentence_set(why, "the log directory's path is too long; at most %d bytes would be right", LOG_PATH_MAX - 40);
        return LOG_FAILED;
    }
    strcpy(d->path, path);
    enum log_fault fault = open_path(d, read_only, why);
    if (fault == LOG_OK) fault = lock_take(d, read_only, why);
    if (fault != LOG_OK) directory_close(d);
    return fault;
}

void directory_close(struct directory *d)
{
    if (d->lock_fd >= 0) close(d->lock_fd);
    if (d->fd >= 0) close(d->fd);
    d->lock_fd = d->fd = -1;
}

enum log_fault directory_sync(const struct directory *d, struct sentence *why)
{
    if (fsync(d->fd) == 0) return LOG_OK;
    failed("sync the directory", d->path, why);
    return LOG_OUTCOME_UNKNOWN;
}

void directory_name(const struct directory *d, const char *name, char path[LOG_PATH_MAX])
{
    int size = snprintf(path, LOG_PATH_MAX, "%s/%s", d->path, name);
    ASSERT(size > 0 && size < LOG_PATH_MAX);
}

/* ---- Segments' files */

void segment_name(uint64_t first, char name[SEGMENT_NAME_SIZE])
{
    snprintf(name, SEGMENT_NAME_SIZE, "%020" PRIu64 ".mdb", first);
}

void segment_name_new(uint64_t first, char name[SEGMENT_NAME_SIZE])
{
    snprintf(name, SEGMENT_NAME_SIZE, "%020" PRIu64 ".new", first);
}

static bool name_is_segment(const char *name, uint64_t *first)
{
    char expected[SEGMENT_NAME_SIZE];
    *first = strtoull(name, NULL, 10);
    segment_name(*first, expected);
    return strcmp(name, expected) == 0;
}

static bool name_is_left_over(const char *name, const char *newest)
{
    if (strspn(name, "0123456789") != 20) return false;
    if (strcmp(name + 20, ".mdb-lock") == 0) return strncmp(name, newest, 20) != 0;
    return strcmp(name + 20, ".new") == 0;
}

/* A stream over the directory that leaves d->fd alone. */
static DIR *stream_open(const struct directory *d)
{
    int fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (!stream && fd >= 0) close(fd);
    return stream;
}

static int compare_numbers(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

enum log_fault directory_list(const struct directory *d, uint64_t **firsts, size_t *count, struct sentence *why)
{
    DIR *stream = stream_open(d);
    if (!stream) return failed("list", d->path, why);
    size_t capacity = 64;
    *firsts = malloc(capacity * sizeof **firsts);
    ASSERT(*firsts != NULL);
    *count = 0;
    for (const struct dirent *entry; (entry = readdir(stream));) {
        uint64_t first;
        if (!name_is_segment(entry->d_name, &first)) continue;
        if (*count == capacity) {
            capacity *= 2;
            *firsts = realloc(*firsts, capacity * sizeof **firsts);
            ASSERT(*firsts != NULL);
        }
        (*firsts)[(*count)++] = first;
    }
    closedir(stream);
    qsort(*firsts, *count, sizeof **firsts, compare_numbers);
    return LOG_OK;
}

enum log_fault directory_clean_up(const struct directory *d, uint64_t newest_first, struct sentence *why)
{
    char newest[SEGMENT_NAME_SIZE];
    segment_name(newest_first, newest);
    DIR *stream = stream_open(d);
    if (!stream) return failed("list", d->path, why);
    enum log_fault fault = LOG_OK;
    for (const struct dirent *entry; fault == LOG_OK && (entry = readdir(stream));) {
        if (!name_is_left_over(entry->d_name, newest)) continue;
        if (unlinkat(d->fd, entry->d_name, 0) != 0) fault = failed("remove left-over files from", d->path, why);
    }
    closedir(stream);
    return fault;
}

/* ---- The marker: four lines of text, so that a person can read where the log ended. */
enum { MARKER_SIZE_MAX = 256 };

static void hex(const uint8_t *in, size_t size, char *out)
{
    for (size_t i = 0; i < size; i++) snprintf(out + 2 * i, 3, "%02x", in[i]);
}

static size_t marker_format(const struct clean_marker *marker, char text[MARKER_SIZE_MAX])
{
    char id[2 * LOG_ID_SIZE + 1];
    char root[2 * MERKLE_HASH_SIZE + 1];
    hex(marker->log_id, LOG_ID_SIZE, id);
    hex(marker->root, MERKLE_HASH_SIZE, root);
    int size =
        snprintf(text, MARKER_SIZE_MAX, "muster log stopped cleanly, format 1\nlog %s\nhead %" PRIu64 "\nroot %s\n", id,
                 marker->head, root);
    ASSERT(size > 0 && size < MARKER_SIZE_MAX);
    return (size_t)size;
}

static bool unhex(const char *in, size_t size, uint8_t *out)
{
    for (size_t i = 0; i < size; i++) {
        unsigned byte;
        if (sscanf(in + 2 * i, "%2x", &byte) != 1) return false;
        out[i] = (uint8_t)byte;
    }
    return true;
}

/* Reads what it can and then asks whether writing it again gives the same text. */
static bool marker_parse(const char *text, size_t size, struct clean_marker *marker)
{
    char id[2 * LOG_ID_SIZE + 1] = "";
    char root[2 * MERKLE_HASH_SIZE + 1] = "";
    char again[MARKER_SIZE_MAX];
    if (sscanf(text, "muster log stopped cleanly, format 1\nlog %32s\nhead %" SCNu64 "\nroot %64s\n", id, &marker->head,
               root) != 3)
        return false;
    if (!unhex(id, LOG_ID_SIZE, marker->log_id) || !unhex(root, MERKLE_HASH_SIZE, marker->root)) return false;
    return marker_format(marker, again) == size && memcmp(again, text, size) == 0;
}

enum log_fault marker_write(const struct directory *d, const struct clean_marker *marker, struct sentence *why)
{
    char text[MARKER_SIZE_MAX];
    size_t size = marker_format(marker, text);
    int fd = openat(d->fd, MARKER_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return failed("write the file clean in", d->path, why);
    bool good = pwrite(fd, text, size, 0) == (ssize_t)size && fsync(fd) == 0;
    if (!good) failed("write the file clean in", d->path, why);
    close(fd);
    return good ? directory_sync(d, why) : LOG_FAILED;
}

bool marker_read(const struct directory *d, struct clean_marker *marker)
{
    char text[MARKER_SIZE_MAX + 1];
    int fd = openat(d->fd, MARKER_NAME, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t size = pread(fd, text, MARKER_SIZE_MAX, 0);
    close(fd);
    if (size <= 0) return false;
    text[size] = '\0';
    return marker_parse(text, (size_t)size, marker);
}

enum log_fault marker_remove(const struct directory *d, struct sentence *why)
{
    if (unlinkat(d->fd, MARKER_NAME, 0) != 0)
        return errno == ENOENT ? LOG_OK : failed("remove the file clean from", d->path, why);
    return directory_sync(d, why);
}
