#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * UINT32_C(1664525) + UINT32_C(1013904223);
    return *seed >> 8;
}

bool pieces_next(struct pieces *p, struct bytes *piece)
{
    free(p->piece);
    p->piece = NULL;
    if (p->left.size == 0) return false;
    size_t wished = p->size_max < SIZE_MAX ? 1 + next_random(&p->seed) % p->size_max : SIZE_MAX;
    size_t size = MIN(wished, p->left.size);
    p->piece = malloc(size);
    ASSERT(p->piece != NULL);
    *piece = (struct bytes){memcpy(p->piece, p->left.data, size), size};
    p->left = (struct bytes){(const uint8_t *)p->left.data + size, p->left.size - size};
    return true;
}
