/* Happy path: segment_create once, segment_open, segment_append per commit. Ways off it: an LMDB call
 * before the commit fails: the transaction is aborted, nothing has changed. The commit fails for want of
 * room: LMDB has written pages that nothing refers to, nothing has changed either. The commit fails for
 * any other reason: the page that makes it count may be on disk or not, only the next open can tell. */
#include "engine/log/segment.h"

#include "engine/base/space.h"
#include "engine/log/record.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The defaults: data synced before the meta page, the meta page synced before the commit returns. Only
 * the test that proves what they are for builds this file with others. */
#ifndef LOG_SYNC_FLAGS
#define LOG_SYNC_FLAGS 0
#endif

enum {
    FILE_FLAGS = MDB_NOSUBDIR | MDB_NOTLS,
    TABLES_MAX = 3,
    READERS_MAX = 510, /* what fits LOCK_FILE_SIZE */
    LOCK_FILE_SIZE = 32 << 10,
    CREATE_ROOM = 256 << 10, /* bytes; several times what the empty tables take */
};

struct segment {
    char *path;
    MDB_env *env;
    MDB_dbi meta;
    MDB_dbi events;
    MDB_dbi commits;
    int fd; /* LMDB's own */
    struct segment_birth birth;
    struct log_commit last;
};

struct segment_view {
    struct segment *segment;
    MDB_txn *txn;
    MDB_cursor *events;
    MDB_cursor *commits;
    uint64_t at;              /* where the cursor over events stands; 0: nowhere */
    struct log_commit last;   /* the last one in view */
    struct log_commit nearby; /* the one read last */
};

/* ---- Faults */

/* What a code means when nothing has been committed yet; what is not in it is LOG_FAILED. */
static const struct {
    int code;
    enum log_fault fault;
} FAULTS[] = {
    {MDB_MAP_FULL, LOG_NO_SPACE}, {ENOSPC, LOG_NO_SPACE},           {EDQUOT, LOG_NO_SPACE},
    {EFBIG, LOG_NO_SPACE},        {MDB_PANIC, LOG_OUTCOME_UNKNOWN}, {MDB_VERSION_MISMATCH, LOG_NEWER_FORMAT},
    {MDB_INVALID, LOG_DAMAGED},   {MDB_CORRUPTED, LOG_DAMAGED},     {MDB_PAGE_NOTFOUND, LOG_DAMAGED},
    {MDB_NOTFOUND, LOG_DAMAGED},  {MDB_INCOMPATIBLE, LOG_DAMAGED},  {MDB_KEYEXIST, LOG_DAMAGED},
};

static enum log_fault fault_of(int code)
{
    if (code == 0) return LOG_OK;
    for (size_t i = 0; i < COUNT_OF(FAULTS); i++) {
        if (FAULTS[i].code == code) return FAULTS[i].fault;
    }
    return LOG_FAILED;
}

/* Says in `why` that `doing` something with the file failed, and returns the fault. */
static enum log_fault failed(const char *path, const char *doing, int code, struct sentence *why)
{
    enum log_fault fault = fault_of(code);
    if (fault != LOG_OK) sentence_set(why, "cannot %s %s: %s", doing, path, mdb_strerror(code));
    return fault;
}

static enum log_fault damaged(const char *path, const char *what, struct sentence *why)
{
    sentence_set(why, "%s is damaged: %s", path, what);
    return LOG_DAMAGED;
}

/* ---- Keys and values */

static MDB_val key_of(uint8_t room[8], uint64_t number)
{
    put_be64(room, number);
    return (MDB_val){8, room};
}

static MDB_val value_of(struct bytes b)
{
    return (MDB_val){b.size, (void *)b.data};
}

static struct bytes bytes_of(MDB_val value)
{
    return (struct bytes){value.mv_data, value.mv_size};
}

static int put_meta(MDB_txn *txn, MDB_dbi meta, const char *name, struct bytes stored)
{
    MDB_val key = value_of(bytes_of_text(name));
    MDB_val value = value_of(stored);
    return mdb_put(txn, meta, &key, &value, 0);
}

/* False when it is not there or has not that size. */
static bool get_meta(MDB_txn *txn, MDB_dbi meta, const char *name, size_t size, const uint8_t **stored)
{
    MDB_val key = value_of(bytes_of_text(name));
    MDB_val value;
    if (mdb_get(txn, meta, &key, &value) != 0 || value.mv_size != size) return false;
    *stored = value.mv_data;
    return true;
}

/* ---- Making one */

