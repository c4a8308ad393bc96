/* The codec, expanded from events.def: one encoder and one decoder a row, one function a type. */
#include "engine/events/event.h"

#include "engine/base/cursor.h"
#include "engine/base/pack.h"
#include "engine/events/numbers.h"

enum { HEADER_FIELDS = 4 };

#define EVENT(code, NAME, member) _Static_assert((code) > 0 && (code) < EVENT_CODES_MAX, #NAME);
#define FIELD(type, name)
#define EVENT_END(member)
#include "engine/events/events.def"
#undef EVENT
#undef FIELD
#undef EVENT_END

/* ---- Names and shapes. */

struct event_shape {
    const char *name;
    size_t field_count;
};

static const struct event_shape *event_shape(enum event_type type)
{
    switch (type) {
#define EVENT(code, NAME, member)                                                                                      \
    case EVENT_##NAME: {                                                                                               \
        static const struct event_shape shape = {#NAME, 0
#define FIELD(type, name) +1
#define EVENT_END(member)                                                                                              \
    }                                                                                                                  \
    ;                                                                                                                  \
    return &shape;                                                                                                     \
    }
#include "engine/events/events.def"
#undef EVENT
#undef FIELD
#undef EVENT_END
    case EVENT_NONE: break;
    }
    return NULL;
}

const char *event_name(enum event_type type)
{
    const struct event_shape *shape = event_shape(type);
    return shape ? shape->name : NULL;
}

