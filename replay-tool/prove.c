/* muster-replay prove: that an event is in a log, as a file that proves it by itself; and what such a file proves. */
#include "replay-tool/evidence.h"
#include "replay-tool/verbs.h"

#include "clients/terminal/event.h"
#include "engine/events/event.h"
#include "engine/wire/wire.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

const struct option_row PROVE_OPTIONS[] = {
    {"checkpoint", "FILE", "against this checkpoint (the last one; a running engine signs a new one)"},
    {"key", "KEY", "the public key, or a file that holds it (the log's own)"},
    {"out", "FILE", "write the proof to a new file; - is standard output, with nothing else"},
    {"check", "FILE", "say instead what the proof in this file is worth; needs --key, and no log"},
    {NULL, NULL, NULL},
};

/* ---- What is proved. */

/* The event with its numbers as they are stored: nothing but the proof is believed. */
static enum exit_code show_event(struct replay *r, const struct inclusion *inclusion)
{
    struct event event;
    struct sentence why;
    struct arena arena = {0};
    struct buffer map = {.arena = &arena};
    enum event_fault fault = event_decode(inclusion->value, &event, &why);
    if (fault != EVENT_OK)
        return fail(fault == EVENT_UNKNOWN ? EXIT_NEWER_FORMAT : EXIT_DAMAGED, "event %" PRIu64 " is proved, but: %s",
                    inclusion->seq, why.text);
    event.seq = inclusion->seq;
    wire_event(NULL, &event, &map);
    r->out.show = write_event;
    out_row(&r->out, "event", buffer_bytes(&map));
    arena_free(&arena);
    return EXIT_WELL;
}

static void show_summary(struct replay *r, const struct inclusion *inclusion, const struct checkpoint *checkpoint)
{
    struct open_map *m = out_record(&r->out, "summary");
    put_uint(m, "proved", inclusion->seq);
    put_checkpoint(m, checkpoint);
    out_end(&r->out);
}

/* ---- A proof is made. */

static enum exit_code take_event(struct replay *r, const struct source *source, uint64_t *seq)
{
    char *end;
    errno = 0;
    *seq = strtoull(r->operands[0], &end, 10);
    if (errno || *end || *r->operands[0] < '0' || *r->operands[0] > '9')
        return usage(r, "'%s' is no event's number", r->operands[0]);
    if (*seq >= 1 && *seq <= source->head) return EXIT_WELL;
    return fail(EXIT_NOTHING, "there is no event %s; the log ends at event %" PRIu64, r->operands[0], source->head);
}

/* The checkpoint to prove against, as text in the arena. A running engine is asked for one that covers all. */
static enum exit_code take_note(struct replay *r, struct source *source, struct arena *arena, struct bytes *note)
{
    struct own_evidence own;
    const char *path = option(r, "checkpoint");
    if (path) return evidence_read(path, arena, note);
    enum exit_code code = own_evidence(source, source_place(r) == SOURCE_ENGINE, &own);
    if (code != EXIT_WELL) return code;
    if (!own.note[0])
        return fail(EXIT_NOTHING, "no checkpoint was signed yet; 'checkpoint create' signs one, --checkpoint names one");
    *note = arena_copy(arena, bytes_of_text(own.note));
    return EXIT_WELL;
}

static enum exit_code make_proof(struct source *source, const struct checkpoint *checkpoint, struct arena *arena,
                                 struct inclusion *inclusion)
{
    struct tree_reader tree = evidence_tree(source);
    struct bytes value;
    uint64_t seq = inclusion->seq;
    if (seq > checkpoint->size)
        return fail(EXIT_NOTHING, "the checkpoint covers events 1 to %" PRIu64 " only; 'checkpoint create' signs a newer one",
                    checkpoint->size);
    if (checkpoint->size > source->head) return evidence_beyond(source, checkpoint->size);
    enum exit_code code = (enum exit_code)proof_of_inclusion(&tree, seq, checkpoint->size, &inclusion->proof);
    if (code == EXIT_WELL) code = (enum exit_code)tree.value(tree.context, seq, &value);
    if (code != EXIT_WELL) return code;
    inclusion->value = arena_copy(arena, value);
    if (inclusion_is_proved(&inclusion->proof, seq, value, checkpoint->size, checkpoint->root)) return EXIT_WELL;
    return fail(EXIT_DAMAGED, "the checkpoint does not cover event %" PRIu64 " as it is in the log: the log was changed, or the "
                              "checkpoint is of another one; verify --checkpoint tells more",
                seq);
}

