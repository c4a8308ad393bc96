/* muster-replay: reads the command line against the table of verbs, runs the verb in a child process and says how that
 * ended. */
#include "replay-tool/replay.h"

#include "clients/terminal/text.h"
#include "replay-tool/files.h"
#include "replay-tool/guard.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WORDS_SIZE = 64 };

/* ---- Saying. */

static void say(const char *format, va_list arguments)
{
    fflush(stdout);
    fputs("muster-replay: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
}

enum exit_code fail(enum exit_code code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    return code;
}

enum exit_code usage(const struct replay *r, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    return fail(EXIT_USAGE, "'muster-replay help%s%s' shows what is expected", r->verb ? " " : "",
                r->verb ? r->verb->name : "");
}

void progress_show(const char *what, uint64_t done, uint64_t whole)
{
    static time_t shown;
    static int is_terminal = -1;
    time_t now = time(NULL);
    if (is_terminal < 0) is_terminal = isatty(STDERR_FILENO);
    if (!is_terminal || now == shown) return;
    shown = now;
    fprintf(stderr, "\r%s ", what);
    write_count(stderr, done);
    if (whole) fprintf(stderr, " of ");
    if (whole) write_count(stderr, whole);
    fputs("\033[K\r", stderr);
}

/* ---- Options. */

const char *option(const struct replay *r, const char *name)
{
    return options_get(&r->options, name);
}

bool option_number(const struct replay *r, const char *name, uint64_t most, uint64_t *value)
{
    char why[OPTIONS_WHY_SIZE];
    if (options_number(&r->options, name, most, value, why)) return true;
    usage(r, "%s", why);
    return false;
}

/* ---- The command line. */

/* The verb of these words; a verb of two is looked for first. *at then stands on its last word. */
static const struct verb *find_verb(char **argv, int *at)
{
    char both[WORDS_SIZE];
    bool has_second = argv[*at + 1] && !options_is(argv[*at + 1]);
    snprintf(both, sizeof both, "%s %s", argv[*at], has_second ? argv[*at + 1] : "");
    for (const struct verb *v = VERBS; has_second && v->name; v++) {
        if (strcmp(v->name, both) != 0) continue;
        ++*at;
        return v;
    }
    for (const struct verb *v = VERBS; v->name; v++)
        if (strcmp(v->name, argv[*at]) == 0) return v;
    return NULL;
}

static unsigned operands_of(const struct verb *v)
{
    if (!*v->operands) return 0;
    return strchr(v->operands, ' ') ? 2 : 1;
}

static enum exit_code take_operand(struct replay *r, const char *word)
{
    for (unsigned i = 0; i < operands_of(r->verb); i++) {
        if (r->operands[i]) continue;
        r->operands[i] = word;
        return EXIT_WELL;
    }
    return usage(r, "'%s' is one word too many", word);
}

static enum exit_code take_option(struct replay *r, char **argv, int *at)
{
    char why[OPTIONS_WHY_SIZE];
    const struct option_row *rows = r->verb ? r->verb->options : NULL;
    return options_take(&r->options, GLOBALS, rows, argv, at, why) ? EXIT_WELL : usage(r, "%s", why);
}

static enum exit_code take_arguments(struct replay *r, char **argv)
{
    bool options_end = false;
    enum exit_code code = EXIT_WELL;
    for (int at = 1; code == EXIT_WELL && argv[at]; at++) {
        if (!options_end && strcmp(argv[at], "--") == 0) options_end = true;
        else if (!options_end && options_is(argv[at])) code = take_option(r, argv, &at);
        else if (r->verb) code = take_operand(r, argv[at]);
        else if (!(r->verb = find_verb(argv, &at))) code = usage(r, "there is no '%s'", argv[at]);
    }
    return code;
}

static enum exit_code check_arguments(const struct replay *r)
{
    if (!r->verb) return usage(r, "a verb is missing");
    unsigned wanted = *r->verb->operands == '[' ? 0 : operands_of(r->verb);
    if (wanted > 0 && !r->operands[wanted - 1]) return usage(r, "%s is missing", r->verb->operands);
    if (option(r, "data") && option(r, "socket")) return usage(r, "--data and --socket exclude each other");
    if (option(r, "json") && option(r, "text")) return usage(r, "--json and --text exclude each other");
    return EXIT_WELL;
}

/* True when the command line asks for words only. */
static bool asks_for_help(int argc, char **argv, enum exit_code *code)
{
    char words[WORDS_SIZE];
    if (argc < 2) {
        help(NULL);
        *code = EXIT_USAGE;
        return true;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("muster-replay " MUSTER_VERSION);
        return true;
    }
    bool asked = strcmp(argv[1], "help") == 0;
    for (int i = 1; argv[i] && !asked; i++) asked = strcmp(argv[i], "--help") == 0;
    if (!asked) return false;
    int at = strcmp(argv[1], "help") == 0 ? 2 : 1;
    while (argv[at] && options_is(argv[at])) at++;
    const struct verb *verb = argv[at] ? find_verb(argv, &at) : NULL;
    snprintf(words, sizeof words, "%s", verb ? verb->name : argv[at] ? argv[at] : "");
    *code = help(*words ? words : NULL);
    return true;
}

/* ---- The scratch directory. */

const char *scratch_directory(struct replay *r)
{
    char *path = r->shared->scratch;
    const char *given = option(r, "scratch"), *usual = getenv("TMPDIR");
    if (*path) return path;
    const char *parent = given ? given : usual && *usual ? usual : "/tmp";
    int size = snprintf(path, PATH_MAX / 2, "%s/muster-replay-XXXXXX", parent);
    if (size >= PATH_MAX / 2 || !mkdtemp(path)) {
        *path = '\0';
        complain("no directory can be made in %s: %s; --scratch names another place", parent, strerror(errno));
        return NULL;
    }
    return path;
}

static void remove_scratch(const struct shared *shared)
{
    if (*shared->scratch) files_remove(shared->scratch);
}

/* ---- The two processes. */

/* What was printed is printed only when it has left the process: a full disk is no "well". */
static enum exit_code flushed(enum exit_code code)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return code;
    return fail(errno == ENOSPC ? EXIT_NO_SPACE : EXIT_IO, "standard output cannot be written: %s", strerror(errno));
}

