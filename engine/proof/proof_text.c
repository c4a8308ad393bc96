#include "engine/proof/proof_text.h"

#include "engine/proof/lines.h"

#include <inttypes.h>
#include <stdio.h>

#define HEADING "c2sp.org/tlog-proof@v1"

enum { LINE_SIZE_MAX = 64 };

/* ---- Both. */

static void append_text(struct buffer *out, const char *text)
{
    buffer_append(out, text, strlen(text));
}

static void append_number(struct buffer *out, const char *word, uint64_t number)
{
    char line[LINE_SIZE_MAX];
    snprintf(line, sizeof line, "%s %" PRIu64 "\n", word, number);
    append_text(out, line);
}

static void append_proof(struct buffer *out, const struct proof *proof, struct bytes note)
{
    char line[BASE64_SIZE(MERKLE_HASH_SIZE) + 1];
    for (unsigned i = 0; i < proof->count; i++) {
        base64_write((struct bytes){proof->hashes[i], MERKLE_HASH_SIZE}, line);
        append_text(out, line);
        append_text(out, "\n");
    }
    append_text(out, "\n");
    buffer_append(out, note.data, note.size);
}

static bool take_number(struct bytes *rest, const char *word, uint64_t *number)
{
    struct bytes line, digits;
    return line_next(rest, &line) && line_after(line, word, &digits) && line_number(digits, number);
}

static bool take_proof(struct bytes *rest, struct proof *proof)
{
    struct bytes line;
    for (proof->count = 0; line_next(rest, &line); proof->count++) {
        if (line.size == 0) return true;
        bool good = proof->count < PROOF_HASHES_MAX &&
                    base64_read_exactly(line, proof->hashes[proof->count], MERKLE_HASH_SIZE);
        if (!good) return false;
    }
    return false;
}

/* ---- Inclusion. */

void inclusion_write(const struct inclusion *inclusion, struct buffer *out)
{
    char *extra = arena_alloc(out->arena, BASE64_SIZE(inclusion->value.size) + 1);
    base64_write(inclusion->value, extra);
    append_text(out, HEADING "\nextra ");
    append_text(out, extra);
    append_text(out, "\n");
    append_number(out, "index", inclusion->seq - 1);
    append_proof(out, &inclusion->proof, inclusion->note);
}

bool inclusion_read(struct bytes text, struct arena *arena, struct inclusion *inclusion)
{
    struct bytes line, extra;
    uint64_t index;
    if (!line_next(&text, &line) || !bytes_equal(line, BYTES(HEADING))) return false;
    if (!line_next(&text, &line) || !line_after(line, "extra ", &extra)) return false;
    uint8_t *value = arena_alloc(arena, extra.size + 1);
    size_t size;
    if (!base64_read(extra, value, extra.size, &size)) return false;
    inclusion->value = (struct bytes){value, size};
    if (!take_number(&text, "index ", &index) || !take_proof(&text, &inclusion->proof)) return false;
    inclusion->seq = index + 1;
    inclusion->note = text;
    return text.size > 0;
}

/* ---- Consistency. */

void extension_write(const struct extension *extension, struct buffer *out)
{
    append_number(out, "old", extension->from);
    append_proof(out, &extension->proof, extension->note);
}

bool extension_read(struct bytes text, struct extension *extension)
{
    if (!take_number(&text, "old ", &extension->from) || !take_proof(&text, &extension->proof)) return false;
    extension->note = text;
    return text.size > 0;
}
