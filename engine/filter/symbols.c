/* The first character says what kind of symbol it is; tables say which words and signs there are. */
#include "engine/filter/symbols.h"
#include "engine/base/text.h"

#include <math.h>
#include <stdlib.h>

struct word {
    const char *text;
    enum symbol_kind kind;
    int meaning; /* a keyword, an operator or the value of a boolean */
};

static const struct word WORDS[] = {
    {"SELECT", SYMBOL_KEYWORD, KEYWORD_SELECT},
    {"FROM", SYMBOL_KEYWORD, KEYWORD_FROM},
    {"WHERE", SYMBOL_KEYWORD, KEYWORD_WHERE},
    {"AND", SYMBOL_KEYWORD, KEYWORD_AND},
    {"OR", SYMBOL_KEYWORD, KEYWORD_OR},
    {"NOT", SYMBOL_KEYWORD, KEYWORD_NOT},
    {"IN", SYMBOL_OPERATOR, OPERATOR_IN},
    {"CONTAINS", SYMBOL_OPERATOR, OPERATOR_CONTAINS},
    {"STARTSWITH", SYMBOL_OPERATOR, OPERATOR_STARTSWITH},
    {"TRUE", SYMBOL_VALUE, true},
    {"FALSE", SYMBOL_VALUE, false},
};

