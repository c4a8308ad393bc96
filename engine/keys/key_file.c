/* Everything that has held a key is wiped before it is let go. */
#include "engine/keys/key_file.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>

#define HEADING "muster group keys 1\n"

enum {
    BASE64_SIZE = 88, /* of 64 bytes */
    HASH_SIZE = 32,
    HASH_DIGITS = 2 * HASH_SIZE,
    BODY_SIZE = sizeof HEADING - 1 + sizeof "primary " - 1 + sizeof "secondary " - 1 + 2 * (BASE64_SIZE + 1),
    FILE_SIZE = BODY_SIZE + sizeof "sha256 " - 1 + HASH_DIGITS + 1,
};

/* ---- The text. */

struct text {
    char data[FILE_SIZE + 1]; /* with a terminating zero */
};

static void text_base64(const uint8_t key[GROUP_KEY_SIZE], char base64[BASE64_SIZE + 1])
{
    ASSERT(EVP_EncodeBlock((uint8_t *)base64, key, GROUP_KEY_SIZE) == BASE64_SIZE);
}

static void text_hash(const char *body, char digits[HASH_DIGITS + 1])
{
    uint8_t hash[HASH_SIZE];
    ASSERT(EVP_Digest(body, BODY_SIZE, hash, NULL, EVP_sha256(), NULL) == 1);
    for (size_t i = 0; i < HASH_SIZE; i++) snprintf(digits + 2 * i, 3, "%02x", hash[i]);
}

static void text_of(const struct group_keys *keys, struct text *text)
{
    char primary[BASE64_SIZE + 1], secondary[BASE64_SIZE + 1], digits[HASH_DIGITS + 1];
    text_base64(group_keys_get(keys, GROUP_KEY_PRIMARY), primary);
    text_base64(group_keys_get(keys, GROUP_KEY_SECONDARY), secondary);
    snprintf(text->data, sizeof text->data, HEADING "primary %s\nsecondary %s\n", primary, secondary);
    text_hash(text->data, digits);
    snprintf(text->data + BODY_SIZE, sizeof text->data - BODY_SIZE, "sha256 %s\n", digits);
    OPENSSL_cleanse(primary, sizeof primary);
    OPENSSL_cleanse(secondary, sizeof secondary);
}

/* The two bytes that stand for the padding of 88 characters are none of the key's. */
static void key_of(const char *base64, uint8_t key[GROUP_KEY_SIZE])
{
    uint8_t decoded[GROUP_KEY_SIZE + 2] = {0};
    EVP_DecodeBlock(decoded, (const uint8_t *)base64, BASE64_SIZE);
    memcpy(key, decoded, GROUP_KEY_SIZE);
    OPENSSL_cleanse(decoded, sizeof decoded);
}

/* What is read is right when it is what would be written: so nothing else needs a look. */
static struct group_keys *keys_of(const struct text *text)
{
    const char *primary = text->data + sizeof HEADING - 1 + sizeof "primary " - 1;
    const char *secondary = primary + BASE64_SIZE + 1 + sizeof "secondary " - 1;
    uint8_t key[GROUP_KEYS][GROUP_KEY_SIZE];
    struct text again;
    key_of(primary, key[GROUP_KEY_PRIMARY]);
    key_of(secondary, key[GROUP_KEY_SECONDARY]);
    struct group_keys *keys = group_keys_new(key[GROUP_KEY_PRIMARY], key[GROUP_KEY_SECONDARY]);
    OPENSSL_cleanse(key, sizeof key);
    text_of(keys, &again);
    bool right = CRYPTO_memcmp(&again, text, sizeof again) == 0;
    OPENSSL_cleanse(&again, sizeof again);
    if (right) return keys;
    group_keys_release(keys);
    return NULL;
}

/* ---- On disk. */

static const struct private_file_kind KIND = {.what = "the group keys", .remedy = "rotate both keys"};

enum private_file_result key_file_read(const char *path, struct group_keys **keys, struct sentence *why)
{
    struct text text;
    size_t size;
    *keys = NULL;
    enum private_file_result result = private_file_read(path, &KIND, text.data, FILE_SIZE, &size, why);
    if (result != PRIVATE_FILE_READ) return result;
    text.data[FILE_SIZE] = '\0';
    if (size == FILE_SIZE) *keys = keys_of(&text);
    OPENSSL_cleanse(&text, sizeof text);
    if (*keys) return PRIVATE_FILE_READ;
    sentence_set(why, "%s is damaged or no file of the group keys: put it back from a backup", path);
    return PRIVATE_FILE_REFUSED;
}

int key_file_write(const char *path, const struct group_keys *keys)
{
    struct text text;
    text_of(keys, &text);
    int error = private_file_write(path, (struct bytes){text.data, FILE_SIZE});
    OPENSSL_cleanse(&text, sizeof text);
    return error;
}
