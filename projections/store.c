/* The only file that opens the projections' LMDB for use. Its codes become faults and sentences here.
 *
 * Happy path: store_open, store_begin, puts over many turns, store_reserve, store_commit, which begins the next.
 * Ways off it: any call that LMDB refuses leaves its reason in v->fault; the caller then aborts. */
#include "projections/store.h"

#include <errno.h>
#include <lmdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/base/space.h"

enum {
    ENVIRONMENT_FLAGS = MDB_NOSUBDIR | MDB_NOSYNC | MDB_NOTLS,
    FILE_MODE = 0600,
    NODE_BYTES = 16,           /* LMDB's own of each entry */
    LOCK_FILE_SIZE = 16 << 10, /* LMDB makes it 8,192 bytes for its default of 126 readers */
    EXTEND_STEP = 16 << 20,
    RESERVE_SLACK = 1 << 20, /* branch pages, the free list and the meta table of any commit */
};

struct table {
    MDB_dbi dbi;
    bool used;
    uint64_t clean_pages; /* of those it had when the transaction began, as many as may still become dirty */
};

struct store {
    atomic_uint holders;
    MDB_env *env;
    uint64_t map_bytes;
    struct space space;
    uint64_t dirty_bytes; /* that the open transaction will write, an estimate */
    struct table tables[STORE_TABLES_MAX];
};

static enum projections_fault fault_of(int code)
{
    switch (code) {
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_PANIC:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_INCOMPATIBLE:
    case MDB_NOTFOUND: return PROJECTIONS_DAMAGED;
    case MDB_MAP_FULL: return PROJECTIONS_NO_SPACE;
    default: return space_is_lacking(code) ? PROJECTIONS_NO_SPACE : PROJECTIONS_FAILED;
    }
}

static enum projections_fault explain(struct sentence *why, const char *doing, int code)
{
    sentence_set(why, "the projections' %s failed: %s", doing, mdb_strerror(code));
    return fault_of(code);
}

/* The first fault of a transaction is the reason; those after it are its consequences. */
static bool refused(struct view *v, const char *doing, int code)
{
    if (v->fault == PROJECTIONS_OK) v->fault = explain(&v->why, doing, code);
    return false;
}

bool store_damaged(struct view *v, const char *what)
{
    if (v->fault != PROJECTIONS_OK) return false;
    v->fault = PROJECTIONS_DAMAGED;
    sentence_set(&v->why, "the projections are damaged: %s", what);
    return false;
}

/* Counts a read or a write of an entry. False when the event being folded has had as many as it may. */
static bool step(struct view *v)
{
    if (++v->steps <= v->steps_max || v->steps_max == 0) return true;
    if (v->fault != PROJECTIONS_OK) return false;
    v->fault = PROJECTIONS_ENDLESS;
    sentence_set(&v->why, "it takes more than %llu steps", (unsigned long long)v->steps_max);
    return false;
}

/* ---- Files. */

const char *store_path(struct store_path *path, const char *directory, const char *file)
{
    int size = snprintf(path->text, sizeof path->text, "%s/%s", directory, file);
    ASSERT(size > 0 && (size_t)size < sizeof path->text);
    return path->text;
}

void store_remove(const char *directory)
{
    struct store_path path;
    unlink(store_path(&path, directory, STORE_DATA_FILE));
    unlink(store_path(&path, directory, STORE_LOCK_FILE));
}

bool store_exists(const char *directory)
{
    struct store_path path;
    return access(store_path(&path, directory, STORE_DATA_FILE), F_OK) == 0;
}

/* ---- The environment. */

static int environment_open(MDB_env **env, const char *directory, uint64_t map_bytes)
{
    struct store_path path;
    int code = mdb_env_create(env);
    if (code) return code;
    code = mdb_env_set_mapsize(*env, map_bytes);
    if (!code) code = mdb_env_set_maxdbs(*env, STORE_TABLES_MAX);
    /* LMDB makes its lock file with holes and writes to it through a map. */
    if (!code) code = space_make_file(store_path(&path, directory, STORE_LOCK_FILE), LOCK_FILE_SIZE);
    if (!code) code = mdb_env_open(*env, store_path(&path, directory, STORE_DATA_FILE), ENVIRONMENT_FLAGS, FILE_MODE);
    if (!code) return 0;
    mdb_env_close(*env);
    *env = NULL;
    return code;
}

