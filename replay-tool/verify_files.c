/* Verifies files: every segment by itself, in as many processes as --jobs says, then that they follow each other and end
 * where the last stop said. */
#include "replay-tool/verify.h"

#include "engine/log/record.h"
#include "replay-tool/guard.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/wait.h>

/* ---- One segment, in a child process. */

struct work {
    const struct part *part;
    struct log_scan *scan; /* in shared memory; NULL: nothing to scan */
    pid_t child;       /* 0: none is running */
};

static enum exit_code read_value(void *context, uint64_t seq, struct bytes *value, struct sentence *why)
{
    return exit_of_log(segment_view_value(context, seq, value, why));
}

static enum exit_code read_commit(void *context, uint64_t seq, struct log_commit *commit, struct sentence *why)
{
    return exit_of_log(segment_view_commit(context, seq, commit, why));
}

static void scan_part(void *context)
{
    struct work *work = context;
    struct log_scan *scan = work->scan;
    struct segment *segment;
    struct segment_view *view;
    struct sentence why;
    enum log_fault fault = segment_open(&segment, work->part->path, SEGMENT_READ, 0, &why);
    if (fault == LOG_OK) fault = segment_view_open(&view, segment, &why);
    if (fault != LOG_OK) {
        scan_find(scan, scan->tree.size + 1, scan->last, exit_of_log(fault), why.text);
        scan->done = true;
        return;
    }
    scan_run(scan, &(struct scan_reader){.context = view, .value = read_value, .commit = read_commit});
    segment_view_close(view);
    segment_close(segment);
}

/* ---- All segments. */

static struct work *work_of(struct work works[], size_t count, pid_t child)
{
    for (size_t i = 0; i < count; i++)
        if (works[i].child == child) return &works[i];
    return NULL;
}

static void start(struct work *work)
{
    work->child = guard_start(scan_part, work);
    if (work->child > 0) return;
    work->child = 0;
    scan_find(work->scan, work->scan->tree.size + 1, work->scan->last, EXIT_IO, "no process can be started to read it");
}

/* Waits for one, and starts it again behind what crashed it. False when none is running. */
static bool wait_for_one(struct work works[], size_t count)
{
    int status, signal = 0;
    pid_t child = wait(&status);
    if (child < 0) return errno == EINTR;
    struct work *work = work_of(works, count, child);
    if (!work) return true;
    work->child = 0;
    guard_end_of(status, &signal);
    if (!work->scan->done && scan_pass_crash(work->scan)) start(work);
    return true;
}

static size_t running(const struct work works[], size_t count)
{
    size_t sum = 0;
    for (size_t i = 0; i < count; i++) sum += works[i].child > 0;
    return sum;
}

static uint64_t reached(const struct work works[], size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        if (works[i].scan) sum += works[i].scan->proved;
    return sum;
}

static void scan_all(struct verify *v, struct work works[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!works[i].scan) continue;
        start(&works[i]);
        while (running(works, count) >= v->jobs && wait_for_one(works, count))
            progress_show("proved", reached(works, count), v->events);
    }
    while (running(works, count) > 0 && wait_for_one(works, count))
        progress_show("proved", reached(works, count), v->events);
}

/* ---- How they follow each other. */

static void check_first_part(struct verify *v, const struct part *part)
{
    struct log_commit nothing;
    record_nothing(&nothing);
    if (part->birth.previous_first == 0 && !record_equal(&part->birth.before, &nothing))
        verify_say(v, part->first, part->first, EXIT_DAMAGED, "%s is the first segment and says that there was something before",
                   part->path);
}

static void check_follows(struct verify *v, const struct part *before, const struct part *part)
{
    if (memcmp(part->birth.log_id, before->birth.log_id, LOG_ID_SIZE) != 0)
        verify_say(v, part->first, part->last.last, EXIT_DAMAGED, "%s belongs to another log: its log id differs", part->path);
    else if (part->birth.before.last < before->last.last)
        verify_say(v, part->first, before->last.last, EXIT_DAMAGED, "%s begins before the segment before it ends", part->path);
    else if (part->birth.before.last == before->last.last && !record_equal(&part->birth.before, &before->last))
        verify_say(v, before->first, before->last.last, EXIT_DAMAGED,
                   "%s does not end as the next segment says that it does", before->path);
}

