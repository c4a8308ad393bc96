#include "replay-tool/state.h"

#include <openssl/evp.h>
#include <stdio.h>

enum { STATE_HASH_SIZE = 32 };

enum exit_code state_open(struct state *s, struct source *source)
{
    char directory[PATH_MAX];
    *s = (struct state){.source = source};
    const char *scratch = scratch_directory(source->replay);
    if (!scratch) return EXIT_IO;
    snprintf(directory, sizeof directory, "%s/state", scratch);
    struct projections_settings settings = {.directory = directory, .boot_id = "replay"};
    enum projections_fault fault = projections_open(&s->projections, &settings);
    s->is_open = fault == PROJECTIONS_OK;
    if (s->is_open) return EXIT_WELL;
    return fail(fault == PROJECTIONS_NO_SPACE ? EXIT_NO_SPACE : EXIT_IO, "%s", s->projections.why.text);
}

void state_close(struct state *s)
{
    if (s->is_open) projections_close(&s->projections, false);
    s->is_open = false;
}

uint64_t state_head(const struct state *s)
{
    return projections_head(&s->projections);
}

struct view *state_view(struct state *s)
{
    return projections_live(&s->projections);
}

enum exit_code event_read(struct source *source, uint64_t seq, struct event *event, struct sentence *why)
{
    struct bytes value;
    struct sentence reason;
    enum exit_code code = source_read(source, seq, &value);
    if (code != EXIT_WELL) return code;
    enum event_fault fault = event_decode(value, event, &reason);
    event->seq = seq;
    if (fault == EVENT_OK) return EXIT_WELL;
    sentence_set(why, "event %llu: %s", (unsigned long long)seq, reason.text);
    return fault == EVENT_UNKNOWN ? EXIT_NEWER_FORMAT : EXIT_DAMAGED;
}

enum exit_code event_since(struct source *source, int64_t time_us, uint64_t *seq)
{
    uint64_t low = source->first, high = source->head + 1;
    while (low < high) { /* times never run backwards */
        struct event event;
        uint64_t middle = low + (high - low) / 2;
        struct sentence why = {""};
        enum exit_code code = event_read(source, middle, &event, &why);
        if (code != EXIT_WELL) return why.text[0] ? fail(code, "%s", why.text) : code;
        if (event.time_us < time_us) low = middle + 1;
        else high = middle;
    }
    *seq = low;
    return EXIT_WELL;
}

/* What is folded must not all stay in memory. The position is of no use to anybody but this process. */
static enum exit_code commit(struct state *s)
{
    struct fold_position position = {.seq = state_head(s)};
    enum projections_fault fault = projections_commit(&s->projections, &position);
    if (fault == PROJECTIONS_OK) return EXIT_WELL;
    return fail(fault == PROJECTIONS_NO_SPACE ? EXIT_NO_SPACE : EXIT_IO, "%s", s->projections.why.text);
}

static enum exit_code fold_next(struct state *s)
{
    struct event event;
    struct sentence why;
    uint64_t seq = state_head(s) + 1;
    enum exit_code code = event_read(s->source, seq, &event, &s->why);
    if (code != EXIT_WELL) return code;
    switch (projections_apply(&s->projections, &event, &why)) {
    case FOLD_OK: break;
    case FOLD_FAULT: return fail(EXIT_IO, "%s", why.text);
    case FOLD_ILLEGAL:
        sentence_set(&s->why, "event %llu (%s) cannot have happened: %s", (unsigned long long)seq,
                     event_name(event.type), why.text);
        return EXIT_DAMAGED;
    }
    if (s->seen) s->seen(s->context, &event);
    return projections_commit_due(&s->projections) ? commit(s) : EXIT_WELL;
}

enum exit_code state_fold_to(struct state *s, uint64_t last)
{
    enum exit_code code = EXIT_WELL;
    if (s->source->first > 1)
        return fail(EXIT_INCOMPLETE, "events 1 to %llu are not there, and what they did is needed; bring their segments back",
                    (unsigned long long)s->source->first - 1);
    while (code == EXIT_WELL && state_head(s) < last) {
        code = fold_next(s);
        progress_show("folded", state_head(s), last);
    }
    return code;
}

static void hash_part(EVP_MD_CTX *sha, struct bytes part)
{
    uint8_t size[8];
    put_be64(size, part.size);
    ASSERT(EVP_DigestUpdate(sha, size, sizeof size) == 1 && EVP_DigestUpdate(sha, part.data, part.size) == 1);
}

static void hash_entry(void *context, const char *table, struct bytes key, struct bytes value)
{
    hash_part(context, bytes_of_text(table));
    hash_part(context, key);
    hash_part(context, value);
}

void state_hash(struct view *v, uint8_t hash[STATE_HASH_SIZE])
{
    EVP_MD_CTX *sha = EVP_MD_CTX_new();
    ASSERT(sha && EVP_DigestInit_ex(sha, EVP_sha256(), NULL) == 1);
    projections_each(v, hash_entry, sha);
    ASSERT(EVP_DigestFinal_ex(sha, hash, NULL) == 1);
    EVP_MD_CTX_free(sha);
}
