/* muster-replay restore: a data directory from a backup, or from any other log, whole or up to a moment. A log that is to
 * go on from a moment is a new one, with an id of its own: what it says behind that moment is not what the old one says. */
#include "replay-tool/copy.h"
#include "replay-tool/files.h"
#include "replay-tool/state.h"
#include "replay-tool/verbs.h"

#include "engine/base/timestamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

const struct option_row RESTORE_OPTIONS[] = {
    {"to", "DIR", "the new data directory: empty, or made; or one where the same restore was interrupted"},
    {"until", "SEQ|TIME", "only up to this event, or what was before this time; begins a new log id"},
    {NULL, NULL, NULL},
};

/* A turn is one commit, and what it did belongs together: the last one that ends with `last` or before it. */
static enum exit_code whole_commits(struct source *source, uint64_t *last)
{
    struct log_commit commit;
    if (*last < source->first) return fail(EXIT_NOTHING, "no event is as old as that");
    enum exit_code code = source_commit(source, *last, &commit);
    if (code == EXIT_WELL && commit.last > *last) *last = commit.first - 1;
    if (code == EXIT_WELL && *last < source->first) return fail(EXIT_NOTHING, "the first commit ends only behind that");
    return code;
}

static enum exit_code take_until(struct replay *r, struct source *source, const char *until, uint64_t *last)
{
    int64_t time_us;
    uint64_t behind;
    if (*until && strspn(until, "0123456789") == strlen(until)) {
        *last = MIN(strtoull(until, NULL, 10), source->head);
        return whole_commits(source, last);
    }
    if (!timestamp_read(bytes_of_text(until), &time_us))
        return usage(r, "--until %s: expected an event's number, or a time as 2026-11-23T02:10:00Z", until);
    enum exit_code code = event_since(source, time_us, &behind);
    if (code != EXIT_WELL) return code;
    *last = behind - 1;
    return whole_commits(source, last);
}

static enum exit_code write_log(struct source *source, const struct draft *draft, uint64_t last, struct log_commit *end)
{
    static struct copy copy;
    bool is_new_log = memcmp(draft->log_id, draft->old_id, LOG_ID_SIZE) != 0;
    enum exit_code code = copy_open(&copy, draft->path, draft->log_id);
    if (code != EXIT_WELL) return code;
    if (copy.at.last <= last) { /* else LOG_CONTINUED is there, and only the name was missing */
        code = copy_from(&copy, source, last);
        if (code == EXIT_WELL && is_new_log) code = copy_continue(&copy, draft->old_id, "restore");
    }
    *end = copy.at;
    enum exit_code closed = copy_close(&copy, code == EXIT_WELL);
    return code == EXIT_WELL ? closed : code;
}

static void show_summary(struct replay *r, const char *to, const struct draft *draft, const struct source *source,
                         uint64_t last, const struct log_commit *end)
{
    struct open_map *m = out_record(&r->out, "summary");
    put_word(m, "to", to);
    put_uint(m, "kept", last);
    put_uint(m, "left", source->head - last);
    put_hex(m, "logId", (struct bytes){draft->log_id, LOG_ID_SIZE});
    put_uint(m, "head", end->last);
    put_hex(m, "root", (struct bytes){end->root, MERKLE_HASH_SIZE});
    out_end(&r->out);
}

static enum exit_code restore(struct replay *r, struct source *source, const char *to, const char *until)
{
    struct draft draft;
    struct log_commit end;
    char what[64] = "all";
    uint64_t last = source->head;
    enum exit_code code = until ? take_until(r, source, until, &last) : EXIT_WELL;
    if (code == EXIT_WELL) code = files_make_directory(to);
    if (until) snprintf(what, sizeof what, "events 1 to %" PRIu64, last);
    if (code == EXIT_WELL) code = draft_open(&draft, to, source->log_id, what, until != NULL);
    if (code == EXIT_WELL) code = write_log(source, &draft, last, &end);
    if (code == EXIT_WELL) code = draft_finish(&draft);
    if (code != EXIT_WELL) return code;
    source_header(source);
    show_summary(r, to, &draft, source, last, &end);
    return EXIT_WELL;
}

enum exit_code verb_restore(struct replay *r)
{
    struct source source;
    const char *to = option(r, "to"), *until = option(r, "until");
    if (!to) return usage(r, "--to is missing");
    if (!files_is_empty(to, "log.part"))
        return usage(r, "--to %s: it is not empty; nothing is ever restored over what is there", to);
    enum exit_code code = source_open(&source, r);
    if (code != EXIT_WELL) return code;
    if (source.head == 0) code = fail(EXIT_NOTHING, "there is no event to restore");
    if (code == EXIT_WELL) code = restore(r, &source, to, until);
    source_close(&source);
    return code;
}
