/* The filter of a device group: parsed once, then asked about device after device. Pure. The language, with
 * examples, is in docs/filters.md.
 *
 *     SELECT * FROM devices WHERE $template = "thermostat" AND (temperature > 30 OR NOT $provisioned = true)
 */
#ifndef MUSTER_FILTER_H
#define MUSTER_FILTER_H

#include "engine/base/arena.h"

enum {
    FILTER_SIZE_MAX = 4 << 10, /* bytes of text */
    FILTER_DEPTH_MAX = 32,     /* parentheses and NOTs, one within the other */
    FILTER_VALUES_MAX = 256,   /* values that are compared with, those in lists counted singly */
};

/* Why a text is no filter. */
enum filter_fault {
    FILTER_OK = 0,
    FILTER_TOO_LONG,
    FILTER_NOT_UTF8,
    FILTER_TOO_DEEP,
    FILTER_TOO_MANY_VALUES,
    FILTER_UNKNOWN_CHARACTER,
    FILTER_UNCLOSED_STRING,
    FILTER_BAD_NUMBER,
    FILTER_BAD_SELECT,         /* SELECT without * FROM devices, or what follows that is not WHERE */
    FILTER_EXPECTED_CONDITION, /* nothing where a condition must begin, or something that begins none */
    FILTER_UNKNOWN_FIELD,      /* $ and a name that is none of the five */
    FILTER_BAD_PATH,
    FILTER_EXPECTED_OPERATOR,
    FILTER_EXPECTED_VALUE,
    FILTER_WRONG_VALUE, /* could never be true: $provisioned = "yes", $id > 5, x < true, x CONTAINS 5 */
    FILTER_EXPECTED_LIST,
    FILTER_UNCLOSED_LIST,
    FILTER_UNCLOSED_PARENTHESIS,
    FILTER_EXPECTED_END, /* a whole filter, and then something more */
};

struct filter_error {
    size_t column;            /* of what is wrong, in characters, from 1 */
    struct sentence sentence; /* "column 31: expected a value after =, for example \"v2\" or 12" */
};

struct filter;

/* On FILTER_OK *out is the filter; it lives as long as the arena, and `text` is not needed any more. Else
 * *error says where and what, and *out is NULL. Empty or blank text is the filter that matches all. */
enum filter_fault filter_parse(struct arena *arena, struct bytes text, const struct filter **out,
                               struct filter_error *error);

enum filter_kind { FILTER_MISSING = 0, FILTER_BOOL, FILTER_NUMBER, FILTER_STRING };

struct filter_value {
    enum filter_kind kind;
    union {
        bool boolean;
        double number;
        struct bytes string;
    };
};

/* One MessagePack value as the filter sees it: nil, lists, maps and what is cut off are missing. Numbers are
 * doubles, so whole numbers from 2^53 on are rounded. A string borrows from `packed`. */
struct filter_value filter_value_of(struct bytes packed);

/* A device as the filter sees it. All is borrowed for the time of one filter_matches. */
struct filter_device {
    struct bytes id;
    struct bytes display_name;
    struct bytes template; /* its id; empty when the device is unassigned */
    bool provisioned;
    bool simulated;
    /* The value at `path` ("name" or "component.name"): the reported one, else the one set. False when there is
     * none. What it hands out lives until its next call. Never called for a filter that names no path. */
    bool (*property)(void *context, struct bytes path, struct filter_value *out);
    void *context;
};

/* Whether the device is one of the group. A condition is true or false, nothing between:
 * - on a missing value every comparison is false, also != ; so NOT of it is true;
 * - values of different kinds are different: != is true, all else false;
 * - strings compare byte by byte, so case and accents count; numbers as doubles; booleans only with = and !=.
 * An unassigned device's $template is "". Allocates nothing and does not recurse; makes the comparisons from
 * the left, each at most once, and only as many as it takes to know. */
bool filter_matches(const struct filter *filter, const struct filter_device *device);

#endif
