/* What LMDB alone takes for the work that a benchmark has measured: the limit that its figure stands beside. All that
 * is written is taken from the log that the engine wrote, in the same commits, held in memory beforehand. No engine may
 * have the files open.
 *
 *     bench_limits commits PREFIX LOG-DIRECTORY FIRST LAST SCRATCH   events FIRST to LAST again, durably
 *     bench_limits import PREFIX LOG-DIRECTORY FIRST LAST SCRATCH    and each device put into tables by number and id
 *     bench_limits scan PREFIX TABLE FIRST LAST FILE...              a cursor over a table; FIRST 0: over all of it
 *     bench_limits write PREFIX SCRATCH BYTES                        so many bytes into a plain file
 *
 * SCRATCH is a directory on the file system that is measured. Prints  seconds, and for
 *   commits  p50_us p99_us of one commit; file_bytes, what the events take in LMDB's file
 *   import   log_seconds and index_seconds, which together are seconds
 *   scan     values */
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/support.h"
#include "engine/events/event.h"
#include "engine/log/record.h"

enum {
    ROOM_LEAST = 64 << 20, /* bytes of a file for what is not counted: pages half full, LMDB's own */
    INDEX_COMMIT_EVENTS = 100000, /* as often as the projections commit */
    WRITE_SIZE = 1 << 20,
};

static void must(int code, const char *what)
{
    if (code) bench_fail("%s: %s", what, mdb_strerror(code));
}

/* ---- A fresh LMDB file of two tables, as the log's and the index's are. */

struct file {
    char path[4096];
    MDB_env *env;
    MDB_dbi tables[2];
};

/* The blocks are asked for beforehand: the engine does so too, outside of its commits. */
static void file_make(struct file *f, const char *directory, const char *name, unsigned flags, uint64_t bytes)
{
    MDB_txn *txn;
    int fd;
    snprintf(f->path, sizeof f->path, "%s/%s", directory, name);
    unlink(f->path);
    must(mdb_env_create(&f->env), "mdb_env_create");
    must(mdb_env_set_maxdbs(f->env, COUNT_OF(f->tables)), "mdb_env_set_maxdbs");
    must(mdb_env_set_mapsize(f->env, 4 * bytes + ROOM_LEAST), "mdb_env_set_mapsize");
    must(mdb_env_open(f->env, f->path, MDB_NOSUBDIR | MDB_NOTLS | MDB_NOLOCK | flags, 0600), f->path);
    must(mdb_txn_begin(f->env, NULL, 0, &txn), "mdb_txn_begin");
    must(mdb_dbi_open(txn, "first", MDB_CREATE, &f->tables[0]), "mdb_dbi_open");
    must(mdb_dbi_open(txn, "second", MDB_CREATE, &f->tables[1]), "mdb_dbi_open");
    must(mdb_txn_commit(txn), "mdb_txn_commit");
    must(mdb_env_get_fd(f->env, &fd), "mdb_env_get_fd");
    must(posix_fallocate(fd, 0, (off_t)(2 * bytes + ROOM_LEAST)), "posix_fallocate");
    must(fsync(fd) ? errno : 0, "fsync");
}

static uint64_t file_used(const struct file *f)
{
    MDB_envinfo info;
    MDB_stat stat;
    must(mdb_env_info(f->env, &info), "mdb_env_info");
    must(mdb_env_stat(f->env, &stat), "mdb_env_stat");
    return (info.me_last_pgno + 1) * (uint64_t)stat.ms_psize;
}

static void file_remove(struct file *f)
{
    mdb_env_close(f->env);
    unlink(f->path);
}

/* ---- commits */

static void put(MDB_cursor *cursor, uint64_t number, struct bytes stored)
{
    uint8_t room[8];
    MDB_val key = {8, room}, value = {stored.size, (void *)stored.data};
    put_be64(room, number);
    must(mdb_cursor_put(cursor, &key, &value, MDB_APPEND), "mdb_cursor_put");
}

