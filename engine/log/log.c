/* Opening, appending, rolling. How one commit goes: room is made sure of, the values are hashed onto a
 * copy of the tree, LMDB commits, and only then is the copy the tree. So after whatever fails before the
 * commit, the log is as before; after whatever fails in it, nothing is appended any more. */
#include "engine/log/log.h"

#include "engine/log/record.h"
#include "engine/log/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#define GIB (UINT64_C(1) << 30)
#define MIB (UINT64_C(1) << 20)
/* Of what size the segments of another log may be is not known here; address space costs nothing. */
#define COPY_MAP_BYTES (2048 * GIB)

static struct log_settings settings_filled(const struct log_settings *given)
{
    struct log_settings s = *given;
    s.directory = NULL; /* the caller's; ours is in struct directory */
    if (s.copy_of) s.segment_values_max = s.segment_bytes_max = UINT64_MAX;
    if (s.copy_of && s.map_bytes == 0) s.map_bytes = COPY_MAP_BYTES;
    if (s.segment_values_max == 0) s.segment_values_max = 16 * MIB;
    if (s.segment_bytes_max == 0) s.segment_bytes_max = 4 * GIB;
    if (s.map_bytes == 0) s.map_bytes = s.segment_bytes_max + GIB;
    if (s.extend_bytes == 0) s.extend_bytes = 16 * MIB;
    return s;
}

/* After these the log on disk is not known to be what this process thinks it is. */
static enum log_fault remembered(struct log *log, enum log_fault fault)
{
    struct log_state *s = log->state;
    if (fault == LOG_OUTCOME_UNKNOWN || fault == LOG_DAMAGED) {
        s->broken = fault;
        s->broken_why = log->why;
    }
    return fault;
}

/* ---- Making segments */

/* Makes it under a temporary name and gives it its own only when it is whole and synced. */
static enum log_fault segment_make(struct log *log, const struct segment_birth *birth, char path[LOG_PATH_MAX])
{
    struct log_state *s = log->state;
    char name[SEGMENT_NAME_SIZE];
    char path_new[LOG_PATH_MAX];
    segment_name_new(birth->first, name);
    directory_name(&s->directory, name, path_new);
    segment_name(birth->first, name);
    directory_name(&s->directory, name, path);
    unlink(path_new);
    enum log_fault fault = segment_create(path_new, birth, s->settings.map_bytes, &log->why);
    if (fault == LOG_OK && rename(path_new, path) != 0) {
        fault = space_is_lacking(errno) ? LOG_NO_SPACE : LOG_FAILED;
        sentence_set(&log->why, "cannot rename %s: %s", path_new, strerror(errno));
    }
    if (fault != LOG_OK) {
        unlink(path_new);
        return fault;
    }
    return directory_sync(&s->directory, &log->why);
}

/* Makes the next segment, or the first one, and opens it as the newest. */
static enum log_fault segment_begin(struct log *log, const struct segment_birth *birth)
{
    struct log_state *s = log->state;
    char path[LOG_PATH_MAX];
    struct segment *segment;
    enum log_fault fault = segment_make(log, birth, path);
    if (fault == LOG_OK) fault = segment_open(&segment, path, SEGMENT_APPEND, s->settings.map_bytes, &log->why);
    if (fault != LOG_OK) return fault;
    if (s->segments.count > 0) {
        /* What is behind the last page was room ahead; the sealed file needs none. If that fails it is
         * only larger than it must be. */
        struct segment *sealed = segments_newest(&s->segments);
        uint64_t bytes = segment_used_bytes(sealed);
        if (ftruncate(segment_fd(sealed), (off_t)bytes) != 0) bytes = s->space.ready;
        segments_seal_newest(&s->segments, s->head.last, bytes);
    }
    segments_add(&s->segments, birth->first, segment);
    room_of_newest(s);
    return LOG_OK;
}

static enum log_fault roll(struct log *log)
{
    const struct log_state *s = log->state;
    struct segment_birth birth = {.first = s->head.last + 1, .before = s->head};
    birth.previous_first = segment_birth(segments_newest(&s->segments))->first;
    memcpy(birth.log_id, s->id, LOG_ID_SIZE);
    return segment_begin(log, &birth);
}

