/* One table of first bytes says what each token is; everything else walks tokens. */
#include "engine/base/cursor.h"

#include "engine/base/text.h"

/* How the bytes after the first one are to be read. */
enum form {
    FORM_NEVER, /* 0xc1 */
    FORM_POSFIX,
    FORM_NEGFIX,
    FORM_FIXMAP,
    FORM_FIXARRAY,
    FORM_FIXSTR,
    FORM_NIL,
    FORM_FALSE,
    FORM_TRUE,
    FORM_UINT,
    FORM_INT,
    FORM_FLOAT,
    FORM_STR,
    FORM_BIN,
    FORM_ARRAY,
    FORM_MAP,
    FORM_EXT,
    FORM_FIXEXT,
};

struct head {
    uint8_t form;
    uint8_t width; /* bytes of the number that follows; for FIXEXT the size of the body */
};

static const struct head HEADS[256] = {
    [0x00 ... 0x7f] = {FORM_POSFIX, 0},   [0x80 ... 0x8f] = {FORM_FIXMAP, 0}, [0x90 ... 0x9f] = {FORM_FIXARRAY, 0},
    [0xa0 ... 0xbf] = {FORM_FIXSTR, 0},   [0xc0] = {FORM_NIL, 0},             [0xc1] = {FORM_NEVER, 0},
    [0xc2] = {FORM_FALSE, 0},             [0xc3] = {FORM_TRUE, 0},            [0xc4] = {FORM_BIN, 1},
    [0xc5] = {FORM_BIN, 2},               [0xc6] = {FORM_BIN, 4},             [0xc7] = {FORM_EXT, 1},
    [0xc8] = {FORM_EXT, 2},               [0xc9] = {FORM_EXT, 4},             [0xca] = {FORM_FLOAT, 4},
    [0xcb] = {FORM_FLOAT, 8},             [0xcc] = {FORM_UINT, 1},            [0xcd] = {FORM_UINT, 2},
    [0xce] = {FORM_UINT, 4},              [0xcf] = {FORM_UINT, 8},            [0xd0] = {FORM_INT, 1},
    [0xd1] = {FORM_INT, 2},               [0xd2] = {FORM_INT, 4},             [0xd3] = {FORM_INT, 8},
    [0xd4] = {FORM_FIXEXT, 1},            [0xd5] = {FORM_FIXEXT, 2},          [0xd6] = {FORM_FIXEXT, 4},
    [0xd7] = {FORM_FIXEXT, 8},            [0xd8] = {FORM_FIXEXT, 16},         [0xd9] = {FORM_STR, 1},
    [0xda] = {FORM_STR, 2},               [0xdb] = {FORM_STR, 4},             [0xdc] = {FORM_ARRAY, 2},
    [0xdd] = {FORM_ARRAY, 4},             [0xde] = {FORM_MAP, 2},             [0xdf] = {FORM_MAP, 4},
    [0xe0 ... 0xff] = {FORM_NEGFIX, 0},
};

static uint64_t big_endian(const uint8_t *at, unsigned width)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < width; i++) value = value << 8 | at[i];
    return value;
}

static int64_t sign_extended(uint64_t value, unsigned width)
{
    unsigned shift = 64 - 8 * width;
    return (int64_t)(value << shift) >> shift;
}

static double float_of(uint64_t bits, unsigned width)
{
    if (width == 8) {
        double real;
        memcpy(&real, &bits, sizeof real);
        return real;
    }
    uint32_t narrow = (uint32_t)bits;
    float real;
    memcpy(&real, &narrow, sizeof real);
    return (double)real;
}

static struct token integer_token(int64_t value)
{
    if (value >= 0) return (struct token){.kind = TOKEN_UINT, .uint = (uint64_t)value};
    return (struct token){.kind = TOKEN_INT, .integer = value};
}

/* A token's head: everything but the body of a text. `*body` is how many bytes of body follow. */
static struct token token_head(struct cursor *c, uint64_t *body)
{
    const struct token none = {.kind = TOKEN_NONE};
    *body = 0;
    if (c->at == c->end) return none;
    uint8_t first = *c->at;
    struct head head = HEADS[first];
    unsigned width = head.form == FORM_FIXEXT ? 0 : head.width;
    if ((size_t)(c->end - c->at) < 1u + width) return none;
    uint64_t number = big_endian(c->at + 1, width);
    c->at += 1 + width;
    switch ((enum form)head.form) {
    case FORM_POSFIX: return (struct token){.kind = TOKEN_UINT, .uint = first};
    case FORM_NEGFIX: return integer_token((int8_t)first);
    case FORM_FIXMAP: return (struct token){.kind = TOKEN_MAP, .count = first & 0x0f};
    case FORM_FIXARRAY: return (struct token){.kind = TOKEN_ARRAY, .count = first & 0x0f};
    case FORM_FIXSTR: *body = first & 0x1f; return (struct token){.kind = TOKEN_STR};
    case FORM_NIL: return (struct token){.kind = TOKEN_NIL};
    case FORM_FALSE: return (struct token){.kind = TOKEN_BOOL, .boolean = false};
    case FORM_TRUE: return (struct token){.kind = TOKEN_BOOL, .boolean = true};
    case FORM_UINT: return (struct token){.kind = TOKEN_UINT, .uint = number};
    case FORM_INT: return integer_token(sign_extended(number, width));
    case FORM_FLOAT: return (struct token){.kind = TOKEN_FLOAT, .real = float_of(number, width)};
    case FORM_STR: *body = number; return (struct token){.kind = TOKEN_STR};
    case FORM_BIN: *body = number; return (struct token){.kind = TOKEN_BIN};
    case FORM_ARRAY: return (struct token){.kind = TOKEN_ARRAY, .count = (uint32_t)number};
    case FORM_MAP: return (struct token){.kind = TOKEN_MAP, .count = (uint32_t)number};
    case FORM_EXT: *body = number + 1; return (struct token){.kind = TOKEN_EXT};
    case FORM_FIXEXT: *body = head.width + 1u; return (struct token){.kind = TOKEN_EXT};
    case FORM_NEVER: break;
    }
    c->at -= 1 + width;
    return none;
}

