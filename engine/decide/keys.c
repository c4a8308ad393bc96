/* keys.rotate. The key itself is made by the turn; what is decided about, and written down, is its print. */
#include "engine/decide/decide.h"

enum refusal decide_keys_rotate(struct decision *d, const struct command *c)
{
    struct bytes which = c->keys_rotate.which;
    bool primary = bytes_equal(which, BYTES("primary"));
    if (!primary && !bytes_equal(which, BYTES("secondary")))
        return refuse_field(d, "which must be \"primary\" or \"secondary\", the group key to be made anew");
    enum keys_rotated rotated = primary ? KEYS_ROTATED_PRIMARY : KEYS_ROTATED_SECONDARY;
    struct key_prints prints = d->rotate_key(d->context, rotated);
    emit(d->events, (struct event){.type = EVENT_KEYS_ROTATED,
                                   .keys_rotated = {.which = rotated,
                                                    .primary = prints.primary,
                                                    .secondary = prints.secondary}});
    return answer_with(d, ANSWER_KEYS, 0);
}