static int tables_open(struct store *store, const char *const names[])
{
    MDB_txn *txn;
    int code = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (code) return code;
    for (unsigned i = 0; i < STORE_TABLES_MAX && !code; i++) {
        if (!names[i]) continue;
        store->tables[i].used = true;
        code = mdb_dbi_open(txn, names[i], MDB_CREATE, &store->tables[i].dbi);
    }
    if (!code) return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return code;
}

/* LMDB's own descriptor serves to extend the file: it lives as long as the environment. Nothing counts as ready: LMDB
 * leaves holes where pages were taken and given back in one transaction. */
static int space_open(struct store *store)
{
    store->space = (struct space){.step = EXTEND_STEP};
    return mdb_env_get_fd(store->env, &store->space.fd);
}

enum projections_fault store_open(struct store **opened, const char *directory, uint64_t map_bytes,
                                  const char *const tables[STORE_TABLES_MAX], struct sentence *why)
{
    int dead = 0;
    struct store *store = calloc(1, sizeof *store);
    ASSERT(store != NULL);
    store->map_bytes = map_bytes;
    int code = environment_open(&store->env, directory, map_bytes);
    if (code) goto abort;
    code = mdb_reader_check(store->env, &dead);
    if (!code) code = tables_open(store, tables);
    if (!code) code = space_open(store);
    if (code) goto close;
    atomic_init(&store->holders, 1);
    *opened = store;
    return PROJECTIONS_OK;
close:
    mdb_env_close(store->env);
abort:
    free(store);
    return explain(why, "opening", code);
}

struct store *store_hold(struct store *store)
{
    atomic_fetch_add(&store->holders, 1);
    return store;
}

void store_release(struct store *store)
{
    if (atomic_fetch_sub(&store->holders, 1) > 1) return;
    mdb_env_close(store->env);
    free(store);
}

static struct store_path distrusted;

static void remove_distrusted(void)
{
    unlink(distrusted.text);
}

void store_distrust_on_bug(const char *directory)
{
    store_path(&distrusted, directory, STORE_DATA_FILE);
    assert_before_stop = remove_distrusted;
}

enum projections_fault store_sync(struct store *store, struct sentence *why)
{
    int code = mdb_env_sync(store->env, 1);
    return code ? explain(why, "syncing", code) : PROJECTIONS_OK;
}

/* ---- Transactions. */

static void tables_measure(struct view *v)
{
    for (unsigned i = 0; i < STORE_TABLES_MAX; i++) {
        struct table *table = &v->store->tables[i];
        MDB_stat stat = {0};
        if (!table->used) continue;
        mdb_stat(v->txn, table->dbi, &stat);
        table->clean_pages = stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
    }
    v->store->dirty_bytes = 0;
}

/* A write somewhere in a table makes a page dirty as long as there are clean ones; then only its bytes count. */
static void count_dirty(struct store *store, unsigned table, uint64_t bytes)
{
    if (store->tables[table].clean_pages > 0) {
        store->tables[table].clean_pages--;
        bytes = MAX(bytes, (uint64_t)STORE_PAGE_SIZE);
    }
    store->dirty_bytes += bytes;
}

static void cursors_close(struct view *v)
{
    for (unsigned i = 0; i < STORE_TABLES_MAX; i++) {
        if (v->places[i].cursor) mdb_cursor_close(v->places[i].cursor);
        v->places[i] = (struct place){0};
    }
    v->writes++;
    v->page.value = BYTES_NONE;
}

enum projections_fault store_begin(struct view *live)
{
    live->fault = PROJECTIONS_OK;
    live->why.text[0] = '\0';
    int code = mdb_txn_begin(live->store->env, NULL, 0, &live->txn);
    if (code) {
        live->txn = NULL;
        refused(live, "beginning of a transaction", code);
        return live->fault;
    }
    tables_measure(live);
    return PROJECTIONS_OK;
}

