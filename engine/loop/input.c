/* The buffer doubles as bytes come, never by what a frame says of itself. */
#include "engine/loop/input.h"

#include "engine/decide/limits.h"
#include "engine/wire/wire.h"

#include <stdlib.h>

enum {
    CAPACITY_FIRST = 64 << 10,
    ROOM_MIN = 16 << 10, /* less is not worth a system call */
    /* A frame that is not whole yet is below FRAME_BYTES_MAX, else it would be bad. */
    CAPACITY_MAX = FRAME_BYTES_MAX + CAPACITY_FIRST,
};

/* The first buffer is every connection's own, so that large frames of some never keep out small ones of others. */
static size_t charge(size_t capacity)
{
    return capacity - MIN(capacity, (size_t)CAPACITY_FIRST);
}

static void resize(struct input *in, size_t capacity)
{
    uint8_t *data = realloc(in->data, capacity);
    ASSERT(data != NULL);
    in->budget->used += charge(capacity);
    in->budget->used -= charge(in->capacity);
    in->data = data;
    in->capacity = capacity;
}

void input_free(struct input *in)
{
    free(in->data);
    in->budget->used -= charge(in->capacity);
    *in = (struct input){.budget = in->budget};
}

static void move_to_front(struct input *in)
{
    if (in->begin == 0) return;
    memmove(in->data, in->data + in->begin, input_size(in));
    in->end = input_size(in);
    in->begin = 0;
}

static void grow(struct input *in)
{
    size_t capacity = MIN(MAX(in->capacity * 2, (size_t)CAPACITY_FIRST), (size_t)CAPACITY_MAX);
    size_t left = in->budget->max - MIN(in->budget->used, in->budget->max);
    if (capacity > in->capacity && charge(capacity) - charge(in->capacity) <= left) resize(in, capacity);
}

bool input_may_grow(const struct input *in)
{
    return in->end < in->capacity || !in->handed_out;
}

struct bytes input_room(struct input *in)
{
    if (!in->handed_out && in->capacity - in->end < ROOM_MIN) {
        move_to_front(in);
        if (in->capacity - in->end < ROOM_MIN) grow(in);
    }
    return (struct bytes){in->data ? in->data + in->end : NULL, in->capacity - in->end};
}

static void look_for_frame(struct input *in)
{
    struct bytes bytes = {in->data + in->begin, input_size(in)};
    if (in->bad != SCAN_WHOLE || in->frame_size > 0 || bytes.size == 0) return;
    enum scan_result result = wire_scan(&in->scan, bytes, &in->frame_size);
    if (result == SCAN_WHOLE) in->scan = (struct scan){0};
    else if (result != SCAN_MORE) in->bad = result;
}

void input_add(struct input *in, size_t count)
{
    ASSERT(count <= in->capacity - in->end);
    in->end += count;
    look_for_frame(in);
}

void input_frame_done(struct input *in)
{
    ASSERT(in->frame_size > 0);
    in->begin += in->frame_size;
    in->frame_size = 0;
    in->handed_out = false;
    look_for_frame(in);
}

void input_shrink(struct input *in, size_t capacity_max)
{
    if (in->begin < in->end || in->handed_out) return;
    if (in->capacity > capacity_max) input_free(in);
}
