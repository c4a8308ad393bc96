/* Help, made from the tables of verbs, options and exit codes. */
#include "replay-tool/replay.h"

#include <stdio.h>

const struct option_row GLOBALS[] = {
    {"data", "PATH", "a data directory, a copy of its log, or one segment file (muster-data)"},
    {"socket", "PATH", "a running engine's socket instead"},
    {"json", NULL, "JSON Lines, also on a terminal"},
    {"text", NULL, "text, also when piped"},
    {"scratch", "DIR", "where to put what is needed meanwhile (TMPDIR, or /tmp)"},
    {"help", NULL, "show help for a verb"},
    {NULL, NULL, NULL},
};

static const struct {
    enum exit_code code;
    const char *meaning;
} EXIT_CODES[] = {
#define EXIT_CODE(code, NAME, meaning) {EXIT_##NAME, meaning},
#include "replay-tool/exits.def"
#undef EXIT_CODE
};

static void show_exit_codes(void)
{
    puts("\nExit codes:");
    for (size_t i = 0; i < COUNT_OF(EXIT_CODES); i++) printf("  %2d  %s\n", EXIT_CODES[i].code, EXIT_CODES[i].meaning);
}

static void show_line(const struct verb *v)
{
    char left[40];
    snprintf(left, sizeof left, "%s %s", v->name, v->operands);
    printf("  %-26s %s\n", left, v->help);
}

static void show_verb(const struct verb *v)
{
    printf("Usage: muster-replay [--data PATH | --socket PATH] %s%s%s%s\n\n%s.\n", v->name, *v->operands ? " " : "",
           v->operands, v->options ? " [OPTION]..." : "", v->help);
    options_show("Options", v->options);
    options_show("Options of every verb", GLOBALS);
    show_exit_codes();
}

static void show_all(void)
{
    puts("Usage: muster-replay [--data PATH | --socket PATH] VERB [OPERAND] [OPTION]...\n"
         "\n"
         "Replays and proves what a Muster engine did, and recovers its log. Nothing is repaired in place.\n");
    for (const struct verb *v = VERBS; v->name; v++) show_line(v);
    puts("\n'muster-replay help VERB' tells more about one.");
    options_show("Options of every verb", GLOBALS);
    puts("\nPiped, output is JSON Lines: a header, rows, a summary, as \"record\" says. Data goes to standard output,\n"
         "all else to standard error.");
    show_exit_codes();
}

enum exit_code help(const char *words)
{
    if (!words) {
        show_all();
        return EXIT_WELL;
    }
    for (const struct verb *v = VERBS; v->name; v++) {
        if (strcmp(v->name, words) != 0) continue;
        show_verb(v);
        return EXIT_WELL;
    }
    return fail(EXIT_USAGE, "there is no '%s'; 'muster-replay help' shows all verbs", words);
}
