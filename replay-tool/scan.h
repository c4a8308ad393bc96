/* Proves a run of commits: that they follow each other without gap, that each one's values, hashed onto the tree of the
 * one before, have its root, and, if asked for, that every value is an event whose time does not run backwards.
 *
 * A scan lies in shared memory and runs in a process that may crash: then it is known how far it came, and another one
 * goes on behind the commit that did it. What was wrong with a commit is a finding; the commits behind it are proved
 * against its record, so that one damaged commit hides no other. */
#ifndef MUSTER_REPLAY_SCAN_H
#define MUSTER_REPLAY_SCAN_H

#include "engine/log/log.h"
#include "replay-tool/source.h"

enum { SCAN_FINDINGS_MAX = 200 };

struct finding {
    uint64_t first, last; /* the events it is about */
    enum exit_code code;
    struct sentence why;
};

/* Where values and commit records come from; each gives EXIT_WELL, or another code with a sentence in `why`. */
struct scan_reader {
    void *context;
    enum exit_code (*value)(void *context, uint64_t seq, struct bytes *value, struct sentence *why);
    enum exit_code (*commit)(void *context, uint64_t seq, struct log_commit *commit, struct sentence *why);
};

/* Filled by scan_begin(). */
struct log_scan {
    uint64_t last; /* up to which number */
    bool decode;
    struct merkle tree; /* of what is behind: its size + 1 is the next number */
    int64_t time_us;    /* of the last commit */
    int64_t event_us;   /* of the last event */

    uint64_t at;              /* the number being read */
    struct log_commit commit; /* the one at hand, if in_commit */
    bool in_commit;
    bool done;

    uint64_t proved; /* values in commits without a finding */
    struct finding findings[SCAN_FINDINGS_MAX];
    uint32_t finding_count; /* may be larger than what is kept */
};

/* From behind `before` up to `last`. */
void scan_begin(struct log_scan *scan, const struct log_commit *before, uint64_t last, bool decode);
/* Scans to the end, or until a commit record cannot be read; then `done` is set. */
void scan_run(struct log_scan *scan, const struct scan_reader *reader);
/* The same with what the source has; why it could not be read was said there. */
void scan_source(struct log_scan *scan, struct source *source);
/* The process that ran it crashed: makes that a finding and stands behind it. False when there is nothing more to scan. */
bool scan_pass_crash(struct log_scan *scan);
void scan_find(struct log_scan *scan, uint64_t first, uint64_t last, enum exit_code code, const char *why);

#endif
