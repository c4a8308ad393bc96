/* What an auditor is handed: keys, signed notes, checkpoints and proofs. Whatever is read has one spelling, the one that is
 * written; and no bytes prove anything for a key that signed nothing. */
#include "tests/fuzz/fuzz.h"

#include "engine/proof/proof_text.h"

/* Of golang.org/x/mod/sumdb/note's tests; it signs nothing here. */
#define KEY "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"

static struct arena arena;

static void keys_are_read(struct bytes text)
{
    struct note_key key;
    struct note_signer signer;
    char again[NOTE_KEY_TEXT_SIZE];
    if (note_key_read(text, &key)) {
        note_key_write(&key, again);
        ASSERT(bytes_equal(bytes_of_text(again), text));
    }
    if (note_signer_read(text, &signer)) {
        note_signer_write(&signer, again);
        ASSERT(bytes_equal(bytes_of_text(again), text));
    }
}

static void note_is_read(struct bytes note)
{
    struct note_key key;
    struct bytes body, signatures;
    struct checkpoint checkpoint;
    char again[CHECKPOINT_BODY_SIZE];
    ASSERT(note_key_read(BYTES(KEY), &key));
    bool is_note = note_split(note, &body, &signatures);
    enum note_verdict verdict = note_open(note, &key, &body);
    ASSERT(is_note || verdict == NOTE_MALFORMED);
    if (!is_note || !checkpoint_read(body, &checkpoint)) return;
    size_t size = checkpoint_write(&checkpoint, again); /* behind it extensions may follow */
    ASSERT(body.size >= size && memcmp(body.data, again, size) == 0);
    ASSERT(verdict != NOTE_SIGNED);
}

static void proofs_are_read(struct bytes text)
{
    static struct inclusion inclusion;
    static struct extension extension;
    static const uint8_t root[MERKLE_HASH_SIZE];
    struct buffer again = {.arena = &arena};
    if (inclusion_read(text, &arena, &inclusion)) {
        inclusion_write(&inclusion, &again);
        ASSERT(bytes_equal(buffer_bytes(&again), text));
        ASSERT(!inclusion_is_proved(&inclusion.proof, inclusion.seq, inclusion.value, inclusion.seq + 7, root));
        note_is_read(inclusion.note);
    }
    again = (struct buffer){.arena = &arena};
    if (extension_read(text, &extension)) {
        extension_write(&extension, &again);
        ASSERT(bytes_equal(buffer_bytes(&again), text));
        if (extension.from > 0)
            ASSERT(!consistency_is_proved(&extension.proof, extension.from, root, extension.from + 7, root));
        note_is_read(extension.note);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = {data, size};
    keys_are_read(text);
    note_is_read(text);
    proofs_are_read(text);
    arena_reset(&arena);
    return 0;
}
