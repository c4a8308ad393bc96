/* Events as structs, and the codec between them and the bytes that the log keeps. Everything here is
 * made from events.def.
 *
 * On disk an event is one MessagePack array: [code, time_us, actor, cause, fields...]. Decoding is
 * strict: exactly the fields of the row, each of its type and in range, nothing behind. */
#ifndef MUSTER_EVENT_H
#define MUSTER_EVENT_H

#include "engine/base/arena.h"
#include "engine/base/base.h"

enum event_type {
    EVENT_NONE = 0,
#define EVENT(code, NAME, member) EVENT_##NAME = (code),
#define FIELD(type, name)
#define EVENT_END(member)
#include "engine/events/events.def"
#undef EVENT
#undef FIELD
#undef EVENT_END
};

enum { EVENT_CODES_MAX = 256 }; /* codes are below */

typedef uint32_t event_u32;
typedef uint64_t event_u64;
typedef int64_t event_i64;
typedef bool event_boolean;
typedef struct bytes event_str;
typedef struct bytes event_bin;
typedef struct bytes event_numbers;
typedef struct bytes event_raw; /* no bytes stand for nil */

struct event {
    enum event_type type;
    uint64_t seq; /* not in the bytes: the log's key */
    int64_t time_us; /* UTC */
    uint32_t actor;  /* 0: the engine */
    uint64_t cause;  /* the REQUEST_SEEN it answers, or 0 */
    union {
#define EVENT(code, NAME, member) struct {
#define FIELD(type, name) event_##type name;
/* ISO C wants a member in every struct; events without fields have this one. */
#define EVENT_END(member) char end; } member;
#include "engine/events/events.def"
#undef EVENT
#undef FIELD
#undef EVENT_END
    };
};

/* "BATCH_DISPATCHED"; NULL for a code that this version does not know. */
const char *event_name(enum event_type type);
/* EVENT_NONE when there is no such name. */
enum event_type event_type_named(struct bytes name);

/* Appends the event's bytes to `out`. seq is not written. */
void event_encode(const struct event *event, struct buffer *out);

enum event_fault {
    EVENT_OK = 0,
    EVENT_UNKNOWN,   /* a code of a later version, or of nobody: why names it */
    EVENT_MALFORMED, /* not what events.def says */
};

/* Texts of the event borrow `bytes`. event->seq is not touched. */
enum event_fault event_decode(struct bytes bytes, struct event *event, struct sentence *why);

/* One field of an event, for readers that show events of every kind. */
enum field_type { FIELD_u32, FIELD_u64, FIELD_i64, FIELD_boolean, FIELD_str, FIELD_bin, FIELD_numbers, FIELD_raw };
struct event_field {
    const char *name;
    enum field_type type;
    const void *value; /* points to the event_<type> inside the event */
};
size_t event_field_count(enum event_type type);
struct event_field event_field_at(const struct event *event, size_t index);

#endif
