/* What can still be read in a segment's file, page by page and without LMDB: a flipped bit in the page above them hides
 * whole tables from LMDB, or crashes it, while each leaf page says by itself which numbers it holds.
 *
 *     a page   number u64, 2 bytes, flags u16, end of places u16, begin of nodes u16, places u16..., room, nodes
 *     a node   size of the value u32, flags u16, size of the key u16, key, value (or, if it is large, its page's number)
 *
 * Numbers are little-endian here, as LMDB has them on every machine that Muster runs on; keys are big-endian. Pages whose
 * places make no sense are searched for nodes byte by byte; what is found so must be an event or a commit record. Pages
 * that are free hold older copies of what others hold: values never change, so they may fill a gap.
 *
 * Nothing here is proved; and nothing in the file can crash it. */
#ifndef MUSTER_REPLAY_PAGES_H
#define MUSTER_REPLAY_PAGES_H

#include "engine/log/segment.h"

/* Where one number's value is, and the record of the commit that ends with it. */
struct page_slot {
    uint64_t value_at;
    uint64_t record_at;
    uint32_t value_size;
    uint16_t record_size; /* 0: none */
    uint8_t has_value;    /* PAGES_... */
};
enum { PAGES_NONE, PAGES_FOUND, PAGES_IN_PLACE };

struct pages {
    int fd;
    uint64_t bytes;
    uint32_t page_bytes;
    uint64_t first;          /* the number of slots[0] */
    uint64_t count, last;    /* of slots; the last number that anything was found of, first - 1: none */
    struct page_slot *slots; /* taken from the system only where something is noted */
    uint64_t unread_bytes;   /* that the disk did not give */
    struct segment_birth birth;
    bool has_id, has_before;
    uint8_t *room; /* of the value read last */
    size_t room_size;
};

/* Looks through the whole file, of the segment that begins with `first`. False with errno when it cannot be opened. */
bool pages_open(struct pages *p, const char *path, uint64_t first);
void pages_close(struct pages *p);

/* Only what a segment says about itself, from the first pages of its file. */
bool pages_birth(const char *path, uint64_t first, struct pages *p);

/* The value with this number; borrowed until the next call. */
bool pages_value(struct pages *p, uint64_t seq, struct bytes *value);
/* The record of the commit that ends with this number: strict, and its root is that of its frontier. */
bool pages_record(struct pages *p, uint64_t seq, struct log_commit *commit);

#endif
