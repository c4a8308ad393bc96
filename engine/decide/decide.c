/* The table of commands, and the checks that more than one of them makes. */
#include "engine/decide/decide.h"

#include "engine/base/names.h"
#include "engine/decide/limits.h"

_Static_assert((int)ID_CHARACTERS_MAX == (int)DEVICE_ID_SIZE_MAX, "the limit that is told is the one that holds");
_Static_assert((int)NAME_CHARACTERS_MAX == (int)DISPLAY_NAME_LENGTH_MAX, "likewise");

typedef enum refusal decide_function(struct decision *d, const struct command *c);

static decide_function *const FUNCTIONS[COMMAND_COUNT] = {
#define COMMAND(member, method, access) [COMMAND_##member] = decide_##member,
#define FIELD(type, name, key, need)
#define COMMAND_END(member)
#include "engine/decide/commands.def"
#undef COMMAND
#undef FIELD
#undef COMMAND_END
};

enum refusal decide(struct decision *d, const struct command *c)
{
    ASSERT(c->type > COMMAND_NONE && c->type < COMMAND_COUNT);
    d->why.text[0] = '\0';
    return FUNCTIONS[c->type](d, c);
}

enum command_access command_access(enum command_type type)
{
    static const enum command_access ACCESS[COMMAND_COUNT] = {
#define COMMAND(member, method, access) [COMMAND_##member] = (access),
#define FIELD(type, name, key, need)
#define COMMAND_END(member)
#include "engine/decide/commands.def"
#undef COMMAND
#undef FIELD
#undef COMMAND_END
    };
    return ACCESS[type];
}

enum refusal refuse_field(struct decision *d, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    sentence_vset(&d->why, format, arguments);
    va_end(arguments);
    return REFUSED_BAD_FIELD;
}

enum refusal check_id(struct decision *d, struct bytes id, const char *what)
{
    return device_id_check(id, what, &d->why) ? ACCEPTED : REFUSED_BAD_FIELD;
}

enum refusal check_name(struct decision *d, struct bytes name, const char *what)
{
    return display_name_check(name, what, &d->why) ? ACCEPTED : REFUSED_BAD_FIELD;
}

enum refusal check_size(struct decision *d, struct bytes text, size_t size_max, const char *what)
{
    if (text.size <= size_max) return ACCEPTED;
    return refuse_field(d, "%s has %zu bytes; it may have %zu at most", what, text.size, size_max);
}

enum { CURSOR_DIGITS_MAX = 18 };

enum refusal check_cursor(struct bytes cursor, uint64_t *from)
{
    const char *digits = cursor.data;
    *from = 0;
    if (!cursor.data) return ACCEPTED;
    if (cursor.size == 0 || cursor.size > CURSOR_DIGITS_MAX) return REFUSED_BAD_CURSOR;
    for (size_t i = 0; i < cursor.size; i++) {
        if (digits[i] < '0' || digits[i] > '9') return REFUSED_BAD_CURSOR;
        *from = *from * 10 + (uint64_t)(digits[i] - '0');
    }
    return ACCEPTED;
}

enum refusal check_page(struct decision *d, command_number limit, struct bytes cursor, uint32_t *rows, uint32_t *from)
{
    uint64_t number;
    *rows = PAGE_ROWS_DEFAULT;
    if (limit.given && (limit.value == 0 || limit.value > PAGE_ROWS_MAX))
        return refuse_field(d, "limit must be a whole number from 1 to %d; it is %llu", PAGE_ROWS_MAX,
                            (unsigned long long)limit.value);
    if (limit.given) *rows = (uint32_t)limit.value;
    enum refusal refusal = check_cursor(cursor, &number);
    if (!refusal && number > UINT32_MAX) refusal = REFUSED_BAD_CURSOR;
    *from = (uint32_t)number;
    return refusal;
}

/* ---- What needs no more than the turn's own facts. */

static enum refusal refuse_protocol(struct decision *d, uint64_t asked)
{
    unsigned long long other = asked;
    sentence_set(&d->why,
                 "this engine speaks protocol 1, not %llu; take a client that speaks 1, or an engine that speaks %llu",
                 other, other);
    return REFUSED_PROTOCOL;
}

enum refusal decide_hello(struct decision *d, const struct command *c)
{
    command_number protocol = c->hello.protocol;
    struct bytes errors = c->hello.errors;
    if (protocol.given && protocol.value != 1) return refuse_protocol(d, protocol.value);
    if (errors.data && !bytes_equal(errors, BYTES("string")) && !bytes_equal(errors, BYTES("array")))
        return refuse_field(d, "errors must be \"string\" or \"array\"; it is \"%.*s\"", BYTES_ARG(errors));
    return answer_with(d, ANSWER_HELLO, 0);
}

enum refusal decide_info(struct decision *d, const struct command *c)
{
    (void)c;
    return answer_with(d, ANSWER_INFO, 0);
}

enum refusal decide_metrics(struct decision *d, const struct command *c)
{
    (void)c;
    return answer_with(d, ANSWER_METRICS, 0);
}

enum refusal decide_events_read(struct decision *d, const struct command *c)
{
    uint32_t rows, unused;
    enum refusal refusal = check_page(d, c->events_read.limit, BYTES_NONE, &rows, &unused);
    if (refusal) return refusal;
    d->answer = (struct answer){.kind = ANSWER_EVENTS,
                                .from = c->events_read.from.given ? c->events_read.from.value : 1,
                                .limit = rows,
                                .text = c->events_read.filter};
    return ACCEPTED;
}

enum refusal decide_events_subscribe(struct decision *d, const struct command *c)
{
    d->answer = (struct answer){.kind = ANSWER_SUBSCRIBED,
                                .from = c->events_subscribe.from.given ? c->events_subscribe.from.value : 1,
                                .text = c->events_subscribe.filter};
    return ACCEPTED;
}

enum refusal decide_log_read(struct decision *d, const struct command *c)
{
    uint32_t rows, unused;
    enum refusal refusal = check_page(d, c->log_read.limit, BYTES_NONE, &rows, &unused);
    if (refusal) return refusal;
    d->answer = (struct answer){
        .kind = ANSWER_LOG, .from = c->log_read.from.given ? c->log_read.from.value : 1, .limit = rows};
    return ACCEPTED;
}

enum refusal decide_checkpoint(struct decision *d, const struct command *c)
{
    d->answer = (struct answer){.kind = ANSWER_CHECKPOINT, .last_signed = c->checkpoint.last.given && c->checkpoint.last.value};
    return ACCEPTED;
}