enum projections_fault store_commit(struct view *live)
{
    cursors_close(live);
    int code = mdb_txn_commit(live->txn);
    live->txn = NULL;
    if (!code) return store_begin(live);
    refused(live, "commit", code);
    return live->fault;
}

void store_abort(struct view *live)
{
    cursors_close(live);
    if (live->txn) mdb_txn_abort(live->txn);
    live->txn = NULL;
}

bool store_begin_reading(struct view *snapshot)
{
    int code = mdb_txn_begin(snapshot->store->env, NULL, MDB_RDONLY, &snapshot->txn);
    return code ? refused(snapshot, "snapshot", code) : true;
}

void store_end_reading(struct view *snapshot)
{
    cursors_close(snapshot);
    mdb_txn_abort(snapshot->txn);
}

uint64_t store_dirty_bytes(const struct view *live)
{
    return live->store->dirty_bytes;
}

enum projections_fault store_reserve(struct view *live, uint64_t more)
{
    struct store *store = live->store;
    MDB_envinfo info;
    ASSERT(mdb_env_info(store->env, &info) == 0);
    uint64_t used = (info.me_last_pgno + 1) * STORE_PAGE_SIZE;
    /* A put at a random place may split its page. */
    uint64_t need = 2 * (store_dirty_bytes(live) + more) + RESERVE_SLACK;
    int code = used + need > store->map_bytes ? ENOSPC : space_extend(&store->space, used, need, store->map_bytes);
    if (!code) return PROJECTIONS_OK;
    return explain(&live->why, "reserving of room on the disk", code);
}

/* ---- Entries. */

static MDB_val val_of(struct bytes b)
{
    return (MDB_val){b.size, (void *)(uintptr_t)b.data};
}

static struct bytes bytes_of(MDB_val val)
{
    return (struct bytes){val.mv_data, val.mv_size};
}

bool store_get(struct view *v, unsigned table, struct bytes key, struct bytes *value)
{
    if (!v->txn || !store_key_fits(key) || !step(v)) return false;
    MDB_val key_val = val_of(key), value_val;
    int code = mdb_get(v->txn, v->store->tables[table].dbi, &key_val, &value_val);
    if (code == MDB_NOTFOUND) return false;
    if (code) return refused(v, "reading", code);
    *value = bytes_of(value_val);
    return true;
}

static bool put(struct view *v, unsigned table, struct bytes key, struct bytes value, unsigned flags)
{
    ASSERT(v->live && store_key_fits(key));
    if (!step(v)) return false;
    MDB_val key_val = val_of(key), value_val = val_of(value);
    v->writes++;
    int code = mdb_put(v->txn, v->store->tables[table].dbi, &key_val, &value_val, flags);
    return code ? refused(v, "writing", code) : true;
}

bool store_put(struct view *v, unsigned table, struct bytes key, struct bytes value)
{
    count_dirty(v->store, table, key.size + value.size + NODE_BYTES);
    return put(v, table, key, value, 0);
}

bool store_delete(struct view *v, unsigned table, struct bytes key)
{
    ASSERT(v->live && store_key_fits(key));
    if (!step(v)) return false;
    MDB_val key_val = val_of(key);
    v->writes++;
    count_dirty(v->store, table, 0);
    int code = mdb_del(v->txn, v->store->tables[table].dbi, &key_val, NULL);
    return code ? refused(v, "deleting", code) : true;
}

struct number_key {
    uint8_t bytes[8];
};

static struct bytes key_of(uint64_t number, struct number_key *key)
{
    put_be64(key->bytes, number);
    return (struct bytes){key->bytes, sizeof key->bytes};
}

bool store_get_number(struct view *v, unsigned table, uint64_t number, struct bytes *value)
{
    struct number_key key;
    return store_get(v, table, key_of(number, &key), value);
}

bool store_put_number(struct view *v, unsigned table, uint64_t number, struct bytes value)
{
    struct number_key key;
    return store_put(v, table, key_of(number, &key), value);
}

bool store_append_number(struct view *v, unsigned table, uint64_t number, struct bytes value)
{
    struct number_key key;
    v->store->dirty_bytes += sizeof key + value.size + NODE_BYTES;
    return put(v, table, key_of(number, &key), value, MDB_APPEND);
}

