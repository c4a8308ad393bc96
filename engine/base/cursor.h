/* Reads MessagePack in place: one token at a time, no copy, no allocation, no recursion. The pre-scan
 * of frames, the decoding of commands and of events all walk with it, so that hostile bytes never
 * reach a parser that allocates by what they claim (docs/decisions/0004-own-msgpack-reader.md).
 * Format: https://github.com/msgpack/msgpack/blob/master/spec.md */
#ifndef MUSTER_CURSOR_H
#define MUSTER_CURSOR_H

#include "engine/base/base.h"

enum token_kind {
    TOKEN_NONE, /* nothing there: end of the bytes, cut off, or a byte that MessagePack does not know */
    TOKEN_NIL,
    TOKEN_BOOL,
    TOKEN_UINT, /* zero or positive, also when sent as a signed form */
    TOKEN_INT,  /* negative */
    TOKEN_FLOAT,
    TOKEN_STR,
    TOKEN_BIN,
    TOKEN_ARRAY, /* `count` values follow */
    TOKEN_MAP,   /* `count` pairs follow */
    TOKEN_EXT,   /* a known form that the socket refuses; its body is `text` */
};

struct token {
    enum token_kind kind;
    uint32_t count;
    union {
        bool boolean;
        uint64_t uint;
        int64_t integer;
        double real;
    };
    struct bytes text; /* STR, BIN, EXT; borrows the cursor's bytes */
};

struct cursor {
    const uint8_t *at;
    const uint8_t *end;
};

static inline struct cursor cursor_over(struct bytes b)
{
    return (struct cursor){b.data, bytes_end(b)};
}

static inline bool cursor_at_end(const struct cursor *c)
{
    return c->at == c->end;
}

/* Takes the next token. On TOKEN_NONE the cursor stays where it was. */
struct token cursor_next(struct cursor *c);
/* Looks without taking. */
struct token cursor_peek(const struct cursor *c);

/* Takes one whole value, nested ones with it, and returns its bytes. Data NULL when it is cut off. */
struct bytes cursor_value(struct cursor *c);
static inline bool cursor_skip(struct cursor *c)
{
    return cursor_value(c).data != NULL;
}

/* Each takes the value and returns true only if it is of that kind; false leaves the cursor unmoved. */
bool cursor_uint(struct cursor *c, uint64_t *value);
bool cursor_array(struct cursor *c, uint32_t *count);
bool cursor_map(struct cursor *c, uint32_t *count);
bool cursor_bool(struct cursor *c, bool *value);
bool cursor_nil(struct cursor *c);
/* Text arrives as str or, from clients that know no other way, as bin. */
bool cursor_text(struct cursor *c, struct bytes *text);

/* Whether every text of a whole value, keys too, is UTF-8, so that it may be handed on as it is. */
bool value_is_readable(struct bytes value);

/* How a run of bytes stands as the beginning of one value of at most the given measures. */
enum scan_result {
    SCAN_WHOLE,    /* *size bytes are one whole value */
    SCAN_MORE,     /* good so far, more bytes are needed */
    SCAN_BAD_BYTE, /* no MessagePack, or an ext type */
    SCAN_TOO_DEEP,
    SCAN_TOO_MANY, /* more elements than elements_max */
    SCAN_TOO_LONG, /* claims more than bytes_max */
};

enum { SCAN_DEPTH_MAX = 32 };

/* A scan that goes on where it stopped when more bytes have come, so that a frame that dribbles in is
 * read once, not once a packet. All zero starts a value. */
struct scan {
    size_t position;
    uint64_t elements;
    uint32_t depth;
    uint64_t open[SCAN_DEPTH_MAX]; /* values still owed at each depth */
};

struct scan_limits {
    size_t bytes_max;
    uint64_t elements_max;
    uint32_t depth_max; /* at most SCAN_DEPTH_MAX */
};

/* `b` begins at the value's first byte on every call of one scan. */
enum scan_result scan_value(struct scan *s, struct bytes b, const struct scan_limits *limits, size_t *size);

#endif
