/* What is behind struct log. Only the files of the log include this. The loop's thread owns all of it,
 * but for the list of segments, which readers in other threads share under its mutex. */
#ifndef MUSTER_LOG_STATE_H
#define MUSTER_LOG_STATE_H

#include "engine/base/space.h"
#include "engine/log/segments.h"

struct log_state {
    struct log_settings settings; /* zeros replaced by what they stand for; directory not set */
    struct directory directory;
    struct segments segments;
    struct space space; /* of the newest segment's file */
    struct log_commit head;
    uint8_t id[LOG_ID_SIZE];
    bool was_clean;
    bool has_ballast;
    enum log_fault broken; /* LOG_OK, or why nothing may be appended any more */
    struct sentence broken_why;
};

/* Checks the end of the log against its commit records, as log_open promises. */
enum log_fault tail_check(struct log *log);

/* ---- Room (room.c) */

/* Makes the newest segment's file known; after it was opened or made. */
void room_of_newest(struct log_state *s);
/* Room for a commit whose values have that many bytes: in the newest segment's file, of the disk and of
 * the quota. LOG_NO_SPACE, LOG_FAILED. Does not give the ballast up. */
enum log_fault room_extend(struct log *log, size_t values_bytes);
/* Whether there was a ballast to give up. */
bool ballast_give_up(struct log_state *s);
/* Looks whether the ballast is there. */
void ballast_find(struct log_state *s);
/* Makes the ballast if it is wanted, is not there, and there is room for it and as much besides. */
void ballast_regain(struct log_state *s);

#endif