bool store_delete_number(struct view *v, unsigned table, uint64_t number)
{
    struct number_key key;
    return store_delete(v, table, key_of(number, &key));
}

/* ---- Walking number tables. */

static struct place *place_in(struct view *v, unsigned table)
{
    struct place *place = &v->places[table];
    if (!v->txn) return NULL;
    if (place->cursor) return place;
    int code = mdb_cursor_open(v->txn, v->store->tables[table].dbi, &place->cursor);
    if (!code) return place;
    place->cursor = NULL;
    refused(v, "opening of a cursor", code);
    return NULL;
}

static bool place_stands_at(const struct view *v, const struct place *place, uint64_t number)
{
    return place->set && place->writes == v->writes && place->at == number;
}

static bool place_move(struct view *v, struct place *place, MDB_cursor_op how, uint64_t from, struct bytes *value)
{
    struct number_key wanted;
    MDB_val key = val_of(key_of(from, &wanted)), found;
    place->set = false;
    if (!step(v)) return false;
    int code = mdb_cursor_get(place->cursor, &key, &found, how);
    if (code == MDB_NOTFOUND) return false;
    if (code) return refused(v, "reading", code);
    if (key.mv_size != sizeof(struct number_key)) return store_damaged(v, "a key is no number");
    place->at = get_be64(key.mv_data);
    place->writes = v->writes;
    place->set = true;
    *value = bytes_of(found);
    return true;
}

bool store_next(struct view *v, unsigned table, uint64_t from, uint64_t *number, struct bytes *value)
{
    struct place *place = place_in(v, table);
    if (!place) return false;
    bool beside = from > 0 && place_stands_at(v, place, from - 1);
    if (!place_move(v, place, beside ? MDB_NEXT : MDB_SET_RANGE, from, value)) return false;
    *number = place->at;
    return true;
}

bool store_previous(struct view *v, unsigned table, uint64_t from, uint64_t *number, struct bytes *value)
{
    struct place *place = place_in(v, table);
    if (!place) return false;
    bool found;
    if (place_stands_at(v, place, from + 1)) {
        found = place_move(v, place, MDB_PREV, from, value);
    } else {
        found = place_move(v, place, MDB_SET_RANGE, from, value) || place_move(v, place, MDB_LAST, from, value);
        if (found && place->at > from) found = place_move(v, place, MDB_PREV, from, value);
    }
    if (found) *number = place->at;
    return found;
}

uint64_t store_last(struct view *v, unsigned table)
{
    uint64_t number = 0;
    struct bytes value;
    return store_previous(v, table, UINT64_MAX, &number, &value) ? number : 0;
}

const void *store_record_of(struct view *v, struct bytes value, size_t size)
{
    if (value.size == size && (uintptr_t)value.data % 8 == 0) return value.data;
    store_damaged(v, "an entry has a size that no fold gave it");
    return NULL;
}

const void *store_record(struct view *v, unsigned table, uint64_t number, size_t size)
{
    struct bytes value;
    return store_get_number(v, table, number, &value) ? store_record_of(v, value, size) : NULL;
}

bool store_each(struct view *v, unsigned table, void (*entry)(void *context, struct bytes key, struct bytes value),
                void *context)
{
    struct place *place = place_in(v, table);
    if (!place) return false;
    place->set = false;
    MDB_val key, value;
    int code = mdb_cursor_get(place->cursor, &key, &value, MDB_FIRST);
    for (; !code; code = mdb_cursor_get(place->cursor, &key, &value, MDB_NEXT)) {
        entry(context, bytes_of(key), bytes_of(value));
    }
    return code == MDB_NOTFOUND ? true : refused(v, "reading", code);
}

/* ---- Ids. */

uint32_t ids_find(struct view *v, unsigned table, struct bytes id)
{
    struct bytes value;
    uint32_t number;
    if (!store_get(v, table, id, &value)) return 0;
    if (value.size != sizeof number) {
        store_damaged(v, "an id has no number");
        return 0;
    }
    memcpy(&number, value.data, sizeof number);
    return number;
}

bool ids_put(struct view *v, unsigned table, struct bytes id, uint32_t number)
{
    return store_put(v, table, id, (struct bytes){&number, sizeof number});
}
