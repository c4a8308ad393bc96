#include "replay-tool/rescue.h"

#include "engine/events/event.h"
#include "engine/log/record.h"
#include "replay-tool/files.h"
#include "replay-tool/parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

enum { COMMIT_VALUES = 4096 };

/* ---- What can be read, and what cannot. */

static enum exit_code say_lost(struct rescue *w, uint64_t first, uint64_t last, const char *why)
{
    if (first > last) return EXIT_WELL;
    w->missing += last + 1 - first;
    w->is_beginning = false;
    return w->lost ? w->lost(w->context, first, last, why) : EXIT_WELL;
}

/* Events that are not in the beginning. */
static enum exit_code spill(struct rescue *w, struct pages *p, uint64_t first, uint64_t last, bool proved)
{
    enum exit_code code = EXIT_WELL;
    uint64_t gap = 0; /* where one began; 0: there is none */
    w->is_beginning = false;
    for (uint64_t seq = first; code == EXIT_WELL && seq <= last; seq++) {
        struct bytes value;
        bool found = pages_value(p, seq, &value);
        if (!found && gap == 0) gap = seq;
        if (!found) continue;
        if (gap) code = say_lost(w, gap, seq - 1, "cannot be read");
        gap = 0;
        if (proved) w->proved++;
        else w->unproved++;
        if (code == EXIT_WELL && w->other) code = w->other(w->context, seq, value, proved);
    }
    return code == EXIT_WELL && gap ? say_lost(w, gap, last, "cannot be read") : code;
}

/* ---- The beginning. */

static bool ends_commit(struct pages *p, uint64_t seq)
{
    struct log_commit commit;
    return pages_record(p, seq, &commit);
}

/* Commits as they were, where their records are there. A commit's time is that of its last event: the record's own is
 * proved by nothing. */
static enum exit_code keep(struct rescue *w, struct pages *p, uint64_t first, uint64_t last)
{
    enum exit_code code = EXIT_WELL;
    struct event event;
    struct sentence why;
    struct bytes value;
    w->kept = last;
    if (!w->copy || last <= w->copy->at.last) return EXIT_WELL; /* it was there before an interruption */
    int64_t time_us = w->copy->at.time_us;
    for (uint64_t seq = MAX(first, w->copy->at.last + 1); code == EXIT_WELL && seq <= last; seq++) {
        if (!pages_value(p, seq, &value))
            return fail(EXIT_IO, "event %" PRIu64 " could be read before, and cannot be now", seq);
        if (event_decode(value, &event, &why) == EVENT_OK) time_us = MAX(time_us, event.time_us);
        copy_value(w->copy, value);
        bool full = w->copy->commit_values == COMMIT_VALUES;
        if (seq == last || full || ends_commit(p, seq)) code = copy_commit(w->copy, time_us, NULL);
    }
    progress_show("kept", last, w->head);
    return code;
}

/* ---- Runs: from where the tree stands to the next root. */

static bool is_proved(const struct rescue *w, struct pages *p, uint64_t last, const uint8_t root[MERKLE_HASH_SIZE])
{
    struct merkle tree = w->at.tree;
    uint8_t found[MERKLE_HASH_SIZE];
    struct bytes value;
    if (!w->is_same) return false;
    while (tree.size < last) {
        if (!pages_value(p, tree.size + 1, &value)) return false;
        merkle_append(&tree, value);
    }
    merkle_root(&tree, found);
    return memcmp(found, root, sizeof found) == 0;
}

static enum exit_code take_run(struct rescue *w, struct pages *p, uint64_t first, uint64_t last, const uint8_t *root)
{
    bool proved = root && is_proved(w, p, last, root);
    if (!proved || !w->is_beginning) return spill(w, p, first, last, proved);
    memcpy(w->kept_root, root, MERKLE_HASH_SIZE);
    return keep(w, p, first, last);
}

/* The run that ends with this record: one commit, or more of them where records are lost. What follows is proved on top of
 * the record, be it proved itself or not: its root is that of its frontier. */
static enum exit_code take_commit(struct rescue *w, struct pages *p, uint64_t first, const struct log_commit *commit)
{
    enum exit_code code = take_run(w, p, first, commit->last, commit->root);
    w->at = *commit;
    w->is_same = true;
    return code;
}

static bool next_record(struct pages *p, uint64_t seq, uint64_t last, struct log_commit *commit)
{
    for (; seq <= last && seq <= p->last; seq++)
        if (pages_record(p, seq, commit)) return true;
    return false;
}

