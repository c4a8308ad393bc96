/* Text as people write it: UTF-8 characters (code points), and ASCII letters whose case does not matter.
 * Pure; allocates nothing. */
#ifndef MUSTER_TEXT_H
#define MUSTER_TEXT_H

#include "engine/base/base.h"

/* The character that begins at byte `at`, which is < text.size, and its size of 1 to 4 bytes; 0 when no
 * valid character begins there (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF). */
size_t utf8_next(struct bytes text, size_t at, uint32_t *character);

/* How many bytes, from the first, are whole valid characters: text.size when all of it is UTF-8. */
size_t utf8_valid_size(struct bytes text);
static inline bool utf8_is_valid(struct bytes text)
{
    return utf8_valid_size(text) == text.size;
}

/* Characters in valid text. */
size_t utf8_length(struct bytes text);

/* U+0000 to U+001F and U+007F to U+009F: nothing that one line of text holds or a terminal should be given. */
static inline bool is_control_character(uint32_t character)
{
    return character < 0x20 || (character >= 0x7f && character <= 0x9f);
}

/* What of any bytes may be quoted in a sentence: at most `count` characters from the first, up to what is not
 * UTF-8 or is a control character. Borrows from `text`. */
struct bytes text_quotable(struct bytes text, size_t count);

/* Equal when A to Z and a to z count as the same letters. */
bool text_equals_any_case(struct bytes a, struct bytes b);
/* The same for a part of it, at every place: for names, which are short. */
bool text_holds_any_case(struct bytes text, struct bytes part);

#endif