/* One commit's values, and its record, in one durable transaction. */
static void append(const struct file *f, const struct log_commit *commit, const struct bytes values[])
{
    uint8_t record[RECORD_SIZE_MAX];
    MDB_txn *txn;
    MDB_cursor *cursor;
    must(mdb_txn_begin(f->env, NULL, 0, &txn), "mdb_txn_begin");
    must(mdb_cursor_open(txn, f->tables[0], &cursor), "mdb_cursor_open");
    for (uint64_t seq = commit->first; seq <= commit->last; seq++) put(cursor, seq, values[seq - commit->first]);
    mdb_cursor_close(cursor);
    must(mdb_cursor_open(txn, f->tables[1], &cursor), "mdb_cursor_open");
    put(cursor, commit->last, (struct bytes){record, record_encode(commit, record)});
    mdb_cursor_close(cursor);
    must(mdb_txn_commit(txn), "mdb_txn_commit");
}

/* Returns the seconds; those of each commit go to `each`, if it is not NULL. */
static double append_all(const struct file *f, const struct stretch *s, double each[])
{
    double start = bench_now(), before = start;
    for (size_t i = 0; i < s->commit_count; i++) {
        append(f, &s->commits[i], &s->values[s->commits[i].first - s->first]);
        double now = bench_now();
        if (each) each[i] = now - before;
        before = now;
    }
    return before - start;
}

static uint64_t room_for(const struct stretch *s)
{
    return s->bytes + 64 * s->count + s->commit_count * RECORD_SIZE_MAX;
}

static void measure_commits(const char *prefix, const struct stretch *s, const char *scratch)
{
    struct file file;
    double *each = malloc(s->commit_count * sizeof *each);
    if (!each) bench_fail("no memory");
    file_make(&file, scratch, "limit.mdb", 0, room_for(s));
    uint64_t empty = file_used(&file);
    bench_figure(prefix, "seconds", append_all(&file, s, each));
    bench_figure(prefix, "file_bytes", (double)(file_used(&file) - empty));
    bench_percentiles(prefix, each, s->commit_count);
    file_remove(&file);
    free(each);
}

/* ---- import */

static struct bytes *ids_of(struct stretch *s)
{
    struct bytes *ids = arena_zero(&s->arena, s->count * sizeof *ids);
    for (size_t i = 0; i < s->count; i++) {
        struct event event;
        struct sentence why;
        if (event_decode(s->values[i], &event, &why) != EVENT_OK) bench_fail("%s", why.text);
        if (event.type == EVENT_IMPORT_ROW_ACCEPTED) ids[i] = event.import_row_accepted.id;
    }
    return ids;
}

/* A device's entry is as large as its event, near enough. */
static void index_part(const struct file *f, const struct stretch *s, const struct bytes ids[], size_t from, size_t to)
{
    MDB_txn *txn;
    MDB_cursor *numbers, *names;
    must(mdb_txn_begin(f->env, NULL, 0, &txn), "mdb_txn_begin");
    must(mdb_cursor_open(txn, f->tables[0], &numbers), "mdb_cursor_open");
    must(mdb_cursor_open(txn, f->tables[1], &names), "mdb_cursor_open");
    for (size_t i = from; i < to; i++) {
        uint32_t number = (uint32_t)i;
        MDB_val key = {ids[i].size, (void *)ids[i].data}, value = {sizeof number, &number};
        if (!ids[i].size) continue;
        put(numbers, i, s->values[i]);
        must(mdb_cursor_put(names, &key, &value, 0), "mdb_cursor_put");
    }
    mdb_cursor_close(numbers);
    mdb_cursor_close(names);
    must(mdb_txn_commit(txn), "mdb_txn_commit");
}

static void measure_import(const char *prefix, struct stretch *s, const char *scratch)
{
    struct file log, index;
    const struct bytes *ids = ids_of(s);
    file_make(&log, scratch, "limit.mdb", 0, room_for(s));
    double log_seconds = append_all(&log, s, NULL);
    file_remove(&log);
    file_make(&index, scratch, "limit.mdb", MDB_NOSYNC, 2 * room_for(s));
    double start = bench_now();
    for (size_t from = 0; from < s->count; from += INDEX_COMMIT_EVENTS)
        index_part(&index, s, ids, from, MIN(from + INDEX_COMMIT_EVENTS, s->count));
    double index_seconds = bench_now() - start;
    file_remove(&index);
    bench_figure(prefix, "log_seconds", log_seconds);
    bench_figure(prefix, "index_seconds", index_seconds);
    bench_figure(prefix, "seconds", log_seconds + index_seconds);
}

