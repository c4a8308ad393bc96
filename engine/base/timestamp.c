/* Written by hand: a results log holds two times a row, and gmtime_r with strftime would be most of its cost. */
#include "engine/base/timestamp.h"

#define SECOND_US INT64_C(1000000)
#define DAY_US    (86400 * SECOND_US)
#define LAST_US   (2932897 * DAY_US - 1) /* 9999-12-31T23:59:59.999999Z */

struct date {
    uint32_t year, month, day;
};

/* Years are counted from March, so that the leap day is a year's last day, and from the year 0, so that the
 * Gregorian calendar's 400 years (146,097 days) begin with them. 153 days are the five months from March to July,
 * and again those from August to December.
 * https://howardhinnant.github.io/date_algorithms.html#civil_from_days */
static struct date date_of_day(uint32_t days_since_1970)
{
    uint32_t days = days_since_1970 + 719468;
    uint32_t era = days / 146097, day_of_era = days % 146097;
    uint32_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint32_t month_from_march = (5 * day_of_year + 2) / 153;
    uint32_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    return (struct date){
        .year = year_of_era + era * 400 + (month <= 2),
        .month = month,
        .day = day_of_year - (153 * month_from_march + 2) / 5 + 1,
    };
}

static char *digits(char *out, uint32_t value, unsigned count, char after)
{
    for (unsigned i = count; i > 0; value /= 10) out[--i] = (char)('0' + value % 10);
    out[count] = after;
    return out + count + 1;
}

struct bytes timestamp_text(int64_t time_us, char text[TIMESTAMP_SIZE])
{
    time_us = MAX(INT64_C(0), MIN(time_us, LAST_US));
    struct date date = date_of_day((uint32_t)(time_us / DAY_US));
    uint32_t second = (uint32_t)(time_us % DAY_US / SECOND_US);
    char *out = text;
    out = digits(out, date.year, 4, '-');
    out = digits(out, date.month, 2, '-');
    out = digits(out, date.day, 2, 'T');
    out = digits(out, second / 3600, 2, ':');
    out = digits(out, second / 60 % 60, 2, ':');
    out = digits(out, second % 60, 2, '.');
    out = digits(out, (uint32_t)(time_us % SECOND_US), 6, 'Z');
    ASSERT(out == text + TIMESTAMP_SIZE);
    return (struct bytes){text, TIMESTAMP_SIZE};
}
