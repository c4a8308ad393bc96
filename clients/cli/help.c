/* Help, made from the table of verbs and the tables of their options. */
#include "clients/cli/cli.h"

#include <string.h>

const struct option_row GLOBALS[] = {
    {"socket", "PATH", "the engine's socket"},
    {"json", NULL, "one JSON document on standard output, for scripts"},
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

static void show_verb(const struct verb *v)
{
    printf("Usage: muster %s%s%s%s%s%s\n\n", v->noun, v->name ? " " : "", v->name ? v->name : "",
           *v->operands ? " " : "", v->operands, v->options ? " [OPTION]..." : "");
    printf("%s.\n", v->help);
    options_show("Options", v->options);
    options_show("Options of every verb", GLOBALS);
    show_exit_codes();
}

static void show_all(void)
{
    const char *noun = "";
    puts("Usage: muster [OPTION]... VERB [OPERAND] [OPTION]...\n"
         "\n"
         "Runs jobs on a fleet's devices, and shows what happened.");
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

int help(const char *noun, const char *name)
{
    size_t found = 0;
    const struct verb *last = NULL;
    if (!noun) {
        show_all();
        return EXIT_DONE;
    }
    for (const struct verb *v = VERBS; v->noun; v++) {
        bool named = !name || !v->name || name[0] == '-' || strcmp(v->name, name) == 0;
        if (strcmp(v->noun, noun) != 0 || !named) continue;
        last = v;
        found++;
    }
    if (found == 1) {
        show_verb(last);
        return EXIT_DONE;
    }
    if (found == 0) {
        complain("there is no '%s%s%s'; 'muster help' shows all verbs", noun, name ? " " : "", name ? name : "");
        return EXIT_USAGE;
    }
    for (const struct verb *v = VERBS; v->noun; v++)
        if (strcmp(v->noun, noun) == 0) show_line(v);
    printf("\n'muster help %s VERB' tells more about one.\n", noun);
    return EXIT_DONE;
}
