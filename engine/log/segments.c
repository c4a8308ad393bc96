#include "engine/log/segments.h"

#include <stdlib.h>

enum { IDLE_MAX = 8 };

void segments_init(struct segments *list, const struct directory *directory)
{
    *list = (struct segments){.directory = directory};
    ASSERT(pthread_mutex_init(&list->mutex, NULL) == 0);
}

void segments_free(struct segments *list)
{
    for (size_t i = 0; i < list->count; i++) {
        ASSERT(list->slots[i]->borrowers == 0);
        if (list->slots[i]->segment) segment_close(list->slots[i]->segment);
        free(list->slots[i]);
    }
    free(list->slots);
    pthread_mutex_destroy(&list->mutex);
}

static struct segment_slot *newest_slot(const struct segments *list)
{
    ASSERT(list->count > 0);
    return list->slots[list->count - 1];
}

/* Closes the one not used for longest when too many are open that nobody reads. */
static void close_idle(struct segments *list)
{
    struct segment_slot *oldest = NULL;
    size_t idle = 0;
    for (size_t i = 0; i + 1 < list->count; i++) {
        struct segment_slot *slot = list->slots[i];
        if (!slot->segment || slot->borrowers > 0) continue;
        idle++;
        if (!oldest || slot->returned < oldest->returned) oldest = slot;
    }
    if (idle <= IDLE_MAX) return;
    segment_close(oldest->segment);
    oldest->segment = NULL;
}

static struct segment_slot *slot_append(struct segments *list)
{
    if (list->count == list->capacity) {
        list->capacity = MAX(list->capacity * 2, (size_t)16);
        list->slots = realloc(list->slots, list->capacity * sizeof(struct segment_slot *));
        ASSERT(list->slots != NULL);
    }
    struct segment_slot *slot = calloc(1, sizeof *slot);
    ASSERT(slot != NULL);
    list->slots[list->count++] = slot;
    return slot;
}

void segments_add(struct segments *list, uint64_t first, struct segment *segment)
{
    pthread_mutex_lock(&list->mutex);
    ASSERT(list->count == 0 || newest_slot(list)->first < first);
    struct segment_slot *slot = slot_append(list);
    slot->first = first;
    slot->segment = segment;
    close_idle(list);
    pthread_mutex_unlock(&list->mutex);
}

void segments_seal_newest(struct segments *list, uint64_t last, uint64_t file_bytes)
{
    pthread_mutex_lock(&list->mutex);
    struct segment_slot *slot = newest_slot(list);
    slot->last = last;
    slot->file_bytes = file_bytes;
    slot->returned = ++list->returns;
    list->sealed_bytes += file_bytes;
    pthread_mutex_unlock(&list->mutex);
}

struct segment *segments_newest(const struct segments *list)
{
    return newest_slot(list)->segment;
}

struct segment_slot *segments_borrow_newest(struct segments *list)
{
    pthread_mutex_lock(&list->mutex);
    struct segment_slot *slot = newest_slot(list);
    slot->borrowers++;
    pthread_mutex_unlock(&list->mutex);
    return slot;
}

/* How many segments begin at or before this number. */
static size_t count_up_to(const struct segments *list, uint64_t seq)
{
    size_t low = 0;
    size_t high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list->slots[middle]->first <= seq) low = middle + 1;
        else high = middle;
    }
    return low;
}

static enum log_fault missing(const struct segments *list, uint64_t first, uint64_t last, struct sentence *why)
{
    char name[SEGMENT_NAME_SIZE];
    segment_name(first, name);
    sentence_set(why, "values %llu to %llu are not in %s: bring back the archived segments from %s on",
                 (unsigned long long)first, (unsigned long long)last, list->directory->path, name);
    return LOG_SEGMENT_MISSING;
}

static enum log_fault slot_open(const struct segments *list, struct segment_slot *slot, struct sentence *why)
{
    char name[SEGMENT_NAME_SIZE];
    char path[LOG_PATH_MAX];
    segment_name(slot->first, name);
    directory_name(list->directory, name, path);
    enum log_fault fault = segment_open(&slot->segment, path, SEGMENT_READ, 0, why);
    return fault == LOG_SEGMENT_MISSING ? missing(list, slot->first, slot->last, why) : fault;
}

static enum log_fault find_and_borrow(struct segments *list, uint64_t seq, struct segment_slot **found,
                                      struct sentence *why)
{
    size_t count = count_up_to(list, seq);
    if (count == 0) return missing(list, 1, list->slots[0]->first - 1, why);
    struct segment_slot *slot = list->slots[count - 1];
    bool is_newest = count == list->count;
    if (!is_newest && seq > slot->last) return missing(list, slot->last + 1, list->slots[count]->first - 1, why);
    if (!slot->segment) {
        enum log_fault fault = slot_open(list, slot, why);
        if (fault != LOG_OK) return fault;
    }
    slot->borrowers++;
    *found = slot;
    return LOG_OK;
}

enum log_fault segments_borrow(struct segments *list, uint64_t seq, struct segment_slot **slot, struct sentence *why)
{
    pthread_mutex_lock(&list->mutex);
    enum log_fault fault = find_and_borrow(list, seq, slot, why);
    pthread_mutex_unlock(&list->mutex);
    return fault;
}

void segments_return(struct segments *list, struct segment_slot *slot)
{
    pthread_mutex_lock(&list->mutex);
    ASSERT(slot->borrowers > 0);
    slot->borrowers--;
    slot->returned = ++list->returns;
    close_idle(list);
    pthread_mutex_unlock(&list->mutex);
}

bool segments_is_newest(struct segments *list, const struct segment_slot *slot)
{
    pthread_mutex_lock(&list->mutex);
    bool is_newest = slot == newest_slot(list);
    pthread_mutex_unlock(&list->mutex);
    return is_newest;
}
