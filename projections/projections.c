/* Opens, feeds, commits and drops the folds of projections.def together.
 *
 * Happy path: projections_open, then per turn projections_apply..., now and then projections_commit, at the end
 * projections_close(clean). Ways off it: a file that is unfit is removed and made anew; whatever the store refuses
 * is undone by projections_abort, and folded again from projections_position; damage by projections_reset.
 *
 * The meta table says what the file is worth: the position in the log, the versions of the folds, the machine's
 * boot; an empty one says that nothing was committed yet. What a clean stop leaves is in marker.h. */
#include "projections/projections.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/space.h"
#include "projections/fold.h"
#include "projections/marker.h"
#include "projections/probe.h"

enum { DIRECTORY_MODE = 0700, EVENTS_MAX_USUAL = 100000 };
#define MAP_BYTES_USUAL   ((uint64_t)64 << 30)
/* Room for every page of a million devices' list and of their values: results in random order touch them all. */
#define DIRTY_BYTES_USUAL ((uint64_t)64 << 20)

static const struct fold *const FOLDS[FOLD_COUNT] = {
#define PROJECTION(name, version) [FOLD_##name] = &fold_##name,
#include "projections/projections.def"
#undef PROJECTION
};

/* As the meta table keeps it; another text is another version of some fold. */
static const char VERSIONS[] =
#define PROJECTION(name, version) #name " " #version "\n"
#include "projections/projections.def"
#undef PROJECTION
    ;

#define META_POSITION BYTES("position")
#define META_VERSIONS BYTES("versions")
#define META_BOOT     BYTES("boot")

struct projections_state {
    char *directory;
    char *boot_id;
    struct projections_settings settings;
    const char *tables[STORE_TABLES_MAX];
    struct view live;
    pthread_mutex_t lock; /* around live.store: a reset may change it while a worker takes a snapshot */
    struct fold_position position;
    uint64_t head;
    uint32_t events; /* applied since the last commit */
    uint64_t steps_max; /* for folding one event; 0: no limit */
};

/* ---- What the folds keep in RAM. */

static void ram_drop(struct view *live)
{
    for (unsigned i = 0; i < FOLD_COUNT; i++) {
        const struct fold *fold = FOLDS[i];
        if (fold->drop) fold->drop(live->ram[i]);
        if (fold->ram_size) memset(live->ram[i], 0, fold->ram_size);
    }
}

static bool ram_flush(struct view *live)
{
    for (unsigned i = 0; i < FOLD_COUNT; i++) {
        if (FOLDS[i]->flush && !FOLDS[i]->flush(live)) return false;
    }
    return live->fault == PROJECTIONS_OK;
}

static uint64_t ram_unflushed_bytes(const struct view *live)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < FOLD_COUNT; i++) {
        if (FOLDS[i]->unflushed_bytes) bytes += FOLDS[i]->unflushed_bytes(live->ram[i]);
    }
    return bytes;
}

/* ---- The state. */

static char *copy_of(const char *text)
{
    char *copy = strdup(text);
    ASSERT(copy != NULL);
    return copy;
}

static struct projections_state *state_new(const struct projections_settings *settings)
{
    struct projections_state *state = calloc(1, sizeof *state);
    ASSERT(state != NULL);
    state->settings = *settings;
    state->settings.directory = state->directory = copy_of(settings->directory);
    state->settings.boot_id = state->boot_id = copy_of(settings->boot_id);
    if (!settings->map_bytes) state->settings.map_bytes = MAP_BYTES_USUAL;
    if (!settings->dirty_bytes_max) state->settings.dirty_bytes_max = DIRTY_BYTES_USUAL;
    if (!settings->events_max) state->settings.events_max = EVENTS_MAX_USUAL;
    pthread_mutex_init(&state->lock, NULL);
    state->live.live = true;
    state->tables[STORE_META] = "meta";
    for (unsigned i = 0; i < FOLD_COUNT; i++) {
        for (unsigned j = 0; j < FOLD_TABLES_MAX; j++) state->tables[1 + i * FOLD_TABLES_MAX + j] = FOLDS[i]->tables[j];
        if (FOLDS[i]->ram_size) state->live.ram[i] = calloc(1, FOLDS[i]->ram_size);
        ASSERT(!FOLDS[i]->ram_size || state->live.ram[i]);
    }
    return state;
}