static int put_birth(MDB_txn *txn, MDB_dbi meta, const struct segment_birth *birth)
{
    uint8_t format[4];
    uint8_t first[8];
    uint8_t previous[8];
    uint8_t before[RECORD_SIZE_MAX];
    put_be32(format, LOG_FORMAT);
    put_be64(first, birth->first);
    put_be64(previous, birth->previous_first);
    size_t before_size = record_encode(&birth->before, before);
    const struct {
        const char *name;
        struct bytes stored;
    } rows[] = {
        {"format", {format, sizeof format}}, {"log_id", {birth->log_id, LOG_ID_SIZE}},
        {"first", {first, sizeof first}},    {"previous_first", {previous, sizeof previous}},
        {"before", {before, before_size}},
    };
    int code = 0;
    for (size_t i = 0; i < COUNT_OF(rows) && code == 0; i++) code = put_meta(txn, meta, rows[i].name, rows[i].stored);
    return code;
}

static int create_tables(MDB_txn *txn, const struct segment_birth *birth)
{
    MDB_dbi table;
    int code = mdb_dbi_open(txn, "events", MDB_CREATE, &table);
    if (code == 0) code = mdb_dbi_open(txn, "commits", MDB_CREATE, &table);
    if (code == 0) code = mdb_dbi_open(txn, "meta", MDB_CREATE, &table);
    if (code == 0) code = put_birth(txn, table, birth);
    return code;
}

static int create_room(MDB_env *env)
{
    struct space space = {.step = CREATE_ROOM};
    int code = mdb_env_get_fd(env, &space.fd);
    if (code != 0) return code;
    return space_extend(&space, 0, CREATE_ROOM, INT64_MAX);
}

enum log_fault segment_create(const char *path, const struct segment_birth *birth, uint64_t map_bytes,
                              struct sentence *why)
{
    MDB_env *env;
    MDB_txn *txn = NULL;
    enum log_fault fault = failed(path, "make", mdb_env_create(&env), why);
    if (fault != LOG_OK) return fault;
    int code = mdb_env_set_mapsize(env, map_bytes);
    if (code == 0) code = mdb_env_set_maxdbs(env, TABLES_MAX);
    /* Nobody else can know the file yet, so a lock file would only be left behind. */
    if (code == 0) code = mdb_env_open(env, path, FILE_FLAGS | MDB_NOLOCK | LOG_SYNC_FLAGS, 0600);
    if (code == 0) code = create_room(env);
    if (code == 0) code = mdb_txn_begin(env, NULL, 0, &txn);
    if (code == 0) code = create_tables(txn, birth);
    fault = failed(path, "make", code, why);
    if (fault != LOG_OK) goto abort;

    code = mdb_txn_commit(txn);
    txn = NULL;
    if (code == 0) code = mdb_env_sync(env, 1);
    /* Nothing refers to the file yet, but a disk that fails to sync is no place to go on. */
    fault = failed(path, "sync", code, why);
    if (fault == LOG_FAILED) fault = LOG_OUTCOME_UNKNOWN;
abort:
    mdb_txn_abort(txn);
    mdb_env_close(env);
    return fault;
}

/* ---- Opening */

static enum log_fault read_format(MDB_txn *txn, struct segment *s, struct sentence *why)
{
    const uint8_t *stored;
    int code = mdb_dbi_open(txn, "meta", 0, &s->meta);
    if (code != 0) return failed(s->path, "find the table meta in", code, why);
    if (!get_meta(txn, s->meta, "format", 4, &stored)) return damaged(s->path, "it does not tell its format", why);
    uint32_t format = get_be32(stored);
    if (format == LOG_FORMAT) return LOG_OK;
    sentence_set(why, "%s has log format %u; this Muster reads format %d, a later one is needed", s->path, format,
                 LOG_FORMAT);
    return LOG_NEWER_FORMAT;
}

static enum log_fault read_birth(MDB_txn *txn, struct segment *s, struct sentence *why)
{
    const uint8_t *id;
    const uint8_t *first;
    const uint8_t *previous;
    MDB_val name = value_of(BYTES("before"));
    MDB_val before;
    if (!get_meta(txn, s->meta, "log_id", LOG_ID_SIZE, &id) || !get_meta(txn, s->meta, "first", 8, &first) ||
        !get_meta(txn, s->meta, "previous_first", 8, &previous) || mdb_get(txn, s->meta, &name, &before) != 0)
        return damaged(s->path, "the table meta lacks what a segment says about itself", why);
    memcpy(s->birth.log_id, id, LOG_ID_SIZE);
    s->birth.first = get_be64(first);
    s->birth.previous_first = get_be64(previous);
    if (!record_decode(bytes_of(before), &s->birth.before) || s->birth.before.last + 1 != s->birth.first)
        return damaged(s->path, "the table meta does not tell what was before the segment", why);
    return LOG_OK;
}

