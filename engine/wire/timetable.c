/* When a schedule is due, as a client gives it. Whether the zone is one of the system's, decide asks. */
#include "engine/wire/fields.h"

#include "engine/base/text.h"
#include "engine/base/timestamp.h"
#include "projections/schedules.h"

enum { SECOND_US = 1000000 };

#define TIMETABLE_RULE "{start, timeZone, recurrence, end?, missed?, overlap?}"
#define END_RULE       "{type: \"date\", value: a time} or {type: \"occurrences\", value: a whole number from 1}"
#define TIME_RULE      "a time of RFC 3339 with its offset, such as 2026-11-23T03:10:00+01:00"

/* A word of one of the lists of projections/schedules.h: its number, 0 for none of them. */
static uint32_t number_of_word(const char *(*word_of)(uint32_t), uint32_t count, struct bytes word)
{
    uint32_t number = count;
    while (number > 0 && !bytes_equal(word, bytes_of_text(word_of(number)))) number--;
    return number;
}

struct word_member {
    const char *key;
    const char *(*word_of)(uint32_t);
    uint32_t count;
    size_t offset; /* in command_timetable */
    const char *rule;
};

static const struct word_member WORD_MEMBERS[] = {
    {"recurrence", recurrence_word, RECURS_WEEKLY, offsetof(command_timetable, recurrence),
     "\"once\", \"daily\" or \"weekly\""},
    {"missed", missed_policy_word, MISSED_SKIP, offsetof(command_timetable, missed), "\"run_once\" or \"skip\""},
    {"overlap", overlap_policy_word, OVERLAP_SKIP, offsetof(command_timetable, overlap), "\"queue\" or \"skip\""},
};

/* To the second: a fraction is dropped. */
static bool time_of(struct token token, int64_t *time_us)
{
    bool is_text = token.kind == TOKEN_STR || token.kind == TOKEN_BIN;
    if (!is_text || !timestamp_read(token.text, time_us)) return false;
    *time_us -= *time_us % SECOND_US;
    return true;
}

/* ---- The end: a time or a number, by its type. */

struct end_parts {
    struct token type, value;
};

static bool read_end_member(const struct reading *r, struct cursor *c, struct bytes key, void *out)
{
    struct end_parts *parts = out;
    bool is_type = bytes_equal(key, BYTES("type"));
    if (!is_type && !bytes_equal(key, BYTES("value"))) return refuse_member(r, END_RULE, key);
    struct token token = cursor_peek(c);
    if (!cursor_skip(c)) return refuse_token(r, "end", END_RULE, token);
    *(is_type ? &parts->type : &parts->value) = token;
    return true;
}

static bool read_end(const struct reading *r, struct cursor *c, command_timetable *t)
{
    struct end_parts parts = {0};
    struct token map = cursor_peek(c);
    if (map.kind != TOKEN_MAP) return refuse_token(r, "end", END_RULE, map);
    if (!read_members(r, c, END_RULE, read_end_member, &parts)) return false;
    if (bytes_equal(parts.type.text, BYTES("date"))) {
        return time_of(parts.value, &t->end_us) || refuse_token(r, "end.value", TIME_RULE, parts.value);
    }
    if (!bytes_equal(parts.type.text, BYTES("occurrences"))) {
        return refuse_token(r, "end.type", "\"date\" or \"occurrences\"", parts.type);
    }
    if (parts.value.kind != TOKEN_UINT || parts.value.uint == 0 || parts.value.uint > UINT32_MAX) {
        return refuse_token(r, "end.value", "a whole number from 1 to 4294967295", parts.value);
    }
    t->end_occurrences = (uint32_t)parts.value.uint;
    return true;
}

/* ---- All of it. */

static bool read_word_member(const struct reading *r, struct cursor *c, const struct word_member *member,
                             command_timetable *t)
{
    struct token token = cursor_next(c);
    bool is_text = token.kind == TOKEN_STR || token.kind == TOKEN_BIN;
    uint32_t number = is_text ? number_of_word(member->word_of, member->count, token.text) : 0;
    if (!number) return refuse_token(r, member->key, member->rule, token);
    *(uint32_t *)(void *)((uint8_t *)t + member->offset) = number;
    return true;
}

static bool read_timetable_member(const struct reading *r, struct cursor *c, struct bytes key, void *out)
{
    command_timetable *t = out;
    struct token token = cursor_peek(c);
    for (size_t i = 0; i < COUNT_OF(WORD_MEMBERS); i++) {
        if (bytes_equal(key, bytes_of_text(WORD_MEMBERS[i].key))) return read_word_member(r, c, &WORD_MEMBERS[i], t);
    }
    if (bytes_equal(key, BYTES("end"))) return read_end(r, c, t);
    if (bytes_equal(key, BYTES("start"))) {
        cursor_skip(c);
        return time_of(token, &t->start_us) || refuse_token(r, "start", TIME_RULE, token);
    }
    if (!bytes_equal(key, BYTES("timeZone"))) return refuse_member(r, TIMETABLE_RULE, key);
    bool read = cursor_text(c, &t->time_zone) && utf8_is_valid(t->time_zone);
    return read || refuse_token(r, "timeZone", "a text, the name of a time zone such as \"Europe/Paris\"", token);
}

bool read_timetable(const struct reading *r, struct cursor *c, void *out)
{
    struct token map = cursor_peek(c);
    command_timetable t = {.given = true, .start_us = -1, .missed = MISSED_RUN_ONCE, .overlap = OVERLAP_QUEUE};
    if (!read_members(r, c, TIMETABLE_RULE, read_timetable_member, &t)) return false;
    if (t.start_us < 0 || !t.time_zone.data || !t.recurrence) return refuse_token(r, NULL, TIMETABLE_RULE, map);
    *(command_timetable *)out = t;
    return true;
}
