/* When schedules are due: twenty-one years of them in four zones, against the times that another implementation,
 * Python's zoneinfo, gave (local_times.txt, made by make-local-times), and the ends of schedules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/clock/zone.h"
#include "engine/decide/timetable.h"
#include "tests/unit/local_times.h"

#include <inttypes.h>

enum { LOOK_EVERY = 5 };

static const struct zone_rules RULES = {.is_known = zone_is_known, .local = zone_local, .utc = zone_utc};

static int64_t at(const char *text)
{
    int64_t time_us;
    if (!timestamp_read(bytes_of_text(text), &time_us)) fail_msg("%s is no time", text);
    return time_us;
}

static void assert_count(const struct timetable *t, int64_t until_us, uint32_t expected)
{
    uint32_t count;
    assert_true(timetable_count(t, until_us, &count));
    if (count != expected)
        fail_msg("%.*s: until %" PRId64 " there are %u times, not %u", BYTES_ARG(t->zone), until_us, count, expected);
}

static void assert_years(const struct local_schedule *s)
{
    bool weekly = strcmp(s->recurrence, "weekly") == 0;
    struct timetable t = {.rules = &RULES,
                          .zone = bytes_of_text(s->zone),
                          .start_us = s->due_us[0],
                          .recurrence = weekly ? RECURS_WEEKLY : RECURS_DAILY};
    for (uint32_t i = 0; i < s->count; i++) {
        int64_t time_us;
        assert_true(timetable_at(&t, i, &time_us));
        if (time_us != s->due_us[i])
            fail_msg("%s: time %u is not %" PRId64 " but %" PRId64, s->zone, i, s->due_us[i], time_us);
        /* Counting costs more; around changes of the clock it is looked at closely. */
        bool changes = i > 0 && s->due_us[i] - s->due_us[i - 1] != (weekly ? 7 : 1) * INT64_C(86400000000);
        if (!changes && i % LOOK_EVERY != 0) continue;
        assert_count(&t, s->due_us[i], i + 1);
        assert_count(&t, s->due_us[i] - 1, i);
    }
}

static void years_of_local_times_are_those_of_another_implementation(void **state)
{
    struct local_times *times = local_times_read();
    (void)state;
    assert_int_equal(times->count, 12);
    for (uint32_t i = 0; i < times->count; i++) assert_years(&times->schedules[i]);
    free(times);
}

static void the_start_is_kept_where_the_clock_shows_it_a_second_time(void **state)
{
    (void)state;
    struct timetable t = {.rules = &RULES,
                          .zone = BYTES("Europe/Paris"),
                          .start_us = at("2026-10-25T01:30:00Z"), /* 02:30 for the second time */
                          .recurrence = RECURS_DAILY};
    int64_t time_us;
    assert_true(timetable_at(&t, 0, &time_us));
    assert_int_equal(time_us, t.start_us);
    assert_true(timetable_at(&t, 1, &time_us));
    assert_int_equal(time_us, at("2026-10-26T01:30:00Z"));
    assert_count(&t, t.start_us - 1, 0);
    assert_count(&t, t.start_us, 1);
}

static void a_day_that_a_zone_left_out_is_no_second_time(void **state)
{
    (void)state;
    struct timetable t = {.rules = &RULES,
                          .zone = BYTES("Pacific/Apia"),
                          .start_us = at("2011-12-29T10:00:00Z"), /* the 29th, 00:00 */
                          .recurrence = RECURS_DAILY};
    enum schedule_end why;
    int64_t next_us = timetable_next(&t, t.start_us, 2, &why);
    assert_int_equal(next_us, at("2011-12-30T10:00:00Z")); /* the 31st, 00:00; there was no 30th */
    assert_int_equal(timetable_next(&t, next_us, 3, &why), at("2011-12-31T10:00:00Z"));
}

/* ---- Ends. */

static void assert_end(struct timetable t, int64_t after_us, uint32_t occurrence, int64_t next_us,
                       enum schedule_end reason)
{
    enum schedule_end why;
    assert_int_equal(timetable_next(&t, after_us, occurrence, &why), next_us);
    if (next_us == 0) assert_int_equal(why, reason);
}

static void a_schedule_ends_as_it_says(void **state)
{
    (void)state;
    int64_t start_us = at("2026-11-23T02:10:00Z"), second_us = at("2026-11-24T02:10:00Z");
    struct timetable t = {.rules = &RULES, .zone = BYTES("UTC"), .start_us = start_us, .recurrence = RECURS_ONCE};
    assert_end(t, start_us - 1, 1, start_us, 0);
    assert_end(t, start_us, 2, 0, ENDED_ONCE);
    t.recurrence = RECURS_DAILY;
    assert_end(t, start_us, 2, second_us, 0);
    t.end_us = second_us;
    assert_end(t, start_us, 2, second_us, 0);
    t.end_us = second_us - 1;
    assert_end(t, start_us, 2, 0, ENDED_BY_DATE);
    t.end_us = 0;
    t.end_occurrences = 2;
    assert_end(t, start_us, 2, second_us, 0);
    assert_end(t, second_us, 3, 0, ENDED_BY_OCCURRENCES);
    t.end_occurrences = 0;
    t.zone = BYTES("Europe/Atlantis");
    assert_end(t, start_us, 2, 0, ENDED_WITHOUT_ZONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(years_of_local_times_are_those_of_another_implementation),
        cmocka_unit_test(the_start_is_kept_where_the_clock_shows_it_a_second_time),
        cmocka_unit_test(a_day_that_a_zone_left_out_is_no_second_time),
        cmocka_unit_test(a_schedule_ends_as_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
