/* Walks the value with the cursor; recursion is as deep as the value, which a frame's pre-scan has bounded. */
#include "engine/csv/csv_value.h"

#include "engine/base/cursor.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void put(struct buffer *out, const char *text)
{
    buffer_append(out, text, strlen(text));
}

static void put_string(struct buffer *out, struct bytes text)
{
    const uint8_t *byte = text.data;
    char escape[8];
    put(out, "\"");
    for (size_t i = 0; i < text.size; i++) {
        if (byte[i] == '"' || byte[i] == '\\') snprintf(escape, sizeof escape, "\\%c", byte[i]);
        else if (byte[i] < 0x20) snprintf(escape, sizeof escape, "\\u%04x", byte[i]);
        else snprintf(escape, sizeof escape, "%c", byte[i]);
        put(out, escape);
    }
    put(out, "\"");
}

static void put_bin(struct buffer *out, struct bytes data)
{
    const uint8_t *byte = data.data;
    char digits[4];
    for (size_t i = 0; i < data.size; i++) {
        snprintf(digits, sizeof digits, "%02x", byte[i]);
        put(out, digits);
    }
}

/* As short as it can be read back without loss. JSON has no infinity and no NaN. */
static void put_float(struct buffer *out, double value)
{
    char digits[32] = "null";
    for (int precision = 15; isfinite(value) && precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (strtod(digits, NULL) == value) break;
    }
    put(out, digits);
}

static void put_value(struct buffer *out, struct cursor *c);

/* JSON's keys are texts: what is none is one in quotes. */
static void put_member(struct buffer *out, struct cursor *c)
{
    bool is_text = cursor_peek(c).kind == TOKEN_STR || cursor_peek(c).kind == TOKEN_BIN;
    if (!is_text) put(out, "\"");
    put_value(out, c);
    put(out, is_text ? ": " : "\": ");
    put_value(out, c);
}

static void put_all(struct buffer *out, struct cursor *c, struct token token)
{
    bool is_map = token.kind == TOKEN_MAP;
    put(out, is_map ? "{" : "[");
    for (uint32_t i = 0; i < token.count; i++) {
        if (i > 0) put(out, ", ");
        if (is_map) put_member(out, c);
        else put_value(out, c);
    }
    put(out, is_map ? "}" : "]");
}

static void put_value(struct buffer *out, struct cursor *c)
{
    char digits[24] = "";
    struct token token = cursor_next(c);
    switch (token.kind) {
    case TOKEN_BOOL: put(out, token.boolean ? "true" : "false"); break;
    case TOKEN_UINT: snprintf(digits, sizeof digits, "%" PRIu64, token.uint); break;
    case TOKEN_INT: snprintf(digits, sizeof digits, "%" PRId64, token.integer); break;
    case TOKEN_FLOAT: put_float(out, token.real); break;
    case TOKEN_STR: put_string(out, token.text); break;
    case TOKEN_BIN:
        put(out, "\"");
        put_bin(out, token.text);
        put(out, "\"");
        break;
    case TOKEN_ARRAY:
    case TOKEN_MAP: put_all(out, c, token); break;
    case TOKEN_NIL:
    case TOKEN_EXT:
    case TOKEN_NONE: put(out, "null"); break;
    }
    put(out, digits);
}

void csv_value_text(struct buffer *out, struct bytes value)
{
    struct cursor c = cursor_over(value);
    struct token token = cursor_peek(&c);
    if (token.kind == TOKEN_NIL || token.kind == TOKEN_NONE) return;
    if (token.kind == TOKEN_STR) buffer_append(out, token.text.data, token.text.size);
    else if (token.kind == TOKEN_BIN) put_bin(out, token.text);
    else put_value(out, &c);
}
