/* The vectors are those of certificate-transparency's merkle_tree_test, and a tree computed the slow way
 * that RFC 6962 defines it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>

#include "engine/log/merkle.h"

static const struct bytes LEAVES[] = {
    BYTES_NONE,
    {"\x00", 1},
    {"\x10", 1},
    {"\x20\x21", 2},
    {"\x30\x31", 2},
    {"\x40\x41\x42\x43", 4},
    {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
    {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16},
};

static const char *const ROOTS[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static void assert_root(const struct merkle *tree, const char *expected)
{
    uint8_t root[MERKLE_HASH_SIZE];
    char text[2 * MERKLE_HASH_SIZE + 1];
    merkle_root(tree, root);
    for (size_t i = 0; i < sizeof root; i++) snprintf(text + 2 * i, 3, "%02x", root[i]);
    assert_string_equal(text, expected);
}

static void the_roots_are_those_of_certificate_transparency(void **state)
{
    (void)state;
    struct merkle tree = {0};
    assert_root(&tree, ROOTS[0]);
    for (size_t i = 0; i < COUNT_OF(LEAVES); i++) {
        merkle_append(&tree, LEAVES[i]);
        assert_int_equal(tree.size, i + 1);
        assert_root(&tree, ROOTS[i + 1]);
    }
}

/* Leaf i of the larger trees: 0 to 1,500 bytes, so that both ways of hashing a leaf are taken. */
static struct bytes leaf(uint64_t i)
{
    static _Thread_local uint8_t room[1500];
    size_t size = (size_t)(i * 7919 % (sizeof room + 1));
    memset(room, (int)(i * 31), size);
    return (struct bytes){room, size};
}

/* MTH of RFC 6962, section 2.1, as it is written there. */
static void root_by_definition(uint64_t first, uint64_t count, uint8_t out[MERKLE_HASH_SIZE])
{
    if (count == 1) {
        merkle_leaf(leaf(first), out);
        return;
    }
    uint64_t split = 1;
    while (split * 2 < count) split *= 2;
    uint8_t right[MERKLE_HASH_SIZE];
    root_by_definition(first, split, out);
    root_by_definition(first + split, count - split, right);
    merkle_node(out, right, out);
}

static void the_frontier_gives_the_root_of_the_definition_at_every_size(void **state)
{
    (void)state;
    struct merkle tree = {0};
    for (uint64_t size = 1; size <= 300; size++) {
        uint8_t root[MERKLE_HASH_SIZE];
        uint8_t expected[MERKLE_HASH_SIZE];
        merkle_append(&tree, leaf(size - 1));
        merkle_root(&tree, root);
        root_by_definition(0, size, expected);
        assert_memory_equal(root, expected, sizeof root);
        assert_int_equal(merkle_frontier_count(&tree), __builtin_popcountll(size));
    }
}

static void *hash_many(void *out)
{
    struct merkle tree = {0};
    for (uint64_t i = 0; i < 20000; i++) merkle_append(&tree, leaf(i));
    merkle_root(&tree, out);
    return NULL;
}

static void threads_hash_at_once_without_disturbing_each_other(void **state)
{
    (void)state;
    pthread_t threads[4];
    uint8_t roots[4][MERKLE_HASH_SIZE];
    uint8_t expected[MERKLE_HASH_SIZE];
    for (size_t i = 0; i < 4; i++) assert_int_equal(pthread_create(&threads[i], NULL, hash_many, roots[i]), 0);
    hash_many(expected);
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_memory_equal(roots[i], expected, MERKLE_HASH_SIZE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_roots_are_those_of_certificate_transparency),
        cmocka_unit_test(the_frontier_gives_the_root_of_the_definition_at_every_size),
        cmocka_unit_test(threads_hash_at_once_without_disturbing_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
