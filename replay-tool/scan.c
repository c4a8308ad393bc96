#include "replay-tool/scan.h"

#include "engine/events/event.h"

#include <inttypes.h>

void scan_begin(struct log_scan *scan, const struct log_commit *before, uint64_t last, bool decode)
{
    *scan = (struct log_scan){
        .last = last, .decode = decode, .tree = before->tree, .time_us = before->time_us, .event_us = INT64_MIN};
}

void scan_find(struct log_scan *scan, uint64_t first, uint64_t last, enum exit_code code, const char *why)
{
    if (scan->finding_count < SCAN_FINDINGS_MAX) {
        struct finding *finding = &scan->findings[scan->finding_count];
        *finding = (struct finding){.first = first, .last = last, .code = code};
        sentence_set(&finding->why, "%s", why);
    }
    scan->finding_count++;
}

/* About the whole commit. */
static bool commit_is_bad(struct log_scan *s, const char *why)
{
    scan_find(s, s->commit.first, s->commit.last, EXIT_DAMAGED, why);
    return false;
}

/* Behind the commit, on its own word. */
static void stand_behind(struct log_scan *s)
{
    s->tree = s->commit.tree;
    s->time_us = MAX(s->time_us, s->commit.time_us);
    s->in_commit = false;
}

static bool begin_commit(struct log_scan *s, const struct scan_reader *reader)
{
    struct sentence why;
    uint64_t first = s->tree.size + 1;
    s->at = first;
    enum exit_code code = reader->commit(reader->context, first, &s->commit, &why);
    if (code != EXIT_WELL) {
        scan_find(s, first, s->last, code, why.text);
        return false;
    }
    ASSERT(s->commit.last >= first);
    s->in_commit = true;
    return true;
}

static bool check_record(struct log_scan *s)
{
    if (s->commit.first != s->tree.size + 1) return commit_is_bad(s, "the commit does not follow the one before it");
    if (s->commit.time_us < s->time_us) return commit_is_bad(s, "the commit's time is before that of the one before it");
    return true;
}

static bool check_event(struct log_scan *s, uint64_t seq, struct bytes value)
{
    struct event event;
    struct sentence why, finding;
    enum event_fault fault = event_decode(value, &event, &why);
    if (fault != EVENT_OK) {
        sentence_set(&finding, "event %" PRIu64 ": %s", seq, why.text);
        scan_find(s, seq, seq, fault == EVENT_UNKNOWN ? EXIT_NEWER_FORMAT : EXIT_DAMAGED, finding.text);
        return false;
    }
    bool in_order = event.time_us >= s->event_us;
    if (!in_order) scan_find(s, seq, seq, EXIT_DAMAGED, "the event's time is before that of the one before it");
    s->event_us = event.time_us;
    return in_order;
}

/* Hashes the commit's values onto the tree; true when they are what was written. */
static bool check_values(struct log_scan *s, const struct scan_reader *reader, uint64_t *wrong)
{
    struct sentence why;
    uint8_t root[MERKLE_HASH_SIZE];
    for (uint64_t seq = s->commit.first; seq <= s->commit.last; seq++) {
        struct bytes value;
        s->at = seq;
        if (reader->value(reader->context, seq, &value, &why) != EXIT_WELL) return commit_is_bad(s, why.text);
        merkle_append(&s->tree, value);
        if (s->decode) *wrong += !check_event(s, seq, value);
    }
    merkle_root(&s->tree, root);
    if (memcmp(root, s->commit.root, sizeof root) != 0)
        return commit_is_bad(s, "these events are not those that were written: they do not have the root of their commit");
    size_t frontier_size = merkle_frontier_count(&s->tree) * (size_t)MERKLE_HASH_SIZE;
    if (memcmp(s->tree.frontier, s->commit.tree.frontier, frontier_size) != 0)
        return commit_is_bad(s, "the commit record contradicts itself");
    return true;
}

void scan_run(struct log_scan *s, const struct scan_reader *reader)
{
    while (s->tree.size < s->last && begin_commit(s, reader)) {
        uint64_t wrong = 0;
        if (check_record(s) && check_values(s, reader, &wrong)) s->proved += s->commit.last + 1 - s->commit.first - wrong;
        stand_behind(s);
    }
    s->done = true;
}

static enum exit_code value_of_source(void *context, uint64_t seq, struct bytes *value, struct sentence *why)
{
    enum exit_code code = source_read(context, seq, value);
    if (code != EXIT_WELL) sentence_set(why, "this event cannot be read");
    return code;
}

static enum exit_code commit_of_source(void *context, uint64_t seq, struct log_commit *commit, struct sentence *why)
{
    enum exit_code code = source_commit(context, seq, commit);
    if (code != EXIT_WELL) sentence_set(why, "this event's commit cannot be read");
    progress_show("proved", seq - 1, ((const struct source *)context)->head);
    return code;
}

void scan_source(struct log_scan *s, struct source *source)
{
    scan_run(s, &(struct scan_reader){.context = source, .value = value_of_source, .commit = commit_of_source});
}

bool scan_pass_crash(struct log_scan *s)
{
    bool knows_commit = s->in_commit && s->commit.last >= s->at;
    scan_find(s, knows_commit ? s->commit.first : s->at, knows_commit ? s->commit.last : s->last, EXIT_CRASHED,
              "the file is damaged here: it crashes its reader");
    if (!knows_commit) return false;
    stand_behind(s);
    return s->tree.size < s->last;
}
