/* What every verb of `muster` is given and may use: its operands and options, the engine, and the ways out. */
#ifndef MUSTER_CLI_H
#define MUSTER_CLI_H

#include "clients/terminal/options.h"

#include <muster.h>
#include <stdio.h>

/* Scripts test these; --help lists them, from the table in help.c. */
enum exit_code {
    EXIT_DONE = 0,
    EXIT_REFUSED = 1, /* or not found, or a file of our own could not be used */
    EXIT_USAGE = 2,
    EXIT_NO_ENGINE = 3,
    EXIT_NOT_COMPLETE = 4,
    EXIT_REJECTED_ROWS = 5,
};

struct cli;

/* One row of VERBS. */
struct verb {
    const char *noun;
    const char *name;     /* NULL: the noun alone is the verb */
    const char *operands; /* "ID", "FILE", "ID DEVICE", "[ID]" that may be left out, or "" */
    const char *help;     /* one sentence, no full stop */
    const struct option_row *options;
    int (*run)(struct cli *cli); /* an exit code */
};
extern const struct verb VERBS[]; /* ends with a row without noun */

/* How a verb is used; a verb may have several, or none. */
struct example {
    const char *noun;
    const char *name; /* NULL as in the verb's row */
    const char *line;
};
extern const struct example EXAMPLES[]; /* ends with a row without noun */

struct cli {
    const struct verb *verb;
    const char *operand;        /* NULL for verbs without */
    const char *second_operand; /* of verbs with two */
    struct options options;
    bool json;
    bool colours;                 /* on standard output */
    struct muster_client *client; /* NULL before the first call() */
};

/* ---- Options. */

/* The value given last, "" for a switch that is on, NULL when not given. */
const char *option(const struct cli *cli, const char *name);
/* False, with a sentence said, when it is given and is no number of at most `most`. *value keeps its
 * default when it is not given. */
bool option_number(const struct cli *cli, const char *name, uint64_t most, uint64_t *value);
/* Says what is wrong with the command line and where help is; EXIT_USAGE. */
int usage(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- Asking. */

/* What changing methods take besides: requestId and onBehalfOf. */
void put_globals(const struct cli *cli, struct muster_params *params);
/* Puts an option's text under `key` if it was given. */
void put_option(const struct cli *cli, struct muster_params *params, const char *name, const char *key);
/* Puts words with commas between as a list of texts. */
void put_list(struct muster_params *params, const char *key, const char *words);
/* The same for an option, if it was given. */
void put_words(const struct cli *cli, struct muster_params *params, const char *name, const char *key);

/* Connects if this is the first call, asks and, unless the engine answers, says why not. The exit code; *result is
 * valid on EXIT_DONE until the next call. `params` may be NULL. */
int call(struct cli *cli, const char *method, const struct muster_params *params, msgpack_object *result);
/* Asks about the resource named by the operand: {id}. With `changing` also what put_globals() puts. */
int call_on_operand(struct cli *cli, const char *method, bool changing, msgpack_object *result);
/* What a fault or refusal means for the process: says it, with a hint, and gives the exit code. */
int explain(struct cli *cli, enum muster_status status);

/* ---- Saying what is wrong, on standard error: "muster: " and one sentence, or with --json
 * {"error": {code, message}}. */

/* From now on in JSON. */
void complain_in_json(void);
/* With the code "failed", or with one of its own, such as "usage". */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
void complain_as(const char *code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for a sentence of the engine: the methods it names are named as verbs. */
void complain_of_engine(const char *code, const char *sentence);
/* A line beside what was asked for, to standard error as it is; nothing with --json. */
void remark(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- Help. */

/* "job", "run"; a noun that is a verb by itself is found with any name. NULL: there is none. */
const struct verb *find_verb(const char *noun, const char *name);
/* Says that nothing is called so, and what was perhaps meant; EXIT_USAGE. */
int unknown_noun(const char *word);
/* Ends with EXIT_DONE or, when there is no such noun or verb, says so and EXIT_USAGE. Both may be NULL. */
int help(const char *noun, const char *name);
extern const struct option_row GLOBALS[];

/* Writes what may stand in the place of the last word, given those before it; for a shell. */
void complete(char **words);

#endif
