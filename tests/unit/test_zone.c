/* Local time: which names are zones, and that each second of local time has its first moment in UTC. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/base/timestamp.h"
#include "engine/clock/zone.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int64_t seconds(const char *text)
{
    int64_t time_us;
    if (!timestamp_read(bytes_of_text(text), &time_us)) fail_msg("%s is no time", text);
    return time_us / 1000000;
}

static void the_names_are_those_that_tzdata_lists(void **state)
{
    static const char *const ZONES[] = {"Europe/Paris",
                                        "Asia/Kolkata",
                                        "Asia/Calcutta",
                                        "UTC",
                                        "Etc/GMT+12",
                                        "US/Eastern",
                                        "America/Argentina/ComodRivadavia"};
    static const char *const OTHERS[] = {"",
                                         "Europe/Pari",
                                         "Europe/Paris ",
                                         "Europe/Paris\n",
                                         "europe/paris",
                                         "Europe",
                                         "Z",
                                         "CET-1CEST",
                                         ":Europe/Paris",
                                         "/usr/share/zoneinfo/Europe/Paris",
                                         "../zoneinfo/Europe/Paris",
                                         "posix/Europe/Paris",
                                         "localtime",
                                         "tzdata.zi"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ZONES); i++) {
        if (!zone_is_known(bytes_of_text(ZONES[i]))) fail_msg("%s is a zone", ZONES[i]);
    }
    for (size_t i = 0; i < COUNT_OF(OTHERS); i++) {
        if (zone_is_known(bytes_of_text(OTHERS[i]))) fail_msg("\"%s\" is no zone", OTHERS[i]);
    }
    char longest[1000] = {0};
    assert_false(zone_is_known((struct bytes){memset(longest, 'A', sizeof longest), sizeof longest}));
}

static void a_zone_that_went_away_is_told(void **state)
{
    int64_t second;
    (void)state;
    assert_false(zone_local(BYTES("Europe/Atlantis"), 0, &second));
    assert_false(zone_utc(BYTES("Europe/Atlantis"), 0, &second));
}

static void assert_utc(const char *zone, const char *local, const char *expected)
{
    int64_t utc_s;
    assert_true(zone_utc(bytes_of_text(zone), seconds(local), &utc_s));
    if (utc_s != seconds(expected)) fail_msg("%s in %s is not %s but %" PRId64, local, zone, expected, utc_s);
}

static void local_time_is_the_first_moment_that_shows_it(void **state)
{
    (void)state;
    assert_utc("Europe/Paris", "2026-11-23T03:10:00Z", "2026-11-23T02:10:00Z");
    assert_utc("Asia/Kolkata", "2026-11-23T03:10:00Z", "2026-11-22T21:40:00Z");
    /* Twice: the first of the two. */
    assert_utc("Europe/Paris", "2026-10-25T01:59:59Z", "2026-10-24T23:59:59Z");
    assert_utc("Europe/Paris", "2026-10-25T02:30:00Z", "2026-10-25T00:30:00Z");
    assert_utc("Europe/Paris", "2026-10-25T03:00:00Z", "2026-10-25T02:00:00Z");
    /* Never: the moment at which the clock is put over it. */
    assert_utc("Europe/Paris", "2026-03-29T01:59:59Z", "2026-03-29T00:59:59Z");
    assert_utc("Europe/Paris", "2026-03-29T02:00:00Z", "2026-03-29T01:00:00Z");
    assert_utc("Europe/Paris", "2026-03-29T02:59:59Z", "2026-03-29T01:00:00Z");
    assert_utc("Europe/Paris", "2026-03-29T03:00:00Z", "2026-03-29T01:00:00Z");
    assert_utc("Australia/Lord_Howe", "2026-10-04T02:15:00Z", "2026-10-03T15:30:00Z");
    /* Samoa had no 30 December 2011. */
    assert_utc("Pacific/Apia", "2011-12-29T23:59:59Z", "2011-12-30T09:59:59Z");
    assert_utc("Pacific/Apia", "2011-12-30T12:00:00Z", "2011-12-30T10:00:00Z");
    assert_utc("Pacific/Apia", "2011-12-31T00:00:01Z", "2011-12-30T10:00:01Z");
}

static void before_that_moment_no_clock_showed_it(void **state)
{
    static const char *const ZONES[] = {"Europe/Paris",        "America/New_York",  "Asia/Kolkata",
                                        "Australia/Lord_Howe", "Africa/Casablanca", "America/Nuuk",
                                        "Antarctica/Troll",    "Asia/Gaza",         "Pacific/Apia",
                                        "Pacific/Kwajalein",   "America/Sao_Paulo", "Africa/Cairo"};
    (void)state;
    unsigned seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    srandom(seed);
    for (int i = 0; i < 20000; i++) {
        struct bytes zone = bytes_of_text(ZONES[(size_t)random() % COUNT_OF(ZONES)]);
        int64_t local_s = random(), utc_s, shown, before; /* 1970 to 2038 */
        assert_true(zone_utc(zone, local_s, &utc_s));
        assert_true(zone_local(zone, utc_s, &shown) && zone_local(zone, utc_s - 1, &before));
        if (shown < local_s || before >= local_s)
            fail_msg("%.*s: %" PRId64 " is not %" PRId64, BYTES_ARG(zone), local_s, utc_s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_names_are_those_that_tzdata_lists),
        cmocka_unit_test(a_zone_that_went_away_is_told),
        cmocka_unit_test(local_time_is_the_first_moment_that_shows_it),
        cmocka_unit_test(before_that_moment_no_clock_showed_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
