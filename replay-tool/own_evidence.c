/* The log's own key and checkpoints: files beside it, or what the engine answers. */
#include "replay-tool/evidence.h"

#include "engine/proof/signer.h"
#include "replay-tool/scan.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- The files beside a log. */

/* "" when there is none. */
static void read_small(const char *directory, const uint8_t log_id[LOG_ID_SIZE], const char *suffix, char *text, size_t room)
{
    char path[PATH_MAX];
    FILE *file = signer_path(directory, log_id, suffix, path) ? fopen(path, "re") : NULL;
    size_t size = file ? fread(text, 1, room - 1, file) : 0;
    text[size] = '\0';
    if (file) fclose(file);
}

void own_evidence_files(const struct replay *r, const uint8_t log_id[LOG_ID_SIZE], struct own_evidence *own)
{
    const char *directory = source_data_directory(r);
    read_small(directory, log_id, SIGNER_PUBLIC_SUFFIX, own->key, sizeof own->key);
    own->key[strcspn(own->key, "\n")] = '\0';
    read_small(directory, log_id, SIGNER_CHECKPOINT_SUFFIX, own->note, sizeof own->note);
}

/* ---- Signing without an engine. */

static enum exit_code exit_of_signer(enum signer_fault fault)
{
    static const enum exit_code EXITS[] = {
        [SIGNER_OK] = EXIT_WELL,           [SIGNER_KEY] = EXIT_SIGNATURE,  [SIGNER_DIFFERS] = EXIT_DAMAGED,
        [SIGNER_UNREAD] = EXIT_INCOMPLETE, [SIGNER_NO_SPACE] = EXIT_NO_SPACE, [SIGNER_FAILED] = EXIT_IO,
    };
    return EXITS[fault];
}

/* What is signed must be what is there: all that came since the last checkpoint is hashed. */
static enum exit_code prove_news(struct source *source, const struct signer *s)
{
    static struct log_scan scan;
    struct log_commit before = {.last = 0};
    uint64_t size = s->note[0] ? s->last.size : 0;
    if (size + 1 < source->first)
        return fail(EXIT_INCOMPLETE, "events %" PRIu64 " to %" PRIu64 " came after the last checkpoint and are not there; bring "
                                     "their segments back",
                    size + 1, source->first - 1);
    if (size > source->head) return EXIT_WELL; /* signer_prove says what is wrong with that */
    enum exit_code code = size > 0 ? source_commit(source, size, &before) : EXIT_WELL;
    if (code != EXIT_WELL) return code;
    if (before.last != size) before = (struct log_commit){.last = 0}; /* no commit ends there: all of it is hashed */
    if (before.last + 1 < source->first) return fail(EXIT_INCOMPLETE, "event %" PRIu64 " is needed and is not there", before.last + 1);
    scan_begin(&scan, &before, source->head, false);
    scan_source(&scan, source);
    if (scan.finding_count == 0) return EXIT_WELL;
    return fail(scan.findings[0].code, "nothing is signed: events %" PRIu64 " to %" PRIu64 ": %s", scan.findings[0].first,
                scan.findings[0].last, scan.findings[0].why.text);
}

static enum exit_code sign_here(struct source *source, struct own_evidence *own)
{
    struct signer s;
    struct tree_reader tree = evidence_tree(source);
    enum signer_fault fault = signer_open(&s, source_data_directory(source->replay), source->log_id, SIGNER_MAKES_NO_KEY);
    enum exit_code code = fault ? EXIT_WELL : prove_news(source, &s);
    if (!fault && code == EXIT_WELL) fault = signer_prove(&s, &tree, source->head, source->root);
    if (!fault && code == EXIT_WELL) fault = signer_sign(&s, source->head, source->root);
    if (fault == SIGNER_UNREAD) code = EXIT_INCOMPLETE; /* that was said */
    else if (fault) code = fail(exit_of_signer(fault), "%s", s.why.text);
    if (code == EXIT_WELL) {
        memcpy(own->note, s.note, sizeof own->note);
        note_key_write(&s.pair.key, own->key);
    }
    signer_close(&s);
    return code;
}

/* ---- Both. */

enum exit_code own_evidence(struct source *source, bool fresh, struct own_evidence *own)
{
    *own = (struct own_evidence){.key = ""};
    switch (source_place(source->replay)) {
    case SOURCE_ENGINE: return source_engine_checkpoint(source, fresh, own->key, sizeof own->key, own->note, sizeof own->note);
    case SOURCE_SEGMENT:
        if (fresh) return fail(EXIT_SIGNATURE, "a segment by itself has no key to sign with; --data names a data directory");
        return EXIT_WELL;
    case SOURCE_DIRECTORY: break;
    }
    if (fresh) return sign_here(source, own);
    own_evidence_files(source->replay, source->log_id, own);
    return EXIT_WELL;
}

void put_own_evidence(struct open_map *m, const struct own_evidence *own)
{
    struct bytes body, signatures;
    struct checkpoint last;
    if (own->key[0]) put_word(m, "key", own->key);
    bool is_signed = note_split(bytes_of_text(own->note), &body, &signatures) && checkpoint_read(body, &last);
    if (is_signed) put_uint(m, "signed", last.size);
}
