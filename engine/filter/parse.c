/* Text to filter: one function for each rule of the grammar in docs/filters.md builds a small tree, which is
 * then linked into the jumps of program.h. A rule that fails has said why and returns NULL or false; the
 * first sentence stays. */
#include "engine/filter/symbols.h"
#include "engine/base/text.h"

#include <stdarg.h>
#include <stdio.h>

enum { QUOTED_LENGTH_MAX = 30 };

struct node {
    enum node_kind { NODE_COMPARISON, NODE_NOT, NODE_AND, NODE_OR } kind;
    uint16_t comparison;
    const struct node *left; /* the only one of NOT */
    const struct node *right;
};

struct parser {
    struct arena *arena;
    struct bytes text;
    size_t at;            /* behind `symbol` */
    struct symbol symbol; /* not yet taken */
    unsigned depth;
    size_t value_count;
    uint16_t comparison_count;
    struct comparison comparisons[FILTER_VALUES_MAX];
    enum filter_fault fault;
    struct filter_error *error;
};

/* ---- Saying what is wrong. */

static size_t column_of(const struct parser *p, size_t at)
{
    return utf8_length((struct bytes){p->text.data, at}) + 1;
}

static void fail(struct parser *p, enum filter_fault fault, size_t at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void fail(struct parser *p, enum filter_fault fault, size_t at, const char *format, ...)
{
    if (p->fault) return;
    struct sentence what;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what.text, sizeof what.text, format, arguments);
    va_end(arguments);
    p->fault = fault;
    p->error->column = column_of(p, at);
    sentence_set(&p->error->sentence, "column %zu: %.450s", p->error->column, what.text);
}

/* Something else had to stand where the symbol stands. `expected` says what, `hint` may help. */
static void fail_expected(struct parser *p, enum filter_fault fault, const char *expected, const char *hint)
{
    const struct symbol *s = &p->symbol;
    struct bytes shown = text_quotable(s->text, QUOTED_LENGTH_MAX);
    const char *cut = shown.size < s->text.size ? "..." : "";
    if (s->kind == SYMBOL_END) fail(p, fault, s->at, "expected %s, but the filter ends%s", expected, hint);
    else fail(p, fault, s->at, "expected %s, but found %.*s%s%s", expected, BYTES_ARG(shown), cut, hint);
}

/* ---- Taking symbols. */

static void advance(struct parser *p)
{
    p->symbol = symbol_next(p->arena, p->text, &p->at);
    const struct symbol *s = &p->symbol;
    if (s->kind != SYMBOL_WRONG) return;
    struct bytes shown = text_quotable(s->text, QUOTED_LENGTH_MAX);
    if (shown.size > 0) fail(p, s->wrong.fault, s->at, "%.*s %s", BYTES_ARG(shown), s->wrong.why);
    else fail(p, s->wrong.fault, s->at, "a control character %s", s->wrong.why);
}

static bool at_keyword(const struct parser *p, enum keyword keyword)
{
    return p->symbol.kind == SYMBOL_KEYWORD && p->symbol.keyword == keyword;
}

static bool at_sign(const struct parser *p, char sign)
{
    return p->symbol.kind == SYMBOL_SIGN && p->symbol.sign == sign;
}

static bool take_keyword(struct parser *p, enum keyword keyword)
{
    if (!at_keyword(p, keyword)) return false;
    advance(p);
    return true;
}

static bool take_sign(struct parser *p, char sign)
{
    if (!at_sign(p, sign)) return false;
    advance(p);
    return true;
}

/* ---- Fields. */

struct field {
    const char *name;
    enum filter_kind kind;
};

static const struct field FIELDS[] = {
#define FIELD_ROW(field, name, kind) [field] = {name, kind},
    FILTER_FIELDS(FIELD_ROW)
#undef FIELD_ROW
};

