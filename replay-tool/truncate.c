/* muster-replay truncate: drops a tail that cannot be proved, so that an engine starts again. The beginning becomes a log
 * with an id of its own; the old log stays beside it as it was, in log.truncated, until somebody removes it. */
#include "replay-tool/files.h"
#include "replay-tool/rescue.h"
#include "replay-tool/verbs.h"

#include <inttypes.h>
#include <stdio.h>

const struct option_row TRUNCATE_OPTIONS[] = {
    {"confirm", "N", "drop these N events; without it they are only counted"},
    {NULL, NULL, NULL},
};

static uint64_t dropped(const struct rescue *w)
{
    return w->head - w->kept;
}

/* The data directory itself: its log has two names for a moment. */
static enum exit_code data_directory(struct replay *r, const char **data)
{
    char path[PATH_MAX];
    *data = option(r, "data") ? option(r, "data") : "muster-data";
    enum exit_code code = source_place(r) == SOURCE_DIRECTORY ? files_path(path, *data, "log") : EXIT_USAGE;
    if (code == EXIT_WELL && files_is_there(path)) return code;
    return usage(r, "--data must name a data directory, in which there is a directory log");
}

/* Interrupted between the two names that it gives, it leaves the old log where the new one was made: without the note that
 * a beginning has. */
static enum exit_code finish_interrupted(const char *data)
{
    char old[PATH_MAX], note[PATH_MAX], aside[PATH_MAX];
    enum exit_code code = files_path(old, data, "log.part");
    if (code == EXIT_WELL) code = files_path(note, old, "of");
    if (code == EXIT_WELL) code = files_path(aside, data, "log.truncated");
    bool is_old_log = code == EXIT_WELL && files_is_there(old) && !files_is_there(note) && !files_is_empty(old, "of.part");
    return is_old_log && !files_is_there(aside) ? files_rename(old, aside) : code;
}

static enum exit_code write_beginning(struct replay *r, const struct draft *draft, uint64_t kept)
{
    static struct copy copy;
    struct rescue w = {.copy = &copy};
    enum exit_code code = copy_open(&copy, draft->path, draft->log_id);
    if (code != EXIT_WELL) return code;
    code = rescue_walk(&w, r);
    if (code == EXIT_WELL && w.kept != kept)
        code = fail(EXIT_IO, "the log reads differently each time; salvage it, and change the disk");
    if (code == EXIT_WELL && copy.at.last == kept) code = copy_continue(&copy, draft->old_id, "truncate");
    enum exit_code closed = copy_close(&copy, code == EXIT_WELL);
    return code == EXIT_WELL ? closed : code;
}

static enum exit_code truncate_log(struct replay *r, const char *data, const struct rescue *w, struct draft *draft)
{
    char aside[PATH_MAX], what[64];
    enum exit_code code = files_path(aside, data, "log.truncated");
    if (code == EXIT_WELL && files_is_there(aside))
        code = fail(EXIT_USAGE, "%s is there already, from a truncate before; move it elsewhere first", aside);
    snprintf(what, sizeof what, "events 1 to %" PRIu64, w->kept);
    if (code == EXIT_WELL) code = draft_open(draft, data, w->log_id, what, true);
    if (code == EXIT_WELL) code = write_beginning(r, draft, w->kept);
    return code == EXIT_WELL ? draft_replace(draft, aside) : code;
}

static void show(struct replay *r, const struct rescue *w, const struct draft *draft)
{
    struct open_map *m = header_open(r);
    put_word(m, "source", source_word(r));
    out_end(&r->out);
    m = out_record(&r->out, "summary");
    put_uint(m, "kept", w->kept);
    put_uint(m, "dropped", dropped(w));
    put_hex(m, "oldLogId", (struct bytes){w->log_id, LOG_ID_SIZE});
    if (draft) put_hex(m, "logId", (struct bytes){draft->log_id, LOG_ID_SIZE});
    put_flag(m, "done", draft != NULL);
    out_end(&r->out);
}

enum exit_code verb_truncate(struct replay *r)
{
    static struct rescue w;
    static struct draft draft;
    const char *data;
    uint64_t confirmed = 0;
    if (!option_number(r, "confirm", UINT64_MAX, &confirmed)) return EXIT_USAGE;
    enum exit_code code = data_directory(r, &data);
    if (code == EXIT_WELL && option(r, "confirm")) code = finish_interrupted(data);
    if (code == EXIT_WELL) code = rescue_walk(&w, r);
    if (code != EXIT_WELL) return code;
    if (w.kept == 0) return fail(EXIT_DAMAGED, "nothing of the log's beginning can be proved; salvage shows what can be read");
    if (dropped(&w) == 0 || !option(r, "confirm")) {
        show(r, &w, NULL);
        return dropped(&w) ? EXIT_DAMAGED : EXIT_WELL;
    }
    if (confirmed != dropped(&w))
        return usage(r, "--confirm %" PRIu64 ": the tail that cannot be proved has %" PRIu64 " events, %" PRIu64 " to %" PRIu64,
                     confirmed, dropped(&w), w.kept + 1, w.head);
    code = truncate_log(r, data, &w, &draft);
    if (code == EXIT_WELL) show(r, &w, &draft);
    return code;
}
