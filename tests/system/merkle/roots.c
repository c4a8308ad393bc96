/* Reads tree sizes, ascending, from standard input and prints for each the root that our tree has: what
 * roots.go prints with golang.org/x/mod/sumdb/tlog. The leaves are those of leaf() in both. */
#include "engine/log/merkle.h"

#include <stdio.h>

enum { LEAF_SIZE_MAX = 1500 };

static struct bytes leaf(uint64_t i)
{
    static uint8_t room[LEAF_SIZE_MAX];
    size_t size = (size_t)(i * 7919 % (LEAF_SIZE_MAX + 1));
    for (size_t at = 0; at < size; at++) room[at] = (uint8_t)(i * 31 + at);
    return (struct bytes){room, size};
}

int main(void)
{
    struct merkle tree = {0};
    unsigned long size;
    while (scanf("%lu", &size) == 1) {
        uint8_t root[MERKLE_HASH_SIZE];
        while (tree.size < size) merkle_append(&tree, leaf(tree.size));
        merkle_root(&tree, root);
        printf("%lu ", size);
        for (size_t i = 0; i < sizeof root; i++) printf("%02x", root[i]);
        printf("\n");
    }
    return 0;
}
