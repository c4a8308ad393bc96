/* What may stand where a shell's cursor is, read from the tables of verbs and options: nothing is listed here again.
 *
 *     words before the cursor -> struct place -> candidates, "word TAB what it is", one on a line
 *
 * A line "@files" says that a file's name fits too, which the shell knows best. */
#include "clients/cli/cli.h"

#include <ctype.h>
#include <string.h>

enum { WHAT_SIZE = 200 };

/* Where the cursor is. */
struct place {
    const char *typed; /* of the word there, so far */
    bool helps;        /* behind "help" */
    const char *noun;
    const char *name;  /* of the verb, NULL: not typed, or the noun alone is the verb */
    const struct verb *verb;
    const struct option_row *option; /* whose value is typed */
    size_t operands;
    bool options_end;
};

/* ---- Walking there. */

static const struct option_row *row_in(const struct option_row *rows, const char *name, size_t size)
{
    for (; rows && rows->name; rows++)
        if (strlen(rows->name) == size && memcmp(rows->name, name, size) == 0) return rows;
    return NULL;
}

/* The row of "--name" or "--name=value"; NULL: there is none. */
static const struct option_row *row_of(const struct place *at, const char *word)
{
    size_t size = strcspn(word + 2, "=");
    const struct option_row *row = row_in(GLOBALS, word + 2, size);
    return row || !at->verb ? row : row_in(at->verb->options, word + 2, size);
}

static void pass_option(struct place *at, const char *word)
{
    const struct option_row *row = row_of(at, word);
    if (row && row->value && !strchr(word, '=')) at->option = row;
}

static void pass_word(struct place *at, const char *word)
{
    if (!at->noun && strcmp(word, "help") == 0 && !at->helps) {
        at->helps = true;
    } else if (!at->noun) {
        at->noun = word;
        at->verb = find_verb(word, NULL);
    } else if (!at->name && at->operands == 0 && find_verb(at->noun, word) && find_verb(at->noun, word)->name) {
        at->verb = find_verb(at->noun, word);
        at->name = word;
    } else {
        at->operands++;
    }
}

static void pass(struct place *at, const char *word)
{
    if (at->option && strcmp(word, "=") == 0) return; /* bash makes three words of --name=value */
    if (at->option) at->option = NULL;
    else if (at->options_end) pass_word(at, word);
    else if (strcmp(word, "--") == 0) at->options_end = true;
    else if (options_is(word)) pass_option(at, word);
    else pass_word(at, word);
}

/* The last word is the one at the cursor; "--name=value" is its value there. */
static struct place find_place(char **words)
{
    struct place at = {.typed = ""};
    for (; *words && words[1]; words++) pass(&at, *words);
    if (*words) at.typed = *words;
    const char *equals = options_is(at.typed) && !at.options_end ? strchr(at.typed, '=') : NULL;
    if (equals) at.option = row_of(&at, at.typed);
    if (equals) at.typed = equals + 1;
    if (at.option && strcmp(at.typed, "=") == 0) at.typed = "";
    return at;
}

/* ---- Candidates. */

static void offer(const struct place *at, const char *word, size_t size, const char *what)
{
    if (strlen(at->typed) <= size && strncmp(word, at->typed, strlen(at->typed)) == 0)
        printf("%.*s\t%s\n", (int)size, word, what);
}

static void offer_options(const struct place *at, const struct option_row *rows)
{
    for (; rows && rows->name; rows++) {
        char word[64];
        int size = snprintf(word, sizeof word, "--%s", rows->name);
        offer(at, word, (size_t)size, rows->help);
    }
}

static void offer_all_options(const struct place *at)
{
    if (at->helps || at->options_end) return;
    if (at->verb) offer_options(at, at->verb->options);
    offer_options(at, GLOBALS);
}

/* What may be put for "FILE", "yes|no", "ID": placeholders in small letters are the words themselves. */
static void offer_for(const struct place *at, const char *placeholder, const char *what)
{
    size_t size = strcspn(placeholder, " ");
    if (strncmp(placeholder, "FILE", size) == 0 || strncmp(placeholder, "PATH", size) == 0) puts("@files");
    if (!islower((unsigned char)*placeholder)) return;
    for (const char *word = placeholder; *word && *word != ' ';) {
        size = strcspn(word, "| ");
        offer(at, word, size, what);
        word += size + (word[size] == '|');
    }
}

/* "Save a device group", or "put, list, show, remove" when the noun alone is no verb. */
static void describe(const struct verb *first, char what[WHAT_SIZE])
{
    size_t size = 0;
    if (!first->name) {
        snprintf(what, WHAT_SIZE, "%s", first->help);
        return;
    }
    for (const struct verb *v = first; v->noun && strcmp(v->noun, first->noun) == 0 && size < WHAT_SIZE; v++)
        size += (size_t)snprintf(what + size, WHAT_SIZE - size, "%s%s", size ? ", " : "", v->name);
}

static void offer_nouns(const struct place *at)
{
    const char *last = "";
    for (const struct verb *v = VERBS; v->noun; v++) {
        char what[WHAT_SIZE];
        if (strcmp(v->noun, last) == 0) continue;
        describe(v, what);
        offer(at, v->noun, strlen(v->noun), what);
        last = v->noun;
    }
    if (!at->helps) offer(at, "help", strlen("help"), "Show help for a verb");
}

static void offer_names(const struct place *at)
{
    for (const struct verb *v = VERBS; v->noun; v++)
        if (v->name && strcmp(v->noun, at->noun) == 0) offer(at, v->name, strlen(v->name), v->help);
}

/* The operand that comes next; NULL: the verb takes no more. */
static const char *next_operand(const struct place *at)
{
    const char *operands = at->verb->operands;
    for (size_t i = 0; i < at->operands && operands; i++) {
        operands = strchr(operands, ' ');
        operands = operands ? operands + 1 : NULL;
    }
    return operands && *operands ? operands : NULL;
}

static void offer_operands(const struct place *at)
{
    if (!at->verb || at->helps) return;
    const char *operand = next_operand(at);
    if (operand) offer_for(at, operand, at->verb->help);
    else if (!*at->typed) offer_all_options(at);
}

void complete(char **words)
{
    struct place at = find_place(words);
    if (at.option) {
        offer_for(&at, at.option->value ? at.option->value : "", at.option->help);
    } else if (*at.typed == '-' && !at.options_end) {
        offer_all_options(&at);
    } else if (!at.noun) {
        offer_nouns(&at);
    } else {
        if (!at.name && at.operands == 0) offer_names(&at);
        offer_operands(&at);
    }
}
