/* Tables of words, and what is made of them. */
#include "engine/filter/listing.h"

#include "engine/base/text.h"

#include <inttypes.h>
#include <stdio.h>

enum { PATH_CHARACTERS_MAX = 256 }; /* as in a job's data */

/* ---- Columns. */

static const struct column NAMED[] = {
#define COLUMN(NAME, name) {COLUMN_##NAME, {name, sizeof(name) - 1}, {NULL, 0}},
    COLUMNS(COLUMN)
#undef COLUMN
};

static bool begins(struct bytes text, struct bytes beginning)
{
    if (beginning.size == 0) return true;
    return text.size >= beginning.size && memcmp(text.data, beginning.data, beginning.size) == 0;
}

static bool property_named(struct bytes name, struct bytes prefix, enum column_kind kind, struct column *column)
{
    if (name.size <= prefix.size || !begins(name, prefix)) return false;
    struct bytes path = {(const char *)name.data + prefix.size, name.size - prefix.size};
    if (utf8_length(path) > PATH_CHARACTERS_MAX) return false;
    *column = (struct column){.kind = kind, .name = name, .path = path};
    return true;
}

bool column_named(struct bytes name, struct column *column)
{
    for (size_t i = 0; i < COUNT_OF(NAMED); i++) {
        if (!bytes_equal(name, NAMED[i].name)) continue;
        *column = NAMED[i];
        return true;
    }
    return property_named(name, BYTES(PROPERTY_COLUMN_PREFIX), COLUMN_PROPERTY, column) ||
           property_named(name, BYTES(CLOUD_PROPERTY_COLUMN_PREFIX), COLUMN_CLOUD_PROPERTY, column);
}

bool column_is_property(const struct column *column)
{
    return column->kind == COLUMN_PROPERTY || column->kind == COLUMN_CLOUD_PROPERTY;
}

bool columns_have(struct columns columns, enum column_kind kind)
{
    for (size_t i = 0; i < columns.count; i++) {
        if (columns.column[i].kind == kind) return true;
    }
    return false;
}

struct columns columns_usual(void)
{
    return (struct columns){NAMED, COLUMN_END + 1};
}

/* ---- Orders and cursors. */

static const struct bytes ORDER_WORDS[] = {
#define ORDER(NAME, word) {word, sizeof(word) - 1},
    LISTING_ORDERS(ORDER)
#undef ORDER
};

bool listing_order_named(struct bytes word, enum listing_order *order)
{
    for (size_t i = LISTED_BY_POSITION + 1; i < COUNT_OF(ORDER_WORDS); i++) {
        if (!bytes_equal(word, ORDER_WORDS[i])) continue;
        *order = (enum listing_order)i;
        return true;
    }
    return false;
}

static bool is_by_id(enum listing_order order)
{
    return order == LISTED_BY_ID || order == LISTED_BY_ID_DOWN;
}

void listing_put_cursor(struct buffer *out, enum listing_order order, const struct listing_place *place)
{
    char digits[24];
    struct bytes word = ORDER_WORDS[order];
    buffer_append(out, word.data, word.size);
    if (word.size) buffer_append(out, ":", 1);
    if (is_by_id(order)) buffer_append(out, place->id.data, place->id.size);
    else buffer_append(out, digits, (size_t)snprintf(digits, sizeof digits, "%" PRIu64, place->number));
}

static bool read_number(struct bytes text, uint64_t *number)
{
    enum { DIGITS_MAX = 18 };
    const char *digits = text.data;
    *number = 0;
    if (text.size == 0 || text.size > DIGITS_MAX) return false;
    for (size_t i = 0; i < text.size; i++) {
        if (digits[i] < '0' || digits[i] > '9') return false;
        *number = *number * 10 + (uint64_t)(digits[i] - '0');
    }
    return true;
}

bool listing_read_cursor(struct bytes text, enum listing_order order, struct listing_place *place)
{
    struct bytes word = ORDER_WORDS[order];
    size_t before = word.size ? word.size + 1 : 0;
    if (text.size <= before || !begins(text, word)) return false;
    if (before && ((const char *)text.data)[word.size] != ':') return false;
    struct bytes rest = {(const char *)text.data + before, text.size - before};
    *place = (struct listing_place){.given = true};
    if (!is_by_id(order)) return read_number(rest, &place->number);
    place->id = rest;
    return true;
}

/* ---- The question. */

static struct columns copy_columns(struct arena *arena, struct columns columns)
{
    struct column *copies = arena_alloc(arena, (columns.count + 1) * sizeof *copies);
    for (size_t i = 0; i < columns.count; i++)
        ASSERT(column_named(arena_copy(arena, columns.column[i].name), &copies[i]));
    return (struct columns){copies, columns.count};
}

struct listing listing_copy(struct arena *arena, const struct listing *listing)
{
    struct listing copy = *listing;
    copy.id = arena_copy(arena, listing->id);
    copy.id_prefix = arena_copy(arena, listing->id_prefix);
    copy.id_part = arena_copy(arena, listing->id_part);
    copy.from.id = arena_copy(arena, listing->from.id);
    copy.columns = copy_columns(arena, listing->columns);
    return copy;
}

bool listing_filters_id(const struct listing *listing)
{
    return listing->id.size > 0 || listing->id_prefix.size > 0 || listing->id_part.size > 0;
}

bool listing_takes_id(const struct listing *listing, struct bytes id)
{
    if (listing->id.size > 0 && !bytes_equal(id, listing->id)) return false;
    if (!begins(id, listing->id_prefix)) return false;
    return listing->id_part.size == 0 || memmem(id.data, id.size, listing->id_part.data, listing->id_part.size) != NULL;
}
