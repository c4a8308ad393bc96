/* A value that does not fit is shown in the sentence, cut to what a person wants to see. */
#include "engine/wire/fields.h"

#include "engine/base/text.h"
#include "engine/decide/limits.h"
#include "projections/job_devices.h"

#include <inttypes.h>
#include <stdio.h>

#define INTEGER_LIMIT (UINT64_C(1) << 53) /* what every client can count exactly */

enum { QUOTED_CHARACTERS_MAX = 40, SHOWN_SIZE = 256 };

static void describe(struct token token, char shown[SHOWN_SIZE])
{
    struct bytes text;
    switch (token.kind) {
    case TOKEN_NIL: snprintf(shown, SHOWN_SIZE, "nil"); break;
    case TOKEN_BOOL: snprintf(shown, SHOWN_SIZE, "%s", token.boolean ? "true" : "false"); break;
    case TOKEN_UINT: snprintf(shown, SHOWN_SIZE, "%" PRIu64, token.uint); break;
    case TOKEN_INT: snprintf(shown, SHOWN_SIZE, "%" PRId64, token.integer); break;
    case TOKEN_FLOAT: snprintf(shown, SHOWN_SIZE, "%g", token.real); break;
    case TOKEN_STR:
    case TOKEN_BIN:
        text = text_quotable(token.text, QUOTED_CHARACTERS_MAX);
        snprintf(shown, SHOWN_SIZE, "\"%.*s\"%s", BYTES_ARG(text), text.size < token.text.size ? "..." : "");
        break;
    case TOKEN_ARRAY: snprintf(shown, SHOWN_SIZE, "an array"); break;
    case TOKEN_MAP: snprintf(shown, SHOWN_SIZE, "a map"); break;
    case TOKEN_EXT:
    case TOKEN_NONE: snprintf(shown, SHOWN_SIZE, "nothing that can be read"); break;
    }
}

bool refuse_token(const struct reading *r, const char *member, const char *rule, struct token got)
{
    char shown[SHOWN_SIZE];
    describe(got, shown);
    sentence_set(r->why, "%s: field \"%s%s%s\" must be %s; it is %s", r->method, r->key, member ? "." : "",
                 member ? member : "", rule, shown);
    return false;
}

/* ---- Plain values. */

bool read_text(const struct reading *r, struct cursor *c, void *out)
{
    struct token token = cursor_peek(c);
    command_text *text = out;
    if (!cursor_text(c, text)) return refuse_token(r, NULL, "a text", token);
    if (!utf8_is_valid(*text)) return refuse_token(r, NULL, "a text in UTF-8", token);
    return true;
}

bool read_name(const struct reading *r, struct cursor *c, void *out)
{
    struct token token = cursor_peek(c);
    command_text *text = out;
    if (!read_text(r, c, out)) return false;
    if (text->size == 0 || text->size > REQUEST_ID_BYTES_MAX) {
        return refuse_token(r, NULL, "a text of 1 to 128 bytes", token);
    }
    return true;
}

bool read_blob(const struct reading *r, struct cursor *c, void *out)
{
    struct token token = cursor_peek(c);
    return cursor_text(c, out) || refuse_token(r, NULL, "bytes (bin or str)", token);
}

bool read_number(const struct reading *r, struct cursor *c, void *out)
{
    struct token token = cursor_next(c);
    if (token.kind != TOKEN_UINT || token.uint >= INTEGER_LIMIT) {
        return refuse_token(r, NULL, "a whole number from 0 to 2^53-1", token);
    }
    *(command_number *)out = (command_number){.given = true, .value = token.uint};
    return true;
}

bool read_flag(const struct reading *r, struct cursor *c, void *out)
{
    struct token token = cursor_next(c);
    if (token.kind != TOKEN_BOOL) return refuse_token(r, NULL, "true or false", token);
    *(command_flag *)out = (command_flag){.given = true, .value = token.boolean};
    return true;
}

bool read_value(const struct reading *r, struct cursor *c, void *out)
{
    struct token token = cursor_peek(c);
    command_value *value = out;
    *value = cursor_value(c);
    if (!value->data) return refuse_token(r, NULL, "a whole value", token);
    return value_is_readable(*value) || refuse_token(r, NULL, "a value with texts in UTF-8", token);
}

