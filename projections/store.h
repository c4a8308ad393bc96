/* The LMDB environment of the projections: its tables, the one write transaction, and the views that read.
 * Only store.c and probe.c know LMDB; the folds see tables, numbers and bytes.
 *
 *     <directory>/projections.mdb        the environment, MDB_NOSYNC: it may be thrown away at any time
 *     <directory>/projections.mdb-lock   LMDB's own
 *
 * Every table is keyed either by a number (8 bytes, big-endian) or by an id (1..STORE_KEY_MAX bytes).
 * Nodes of a number table whose values are all a multiple of 8 bytes lie on 8-byte boundaries, so that such
 * values may be read in place as structs (store_record).
 *
 * Functions that return bool return false when there is no such entry or when LMDB failed; then v->fault says so,
 * and stays until the transaction is aborted. Values are borrowed until the next write through the live view, or
 * until the snapshot's end. */
#ifndef MUSTER_STORE_H
#define MUSTER_STORE_H

#include "projections/projections.h"

enum { STORE_KEY_MAX = 511, STORE_PAGE_SIZE = 4096, STORE_META = 0 };

/* What each fold may own: so many tables, and RAM behind the live view. */
enum { FOLD_TABLES_MAX = 5 };
enum fold_id {
#define PROJECTION(name, version) FOLD_##name,
#include "projections/projections.def"
#undef PROJECTION
    FOLD_COUNT
};
/* The index-th table of a fold; table 0 is the projections' own. */
#define FOLD_TABLE(fold, index) (1 + FOLD_##fold * FOLD_TABLES_MAX + (index))
enum { STORE_TABLES_MAX = 1 + FOLD_COUNT * FOLD_TABLES_MAX };

struct store;
struct MDB_txn;
struct MDB_cursor;

/* Where a table's cursor stands, so that the next number is a step and not a search. */
struct place {
    struct MDB_cursor *cursor;
    uint64_t at;
    uint64_t writes; /* v->writes when it got there */
    bool set;
};

struct view {
    struct store *store;
    struct MDB_txn *txn;
    bool live;
    enum projections_fault fault; /* the first one of this transaction */
    struct sentence why;
    uint64_t seq;    /* of a snapshot */
    uint64_t writes; /* puts and deletes so far: what was read before the last one may have moved */
    uint64_t steps;  /* entries read or written while the last event was folded */
    uint64_t steps_max; /* one more is a fault; 0: there is no limit, as there is none but while an event is folded */
    struct place places[STORE_TABLES_MAX];
    void *ram[FOLD_COUNT]; /* live: each fold's; a snapshot has none */
    struct {
        uint64_t key;
        uint64_t writes;
        struct bytes value;
    } page; /* the packed page read last (packed.c) */
};

/* ---- The environment. Held by the live view and by each snapshot; the last one closes it. */

/* Opens the file in the directory or makes it; tables[i] NULL leaves number i unused. */
enum projections_fault store_open(struct store **store, const char *directory, uint64_t map_bytes,
                                  const char *const tables[STORE_TABLES_MAX], struct sentence *why);
struct store *store_hold(struct store *store);
void store_release(struct store *store);
/* Everything committed so far is on disk when this returns OK. */
/* From now on a failed assertion removes the file: damaged values may have led to it, and the next start would meet
 * them again. */
void store_distrust_on_bug(const char *directory);
enum projections_fault store_sync(struct store *store, struct sentence *why);
#define STORE_DATA_FILE "projections.mdb"
#define STORE_LOCK_FILE STORE_DATA_FILE "-lock"

struct store_path {
    char text[4096];
};
/* directory/file, in path->text. */
const char *store_path(struct store_path *path, const char *directory, const char *file);

/* Removes the files; an environment still held keeps its own, nameless. */
void store_remove(const char *directory);
bool store_exists(const char *directory);

/* ---- Transactions. The live view has a write transaction at all times, a snapshot a read transaction. */

enum projections_fault store_begin(struct view *live);
enum projections_fault store_commit(struct view *live);
void store_abort(struct view *live);
bool store_begin_reading(struct view *snapshot);
void store_end_reading(struct view *snapshot);

/* How much a commit now would write: an estimate, rather too high. */
uint64_t store_dirty_bytes(const struct view *live);
/* Extends the file so that a commit of that and `more` bytes finds room. NO_SPACE leaves the transaction as it is. */
enum projections_fault store_reserve(struct view *live, uint64_t more);

/* ---- Entries. */

bool store_get(struct view *v, unsigned table, struct bytes key, struct bytes *value);
bool store_put(struct view *v, unsigned table, struct bytes key, struct bytes value);
bool store_delete(struct view *v, unsigned table, struct bytes key);
static inline bool store_key_fits(struct bytes key)
{
    return key.size >= 1 && key.size <= STORE_KEY_MAX;
}

bool store_get_number(struct view *v, unsigned table, uint64_t number, struct bytes *value);
bool store_put_number(struct view *v, unsigned table, uint64_t number, struct bytes value);
/* As store_put_number for a number above all others in the table: cheaper, and fills pages. */
bool store_append_number(struct view *v, unsigned table, uint64_t number, struct bytes value);
bool store_delete_number(struct view *v, unsigned table, uint64_t number);
/* The entry with the lowest number >= from, or the highest <= from. Cheap when asked in order. */
bool store_next(struct view *v, unsigned table, uint64_t from, uint64_t *number, struct bytes *value);
bool store_previous(struct view *v, unsigned table, uint64_t from, uint64_t *number, struct bytes *value);
/* The highest number in the table; 0 when it is empty. */
uint64_t store_last(struct view *v, unsigned table);
/* The entry as a struct of `size` bytes, a multiple of 8, in place; NULL when there is none. */
const void *store_record(struct view *v, unsigned table, uint64_t number, size_t size);
/* `value` as such a struct; a value of another size is damage. */
const void *store_record_of(struct view *v, struct bytes value, size_t size);

/* Shows every entry of the table in order; false when the store failed. */
bool store_each(struct view *v, unsigned table, void (*entry)(void *context, struct bytes key, struct bytes value),
                void *context);

/* What is stored is not what any fold stored. Returns false. */
bool store_damaged(struct view *v, const char *what);

/* ---- Ids: tables from an id to a number. */

uint32_t ids_find(struct view *v, unsigned table, struct bytes id); /* 0: none */
bool ids_put(struct view *v, unsigned table, struct bytes id, uint32_t number);

#endif