/* Longer ones first, so that <= is not read as < and something. */
static const struct word OPERATORS[] = {
    {"!=", SYMBOL_OPERATOR, OPERATOR_NOT_EQUAL},  {"<>", SYMBOL_OPERATOR, OPERATOR_NOT_EQUAL},
    {"<=", SYMBOL_OPERATOR, OPERATOR_LESS_EQUAL}, {">=", SYMBOL_OPERATOR, OPERATOR_GREATER_EQUAL},
    {"=", SYMBOL_OPERATOR, OPERATOR_EQUAL},       {"<", SYMBOL_OPERATOR, OPERATOR_LESS},
    {">", SYMBOL_OPERATOR, OPERATOR_GREATER},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_one_of(char c, const char *characters)
{
    return c != '\0' && strchr(characters, c) != NULL;
}

static bool begins_word(char c)
{
    return is_letter(c) || c == '_' || c == '$';
}

static bool goes_on_word(char c)
{
    return begins_word(c) || is_digit(c) || c == '.';
}

static struct symbol symbol_wrong(size_t at, struct bytes text, enum filter_fault fault, const char *why)
{
    return (struct symbol){.kind = SYMBOL_WRONG, .at = at, .text = text, .wrong = {fault, why}};
}

static struct symbol symbol_of(const struct word *word, size_t at, struct bytes text)
{
    struct symbol symbol = {.kind = word->kind, .at = at, .text = text};
    if (word->kind == SYMBOL_KEYWORD) symbol.keyword = (enum keyword)word->meaning;
    else if (word->kind == SYMBOL_OPERATOR) symbol.op = (enum filter_operator)word->meaning;
    else symbol.value = (struct filter_value){.kind = FILTER_BOOL, .boolean = word->meaning};
    return symbol;
}

static struct symbol read_word(struct bytes text, size_t at)
{
    const char *begin = (const char *)text.data + at;
    size_t size = 0;
    while (at + size < text.size && goes_on_word(begin[size])) size++;
    struct bytes word = {begin, size};
    for (size_t i = 0; i < COUNT_OF(WORDS); i++) {
        if (text_equals_any_case(word, bytes_of_text(WORDS[i].text))) return symbol_of(&WORDS[i], at, word);
    }
    return (struct symbol){.kind = SYMBOL_WORD, .at = at, .text = word};
}

/* Digits from `c` on, one at least; NULL when there is none. */
static const char *skip_digits(const char *c)
{
    if (!is_digit(*c)) return NULL;
    while (is_digit(*c)) c++;
    return c;
}

/* The end of -12.5e-3 and its shorter forms; NULL when it is none. The zero after the text stops it. */
static const char *number_end(const char *c)
{
    if (*c == '-') c++;
    c = skip_digits(c);
    if (c && *c == '.') c = skip_digits(c + 1);
    if (c && (*c == 'e' || *c == 'E')) c = skip_digits(c[1] == '-' || c[1] == '+' ? c + 2 : c + 1);
    return c;
}

static struct symbol read_number(struct bytes text, size_t at)
{
    const char *begin = (const char *)text.data + at;
    const char *end = number_end(begin);
    size_t size = 1;
    while (at + size < text.size && goes_on_word(begin[size])) size++;
    struct bytes whole = {begin, size};
    if (!end || goes_on_word(*end)) {
        return symbol_wrong(at, whole, FILTER_BAD_NUMBER,
                            "is no number; one is written as 12, -0.5 or 1e6, text in quotes");
    }
    whole.size = (size_t)(end - begin);
    /* The engine never leaves the C locale, so the point is the point. */
    double number = strtod(begin, NULL);
    if (isinf(number)) return symbol_wrong(at, whole, FILTER_BAD_NUMBER, "is too large; numbers go up to 1.7e308");
    struct filter_value value = {.kind = FILTER_NUMBER, .number = number};
    return (struct symbol){.kind = SYMBOL_VALUE, .at = at, .text = whole, .value = value};
}

static struct bytes without_doubled_quotes(struct arena *arena, struct bytes inside, char quote)
{
    const char *from = inside.data, *end = from + inside.size;
    char *copy = arena_alloc(arena, inside.size), *to = copy;
    while (from < end) {
        *to++ = *from;
        from += *from == quote ? 2 : 1;
    }
    return (struct bytes){copy, (size_t)(to - copy)};
}

/* From a quote to the next of its kind that is not doubled. */
static struct symbol read_string(struct arena *arena, struct bytes text, size_t at)
{
    const char *begin = (const char *)text.data + at, *end = (const char *)text.data + text.size;
    char quote = *begin;
    size_t doubled = 0;
    const char *c = begin + 1;
    for (; c < end; c++) {
        if (*c != quote) continue;
        if (c + 1 == end || c[1] != quote) break;
        doubled++;
        c++;
    }
    if (c >= end) {
        return symbol_wrong(at, (struct bytes){begin, 1}, FILTER_UNCLOSED_STRING,
                            "opens a text that is never closed; a quote inside a text is written twice");
    }
    struct bytes inside = {begin + 1, (size_t)(c - begin - 1)};
    struct filter_value value = {.kind = FILTER_STRING, .string = inside};
    if (doubled) value.string = without_doubled_quotes(arena, inside, quote);
    struct bytes whole = {begin, inside.size + 2};
    return (struct symbol){.kind = SYMBOL_VALUE, .at = at, .text = whole, .value = value};
}

static struct symbol read_sign(struct bytes text, size_t at)
{
    const char *begin = (const char *)text.data + at;
    for (size_t i = 0; i < COUNT_OF(OPERATORS); i++) {
        size_t size = strlen(OPERATORS[i].text);
        if (text.size - at < size || memcmp(begin, OPERATORS[i].text, size) != 0) continue;
        return symbol_of(&OPERATORS[i], at, (struct bytes){begin, size});
    }
    struct bytes one = {begin, 1};
    if (is_one_of(*begin, "()[],*")) return (struct symbol){.kind = SYMBOL_SIGN, .at = at, .text = one, .sign = *begin};
    uint32_t character;
    one.size = utf8_next(text, at, &character);
    return symbol_wrong(at, one, FILTER_UNKNOWN_CHARACTER, "has no meaning here; text is written in \" or ' quotes");
}

struct symbol symbol_next(struct arena *arena, struct bytes text, size_t *at)
{
    const char *c = text.data;
    while (*at < text.size && is_one_of(c[*at], " \t\r\n")) (*at)++;
    if (*at == text.size) return (struct symbol){.kind = SYMBOL_END, .at = *at};
    struct symbol symbol;
    if (begins_word(c[*at])) symbol = read_word(text, *at);
    else if (is_digit(c[*at]) || is_one_of(c[*at], "-+.")) symbol = read_number(text, *at);
    else if (c[*at] == '"' || c[*at] == '\'') symbol = read_string(arena, text, *at);
    else symbol = read_sign(text, *at);
    *at += symbol.text.size;
    return symbol;
}