/* `closing`: how it ended, known from elsewhere; NULL: it is not. */
static enum exit_code walk_pages(struct rescue *w, struct pages *p, uint64_t last, const struct log_commit *closing)
{
    struct log_commit commit;
    enum exit_code code = EXIT_WELL;
    uint64_t seq = p->first;
    while (code == EXIT_WELL && seq <= last) {
        w->is_same &= w->at.last + 1 == seq;
        if (!next_record(p, seq, last, &commit)) break;
        code = take_commit(w, p, seq, &commit);
        seq = commit.last + 1;
    }
    if (code != EXIT_WELL || seq > last) return code;
    if (closing && closing->last == last && closing->tree.size == last) return take_commit(w, p, seq, closing);
    return take_run(w, p, seq, last, closing && closing->last == last ? closing->root : NULL);
}

/* ---- Segments. */

static void segment_path(const struct directory *d, uint64_t first, char path[LOG_PATH_MAX])
{
    char name[SEGMENT_NAME_SIZE];
    segment_name(first, name);
    directory_name(d, name, path);
}

/* What the segment behind says of the end of this one, or, behind the last, the marker of a clean stop. */
static bool find_closing(const struct rescue *w, const struct directory *d, uint64_t next, struct log_commit *closing)
{
    struct pages behind;
    struct clean_marker marker;
    char path[LOG_PATH_MAX];
    *closing = (struct log_commit){.last = 0};
    if (next) {
        segment_path(d, next, path);
        bool found = pages_birth(path, next, &behind);
        *closing = behind.birth.before;
        return found;
    }
    if (!marker_read(d, &marker) || (w->has_id && memcmp(marker.log_id, w->log_id, LOG_ID_SIZE) != 0)) return false;
    closing->last = marker.head;
    memcpy(closing->root, marker.root, MERKLE_HASH_SIZE);
    return true;
}

/* False when it belongs to another log. */
static bool take_birth(struct rescue *w, const struct pages *p)
{
    if (p->has_id && w->has_id && memcmp(p->birth.log_id, w->log_id, LOG_ID_SIZE) != 0) return false;
    if (p->has_id && !w->has_id) memcpy(w->log_id, p->birth.log_id, LOG_ID_SIZE);
    w->has_id |= p->has_id;
    if (p->has_before && p->birth.before.last != w->at.last) { /* what was before is not here, or unread */
        w->at = p->birth.before;
        w->is_same = true;
    }
    return true;
}

static enum exit_code walk_segment(struct rescue *w, const struct directory *d, uint64_t first, uint64_t next)
{
    struct pages p;
    struct log_commit closing;
    char path[LOG_PATH_MAX];
    segment_path(d, first, path);
    bool opened = pages_open(&p, path, first);
    if (!opened) complain("%s cannot be opened: %s", path, strerror(errno));
    if (opened && !take_birth(w, &p)) {
        pages_close(&p);
        return fail(EXIT_DAMAGED, "%s belongs to another log, its log id differs; take it away first", path);
    }
    bool known = find_closing(w, d, next, &closing);
    uint64_t last = next ? next - 1 : MAX(opened ? p.last : first - 1, known ? closing.last : 0);
    w->head = MAX(w->head, last);
    enum exit_code code = opened ? walk_pages(w, &p, last, known ? &closing : NULL)
                                 : say_lost(w, first, last, "the segment cannot be opened");
    if (opened) w->unread_bytes += p.unread_bytes;
    if (opened) pages_close(&p);
    return code;
}

static enum exit_code walk(struct rescue *w, const struct directory *d, const uint64_t firsts[], size_t count)
{
    enum exit_code code = say_lost(w, 1, firsts[0] - 1, "the segments are not there");
    for (size_t i = 0; code == EXIT_WELL && i < count; i++)
        code = walk_segment(w, d, firsts[i], i + 1 < count ? firsts[i + 1] : 0);
    return code;
}

enum exit_code rescue_walk(struct rescue *w, struct replay *r)
{
    char path[PATH_MAX];
    struct sentence why;
    struct directory d;
    uint64_t *firsts;
    size_t count;
    if (source_place(r) != SOURCE_DIRECTORY) return usage(r, "--data must name a data directory, or a copy of its log");
    if (!source_log_directory(r, path)) return EXIT_NOTHING;
    enum log_fault fault = directory_open(&d, path, true, &why);
    if (fault == LOG_OK) fault = directory_list(&d, &firsts, &count, &why);
    if (fault != LOG_OK) return fail(exit_of_log(fault), "%s", why.text);
    record_nothing(&w->at);
    w->is_beginning = w->is_same = true;
    enum exit_code code = walk(w, &d, firsts, count);
    free(firsts);
    directory_close(&d);
    return code;
}

bool rescue_lost_something(const struct rescue *w)
{
    return w->proved + w->unproved + w->missing > 0;
}
