/* muster-replay checkpoint create|show|check|extend: what was signed about a log, and that it still holds. */
#include "replay-tool/evidence.h"
#include "replay-tool/verbs.h"

#include "clients/terminal/text.h"

#include <inttypes.h>

const struct option_row CHECKPOINT_OPTIONS[] = {
    {"out", "FILE", "write the checkpoint to a new file; - is standard output, with nothing else"},
    {NULL, NULL, NULL},
};
const struct option_row CHECKPOINT_CHECK_OPTIONS[] = {
    {"key", "KEY", "the public key, or a file that holds it (the log's own)"},
    {NULL, NULL, NULL},
};
const struct option_row CHECKPOINT_EXTEND_OPTIONS[] = {
    {"key", "KEY", "the public key, or a file that holds it (the log's own)"},
    {"out", "FILE", "write the proof to a new file; - is standard output, with nothing else"},
    {NULL, NULL, NULL},
};

/* ---- What they print. */

/* A text that is evidence is shown as it is. */
static void show_text(FILE *out, const msgpack_object *row)
{
    msgpack_object_str text = muster_text(row, "text");
    fwrite(text.ptr, 1, text.size, out);
}

/* The header and the text as a row, unless it went to a file; nothing at all when --out took the place. */
static enum exit_code begin_output(struct replay *r, const struct source *source, const char *record, struct bytes text,
                                   bool *taken)
{
    enum exit_code code = evidence_write(r, text, taken);
    if (code != EXIT_WELL || *taken) return code;
    source_header(source);
    if (option(r, "out")) return EXIT_WELL;
    r->out.show = show_text;
    struct open_map *m = out_record(&r->out, record);
    put_text(m, "text", text);
    out_end(&r->out);
    return EXIT_WELL;
}

/* ---- create, show. */

static enum exit_code show_own(struct replay *r, struct source *source, const struct own_evidence *own)
{
    struct bytes body, signatures;
    struct checkpoint checkpoint;
    bool taken;
    if (!own->note[0]) return fail(EXIT_NOTHING, "no checkpoint was signed yet; 'checkpoint create' signs one");
    if (!note_split(bytes_of_text(own->note), &body, &signatures) || !checkpoint_read(body, &checkpoint))
        return fail(EXIT_SIGNATURE, "what was signed last is damaged; put it back from a backup");
    enum exit_code code = begin_output(r, source, "checkpoint", bytes_of_text(own->note), &taken);
    if (code != EXIT_WELL || taken) return code;
    struct open_map *m = out_record(&r->out, "summary");
    put_checkpoint(m, &checkpoint);
    if (own->key[0]) put_word(m, "key", own->key);
    out_end(&r->out);
    return EXIT_WELL;
}

static enum exit_code create_or_show(struct replay *r, bool fresh)
{
    struct source source;
    struct own_evidence own;
    enum exit_code code = source_open(&source, r);
    if (code != EXIT_WELL) return code;
    code = own_evidence(&source, fresh, &own);
    if (code == EXIT_WELL) code = show_own(r, &source, &own);
    source_close(&source);
    return code;
}

enum exit_code verb_checkpoint_create(struct replay *r)
{
    return create_or_show(r, true);
}

enum exit_code verb_checkpoint_show(struct replay *r)
{
    return create_or_show(r, false);
}

/* ---- check. */

/* Whether the log still begins with what was signed. */
static enum exit_code compare(struct source *source, const struct checkpoint *checkpoint)
{
    uint8_t root[MERKLE_HASH_SIZE];
    if (checkpoint->size > source->head) return evidence_beyond(source, checkpoint->size);
    enum exit_code code = evidence_root(source, checkpoint->size, root);
    if (code != EXIT_WELL || memcmp(root, checkpoint->root, sizeof root) == 0) return code;
    return fail(EXIT_DAMAGED, "the log's first %" PRIu64 " events are not those that were signed: they were changed",
                checkpoint->size);
}

static enum exit_code check(struct replay *r, struct source *source, struct arena *arena)
{
    struct note_key key;
    struct checkpoint checkpoint;
    enum exit_code code = evidence_key(r, source, &key);
    if (code == EXIT_WELL) code = evidence_checkpoint_file(r->operands[0], &key, arena, NULL, &checkpoint);
    if (code == EXIT_WELL && source) code = compare(source, &checkpoint);
    if (code != EXIT_WELL) return code;
    evidence_header(r);
    struct open_map *m = out_record(&r->out, "summary");
    put_checkpoint(m, &checkpoint);
    put_flag(m, "signed", true);
    put_word(m, "log", source ? "begins with it" : "not looked at");
    out_end(&r->out);
    return EXIT_WELL;
}

static bool names_a_log(const struct replay *r)
{
    return option(r, "data") || option(r, "socket");
}

