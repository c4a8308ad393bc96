/* The small readers of texts that clients send: times, and the cursors of lists. What is read and written again is read
 * as the same. */
#include "tests/fuzz/fuzz.h"

#include "engine/base/timestamp.h"
#include "engine/filter/listing.h"

static struct arena arena;

static void time_is_read(struct bytes text)
{
    char written[TIMESTAMP_SIZE];
    int64_t time_us, again;
    if (!timestamp_read(text, &time_us)) return;
    ASSERT(timestamp_read(timestamp_text(time_us, written), &again) && again == time_us);
}

static void cursor_is_read(struct bytes text, enum listing_order order)
{
    struct listing_place place, again;
    struct buffer written = {.arena = &arena};
    if (!listing_read_cursor(text, order, &place)) return;
    listing_put_cursor(&written, order, &place);
    ASSERT(listing_read_cursor(buffer_bytes(&written), order, &again));
    ASSERT(again.given == place.given && again.number == place.number && bytes_equal(again.id, place.id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = {data, size};
    time_is_read(text);
    for (enum listing_order order = LISTED_BY_POSITION; order <= LISTED_BY_FINISH_DOWN; order++) {
        cursor_is_read(text, order);
    }
    struct bytes quotable = text_quotable(text, size);
    ASSERT(utf8_is_valid(quotable) && quotable.size <= utf8_valid_size(text));
    arena_reset(&arena);
    return 0;
}
