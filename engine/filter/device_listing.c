/* Orders of devices and their cursors. */
#include "engine/filter/device_listing.h"

#include <stdio.h>

static const char *const WORDS[] = {
#define ORDER(NAME, word) [DEVICES_BY_##NAME] = word,
    DEVICE_ORDERS(ORDER)
#undef ORDER
};

bool device_order_named(struct bytes word, enum device_order *order)
{
    for (size_t i = DEVICES_BY_ID; i < COUNT_OF(WORDS); i++) {
        if (!bytes_equal(word, bytes_of_text(WORDS[i]))) continue;
        *order = (enum device_order)i;
        return true;
    }
    return false;
}

static int compare_up(const struct device_place *a, const struct device_place *b)
{
    size_t size = MIN(a->key.size, b->key.size);
    int order = size ? memcmp(a->key.data, b->key.data, size) : 0;
    if (order == 0) order = (a->key.size > b->key.size) - (a->key.size < b->key.size);
    return order ? order : (a->number > b->number) - (a->number < b->number);
}

int device_place_compare(enum device_order order, const struct device_place *a, const struct device_place *b)
{
    bool down = order == DEVICES_BY_ID_DOWN || order == DEVICES_BY_NAME_DOWN;
    return down ? compare_up(b, a) : compare_up(a, b);
}

void device_place_put(struct buffer *out, enum device_order order, const struct device_place *place)
{
    char text[64];
    bool sorted = order != DEVICES_BY_NUMBER;
    int size = snprintf(text, sizeof text, "%s%s%u%s", WORDS[order], sorted ? ":" : "", place->number, sorted ? ":" : "");
    buffer_append(out, text, (size_t)size);
    buffer_append(out, place->key.data, place->key.size);
}

/* Takes the digits at the beginning; false when there are none, or too many. */
static bool take_number(struct bytes *text, uint32_t *number)
{
    const char *digits = text->data;
    uint64_t value = 0;
    size_t size = 0;
    for (; size < text->size && digits[size] >= '0' && digits[size] <= '9' && value <= UINT32_MAX; size++)
        value = value * 10 + (uint64_t)(digits[size] - '0');
    *number = (uint32_t)value;
    *text = (struct bytes){digits + size, text->size - size};
    return size > 0 && value <= UINT32_MAX;
}

static bool take_word(struct bytes *text, const char *word)
{
    size_t size = strlen(word);
    if (text->size < size || memcmp(text->data, word, size) != 0) return false;
    *text = (struct bytes){(const char *)text->data + size, text->size - size};
    return true;
}

bool device_place_read(struct bytes text, enum device_order order, struct device_place *place)
{
    *place = (struct device_place){.given = text.data != NULL};
    if (!place->given) return true;
    if (text.size == 0) return false;
    if (order == DEVICES_BY_NUMBER) return take_number(&text, &place->number) && text.size == 0;
    if (!take_word(&text, WORDS[order]) || !take_word(&text, ":")) return false;
    if (!take_number(&text, &place->number) || !take_word(&text, ":")) return false;
    place->key = text;
    return true;
}
