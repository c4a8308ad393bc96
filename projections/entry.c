/* Packs and unpacks entries with texts. */
#include "projections/entry.h"

#include <stdlib.h>

/* On the stack for what is usual, on the heap for a job's long data. */
enum { USUAL_SIZE_MAX = 2048 };

static size_t entry_size(struct bytes fixed, const struct bytes texts[], size_t count)
{
    size_t size = fixed.size + count * sizeof(uint32_t);
    for (size_t i = 0; i < count; i++) size += texts[i].size;
    return size;
}

static uint8_t *put_bytes(uint8_t *out, const void *data, size_t size)
{
    if (size) memcpy(out, data, size);
    return out + size;
}

static void entry_write(uint8_t *out, struct bytes fixed, const struct bytes texts[], size_t count)
{
    out = put_bytes(out, fixed.data, fixed.size);
    for (size_t i = 0; i < count; i++) {
        uint32_t length = (uint32_t)texts[i].size;
        out = put_bytes(out, &length, sizeof length);
    }
    for (size_t i = 0; i < count; i++) out = put_bytes(out, texts[i].data, texts[i].size);
}

bool entry_put(struct view *v, unsigned table, uint64_t number, struct bytes fixed, const struct bytes texts[],
               size_t count, bool append)
{
    uint8_t usual[USUAL_SIZE_MAX];
    size_t size = entry_size(fixed, texts, count);
    uint8_t *data = size <= sizeof usual ? usual : malloc(size);
    ASSERT(data != NULL && count <= ENTRY_TEXTS_MAX);
    entry_write(data, fixed, texts, count);
    struct bytes value = {data, size};
    bool stored = append ? store_append_number(v, table, number, value) : store_put_number(v, table, number, value);
    if (data != usual) free(data);
    return stored;
}

bool entry_read(struct view *v, struct bytes entry, void *fixed, size_t fixed_size, struct bytes texts[], size_t count)
{
    uint32_t lengths[ENTRY_TEXTS_MAX];
    size_t head = fixed_size + count * sizeof lengths[0];
    ASSERT(count <= ENTRY_TEXTS_MAX);
    if (entry.size < head) return store_damaged(v, "an entry is too short");
    const uint8_t *at = entry.data;
    size_t left = entry.size - head;
    if (fixed_size) memcpy(fixed, at, fixed_size);
    memcpy(lengths, at + fixed_size, count * sizeof lengths[0]);
    at += head;
    for (size_t i = 0; i < count; i++) {
        if (lengths[i] > left) return store_damaged(v, "an entry is too short for its texts");
        texts[i] = (struct bytes){at, lengths[i]};
        at += lengths[i];
        left -= lengths[i];
    }
    return left == 0 ? true : store_damaged(v, "an entry is longer than its texts");
}
