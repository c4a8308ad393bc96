#include "replay-tool/state.h"

#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { STATE_HASH_SIZE = 32, STEPS_USUAL = 1000000 };

/* ---- Events that are passed over. */

static enum exit_code take_skips(struct state *s, const struct options *options)
{
    s->skip = calloc(options->count + 1, sizeof *s->skip);
    s->skipped = calloc(options->count + 1, sizeof *s->skipped);
    ASSERT(s->skip && s->skipped);
    for (size_t i = 0; i < options->count; i++) {
        char *end;
        if (strcmp(options->given[i].row->name, "skip") != 0) continue;
        const char *text = options->given[i].value;
        uint64_t seq = strtoull(text, &end, 10);
        if (*text < '1' || *text > '9' || *end)
            return usage(s->source->replay, "--skip %s: expected the number of an event", text);
        s->skip[s->skip_count++] = seq;
    }
    return EXIT_WELL;
}

bool state_skips(const struct state *s, uint64_t seq)
{
    for (size_t i = 0; i < s->skip_count; i++)
        if (s->skip[i] == seq) return true;
    return false;
}

void state_put_skipped(const struct state *s, struct open_map *m)
{
    if (s->skipped_count == 0) return;
    put_key(m, "skipped");
    struct open_list list = put_list(m->out);
    for (size_t i = 0; i < s->skipped_count; i++) msgpack_pack_uint64(&m->packer, s->skipped[i]);
    list.count = (uint32_t)s->skipped_count;
    put_list_end(&list);
}

enum exit_code state_exit(const struct state *s)
{
    return s->skipped_count ? EXIT_INCOMPLETE : EXIT_WELL;
}

/* ---- Opening. */

void read_boot_id(char boot_id[BOOT_ID_SIZE])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, boot_id, BOOT_ID_SIZE - 1);
    if (fd >= 0) close(fd);
    boot_id[MAX(size, 0)] = '\0';
    boot_id[strcspn(boot_id, "\n")] = '\0';
}

static enum exit_code failed(const struct state *s, enum projections_fault fault)
{
    if (fault == PROJECTIONS_OK) return EXIT_WELL;
    return fail(fault == PROJECTIONS_NO_SPACE ? EXIT_NO_SPACE : EXIT_IO, "%s", s->projections.why.text);
}

static enum exit_code open_in(struct state *s, const char *directory)
{
    char boot_id[BOOT_ID_SIZE];
    read_boot_id(boot_id);
    struct projections_settings settings = {.directory = directory, .boot_id = boot_id};
    enum projections_fault fault = projections_open(&s->projections, &settings);
    s->is_open = fault == PROJECTIONS_OK;
    return failed(s, fault);
}

enum exit_code state_open_at(struct state *s, struct source *source, const char *directory)
{
    *s = (struct state){.source = source};
    return open_in(s, directory);
}

enum exit_code state_open(struct state *s, struct source *source)
{
    char directory[PATH_MAX];
    uint64_t steps = STEPS_USUAL;
    *s = (struct state){.source = source};
    const char *scratch = scratch_directory(source->replay);
    if (!scratch) return EXIT_IO;
    snprintf(directory, sizeof directory, "%s/state", scratch);
    enum exit_code code = take_skips(s, &source->replay->options);
    if (code == EXIT_WELL && !option_number(source->replay, "steps", UINT64_MAX, &steps)) code = EXIT_USAGE;
    if (code == EXIT_WELL) code = open_in(s, directory);
    if (code == EXIT_WELL) projections_limit(&s->projections, steps);
    else state_close(s);
    return code;
}

enum exit_code state_keep(struct state *s)
{
    struct fold_position position = {.seq = state_head(s)};
    ASSERT(position.seq == s->source->head);
    memcpy(position.log_id, s->source->log_id, sizeof position.log_id);
    memcpy(position.root, s->source->root, sizeof position.root);
    enum exit_code code = failed(s, projections_commit(&s->projections, &position));
    if (code == EXIT_WELL) projections_close(&s->projections, true);
    if (code == EXIT_WELL) s->is_open = false;
    return code;
}

void state_close(struct state *s)
{
    if (s->is_open) projections_close(&s->projections, false);
    s->is_open = false;
    free(s->skip);
    free(s->skipped);
    s->skip = s->skipped = NULL;
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

enum exit_code event_get(struct source *source, uint64_t seq, struct event *event)
{
    struct sentence why = {""};
    enum exit_code code = event_read(source, seq, event, &why);
    return why.text[0] ? fail(code, "%s", why.text) : code;
}

enum exit_code event_since(struct source *source, int64_t time_us, uint64_t *seq)
{
    uint64_t low = source->first, high = source->head + 1;
    while (low < high) { /* times never run backwards */
        struct event event;
        uint64_t middle = low + (high - low) / 2;
        enum exit_code code = event_get(source, middle, &event);
        if (code != EXIT_WELL) return code;
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
    return failed(s, projections_commit(&s->projections, &position));
}

static enum exit_code fold_next(struct state *s)
{
    struct event event;
    struct sentence why;
    uint64_t seq = state_head(s) + 1;
    if (s->skip_count && state_skips(s, seq)) {
        projections_pass(&s->projections);
        s->skipped[s->skipped_count++] = seq;
        return EXIT_WELL;
    }
    enum exit_code code = event_read(s->source, seq, &event, &s->why);
    if (code != EXIT_WELL) return code;
    switch (projections_apply(&s->projections, &event, &why)) {
    case FOLD_OK: break;
    case FOLD_FAULT:
        if (s->projections.fault != PROJECTIONS_ENDLESS) return fail(EXIT_IO, "%s", why.text);
        sentence_set(&s->why, "event %" PRIu64 " (%s) cannot be folded: %s", seq, event_name(event.type), why.text);
        return EXIT_DAMAGED;
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

enum exit_code state_reach(struct state *s, uint64_t last)
{
    enum exit_code code = state_fold_to(s, last);
    bool is_named = code == EXIT_DAMAGED || code == EXIT_NEWER_FORMAT;
    return is_named && s->why.text[0] ? fail(code, "%s; --skip %" PRIu64 " passes over it", s->why.text, state_head(s) + 1)
                                      : code;
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
