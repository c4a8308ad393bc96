#include "replay-tool/moment.h"

#include "engine/base/timestamp.h"
#include "replay-tool/state.h"

#include <inttypes.h>
#include <stdlib.h>

enum { DIGITS_MAX = 18 };

static bool is_number(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits <= DIGITS_MAX && text[digits] == '\0';
}

bool moment_is(const char *text)
{
    int64_t time_us;
    return is_number(text) || timestamp_read(bytes_of_text(text), &time_us);
}

enum exit_code moment_find(struct source *source, const char *name, const char *text, uint64_t *seq)
{
    int64_t time_us;
    if (is_number(text)) {
        *seq = strtoull(text, NULL, 10);
        if (*seq <= source->head) return EXIT_WELL;
        return fail(EXIT_NOTHING, "%s %s: there is no such event yet; the last one is %" PRIu64, name, text, source->head);
    }
    if (!timestamp_read(bytes_of_text(text), &time_us))
        return usage(source->replay, "%s %s: expected the number of an event, or a time as 2026-11-23T02:10:00Z", name, text);
    enum exit_code code = event_since(source, time_us + 1, seq);
    *seq -= code == EXIT_WELL;
    return code;
}

enum exit_code moment_put(struct source *source, uint64_t seq, struct open_map *m)
{
    struct event event;
    struct sentence why = {""};
    struct log_commit commit;
    put_uint(m, "seq", seq);
    if (seq == 0) return EXIT_WELL;
    enum exit_code code = event_read(source, seq, &event, &why);
    if (code == EXIT_WELL) put_time(m, "time", event.time_us); /* else it was skipped, or has been told of */
    code = source_commit(source, seq, &commit);
    if (code == EXIT_WELL && commit.last == seq) put_hex(m, "root", (struct bytes){commit.root, sizeof commit.root});
    return code;
}