bool read_list(const struct reading *r, struct cursor *c, void *out)
{
    struct token token = cursor_peek(c);
    command_list *list = out;
    if (token.kind != TOKEN_ARRAY) return refuse_token(r, NULL, "an array", token);
    *list = cursor_value(c);
    return list->data || refuse_token(r, NULL, "a whole array", token);
}

bool read_words(const struct reading *r, struct cursor *c, void *out)
{
    struct token token = cursor_peek(c);
    command_words *words = out;
    uint32_t count = 1;
    struct cursor each = *c;
    bool is_list = cursor_array(&each, &count);
    for (uint32_t i = 0; i < count; i++) {
        struct bytes word;
        struct token got = is_list ? cursor_peek(&each) : token;
        if (!cursor_text(&each, &word)) return refuse_token(r, NULL, "a text or a list of texts", got);
        if (!utf8_is_valid(word)) return refuse_token(r, NULL, "in UTF-8", got);
    }
    *words = cursor_value(c);
    return words->data || refuse_token(r, NULL, "a text or a list of texts", token);
}

/* ---- Values with members of their own. */

bool read_members(const struct reading *r, struct cursor *c, const char *rule, member_reader *read, void *out)
{
    struct token token = cursor_peek(c);
    uint32_t count;
    if (!cursor_map(c, &count)) return refuse_token(r, NULL, rule, token);
    for (uint32_t i = 0; i < count; i++) {
        struct token key = cursor_next(c);
        if (key.kind != TOKEN_STR && key.kind != TOKEN_BIN) return refuse_token(r, NULL, rule, key);
        if (cursor_nil(c)) continue;
        if (!read(r, c, key.text, out)) return false;
    }
    return true;
}

bool refuse_member(const struct reading *r, const char *rule, struct bytes key)
{
    struct bytes shown = text_quotable(key, QUOTED_CHARACTERS_MAX);
    sentence_set(r->why, "%s: field \"%s\" must be %s; it has a field \"%.*s\"", r->method, r->key, rule,
                 BYTES_ARG(shown));
    return false;
}

/* Which values of a measure make sense depends on what it measures. */
struct measure_rule {
    const char *key;
    const char *shape;
    uint64_t value_min;
    bool per_batch;
    const char *number_rule;
    const char *percentage_rule;
};

static const struct measure_rule MEASURE_RULES[] = {
    {"batch", "{type: \"number\" or \"percentage\", value}", 1, false,
     "a whole number from 1 to 4294967295", "a whole number from 1 to 100 for a percentage"},
    {"cancellationThreshold", "{type: \"number\" or \"percentage\", value, batch?}", 0, true,
     "a whole number from 0 to 4294967295", "a whole number from 0 to 100 for a percentage"},
};

static const struct measure_rule *measure_rule(const char *key)
{
    for (size_t i = 0; i < COUNT_OF(MEASURE_RULES); i++) {
        if (strcmp(MEASURE_RULES[i].key, key) == 0) return &MEASURE_RULES[i];
    }
    ASSERT(!"each measure of commands.def has a rule");
    return NULL;
}

/* A measure while its members come in any order. */
struct measure_parts {
    const struct measure_rule *rule;
    struct token type;
    struct token value;
    bool percentage;
    bool per_batch;
};

static bool read_measure_member(const struct reading *r, struct cursor *c, struct bytes key, void *out)
{
    struct measure_parts *parts = out;
    struct token token = cursor_peek(c);
    if (!cursor_skip(c)) return refuse_token(r, NULL, parts->rule->shape, token);
    if (bytes_equal(key, BYTES("value"))) {
        parts->value = token;
        return true;
    }
    if (bytes_equal(key, BYTES("type"))) {
        parts->type = token;
        parts->percentage = bytes_equal(token.text, BYTES("percentage"));
        bool known = parts->percentage || bytes_equal(token.text, BYTES("number"));
        return known || refuse_token(r, "type", "\"number\" or \"percentage\"", token);
    }
    if (bytes_equal(key, BYTES("batch")) && parts->rule->per_batch) {
        parts->per_batch = token.kind == TOKEN_BOOL && token.boolean;
        return token.kind == TOKEN_BOOL || refuse_token(r, "batch", "true or false", token);
    }
    return refuse_member(r, parts->rule->shape, key);
}