static enum log_fault begin_new_log(struct log *log)
{
    struct segment_birth birth = {.first = 1};
    log->state->was_clean = true;
    if (log->state->settings.copy_of) {
        memcpy(birth.log_id, log->state->settings.copy_of, LOG_ID_SIZE);
    } else if (getrandom(birth.log_id, LOG_ID_SIZE, 0) != LOG_ID_SIZE) {
        sentence_set(&log->why, "cannot get a random log id: %s", strerror(errno));
        return LOG_FAILED;
    }
    memcpy(log->state->id, birth.log_id, LOG_ID_SIZE);
    record_nothing(&birth.before);
    return segment_begin(log, &birth);
}

/* ---- Opening */

static enum log_fault segment_damaged(struct log *log, uint64_t first, const char *what)
{
    char name[SEGMENT_NAME_SIZE];
    segment_name(first, name);
    sentence_set(&log->why, "%s/%s is damaged: %s", log->state->directory.path, name, what);
    return LOG_DAMAGED;
}

/* Whether a segment follows from what is known of the one before it in the list. Between the two there
 * may be some that were archived. */
static enum log_fault check_follows(struct log *log, uint64_t previous_first, const struct log_commit *previous_last,
                                    const struct segment_birth *birth)
{
    if (memcmp(birth->log_id, log->state->id, LOG_ID_SIZE) != 0)
        return segment_damaged(log, birth->first, "it belongs to another log, its log id differs");
    if (birth->before.last < previous_last->last)
        return segment_damaged(log, birth->first, "it begins before the segment before it ends");
    if (birth->previous_first == previous_first && !record_equal(&birth->before, previous_last))
        return segment_damaged(log, previous_first, "it does not end as the next segment says that it does");
    return LOG_OK;
}

/* Opens one segment of the list, checks that it follows, and adds it. Sealed ones are closed again. */
static enum log_fault open_listed(struct log *log, uint64_t first, bool is_newest)
{
    struct log_state *s = log->state;
    char name[SEGMENT_NAME_SIZE];
    char path[LOG_PATH_MAX];
    struct segment *segment;
    segment_name(first, name);
    directory_name(&s->directory, name, path);
    enum segment_use use = is_newest && !s->settings.read_only ? SEGMENT_APPEND : SEGMENT_READ;
    enum log_fault fault;
    do fault = segment_open(&segment, path, use, s->settings.map_bytes, &log->why);
    while (fault == LOG_NO_SPACE && ballast_give_up(s));
    if (fault != LOG_OK) return fault;
    const struct segment_birth *birth = segment_birth(segment);
    if (birth->first != first) fault = segment_damaged(log, first, "it says that it begins with another number");
    if (s->segments.count == 0) memcpy(s->id, birth->log_id, LOG_ID_SIZE);
    else if (fault == LOG_OK) {
        uint64_t previous = s->segments.slots[s->segments.count - 1]->first;
        fault = check_follows(log, previous, &s->head, birth);
    }
    s->head = *segment_last(segment);
    if (fault == LOG_OK) segments_add(&s->segments, first, is_newest ? segment : NULL);
    if (fault == LOG_OK && !is_newest) segments_seal_newest(&s->segments, s->head.last, segment_used_bytes(segment));
    if (fault != LOG_OK || !is_newest) segment_close(segment);
    return fault;
}

static enum log_fault open_all_listed(struct log *log, const uint64_t firsts[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum log_fault fault = open_listed(log, firsts[i], i + 1 == count);
        if (fault != LOG_OK) return fault;
    }
    if (count > 0 && !log->state->settings.read_only) room_of_newest(log->state);
    return LOG_OK;
}

/* A log whose newest segment was taken away would go on with numbers that were given before; the marker
 * of a clean stop tells. */
