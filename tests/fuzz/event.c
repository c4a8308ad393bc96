/* The codec of events. What is decoded is encoded to bytes that are the same event and stay the same from then on; not a
 * byte may be missing or follow. */
#include "tests/fuzz/fuzz.h"

#include "engine/events/event.h"
#include "engine/events/numbers.h"

static struct arena arena;

static struct bytes encoded(const struct event *event)
{
    struct buffer out = {.arena = &arena};
    event_encode(event, &out);
    return buffer_bytes(&out);
}

static bool same_field(const struct event_field *a, const struct event_field *b)
{
    switch (a->type) {
    case FIELD_u32: return *(const event_u32 *)a->value == *(const event_u32 *)b->value;
    case FIELD_u64:
    case FIELD_i64: return *(const event_u64 *)a->value == *(const event_u64 *)b->value;
    case FIELD_boolean: return *(const event_boolean *)a->value == *(const event_boolean *)b->value;
    case FIELD_str:
    case FIELD_bin:
    case FIELD_numbers:
    case FIELD_raw: break;
    }
    return bytes_equal(*(const struct bytes *)a->value, *(const struct bytes *)b->value);
}

static bool same_event(const struct event *a, const struct event *b)
{
    bool same = a->type == b->type && a->time_us == b->time_us && a->actor == b->actor && a->cause == b->cause;
    for (size_t i = 0; same && i < event_field_count(a->type); i++) {
        struct event_field left = event_field_at(a, i), right = event_field_at(b, i);
        same = same_field(&left, &right);
    }
    return same;
}

/* A list of numbers written again is the same list. */
static void list_is_written_again(struct bytes list)
{
    struct numbers_writer writer = {.buffer.arena = &arena};
    struct numbers numbers = numbers_of(list);
    uint64_t number, other;
    size_t count = 0;
    for (; numbers_next(&numbers, &number); count++) numbers_add(&writer, number);
    ASSERT(count == numbers_count(list) && count == numbers_count(numbers_bytes(&writer)));
    struct numbers first = numbers_of(list), second = numbers_of(numbers_bytes(&writer));
    while (numbers_next(&first, &number)) ASSERT(numbers_next(&second, &other) && number == other);
    ASSERT(!numbers_next(&second, &other));
}

static void decode_exact_copy(struct bytes bytes, enum event_fault expected)
{
    struct event event = {.type = EVENT_NONE};
    struct sentence why;
    enum event_fault fault = event_decode(arena_copy(&arena, bytes), &event, &why);
    ASSERT(fault == expected);
}

/* The places where it is cut: all of a short event, some of a long one. */
static void nothing_is_missing(struct bytes bytes)
{
    size_t step = 1 + bytes.size / 64;
    for (size_t size = 0; size < bytes.size; size += step) {
        struct event event = {.type = EVENT_NONE};
        struct sentence why;
        ASSERT(event_decode((struct bytes){bytes.data, size}, &event, &why) == EVENT_MALFORMED);
        ASSERT(is_sentence(why.text));
    }
}

static void nothing_follows(struct bytes bytes)
{
    struct buffer longer = {.arena = &arena};
    buffer_append(&longer, bytes.data, bytes.size);
    buffer_append(&longer, "", 1);
    decode_exact_copy(buffer_bytes(&longer), EVENT_MALFORMED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes bytes = {data, size};
    struct event event = {.type = EVENT_NONE}, again = {.type = EVENT_NONE};
    struct sentence why;
    enum event_fault fault = event_decode(bytes, &event, &why);
    if (fault == EVENT_OK) {
        struct bytes canonical = encoded(&event);
        ASSERT(canonical.size <= size && event_name(event.type) != NULL);
        ASSERT(event_decode(canonical, &again, &why) == EVENT_OK && same_event(&event, &again));
        ASSERT(bytes_equal(encoded(&again), canonical));
        for (size_t i = 0; i < event_field_count(event.type); i++) {
            struct event_field field = event_field_at(&event, i);
            if (field.type == FIELD_numbers) list_is_written_again(*(const event_numbers *)field.value);
        }
        nothing_is_missing(canonical);
        nothing_follows(canonical);
    } else {
        ASSERT(is_sentence(why.text));
    }
    arena_reset(&arena);
    return 0;
}