/* A name as DTDL has it, the modelling language of device templates: a letter, then letters, digits and _. */
static bool is_property_name(const char *c, size_t size)
{
    if (size == 0) return false;
    bool good = (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z');
    /* The symbol's other characters are those of a name already, but for these two. */
    return good && !memchr(c, '$', size) && !memchr(c, '.', size);
}

static bool is_property_path(struct bytes path)
{
    const char *c = path.data;
    const char *dot = memchr(c, '.', path.size);
    if (!dot) return is_property_name(c, path.size);
    size_t component = (size_t)(dot - c);
    return is_property_name(c, component) && is_property_name(dot + 1, path.size - component - 1);
}

static bool parse_field(struct parser *p, struct comparison *c)
{
    struct bytes word = p->symbol.text;
    if (p->symbol.kind != SYMBOL_WORD) {
        fail_expected(p, FILTER_EXPECTED_CONDITION, "a condition, for example $template = \"v2\" or temperature > 30",
                      "");
        return false;
    }
    for (size_t i = 0; i < COUNT_OF(FIELDS); i++) {
        if (bytes_equal(word, bytes_of_text(FIELDS[i].name))) {
            c->field = (uint8_t)i;
            return true;
        }
    }
    struct bytes shown = text_quotable(word, QUOTED_LENGTH_MAX);
    if (*(const char *)word.data == '$') {
        fail(p, FILTER_UNKNOWN_FIELD, p->symbol.at,
             "%.*s is no field; there are $id, $displayName, $template, $provisioned and $simulated, written just so",
             BYTES_ARG(shown));
    } else if (!is_property_path(word)) {
        fail(p, FILTER_BAD_PATH, p->symbol.at,
             "%.*s is no property path; one is name or component.name, each a letter and then letters, digits and _",
             BYTES_ARG(shown));
    }
    c->field = FIELD_PROPERTY;
    c->path = word;
    return !p->fault;
}

/* ---- Values. */

/* What would be accepted, but could never be true, is a mistake that somebody should hear of. */
static bool value_may_be_true(struct parser *p, const struct comparison *c, const struct symbol *value)
{
    enum filter_kind kind = value->value.kind;
    bool looks_for_text = c->op == OPERATOR_CONTAINS || c->op == OPERATOR_STARTSWITH;
    bool has_order = c->op >= OPERATOR_LESS && c->op <= OPERATOR_GREATER_EQUAL;
    enum filter_kind always = c->field == FIELD_PROPERTY ? FILTER_MISSING : FIELDS[c->field].kind;
    if (looks_for_text && kind != FILTER_STRING) {
        fail(p, FILTER_WRONG_VALUE, value->at, "CONTAINS and STARTSWITH look for text; put it in quotes");
    } else if (always == FILTER_STRING && kind != FILTER_STRING) {
        fail(p, FILTER_WRONG_VALUE, value->at, "%s is text; put the value in quotes", FIELDS[c->field].name);
    } else if (always == FILTER_BOOL && (kind != FILTER_BOOL || has_order)) {
        fail(p, FILTER_WRONG_VALUE, value->at, "%s is true or false; compare it with = true or = false",
             FIELDS[c->field].name);
    } else if (has_order && kind == FILTER_BOOL) {
        fail(p, FILTER_WRONG_VALUE, value->at, "true and false have no order; compare them with = or !=");
    }
    return !p->fault;
}

static bool parse_value(struct parser *p, const struct comparison *c, struct bytes after, struct filter_value *value)
{
    struct symbol symbol = p->symbol;
    if (symbol.kind != SYMBOL_VALUE) {
        char expected[80];
        snprintf(expected, sizeof expected, "a value after %.*s, for example \"v2\" or 12", BYTES_ARG(after));
        fail_expected(p, FILTER_EXPECTED_VALUE, expected,
                      symbol.kind == SYMBOL_WORD ? "; text is written in quotes" : "");
        return false;
    }
    if (p->value_count == FILTER_VALUES_MAX) {
        fail(p, FILTER_TOO_MANY_VALUES, symbol.at, "a filter compares with at most %d values; make two groups of it",
             FILTER_VALUES_MAX);
        return false;
    }
    if (!value_may_be_true(p, c, &symbol)) return false;
    p->value_count++;
    *value = symbol.value;
    advance(p);
    return true;
}

static void keep_values(struct parser *p, struct comparison *c, const struct filter_value values[], size_t count)
{
    c->values = memcpy(arena_alloc(p->arena, count * sizeof *values), values, count * sizeof *values);
    c->value_count = (uint16_t)count;
}

static bool parse_list(struct parser *p, struct comparison *c)
{
    struct filter_value values[FILTER_VALUES_MAX];
    size_t count = 0, opened_at = p->symbol.at;
    struct bytes after = p->symbol.text;
    if (!take_sign(p, '[')) {
        fail_expected(p, FILTER_EXPECTED_LIST, "a list after IN, for example [\"a\", \"b\"]", "");
        return false;
    }
    do {
        /* The limit on all values of the filter keeps the list within its array. */
        struct filter_value value;
        if (!parse_value(p, c, after, &value)) return false;
        values[count++] = value;
        after = p->symbol.text;
    } while (take_sign(p, ','));
    if (!take_sign(p, ']')) {
        char expected[80];
        snprintf(expected, sizeof expected, ", or ] in the list opened at column %zu", column_of(p, opened_at));
        fail_expected(p, FILTER_UNCLOSED_LIST, expected, "");
        return false;
    }
    keep_values(p, c, values, count);
    return true;
}

/* ---- Conditions. */

static const struct node *node_new(struct parser *p, struct node node)
{
    struct node *place = arena_alloc(p->arena, sizeof *place);
    *place = node;
    return place;
}

static bool parse_operator(struct parser *p, struct bytes field, struct comparison *c)
{
    if (p->symbol.kind != SYMBOL_OPERATOR) {
        struct bytes shown = text_quotable(field, QUOTED_LENGTH_MAX);
        char expected[160];
        snprintf(expected, sizeof expected, "an operator after %.*s (= != <> < <= > >= IN CONTAINS STARTSWITH)",
                 BYTES_ARG(shown));
        fail_expected(p, FILTER_EXPECTED_OPERATOR, expected,
                      at_keyword(p, KEYWORD_NOT) ? "; NOT stands before the whole condition" : "");
        return false;
    }
    c->op = (uint8_t)p->symbol.op;
    advance(p);
    return true;
}

static const struct node *parse_comparison(struct parser *p)
{
    struct comparison c = {.field = FIELD_PROPERTY};
    struct bytes field = p->symbol.text;
    if (!parse_field(p, &c)) return NULL;
    advance(p);
    struct bytes op = p->symbol.text;
    if (!parse_operator(p, field, &c)) return NULL;
    if (c.op == OPERATOR_IN) {
        if (!parse_list(p, &c)) return NULL;
    } else {
        struct filter_value value;
        if (!parse_value(p, &c, op, &value)) return NULL;
        keep_values(p, &c, &value, 1);
    }
    /* Each has a value of its own, so there are no more of them than values. */
    p->comparisons[p->comparison_count] = c;
    return node_new(p, (struct node){.kind = NODE_COMPARISON, .comparison = p->comparison_count++});
}

static const struct node *parse_or(struct parser *p);

static const struct node *parse_parentheses(struct parser *p)
{
    size_t opened_at = p->symbol.at;
    advance(p);
    const struct node *inside = parse_or(p);
    if (!inside) return NULL;
    if (take_sign(p, ')')) return inside;
    char expected[80];
    snprintf(expected, sizeof expected, "AND, OR or the ) of the ( at column %zu", column_of(p, opened_at));
    fail_expected(p, FILTER_UNCLOSED_PARENTHESIS, expected, "");
    return NULL;
}

static const struct node *parse_not(struct parser *p)
{
    bool negated = at_keyword(p, KEYWORD_NOT);
    if (!negated && !at_sign(p, '(')) return parse_comparison(p);
    if (p->depth == FILTER_DEPTH_MAX) {
        fail(p, FILTER_TOO_DEEP, p->symbol.at, "parentheses and NOTs stand at most %d deep in each other",
             FILTER_DEPTH_MAX);
        return NULL;
    }
    p->depth++;
    const struct node *node;
    if (negated) {
        advance(p);
        node = parse_not(p);
        if (node) node = node_new(p, (struct node){.kind = NODE_NOT, .left = node});
    } else {
        node = parse_parentheses(p);
    }
    p->depth--;
    return node;
}

static const struct node *parse_and(struct parser *p)
{
    const struct node *left = parse_not(p);
    while (left && take_keyword(p, KEYWORD_AND)) {
        const struct node *right = parse_not(p);
        if (!right) return NULL;
        left = node_new(p, (struct node){.kind = NODE_AND, .left = left, .right = right});
    }
    return left;
}

static const struct node *parse_or(struct parser *p)
{
    const struct node *left = parse_and(p);
    while (left && take_keyword(p, KEYWORD_OR)) {
        const struct node *right = parse_and(p);
        if (!right) return NULL;
        left = node_new(p, (struct node){.kind = NODE_OR, .left = left, .right = right});
    }
    return left;
}

/* SELECT * FROM devices, all or nothing of it. *condition: whether one must follow. */
static bool parse_select(struct parser *p, bool *condition)
{
    *condition = p->symbol.kind != SYMBOL_END;
    if (!take_keyword(p, KEYWORD_SELECT)) return true;
    const char *expected = NULL;
    if (!take_sign(p, '*')) expected = "* after SELECT";
    else if (!take_keyword(p, KEYWORD_FROM)) expected = "FROM after SELECT *";
    else if (!text_equals_any_case(p->symbol.text, BYTES("devices"))) expected = "devices after FROM";
    if (!expected) {
        advance(p);
        *condition = take_keyword(p, KEYWORD_WHERE);
        if (*condition || p->symbol.kind == SYMBOL_END) return true;
        expected = "WHERE or the end after FROM devices";
    }
    fail_expected(p, FILTER_BAD_SELECT, expected, "");
    return false;
}

/* Gives every comparison its two jumps, from the last to the first; returns the node's first comparison. */
static uint16_t link_node(struct comparison *comparisons, const struct node *node, uint16_t yes, uint16_t no)
{
    switch (node->kind) {
    case NODE_NOT: return link_node(comparisons, node->left, no, yes);
    case NODE_AND: return link_node(comparisons, node->left, link_node(comparisons, node->right, yes, no), no);
    case NODE_OR: return link_node(comparisons, node->left, yes, link_node(comparisons, node->right, yes, no));
    case NODE_COMPARISON: break;
    }
    comparisons[node->comparison].yes = yes;
    comparisons[node->comparison].no = no;
    return node->comparison;
}

static const struct filter *filter_of(struct parser *p, const struct node *root)
{
    struct filter *filter = arena_alloc(p->arena, sizeof *filter);
    *filter = (struct filter){.first = FILTER_MATCH};
    if (!root) return filter;
    filter->first = link_node(p->comparisons, root, FILTER_MATCH, FILTER_NO_MATCH);
    size_t size = p->comparison_count * sizeof *p->comparisons;
    filter->comparisons = memcpy(arena_alloc(p->arena, size), p->comparisons, size);
    return filter;
}

static const struct filter *parse_text(struct parser *p)
{
    const struct node *root = NULL;
    bool condition;
    advance(p);
    if (p->fault || !parse_select(p, &condition)) return NULL;
    if (condition) root = parse_or(p);
    if (!p->fault && p->symbol.kind != SYMBOL_END) fail_expected(p, FILTER_EXPECTED_END, "AND, OR or the end", "");
    return p->fault ? NULL : filter_of(p, root);
}

static void check_text(struct parser *p)
{
    size_t valid = utf8_valid_size((struct bytes){p->text.data, MIN(p->text.size, (size_t)FILTER_SIZE_MAX)});
    if (p->text.size > FILTER_SIZE_MAX) {
        fail(p, FILTER_TOO_LONG, valid, "a filter has at most %d bytes, this one has %zu", FILTER_SIZE_MAX,
             p->text.size);
    } else if (valid < p->text.size) {
        fail(p, FILTER_NOT_UTF8, valid, "the byte 0x%02X is not UTF-8 text", ((const uint8_t *)p->text.data)[valid]);
    }
}

enum filter_fault filter_parse(struct arena *arena, struct bytes text, const struct filter **out,
                               struct filter_error *error)
{
    struct parser p = {.arena = arena, .text = text, .error = error};
    *out = NULL;
    check_text(&p);
    if (p.fault) return p.fault;
    p.text.data = arena_text(arena, text);
    *out = parse_text(&p);
    ASSERT((*out == NULL) == (p.fault != FILTER_OK));
    return p.fault;
}
