/* Every value of the log is hashed here on its way in, so this is hot: one context per thread, made once,
 * the digest fetched once, and nothing allocated per value. */
#include "engine/log/merkle.h"

#include <openssl/evp.h>
#include <pthread.h>

enum { PREFIX_LEAF = 0x00, PREFIX_NODE = 0x01, SMALL_LEAF_MAX = 512 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t context_key; /* frees a thread's context when the thread ends */
static EVP_MD *sha256;

static _Thread_local EVP_MD_CTX *thread_context;

static void context_delete(void *context)
{
    EVP_MD_CTX_free(context);
}

static void fetch_digest(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    ASSERT(sha256 != NULL);
    ASSERT(pthread_key_create(&context_key, context_delete) == 0);
}

static EVP_MD_CTX *context_new(void)
{
    pthread_once(&once, fetch_digest);
    thread_context = EVP_MD_CTX_new();
    ASSERT(thread_context != NULL);
    ASSERT(EVP_DigestInit_ex2(thread_context, sha256, NULL) == 1);
    ASSERT(pthread_setspecific(context_key, thread_context) == 0);
    return thread_context;
}

/* A digest that fails is out of memory or a broken library; there is nothing sensible to store then. */
static EVP_MD_CTX *hash_begin(void)
{
    EVP_MD_CTX *context = thread_context ? thread_context : context_new();
    ASSERT(EVP_DigestInit_ex2(context, NULL, NULL) == 1);
    return context;
}

static void hash_end(EVP_MD_CTX *context, uint8_t out[MERKLE_HASH_SIZE])
{
    ASSERT(EVP_DigestFinal_ex(context, out, NULL) == 1);
}

static void hash_of(const void *data, size_t size, uint8_t out[MERKLE_HASH_SIZE])
{
    EVP_MD_CTX *context = hash_begin();
    ASSERT(EVP_DigestUpdate(context, data, size) == 1);
    hash_end(context, out);
}

void merkle_leaf(struct bytes value, uint8_t out[MERKLE_HASH_SIZE])
{
    uint8_t leaf[1 + SMALL_LEAF_MAX];
    leaf[0] = PREFIX_LEAF;
    if (value.size <= SMALL_LEAF_MAX) {
        /* Copying a small value behind its prefix costs less than a second call into the library. */
        if (value.size) memcpy(leaf + 1, value.data, value.size);
        hash_of(leaf, 1 + value.size, out);
        return;
    }
    EVP_MD_CTX *context = hash_begin();
    ASSERT(EVP_DigestUpdate(context, leaf, 1) == 1);
    ASSERT(EVP_DigestUpdate(context, value.data, value.size) == 1);
    hash_end(context, out);
}

void merkle_node(const uint8_t left[MERKLE_HASH_SIZE], const uint8_t right[MERKLE_HASH_SIZE],
                 uint8_t out[MERKLE_HASH_SIZE])
{
    uint8_t node[1 + 2 * MERKLE_HASH_SIZE];
    node[0] = PREFIX_NODE;
    memcpy(node + 1, left, MERKLE_HASH_SIZE);
    memcpy(node + 1 + MERKLE_HASH_SIZE, right, MERKLE_HASH_SIZE);
    hash_of(node, sizeof node, out);
}

/* A leaf is a full subtree of its own; it joins as many smaller ones as the size has one-bits at its
 * lower end, like a carry in an addition. */
void merkle_append(struct merkle *tree, struct bytes value)
{
    ASSERT(tree->size < (UINT64_C(1) << MERKLE_FRONTIER_MAX) - 1);
    uint8_t hash[MERKLE_HASH_SIZE];
    merkle_leaf(value, hash);
    unsigned count = merkle_frontier_count(tree);
    for (uint64_t rest = tree->size; rest & 1; rest >>= 1) merkle_node(tree->frontier[--count], hash, hash);
    memcpy(tree->frontier[count], hash, MERKLE_HASH_SIZE);
    tree->size++;
}

void merkle_root(const struct merkle *tree, uint8_t root[MERKLE_HASH_SIZE])
{
    unsigned count = merkle_frontier_count(tree);
    if (count == 0) {
        hash_of("", 0, root);
        return;
    }
    memcpy(root, tree->frontier[--count], MERKLE_HASH_SIZE);
    while (count > 0) merkle_node(tree->frontier[--count], root, root);
}
