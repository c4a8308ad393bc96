/* Options of a command line, read against tables of them. What is wrong is one sentence for the caller to say. */
#ifndef MUSTER_TERMINAL_OPTIONS_H
#define MUSTER_TERMINAL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One option; help prints it as "--name VALUE  help". A table of them ends with a row without name. */
struct option_row {
    const char *name;
    const char *value; /* NULL: a switch */
    const char *help;
};

enum { GIVEN_MAX = 256, OPTIONS_WHY_SIZE = 512 };

struct options {
    struct {
        const struct option_row *row;
        const char *value; /* "" for a switch */
    } given[GIVEN_MAX];
    size_t count;
};

/* Whether the word is an option: "--" with something behind it. */
bool options_is(const char *word);
/* Takes argv[*at], which is an option of one of the two tables, either of which may be NULL, and its value: behind "="
 * or in the next word, on which *at then stands. False with the reason in `why`. */
bool options_take(struct options *options, const struct option_row *rows, const struct option_row *more, char **argv,
                  int *at, char why[OPTIONS_WHY_SIZE]);

/* The value given last, "" for a switch that is on, NULL when not given. */
const char *options_get(const struct options *options, const char *name);
/* False, with the reason in `why`, when it is given and is no number of at most `most`. *value keeps its default when it
 * is not given. */
bool options_number(const struct options *options, const char *name, uint64_t most, uint64_t *value,
                    char why[OPTIONS_WHY_SIZE]);

/* Prints a table under its title; nothing when there are none. */
void options_show(const char *title, const struct option_row *rows);

#endif
