#include "replay-tool/parts.h"

#include "replay-tool/guard.h"
#include "replay-tool/source.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- One part, in a child process. */

static void look(void *context)
{
    struct part *part = context;
    struct segment *segment;
    enum log_fault fault = segment_open(&segment, part->path, SEGMENT_READ, 0, &part->why);
    part->code = exit_of_log(fault);
    if (fault != LOG_OK) return;
    part->birth = *segment_birth(segment);
    part->last = *segment_last(segment);
    part->used_bytes = segment_used_bytes(segment);
    segment_close(segment);
}

static void part_look(struct part *part)
{
    struct stat status;
    if (stat(part->path, &status) == 0) part->file_bytes = (uint64_t)status.st_size;
    if (guard_run(look, part) == GUARD_RETURNED) return;
    part->code = EXIT_CRASHED;
    sentence_set(&part->why, "%s is damaged: it crashes its reader", part->path);
}

/* ---- All of them. */

static void parts_alloc(struct parts *parts, size_t count)
{
    parts->count = count;
    parts->list = shared_alloc(count * sizeof *parts->list);
}

enum exit_code lock_beside(struct directory *d, const char *file)
{
    char copy[PATH_MAX], lock[PATH_MAX];
    struct sentence why;
    snprintf(copy, sizeof copy, "%s", file);
    *d = (struct directory){.fd = -1, .lock_fd = -1};
    const char *directory = dirname(copy);
    int size = snprintf(lock, sizeof lock, "%s/lock", directory);
    if (size >= (int)sizeof lock || access(lock, F_OK) != 0) return EXIT_WELL;
    enum log_fault fault = directory_open(d, directory, true, &why);
    return fault == LOG_OK ? EXIT_WELL : fail(exit_of_log(fault), "%s", why.text);
}

static enum exit_code open_file(struct parts *parts, struct replay *r)
{
    const char *path = option(r, "data");
    enum exit_code code = lock_beside(&parts->directory, path);
    if (code != EXIT_WELL) return code;
    parts_alloc(parts, 1);
    snprintf(parts->list->path, sizeof parts->list->path, "%s", path);
    part_look(parts->list);
    const char *slash = strrchr(path, '/');
    parts->list->first = strtoull(slash ? slash + 1 : path, NULL, 10); /* all that a damaged one tells */
    if (parts->list->code == EXIT_WELL) parts->list->first = parts->list->birth.first;
    return EXIT_WELL;
}

static enum exit_code open_directory(struct parts *parts, const char *path)
{
    struct sentence why;
    uint64_t *firsts;
    size_t count;
    enum log_fault fault = directory_open(&parts->directory, path, true, &why);
    if (fault == LOG_BUSY) return fail(EXIT_BUSY, "%s, or read it through its --socket", why.text);
    if (fault == LOG_OK) fault = directory_list(&parts->directory, &firsts, &count, &why);
    if (fault != LOG_OK) return fail(exit_of_log(fault), "%s", why.text);
    parts->has_marker = marker_read(&parts->directory, &parts->marker);
    parts_alloc(parts, count);
    for (size_t i = 0; i < count; i++) {
        char name[SEGMENT_NAME_SIZE];
        struct part *part = &parts->list[i];
        part->first = firsts[i];
        segment_name(firsts[i], name);
        directory_name(&parts->directory, name, part->path);
        part_look(part);
    }
    free(firsts);
    return EXIT_WELL;
}

static enum exit_code opened(struct parts *parts, enum exit_code code)
{
    if (code != EXIT_WELL) parts_close(parts);
    return code;
}

enum exit_code parts_open_at(struct parts *parts, const char *directory)
{
    *parts = (struct parts){.directory = {.fd = -1, .lock_fd = -1}};
    return opened(parts, open_directory(parts, directory));
}

enum exit_code parts_open(struct parts *parts, struct replay *r)
{
    char path[PATH_MAX];
    if (source_place(r) != SOURCE_SEGMENT)
        return source_log_directory(r, path) ? parts_open_at(parts, path) : EXIT_NOTHING;
    *parts = (struct parts){.directory = {.fd = -1, .lock_fd = -1}};
    return opened(parts, open_file(parts, r));
}

void parts_close(struct parts *parts)
{
    directory_close(&parts->directory);
    if (parts->list) shared_free(parts->list, parts->count * sizeof *parts->list);
    parts->list = NULL;
}

/* ---- What follows from them. */

static const struct part *newest(const struct parts *parts)
{
    return parts->count ? &parts->list[parts->count - 1] : NULL;
}

bool parts_were_closed_cleanly(const struct parts *parts)
{
    const struct part *last = newest(parts);
    return parts->has_marker && last && last->code == EXIT_WELL && parts->marker.head == last->last.last &&
           memcmp(parts->marker.root, last->last.root, MERKLE_HASH_SIZE) == 0;
}

void parts_gap(const struct parts *parts, size_t index, uint64_t *first, uint64_t *last)
{
    const struct part *before = index > 0 ? &parts->list[index - 1] : NULL;
    *first = 1;
    *last = 0;
    if (before && before->code != EXIT_WELL) return; /* where that one ends is not known */
    if (before) *first = before->last.last + 1;
    if (index < parts->count) *last = parts->list[index].first - 1;
    else if (parts->has_marker) *last = parts->marker.head;
}
