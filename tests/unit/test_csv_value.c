/* Values of every kind as the text of a cell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/csv/csv_value.h"

static void then_text(struct bytes value, const char *expected)
{
    struct arena arena = {0};
    struct buffer out = {.arena = &arena};
    csv_value_text(&out, value);
    if (!bytes_equal(buffer_bytes(&out), bytes_of_text(expected)))
        fail_msg("\"%.*s\" is not \"%s\"", BYTES_ARG(buffer_bytes(&out)), expected);
    arena_free(&arena);
}

static void a_text_is_itself_and_nothing_is_nothing(void **state)
{
    (void)state;
    then_text(BYTES("\xa6\"a\",b\n"), "\"a\",b\n");
    then_text(BYTES("\xc0"), "");
    then_text(BYTES_NONE, "");
    then_text(BYTES("\xc4\x02\x00\xff"), "00ff");
}

static void numbers_and_flags_are_written_as_json_has_them(void **state)
{
    (void)state;
    then_text(BYTES("\x15"), "21");
    then_text(BYTES("\xff"), "-1");
    then_text(BYTES("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), "18446744073709551615");
    then_text(BYTES("\xcb\x40\x35\x80\x00\x00\x00\x00\x00"), "21.5");
    then_text(BYTES("\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a"), "0.1");
    then_text(BYTES("\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00"), "null");
    then_text(BYTES("\xc3"), "true");
}

static void lists_and_maps_are_json(void **state)
{
    (void)state;
    then_text(BYTES("\x90"), "[]");
    then_text(BYTES("\x93\x01\xc0\xa3q\"\\"), "[1, null, \"q\\\"\\\\\"]");
    then_text(BYTES("\x82\xa1k\x91\xc2\x07\xa1\n"), "{\"k\": [false], \"7\": \"\\u000a\"}");
    then_text(BYTES("\x91\xc4\x01\xab"), "[\"ab\"]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_itself_and_nothing_is_nothing),
        cmocka_unit_test(numbers_and_flags_are_written_as_json_has_them),
        cmocka_unit_test(lists_and_maps_are_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
