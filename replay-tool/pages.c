#include "replay-tool/pages.h"

#include "engine/events/event.h"
#include "engine/log/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PAGE_HEAD = 16,
    NODE_HEAD = 8,
    KEY_SIZE = 8,
    PAGE_BRANCH = 1,
    PAGE_LEAF = 2,
    PAGE_OVERFLOW = 4,
    PAGE_META = 8,
    NODE_BIG = 1,
    META_PAGE_BYTES_AT = PAGE_HEAD + 4 + 4 + 8 + 8, /* behind magic, version, address and measure of the map */
    PAGE_BYTES_MIN = 512,
    PAGE_BYTES_MAX = 32768,
    NODE_BYTES_MIN = 16, /* a file holds no more numbers than that gives */
    CHUNK_BYTES = 1 << 20,
    BIRTH_BYTES = 64 << 12,
};

static uint16_t get_le16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t get_le32(const uint8_t *at)
{
    return get_le16(at) | (uint32_t)get_le16(at + 2) << 16;
}

static uint64_t get_le64(const uint8_t *at)
{
    return get_le32(at) | (uint64_t)get_le32(at + 4) << 32;
}

/* ---- What was found. */

static bool read_at(const struct pages *p, uint64_t at, uint8_t *out, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t got = pread(p->fd, out + done, size - done, (off_t)(at + done));
        if (got <= 0) return false;
        done += (size_t)got;
    }
    return true;
}

static bool fetch(struct pages *p, uint64_t at, size_t size, struct bytes *value)
{
    if (size > p->room_size) {
        p->room_size = MAX(size, 2 * p->room_size);
        free(p->room);
        p->room = malloc(p->room_size);
        ASSERT(p->room);
    }
    *value = (struct bytes){p->room, size};
    return read_at(p, at, p->room, size);
}

static bool is_event(struct bytes value)
{
    struct event event;
    struct sentence why;
    return event_decode(value, &event, &why) != EVENT_MALFORMED;
}

/* A record whose root is that of its own frontier: no flipped bit leaves it so. */
static bool take_record(struct bytes value, struct log_commit *commit)
{
    uint8_t root[MERKLE_HASH_SIZE];
    if (!record_decode(value, commit)) return false;
    commit->tree.size = commit->last;
    merkle_root(&commit->tree, root);
    return memcmp(root, commit->root, sizeof root) == 0;
}

/* Values in their place go before those that were only found, events before what is none. */
static void note_value(struct pages *p, uint64_t seq, uint64_t at, uint32_t size, uint8_t how)
{
    struct page_slot *slot = &p->slots[seq - p->first];
    struct bytes value;
    if (slot->has_value > how) return;
    if (how == PAGES_FOUND && (!fetch(p, at, size, &value) || !is_event(value))) return;
    if (slot->has_value == how && (!fetch(p, slot->value_at, slot->value_size, &value) || is_event(value))) return;
    slot->value_at = at;
    slot->value_size = size;
    slot->has_value = how;
    p->last = MAX(p->last, seq);
}

/* ---- What a segment says about itself: nodes whose keys are words. */

static void note_birth(struct pages *p, struct bytes key, struct bytes value)
{
    if (bytes_equal(key, BYTES("log_id")) && value.size == LOG_ID_SIZE) {
        memcpy(p->birth.log_id, value.data, LOG_ID_SIZE);
        p->has_id = true;
    } else if (bytes_equal(key, BYTES("before"))) {
        struct log_commit before;
        bool good = record_decode(value, &before) && before.last + 1 == p->first;
        if (good && before.last > 0) good = take_record(value, &before);
        if (good) p->birth.before = before;
        p->has_before |= good;
    }
}

/* ---- Nodes. */

static bool is_number(const struct pages *p, uint64_t seq)
{
    return seq >= p->first && seq - p->first < p->count;
}

