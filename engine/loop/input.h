/* What a connection has sent and the engine has not used up yet: one buffer, and where its first frame ends.
 *
 *     | used up | frame | bytes behind it      | room |
 *               begin                          end    capacity
 *
 * Happy path: input_room, [read into it], input_add, input_frame, input_frame_done. The bytes of a frame stay in
 * place until the first input_room after its input_frame_done. */
#ifndef MUSTER_INPUT_H
#define MUSTER_INPUT_H

#include "engine/base/cursor.h"

/* Memory that all connections share, beyond the 64 KiB that each has of its own. */
struct input_budget {
    size_t used;
    size_t max;
};

/* All zero but for the budget is empty. */
struct input {
    struct input_budget *budget;
    uint8_t *data;
    size_t capacity;
    size_t begin;
    size_t end;
    struct scan scan;     /* of the frame at `begin`, while it is not whole */
    size_t frame_size;    /* of the whole frame at `begin`; 0: there is none */
    bool handed_out;      /* that frame is in use: nothing may move */
    enum scan_result bad; /* why there will be no further frame; SCAN_WHOLE: nothing is wrong */
};

void input_free(struct input *in);

/* How many bytes are not used up. */
static inline size_t input_size(const struct input *in)
{
    return in->end - in->begin;
}

/* Whether input_room would find room, as far as the buffer alone is concerned. */
bool input_may_grow(const struct input *in);
/* At least one byte of room, more as frames are larger; moves and grows the buffer while no frame is handed
 * out. Size 0: the budget is used up, or nothing may move. */
struct bytes input_room(struct input *in);
/* `count` bytes were read into the room. */
void input_add(struct input *in, size_t count);

/* The frame at the beginning; size 0: none is whole. */
static inline struct bytes input_frame(const struct input *in)
{
    return (struct bytes){in->data ? in->data + in->begin : NULL, in->frame_size};
}
/* The frame is used up; looks for the next. */
void input_frame_done(struct input *in);

/* Gives memory back when nothing is kept and the buffer is larger than `capacity_max`. */
void input_shrink(struct input *in, size_t capacity_max);

#endif
