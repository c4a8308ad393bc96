/* The results of work.report, read in place: checked once as a whole, then walked entry by entry. Hot: no
 * allocation, no copy.
 *
 *     short form, when the call names a work      [index, status, error?, response?]
 *     long form                                   {job, device, attempt?, status, error?, response?} */
#ifndef MUSTER_REPORT_H
#define MUSTER_REPORT_H

#include "engine/base/cursor.h"

#define REPORT_STATUSES(X)                                                                                             \
    X(COMPLETED, "completed")                                                                                          \
    X(FAILED, "failed")                                                                                                \
    X(REJECTED, "rejected")                                                                                            \
    X(RETURNED, "returned")

enum report_status {
#define REPORT_STATUS(NAME, word) REPORT_##NAME,
    REPORT_STATUSES(REPORT_STATUS)
#undef REPORT_STATUS
};

/* Everything borrows the frame. */
struct report_entry {
    struct bytes job;    /* of the long form; data NULL in the short one */
    struct bytes device; /* likewise */
    uint64_t index;      /* of the short form */
    bool attempt_given;
    uint64_t attempt;
    enum report_status status;
    struct bytes error;    /* UTF-8, cut to ERROR_TEXT_BYTES_MAX at a character's end; size 0: none */
    struct bytes response; /* one MessagePack value; data NULL when there is none */
};

/* Checks every entry of `results`, the bytes of one array, before the first is applied: a report is right as a
 * whole or refused as a whole. `short_form` when the call named a work. On false `why` names entry and field. */
bool report_check(struct bytes results, bool short_form, uint64_t *count, struct sentence *why);

/* Behind the head of a list that was checked. A walk may be left and taken up again: `at` stands before the
 * next entry. */
struct cursor report_begin(struct bytes results);
/* The next entry; false at the end. */
bool report_next(struct cursor *c, bool short_form, struct report_entry *entry);

#endif