enum event_type event_type_named(struct bytes name)
{
#define EVENT(code, NAME, member)                                                                                      \
    if (bytes_equal(name, BYTES(#NAME))) return EVENT_##NAME;
#define FIELD(type, name)
#define EVENT_END(member)
#include "engine/events/events.def"
#undef EVENT
#undef FIELD
#undef EVENT_END
    return EVENT_NONE;
}

size_t event_field_count(enum event_type type)
{
    const struct event_shape *shape = event_shape(type);
    return shape ? shape->field_count : 0;
}

struct event_field event_field_at(const struct event *event, size_t index)
{
    size_t at = 0;
    switch (event->type) {
#define EVENT(code, NAME, member)                                                                                      \
    case EVENT_##NAME: {                                                                                               \
        const __typeof__(event->member) *fields = &event->member;                                                      \
        (void)fields;
#define FIELD(type, name)                                                                                              \
    if (at++ == index) return (struct event_field){#name, FIELD_##type, &fields->name};
#define EVENT_END(member)                                                                                              \
    break;                                                                                                             \
    }
#include "engine/events/events.def"
#undef EVENT
#undef FIELD
#undef EVENT_END
    case EVENT_NONE: break;
    }
    ASSERT(!"an index below event_field_count()");
    return (struct event_field){0};
}

/* ---- Encoding. */

static void encode_u32(msgpack_packer *p, event_u32 value)
{
    msgpack_pack_uint32(p, value);
}

static void encode_u64(msgpack_packer *p, event_u64 value)
{
    msgpack_pack_uint64(p, value);
}

static void encode_i64(msgpack_packer *p, event_i64 value)
{
    msgpack_pack_int64(p, value);
}

static void encode_boolean(msgpack_packer *p, event_boolean value)
{
    pack_bool(p, value);
}

static void encode_str(msgpack_packer *p, event_str value)
{
    pack_text(p, value);
}

static void encode_bin(msgpack_packer *p, event_bin value)
{
    pack_bin(p, value);
}

static void encode_numbers(msgpack_packer *p, event_numbers value)
{
    pack_bin(p, value);
}

static void encode_raw(msgpack_packer *p, event_raw value)
{
    pack_raw(p, value);
}

void event_encode(const struct event *event, struct buffer *out)
{
    msgpack_packer packer = packer_into(out);
    msgpack_packer *p = &packer;
    ASSERT(event_shape(event->type) && event->time_us >= 0);
    msgpack_pack_array(p, HEADER_FIELDS + event_field_count(event->type));
    msgpack_pack_uint32(p, event->type);
    msgpack_pack_uint64(p, (uint64_t)event->time_us);
    msgpack_pack_uint32(p, event->actor);
    msgpack_pack_uint64(p, event->cause);
    switch (event->type) {
#define EVENT(code, NAME, member)                                                                                      \
    case EVENT_##NAME: {                                                                                               \
        const __typeof__(event->member) *fields = &event->member;                                                      \
        (void)fields;
#define FIELD(type, name) encode_##type(p, fields->name);
#define EVENT_END(member)                                                                                              \
    break;                                                                                                             \
    }
#include "engine/events/events.def"
#undef EVENT
#undef FIELD
#undef EVENT_END
    case EVENT_NONE: break;
    }
}

/* ---- Decoding. */

static bool decode_u32(struct cursor *c, event_u32 *value)
{
    uint64_t wide;
    if (!cursor_uint(c, &wide) || wide > UINT32_MAX) return false;
    *value = (uint32_t)wide;
    return true;
}

static bool decode_u64(struct cursor *c, event_u64 *value)
{
    return cursor_uint(c, value);
}

static bool decode_i64(struct cursor *c, event_i64 *value)
{
    struct token token = cursor_next(c);
    if (token.kind == TOKEN_INT) *value = token.integer;
    else *value = (int64_t)token.uint;
    return token.kind == TOKEN_INT || (token.kind == TOKEN_UINT && token.uint <= INT64_MAX);
}

static bool decode_boolean(struct cursor *c, event_boolean *value)
{
    return cursor_bool(c, value);
}

static bool decode_kind(struct cursor *c, enum token_kind kind, struct bytes *value)
{
    struct token token = cursor_next(c);
    *value = token.text;
    return token.kind == kind;
}

static bool decode_str(struct cursor *c, event_str *value)
{
    return decode_kind(c, TOKEN_STR, value);
}

static bool decode_bin(struct cursor *c, event_bin *value)
{
    return decode_kind(c, TOKEN_BIN, value);
}

static bool decode_numbers(struct cursor *c, event_numbers *value)
{
    return decode_kind(c, TOKEN_BIN, value) && numbers_count(*value) != SIZE_MAX;
}

static bool decode_raw(struct cursor *c, event_raw *value)
{
    if (cursor_nil(c)) {
        *value = BYTES_NONE;
        return true;
    }
    *value = cursor_value(c);
    return value->data != NULL;
}

/* NULL, or the name of the first field that is not of its type. */
static const char *decode_fields(struct cursor *c, struct event *event)
{
    switch (event->type) {
#define EVENT(code, NAME, member)                                                                                      \
    case EVENT_##NAME: {                                                                                               \
        __typeof__(event->member) *fields = &event->member;                                                            \
        (void)fields;
#define FIELD(type, name)                                                                                              \
    if (!decode_##type(c, &fields->name)) return #name;
#define EVENT_END(member)                                                                                              \
    return NULL;                                                                                                       \
    }
#include "engine/events/events.def"
#undef EVENT
#undef FIELD
#undef EVENT_END
    case EVENT_NONE: break;
    }
    return "code";
}

static enum event_fault malformed(struct sentence *why, const char *what)
{
    sentence_set(why, "an event's %s is not as the catalogue says", what);
    return EVENT_MALFORMED;
}

enum event_fault event_decode(struct bytes bytes, struct event *event, struct sentence *why)
{
    struct cursor c = cursor_over(bytes);
    uint32_t count, code;
    uint64_t time_us;
    if (!cursor_array(&c, &count) || count < HEADER_FIELDS) return malformed(why, "array");
    if (!decode_u32(&c, &code)) return malformed(why, "code");
    event->type = (enum event_type)code;
    const struct event_shape *shape = event_shape(event->type);
    if (!shape) {
        sentence_set(why, "event code %u is not known to version " MUSTER_VERSION "; a later version wrote it", code);
        return EVENT_UNKNOWN;
    }
    if (count != HEADER_FIELDS + shape->field_count) return malformed(why, "number of fields");
    if (!cursor_uint(&c, &time_us) || time_us > INT64_MAX) return malformed(why, "time");
    event->time_us = (int64_t)time_us;
    if (!decode_u32(&c, &event->actor)) return malformed(why, "actor");
    if (!decode_u64(&c, &event->cause)) return malformed(why, "cause");
    const char *bad = decode_fields(&c, event);
    if (bad) return malformed(why, bad);
    if (!cursor_at_end(&c)) return malformed(why, "end");
    return EVENT_OK;
}
