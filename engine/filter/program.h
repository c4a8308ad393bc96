/* What a filter is once parsed: its comparisons in the order of the text, each with the number of the one to
 * make next if it holds and if not. AND, OR, NOT and parentheses are gone into these jumps, which only go
 * forward.
 *
 *     $id = "a" AND NOT (x > 1 OR y = 2)
 *
 *     0  $id = "a"    yes: 1         no: no match
 *     1  x > 1        yes: no match  no: 2
 *     2  y = 2        yes: no match  no: match
 */
#ifndef MUSTER_FILTER_PROGRAM_H
#define MUSTER_FILTER_PROGRAM_H

#include "engine/filter/filter.h"

/* The fields, their names and what kind they always have; a property's kind only its value knows. */
#define FILTER_FIELDS(X)                                                                                               \
    X(FIELD_ID, "$id", FILTER_STRING)                                                                                  \
    X(FIELD_NAME, "$displayName", FILTER_STRING)                                                                       \
    X(FIELD_TEMPLATE, "$template", FILTER_STRING)                                                                      \
    X(FIELD_PROVISIONED, "$provisioned", FILTER_BOOL)                                                                  \
    X(FIELD_SIMULATED, "$simulated", FILTER_BOOL)

#define FIELD_ENUM(field, name, kind) field,
enum filter_field { FILTER_FIELDS(FIELD_ENUM) FIELD_PROPERTY };
#undef FIELD_ENUM

enum filter_operator {
    OPERATOR_EQUAL,
    OPERATOR_NOT_EQUAL,
    OPERATOR_LESS,
    OPERATOR_LESS_EQUAL,
    OPERATOR_GREATER,
    OPERATOR_GREATER_EQUAL,
    OPERATOR_IN,
    OPERATOR_CONTAINS,
    OPERATOR_STARTSWITH,
};

struct comparison {
    uint8_t field;        /* enum filter_field */
    uint8_t op;           /* enum filter_operator */
    uint16_t value_count; /* more than one only with IN */
    uint16_t yes;
    uint16_t no;
    struct bytes path; /* of FIELD_PROPERTY */
    const struct filter_value *values;
};

/* In the place of a number: nothing more to compare. */
enum { FILTER_MATCH = UINT16_MAX, FILTER_NO_MATCH = UINT16_MAX - 1 };

struct filter {
    uint16_t first; /* 0, or FILTER_MATCH for the filter that matches all */
    const struct comparison *comparisons;
};

#endif
