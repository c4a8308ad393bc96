/* JSON out of MessagePack. What the engine sends is at most as deep as msgpack-c unpacks, so that the
 * recursion is bounded. */
#include "clients/terminal/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* The control characters U+0080 to U+009F, which UTF-8 writes as two bytes: JSON allows them, but a terminal
 * may obey them. */
static bool is_c1(msgpack_object_str text, uint32_t at)
{
    if ((unsigned char)text.ptr[at] != 0xc2 || at + 1 == text.size) return false;
    unsigned char next = (unsigned char)text.ptr[at + 1];
    return next >= 0x80 && next < 0xa0;
}

static void write_string(FILE *out, msgpack_object_str text)
{
    fputc('"', out);
    for (uint32_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (is_c1(text, i)) {
            fprintf(out, "\\u%04x", (unsigned char)text.ptr[++i]);
            continue;
        }
        if (c == '"' || c == '\\') fprintf(out, "\\%c", c);
        else if (c == '\n') fputs("\\n", out);
        else if (c == '\t') fputs("\\t", out);
        else if (c < 0x20 || c == 0x7f) fprintf(out, "\\u%04x", c);
        else fputc(c, out);
    }
    fputc('"', out);
}

static void write_bin(FILE *out, msgpack_object_bin bin)
{
    fputc('"', out);
    for (uint32_t i = 0; i < bin.size; i++) fprintf(out, "%02x", (unsigned char)bin.ptr[i]);
    fputc('"', out);
}

/* As short as it can be read back without loss. */
static void write_float(FILE *out, double value)
{
    char digits[32];
    if (!isfinite(value)) {
        fputs("null", out);
        return;
    }
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (strtod(digits, NULL) == value) break;
    }
    fputs(digits, out);
}

static void write_array(FILE *out, const msgpack_object_array *array)
{
    fputc('[', out);
    for (uint32_t i = 0; i < array->size; i++) {
        if (i > 0) fputs(", ", out);
        json_write(out, &array->ptr[i]);
    }
    fputc(']', out);
}

/* JSON's keys are strings; the engine's are, and other ones become strings. */
static void write_key(FILE *out, const msgpack_object *key)
{
    bool bare = key->type != MSGPACK_OBJECT_STR && key->type != MSGPACK_OBJECT_BIN;
    if (bare) fputc('"', out);
    json_write(out, key);
    if (bare) fputc('"', out);
}

static void write_map(FILE *out, const msgpack_object_map *map)
{
    fputc('{', out);
    for (uint32_t i = 0; i < map->size; i++) {
        if (i > 0) fputs(", ", out);
        write_key(out, &map->ptr[i].key);
        fputs(": ", out);
        json_write(out, &map->ptr[i].val);
    }
    fputc('}', out);
}

void json_write(FILE *out, const msgpack_object *value)
{
    switch (value->type) {
    case MSGPACK_OBJECT_NIL:
    case MSGPACK_OBJECT_EXT: fputs("null", out); break;
    case MSGPACK_OBJECT_BOOLEAN: fputs(value->via.boolean ? "true" : "false", out); break;
    case MSGPACK_OBJECT_POSITIVE_INTEGER: fprintf(out, "%" PRIu64, value->via.u64); break;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER: fprintf(out, "%" PRId64, value->via.i64); break;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64: write_float(out, value->via.f64); break;
    case MSGPACK_OBJECT_STR: write_string(out, value->via.str); break;
    case MSGPACK_OBJECT_BIN: write_bin(out, value->via.bin); break;
    case MSGPACK_OBJECT_ARRAY: write_array(out, &value->via.array); break;
    case MSGPACK_OBJECT_MAP: write_map(out, &value->via.map); break;
    }
}