static int open_cursors(MDB_txn *txn, const struct segment *s, MDB_cursor **events, MDB_cursor **commits)
{
    int code = mdb_cursor_open(txn, s->events, events);
    return code == 0 ? mdb_cursor_open(txn, s->commits, commits) : code;
}

/* Either may be NULL. LMDB does not close the cursors of a transaction that only reads. */
static void close_cursors(MDB_cursor *events, MDB_cursor *commits)
{
    if (events) mdb_cursor_close(events);
    if (commits) mdb_cursor_close(commits);
}

/* The record under the cursor, strictly; false when it is none. */
static bool take_record(const MDB_val *key, const MDB_val *value, struct log_commit *commit)
{
    return key->mv_size == 8 && record_decode(bytes_of(*value), commit) && get_be64(key->mv_data) == commit->last;
}

/* The last commit in view, or what was before the segment. */
static enum log_fault read_last(const struct segment *s, MDB_cursor *commits, struct log_commit *last,
                                struct sentence *why)
{
    MDB_val key;
    MDB_val value;
    int code = mdb_cursor_get(commits, &key, &value, MDB_LAST);
    if (code == MDB_NOTFOUND) {
        *last = s->birth.before;
        return LOG_OK;
    }
    if (code != 0) return failed(s->path, "read the last commit of", code, why);
    if (!take_record(&key, &value, last) || last->first < s->birth.first)
        return damaged(s->path, "its last commit record is none", why);
    return LOG_OK;
}

/* Whether the values are as many as the last record says, and end where it says. */
static enum log_fault check_values(MDB_txn *txn, const struct segment *s, MDB_cursor *events, struct sentence *why)
{
    MDB_stat stat;
    MDB_val key;
    MDB_val value;
    int code = mdb_stat(txn, s->events, &stat);
    if (code != 0) return failed(s->path, "measure", code, why);
    if (stat.ms_entries != s->last.last + 1 - s->birth.first)
        return damaged(s->path, "it does not hold as many values as its last commit record says", why);
    if (stat.ms_entries == 0) return LOG_OK;
    code = mdb_cursor_get(events, &key, &value, MDB_LAST);
    if (code != 0) return failed(s->path, "read the last value of", code, why);
    if (key.mv_size != 8 || get_be64(key.mv_data) != s->last.last)
        return damaged(s->path, "its values do not end where its last commit record says", why);
    return LOG_OK;
}

static enum log_fault read_tables(MDB_txn *txn, struct segment *s, struct sentence *why)
{
    MDB_cursor *events = NULL;
    MDB_cursor *commits = NULL;
    enum log_fault fault = read_format(txn, s, why);
    if (fault == LOG_OK) fault = read_birth(txn, s, why);
    if (fault != LOG_OK) return fault;
    int code = mdb_dbi_open(txn, "events", 0, &s->events);
    if (code == 0) code = mdb_dbi_open(txn, "commits", 0, &s->commits);
    if (code == 0) code = open_cursors(txn, s, &events, &commits);
    fault = failed(s->path, "open the tables of", code, why);
    if (fault == LOG_OK) fault = read_last(s, commits, &s->last, why);
    if (fault == LOG_OK) fault = check_values(txn, s, events, why);
    close_cursors(events, commits);
    return fault;
}

/* LMDB makes its lock file with holes and writes to it through a map. */
static int make_lock_file(const char *path)
{
    char name[PATH_MAX];
    int size = snprintf(name, sizeof name, "%s-lock", path);
    return size < (int)sizeof name ? space_make_file(name, LOCK_FILE_SIZE) : ENAMETOOLONG;
}

/* The environment, with nothing of its tables looked at. */
static int open_file(struct segment *s, enum segment_use use, uint64_t map_bytes)
{
    unsigned flags = FILE_FLAGS | LOG_SYNC_FLAGS;
    /* What does not change needs no table of readers, and LMDB maps no less than the file holds. */
    if (use == SEGMENT_READ) flags |= MDB_RDONLY | MDB_NOLOCK;
    int code = use == SEGMENT_APPEND ? make_lock_file(s->path) : 0;
    if (code == 0) code = mdb_env_create(&s->env);
    if (code == 0) code = mdb_env_set_maxdbs(s->env, TABLES_MAX);
    if (code == 0) code = mdb_env_set_mapsize(s->env, use == SEGMENT_READ ? 1 : map_bytes);
    if (code == 0 && use == SEGMENT_APPEND) code = mdb_env_set_maxreaders(s->env, READERS_MAX);
    if (code == 0) code = mdb_env_open(s->env, s->path, flags, 0600);
    if (code == 0) code = mdb_env_get_fd(s->env, &s->fd);
    if (code == 0 && use == SEGMENT_APPEND) code = mdb_reader_check(s->env, NULL);
    return code;
}

