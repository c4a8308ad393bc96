/* Times as text, against the C library's calendar. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/base/timestamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void assert_text(int64_t time_us, const char *expected)
{
    char text[TIMESTAMP_SIZE];
    struct bytes got = timestamp_text(time_us, text);
    assert_ptr_equal(got.data, text);
    if (bytes_equal(got, bytes_of_text(expected))) return;
    fail_msg("%" PRId64 " is %s, not %.*s", time_us, expected, BYTES_ARG(got));
}

static void known_times_read_as_they_should(void **state)
{
    (void)state;
    assert_text(0, "1970-01-01T00:00:00.000000Z");
    assert_text(1, "1970-01-01T00:00:00.000001Z");
    assert_text(951782400000000, "2000-02-29T00:00:00.000000Z");
    assert_text(1795399800123456, "2026-11-23T02:10:00.123456Z");
    assert_text(4107542400000000, "2100-03-01T00:00:00.000000Z");
    assert_text(253402300799999999, "9999-12-31T23:59:59.999999Z");
}

static void times_outside_are_shown_as_the_nearest_inside(void **state)
{
    (void)state;
    assert_text(INT64_MIN, "1970-01-01T00:00:00.000000Z");
    assert_text(-1, "1970-01-01T00:00:00.000000Z");
    assert_text(253402300800000000, "9999-12-31T23:59:59.999999Z");
    assert_text(INT64_MAX, "9999-12-31T23:59:59.999999Z");
}

static void any_time_reads_as_the_c_library_has_it(void **state)
{
    (void)state;
    unsigned seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    srandom(seed);
    for (int i = 0; i < 100000; i++) {
        int64_t time_us = (int64_t)(((uint64_t)random() << 31 | (uint64_t)random()) % UINT64_C(253402300800000000));
        time_t second = time_us / 1000000;
        struct tm parts;
        char date[32], expected[64];
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", gmtime_r(&second, &parts));
        snprintf(expected, sizeof expected, "%s.%06dZ", date, (int)(time_us % 1000000));
        assert_text(time_us, expected);
    }
}

/* ---- Reading. */

static void assert_read(const char *text, int64_t expected)
{
    int64_t time_us = -1;
    if (!timestamp_read(bytes_of_text(text), &time_us)) fail_msg("%s is not read", text);
    if (time_us != expected) fail_msg("%s is read as %" PRId64 ", not %" PRId64, text, time_us, expected);
}

static void times_are_read_with_any_offset(void **state)
{
    (void)state;
    assert_read("1970-01-01T00:00:00Z", 0);
    assert_read("2026-11-23T02:10:00.123456Z", 1795399800123456);
    assert_read("2026-11-23t03:10:00.1234569+01:00", 1795399800123456);
    assert_read("2026-11-22 21:10:00-05:00", 1795399800000000);
    assert_read("2000-02-29T23:59:59.5+23:59", 951782459500000);
    assert_read("1970-01-01T01:00:00+01:00", 0);
    assert_read("9999-12-31T23:59:59.999999z", 253402300799999999);
}

static void what_is_no_time_is_not_read(void **state)
{
    static const char *const TEXTS[] = {
        "",
        "2026-11-23",
        "2026-11-23T02:10:00",
        "2026-11-23T02:10Z",
        "2026-11-23T02:10:00.Z",
        "2026-11-23T02:10:00Z ",
        "2026-11-23T02:10:00+0100",
        "2026-11-23T02:10:00+24:00",
        "2026-11-23T24:00:00Z",
        "2026-11-23T02:60:00Z",
        "2016-12-31T23:59:60Z",
        "2026-00-23T02:10:00Z",
        "2026-13-23T02:10:00Z",
        "2026-11-00T02:10:00Z",
        "2026-11-31T02:10:00Z",
        "2026-02-29T02:10:00Z",
        "2100-02-29T02:10:00Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "0000-00-00T00:00:00Z",
        "26-11-23T02:10:00Z",
        "+026-11-23T02:10:00Z",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        int64_t time_us;
        if (timestamp_read(bytes_of_text(TEXTS[i]), &time_us)) fail_msg("%s is read", TEXTS[i]);
    }
    int64_t time_us;
    assert_false(timestamp_read((struct bytes){"2026-11-23T02:10:00Z\0", 21}, &time_us));
}

static void any_time_that_is_written_is_read(void **state)
{
    (void)state;
    unsigned seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    srandom(seed);
    for (int i = 0; i < 100000; i++) {
        int64_t time_us = (int64_t)(((uint64_t)random() << 31 | (uint64_t)random()) % UINT64_C(253402300800000000));
        char text[TIMESTAMP_SIZE + 1] = {0};
        timestamp_text(time_us, text);
        assert_read(text, time_us);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_times_read_as_they_should),
        cmocka_unit_test(times_outside_are_shown_as_the_nearest_inside),
        cmocka_unit_test(any_time_reads_as_the_c_library_has_it),
        cmocka_unit_test(times_are_read_with_any_offset),
        cmocka_unit_test(what_is_no_time_is_not_read),
        cmocka_unit_test(any_time_that_is_written_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