bool read_measure(const struct reading *r, struct cursor *c, void *out)
{
    const struct measure_rule *rule = measure_rule(r->key);
    struct measure_parts parts = {.rule = rule};
    struct token map = cursor_peek(c);
    if (!read_members(r, c, rule->shape, read_measure_member, &parts)) return false;
    if (parts.type.kind == TOKEN_NONE || parts.value.kind == TOKEN_NONE) {
        return refuse_token(r, NULL, rule->shape, map);
    }
    uint64_t value_max = parts.percentage ? 100 : UINT32_MAX;
    if (parts.value.kind != TOKEN_UINT || parts.value.uint < rule->value_min || parts.value.uint > value_max) {
        return refuse_token(r, "value", parts.percentage ? rule->percentage_rule : rule->number_rule, parts.value);
    }
    *(command_measure *)out = (command_measure){
        .given = true, .percentage = parts.percentage, .per_batch = parts.per_batch, .value = parts.value.uint};
    return true;
}

static bool read_times_member(const struct reading *r, struct cursor *c, struct bytes key, void *out)
{
    command_times *times = out;
    bool is_queue = bytes_equal(key, BYTES("queue"));
    if (!is_queue && !bytes_equal(key, BYTES("execution"))) return refuse_member(r, "{queue?, execution?}", key);
    struct token token = cursor_next(c);
    if (token.kind != TOKEN_UINT || token.uint == 0 || token.uint > TIMEOUT_SECONDS_MAX) {
        return refuse_token(r, is_queue ? "queue" : "execution", "a whole number of seconds from 1 to 2592000", token);
    }
    *(is_queue ? &times->queue : &times->execution) = (command_number){.given = true, .value = token.uint};
    return true;
}

bool read_times(const struct reading *r, struct cursor *c, void *out)
{
    command_times times = {.given = true};
    if (!read_members(r, c, "{queue?, execution?} in seconds", read_times_member, &times)) return false;
    *(command_times *)out = times;
    return true;
}

/* ---- Retries. */

#define RETRY_SHAPE "{max: a whole number from 0 to 10, on?: a list of \"failed\", \"timed_out\", \"expired\"}"

static bool read_retry_reasons(const struct reading *r, struct cursor *c, uint32_t *on)
{
    static const enum device_outcome REASONS[] = {OUTCOME_FAILED, OUTCOME_TIMED_OUT, OUTCOME_EXPIRED};
    struct token token = cursor_peek(c);
    uint32_t count;
    if (!cursor_array(c, &count)) return refuse_token(r, "on", "a list of reasons", token);
    for (*on = 0; count > 0; count--) {
        struct token reason = cursor_next(c);
        uint32_t bit = 0;
        for (size_t i = 0; i < COUNT_OF(REASONS); i++) {
            if (bytes_equal(reason.text, bytes_of_text(outcome_word(REASONS[i])))) bit = 1u << REASONS[i];
        }
        if (!bit) return refuse_token(r, "on", "a list of \"failed\", \"timed_out\" and \"expired\"", reason);
        *on |= bit;
    }
    return true;
}

static bool read_retry_member(const struct reading *r, struct cursor *c, struct bytes key, void *out)
{
    command_retry *retry = out;
    if (bytes_equal(key, BYTES("on"))) return read_retry_reasons(r, c, &retry->on);
    if (!bytes_equal(key, BYTES("max"))) return refuse_member(r, RETRY_SHAPE, key);
    struct token token = cursor_next(c);
    if (token.kind != TOKEN_UINT || token.uint > RETRIES_MAX) {
        return refuse_token(r, "max", "a whole number from 0 to 10", token);
    }
    retry->max = token.uint;
    return true;
}

bool read_retry(const struct reading *r, struct cursor *c, void *out)
{
    command_retry retry = {.given = true};
    if (!read_members(r, c, RETRY_SHAPE, read_retry_member, &retry)) return false;
    *(command_retry *)out = retry;
    return true;
}
