/* Reads, decodes, applies; commits when one is due and at the end. */
#include "engine/refold.h"

enum { TELL_EVERY = 1 << 14 };

bool projections_fit(const struct projections *p, struct log *log)
{
    struct fold_position position = projections_position(p);
    struct log_reader reader;
    struct log_commit commit;
    if (position.seq == 0) return true;
    if (memcmp(position.log_id, log_id(log), sizeof position.log_id) != 0) return false;
    if (position.seq > log_head(log) || log_reader_open(&reader, log) != LOG_OK) return false;
    bool fits = log_read_commit(&reader, position.seq, &commit) == LOG_OK && commit.last == position.seq &&
                memcmp(commit.root, position.root, sizeof commit.root) == 0;
    log_reader_close(&reader);
    return fits;
}

enum projections_fault projections_commit_at_head(struct projections *p, const struct log *log)
{
    struct fold_position position = {.seq = log_head(log)};
    ASSERT(projections_head(p) == log_head(log));
    if (projections_position(p).seq == position.seq) return PROJECTIONS_OK;
    memcpy(position.log_id, log_id(log), sizeof position.log_id);
    memcpy(position.root, log_root(log), sizeof position.root);
    return projections_commit(p, &position);
}

/* Adds the value to the tree, and at the end of its commit compares. */
static bool is_proved(struct merkle *tree, struct log_reader *reader, struct bytes value, struct sentence *why)
{
    struct log_commit commit;
    uint8_t root[MERKLE_HASH_SIZE];
    merkle_append(tree, value);
    if (log_read_commit(reader, tree->size, &commit) != LOG_OK) {
        *why = reader->why;
        return false;
    }
    if (commit.last != tree->size) return true;
    merkle_root(tree, root);
    if (memcmp(root, commit.root, sizeof root) == 0) return true;
    sentence_set(why, "the log is not what was written: events %llu to %llu do not have the root of their commit; restore "
                      "it from a copy",
                 (unsigned long long)commit.first, (unsigned long long)commit.last);
    return false;
}

/* `tree`: NULL, or where the proof stands. */
static enum refold_result fold_one(struct projections *p, struct log_reader *reader, uint64_t seq,
                                   struct merkle *tree, struct sentence *why)
{
    struct bytes value;
    struct event event;
    struct sentence reason;
    if (log_read(reader, seq, &value) != LOG_OK) {
        *why = reader->why;
        return REFOLD_LOG;
    }
    if (tree && !is_proved(tree, reader, value, why)) return REFOLD_LOG;
    if (event_decode(value, &event, &reason) != EVENT_OK) {
        sentence_set(why, "event %llu: %s", (unsigned long long)seq, reason.text);
        return REFOLD_ILLEGAL;
    }
    event.seq = seq;
    switch (projections_apply(p, &event, &reason)) {
    case FOLD_OK: return REFOLD_OK;
    case FOLD_FAULT: *why = p->why; return REFOLD_STORE;
    case FOLD_ILLEGAL: break;
    }
    sentence_set(why, "event %llu (%s): %s", (unsigned long long)seq, event_name(event.type), reason.text);
    return REFOLD_ILLEGAL;
}

/* Only the end of a commit has a root to name, so commits of the projections are made there. */
static enum refold_result commit_if_due(struct projections *p, struct log_reader *reader, uint64_t seq,
                                        struct sentence *why)
{
    struct log_commit commit;
    if (!projections_commit_due(p)) return REFOLD_OK;
    if (log_read_commit(reader, seq, &commit) != LOG_OK) {
        *why = reader->why;
        return REFOLD_LOG;
    }
    if (commit.last != seq) return REFOLD_OK;
    struct fold_position position = {.seq = seq};
    memcpy(position.log_id, log_id(reader->log), sizeof position.log_id);
    memcpy(position.root, commit.root, sizeof position.root);
    enum projections_fault fault = projections_commit(p, &position);
    *why = p->why;
    if (fault == PROJECTIONS_NO_SPACE) return REFOLD_NO_SPACE;
    return fault == PROJECTIONS_OK ? REFOLD_OK : REFOLD_STORE;
}

static enum refold_result fold_to_head(struct projections *p, struct log *log, bool proved,
                                       const struct refold_watch *watch, struct sentence *why)
{
    struct log_reader reader;
    struct merkle tree = {0};
    ASSERT(!proved || projections_head(p) == 0);
    if (projections_head(p) == log_head(log)) return REFOLD_OK;
    if (log_reader_open(&reader, log) != LOG_OK) {
        *why = reader.why;
        return REFOLD_LOG;
    }
    enum refold_result result = REFOLD_OK;
    for (uint64_t seq = projections_head(p) + 1; result == REFOLD_OK && seq <= log_head(log); seq++) {
        if (watch->folding && seq % TELL_EVERY == 0) watch->folding(watch->context, seq, log_head(log));
        result = fold_one(p, &reader, seq, proved ? &tree : NULL, why);
        if (result == REFOLD_OK) result = commit_if_due(p, &reader, seq, why);
        if (result == REFOLD_NO_SPACE) result = REFOLD_OK; /* it stays in memory, and is tried again */
    }
    log_reader_close(&reader);
    if (result != REFOLD_OK) return result;
    enum projections_fault fault = projections_commit_at_head(p, log);
    *why = p->why;
    if (fault == PROJECTIONS_NO_SPACE) return REFOLD_NO_SPACE;
    return fault == PROJECTIONS_OK ? REFOLD_OK : REFOLD_STORE;
}

enum refold_result refold_watched(struct projections *p, struct log *log, bool proved, const struct refold_watch *watch,
                                  struct sentence *why)
{
    enum refold_result result = fold_to_head(p, log, proved, watch, why);
    if (result != REFOLD_STORE) return result;
    if (projections_reset(p) != PROJECTIONS_OK) {
        *why = p->why;
        return REFOLD_STORE;
    }
    return fold_to_head(p, log, proved, watch, why);
}