static void check_chain(struct verify *v, const struct parts *parts)
{
    const struct part *before = NULL;
    for (size_t i = 0; i < parts->count; i++) {
        const struct part *part = &parts->list[i];
        if (part->code != EXIT_WELL) {
            before = NULL;
            continue;
        }
        if (part->birth.first != part->first)
            verify_say(v, part->first, part->last.last, EXIT_DAMAGED, "%s says that it begins with event %" PRIu64, part->path,
                       part->birth.first);
        else if (before) check_follows(v, before, part);
        else check_first_part(v, part);
        before = part;
    }
}

static void check_end(struct verify *v, const struct parts *parts)
{
    const struct part *last = &parts->list[parts->count - 1];
    const struct clean_marker *marker = &parts->marker;
    if (!parts->has_marker || last->code != EXIT_WELL || marker->head > last->last.last) return; /* a gap, said by then */
    if (memcmp(marker->log_id, last->birth.log_id, LOG_ID_SIZE) != 0)
        verify_say(v, last->first, last->last.last, EXIT_DAMAGED, "the last clean stop was that of another log");
    else if (!parts_were_closed_cleanly(parts))
        verify_say(v, last->first, last->last.last, EXIT_DAMAGED,
                   "the log is not the one that the last clean stop left: that ended at event %" PRIu64 " with another root",
                   marker->head);
}

static void say_gaps(struct verify *v, const struct parts *parts)
{
    for (size_t i = 0; i <= parts->count; i++) {
        uint64_t first, last;
        parts_gap(parts, i, &first, &last);
        if (first > last) continue;
        v->events += last + 1 - first;
        verify_say(v, first, last, EXIT_INCOMPLETE, "no segment holds these events: it was archived, or is lost");
    }
}

/* ---- All of it. */

static const struct part *part_behind(const struct parts *parts, size_t index)
{
    return index + 1 < parts->count ? &parts->list[index + 1] : NULL;
}

/* A segment that cannot even be opened: what it should hold is known from its neighbours. */
static void say_unreadable(struct verify *v, const struct parts *parts, size_t index)
{
    const struct part *part = &parts->list[index], *behind = part_behind(parts, index);
    uint64_t last = behind ? behind->first - 1 : parts->has_marker ? MAX(parts->marker.head, part->first) : part->first;
    v->events += last + 1 - part->first;
    verify_say(v, part->first, last, part->code, "%s", part->why.text);
}

static void begin(struct verify *v, const struct parts *parts, struct work works[])
{
    for (size_t i = 0; i < parts->count; i++) {
        const struct part *part = &parts->list[i];
        works[i] = (struct work){.part = part};
        if (part->code != EXIT_WELL || part->last.last < part->first) continue;
        works[i].scan = shared_alloc(sizeof *works[i].scan);
        scan_begin(works[i].scan, &part->birth.before, part->last.last, v->level >= VERIFY_EVENTS);
        v->events += part->last.last + 1 - part->first;
    }
}

static void say_all(struct verify *v, const struct parts *parts, struct work works[])
{
    for (size_t i = 0; i < parts->count; i++) {
        struct log_scan *scan = works[i].scan;
        if (parts->list[i].code != EXIT_WELL) say_unreadable(v, parts, i);
        if (!scan) continue;
        verify_take(v, scan, parts->list[i].first);
        shared_free(scan, sizeof *scan);
    }
}

static void note_head(struct verify *v, const struct parts *parts)
{
    const struct part *last = &parts->list[parts->count - 1];
    if (last->code != EXIT_WELL) return;
    memcpy(v->log_id, last->birth.log_id, sizeof v->log_id);
    memcpy(v->root, last->last.root, sizeof v->root);
    v->head = last->last.last;
}

enum exit_code verify_files(struct verify *v)
{
    struct parts parts;
    enum exit_code code = parts_open(&parts, v->replay);
    if (code != EXIT_WELL) return code;
    struct work *works = calloc(parts.count, sizeof *works);
    ASSERT(works);
    note_head(v, &parts);
    begin(v, &parts, works);
    if (parts.directory.fd >= 0 && source_place(v->replay) == SOURCE_DIRECTORY) say_gaps(v, &parts);
    scan_all(v, works, parts.count);
    check_chain(v, &parts);
    say_all(v, &parts, works);
    check_end(v, &parts);
    free(works);
    parts_close(&parts);
    return EXIT_WELL;
}
