#include "replay-tool/copy.h"

#include "engine/events/event.h"
#include "engine/log/record.h"
#include "replay-tool/files.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

enum { BYTES_AT_ONCE = 16 << 20, EXTEND_BYTES = 1 << 20, NOTE_SIZE = 256 };

/* ---- Opening and closing. */

static enum exit_code log_failed(const struct copy *c, enum log_fault fault)
{
    return fault == LOG_OK ? EXIT_WELL : fail(exit_of_log(fault), "%s", c->log.why.text);
}

/* Where the log stands, which goes on from there. */
static enum exit_code find_end(struct copy *c)
{
    struct log_reader reader;
    record_nothing(&c->at);
    if (log_head(&c->log) == 0) return EXIT_WELL;
    enum log_fault fault = log_reader_open(&reader, &c->log);
    if (fault == LOG_OK) fault = log_read_commit(&reader, log_head(&c->log), &c->at);
    enum exit_code code = fault == LOG_OK ? EXIT_WELL : fail(exit_of_log(fault), "%s", reader.why.text);
    log_reader_close(&reader);
    return code;
}

enum exit_code copy_open(struct copy *c, const char *directory, const uint8_t log_id[LOG_ID_SIZE])
{
    *c = (struct copy){.commit_count = 0};
    struct log_settings settings = {.directory = directory, .extend_bytes = EXTEND_BYTES, .copy_of = log_id};
    enum exit_code code = log_failed(c, log_open(&c->log, &settings));
    if (code != EXIT_WELL) return code;
    c->commits = calloc(LOG_COMMIT_VALUES_MAX, sizeof *c->commits);
    c->values = calloc(2 * LOG_COMMIT_VALUES_MAX, sizeof *c->values);
    ASSERT(c->commits && c->values);
    code = find_end(c);
    if (code != EXIT_WELL) copy_close(c, false);
    return code;
}

/* Writes the commits that were taken; the one at hand stays. */
static enum exit_code write_taken(struct copy *c)
{
    enum log_fault fault = LOG_OK;
    if (c->commit_count > 0) fault = log_append_commits(&c->log, c->commits, c->commit_count, c->values);
    struct arena *done = &c->arenas[c->arena], *next = &c->arenas[c->arena ^= 1];
    for (size_t i = 0; i < c->commit_values; i++) c->values[i] = arena_copy(next, c->values[c->value_count + i]);
    arena_reset(done);
    c->commit_count = c->value_count = c->bytes = 0;
    return log_failed(c, fault);
}

enum exit_code copy_close(struct copy *c, bool whole)
{
    enum exit_code code = whole ? write_taken(c) : EXIT_WELL;
    log_close(&c->log, whole && code == EXIT_WELL);
    free(c->commits);
    free(c->values);
    for (size_t i = 0; i < COUNT_OF(c->arenas); i++) arena_free(&c->arenas[i]);
    return code;
}

/* ---- Commits. */

void copy_value(struct copy *c, struct bytes value)
{
    ASSERT(c->commit_values < LOG_COMMIT_VALUES_MAX);
    c->values[c->value_count + c->commit_values++] = arena_copy(&c->arenas[c->arena], value);
    c->bytes += value.size;
}

static bool begins_segment(struct bytes value)
{
    struct event event;
    struct sentence why;
    return event_decode(value, &event, &why) == EVENT_OK && event.type == EVENT_SEGMENT_OPENED;
}

/* Room for the commit at hand, in the segment where it belongs. */
static enum exit_code make_room(struct copy *c)
{
    bool rolls = begins_segment(c->values[c->value_count]);
    bool full = c->value_count + c->commit_values > LOG_COMMIT_VALUES_MAX || c->bytes > BYTES_AT_ONCE;
    enum exit_code code = rolls || full ? write_taken(c) : EXIT_WELL;
    return code == EXIT_WELL && rolls ? log_failed(c, log_roll(&c->log)) : code;
}

