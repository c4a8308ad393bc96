/* Proofs against a tree computed the slow way that RFC 6962 defines it, notes against keys and signatures that others
 * published. tests/system/test_proofs has whole files checked by a program that others wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/proof/proof_text.h"

/* ---- A log in memory: value i is made from i, commits end where they are told to. */

enum { COMMITS_MAX = 4096, VALUE_SIZE_MAX = 40 };

struct memory_log {
    struct merkle tree;
    struct log_commit commits[COMMITS_MAX];
    size_t count;
    uint64_t values_read, commits_read;
    int fault; /* what every reading gives */
};

static struct bytes value_of(uint64_t seq)
{
    static uint8_t room[VALUE_SIZE_MAX];
    size_t size = (size_t)(seq * 7919 % sizeof room);
    memset(room, (int)(seq * 31), size);
    return (struct bytes){room, size};
}

static void commit(struct memory_log *log, uint64_t count)
{
    struct log_commit *c = &log->commits[log->count++];
    assert_true(log->count <= COMMITS_MAX);
    c->first = log->tree.size + 1;
    while (log->tree.size < c->first - 1 + count) merkle_append(&log->tree, value_of(log->tree.size + 1));
    c->last = log->tree.size;
    c->tree = log->tree;
    merkle_root(&log->tree, c->root);
}

static int read_value(void *context, uint64_t seq, struct bytes *value)
{
    struct memory_log *log = context;
    assert_in_range(seq, 1, log->tree.size);
    log->values_read++;
    *value = value_of(seq);
    return log->fault;
}

static int read_commit(void *context, uint64_t seq, struct log_commit *found)
{
    struct memory_log *log = context;
    size_t low = 0, high = log->count - 1;
    assert_in_range(seq, 1, log->tree.size);
    log->commits_read++;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (log->commits[middle].last < seq) low = middle + 1;
        else high = middle;
    }
    *found = log->commits[low];
    return log->fault;
}

static struct tree_reader reader_of(struct memory_log *log)
{
    return (struct tree_reader){log, read_value, read_commit};
}

/* MTH of RFC 6962, section 2.1, as it is written there. */
static void root_by_definition(uint64_t first, uint64_t count, uint8_t out[MERKLE_HASH_SIZE])
{
    uint64_t split = 1;
    uint8_t right[MERKLE_HASH_SIZE];
    if (count == 1) {
        merkle_leaf(value_of(first), out);
        return;
    }
    while (split * 2 < count) split *= 2;
    root_by_definition(first, split, out);
    root_by_definition(first + split, count - split, right);
    merkle_node(out, right, out);
}

/* PATH of section 2.1.1. */
static void path_by_definition(uint64_t leaf, uint64_t first, uint64_t count, struct proof *path)
{
    uint64_t split = 1;
    if (count == 1) return;
    while (split * 2 < count) split *= 2;
    path_by_definition(leaf < split ? leaf : leaf - split, leaf < split ? first : first + split,
                       leaf < split ? split : count - split, path);
    if (leaf < split) root_by_definition(first + split, count - split, path->hashes[path->count++]);
    else root_by_definition(first, split, path->hashes[path->count++]);
}

/* SUBPROOF of section 2.1.2. */
static void subproof_by_definition(uint64_t from, uint64_t first, uint64_t count, bool whole, struct proof *proof)
{
    uint64_t split = 1;
    if (from == count) {
        if (!whole) root_by_definition(first, count, proof->hashes[proof->count++]);
        return;
    }
    while (split * 2 < count) split *= 2;
    if (from <= split) {
        subproof_by_definition(from, first, split, whole, proof);
        root_by_definition(first + split, count - split, proof->hashes[proof->count++]);
    } else {
        subproof_by_definition(from - split, first + split, count - split, false, proof);
        root_by_definition(first, split, proof->hashes[proof->count++]);
    }
}

static void assert_proofs_equal(const struct proof *a, const struct proof *b)
{
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->hashes, b->hashes, a->count * (size_t)MERKLE_HASH_SIZE);
}

static struct memory_log small; /* commits of several sizes, one of them larger than all before */
enum { SMALL_SIZE = 75 };

