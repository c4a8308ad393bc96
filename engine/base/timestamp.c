/* Written by hand: a results log holds two times a row, and gmtime_r with strftime would be most of its cost. Read by
 * hand too: strptime takes other forms and knows no offsets as RFC 3339 has them. */
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

/* Its inverse. */
static uint32_t day_of_date(struct date date)
{
    uint32_t year = date.year - (date.month <= 2);
    uint32_t month_from_march = date.month > 2 ? date.month - 3 : date.month + 9;
    uint32_t era = year / 400, year_of_era = year % 400;
    uint32_t day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
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

/* ---- Reading. */

/* What of the text is not read yet. */
struct rest {
    const char *at, *end;
};

static bool read_digits(struct rest *r, unsigned count, uint32_t *value)
{
    *value = 0;
    for (; count > 0; count--, r->at++) {
        if (r->at == r->end || *r->at < '0' || *r->at > '9') return false;
        *value = *value * 10 + (uint32_t)(*r->at - '0');
    }
    return true;
}

/* One of the characters of `set`. */
static bool read_one(struct rest *r, const char *set)
{
    if (r->at == r->end || *r->at == '\0' || !strchr(set, *r->at)) return false;
    r->at++;
    return true;
}

static bool read_date(struct rest *r, int64_t *time_us)
{
    struct date date;
    bool read = read_digits(r, 4, &date.year) && read_one(r, "-") && read_digits(r, 2, &date.month) &&
                read_one(r, "-") && read_digits(r, 2, &date.day);
    if (!read || date.year < 1970 || date.month < 1 || date.month > 12 || date.day < 1) return false;
    uint32_t day = day_of_date(date);
    *time_us = (int64_t)day * DAY_US;
    return date_of_day(day).month == date.month; /* the 31st of a short month is in the next one */
}

static bool read_clock(struct rest *r, int64_t *time_us)
{
    uint32_t hour, minute, second, digit;
    bool read = read_digits(r, 2, &hour) && read_one(r, ":") && read_digits(r, 2, &minute) && read_one(r, ":") &&
                read_digits(r, 2, &second);
    if (!read || hour > 23 || minute > 59 || second > 59) return false;
    *time_us += (int64_t)(hour * 3600 + minute * 60 + second) * SECOND_US;
    if (!read_one(r, ".")) return true;
    if (!read_digits(r, 1, &digit)) return false;
    int64_t unit = SECOND_US / 10;
    do {
        *time_us += digit * unit;
        unit /= 10;
    } while (read_digits(r, 1, &digit));
    return true;
}

static bool read_offset(struct rest *r, int64_t *time_us)
{
    uint32_t hours, minutes;
    if (read_one(r, "Zz")) return true;
    bool behind = r->at < r->end && *r->at == '-';
    bool read = read_one(r, "+-") && read_digits(r, 2, &hours) && read_one(r, ":") && read_digits(r, 2, &minutes);
    if (!read || hours > 23 || minutes > 59) return false;
    int64_t offset_us = (int64_t)(hours * 3600 + minutes * 60) * SECOND_US;
    *time_us += behind ? offset_us : -offset_us;
    return true;
}

bool timestamp_read(struct bytes text, int64_t *time_us)
{
    struct rest r = {text.data, (const char *)text.data + text.size};
    bool read = text.size > 0 && read_date(&r, time_us) && read_one(&r, "Tt ") && read_clock(&r, time_us) &&
                read_offset(&r, time_us) && r.at == r.end;
    return read && *time_us >= 0 && *time_us <= LAST_US;
}