enum exit_code copy_commit(struct copy *c, int64_t time_us, const uint8_t *root)
{
    struct log_commit commit = {.first = c->at.last + 1, .last = c->at.last + c->commit_values, .time_us = time_us,
                                .tree = c->at.tree};
    ASSERT(c->commit_values > 0);
    for (size_t i = 0; i < c->commit_values; i++) merkle_append(&commit.tree, c->values[c->value_count + i]);
    merkle_root(&commit.tree, commit.root);
    bool good = time_us >= c->at.time_us && (!root || memcmp(root, commit.root, MERKLE_HASH_SIZE) == 0);
    enum exit_code code = good ? make_room(c) : EXIT_DAMAGED;
    if (code == EXIT_WELL) {
        c->at = c->commits[c->commit_count++] = commit;
        c->value_count += c->commit_values;
    }
    c->commit_values = 0;
    return code;
}

/* ---- From another log. */

/* Whether what is there already is the beginning of that log. */
static enum exit_code check_same(const struct copy *c, struct source *source)
{
    struct log_commit commit;
    if (c->at.last == 0) return EXIT_WELL;
    if (c->at.last > source->head)
        return fail(EXIT_DIFFERENT, "the copy has events up to %" PRIu64 ", and the log ends with %" PRIu64
                                    ": it has lost some, or the copy is of another history", c->at.last, source->head);
    if (c->at.last < source->first) return EXIT_WELL; /* nothing to compare with; the next commit's root tells */
    enum exit_code code = source_commit(source, c->at.last, &commit);
    if (code != EXIT_WELL) return code;
    if (commit.last == c->at.last && memcmp(commit.root, c->at.root, MERKLE_HASH_SIZE) == 0) return EXIT_WELL;
    return fail(EXIT_DIFFERENT, "the copy is not of this log: at event %" PRIu64 " they have different roots", c->at.last);
}

static enum exit_code take_commit(struct copy *c, struct source *source)
{
    struct log_commit commit;
    struct bytes value;
    enum exit_code code = source_commit(source, c->at.last + 1, &commit);
    if (code != EXIT_WELL) return code;
    uint64_t count = commit.last - c->at.last;
    if (commit.first != c->at.last + 1 || count > LOG_COMMIT_VALUES_MAX)
        return fail(EXIT_DAMAGED, "the commit of event %" PRIu64 " does not follow the one before it; salvage saves what can "
                                  "be read", c->at.last + 1);
    for (uint64_t seq = commit.first; code == EXIT_WELL && seq <= commit.last; seq++) {
        code = source_read(source, seq, &value);
        if (code == EXIT_WELL) copy_value(c, value);
    }
    if (code != EXIT_WELL) return code;
    code = copy_commit(c, commit.time_us, commit.root);
    if (code != EXIT_DAMAGED) return code;
    return fail(code, "events %" PRIu64 " to %" PRIu64 " are not those that were written: they do not have the root of their "
                      "commit; salvage saves what can be read", commit.first, commit.last);
}

enum exit_code copy_from(struct copy *c, struct source *source, uint64_t last)
{
    enum exit_code code = check_same(c, source);
    if (code == EXIT_WELL && c->at.last < last && c->at.last + 1 < source->first)
        code = fail(EXIT_INCOMPLETE, "events %" PRIu64 " to %" PRIu64 " are not there; put their archived segments beside the "
                                     "others first", c->at.last + 1, source->first - 1);
    while (code == EXIT_WELL && c->at.last < last) {
        code = take_commit(c, source);
        progress_show("copied", c->at.last, last);
    }
    return code;
}

static int64_t wall_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

enum exit_code copy_continue(struct copy *c, const uint8_t old_log_id[LOG_ID_SIZE], const char *how)
{
    struct arena arena = {0};
    struct buffer out = {.arena = &arena};
    int64_t now_us = MAX(wall_us(), c->at.time_us);
    event_encode(&(struct event){.type = EVENT_LOG_CONTINUED,
                                 .time_us = now_us,
                                 .log_continued = {.log_id = {log_id(&c->log), LOG_ID_SIZE},
                                                   .old_log_id = {old_log_id, LOG_ID_SIZE},
                                                   .size = c->at.last,
                                                   .root = {c->at.root, MERKLE_HASH_SIZE},
                                                   .how = bytes_of_text(how)}},
                 &out);
    copy_value(c, buffer_bytes(&out));
    enum exit_code code = copy_commit(c, now_us, NULL);
    arena_free(&arena);
    return code;
}

