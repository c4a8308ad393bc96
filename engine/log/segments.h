/* The list of a log's segments, and which of their files are open. Readers in any thread borrow segments
 * from it; the newest is always open, of the sealed ones a few that nobody reads just now are kept open
 * too, so that looking back and forth costs no opening of files. */
#ifndef MUSTER_LOG_SEGMENTS_H
#define MUSTER_LOG_SEGMENTS_H

#include "engine/log/directory.h"
#include "engine/log/segment.h"

#include <pthread.h>

/* Only `first` and, while it is borrowed, `segment` may be looked at without the list's mutex. */
struct segment_slot {
    uint64_t first;
    uint64_t last;           /* of a sealed segment */
    uint64_t file_bytes;     /* of a sealed segment */
    struct segment *segment; /* NULL: not open */
    unsigned borrowers;
    uint64_t returned; /* grows with each return; the smallest was not used for longest */
};

struct segments {
    const struct directory *directory;
    pthread_mutex_t mutex;
    struct segment_slot **slots; /* ascending; the last one is the newest; never moved nor freed while open */
    size_t count;
    size_t capacity;
    uint64_t returns;
    uint64_t sealed_bytes; /* files of all but the newest */
};

void segments_init(struct segments *list, const struct directory *directory);
/* Nothing may be borrowed any more. */
void segments_free(struct segments *list);

/* Adds the next one in order and takes `segment` over; NULL for a sealed one, which is opened when it is
 * needed. Before a next one is added, the newest is sealed: it ends at `last`, its file holds that much. */
void segments_add(struct segments *list, uint64_t first, struct segment *segment);
void segments_seal_newest(struct segments *list, uint64_t last, uint64_t file_bytes);

/* The newest one's segment, for whoever appends. */
struct segment *segments_newest(const struct segments *list);

/* Borrow until segments_return. The second finds the one that holds a number up to the log's head and
 * opens it if it must; LOG_SEGMENT_MISSING names the range that is not there. */
struct segment_slot *segments_borrow_newest(struct segments *list);
enum log_fault segments_borrow(struct segments *list, uint64_t seq, struct segment_slot **slot, struct sentence *why);
void segments_return(struct segments *list, struct segment_slot *slot);
bool segments_is_newest(struct segments *list, const struct segment_slot *slot);

#endif
