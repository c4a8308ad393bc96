/* The child walks the file and says by its exit status whether it came through; any other end is damage. */
#include "projections/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ENTRY_BYTES_MIN = 10, /* a node's header, its pointer, at the least: bounds the walk over a tree with a loop */
    PAGE_SIZE = 4096,
    FREE_LIST = 0, /* LMDB's own table of free pages has this handle */
};

struct walk {
    MDB_txn *txn;
    uint64_t entries_left;
    unsigned char sum; /* of a byte of each page: reading it is the point */
};

static void value_touch(struct walk *walk, MDB_val value)
{
    const volatile unsigned char *bytes = value.mv_data;
    for (size_t i = 0; i < value.mv_size; i += PAGE_SIZE) walk->sum += bytes[i];
    if (value.mv_size) walk->sum += bytes[value.mv_size - 1];
}

static int table_walk(struct walk *walk, MDB_dbi dbi)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    int code = mdb_cursor_open(walk->txn, dbi, &cursor);
    if (code) return code;
    while (!(code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) {
        if (walk->entries_left-- == 0) return MDB_CORRUPTED;
        value_touch(walk, key);
        value_touch(walk, value);
    }
    mdb_cursor_close(cursor);
    return code == MDB_NOTFOUND ? 0 : code;
}

/* The main table's keys are the tables' names. */
static int file_walk(struct walk *walk, bool deep)
{
    MDB_dbi main_table, dbi;
    MDB_cursor *cursor;
    MDB_val key, value;
    int code = deep ? table_walk(walk, FREE_LIST) : 0;
    if (!code) code = mdb_dbi_open(walk->txn, NULL, 0, &main_table);
    if (!code) code = mdb_cursor_open(walk->txn, main_table, &cursor);
    if (code) return code;
    while (!(code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) {
        char name[64] = {0};
        if (key.mv_size >= sizeof name || walk->entries_left-- == 0) return MDB_CORRUPTED;
        memcpy(name, key.mv_data, key.mv_size);
        code = mdb_dbi_open(walk->txn, name, 0, &dbi);
        if (!code && deep) code = table_walk(walk, dbi);
        if (code) return code;
    }
    return code == MDB_NOTFOUND ? 0 : code;
}

static int file_read(const char *path, uint64_t map_bytes, unsigned tables_max, bool deep)
{
    MDB_env *env;
    struct stat status;
    struct walk walk = {0};
    if (stat(path, &status) != 0) return errno;
    walk.entries_left = (uint64_t)status.st_size / ENTRY_BYTES_MIN;
    int code = mdb_env_create(&env);
    if (!code) code = mdb_env_set_mapsize(env, map_bytes);
    if (!code) code = mdb_env_set_maxdbs(env, tables_max);
    if (!code) code = mdb_env_open(env, path, MDB_NOSUBDIR | MDB_RDONLY | MDB_NOLOCK, 0);
    if (!code) code = mdb_txn_begin(env, NULL, MDB_RDONLY, &walk.txn);
    return code ? code : file_walk(&walk, deep);
}

/* A crash here is an answer, not news: no core, no handler's report, no words of LMDB's assertions. */
static void die_quietly(void)
{
    static const int SIGNALS[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    for (size_t i = 0; i < COUNT_OF(SIGNALS); i++) signal(SIGNALS[i], SIG_DFL);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere >= 0) dup2(nowhere, STDERR_FILENO);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
}

bool probe_reads(const char *path, uint64_t map_bytes, unsigned tables_max, bool deep)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        die_quietly();
        _exit(file_read(path, map_bytes, tables_max, deep) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    /* Without a child there is no answer; the caller folds again, which is always right. */
    if (child < 0) return false;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) return false;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}