/* ---- Drafts. */

static void write_hex(char *out, const uint8_t id[LOG_ID_SIZE])
{
    for (size_t i = 0; i < LOG_ID_SIZE; i++) snprintf(out + 2 * i, 3, "%02x", id[i]);
}

/* The line of text, but for the id it gets. */
static size_t describe(char note[NOTE_SIZE], const struct draft *d, const char *what)
{
    char old_id[2 * LOG_ID_SIZE + 1];
    write_hex(old_id, d->old_id);
    int size = snprintf(note, NOTE_SIZE, "%s of log %s as log ", what, old_id);
    ASSERT(size < NOTE_SIZE / 2);
    return (size_t)size;
}

static bool read_id(const char *text, uint8_t id[LOG_ID_SIZE])
{
    for (size_t i = 0; i < LOG_ID_SIZE; i++) {
        unsigned byte;
        if (sscanf(text + 2 * i, "%2x", &byte) != 1) return false;
        id[i] = (uint8_t)byte;
    }
    return true;
}

static enum exit_code draft_begin(struct draft *d, const char *note_path, char note[NOTE_SIZE], size_t size, bool is_new_log)
{
    memcpy(d->log_id, d->old_id, LOG_ID_SIZE);
    if (is_new_log && getrandom(d->log_id, LOG_ID_SIZE, 0) != LOG_ID_SIZE)
        return files_fault("get a random log id for", d->path);
    write_hex(note + size, d->log_id);
    size += 2 * (size_t)LOG_ID_SIZE;
    note[size++] = '\n';
    return files_write(note_path, (struct bytes){(const uint8_t *)note, size});
}

enum exit_code draft_open(struct draft *d, const char *directory, const uint8_t old_id[LOG_ID_SIZE], const char *what,
                          bool is_new_log)
{
    char note_path[PATH_MAX], note[NOTE_SIZE], found[NOTE_SIZE] = "";
    memcpy(d->old_id, old_id, LOG_ID_SIZE);
    enum exit_code code = files_path(d->final, directory, "log");
    if (code == EXIT_WELL) code = files_path(d->path, directory, "log.part");
    if (code == EXIT_WELL) code = files_path(note_path, d->path, "of");
    if (code == EXIT_WELL) code = files_make_directory(d->path);
    if (code != EXIT_WELL) return code;
    size_t size = describe(note, d, what);
    size_t found_size = files_read(note_path, found, sizeof found - 1);
    if (found_size == 0 && files_is_empty(d->path, "of.part")) return draft_begin(d, note_path, note, size, is_new_log);
    bool ours = found_size == size + 2 * (size_t)LOG_ID_SIZE + 1 && memcmp(found, note, size) == 0;
    if (ours && read_id(found + size, d->log_id)) return EXIT_WELL;
    return fail(EXIT_DIFFERENT, "%s is the beginning of something else, as its file `of` says; remove it, or give the same "
                                "command again", d->path);
}

/* The note goes last: whoever is interrupted here has a whole log, and a line of text too much in it. */
static enum exit_code remove_note(const struct draft *d)
{
    char note_path[PATH_MAX];
    enum exit_code code = files_path(note_path, d->final, "of");
    if (code == EXIT_WELL) files_remove(note_path);
    return code;
}

enum exit_code draft_finish(const struct draft *d)
{
    enum exit_code code = files_rename(d->path, d->final);
    return code == EXIT_WELL ? remove_note(d) : code;
}

enum exit_code draft_replace(const struct draft *d, const char *aside)
{
    enum exit_code code = files_exchange(d->path, d->final);
    if (code == EXIT_WELL) code = remove_note(d);
    return code == EXIT_WELL ? files_rename(d->path, aside) : code;
}
