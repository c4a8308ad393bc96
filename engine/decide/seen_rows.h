/* In which line of a file each device was named first, so that a row that names it again can be told where. Kept in
 * memory while the file is read:
 *
 *     a device that exists   by its number: 4 bytes a device, in pages of 1,024 numbers of which one was named
 *     one that does not      by 64 bits that its id is hashed to, only in a dry run, which gives no numbers: 12 bytes a
 *                            slot, of which at most half are taken
 *
 * So a file of a million rows on a fleet of a million takes 4 MiB, a dry run of it on an empty fleet 24 MiB. Two ids
 * of a dry run hash alike once in 30 million such runs; then the second one is called the first one's repeat. */
#ifndef MUSTER_SEEN_ROWS_H
#define MUSTER_SEEN_ROWS_H

#include "engine/base/base.h"

struct seen_rows {
    uint32_t **pages; /* lines by device number, 0: not named; NULL where nobody was */
    size_t page_count;
    uint64_t *hashes; /* of new ids; their lines, 0 where the slot is free */
    uint32_t *lines;
    size_t capacity; /* of slots, a power of two, or 0 */
    size_t new_count;
};

/* The line that named the device; 0: none did. */
uint64_t seen_device(const struct seen_rows *s, uint32_t number);
uint64_t seen_new(const struct seen_rows *s, struct bytes id);
/* Remembers the line of one that was not seen. Lines from 2^32 on are remembered as 2^32-1. */
void seen_add_device(struct seen_rows *s, uint32_t number, uint64_t line);
void seen_add_new(struct seen_rows *s, struct bytes id, uint64_t line);
/* All zero again. */
void seen_free(struct seen_rows *s);

#endif
