/* muster: the command line of an engine. Reads the command line against the table of verbs and leaves
 * the rest to the verb. */
#include "clients/cli/cli.h"
#include "clients/terminal/text.h"

#include <errno.h>
#include <string.h>

/* ---- Options. */

/* Takes argv[*at], which begins with "--", and its value. */
static int take_option(struct cli *cli, char **argv, int *at)
{
    char why[OPTIONS_WHY_SIZE];
    const struct option_row *rows = cli->verb ? cli->verb->options : NULL;
    return options_take(&cli->options, GLOBALS, rows, argv, at, why) ? EXIT_DONE : usage(cli, "%s", why);
}

const char *option(const struct cli *cli, const char *name)
{
    return options_get(&cli->options, name);
}

bool option_number(const struct cli *cli, const char *name, uint64_t most, uint64_t *value)
{
    char why[OPTIONS_WHY_SIZE];
    if (options_number(&cli->options, name, most, value, why)) return true;
    usage(cli, "%s", why);
    return false;
}

/* ---- Finding the verb. */

const struct verb *find_verb(const char *noun, const char *name)
{
    const struct verb *alone = NULL;
    for (const struct verb *v = VERBS; v->noun; v++) {
        if (strcmp(v->noun, noun) != 0) continue;
        if (!v->name) alone = v;
        else if (name && strcmp(v->name, name) == 0) return v;
    }
    return alone;
}

static bool is_noun(const char *word)
{
    for (const struct verb *v = VERBS; v->noun; v++)
        if (strcmp(v->noun, word) == 0) return true;
    return false;
}

int unknown_noun(const char *word)
{
    for (const struct verb *v = VERBS; v->noun; v++) {
        size_t size = strlen(v->noun);
        if (strncmp(word, v->noun, size) != 0 && strncmp(word, v->noun, strlen(word)) != 0) continue;
        complain_as("usage", "there is no '%s'; 'muster help %s' shows what can be done with '%s'", word, v->noun,
                    v->noun);
        return EXIT_USAGE;
    }
    complain_as("usage", "there is no '%s'; 'muster help' shows what there is", word);
    return EXIT_USAGE;
}

/* argv[*at] is the noun. */
static int take_verb(struct cli *cli, char **argv, int *at)
{
    const char *noun = argv[*at], *name = argv[*at + 1];
    cli->verb = find_verb(noun, name);
    if (!cli->verb) {
        if (!is_noun(noun)) return unknown_noun(noun);
        if (!name || options_is(name))
            complain_as("usage", "'%s' needs a verb; 'muster help %s' shows which there are", noun, noun);
        else complain_as("usage", "there is no '%s %s'; 'muster help %s' shows which there are", noun, name, noun);
        return EXIT_USAGE;
    }
    if (cli->verb->name) ++*at;
    return EXIT_DONE;
}

static int take_operand(struct cli *cli, const char *word)
{
    bool wants_second = strchr(cli->verb->operands, ' ') != NULL;
    if (!cli->operand && *cli->verb->operands) cli->operand = word;
    else if (cli->operand && !cli->second_operand && wants_second) cli->second_operand = word;
    else return usage(cli, "'%s' is one word too many", word);
    return EXIT_DONE;
}

/* What the verb needs and was not given; NULL: nothing. */
static const char *missing_operand(const struct cli *cli)
{
    const char *operands = cli->verb->operands, *second = strchr(operands, ' ');
    if (*operands == '[') return NULL;
    if (*operands && !cli->operand) return operands;
    return second && !cli->second_operand ? second + 1 : NULL;
}

static int take_arguments(struct cli *cli, char **argv)
{
    bool options_end = false;
    for (int at = 1; argv[at]; at++) {
        int code = EXIT_DONE;
        if (!options_end && strcmp(argv[at], "--") == 0) options_end = true;
        else if (!options_end && options_is(argv[at])) code = take_option(cli, argv, &at);
        else if (!cli->verb) code = take_verb(cli, argv, &at);
        else code = take_operand(cli, argv[at]);
        if (code != EXIT_DONE) return code;
    }
    return EXIT_DONE;
}

/* True when the command line asks for words only: help, the version and completion, which need no engine. */
static bool asks_for_help(char **argv, int *code)
{
    if (!argv[1]) {
        help(NULL, NULL);
        *code = EXIT_USAGE;
        return true;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("muster " MUSTER_VERSION);
        *code = EXIT_DONE;
        return true;
    }
    if (strcmp(argv[1], "help") == 0) {
        *code = help(argv[2], argv[2] ? argv[3] : NULL);
        return true;
    }
    if (strcmp(argv[1], "complete") == 0) {
        complete(argv + 2);
        *code = EXIT_DONE;
        return true;
    }
    for (int i = 1; argv[i] && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") != 0) continue;
        bool named = i > 1 && !options_is(argv[1]);
        *code = help(named ? argv[1] : NULL, named && i > 2 ? argv[2] : NULL);
        return true;
    }
    return false;
}

static bool wants_json(char **argv)
{
    for (int i = 1; argv[i] && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--json") == 0) return true;
    return false;
}

/* What was printed is printed only when it has left the process: a full disk is no "done". */
static int flushed(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return code;
    complain("standard output cannot be written: %s", strerror(errno));
    return EXIT_REFUSED;
}

int main(int argc, char **argv)
{
    struct cli cli = {.verb = NULL};
    int code;
    (void)argc;
    text_set_locale();
    if (wants_json(argv)) complain_in_json();
    if (asks_for_help(argv, &code)) return flushed(code);
    code = take_arguments(&cli, argv);
    if (code != EXIT_DONE) return code;
    if (!cli.verb) return usage(&cli, "a verb is missing");
    if (missing_operand(&cli)) return usage(&cli, "%s is missing", missing_operand(&cli));
    cli.json = option(&cli, "json") != NULL;
    cli.colours = text_colours_are_welcome();
    code = cli.verb->run(&cli);
    muster_close(cli.client);
    return flushed(code);
}
