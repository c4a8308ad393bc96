#include "engine/proof/base64.h"

static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum { GROUP_BYTES = 3, GROUP_CHARACTERS = 4 };

void base64_write(struct bytes data, char *out)
{
    const uint8_t *in = data.data;
    for (size_t i = 0; i < data.size; i += GROUP_BYTES) {
        size_t left = data.size - i;
        uint32_t group = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) | (left > 2 ? in[i + 2] : 0);
        *out++ = DIGITS[group >> 18];
        *out++ = DIGITS[group >> 12 & 63];
        *out++ = left > 1 ? DIGITS[group >> 6 & 63] : '=';
        *out++ = left > 2 ? DIGITS[group & 63] : '=';
    }
    *out = '\0';
}

static int digit_of(char character)
{
    const char *at = character ? strchr(DIGITS, character) : NULL;
    return at ? (int)(at - DIGITS) : -1;
}

/* The characters at the end that are no digits. */
static size_t padding_of(struct bytes text)
{
    const char *end = (const char *)bytes_end(text);
    if (text.size == 0 || end[-1] != '=') return 0;
    return end[-2] == '=' ? 2 : 1;
}

bool base64_read(struct bytes text, uint8_t *out, size_t size_max, size_t *size)
{
    const char *in = text.data;
    size_t padding = text.size % GROUP_CHARACTERS ? 0 : padding_of(text), digits = text.size - padding;
    uint32_t bits = 0, kept = 0;
    *size = text.size / GROUP_CHARACTERS * GROUP_BYTES - padding;
    if (text.size % GROUP_CHARACTERS || *size > size_max) return false;
    for (size_t i = 0; i < digits; i++) {
        int digit = digit_of(in[i]);
        if (digit < 0) return false;
        bits = bits << 6 | (uint32_t)digit;
        kept += 6;
        if (kept < 8) continue;
        kept -= 8;
        *out++ = (uint8_t)(bits >> kept);
        bits &= (UINT32_C(1) << kept) - 1;
    }
    return bits == 0; /* what the padding cuts off is zero, or there would be a second spelling */
}

bool base64_read_exactly(struct bytes text, uint8_t *out, size_t size)
{
    size_t got;
    return base64_read(text, out, size, &got) && got == size;
}