/* A page behind the end of a file that was cut off would kill the process with SIGBUS. */
static enum log_fault check_length(struct segment *s, struct sentence *why)
{
    struct stat status;
    if (fstat(s->fd, &status) != 0) return failed(s->path, "measure", errno, why);
    if ((uint64_t)status.st_size >= segment_used_bytes(s)) return LOG_OK;
    sentence_set(why, "%s is damaged: it is cut off at %lld of %llu bytes", s->path, (long long)status.st_size,
                 (unsigned long long)segment_used_bytes(s));
    return LOG_DAMAGED;
}

/* LMDB takes an empty file for a new one, and would fill it. */
static enum log_fault check_present(const char *path, struct sentence *why)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        enum log_fault fault = errno == ENOENT ? LOG_SEGMENT_MISSING : LOG_FAILED;
        sentence_set(why, "cannot open %s: %s", path, strerror(errno));
        return fault;
    }
    return status.st_size == 0 ? damaged(path, "it is empty", why) : LOG_OK;
}

enum log_fault segment_open(struct segment **segment, const char *path, enum segment_use use, uint64_t map_bytes,
                            struct sentence *why)
{
    enum log_fault fault = check_present(path, why);
    if (fault != LOG_OK) return fault;
    struct segment *s = calloc(1, sizeof *s);
    ASSERT(s != NULL);
    s->path = strdup(path);
    ASSERT(s->path != NULL);
    MDB_txn *txn = NULL;
    fault = failed(path, "open", open_file(s, use, map_bytes), why);
    if (fault == LOG_OK) fault = check_length(s, why);
    if (fault == LOG_OK) fault = failed(path, "read", mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn), why);
    if (fault == LOG_OK) fault = read_tables(txn, s, why);
    if (fault != LOG_OK) goto abort;
    /* Committed, not aborted: that keeps the tables' handles. */
    fault = failed(path, "read", mdb_txn_commit(txn), why);
    txn = NULL;
    if (fault != LOG_OK) goto abort;
    *segment = s;
    return LOG_OK;
abort:
    mdb_txn_abort(txn);
    segment_close(s);
    return fault;
}

void segment_close(struct segment *segment)
{
    if (segment->env) mdb_env_close(segment->env);
    free(segment->path);
    free(segment);
}

const struct segment_birth *segment_birth(const struct segment *segment)
{
    return &segment->birth;
}

const struct log_commit *segment_last(const struct segment *segment)
{
    return &segment->last;
}

bool segment_is_empty(const struct segment *segment)
{
    return segment->last.last < segment->birth.first;
}

uint64_t segment_used_bytes(const struct segment *segment)
{
    MDB_envinfo info;
    MDB_stat stat;
    ASSERT(mdb_env_info(segment->env, &info) == 0 && mdb_env_stat(segment->env, &stat) == 0);
    return (info.me_last_pgno + 1) * (uint64_t)stat.ms_psize;
}

int segment_fd(const struct segment *segment)
{
    return segment->fd;
}

/* ---- Appending */

static int put_values(MDB_txn *txn, const struct segment *s, uint64_t first, const struct bytes values[], size_t count)
{
    MDB_cursor *cursor;
    int code = mdb_cursor_open(txn, s->events, &cursor);
    if (code != 0) return code;
    for (size_t i = 0; i < count && code == 0; i++) {
        uint8_t room[8];
        MDB_val key = key_of(room, first + i);
        MDB_val value = value_of(values[i]);
        code = mdb_cursor_put(cursor, &key, &value, MDB_APPEND);
    }
    mdb_cursor_close(cursor);
    return code;
}

static int put_record(MDB_txn *txn, const struct segment *s, const struct log_commit *commit)
{
    uint8_t record[RECORD_SIZE_MAX];
    uint8_t room[8];
    MDB_val key = key_of(room, commit->last);
    MDB_val value = {record_encode(commit, record), record};
    return mdb_put(txn, s->commits, &key, &value, MDB_APPEND);
}

/* LMDB goes into panic when it could not write the page that makes a commit count. */
static bool is_in_panic(const struct segment *s)
{
    MDB_txn *txn = NULL;
    int code = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn);
    mdb_txn_abort(txn);
    return code == MDB_PANIC;
}