static enum log_fault check_marker(struct log *log)
{
    struct log_state *s = log->state;
    struct clean_marker marker;
    if (!marker_read(&s->directory, &marker)) return LOG_OK;
    bool is_ours = s->segments.count == 0 || memcmp(marker.log_id, s->id, LOG_ID_SIZE) == 0;
    if (is_ours && marker.head > s->head.last) {
        sentence_set(&log->why, "values %llu to %llu are not in %s: bring the newest segment back",
                     (unsigned long long)s->head.last + 1, (unsigned long long)marker.head, s->directory.path);
        return LOG_SEGMENT_MISSING;
    }
    s->was_clean = is_ours && marker.head == s->head.last && memcmp(marker.root, s->head.root, MERKLE_HASH_SIZE) == 0;
    return LOG_OK;
}

static enum log_fault check_copy(struct log *log)
{
    const struct log_state *s = log->state;
    if (!s->settings.copy_of || memcmp(s->settings.copy_of, s->id, LOG_ID_SIZE) == 0) return LOG_OK;
    sentence_set(&log->why, "%s holds another log already, its log id differs; name an empty directory", s->directory.path);
    return LOG_FAILED;
}

static enum log_fault open_segments(struct log *log)
{
    struct log_state *s = log->state;
    uint64_t *firsts;
    size_t count;
    enum log_fault fault = directory_list(&s->directory, &firsts, &count, &log->why);
    if (fault != LOG_OK) return fault;
    if (!s->settings.read_only) fault = directory_clean_up(&s->directory, count ? firsts[count - 1] : 0, &log->why);
    if (fault == LOG_OK) fault = open_all_listed(log, firsts, count);
    free(firsts);
    if (fault == LOG_OK) fault = check_marker(log);
    if (fault == LOG_OK && count > 0) fault = check_copy(log);
    if (fault != LOG_OK || count > 0) return fault;
    if (!s->settings.read_only) return begin_new_log(log);
    sentence_set(&log->why, "there is no log in %s", s->directory.path);
    return LOG_FAILED;
}

static enum log_fault open_locked(struct log *log)
{
    struct log_state *s = log->state;
    ballast_find(s);
    enum log_fault fault = open_segments(log);
    if (fault != LOG_OK || s->settings.read_only) return fault;
    if (!s->was_clean) fault = tail_check(log);
    if (fault == LOG_OK) fault = marker_remove(&s->directory, &log->why);
    if (fault == LOG_OK) ballast_regain(s);
    return fault;
}

static void state_delete(struct log *log)
{
    segments_free(&log->state->segments);
    directory_close(&log->state->directory);
    free(log->state);
    log->state = NULL;
}

enum log_fault log_open(struct log *log, const struct log_settings *settings)
{
    *log = (struct log){.state = calloc(1, sizeof *log->state)};
    struct log_state *s = log->state;
    ASSERT(s != NULL);
    s->settings = settings_filled(settings);
    record_nothing(&s->head);
    segments_init(&s->segments, &s->directory);
    enum log_fault fault = directory_open(&s->directory, settings->directory, settings->read_only, &log->why);
    if (fault == LOG_OK && !settings->read_only && !settings->copy_of)
        fault = directory_check_local(&s->directory, &log->why);
    if (fault == LOG_OK) fault = open_locked(log);
    if (fault != LOG_OK) state_delete(log);
    return fault;
}

void log_close(struct log *log, bool clean)
{
    struct log_state *s = log->state;
    if (!s) return;
    if (clean && s->broken == LOG_OK && !s->settings.read_only) {
        struct clean_marker marker = {.head = s->head.last};
        memcpy(marker.log_id, s->id, LOG_ID_SIZE);
        memcpy(marker.root, s->head.root, MERKLE_HASH_SIZE);
        /* Without it the next open checks the tail; nothing else depends on it. */
        marker_write(&s->directory, &marker, &log->why);
    }
    state_delete(log);
}

/* ---- What it knows of itself */

uint64_t log_head(const struct log *log)
{
    return log->state->head.last;
}

const uint8_t *log_id(const struct log *log)
{
    return log->state->id;
}

const uint8_t *log_root(const struct log *log)
{
    return log->state->head.root;
}

int64_t log_time_us(const struct log *log)
{
    return log->state->head.time_us;
}

bool log_was_clean(const struct log *log)
{
    return log->state->was_clean;
}

/* Made by a roll whose turn did not get there, or is on its way. */
static bool newest_waits_for_its_first(const struct log_state *s)
{
    return s->head.last > 0 && segment_is_empty(segments_newest(&s->segments));
}