static int make_small(void **state)
{
    static const uint64_t SIZES[] = {1, 2, 1, 1, 3, 5, 40, 1, 1, 7, 13};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(SIZES); i++) commit(&small, SIZES[i]);
    assert_int_equal(small.tree.size, SMALL_SIZE);
    return 0;
}

/* ---- Proofs. */

static void every_event_of_every_size_is_proved(void **state)
{
    (void)state;
    struct tree_reader reader = reader_of(&small);
    for (uint64_t size = 1; size <= SMALL_SIZE; size++) {
        uint8_t root[MERKLE_HASH_SIZE], ours[MERKLE_HASH_SIZE];
        root_by_definition(1, size, root);
        assert_int_equal(proof_root(&reader, size, ours), 0);
        assert_memory_equal(ours, root, sizeof root);
        for (uint64_t seq = 1; seq <= size; seq++) {
            struct proof proof, path = {.count = 0};
            assert_int_equal(proof_of_inclusion(&reader, seq, size, &proof), 0);
            path_by_definition(seq - 1, 1, size, &path);
            assert_proofs_equal(&proof, &path);
            assert_true(inclusion_is_proved(&proof, seq, value_of(seq), size, root));
        }
    }
}

static void every_size_is_proved_to_extend_every_smaller_one(void **state)
{
    (void)state;
    struct tree_reader reader = reader_of(&small);
    for (uint64_t to = 1; to <= SMALL_SIZE; to++) {
        uint8_t root[MERKLE_HASH_SIZE];
        root_by_definition(1, to, root);
        for (uint64_t from = 0; from <= to; from++) {
            struct proof proof, expected = {.count = 0};
            uint8_t smaller[MERKLE_HASH_SIZE];
            assert_int_equal(proof_root(&reader, from, smaller), 0);
            assert_int_equal(proof_of_consistency(&reader, from, to, &proof), 0);
            if (from > 0) subproof_by_definition(from, 1, to, true, &expected);
            assert_proofs_equal(&proof, &expected);
            assert_true(consistency_is_proved(&proof, from, smaller, to, root));
        }
    }
}

static void whatever_is_changed_a_proof_no_longer_holds(void **state)
{
    (void)state;
    struct tree_reader reader = reader_of(&small);
    struct proof proof = {.count = 0};
    uint8_t root[MERKLE_HASH_SIZE];
    root_by_definition(1, SMALL_SIZE, root);
    for (uint64_t seq = 1; seq <= SMALL_SIZE; seq++) {
        assert_int_equal(proof_of_inclusion(&reader, seq, SMALL_SIZE, &proof), 0);
        for (size_t at = 0; at < proof.count * (size_t)MERKLE_HASH_SIZE; at += 5) {
            uint8_t *byte = &proof.hashes[at / MERKLE_HASH_SIZE][at % MERKLE_HASH_SIZE];
            *byte ^= 1;
            assert_false(inclusion_is_proved(&proof, seq, value_of(seq), SMALL_SIZE, root));
            *byte ^= 1;
        }
        assert_false(inclusion_is_proved(&proof, seq, value_of(seq + 1), SMALL_SIZE, root));
        for (uint64_t other = 0; other <= SMALL_SIZE + 1; other++)
            if (other != seq) assert_false(inclusion_is_proved(&proof, other, value_of(seq), SMALL_SIZE, root));
        proof.count++;
        assert_false(inclusion_is_proved(&proof, seq, value_of(seq), SMALL_SIZE, root));
        proof.count -= 2;
        assert_false(inclusion_is_proved(&proof, seq, value_of(seq), SMALL_SIZE, root));
    }
}