/* A large value lies behind the head of another page. */
static void note_large(struct pages *p, uint64_t seq, uint64_t page, uint32_t size, uint8_t how)
{
    uint64_t at = page * p->page_bytes + PAGE_HEAD;
    if (page < 2 || page > p->bytes / p->page_bytes || at > p->bytes || size > p->bytes - at) return;
    note_value(p, seq, at, size, how);
}

static void note_small(struct pages *p, uint64_t seq, uint64_t at, struct bytes value, uint8_t how)
{
    struct log_commit commit;
    if (!record_decode(value, &commit) || commit.last != seq) {
        note_value(p, seq, at, (uint32_t)value.size, how);
        return;
    }
    struct page_slot *slot = &p->slots[seq - p->first];
    if (!take_record(value, &commit)) return;
    slot->record_at = at;
    slot->record_size = (uint16_t)value.size;
    p->last = MAX(p->last, seq);
}

/* The node that begins here. False when none can. */
static bool take_node(struct pages *p, const uint8_t *page, uint64_t page_at, size_t node_at, uint8_t how)
{
    if (node_at < PAGE_HEAD || node_at + NODE_HEAD > p->page_bytes) return false;
    const uint8_t *node = page + node_at;
    size_t room = p->page_bytes - node_at - NODE_HEAD;
    uint32_t size = get_le32(node);
    uint16_t flags = get_le16(node + 4), key_size = get_le16(node + 6);
    bool big = flags == NODE_BIG;
    if (flags > NODE_BIG || key_size == 0 || key_size > room || (big ? 8 : size) > room - key_size) return false;
    struct bytes key = {node + NODE_HEAD, key_size}, value = {node + NODE_HEAD + key_size, size};
    if (key_size != KEY_SIZE) {
        if (!big) note_birth(p, key, value);
        return !big;
    }
    uint64_t seq = get_be64(key.data);
    if (!is_number(p, seq)) return false;
    if (big) note_large(p, seq, get_le64(value.data), size, how);
    else note_small(p, seq, page_at + node_at + NODE_HEAD + KEY_SIZE, value, how);
    return true;
}

/* ---- Pages. */

/* Takes the nodes at their places; false when not all of them make sense. */
static bool take_leaf(struct pages *p, const uint8_t *page, uint64_t page_at)
{
    size_t places_end = get_le16(page + 12), nodes_begin = get_le16(page + 14);
    bool good = places_end >= PAGE_HEAD && places_end % 2 == 0 && places_end <= nodes_begin && nodes_begin <= p->page_bytes;
    for (size_t place = PAGE_HEAD; good && place < places_end; place += 2)
        good = take_node(p, page, page_at, get_le16(page + place), PAGES_IN_PLACE);
    return good;
}

/* Nodes begin at even places. */
static void search(struct pages *p, const uint8_t *page, uint64_t page_at)
{
    for (size_t at = PAGE_HEAD; at + NODE_HEAD < p->page_bytes; at += 2) {
        bool may_be = get_le16(page + at + 4) <= NODE_BIG && get_le16(page + at + 6) == KEY_SIZE;
        if (may_be) take_node(p, page, page_at, at, PAGES_FOUND);
    }
}

/* Gives how many pages it is: a large value's pages are no leaves, whatever is in them. */
static uint64_t take_page(struct pages *p, const uint8_t *page, uint64_t page_at)
{
    uint16_t flags = get_le16(page + 10);
    bool in_place = get_le64(page) == page_at / p->page_bytes;
    uint32_t pages = get_le32(page + 12);
    if (in_place && flags == PAGE_OVERFLOW && pages > 0 && pages <= (p->bytes - page_at) / p->page_bytes) return pages;
    if (in_place && (flags == PAGE_BRANCH || flags == PAGE_META)) return 1;
    if (!in_place || flags != PAGE_LEAF || !take_leaf(p, page, page_at)) search(p, page, page_at);
    return 1;
}