static void state_delete(struct projections_state *state)
{
    ram_drop(&state->live);
    for (unsigned i = 0; i < FOLD_COUNT; i++) free(state->live.ram[i]);
    pthread_mutex_destroy(&state->lock);
    free(state->directory);
    free(state->boot_id);
    free(state);
}

/* The fault of the live view becomes that of the projections. */
static enum projections_fault fault(struct projections *p, enum projections_fault fault)
{
    p->fault = fault;
    if (fault != PROJECTIONS_OK) p->why = p->state->live.why;
    return fault;
}

/* ---- Fitness. */

/* NULL when the open file may be used; else the reason, the end of a sentence. Another boot without a clean stop:
 * the machine crashed or lost power after the file was written, and LMDB may have lost any page of it. */
static const char *unfit(struct view *live, const char *boot_id, bool clean)
{
    struct bytes position, versions, boot;
    if (!store_get(live, STORE_META, META_POSITION, &position)) return live->fault ? "they cannot be read" : NULL;
    if (position.size != sizeof(struct fold_position) || !store_get(live, STORE_META, META_VERSIONS, &versions) ||
        !store_get(live, STORE_META, META_BOOT, &boot)) {
        return "they are not whole";
    }
    if (!bytes_equal(versions, bytes_of_text(VERSIONS))) return "another version of a projection wrote them";
    if (clean || bytes_equal(boot, bytes_of_text(boot_id))) return NULL;
    return "the machine went down without a clean stop";
}

static void position_read(struct projections_state *state)
{
    struct bytes value;
    state->position = (struct fold_position){0};
    if (store_get(&state->live, STORE_META, META_POSITION, &value) && value.size == sizeof state->position) {
        memcpy(&state->position, value.data, sizeof state->position);
    }
    state->head = state->position.seq;
    state->events = 0;
}

/* Opens the store and begins its first transaction. */
static enum projections_fault begin(struct projections_state *state)
{
    struct store *store;
    enum projections_fault fault =
        store_open(&store, state->directory, state->settings.map_bytes, state->tables, &state->live.why);
    if (fault != PROJECTIONS_OK) return fault;
    pthread_mutex_lock(&state->lock);
    state->live.store = store;
    pthread_mutex_unlock(&state->lock);
    return store_begin(&state->live);
}

static void end(struct projections_state *state)
{
    ram_drop(&state->live);
    if (!state->live.store) return;
    store_abort(&state->live);
    pthread_mutex_lock(&state->lock);
    store_release(state->live.store);
    state->live.store = NULL;
    pthread_mutex_unlock(&state->lock);
}

static enum projections_fault open_anew(struct projections_state *state)
{
    store_remove(state->directory);
    enum projections_fault fault = begin(state);
    if (fault == PROJECTIONS_OK) position_read(state);
    return fault;
}

/* NULL when the file that is there is open and fit; else the reason why not. */
static const char *open_as_is(struct projections_state *state, enum marker marker)
{
    struct store_path path;
    bool clean = marker == MARKER_GOOD;
    if (marker == MARKER_WRONG) return "their file is not as the last stop left it";
    store_path(&path, state->directory, STORE_DATA_FILE);
    if (!probe_reads(path.text, state->settings.map_bytes, STORE_TABLES_MAX, !clean)) return "they cannot be read";
    if (begin(state) != PROJECTIONS_OK) return "they cannot be opened";
    const char *reason = unfit(&state->live, state->boot_id, clean);
    if (reason) return reason;
    position_read(state);
    return NULL;
}

