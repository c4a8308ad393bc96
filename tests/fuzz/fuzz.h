/* What the fuzzing targets share. Each tests/fuzz/NAME.c is one target: libFuzzer calls it with bytes of its own making,
 * and whatever a reader promises about any bytes is an ASSERT there. tests/fuzz/run builds and runs them. */
#ifndef MUSTER_FUZZ_H
#define MUSTER_FUZZ_H

#include "engine/base/arena.h"
#include "engine/base/text.h"

/* libFuzzer's entry. `data` has just `size` bytes of heap, so that reading past them is found. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a person is told: some text, on one line, that a terminal shows and does not obey. */
static inline bool is_sentence(const char *sentence)
{
    struct bytes text = bytes_of_text(sentence);
    return text.size > 0 && text_quotable(text, text.size).size == text.size;
}

/* Bytes as they might arrive: pieces of 1 to `size_max` bytes, from a seed, each a copy of just its size. SIZE_MAX
 * is all at once. */
struct pieces {
    struct bytes left;
    size_t size_max;
    uint32_t seed;
    void *piece;
};

bool pieces_next(struct pieces *p, struct bytes *piece);

#endif
