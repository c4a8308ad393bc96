/* Sources that are files: the log of a data directory, and one segment by itself. */
#include "replay-tool/source.h"

#include "engine/log/segment.h"
#include "replay-tool/parts.h"

#include <stdlib.h>

/* ---- A data directory. */

struct from_directory {
    struct log log;
    struct log_reader reader;
};

static bool is_there(struct source *s, uint64_t seq)
{
    struct from_directory *d = s->state;
    struct bytes value;
    return log_read(&d->reader, seq, &value) == LOG_OK;
}

static enum exit_code open_directory(struct source *s)
{
    char path[PATH_MAX];
    if (!source_log_directory_of(s->path, path)) return EXIT_NOTHING;
    struct from_directory *d = s->state = calloc(1, sizeof *d);
    ASSERT(d);
    enum log_fault fault = log_open(&d->log, &(struct log_settings){.directory = path, .read_only = true});
    if (fault == LOG_BUSY) return fail(EXIT_BUSY, "%s, or read it through its --socket", d->log.why.text);
    if (fault != LOG_OK) return fail(exit_of_log(fault), "%s", d->log.why.text);
    fault = log_reader_open(&d->reader, &d->log);
    if (fault != LOG_OK) return fail(exit_of_log(fault), "%s", d->reader.why.text);
    memcpy(s->log_id, log_id(&d->log), sizeof s->log_id);
    memcpy(s->root, log_root(&d->log), sizeof s->root);
    s->head = log_head(&d->log);
    s->first = source_first_there(s, is_there);
    return EXIT_WELL;
}

static void close_directory(struct source *s)
{
    struct from_directory *d = s->state;
    log_reader_close(&d->reader);
    log_close(&d->log, false);
    free(d);
}

static enum exit_code read_directory(struct source *s, uint64_t seq, struct bytes *value)
{
    struct from_directory *d = s->state;
    enum log_fault fault = log_read(&d->reader, seq, value);
    return fault == LOG_OK ? EXIT_WELL : fail(exit_of_log(fault), "%s", d->reader.why.text);
}

static enum exit_code commit_of_directory(struct source *s, uint64_t seq, struct log_commit *commit)
{
    struct from_directory *d = s->state;
    enum log_fault fault = log_find_commit(&d->reader, seq, commit);
    return fault == LOG_OK ? EXIT_WELL : fail(exit_of_log(fault), "%s", d->reader.why.text);
}

const struct source_kind SOURCE_OF_DIRECTORY = {
    open_directory, read_directory, commit_of_directory, NULL, close_directory,
};

/* ---- One segment. Nobody may be writing to it; a sealed one nobody does. */

struct from_segment {
    struct directory beside; /* its lock, where there is one */
    struct segment *segment;
    struct segment_view *view;
    struct sentence why;
};

static enum exit_code open_one(struct source *s)
{
    struct from_segment *f = s->state = calloc(1, sizeof *f);
    ASSERT(f);
    enum exit_code code = lock_beside(&f->beside, s->path);
    if (code != EXIT_WELL) return code;
    enum log_fault fault = segment_open(&f->segment, s->path, SEGMENT_READ, 0, &f->why);
    if (fault == LOG_OK) fault = segment_view_open(&f->view, f->segment, &f->why);
    if (fault != LOG_OK) return fail(exit_of_log(fault), "%s", f->why.text);
    const struct segment_birth *birth = segment_birth(f->segment);
    const struct log_commit *last = segment_last(f->segment);
    memcpy(s->log_id, birth->log_id, sizeof s->log_id);
    memcpy(s->root, last->root, sizeof s->root);
    s->first = birth->first;
    s->head = last->last;
    return EXIT_WELL;
}

static void close_one(struct source *s)
{
    struct from_segment *f = s->state;
    if (f->view) segment_view_close(f->view);
    if (f->segment) segment_close(f->segment);
    directory_close(&f->beside);
    free(f);
}

static enum exit_code read_one(struct source *s, uint64_t seq, struct bytes *value)
{
    struct from_segment *f = s->state;
    enum log_fault fault = segment_view_value(f->view, seq, value, &f->why);
    return fault == LOG_OK ? EXIT_WELL : fail(exit_of_log(fault), "%s", f->why.text);
}

static enum exit_code commit_of_one(struct source *s, uint64_t seq, struct log_commit *commit)
{
    struct from_segment *f = s->state;
    if (seq < s->first) {
        *commit = segment_birth(f->segment)->before;
        return EXIT_WELL;
    }
    enum log_fault fault = segment_view_commit(f->view, seq, commit, &f->why);
    return fault == LOG_OK ? EXIT_WELL : fail(exit_of_log(fault), "%s", f->why.text);
}

const struct source_kind SOURCE_OF_SEGMENT = {open_one, read_one, commit_of_one, NULL, close_one};