static enum exit_code show_proof(struct replay *r, const struct source *source, const struct inclusion *inclusion,
                                 const struct checkpoint *checkpoint, struct arena *arena)
{
    struct buffer text = {.arena = arena};
    bool taken;
    inclusion_write(inclusion, &text);
    enum exit_code code = evidence_write(r, buffer_bytes(&text), &taken);
    if (code != EXIT_WELL || taken) return code;
    source_header(source);
    code = show_event(r, inclusion);
    if (code != EXIT_WELL) return code;
    if (!option(r, "out") && r->out.json) {
        struct open_map *m = out_record(&r->out, "proof");
        put_text(m, "text", buffer_bytes(&text));
        out_end(&r->out);
    }
    show_summary(r, inclusion, checkpoint);
    return EXIT_WELL;
}

static enum exit_code prove(struct replay *r, struct source *source, struct arena *arena)
{
    static struct inclusion inclusion;
    struct note_key key;
    struct checkpoint checkpoint;
    const char *path = option(r, "checkpoint");
    enum exit_code code = take_event(r, source, &inclusion.seq);
    if (code == EXIT_WELL) code = take_note(r, source, arena, &inclusion.note);
    if (code == EXIT_WELL) code = evidence_key(r, source, &key);
    if (code == EXIT_WELL)
        code = evidence_checkpoint(path ? path : "what was signed last", inclusion.note, &key, &checkpoint);
    if (code == EXIT_WELL) code = make_proof(source, &checkpoint, arena, &inclusion);
    return code == EXIT_WELL ? show_proof(r, source, &inclusion, &checkpoint, arena) : code;
}

/* ---- A proof is checked: of the file and the key, and nothing else. */

static enum exit_code check(struct replay *r, const char *path, struct arena *arena)
{
    static struct inclusion inclusion;
    struct note_key key;
    struct checkpoint checkpoint;
    struct bytes text;
    enum exit_code code = evidence_key(r, NULL, &key);
    if (code == EXIT_WELL) code = evidence_read(path, arena, &text);
    if (code != EXIT_WELL) return code;
    if (!inclusion_read(text, arena, &inclusion)) return fail(EXIT_DAMAGED, "%s is no proof that an event is in a log", path);
    code = evidence_checkpoint(path, inclusion.note, &key, &checkpoint);
    if (code != EXIT_WELL) return code;
    if (!inclusion_is_proved(&inclusion.proof, inclusion.seq, inclusion.value, checkpoint.size, checkpoint.root))
        return fail(EXIT_DAMAGED, "%s does not prove that its event is in the log: the event, its number or the proof was changed",
                    path);
    evidence_header(r);
    code = show_event(r, &inclusion);
    if (code == EXIT_WELL) show_summary(r, &inclusion, &checkpoint);
    return code;
}

enum exit_code verb_prove(struct replay *r)
{
    struct source source;
    struct arena arena = {0};
    const char *path = option(r, "check");
    if (!path == !r->operands[0]) return usage(r, path ? "--check takes no event: it is in the file" : "EVENT is missing");
    enum exit_code code = path ? check(r, path, &arena) : source_open(&source, r);
    if (!path && code == EXIT_WELL) {
        code = prove(r, &source, &arena);
        source_close(&source);
    }
    arena_free(&arena);
    return code;
}
