/* The worked examples of docs/events.md: what the page shows byte by byte is what the codec writes and reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "engine/events/event.h"
#include "engine/events/numbers.h"

enum { PAGE_SIZE_MAX = 1 << 16 };

struct page {
    char text[PAGE_SIZE_MAX];
};

static void read_page(struct page *page)
{
    FILE *file = fopen(SOURCE_DIR "/docs/events.md", "r");
    assert_non_null(file);
    size_t size = fread(page->text, 1, sizeof page->text - 1, file);
    page->text[size] = '\0';
    assert_true(size < sizeof page->text - 1);
    fclose(file);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Appends the bytes at `text`, pairs of digits with one blank between them, or more with `any_blanks`. */
static void append_hex(struct buffer *out, const char *text, bool any_blanks)
{
    while (hex_digit(text[0]) >= 0 && hex_digit(text[1]) >= 0) {
        uint8_t byte = (uint8_t)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
        buffer_append(out, &byte, 1);
        text += 2;
        if (*text == ' ') text++;
        while (any_blanks && *text == ' ') text++;
    }
}

static void the_list_of_numbers_is_written_as_the_page_shows(void **state)
{
    static struct page page;
    struct arena arena = {0};
    struct buffer shown = {.arena = &arena};
    struct numbers_writer written = {.buffer.arena = &arena};
    (void)state;
    read_page(&page);
    const char *numbers = strstr(page.text, "\n    number  ");
    const char *bytes = strstr(page.text, "\n    bytes   ");
    assert_non_null(numbers);
    assert_non_null(bytes);
    const char *at = numbers + strlen("\n    number  ");
    const char *end = strchr(at, '\n');
    while (at < end) {
        char *next;
        numbers_add(&written, strtoull(at, &next, 10));
        at = next;
    }
    append_hex(&shown, bytes + strlen("\n    bytes   ") + strspn(bytes + strlen("\n    bytes   "), " "), true);
    assert_int_equal(written.count, 5);
    assert_true(bytes_equal(numbers_bytes(&written), buffer_bytes(&shown)));
    arena_free(&arena);
}

/* The lines of four blanks behind "byte by byte". */
static void read_shown_event(const struct page *page, struct buffer *out)
{
    const char *line = strstr(page->text, "### An event, byte by byte");
    assert_non_null(line);
    for (line = strstr(line, "\n    "); strncmp(line, "\n    ", 5) == 0; line = strchr(line + 1, '\n'))
        append_hex(out, line + 5, false);
}

static void the_event_is_written_as_the_page_shows(void **state)
{
    static struct page page;
    struct arena arena = {0};
    struct buffer shown = {.arena = &arena}, written = {.arena = &arena};
    struct numbers_writer devices = {.buffer.arena = &arena};
    struct sentence why;
    struct event decoded;
    (void)state;
    read_page(&page);
    read_shown_event(&page, &shown);
    for (size_t i = 0; i < 4; i++) numbers_add(&devices, (const uint64_t[]){7, 8, 9, 300}[i]);
    const struct event event = {.type = EVENT_BATCH_DISPATCHED,
                                .time_us = 1700000000000000,
                                .batch_dispatched = {.job = 3,
                                                     .attempt = 1,
                                                     .devices = numbers_bytes(&devices),
                                                     .connector = BYTES("east"),
                                                     .timeout_us = 30000000}};
    event_encode(&event, &written);
    assert_int_equal(written.size, shown.size);
    assert_memory_equal(written.data, shown.data, shown.size);
    assert_int_equal(event_decode(buffer_bytes(&shown), &decoded, &why), EVENT_OK);
    assert_int_equal(decoded.batch_dispatched.timeout_us, 30000000);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_of_numbers_is_written_as_the_page_shows),
        cmocka_unit_test(the_event_is_written_as_the_page_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