static enum log_fault commit_failed(const struct segment *s, int code, struct sentence *why)
{
    enum log_fault fault = failed(s->path, "commit to", code, why);
    if (fault == LOG_OK || (fault == LOG_NO_SPACE && !is_in_panic(s))) return fault;
    return LOG_OUTCOME_UNKNOWN;
}

enum log_fault segment_append(struct segment *segment, const struct log_commit commits[], size_t count,
                              const struct bytes values[], struct sentence *why)
{
    const struct log_commit *last = &commits[count - 1];
    ASSERT(commits->first == segment->last.last + 1);
    MDB_txn *txn;
    int code = mdb_txn_begin(segment->env, NULL, 0, &txn);
    if (code != 0) return failed(segment->path, "begin to write to", code, why);
    code = put_values(txn, segment, commits->first, values, last->last + 1 - commits->first);
    for (size_t i = 0; i < count && code == 0; i++) code = put_record(txn, segment, &commits[i]);
    if (code != 0) {
        mdb_txn_abort(txn);
        return failed(segment->path, "write to", code, why);
    }
    enum log_fault fault = commit_failed(segment, mdb_txn_commit(txn), why);
    if (fault == LOG_OK) segment->last = *last;
    return fault;
}

/* ---- Views */

enum log_fault segment_view_open(struct segment_view **view, struct segment *segment, struct sentence *why)
{
    struct segment_view *v = calloc(1, sizeof *v);
    ASSERT(v != NULL);
    v->segment = segment;
    int code = mdb_txn_begin(segment->env, NULL, MDB_RDONLY, &v->txn);
    if (code == 0) code = open_cursors(v->txn, segment, &v->events, &v->commits);
    enum log_fault fault = failed(segment->path, "read", code, why);
    if (fault == LOG_OK) fault = read_last(segment, v->commits, &v->last, why);
    if (fault == LOG_OK) *view = v;
    else segment_view_close(v);
    return fault;
}

enum log_fault segment_view_renew(struct segment_view *view, struct sentence *why)
{
    view->at = 0;
    mdb_txn_reset(view->txn);
    int code = mdb_txn_renew(view->txn);
    if (code == 0) code = mdb_cursor_renew(view->txn, view->events);
    if (code == 0) code = mdb_cursor_renew(view->txn, view->commits);
    enum log_fault fault = failed(view->segment->path, "read", code, why);
    return fault == LOG_OK ? read_last(view->segment, view->commits, &view->last, why) : fault;
}

void segment_view_close(struct segment_view *view)
{
    close_cursors(view->events, view->commits);
    mdb_txn_abort(view->txn);
    free(view);
}

const struct log_commit *segment_view_last(const struct segment_view *view)
{
    return &view->last;
}

static bool is_in_view(const struct segment_view *view, uint64_t seq)
{
    return seq >= view->segment->birth.first && seq <= view->last.last;
}

enum log_fault segment_view_value(struct segment_view *view, uint64_t seq, struct bytes *value, struct sentence *why)
{
    ASSERT(is_in_view(view, seq));
    uint8_t room[8];
    MDB_val key = key_of(room, seq);
    MDB_val stored;
    bool is_next = view->at != 0 && view->at + 1 == seq;
    view->at = 0;
    int code = mdb_cursor_get(view->events, &key, &stored, is_next ? MDB_NEXT : MDB_SET);
    if (code != 0) return failed(view->segment->path, "read a value that must be in", code, why);
    if (is_next && (key.mv_size != 8 || get_be64(key.mv_data) != seq))
        return damaged(view->segment->path, "a number is missing in the table events", why);
    view->at = seq;
    *value = bytes_of(stored);
    return LOG_OK;
}

enum log_fault segment_view_commit(struct segment_view *view, uint64_t seq, struct log_commit *commit,
                                   struct sentence *why)
{
    ASSERT(is_in_view(view, seq));
    if (seq < view->nearby.first || seq > view->nearby.last) {
        uint8_t room[8];
        MDB_val key = key_of(room, seq);
        MDB_val stored;
        int code = mdb_cursor_get(view->commits, &key, &stored, MDB_SET_RANGE);
        if (code != 0) return failed(view->segment->path, "read a commit record that must be in", code, why);
        if (!take_record(&key, &stored, &view->nearby) || view->nearby.first > seq) {
            view->nearby.last = 0;
            return damaged(view->segment->path, "a commit record is none", why);
        }
    }
    *commit = view->nearby;
    return LOG_OK;
}
