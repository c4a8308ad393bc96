/* What every file may use: borrowed bytes, the assertion that stays on in release, and the one
 * sentence in which a fault or a refusal is told. No I/O, no allocation. */
#ifndef MUSTER_BASE_H
#define MUSTER_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Borrows, always: somebody else owns the memory and the header that hands it out says how long it
 * lives. Text is UTF-8 and has no terminating zero. */
struct bytes {
    const void *data;
    size_t size;
};

#define BYTES(literal) ((struct bytes){(literal), sizeof(literal) - 1})
#define BYTES_NONE ((struct bytes){NULL, 0})

/* For "%.*s". */
#define BYTES_ARG(b) (int)(b).size, (const char *)((b).data ? (b).data : "")

static inline struct bytes bytes_of_text(const char *text)
{
    return (struct bytes){text, strlen(text)};
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* Behind the last byte. No bytes may have no place, and C does not add even 0 to that. */
static inline const uint8_t *bytes_end(struct bytes b)
{
    return b.size ? (const uint8_t *)b.data + b.size : b.data;
}

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* A bug, not a fault: says where and stops the process. Stopping is safe, the log is whole. */
#define ASSERT(condition) ((condition) ? (void)0 : assert_failed(#condition, __FILE__, __LINE__))
/* Called before the process stops for a bug; NULL: nothing. Whoever keeps what may have led to the bug removes it. */
extern void (*assert_before_stop)(void);
_Noreturn void assert_failed(const char *condition, const char *file, int line);

/* One sentence for a person: what is wrong, where, what would be right. Longer text is cut, between characters. */
#define SENTENCE_SIZE_MAX 512
struct sentence {
    char text[SENTENCE_SIZE_MAX];
};
void sentence_set(struct sentence *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sentence_vset(struct sentence *s, const char *format, va_list arguments);

static inline void put_be64(uint8_t out[8], uint64_t value)
{
    value = __builtin_bswap64(value);
    memcpy(out, &value, 8);
}

static inline uint64_t get_be64(const uint8_t in[8])
{
    uint64_t value;
    memcpy(&value, in, 8);
    return __builtin_bswap64(value);
}

static inline void put_be32(uint8_t out[4], uint32_t value)
{
    value = __builtin_bswap32(value);
    memcpy(out, &value, 4);
}

static inline uint32_t get_be32(const uint8_t in[4])
{
    uint32_t value;
    memcpy(&value, in, 4);
    return __builtin_bswap32(value);
}

#endif