struct token cursor_next(struct cursor *c)
{
    struct cursor start = *c;
    uint64_t body;
    struct token token = token_head(c, &body);
    if (body > (uint64_t)(c->end - c->at)) {
        *c = start;
        return (struct token){.kind = TOKEN_NONE};
    }
    token.text = (struct bytes){c->at, (size_t)body};
    c->at += body;
    return token;
}

struct token cursor_peek(const struct cursor *c)
{
    struct cursor copy = *c;
    return cursor_next(&copy);
}

static uint64_t values_owed(struct token token)
{
    if (token.kind == TOKEN_ARRAY) return token.count;
    if (token.kind == TOKEN_MAP) return 2 * (uint64_t)token.count;
    return 0;
}

struct bytes cursor_value(struct cursor *c)
{
    struct cursor start = *c;
    /* Depth does not matter here, only how many values are still owed in all. */
    for (uint64_t owed = 1; owed > 0; owed--) {
        struct token token = cursor_next(c);
        if (token.kind == TOKEN_NONE) {
            *c = start;
            return BYTES_NONE;
        }
        owed += values_owed(token);
    }
    return (struct bytes){start.at, (size_t)(c->at - start.at)};
}

static bool take(struct cursor *c, enum token_kind kind, struct token *token)
{
    struct cursor start = *c;
    *token = cursor_next(c);
    if (token->kind == kind) return true;
    *c = start;
    return false;
}

bool cursor_uint(struct cursor *c, uint64_t *value)
{
    struct token token;
    if (!take(c, TOKEN_UINT, &token)) return false;
    *value = token.uint;
    return true;
}

bool cursor_array(struct cursor *c, uint32_t *count)
{
    struct token token;
    if (!take(c, TOKEN_ARRAY, &token)) return false;
    *count = token.count;
    return true;
}

bool cursor_map(struct cursor *c, uint32_t *count)
{
    struct token token;
    if (!take(c, TOKEN_MAP, &token)) return false;
    *count = token.count;
    return true;
}

bool cursor_bool(struct cursor *c, bool *value)
{
    struct token token;
    if (!take(c, TOKEN_BOOL, &token)) return false;
    *value = token.boolean;
    return true;
}

bool cursor_nil(struct cursor *c)
{
    struct token token;
    return take(c, TOKEN_NIL, &token);
}

bool cursor_text(struct cursor *c, struct bytes *text)
{
    struct token token;
    if (!take(c, TOKEN_STR, &token) && !take(c, TOKEN_BIN, &token)) return false;
    *text = token.text;
    return true;
}

bool value_is_readable(struct bytes value)
{
    struct cursor c = cursor_over(value);
    while (!cursor_at_end(&c)) {
        struct token token = cursor_next(&c);
        if (token.kind == TOKEN_NONE || (token.kind == TOKEN_STR && !utf8_is_valid(token.text))) return false;
    }
    return true;
}

/* Closes every level that is paid off; false when the outermost value is whole. */
static bool scan_settle(struct scan *s)
{
    while (s->depth > 0 && s->open[s->depth - 1] == 0) s->depth--;
    return s->depth > 0;
}

enum scan_result scan_value(struct scan *s, struct bytes b, const struct scan_limits *limits, size_t *size)
{
    ASSERT(limits->depth_max <= SCAN_DEPTH_MAX && s->position <= b.size);
    if (b.size == 0) return SCAN_MORE;
    struct cursor c = cursor_over(b);
    c.at += s->position;
    do {
        if (c.at < c.end && HEADS[*c.at].form == FORM_NEVER) return SCAN_BAD_BYTE;
        const uint8_t *start = c.at;
        uint64_t body;
        struct token token = token_head(&c, &body);
        if (token.kind == TOKEN_NONE) return b.size >= limits->bytes_max ? SCAN_TOO_LONG : SCAN_MORE;
        if (token.kind == TOKEN_EXT) return SCAN_BAD_BYTE;
        uint64_t owed = values_owed(token);
        uint64_t before = (uint64_t)(c.at - (const uint8_t *)b.data);
        /* Every value owed takes a byte at least: a count that cannot fit is refused before it is walked. */
        if (before + body + owed > limits->bytes_max) return SCAN_TOO_LONG;
        if (body > (uint64_t)(c.end - c.at)) {
            c.at = start;
            return SCAN_MORE;
        }
        c.at += body;
        s->position = (size_t)(c.at - (const uint8_t *)b.data);
        if (++s->elements + owed > limits->elements_max) return SCAN_TOO_MANY;
        if (s->depth > 0) s->open[s->depth - 1]--;
        if (owed > 0) {
            if (s->depth == limits->depth_max) return SCAN_TOO_DEEP;
            s->open[s->depth++] = owed;
        }
    } while (scan_settle(s));
    *size = s->position;
    return SCAN_WHOLE;
}