static void a_tree_that_is_another_extends_nothing(void **state)
{
    (void)state;
    struct tree_reader reader = reader_of(&small);
    uint8_t root[MERKLE_HASH_SIZE], smaller[MERKLE_HASH_SIZE];
    root_by_definition(1, SMALL_SIZE, root);
    for (uint64_t from = 0; from <= SMALL_SIZE; from++) {
        struct proof proof = {.count = 0};
        assert_int_equal(proof_root(&reader, from, smaller), 0);
        assert_int_equal(proof_of_consistency(&reader, from, SMALL_SIZE, &proof), 0);
        smaller[7] ^= 1;
        assert_false(consistency_is_proved(&proof, from, smaller, SMALL_SIZE, root));
        smaller[7] ^= 1;
        root[9] ^= 1;
        if (from > 0) assert_false(consistency_is_proved(&proof, from, smaller, SMALL_SIZE, root));
        root[9] ^= 1;
        for (unsigned i = 0; i < proof.count; i++) {
            proof.hashes[i][i] ^= 1;
            assert_false(consistency_is_proved(&proof, from, smaller, SMALL_SIZE, root));
            proof.hashes[i][i] ^= 1;
        }
        proof.count++;
        assert_false(consistency_is_proved(&proof, from, smaller, SMALL_SIZE, root));
        if (from > 0 && from < SMALL_SIZE) assert_false(consistency_is_proved(&proof, SMALL_SIZE, root, from, smaller));
    }
}

static void a_proof_in_a_large_log_reads_little_of_it(void **state)
{
    (void)state;
    static struct memory_log large;
    struct tree_reader reader = reader_of(&large);
    enum { LARGEST = 1000, SIZE = 1 << 19 };
    while (large.tree.size < SIZE - 3) commit(&large, 1 + large.count * 37 % LARGEST);
    for (uint64_t seq = 1; seq <= large.tree.size; seq += 9973) {
        struct proof proof;
        const struct log_commit *last = &large.commits[large.count - 1];
        large.values_read = large.commits_read = 0;
        assert_int_equal(proof_of_inclusion(&reader, seq, last->last, &proof), 0);
        assert_true(inclusion_is_proved(&proof, seq, value_of(seq), last->last, last->root));
        assert_in_range(large.commits_read, 1, 400);
        assert_in_range(large.values_read, 0, 20 * LARGEST);
    }
}

static void what_cannot_be_read_ends_a_proof(void **state)
{
    (void)state;
    struct tree_reader reader = reader_of(&small);
    struct proof proof;
    uint8_t root[MERKLE_HASH_SIZE];
    small.fault = 4;
    assert_int_equal(proof_of_inclusion(&reader, 9, SMALL_SIZE, &proof), 4);
    assert_int_equal(proof_of_consistency(&reader, 9, SMALL_SIZE, &proof), 4);
    assert_int_equal(proof_root(&reader, 9, root), 4);
    small.fault = 0;
}

/* ---- Base 64. */