bool log_must_roll(const struct log *log)
{
    const struct log_state *s = log->state;
    const struct segment *newest = segments_newest(&s->segments);
    if (newest_waits_for_its_first(s)) return true;
    return s->head.last + 1 - segment_birth(newest)->first >= s->settings.segment_values_max ||
           segment_used_bytes(newest) >= s->settings.segment_bytes_max;
}

void log_segment_range(const struct log *log, uint64_t *first, uint64_t *last)
{
    const struct log_state *s = log->state;
    const struct segment_birth *birth = segment_birth(segments_newest(&s->segments));
    *first = newest_waits_for_its_first(s) ? birth->previous_first : birth->first;
    *last = s->head.last;
}

/* ---- Appending */

static enum log_fault make_room(struct log *log, size_t values_bytes)
{
    const struct log_state *s = log->state;
    if (log_must_roll(log) && !newest_waits_for_its_first(s)) {
        enum log_fault fault = roll(log);
        if (fault != LOG_OK) return fault;
    }
    return room_extend(log, values_bytes);
}

static bool may_append(struct log *log, enum log_fault *fault)
{
    const struct log_state *s = log->state;
    ASSERT(!s->settings.read_only);
    *fault = s->broken;
    if (s->broken == LOG_OK) return true;
    sentence_set(&log->why, "nothing more is written after an earlier fault: %.400s", s->broken_why.text);
    return false;
}

enum log_fault log_reserve(struct log *log, size_t bytes)
{
    enum log_fault fault;
    if (!may_append(log, &fault)) return fault;
    do fault = make_room(log, bytes);
    while (fault == LOG_NO_SPACE && ballast_give_up(log->state));
    return remembered(log, fault);
}

static size_t bytes_in(const struct bytes values[], size_t count)
{
    size_t sum = 0;
    for (size_t i = 0; i < count; i++) sum += values[i].size;
    return sum;
}

enum log_fault log_append(struct log *log, uint64_t first_seq, int64_t time_us, const struct bytes values[],
                          size_t count)
{
    struct log_state *s = log->state;
    ASSERT(first_seq == s->head.last + 1 && time_us >= s->head.time_us);
    ASSERT(count >= 1 && count <= LOG_COMMIT_VALUES_MAX);
    enum log_fault fault = log_reserve(log, bytes_in(values, count));
    if (fault != LOG_OK) return fault;
    struct log_commit commit = {
        .first = first_seq, .last = first_seq + count - 1, .time_us = time_us, .tree = s->head.tree};
    for (size_t i = 0; i < count; i++) merkle_append(&commit.tree, values[i]);
    merkle_root(&commit.tree, commit.root);
    fault = segment_append(segments_newest(&s->segments), &commit, 1, values, &log->why);
    if (fault == LOG_OK) s->head = commit;
    return remembered(log, fault);
}

/* ---- Copying */

enum log_fault log_roll(struct log *log)
{
    enum log_fault fault;
    ASSERT(log->state->settings.copy_of);
    if (!may_append(log, &fault)) return fault;
    if (segment_is_empty(segments_newest(&log->state->segments))) return LOG_OK;
    return remembered(log, roll(log));
}

enum log_fault log_append_commits(struct log *log, const struct log_commit commits[], size_t count,
                                  const struct bytes values[])
{
    struct log_state *s = log->state;
    ASSERT(s->settings.copy_of && count >= 1);
    for (size_t i = 0; i < count; i++) {
        const struct log_commit *before = i ? &commits[i - 1] : &s->head;
        ASSERT(commits[i].first == before->last + 1 && commits[i].time_us >= before->time_us);
    }
    size_t value_count = commits[count - 1].last - s->head.last;
    ASSERT(value_count >= count && value_count <= LOG_COMMIT_VALUES_MAX);
    enum log_fault fault = log_reserve(log, bytes_in(values, value_count) + count * RECORD_SIZE_MAX);
    if (fault == LOG_OK) fault = segment_append(segments_newest(&s->segments), commits, count, values, &log->why);
    if (fault == LOG_OK) s->head = commits[count - 1];
    return remembered(log, fault);
}