enum projections_fault projections_open(struct projections *p, const struct projections_settings *settings)
{
    *p = (struct projections){.state = state_new(settings)};
    struct projections_state *state = p->state;
    if (mkdir(state->directory, DIRECTORY_MODE) != 0 && errno != EEXIST) {
        sentence_set(&p->why, "the directory %s cannot be made: %s", state->directory, strerror(errno));
        p->fault = space_is_lacking(errno) ? PROJECTIONS_NO_SPACE : PROJECTIONS_FAILED;
        goto abort;
    }
    enum marker marker = marker_take(state->directory);
    store_distrust_on_bug(state->directory);
    if (store_exists(state->directory)) {
        const char *reason = open_as_is(state, marker);
        if (!reason) return PROJECTIONS_OK;
        end(state);
        sentence_set(&p->why, "the projections are folded again: %s", reason);
    }
    p->fault = open_anew(state);
    if (p->fault == PROJECTIONS_OK) return PROJECTIONS_OK;
    p->why = state->live.why;
    end(state);
abort:
    state_delete(state);
    p->state = NULL;
    return p->fault;
}

enum projections_fault projections_reset(struct projections *p)
{
    end(p->state);
    p->why.text[0] = '\0';
    return fault(p, open_anew(p->state));
}

/* ---- Applying and committing. */

struct fold_position projections_position(const struct projections *p)
{
    return p->state->position;
}

uint64_t projections_head(const struct projections *p)
{
    return p->state->head;
}

/* Through every fold; what a fold refuses, or the store, ends it. */
static enum fold_result apply_all(struct view *live, const struct event *event, struct sentence *why)
{
    for (unsigned i = 0; i < FOLD_COUNT; i++) {
        enum fold_result result = FOLDS[i]->apply(live, event, why);
        if (result != FOLD_OK) return result;
        if (live->fault != PROJECTIONS_OK) return FOLD_FAULT;
    }
    return FOLD_OK;
}

enum fold_result projections_apply(struct projections *p, const struct event *event, struct sentence *why)
{
    struct projections_state *state = p->state;
    struct view *live = &state->live;
    ASSERT(event->seq == state->head + 1 && live->txn);
    live->steps = 0;
    live->steps_max = state->steps_max;
    enum fold_result result = apply_all(live, event, why);
    live->steps_max = 0;
    if (result != FOLD_OK) {
        /* What was illegal only because the store could not read is a fault of the store. */
        if (live->fault == PROJECTIONS_OK) return result;
        fault(p, live->fault);
        *why = p->why;
        return FOLD_FAULT;
    }
    state->head = event->seq;
    state->events++;
    return FOLD_OK;
}

void projections_limit(struct projections *p, uint64_t steps_max)
{
    p->state->steps_max = steps_max;
}

void projections_pass(struct projections *p)
{
    p->state->head++;
    p->state->events++;
}

bool projections_commit_due(const struct projections *p)
{
    const struct projections_state *state = p->state;
    if (state->events >= state->settings.events_max) return true;
    /* What is in RAM is there twice once it is flushed. */
    uint64_t dirty = store_dirty_bytes(&state->live) + 2 * ram_unflushed_bytes(&state->live);
    return dirty >= state->settings.dirty_bytes_max;
}

enum projections_fault projections_reserve(struct projections *p)
{
    return fault(p, store_reserve(&p->state->live, ram_unflushed_bytes(&p->state->live)));
}

bool projections_are_readable(struct projections *p)
{
    return p->state->live.fault == PROJECTIONS_OK || fault(p, p->state->live.fault) == PROJECTIONS_OK;
}

/* Says what the file is worth; the boot too, which may be another one than it was opened with. */
static bool meta_write(const struct projections_state *state, struct view *live, const struct fold_position *position)
{
    return store_put(live, STORE_META, META_VERSIONS, bytes_of_text(VERSIONS)) &&
           store_put(live, STORE_META, META_BOOT, bytes_of_text(state->boot_id)) &&
           store_put(live, STORE_META, META_POSITION, (struct bytes){position, sizeof *position});
}

