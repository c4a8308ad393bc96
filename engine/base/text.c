/* UTF-8 by the table of RFC 3629: the first byte says the size and the range of the second byte. */
#include "engine/base/text.h"

struct lead {
    uint8_t size; /* 0: no character begins with this byte */
    uint8_t second_min;
    uint8_t second_max;
};

static const struct lead LEADS[256] = {
    [0x00 ... 0x7f] = {1, 0, 0},       [0xc2 ... 0xdf] = {2, 0x80, 0xbf}, [0xe0] = {3, 0xa0, 0xbf},
    [0xe1 ... 0xec] = {3, 0x80, 0xbf}, [0xed] = {3, 0x80, 0x9f},          [0xee ... 0xef] = {3, 0x80, 0xbf},
    [0xf0] = {4, 0x90, 0xbf},          [0xf1 ... 0xf3] = {4, 0x80, 0xbf}, [0xf4] = {4, 0x80, 0x8f},
};

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

size_t utf8_next(struct bytes text, size_t at, uint32_t *character)
{
    ASSERT(at < text.size);
    const uint8_t *byte = (const uint8_t *)text.data + at;
    struct lead lead = LEADS[byte[0]];
    if (lead.size == 0 || lead.size > text.size - at) return 0;
    if (lead.size == 1) {
        *character = byte[0];
        return 1;
    }
    if (byte[1] < lead.second_min || byte[1] > lead.second_max) return 0;
    uint32_t value = byte[0] & (0x7fu >> lead.size);
    for (size_t i = 1; i < lead.size; i++) {
        if (!is_continuation(byte[i])) return 0;
        value = value << 6 | (byte[i] & 0x3fu);
    }
    *character = value;
    return lead.size;
}

/* Eight bytes at a time while they are ASCII, which names and ids nearly always are. */
static size_t ascii_size(struct bytes text, size_t at)
{
    const uint8_t *byte = text.data;
    uint64_t eight;
    while (text.size - at >= sizeof eight) {
        memcpy(&eight, byte + at, sizeof eight);
        if (eight & 0x8080808080808080u) break;
        at += sizeof eight;
    }
    return at;
}

size_t utf8_valid_size(struct bytes text)
{
    uint32_t character;
    size_t at = ascii_size(text, 0);
    while (at < text.size) {
        size_t size = utf8_next(text, at, &character);
        if (size == 0) break;
        at += size;
    }
    return at;
}

size_t utf8_length(struct bytes text)
{
    const uint8_t *byte = text.data;
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++) count += !is_continuation(byte[i]);
    return count;
}

struct bytes text_quotable(struct bytes text, size_t count)
{
    uint32_t character;
    size_t at = 0;
    for (; at < text.size && count > 0; count--) {
        size_t size = utf8_next(text, at, &character);
        if (size == 0 || is_control_character(character)) break;
        at += size;
    }
    return (struct bytes){text.data, at};
}

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte;
}

static bool is_same_any_case(const uint8_t *a, const uint8_t *b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
}

bool text_equals_any_case(struct bytes a, struct bytes b)
{
    return a.size == b.size && is_same_any_case(a.data, b.data, a.size);
}

bool text_holds_any_case(struct bytes text, struct bytes part)
{
    for (size_t at = 0; at + part.size <= text.size; at++) {
        if (is_same_any_case((const uint8_t *)text.data + at, part.data, part.size)) return true;
    }
    return false;
}
