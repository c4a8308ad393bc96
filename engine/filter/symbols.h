/* Cuts the text of a filter into words, values and signs, one at a time. */
#ifndef MUSTER_FILTER_SYMBOLS_H
#define MUSTER_FILTER_SYMBOLS_H

#include "engine/filter/program.h"

enum symbol_kind {
    SYMBOL_END,
    SYMBOL_WORD, /* a field, a property path, `devices` */
    SYMBOL_KEYWORD,
    SYMBOL_VALUE, /* a string, a number, true or false */
    SYMBOL_OPERATOR,
    SYMBOL_SIGN, /* ( ) [ ] , * */
    SYMBOL_WRONG,
};

/* In any case. IN, CONTAINS and STARTSWITH are operators, TRUE and FALSE values. */
enum keyword { KEYWORD_SELECT, KEYWORD_FROM, KEYWORD_WHERE, KEYWORD_AND, KEYWORD_OR, KEYWORD_NOT };

struct symbol {
    enum symbol_kind kind;
    size_t at;         /* of its first byte */
    struct bytes text; /* as it stands in the filter */
    union {
        enum keyword keyword;
        struct filter_value value;
        enum filter_operator op;
        char sign;
        struct {
            enum filter_fault fault;
            const char *why;
        } wrong;
    };
};

/* `text` ends in a zero that does not count, and lives as long as the filter: strings borrow from it, unless
 * doubled quotes in them make a copy necessary. */
struct symbol symbol_next(struct arena *arena, struct bytes text, size_t *at);

#endif