enum projections_fault projections_commit(struct projections *p, const struct fold_position *position)
{
    struct projections_state *state = p->state;
    struct view *live = &state->live;
    ASSERT(position->seq == state->head);
    if (projections_reserve(p) != PROJECTIONS_OK) return p->fault;
    bool stored = ram_flush(live) && meta_write(state, live, position);
    enum projections_fault outcome = stored ? store_commit(live) : live->fault;
    /* After a failed write the transaction is lost, also when it was for room: the caller must abort. */
    if (outcome == PROJECTIONS_NO_SPACE) outcome = PROJECTIONS_FAILED;
    if (outcome != PROJECTIONS_OK) return fault(p, outcome);
    state->position = *position;
    state->events = 0;
    return fault(p, PROJECTIONS_OK);
}

enum projections_fault projections_abort(struct projections *p)
{
    struct projections_state *state = p->state;
    ram_drop(&state->live);
    store_abort(&state->live);
    enum projections_fault outcome = store_begin(&state->live);
    /* Read again: a commit that was reported as failed may have come through. */
    if (outcome == PROJECTIONS_OK) position_read(state);
    return fault(p, outcome);
}

void projections_close(struct projections *p, bool clean)
{
    struct projections_state *state = p->state;
    if (!state) return;
    ASSERT(!clean || (state->head == state->position.seq && state->events == 0));
    if (state->live.store && clean) {
        store_abort(&state->live);
        if (store_sync(state->live.store, &p->why) == PROJECTIONS_OK) marker_leave(state->directory);
    }
    end(state);
    state_delete(state);
    p->state = NULL;
}

/* ---- Views. */

struct view *projections_live(struct projections *p)
{
    return &p->state->live;
}

static void snapshot_position(struct view *snapshot)
{
    struct bytes value;
    struct fold_position position;
    if (!store_get(snapshot, STORE_META, META_POSITION, &value) || value.size != sizeof position) return;
    memcpy(&position, value.data, sizeof position);
    snapshot->seq = position.seq;
}

struct view *snapshot_open(struct projections *p)
{
    struct view *snapshot = calloc(1, sizeof *snapshot);
    ASSERT(snapshot != NULL);
    pthread_mutex_lock(&p->state->lock);
    if (p->state->live.store) snapshot->store = store_hold(p->state->live.store);
    pthread_mutex_unlock(&p->state->lock);
    if (snapshot->store && store_begin_reading(snapshot)) {
        snapshot_position(snapshot);
        return snapshot;
    }
    if (snapshot->store) store_release(snapshot->store);
    free(snapshot);
    return NULL;
}

void snapshot_close(struct view *snapshot)
{
    store_end_reading(snapshot);
    store_release(snapshot->store);
    free(snapshot);
}

uint64_t snapshot_seq(const struct view *snapshot)
{
    return snapshot->seq;
}

bool snapshot_failed(const struct view *snapshot)
{
    return snapshot->fault != PROJECTIONS_OK;
}

struct each {
    void (*entry)(void *context, const char *table, struct bytes key, struct bytes value);
    void *context;
    const char *table;
};

static void each_entry(void *context, struct bytes key, struct bytes value)
{
    struct each *each = context;
    each->entry(each->context, each->table, key, value);
}

void projections_each(struct view *v,
                      void (*entry)(void *context, const char *table, struct bytes key, struct bytes value),
                      void *context)
{
    struct each each = {.entry = entry, .context = context};
    if (v->live && !ram_flush(v)) return;
    for (unsigned i = 0; i < FOLD_COUNT; i++) {
        for (unsigned j = 0; j < FOLD_TABLES_MAX && FOLDS[i]->tables[j]; j++) {
            each.table = FOLDS[i]->tables[j];
            if (!store_each(v, 1 + i * FOLD_TABLES_MAX + j, each_entry, &each)) return;
        }
    }
}
