/* The entries of a job's data, as the engine keeps it (engine/decide/job_data.c writes it):
 *
 *     [{type, target?, path, value?}, ...]     all of one type; paths differ */
#ifndef MUSTER_JOB_ENTRIES_H
#define MUSTER_JOB_ENTRIES_H

#include "engine/base/cursor.h"

struct job_entry {
    struct bytes path;
    struct bytes value; /* MessagePack; no bytes when a command has none */
};

/* Borrows `data`. */
struct cursor job_entries_begin(struct bytes data, uint32_t *count);
/* The next entry, borrowed likewise; false at the end. */
bool job_entries_next(struct cursor *c, struct job_entry *entry);

#endif
