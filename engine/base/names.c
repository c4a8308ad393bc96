/* One pass over the text for each rule; the sentence is built only when something is wrong. */
#include "engine/base/names.h"
#include "engine/base/text.h"

#define ID_RULE "an id is 1 to 128 of the characters A-Z a-z 0-9 and -"

static bool is_id_character(uint8_t byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-';
}

/* What stands at byte `at` may be no character at all, or one that a terminal should not be given. */
static bool id_refuse_character(struct bytes id, size_t at, const char *what, struct sentence *why)
{
    const uint8_t *byte = (const uint8_t *)id.data + at;
    uint32_t character;
    size_t size = utf8_next(id, at, &character);
    if (size == 0 || is_control_character(character)) {
        sentence_set(why, "%s has the byte 0x%02X as character %zu; " ID_RULE, what, *byte, at + 1);
    } else {
        sentence_set(why, "%s has \"%.*s\" as character %zu; " ID_RULE, what, (int)size, (const char *)byte, at + 1);
    }
    return false;
}

bool device_id_check(struct bytes id, const char *what, struct sentence *why)
{
    const uint8_t *byte = id.data;
    if (id.size == 0) {
        sentence_set(why, "%s is empty; " ID_RULE, what);
        return false;
    }
    for (size_t i = 0; i < MIN(id.size, (size_t)DEVICE_ID_SIZE_MAX); i++) {
        if (!is_id_character(byte[i])) return id_refuse_character(id, i, what, why);
    }
    if (id.size <= DEVICE_ID_SIZE_MAX) return true;
    sentence_set(why, "%s is longer than %d characters; " ID_RULE, what, DEVICE_ID_SIZE_MAX);
    return false;
}

bool display_name_check(struct bytes name, const char *what, struct sentence *why)
{
    size_t length = 0;
    for (size_t at = 0; at < name.size; length++) {
        uint32_t character;
        size_t size = utf8_next(name, at, &character);
        if (size == 0) {
            sentence_set(why, "%s is not UTF-8 at character %zu (byte 0x%02X); save or send it as UTF-8", what,
                         length + 1, ((const uint8_t *)name.data)[at]);
            return false;
        }
        if (is_control_character(character)) {
            sentence_set(why, "%s has the control character U+%04X as character %zu; a name is one line of plain text",
                         what, (unsigned)character, length + 1);
            return false;
        }
        at += size;
    }
    if (length <= DISPLAY_NAME_LENGTH_MAX) return true;
    sentence_set(why, "%s is %zu characters long; a name has at most %d", what, length, DISPLAY_NAME_LENGTH_MAX);
    return false;
}
