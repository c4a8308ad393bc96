/* MessagePack out of JSON (RFC 8259), by descent. Arrays and maps are packed into a buffer of their own
 * first, because MessagePack wants to know their size before. */
#include "clients/terminal/json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 16 };

struct json {
    const char *start;
    const char *at;
    unsigned depth;
    struct json_fault *fault;
};

static bool read_value(struct json *j, msgpack_packer *out);

static bool wrong(struct json *j, const char *why)
{
    *j->fault = (struct json_fault){.why = why, .at = (size_t)(j->at - j->start)};
    return false;
}

static void skip_space(struct json *j)
{
    j->at += strspn(j->at, " \t\r\n");
}

static bool take(struct json *j, char c)
{
    skip_space(j);
    if (*j->at != c) return false;
    j->at++;
    return true;
}

/* ---- Text. */

static void add_utf8(msgpack_sbuffer *text, uint32_t code)
{
    char bytes[4];
    size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = size; i > 1; i--, code >>= 6) bytes[i - 1] = (char)(0x80 | (code & 0x3f));
    bytes[0] = (char)(first[size] | code);
    msgpack_sbuffer_write(text, bytes, size);
}

/* The four digits after \u. */
static bool read_hex(struct json *j, uint32_t *code)
{
    char digits[5] = {0}, *end;
    strncpy(digits, j->at, 4);
    *code = (uint32_t)strtoul(digits, &end, 16);
    if (strspn(digits, "0123456789abcdefABCDEF") != 4) return wrong(j, "\\u needs four hexadecimal digits");
    j->at += 4;
    return true;
}

static bool read_unicode(struct json *j, msgpack_sbuffer *text)
{
    uint32_t code, low;
    if (!read_hex(j, &code)) return false;
    if (code >= 0xd800 && code < 0xdc00) {
        if (strncmp(j->at, "\\u", 2) != 0) return wrong(j, "half of a surrogate pair");
        j->at += 2;
        if (!read_hex(j, &low)) return false;
        if (low < 0xdc00 || low > 0xdfff) return wrong(j, "half of a surrogate pair");
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code < 0xe000) {
        return wrong(j, "half of a surrogate pair");
    }
    add_utf8(text, code);
    return true;
}

static bool read_escape(struct json *j, msgpack_sbuffer *text)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const char *name = *j->at ? strchr(names, *j->at) : NULL;
    if (*j->at == 'u') {
        j->at++;
        return read_unicode(j, text);
    }
    if (!name) return wrong(j, "no such escape");
    msgpack_sbuffer_write(text, &values[name - names], 1);
    j->at++;
    return true;
}

static bool read_characters(struct json *j, msgpack_sbuffer *text)
{
    for (;;) {
        size_t plain = strcspn(j->at, "\"\\");
        for (size_t i = 0; i < plain; i++, j->at++) {
            if ((unsigned char)*j->at < 0x20) return wrong(j, "a control character in a text");
            msgpack_sbuffer_write(text, j->at, 1);
        }
        if (*j->at == '\0') return wrong(j, "a text without its closing quote");
        if (*j->at++ == '"') return true;
        if (!read_escape(j, text)) return false;
    }
}

static bool read_string(struct json *j, msgpack_packer *out)
{
    msgpack_sbuffer text;
    msgpack_sbuffer_init(&text);
    bool good = read_characters(j, &text);
    if (good) msgpack_pack_str_with_body(out, text.data ? text.data : "", text.size);
    msgpack_sbuffer_destroy(&text);
    return good;
}

/* ---- Numbers and words. */

/* JSON's grammar is narrower than strtod's. */
static size_t number_size(const char *text, bool *whole)
{
    static const char digits[] = "0123456789";
    const char *at = text + (*text == '-');
    size_t count = strspn(at, digits);
    if (count == 0 || (*at == '0' && count > 1)) return 0;
    at += count;
    *whole = *at != '.' && *at != 'e' && *at != 'E';
    if (*at == '.') {
        count = strspn(++at, digits);
        if (count == 0) return 0;
        at += count;
    }
    if (*at == 'e' || *at == 'E') {
        at++;
        at += *at == '+' || *at == '-';
        count = strspn(at, digits);
        if (count == 0) return 0;
        at += count;
    }
    return (size_t)(at - text);
}

/* False for what only a float can hold: more than 64 bits, and -0. */
static bool pack_integer(const char *digits, msgpack_packer *out)
{
    errno = 0;
    if (*digits != '-') {
        unsigned long long number = strtoull(digits, NULL, 10);
        return errno == 0 && msgpack_pack_uint64(out, number) == 0;
    }
    long long number = strtoll(digits, NULL, 10);
    return errno == 0 && number != 0 && msgpack_pack_int64(out, number) == 0;
}

static bool read_number(struct json *j, msgpack_packer *out)
{
    bool whole;
    size_t size = number_size(j->at, &whole);
    if (size == 0) return wrong(j, "a number, a quoted text, true, false, null, [ or { is expected");
    if (!whole || !pack_integer(j->at, out)) {
        double number = strtod(j->at, NULL);
        if (isinf(number)) return wrong(j, "a number goes up to 1.7e308");
        msgpack_pack_double(out, number);
    }
    j->at += size;
    return true;
}

static bool take_word(struct json *j, const char *word)
{
    size_t size = strlen(word);
    if (strncmp(j->at, word, size) != 0) return false;
    j->at += size;
    return true;
}

/* ---- Arrays and maps. */

/* What stands between the brackets: values, or pairs of a text and a value. */
static bool read_members(struct json *j, char close, msgpack_packer *members, uint32_t *count)
{
    if (take(j, close)) return true;
    do {
        if (close == '}') {
            if (!take(j, '"')) return wrong(j, "a quoted key is expected");
            if (!read_string(j, members)) return false;
            if (!take(j, ':')) return wrong(j, "a colon is expected");
        }
        if (!read_value(j, members)) return false;
        ++*count;
    } while (take(j, ','));
    if (take(j, close)) return true;
    return wrong(j, close == '}' ? "a comma or } is expected" : "a comma or ] is expected");
}

static bool read_container(struct json *j, char close, msgpack_packer *out)
{
    msgpack_sbuffer buffer;
    msgpack_packer members;
    uint32_t count = 0;
    if (++j->depth > DEPTH_MAX) return wrong(j, "more than 16 levels inside each other");
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&members, &buffer, msgpack_sbuffer_write);
    bool good = read_members(j, close, &members, &count);
    if (good && close == '}') msgpack_pack_map(out, count);
    if (good && close == ']') msgpack_pack_array(out, count);
    if (good && buffer.size) out->callback(out->data, buffer.data, buffer.size);
    msgpack_sbuffer_destroy(&buffer);
    j->depth--;
    return good;
}

static bool read_value(struct json *j, msgpack_packer *out)
{
    if (take(j, '"')) return read_string(j, out);
    if (take(j, '{')) return read_container(j, '}', out);
    if (take(j, '[')) return read_container(j, ']', out);
    if (take_word(j, "true")) return msgpack_pack_true(out) == 0;
    if (take_word(j, "false")) return msgpack_pack_false(out) == 0;
    if (take_word(j, "null")) return msgpack_pack_nil(out) == 0;
    return read_number(j, out);
}

bool json_read(const char *text, msgpack_packer *packer, struct json_fault *fault)
{
    struct json j = {.start = text, .at = text, .fault = fault};
    if (!read_value(&j, packer)) return false;
    skip_space(&j);
    return *j.at == '\0' || wrong(&j, "the value ends here, but the text goes on");
}
