/* Help, made from the table of verbs and the tables of their options. */
#include "clients/cli/cli.h"

#include <string.h>

const struct option_row GLOBALS[] = {
    {"socket", "PATH", "the engine's socket"},
    {"json", NULL, "one JSON document on standard output, an error as one on standard error"},
    {"request-id", "ID", "makes a change safe to repeat: the same id and change are done once"},
    {"on-behalf-of", "NAME", "who asked for a change, for the log"},
    {"help", NULL, "show help for a verb"},
    {NULL, NULL, NULL},
};

static const struct {
    enum exit_code code;
    const char *meaning;
} EXIT_CODES[] = {
    {EXIT_DONE, "done"},
    {EXIT_REFUSED, "refused, or not found"},
    {EXIT_USAGE, "the command line is wrong"},
    {EXIT_NO_ENGINE, "no engine at the socket, or it went away"},
    {EXIT_NOT_COMPLETE, "the job waited for did not complete, or did with failed devices"},
    {EXIT_REJECTED_ROWS, "an import had rejected rows"},
};

static void show_exit_codes(void)
{
    puts("\nExit codes:");
    for (size_t i = 0; i < sizeof EXIT_CODES / sizeof *EXIT_CODES; i++)
        printf("  %d  %s\n", EXIT_CODES[i].code, EXIT_CODES[i].meaning);
}

static void show_line(const struct verb *v)
{
    char left[40];
    snprintf(left, sizeof left, "%s%s%s %s", v->noun, v->name ? " " : "", v->name ? v->name : "", v->operands);
    printf("  %-24s %s\n", left, v->help);
}

static bool is_example_of(const struct example *e, const struct verb *v)
{
    if (strcmp(e->noun, v->noun) != 0 || !e->name != !v->name) return false;
    return !e->name || strcmp(e->name, v->name) == 0;
}

static void show_examples(const struct verb *v)
{
    bool any = false;
    for (const struct example *e = EXAMPLES; e->noun; e++) {
        if (!is_example_of(e, v)) continue;
        if (!any) puts("\nFor example:");
        printf("  muster %s\n", e->line);
        any = true;
    }
}

static void show_verb(const struct verb *v)
{
    printf("Usage: muster %s%s%s%s%s%s\n\n", v->noun, v->name ? " " : "", v->name ? v->name : "",
           *v->operands ? " " : "", v->operands, v->options ? " [OPTION]..." : "");
    printf("%s.\n", v->help);
    show_examples(v);
    options_show("Options", v->options);
    options_show("Options of every verb", GLOBALS);
    show_exit_codes();
}

static void show_all(void)
{
    const char *noun = "";
    puts("Usage: muster [OPTION]... VERB [OPERAND] [OPTION]...\n"
         "\n"
         "Runs jobs on a fleet's devices, and shows what happened. The shortest way to a job:\n"
         "\n"
         "  muster import devices.csv\n"
         "  muster group put all\n"
         "  muster job run --group all --set 'firmware=\"2.1\"' --wait");
    for (const struct verb *v = VERBS; v->noun; v++) {
        if (strcmp(v->noun, noun) != 0) puts("");
        noun = v->noun;
        show_line(v);
    }
    puts("\n'muster help VERB' tells more about one, for example 'muster help job run'.");
    options_show("Options of every verb", GLOBALS);
    puts("\n"
         "The socket is MUSTER_SOCKET when --socket is not given, else ./muster-data/muster.sock if there is\n"
         "one, else /run/muster/muster.sock. With NO_COLOR set nothing is coloured.");
    show_exit_codes();
}

/* The noun's verbs, but for one that is shown already. */
static void show_noun(const char *noun, const struct verb *shown)
{
    if (!shown) printf("Usage: muster %s VERB [OPERAND] [OPTION]...\n\n", noun);
    for (const struct verb *v = VERBS; v->noun; v++)
        if (strcmp(v->noun, noun) == 0 && v != shown) show_line(v);
    printf("\n'muster help %s VERB' tells more about one.\n", noun);
}

static size_t verbs_of(const char *noun)
{
    size_t count = 0;
    for (const struct verb *v = VERBS; v->noun; v++) count += strcmp(v->noun, noun) == 0;
    return count;
}

int help(const char *noun, const char *name)
{
    if (!noun) {
        show_all();
        return EXIT_DONE;
    }
    size_t count = verbs_of(noun);
    if (count == 0) return unknown_noun(noun);
    if (name && name[0] == '-') name = NULL;
    const struct verb *verb = find_verb(noun, name);
    if (verb) show_verb(verb);
    if (verb && (name || count == 1)) return EXIT_DONE;
    if (name) {
        complain_as("usage", "there is no '%s %s'; 'muster help %s' shows which there are", noun, name, noun);
        return EXIT_USAGE;
    }
    if (verb) puts("\nBesides:");
    show_noun(noun, verb);
    return EXIT_DONE;
}
