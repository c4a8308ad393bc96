/* What came of a job's devices, batch by batch, counted while the log is folded. A job with more batches than fit on a
 * page is counted by runs of them, all of one length. */
#ifndef MUSTER_REPLAY_TALLY_H
#define MUSTER_REPLAY_TALLY_H

#include "replay-tool/replay.h"

#include "engine/events/event.h"

enum { TALLY_ROWS_MAX = 50 };

struct tally_row;

struct tally {
    uint32_t job;     /* 0: not known yet; then nothing is counted */
    bool each;        /* one row a batch, however many there are */
    uint32_t *devices; /* in their order */
    size_t device_count, device_capacity;
    uint32_t batch_size;    /* 0: its devices are not fixed */
    uint32_t batches_a_row;
    struct tally_row *rows;
    uint32_t row_count;
    uint64_t attempts, late; /* of all */
};

void tally_see(struct tally *t, const struct event *event);
/* All zero is allowed. */
void tally_free(struct tally *t);
/* Fields of a row, index < row_count: "first" and "last" batch, ... */
void tally_put(const struct tally *t, uint32_t index, struct open_map *m);

#endif