static void run_verb(struct replay *r)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    guard_die_quietly();
    out_init(&r->out, option(r, "json") || (!option(r, "text") && !isatty(STDOUT_FILENO)));
    enum exit_code code = r->verb->run(r);
    out_rows_end(&r->out);
    out_free(&r->out);
    r->shared->code = flushed(code);
    r->shared->done = true;
}

static pid_t verb_process;

static void hand_on(int signal)
{
    kill(verb_process, signal);
}

static enum exit_code wait_for_verb(const struct shared *shared)
{
    int status, signal_number = 0;
    while (waitpid(verb_process, &status, 0) < 0) {
        if (errno != EINTR) return fail(EXIT_IO, "the verb's process is lost: %s", strerror(errno));
    }
    enum guard_end end = guard_end_of(status, &signal_number);
    remove_scratch(shared);
    if (end == GUARD_STOPPED) {
        signal(signal_number, SIG_DFL);
        raise(signal_number);
    }
    if (end == GUARD_RETURNED && shared->done) return shared->code;
    if (shared->at == 0) return fail(EXIT_CRASHED, "the reader crashed while it opened the log; salvage saves what can be read");
    return fail(EXIT_CRASHED, "the reader crashed at event %llu: the file is damaged there; verify tells what is whole, "
                              "salvage saves it",
                (unsigned long long)shared->at);
}

int main(int argc, char **argv)
{
    static struct replay r;
    enum exit_code code = EXIT_WELL;
    text_set_locale();
    if (asks_for_help(argc, argv, &code)) return (int)flushed(code);
    code = take_arguments(&r, argv);
    if (code == EXIT_WELL) code = check_arguments(&r);
    if (code != EXIT_WELL) return (int)code;
    r.shared = shared_alloc(sizeof *r.shared);
    verb_process = fork();
    if (verb_process < 0) return (int)fail(EXIT_IO, "no process can be started: %s", strerror(errno));
    if (verb_process == 0) {
        run_verb(&r);
        return EXIT_SUCCESS;
    }
    signal(SIGINT, SIG_IGN); /* the terminal tells both */
    signal(SIGTERM, hand_on);
    return (int)wait_for_verb(r.shared);
}