/* What the disk does not give is as if it were empty. */
static void read_chunk(struct pages *p, uint64_t at, uint8_t *chunk, size_t size)
{
    if (read_at(p, at, chunk, size)) return;
    for (size_t done = 0; done < size; done += p->page_bytes) {
        size_t piece = MIN((size_t)p->page_bytes, size - done);
        if (read_at(p, at + done, chunk + done, piece)) continue;
        memset(chunk + done, 0, piece);
        p->unread_bytes += piece;
    }
}

static void take_pages(struct pages *p, uint64_t bytes)
{
    uint8_t *chunk = malloc(CHUNK_BYTES + PAGE_BYTES_MAX);
    ASSERT(chunk);
    uint64_t at = 0, next = 0;
    for (; at < bytes; at += CHUNK_BYTES) {
        size_t size = (size_t)MIN(bytes - at, (uint64_t)CHUNK_BYTES);
        memset(chunk, 0, CHUNK_BYTES);
        read_chunk(p, at, chunk, size);
        for (next = MAX(next, at); next < at + size;) next += p->page_bytes * take_page(p, chunk + (next - at), next);
    }
    free(chunk);
}

/* ---- Opening. */

/* Both of the first two pages tell; a file without either was made on a machine like this one. */
static uint32_t find_page_bytes(const struct pages *p)
{
    uint8_t head[PAGE_HEAD + 64];
    uint32_t usual = (uint32_t)sysconf(_SC_PAGESIZE);
    for (uint32_t at = 0; at <= usual; at += usual) {
        if (!read_at(p, at, head, sizeof head)) continue;
        uint32_t found = get_le32(head + META_PAGE_BYTES_AT);
        bool good = found >= PAGE_BYTES_MIN && found <= PAGE_BYTES_MAX && (found & (found - 1)) == 0;
        if (good && get_le16(head + 10) == PAGE_META) return found;
    }
    return usual;
}

static bool open_file(struct pages *p, const char *path, uint64_t first)
{
    struct stat status;
    *p = (struct pages){.fd = open(path, O_RDONLY | O_CLOEXEC), .first = first, .last = first - 1};
    if (p->fd < 0 || fstat(p->fd, &status) != 0) return false;
    p->bytes = (uint64_t)status.st_size;
    p->page_bytes = find_page_bytes(p);
    return true;
}

bool pages_open(struct pages *p, const char *path, uint64_t first)
{
    if (!open_file(p, path, first)) {
        pages_close(p);
        return false;
    }
    p->count = p->bytes / NODE_BYTES_MIN + 1;
    p->slots = mmap(NULL, p->count * sizeof *p->slots, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                    -1, 0);
    ASSERT(p->slots != MAP_FAILED);
    take_pages(p, p->bytes);
    return true;
}

bool pages_birth(const char *path, uint64_t first, struct pages *p)
{
    bool opened = open_file(p, path, first);
    if (opened) take_pages(p, MIN(p->bytes, (uint64_t)BIRTH_BYTES));
    bool found = p->has_before;
    pages_close(p);
    return found;
}

void pages_close(struct pages *p)
{
    int error = errno;
    if (p->fd >= 0) close(p->fd);
    if (p->slots) munmap(p->slots, p->count * sizeof *p->slots);
    free(p->room);
    p->fd = -1;
    p->slots = NULL;
    p->room = NULL;
    p->room_size = 0;
    errno = error;
}

bool pages_value(struct pages *p, uint64_t seq, struct bytes *value)
{
    if (!is_number(p, seq)) return false;
    const struct page_slot *slot = &p->slots[seq - p->first];
    return slot->has_value && fetch(p, slot->value_at, slot->value_size, value);
}

bool pages_record(struct pages *p, uint64_t seq, struct log_commit *commit)
{
    struct bytes stored;
    if (!is_number(p, seq)) return false;
    const struct page_slot *slot = &p->slots[seq - p->first];
    return slot->record_size && fetch(p, slot->record_at, slot->record_size, &stored) && take_record(stored, commit);
}
