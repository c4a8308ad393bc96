#include "engine/proof/note.h"

#include "engine/base/text.h"
#include "engine/proof/lines.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <sys/random.h>

#define DASH "\xe2\x80\x94 " /* an em dash and a blank */
#define PRIVATE "PRIVATE+KEY+"

enum { ALGORITHM_ED25519 = 1, HASH_SIZE = 32, ID_DIGITS = 2 * NOTE_KEY_ID_SIZE, SIGNATURES_MAX = 100 };

/* ---- Keys. */

static bool name_is_good(struct bytes name)
{
    uint32_t character;
    if (name.size == 0 || name.size >= NOTE_NAME_SIZE || !utf8_is_valid(name)) return false;
    for (size_t at = 0; at < name.size; at += utf8_next(name, at, &character)) {
        const uint8_t byte = ((const uint8_t *)name.data)[at];
        if (byte <= ' ' || byte >= 0x7f || byte == '+') return false; /* ours are ASCII, and so they have no other blanks */
    }
    return true;
}

/* SHA-256(name || 0x0A || 0x01 || public key), its first bytes. */
static void set_id(struct note_key *key)
{
    uint8_t text[NOTE_NAME_SIZE + 2 + NOTE_KEY_SIZE], hash[HASH_SIZE];
    size_t size = strlen(key->name);
    memcpy(text, key->name, size);
    text[size++] = '\n';
    text[size++] = ALGORITHM_ED25519;
    memcpy(text + size, key->public_key, NOTE_KEY_SIZE);
    ASSERT(EVP_Digest(text, size + NOTE_KEY_SIZE, hash, NULL, EVP_sha256(), NULL) == 1);
    memcpy(key->id, hash, NOTE_KEY_ID_SIZE);
}

static void complete(struct note_signer *signer)
{
    size_t size = NOTE_KEY_SIZE;
    EVP_PKEY *pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, signer->seed, NOTE_KEY_SIZE);
    ASSERT(pair && EVP_PKEY_get_raw_public_key(pair, signer->key.public_key, &size) == 1 && size == NOTE_KEY_SIZE);
    EVP_PKEY_free(pair);
    set_id(&signer->key);
}

void note_signer_make(const char *name, struct note_signer *signer)
{
    ASSERT(name_is_good(bytes_of_text(name)));
    *signer = (struct note_signer){.key = {.name = ""}};
    strcpy(signer->key.name, name);
    ASSERT(getrandom(signer->seed, NOTE_KEY_SIZE, 0) == NOTE_KEY_SIZE);
    complete(signer);
}

static void write_half(const char *prefix, const struct note_key *key, const uint8_t half[NOTE_KEY_SIZE],
                       char text[NOTE_KEY_TEXT_SIZE])
{
    uint8_t data[1 + NOTE_KEY_SIZE] = {ALGORITHM_ED25519};
    char printed[BASE64_SIZE(sizeof data) + 1];
    memcpy(data + 1, half, NOTE_KEY_SIZE);
    base64_write((struct bytes){data, sizeof data}, printed);
    snprintf(text, NOTE_KEY_TEXT_SIZE, "%s%s+%08x+%s", prefix, key->name, get_be32(key->id), printed);
    explicit_bzero(data, sizeof data);
    explicit_bzero(printed, sizeof printed);
}

void note_key_write(const struct note_key *key, char text[NOTE_KEY_TEXT_SIZE])
{
    write_half("", key, key->public_key, text);
}

void note_signer_write(const struct note_signer *signer, char text[NOTE_KEY_TEXT_SIZE])
{
    write_half(PRIVATE, &signer->key, signer->seed, text);
}

/* The name and the half; the key id is compared when the text is made again. */
static bool read_half(struct bytes text, char name[NOTE_NAME_SIZE], uint8_t half[NOTE_KEY_SIZE])
{
    uint8_t data[1 + NOTE_KEY_SIZE];
    const char *plus = text.size ? memchr(text.data, '+', text.size) : NULL;
    size_t name_size = plus ? (size_t)(plus - (const char *)text.data) : 0;
    size_t before = name_size + 1 + ID_DIGITS + 1;
    if (!name_is_good((struct bytes){text.data, name_size}) || text.size < before) return false;
    struct bytes printed = {(const char *)text.data + before, text.size - before};
    bool good = base64_read_exactly(printed, data, sizeof data) && data[0] == ALGORITHM_ED25519;
    if (good) {
        memcpy(name, text.data, name_size);
        name[name_size] = '\0';
        memcpy(half, data + 1, NOTE_KEY_SIZE);
    }
    explicit_bzero(data, sizeof data);
    return good;
}

bool note_key_read(struct bytes text, struct note_key *key)
{
    char again[NOTE_KEY_TEXT_SIZE];
    if (!read_half(text, key->name, key->public_key)) return false;
    set_id(key);
    note_key_write(key, again);
    return bytes_equal(text, bytes_of_text(again));
}

