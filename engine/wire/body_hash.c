/* What a request asks for, as 32 bytes, however its client spells it.
 *
 * Every value is fed to SHA-256 as a tag, a size or a number of eight bytes, and its content, so that no two
 * values look alike; str and bin have one tag, integers have one width, floats too. A map cannot simply be
 * fed: its order does not matter. Each of its pairs is hashed alone, the hashes are added up as 256-bit
 * numbers, and the sum is fed. */
#include "engine/wire/wire.h"

#include "engine/decide/limits.h"

#include <openssl/evp.h>

enum { HASH_SIZE = 32, LEVELS_MAX = FRAME_DEPTH_MAX + 1 };

struct hasher {
    EVP_MD *sha256;
    EVP_MD_CTX *contexts[LEVELS_MAX]; /* one for each level of maps; NULL where none was needed yet */
};

static EVP_MD_CTX *hasher_begin(struct hasher *h, unsigned level)
{
    ASSERT(level < LEVELS_MAX);
    if (!h->contexts[level]) h->contexts[level] = EVP_MD_CTX_new();
    ASSERT(h->contexts[level] && EVP_DigestInit_ex2(h->contexts[level], h->sha256, NULL) == 1);
    return h->contexts[level];
}

static void feed(EVP_MD_CTX *context, const void *data, size_t size)
{
    ASSERT(EVP_DigestUpdate(context, data, size) == 1);
}

static void feed_number(EVP_MD_CTX *context, char tag, uint64_t number)
{
    uint8_t bytes[9] = {(uint8_t)tag};
    put_be64(bytes + 1, number);
    feed(context, bytes, sizeof bytes);
}

static void feed_text(EVP_MD_CTX *context, struct bytes text)
{
    feed_number(context, 't', text.size);
    feed(context, text.data, text.size);
}

static uint64_t float_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void add(uint8_t sum[HASH_SIZE], const uint8_t hash[HASH_SIZE])
{
    unsigned carry = 0;
    for (unsigned i = HASH_SIZE; i-- > 0; carry >>= 8) {
        carry += (unsigned)sum[i] + hash[i];
        sum[i] = (uint8_t)carry;
    }
}

/* `level` counts the maps around the value; frames are scanned, so they are at most FRAME_DEPTH_MAX. */
static void feed_value(struct hasher *h, unsigned level, struct cursor *c);

/* Feeds what stands for the pairs of a map. In the parameters themselves, level 0, a field that is nil counts as left
 * out, and the request id does not count. */
static void feed_pairs(struct hasher *h, unsigned level, struct cursor *c, uint32_t count)
{
    uint8_t sum[HASH_SIZE] = {0}, hash[HASH_SIZE];
    uint64_t pairs = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct token key = cursor_peek(c);
        bool counts = level > 0 || !bytes_equal(key.text, BYTES("requestId"));
        EVP_MD_CTX *context = hasher_begin(h, level + 1);
        feed_value(h, level + 1, c);
        counts &= level > 0 || cursor_peek(c).kind != TOKEN_NIL;
        feed_value(h, level + 1, c);
        ASSERT(EVP_DigestFinal_ex(context, hash, NULL) == 1);
        if (!counts) continue;
        add(sum, hash);
        pairs++;
    }
    feed_number(h->contexts[level], 'm', pairs);
    feed(h->contexts[level], sum, sizeof sum);
}

static void feed_value(struct hasher *h, unsigned level, struct cursor *c)
{
    EVP_MD_CTX *context = h->contexts[level];
    struct token token = cursor_next(c);
    switch (token.kind) {
    case TOKEN_NIL: feed_number(context, 'n', 0); return;
    case TOKEN_BOOL: feed_number(context, 'b', token.boolean); return;
    case TOKEN_UINT: feed_number(context, 'u', token.uint); return;
    case TOKEN_INT: feed_number(context, 'i', (uint64_t)token.integer); return;
    case TOKEN_FLOAT: feed_number(context, 'f', float_bits(token.real)); return;
    case TOKEN_STR:
    case TOKEN_BIN: feed_text(context, token.text); return;
    case TOKEN_ARRAY:
        feed_number(context, 'a', token.count);
        for (uint32_t i = 0; i < token.count; i++) feed_value(h, level, c);
        return;
    case TOKEN_MAP: feed_pairs(h, level, c, token.count); return;
    case TOKEN_EXT:
    case TOKEN_NONE: break;
    }
    ASSERT(!"a frame that was scanned");
}

void wire_body_hash(const struct command *command, uint8_t hash[32])
{
    struct hasher h = {.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL)};
    ASSERT(h.sha256);
    EVP_MD_CTX *context = hasher_begin(&h, 0);
    struct cursor c = cursor_over(command->params);
    uint32_t count = 0;
    feed_text(context, wire_method_name(command->type));
    if (command->params.data) ASSERT(cursor_map(&c, &count));
    feed_pairs(&h, 0, &c, count);
    ASSERT(EVP_DigestFinal_ex(context, hash, NULL) == 1);
    for (unsigned i = 0; i < LEVELS_MAX; i++) EVP_MD_CTX_free(h.contexts[i]);
    EVP_MD_free(h.sha256);
}
