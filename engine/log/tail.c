/* The end of a log that was not closed cleanly is hashed again. LMDB can have lost no more than its last
 * commit; a disk that lied may have kept the record and lost the values. */
#include "engine/log/record.h"
#include "engine/log/state.h"

enum { TAIL_COMMITS_MIN = 2, TAIL_VALUES_MIN = 1024 };

static enum log_fault tail_damaged(struct log *log, const struct log_commit *commit, const char *what)
{
    sentence_set(&log->why, "the log in %s is damaged: values %llu to %llu %s; restore it from a backup or salvage it",
                 log->state->directory.path, (unsigned long long)commit->first, (unsigned long long)commit->last, what);
    return LOG_DAMAGED;
}

/* What was before this number, when the segment that would tell is not there: the next one tells too. */
static enum log_fault before_missing(struct log_reader *reader, uint64_t next, struct log_commit *before)
{
    struct segment_slot *slot;
    struct segments *list = &reader->log->state->segments;
    enum log_fault fault = segments_borrow(list, next, &slot, &reader->why);
    if (fault != LOG_OK) return fault;
    *before = segment_birth(slot->segment)->before;
    segments_return(list, slot);
    return LOG_OK;
}

/* Goes back far enough; `start` is the last commit that is taken as it is. */
static enum log_fault find_start(struct log_reader *reader, uint64_t head, struct log_commit *start)
{
    unsigned commits = 0;
    uint64_t from = head;
    while (from > 0) {
        enum log_fault fault = log_read_commit(reader, from, start);
        if (fault == LOG_SEGMENT_MISSING && from < head) return before_missing(reader, from + 1, start);
        if (fault != LOG_OK || (commits >= TAIL_COMMITS_MIN && head - from >= TAIL_VALUES_MIN)) return fault;
        commits++;
        from = start->first - 1;
    }
    record_nothing(start);
    return LOG_OK;
}

/* Hashes one commit's values onto `tree` and compares what comes out with its record. */
static enum log_fault check_commit(struct log_reader *reader, struct merkle *tree, struct log_commit *commit)
{
    uint64_t first = tree->size + 1;
    uint8_t root[MERKLE_HASH_SIZE];
    enum log_fault fault = log_read_commit(reader, first, commit);
    if (fault != LOG_OK) return fault;
    if (commit->first != first) return tail_damaged(reader->log, commit, "overlap those before them");
    for (uint64_t seq = first; seq <= commit->last; seq++) {
        struct bytes value;
        fault = log_read(reader, seq, &value);
        if (fault != LOG_OK) return fault;
        merkle_append(tree, value);
    }
    merkle_root(tree, root);
    if (memcmp(root, commit->root, MERKLE_HASH_SIZE) != 0)
        return tail_damaged(reader->log, commit, "are not those that were written, their commit's root differs");
    unsigned count = merkle_frontier_count(tree);
    if (memcmp(tree->frontier, commit->tree.frontier, (size_t)count * MERKLE_HASH_SIZE) != 0)
        return tail_damaged(reader->log, commit, "have a commit record that contradicts itself");
    return LOG_OK;
}

static enum log_fault check_with(struct log_reader *reader, uint64_t head)
{
    struct log_commit start;
    struct log_commit commit = {.last = 0};
    enum log_fault fault = find_start(reader, head, &start);
    while (fault == LOG_OK && start.tree.size < head) fault = check_commit(reader, &start.tree, &commit);
    return fault;
}

enum log_fault tail_check(struct log *log)
{
    struct log_reader reader;
    enum log_fault fault = log_reader_open(&reader, log);
    if (fault == LOG_OK) {
        log->why = (struct sentence){""};
        fault = check_with(&reader, log->state->head.last);
        log_reader_close(&reader);
    }
    if (fault != LOG_OK && log->why.text[0] == '\0') log->why = reader.why;
    return fault;
}