bool note_signer_read(struct bytes text, struct note_signer *signer)
{
    char again[NOTE_KEY_TEXT_SIZE];
    struct bytes half;
    if (!line_after(text, PRIVATE, &half) || !read_half(half, signer->key.name, signer->seed)) return false;
    complete(signer);
    note_signer_write(signer, again);
    bool good = bytes_equal(text, bytes_of_text(again));
    explicit_bzero(again, sizeof again);
    if (!good) explicit_bzero(signer, sizeof *signer);
    return good;
}

/* ---- Signing. */

static void sign(const struct note_signer *signer, struct bytes body, uint8_t signature[NOTE_SIGNATURE_SIZE])
{
    size_t size = NOTE_SIGNATURE_SIZE;
    EVP_PKEY *pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, signer->seed, NOTE_KEY_SIZE);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    ASSERT(pair && context && EVP_DigestSignInit(context, NULL, NULL, NULL, pair) == 1);
    ASSERT(EVP_DigestSign(context, signature, &size, body.data, body.size) == 1 && size == NOTE_SIGNATURE_SIZE);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(pair);
}

size_t note_sign(const struct note_signer *signer, struct bytes body, char *note, size_t room)
{
    uint8_t signature[NOTE_KEY_ID_SIZE + NOTE_SIGNATURE_SIZE];
    char printed[BASE64_SIZE(sizeof signature) + 1];
    ASSERT(body.size > 0 && ((const char *)body.data)[body.size - 1] == '\n');
    memcpy(signature, signer->key.id, NOTE_KEY_ID_SIZE);
    sign(signer, body, signature + NOTE_KEY_ID_SIZE);
    base64_write((struct bytes){signature, sizeof signature}, printed);
    int size = snprintf(note, room, "%.*s\n" DASH "%s %s\n", BYTES_ARG(body), signer->key.name, printed);
    return size > 0 && (size_t)size < room ? (size_t)size : 0;
}

/* ---- Opening. */

static bool is_text(struct bytes note)
{
    const uint8_t *in = note.data;
    if (note.size == 0 || note.size > NOTE_SIZE_MAX || in[note.size - 1] != '\n' || !utf8_is_valid(note)) return false;
    for (size_t i = 0; i < note.size; i++)
        if (in[i] < ' ' && in[i] != '\n') return false;
    return true;
}

bool note_split(struct bytes note, struct bytes *body, struct bytes *signatures)
{
    const char *in = note.data;
    if (!is_text(note)) return false;
    size_t at = note.size - 1;
    while (at > 0 && !(in[at] == '\n' && in[at - 1] == '\n')) at--; /* the last empty line */
    if (at == 0) return false;
    *body = (struct bytes){in, at};
    *signatures = (struct bytes){in + at + 1, note.size - at - 1};
    return signatures->size > 0;
}

static bool verify(const struct note_key *key, struct bytes body, const uint8_t signature[NOTE_SIGNATURE_SIZE])
{
    EVP_PKEY *public_key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->public_key, NOTE_KEY_SIZE);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    ASSERT(context);
    bool good = public_key && EVP_DigestVerifyInit(context, NULL, NULL, NULL, public_key) == 1 &&
                EVP_DigestVerify(context, signature, NOTE_SIGNATURE_SIZE, body.data, body.size) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(public_key);
    return good;
}

/* One signature line, by whomever. */
static enum note_verdict look_at(struct bytes line, const struct note_key *key, struct bytes body)
{
    uint8_t data[NOTE_KEY_ID_SIZE + NOTE_SIGNATURE_SIZE];
    struct bytes name;
    size_t size;
    if (!line_after(line, DASH, &name)) return NOTE_MALFORMED;
    const char *blank = name.size ? memchr(name.data, ' ', name.size) : NULL;
    if (!blank) return NOTE_MALFORMED;
    struct bytes printed = {blank + 1, (size_t)((const char *)bytes_end(name) - blank - 1)};
    name.size = (size_t)(blank - (const char *)name.data);
    if (name.size == 0 || printed.size == 0) return NOTE_MALFORMED;
    if (!bytes_equal(name, bytes_of_text(key->name))) return NOTE_UNSIGNED;
    bool is_whole = base64_read(printed, data, sizeof data, &size) && size == sizeof data;
    if (!is_whole || memcmp(data, key->id, NOTE_KEY_ID_SIZE) != 0) return NOTE_UNSIGNED;
    return verify(key, body, data + NOTE_KEY_ID_SIZE) ? NOTE_SIGNED : NOTE_FORGED;
}

enum note_verdict note_open(struct bytes note, const struct note_key *key, struct bytes *body)
{
    struct bytes signatures, line;
    enum note_verdict verdict = NOTE_UNSIGNED;
    if (!note_split(note, body, &signatures)) return NOTE_MALFORMED;
    for (unsigned count = 0; line_next(&signatures, &line); count++) {
        enum note_verdict one = count < SIGNATURES_MAX ? look_at(line, key, *body) : NOTE_MALFORMED;
        if (one == NOTE_MALFORMED || one == NOTE_FORGED) return one;
        if (one == NOTE_SIGNED) verdict = NOTE_SIGNED;
    }
    return verdict;
}
