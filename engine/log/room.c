/* Room for what is to be written, known before it is written. The ballast is a file that holds blocks for
 * the day the disk is full: it counts as used, also against the quota, until it is given up. */
#include "engine/log/state.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define BALLAST_NAME "ballast"

enum {
    VALUE_OVERHEAD = 24, /* bytes: LMDB's node header, the key, the place in the page's index, and rounding */
    STEP_WHEN_SHORT = 64 << 10,
    COMMIT_PAGES = 64,   /* copies of the way from each table's root to its end, the list of free pages, the record */
};

/* At most how many bytes LMDB's file grows in a commit. Values are put in order, so that two neighbouring
 * pages hold more than a page full between them; twice the bytes cover whatever their sizes are. */
static uint64_t growth_max(size_t values_bytes)
{
    uint64_t entries = (uint64_t)LOG_COMMIT_VALUES_MAX * VALUE_OVERHEAD;
    return 2 * (values_bytes + entries) + (uint64_t)COMMIT_PAGES * (uint64_t)sysconf(_SC_PAGESIZE);
}

void room_of_newest(struct log_state *s)
{
    struct segment *newest = segments_newest(&s->segments);
    s->space =
        (struct space){.fd = segment_fd(newest), .step = s->settings.extend_bytes, .ready = segment_used_bytes(newest)};
}

/* How large the newest segment's file may become. */
static uint64_t file_bytes_max(const struct log_state *s)
{
    if (s->settings.quota_bytes == 0) return INT64_MAX;
    uint64_t others = s->segments.sealed_bytes + (s->has_ballast ? s->settings.ballast_bytes : 0);
    return s->settings.quota_bytes > others ? s->settings.quota_bytes - others : 0;
}

enum log_fault room_extend(struct log *log, size_t values_bytes)
{
    struct log_state *s = log->state;
    uint64_t used = segment_used_bytes(segments_newest(&s->segments));
    uint64_t need = growth_max(values_bytes);
    uint64_t limit = file_bytes_max(s);
    /* Without the ballast nothing is taken ahead of need: room that comes back is for the ballast first. */
    s->space.step = log_room(log) == LOG_ROOM_ENOUGH ? s->settings.extend_bytes : STEP_WHEN_SHORT;
    int error = space_extend(&s->space, used, need, limit);
    if (error == 0) return LOG_OK;
    if (used + need > limit) {
        sentence_set(&log->why, "the log's quota of %llu bytes is used up: raise it or archive sealed segments",
                     (unsigned long long)s->settings.quota_bytes);
        return LOG_NO_SPACE;
    }
    sentence_set(&log->why, "cannot get %llu bytes more for the log in %s: %s", (unsigned long long)need,
                 s->directory.path, strerror(error));
    return space_is_lacking(error) ? LOG_NO_SPACE : LOG_FAILED;
}

/* ---- Ballast */

static bool ballast_is_whole(const struct log_state *s)
{
    struct stat status;
    return fstatat(s->directory.fd, BALLAST_NAME, &status, 0) == 0 &&
           (uint64_t)status.st_size == s->settings.ballast_bytes;
}

static bool disk_has(const struct log_state *s, uint64_t bytes)
{
    struct statvfs disk;
    return fstatvfs(s->directory.fd, &disk) == 0 && (uint64_t)disk.f_bavail * disk.f_frsize >= bytes;
}

static bool quota_has(const struct log_state *s, uint64_t bytes)
{
    uint64_t used = segment_used_bytes(segments_newest(&s->segments));
    return used <= file_bytes_max(s) && file_bytes_max(s) - used >= bytes;
}

static bool ballast_make(const struct log_state *s)
{
    int fd = openat(s->directory.fd, BALLAST_NAME, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return false;
    int error = posix_fallocate(fd, 0, (off_t)s->settings.ballast_bytes);
    close(fd);
    if (error != 0) unlinkat(s->directory.fd, BALLAST_NAME, 0);
    return error == 0;
}

void ballast_find(struct log_state *s)
{
    s->has_ballast = s->settings.ballast_bytes > 0 && ballast_is_whole(s);
}

void ballast_regain(struct log_state *s)
{
    if (s->has_ballast) return;
    /* One of another measure, or half-made when the power went. */
    unlinkat(s->directory.fd, BALLAST_NAME, 0);
    uint64_t wanted = 2 * s->settings.ballast_bytes;
    if (wanted > 0 && disk_has(s, wanted) && quota_has(s, wanted)) s->has_ballast = ballast_make(s);
}

bool ballast_give_up(struct log_state *s)
{
    if (!s->has_ballast) return false;
    s->has_ballast = false;
    return unlinkat(s->directory.fd, BALLAST_NAME, 0) == 0;
}

bool log_give_up_ballast(struct log *log)
{
    ASSERT(!log->state->settings.read_only);
    return ballast_give_up(log->state);
}

enum log_room log_room(const struct log *log)
{
    const struct log_state *s = log->state;
    return s->has_ballast || s->settings.ballast_bytes == 0 ? LOG_ROOM_ENOUGH : LOG_ROOM_SHORT;
}

enum log_room log_regain_room(struct log *log)
{
    ASSERT(!log->state->settings.read_only);
    ballast_regain(log->state);
    return log_room(log);
}

/* ---- Figures */

uint64_t log_bytes(const struct log *log)
{
    const struct log_state *s = log->state;
    struct stat status;
    uint64_t newest = fstat(segment_fd(segments_newest(&s->segments)), &status) == 0 ? (uint64_t)status.st_size : 0;
    return s->segments.sealed_bytes + newest;
}

static unsigned percent(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 100 : (unsigned)MIN((uint64_t)((double)part / (double)whole * 100.0), (uint64_t)100);
}

unsigned log_percent_full(const struct log *log)
{
    const struct log_state *s = log->state;
    struct statvfs disk;
    if (s->settings.quota_bytes > 0) return percent(log_bytes(log), s->settings.quota_bytes);
    if (fstatvfs(s->directory.fd, &disk) != 0) return 100;
    uint64_t used = disk.f_blocks - disk.f_bfree;
    return percent(used, used + disk.f_bavail);
}