enum exit_code verb_checkpoint_check(struct replay *r)
{
    struct source source;
    struct arena arena = {0};
    bool has_log = names_a_log(r);
    enum exit_code code = has_log ? source_open(&source, r) : EXIT_WELL;
    if (code != EXIT_WELL) return code;
    code = check(r, has_log ? &source : NULL, &arena);
    if (has_log) source_close(&source);
    arena_free(&arena);
    return code;
}

/* ---- extend. */

struct two {
    struct checkpoint old, new;
    struct extension extension; /* its note is the new one's */
    bool is_made;               /* NEW was a checkpoint; else a proof */
};

/* NEW is a checkpoint, or one with the proof before it. */
static enum exit_code read_two(struct replay *r, const struct note_key *key, struct arena *arena, struct two *two)
{
    struct bytes text;
    enum exit_code code = evidence_checkpoint_file(r->operands[0], key, arena, NULL, &two->old);
    if (code == EXIT_WELL) code = evidence_read(r->operands[1], arena, &text);
    if (code != EXIT_WELL) return code;
    two->is_made = !extension_read(text, &two->extension);
    if (two->is_made) two->extension = (struct extension){.from = two->old.size, .note = text};
    code = evidence_checkpoint(r->operands[1], two->extension.note, key, &two->new);
    if (code != EXIT_WELL) return code;
    if (two->extension.from != two->old.size)
        return fail(EXIT_USAGE, "%s proves what extends a checkpoint of %" PRIu64 " events, and %s is one of %" PRIu64,
                    r->operands[1], two->extension.from, r->operands[0], two->old.size);
    if (two->old.size <= two->new.size) return EXIT_WELL;
    return usage(r, "%s is newer than %s: the older one comes first", r->operands[0], r->operands[1]);
}

static enum exit_code make_proof(struct source *source, struct two *two)
{
    struct tree_reader tree = evidence_tree(source);
    if (two->new.size > source->head) return evidence_beyond(source, two->new.size);
    return (enum exit_code)proof_of_consistency(&tree, two->old.size, two->new.size, &two->extension.proof);
}

/* Which of the two it is that the log does not have. */
static enum exit_code tell_which(struct replay *r, struct source *source, const struct two *two)
{
    uint8_t root[MERKLE_HASH_SIZE];
    if (two->old.size == two->new.size)
        return fail(EXIT_DAMAGED, "both are of %" PRIu64 " events, with different roots: two histories were signed", two->old.size);
    if (!source) return fail(EXIT_DAMAGED, "%s does not prove that its checkpoint extends %s", r->operands[1], r->operands[0]);
    enum exit_code code = evidence_root(source, two->old.size, root);
    if (code != EXIT_WELL) return code;
    bool has_old = memcmp(root, two->old.root, sizeof root) == 0;
    return fail(EXIT_DAMAGED, "the log does not have what %s covers: %s", r->operands[has_old ? 1 : 0],
                "its events were changed, or it is another log");
}

static enum exit_code show_extension(struct replay *r, struct source *source, struct arena *arena, const struct two *two)
{
    struct buffer text = {.arena = arena};
    bool taken = false;
    extension_write(&two->extension, &text);
    enum exit_code code = source ? begin_output(r, source, "proof", buffer_bytes(&text), &taken) : EXIT_WELL;
    if (code != EXIT_WELL || taken) return code;
    if (!source) evidence_header(r);
    struct open_map *m = out_record(&r->out, "summary");
    put_checkpoint(m, &two->new);
    put_uint(m, "extends", two->old.size);
    out_end(&r->out);
    return EXIT_WELL;
}

/* A proof that is there needs no log. */
enum exit_code verb_checkpoint_extend(struct replay *r)
{
    static struct two two;
    struct source source = {.kind = NULL};
    struct arena arena = {0};
    struct note_key key;
    bool has_log = names_a_log(r) || !option(r, "key");
    enum exit_code code = has_log ? source_open(&source, r) : EXIT_WELL;
    if (code == EXIT_WELL) code = evidence_key(r, has_log ? &source : NULL, &key);
    if (code == EXIT_WELL) code = read_two(r, &key, &arena, &two);
    if (code == EXIT_WELL && two.is_made && !has_log) code = source_open(&source, r);
    struct source *log = two.is_made ? &source : NULL;
    if (code == EXIT_WELL && two.is_made) code = make_proof(&source, &two);
    bool proved = code == EXIT_WELL && consistency_is_proved(&two.extension.proof, two.old.size, two.old.root, two.new.size,
                                                             two.new.root);
    if (code == EXIT_WELL) code = proved ? show_extension(r, log, &arena, &two) : tell_which(r, log, &two);
    source_close(&source);
    arena_free(&arena);
    return code;
}