/* ---- scan */

/* Something of every value is looked at, else its page would not be. */
static volatile uint8_t looked_at;

static uint64_t scan_table(MDB_txn *txn, const char *path, const char *table, uint64_t first, uint64_t last)
{
    MDB_dbi dbi;
    MDB_cursor *cursor;
    uint8_t room[8];
    MDB_val key = {8, room}, value;
    uint64_t count = 0;
    must(mdb_dbi_open(txn, table, 0, &dbi), path);
    must(mdb_cursor_open(txn, dbi, &cursor), path);
    put_be64(room, first);
    int code = mdb_cursor_get(cursor, &key, &value, first ? MDB_SET_RANGE : MDB_FIRST);
    for (; code == 0; code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
        if (first && get_be64(key.mv_data) > last) break;
        if (value.mv_size) looked_at = *(const uint8_t *)value.mv_data;
        count++;
    }
    if (code != MDB_NOTFOUND) must(code, path);
    mdb_cursor_close(cursor);
    return count;
}

static uint64_t scan_file(const char *path, const char *table, uint64_t first, uint64_t last)
{
    MDB_env *env;
    MDB_txn *txn;
    must(mdb_env_create(&env), "mdb_env_create");
    must(mdb_env_set_maxdbs(env, 64), "mdb_env_set_maxdbs");
    must(mdb_env_open(env, path, MDB_NOSUBDIR | MDB_RDONLY | MDB_NOLOCK, 0600), path);
    must(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), path);
    uint64_t count = scan_table(txn, path, table, first, last);
    mdb_txn_abort(txn);
    mdb_env_close(env);
    return count;
}

static void measure_scan(const char *prefix, const char *table, uint64_t first, uint64_t last, char *const files[])
{
    double start = bench_now();
    uint64_t values = 0;
    for (; *files; files++) values += scan_file(*files, table, first, last);
    bench_figure(prefix, "seconds", bench_now() - start);
    bench_figure(prefix, "values", (double)values);
}

/* ---- write */

static void measure_write(const char *prefix, const char *scratch, uint64_t bytes)
{
    static const uint8_t piece[WRITE_SIZE];
    char path[4096];
    snprintf(path, sizeof path, "%s/limit.bytes", scratch);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) bench_fail("%s cannot be made", path);
    double start = bench_now();
    for (uint64_t left = bytes; left > 0;) {
        ssize_t wrote = write(fd, piece, MIN(left, sizeof piece));
        if (wrote <= 0) bench_fail("%s cannot be written", path);
        left -= (uint64_t)wrote;
    }
    bench_figure(prefix, "seconds", bench_now() - start);
    close(fd);
    unlink(path);
}

int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[1] : "", *prefix = argc > 2 ? argv[2] : "";
    if (argc == 7 && (strcmp(what, "commits") == 0 || strcmp(what, "import") == 0)) {
        struct stretch stretch;
        stretch_load(&stretch, argv[3], bench_number(argv[4]), bench_number(argv[5]));
        if (what[0] == 'c') measure_commits(prefix, &stretch, argv[6]);
        else measure_import(prefix, &stretch, argv[6]);
        stretch_free(&stretch);
    } else if (argc >= 7 && strcmp(what, "scan") == 0) {
        measure_scan(prefix, argv[3], bench_number(argv[4]), bench_number(argv[5]), argv + 6);
    } else if (argc == 5 && strcmp(what, "write") == 0) {
        measure_write(prefix, argv[3], bench_number(argv[4]));
    } else {
        bench_fail("bench_limits commits|import|scan|write ...; the beginning of bench/limits.c tells what follows");
    }
    return EXIT_SUCCESS;
}
