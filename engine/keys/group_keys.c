/* OpenSSL's EVP_MAC: the key is set once, and each id begins from there. Its contexts wipe themselves. */
#include "engine/keys/group_keys.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>

enum { HASH_SIZE = 32, PAGE_BYTES = 4096 };

struct group_keys {
    atomic_uint holders;
    uint8_t key[GROUP_KEYS][GROUP_KEY_SIZE];
};
_Static_assert(sizeof(struct group_keys) <= PAGE_BYTES, "a pair has a page");

/* ---- A pair. */

static void key_set(uint8_t key[GROUP_KEY_SIZE], const uint8_t *given)
{
    if (given) memcpy(key, given, GROUP_KEY_SIZE);
    else ASSERT(getrandom(key, GROUP_KEY_SIZE, 0) == GROUP_KEY_SIZE);
}

struct group_keys *group_keys_new(const uint8_t primary[GROUP_KEY_SIZE], const uint8_t secondary[GROUP_KEY_SIZE])
{
    struct group_keys *keys = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT(keys != MAP_FAILED);
    /* Both are worth having, and no reason to stop where the system grants them not. */
    madvise(keys, PAGE_BYTES, MADV_DONTDUMP);
    mlock(keys, PAGE_BYTES);
    atomic_init(&keys->holders, 1);
    key_set(keys->key[GROUP_KEY_PRIMARY], primary);
    key_set(keys->key[GROUP_KEY_SECONDARY], secondary);
    return keys;
}

struct group_keys *group_keys_rotated(const struct group_keys *keys, enum group_key which)
{
    bool primary = which == GROUP_KEY_PRIMARY;
    ASSERT(which < GROUP_KEYS);
    return group_keys_new(primary ? NULL : keys->key[GROUP_KEY_PRIMARY], primary ? keys->key[GROUP_KEY_SECONDARY] : NULL);
}

struct group_keys *group_keys_hold(struct group_keys *keys)
{
    atomic_fetch_add(&keys->holders, 1);
    return keys;
}

void group_keys_release(struct group_keys *keys)
{
    if (!keys || atomic_fetch_sub(&keys->holders, 1) > 1) return;
    OPENSSL_cleanse(keys, sizeof *keys);
    munmap(keys, PAGE_BYTES);
}

const uint8_t *group_keys_get(const struct group_keys *keys, enum group_key which)
{
    ASSERT(which < GROUP_KEYS);
    return keys->key[which];
}

void group_keys_print(const struct group_keys *keys, enum group_key which, uint8_t print[KEY_PRINT_SIZE])
{
    uint8_t hash[HASH_SIZE];
    ASSERT(EVP_Digest(group_keys_get(keys, which), GROUP_KEY_SIZE, hash, NULL, EVP_sha256(), NULL) == 1);
    memcpy(print, hash, KEY_PRINT_SIZE);
    OPENSSL_cleanse(hash, sizeof hash);
}

/* ---- Keys of devices. */

struct device_keys {
    struct group_keys *keys;
    EVP_MAC_CTX *contexts[GROUP_KEYS];
};

static EVP_MAC_CTX *context_new(const uint8_t key[GROUP_KEY_SIZE])
{
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0), OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = mac ? EVP_MAC_CTX_new(mac) : NULL;
    ASSERT(context && EVP_MAC_init(context, key, GROUP_KEY_SIZE, params) == 1);
    EVP_MAC_free(mac);
    return context;
}

struct device_keys *device_keys_new(struct group_keys *keys)
{
    struct device_keys *device = malloc(sizeof *device);
    ASSERT(device);
    device->keys = group_keys_hold(keys);
    for (enum group_key i = GROUP_KEY_PRIMARY; i < GROUP_KEYS; i++) device->contexts[i] = context_new(keys->key[i]);
    return device;
}

void device_keys_delete(struct device_keys *device)
{
    for (enum group_key i = GROUP_KEY_PRIMARY; i < GROUP_KEYS; i++) EVP_MAC_CTX_free(device->contexts[i]);
    group_keys_release(device->keys);
    free(device);
}

void device_keys_make(struct device_keys *device, enum group_key which, struct bytes id, char key[DEVICE_KEY_SIZE])
{
    uint8_t hash[HASH_SIZE], text[DEVICE_KEY_SIZE + 1];
    size_t size;
    EVP_MAC_CTX *context = device->contexts[which];
    bool made = EVP_MAC_init(context, NULL, 0, NULL) == 1 && EVP_MAC_update(context, id.data, id.size) == 1 &&
                EVP_MAC_final(context, hash, &size, sizeof hash) == 1;
    ASSERT(made && size == sizeof hash && EVP_EncodeBlock(text, hash, sizeof hash) == DEVICE_KEY_SIZE);
    memcpy(key, text, DEVICE_KEY_SIZE);
    OPENSSL_cleanse(hash, sizeof hash);
    OPENSSL_cleanse(text, sizeof text);
}
