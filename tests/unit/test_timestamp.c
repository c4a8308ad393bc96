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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_times_read_as_they_should),
        cmocka_unit_test(times_outside_are_shown_as_the_nearest_inside),
        cmocka_unit_test(any_time_reads_as_the_c_library_has_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