static void base64_has_one_spelling(void **state)
{
    (void)state;
    static const char *const GOOD[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    static const char *const BAD[] = {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zm8", "=Zm8", "Zm 8", "Zm8=\n", "====", "Z===", "Zm9-"};
    uint8_t data[16];
    size_t size;
    for (size_t i = 0; i < COUNT_OF(GOOD); i++) {
        char text[BASE64_SIZE(sizeof data) + 1];
        assert_true(base64_read(bytes_of_text(GOOD[i]), data, sizeof data, &size));
        assert_int_equal(size, i);
        assert_memory_equal(data, "foobar", i);
        base64_write((struct bytes){data, size}, text);
        assert_string_equal(text, GOOD[i]);
    }
    for (size_t i = 0; i < COUNT_OF(BAD); i++) assert_false(base64_read(bytes_of_text(BAD[i]), data, sizeof data, &size));
    assert_false(base64_read(BYTES("Zm9v"), data, 2, &size));
    assert_false(base64_read_exactly(BYTES("Zm9v"), data, 4));
}

/* ---- Notes. */

/* Of golang.org/x/mod/sumdb/note's own tests. */
#define PUBLIC_KEY "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define PRIVATE_KEY "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
#define SAYING "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
#define SIGNATURE                                                                                                      \
    "\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"

static void a_note_is_signed_as_others_sign_it(void **state)
{
    (void)state;
    struct note_signer signer;
    char note[1024], text[NOTE_KEY_TEXT_SIZE];
    assert_true(note_signer_read(BYTES(PRIVATE_KEY), &signer));
    assert_int_equal(note_sign(&signer, BYTES(SAYING), note, sizeof note), strlen(SAYING "\n" SIGNATURE));
    assert_string_equal(note, SAYING "\n" SIGNATURE);
    note_key_write(&signer.key, text);
    assert_string_equal(text, PUBLIC_KEY);
    assert_int_equal(note_sign(&signer, BYTES(SAYING), note, 100), 0);
}

static enum note_verdict verdict_on(const char *note)
{
    struct note_key key;
    struct bytes body;
    assert_true(note_key_read(BYTES(PUBLIC_KEY), &key));
    return note_open(bytes_of_text(note), &key, &body);
}

static void a_note_is_opened_as_others_open_it(void **state)
{
    (void)state;
    static const char OTHER[] = "\xe2\x80\x94 EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";
    char note[2048];
    assert_int_equal(verdict_on(SAYING "\n" SIGNATURE), NOTE_SIGNED);
    snprintf(note, sizeof note, "%s\n%s%s", SAYING, OTHER, SIGNATURE);
    assert_int_equal(verdict_on(note), NOTE_SIGNED);
    snprintf(note, sizeof note, "%s\n%s", SAYING, OTHER);
    assert_int_equal(verdict_on(note), NOTE_UNSIGNED);
    assert_int_equal(verdict_on("Else\n\n" SIGNATURE), NOTE_FORGED);
    assert_int_equal(verdict_on("A text\n\nof two parts\n\n" SIGNATURE), NOTE_FORGED);
    assert_int_equal(verdict_on(SAYING SIGNATURE), NOTE_MALFORMED);
    assert_int_equal(verdict_on(SAYING "\n"), NOTE_MALFORMED);
    assert_int_equal(verdict_on(SAYING "\n" SIGNATURE "more\n"), NOTE_MALFORMED);
    assert_int_equal(verdict_on("a\tblank\n\n" SIGNATURE), NOTE_MALFORMED);
    assert_int_equal(verdict_on("\xff\n\n" SIGNATURE), NOTE_MALFORMED);
    assert_int_equal(verdict_on("\n" SIGNATURE), NOTE_MALFORMED);
    assert_int_equal(verdict_on(""), NOTE_MALFORMED);
    snprintf(note, sizeof note, "%s\n%s", SAYING, SIGNATURE);
    note[strlen(note) - 1] = '\0';
    assert_int_equal(verdict_on(note), NOTE_MALFORMED);
}

static void a_key_with_any_character_changed_is_refused(void **state)
{
    (void)state;
    struct note_key key;
    struct note_signer signer;
    char text[NOTE_KEY_TEXT_SIZE];
    for (size_t at = 0; at < sizeof PUBLIC_KEY - 1; at++) {
        strcpy(text, PUBLIC_KEY);
        text[at] = text[at] == 'A' ? 'B' : 'A';
        assert_false(note_key_read(bytes_of_text(text), &key));
        text[at] = '\0';
        assert_false(note_key_read(bytes_of_text(text), &key));
    }
    for (size_t at = 0; at < sizeof PRIVATE_KEY - 1; at++) {
        strcpy(text, PRIVATE_KEY);
        text[at] = text[at] == 'A' ? 'B' : 'A';
        assert_false(note_signer_read(bytes_of_text(text), &signer));
    }
}

static void fresh_keys_differ_and_can_be_read_again(void **state)
{
    (void)state;
    struct note_signer one, two, again;
    char text[NOTE_KEY_TEXT_SIZE];
    note_signer_make("muster/00", &one);
    note_signer_make("muster/00", &two);
    assert_memory_not_equal(one.seed, two.seed, NOTE_KEY_SIZE);
    note_signer_write(&one, text);
    assert_true(note_signer_read(bytes_of_text(text), &again));
    assert_memory_equal(&again.key.id, &one.key.id, NOTE_KEY_ID_SIZE);
    assert_memory_equal(&again.seed, &one.seed, NOTE_KEY_SIZE);
}

/* ---- Checkpoints, and proofs as text. */

static void a_checkpoint_is_read_as_it_is_written(void **state)
{
    (void)state;
    static const char ROOT[] = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    static const char *const BAD[] = {"", "a\n", "a\n1\n", "a\n01\nROOT\n", "a\n-1\nROOT\n", "\n1\nROOT\n", "a\n1\nCsUY\n",
                                      "a\n281474976710656\nROOT\n", "a\n1\nROOT\n\nb\n", "a\n1 \nROOT\n", "a\n\nROOT\n"};
    struct checkpoint checkpoint;
    char body[CHECKPOINT_BODY_SIZE], text[CHECKPOINT_BODY_SIZE];
    snprintf(text, sizeof text, "muster/00\n20852163\n%s\n", ROOT);
    assert_true(checkpoint_read(bytes_of_text(text), &checkpoint));
    assert_int_equal(checkpoint.size, 20852163);
    assert_int_equal(checkpoint_write(&checkpoint, body), strlen(text));
    assert_string_equal(body, text);
    strcat(text, "an extension\n");
    assert_true(checkpoint_read(bytes_of_text(text), &checkpoint));
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        const char *hole = strstr(BAD[i], "ROOT");
        if (!hole) snprintf(text, sizeof text, "%s", BAD[i]);
        else snprintf(text, sizeof text, "%.*s%s%s", (int)(hole - BAD[i]), BAD[i], ROOT, hole + 4);
        assert_false(checkpoint_read(bytes_of_text(text), &checkpoint));
    }
}

static void proofs_are_read_as_they_are_written(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct buffer out = {.arena = &arena};
    struct tree_reader reader = reader_of(&small);
    struct inclusion inclusion = {.seq = 42, .value = value_of(42), .note = BYTES("a note\n")}, in_again;
    struct extension extension = {.from = 42, .note = BYTES("a note\n")}, ex_again;
    assert_int_equal(proof_of_inclusion(&reader, 42, SMALL_SIZE, &inclusion.proof), 0);
    inclusion.value = value_of(42);
    inclusion_write(&inclusion, &out);
    assert_true(inclusion_read(buffer_bytes(&out), &arena, &in_again));
    assert_int_equal(in_again.seq, 42);
    assert_true(bytes_equal(in_again.value, value_of(42)) && bytes_equal(in_again.note, inclusion.note));
    assert_proofs_equal(&in_again.proof, &inclusion.proof);
    for (size_t size = 0; size <= out.size - inclusion.note.size; size++)
        assert_false(inclusion_read((struct bytes){out.data, size}, &arena, &in_again));
    out = (struct buffer){.arena = &arena};
    assert_int_equal(proof_of_consistency(&reader, 42, SMALL_SIZE, &extension.proof), 0);
    extension_write(&extension, &out);
    assert_true(extension_read(buffer_bytes(&out), &ex_again));
    assert_int_equal(ex_again.from, 42);
    assert_proofs_equal(&ex_again.proof, &extension.proof);
    for (size_t size = 0; size <= out.size - extension.note.size; size++)
        assert_false(extension_read((struct bytes){out.data, size}, &ex_again));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_of_every_size_is_proved),
        cmocka_unit_test(every_size_is_proved_to_extend_every_smaller_one),
        cmocka_unit_test(whatever_is_changed_a_proof_no_longer_holds),
        cmocka_unit_test(a_tree_that_is_another_extends_nothing),
        cmocka_unit_test(a_proof_in_a_large_log_reads_little_of_it),
        cmocka_unit_test(what_cannot_be_read_ends_a_proof),
        cmocka_unit_test(base64_has_one_spelling),
        cmocka_unit_test(a_note_is_signed_as_others_sign_it),
        cmocka_unit_test(a_note_is_opened_as_others_open_it),
        cmocka_unit_test(a_key_with_any_character_changed_is_refused),
        cmocka_unit_test(fresh_keys_differ_and_can_be_read_again),
        cmocka_unit_test(a_checkpoint_is_read_as_it_is_written),
        cmocka_unit_test(proofs_are_read_as_they_are_written),
    };
    return cmocka_run_group_tests(tests, make_small, NULL);
}
