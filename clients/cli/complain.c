/* Everything said on standard error: sentences for a person, or with --json one document for a program.
 *
 * What was printed before is on its way first, so that both streams in one file read in order. */
#include "clients/cli/cli.h"
#include "clients/terminal/json.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Set before the command line is read, since what is wrong with that is said too. */
static bool in_json;

void complain_in_json(void)
{
    in_json = true;
}

/* ---- The engine's sentences name methods; here they name the verbs that call them. */

static const struct {
    const char *of_methods;
    const char *of_verbs;
} NOUNS[] = {
    {"columns", "columns"}, {"devices", "device"}, {"events", "events"},      {"exports", "export"},
    {"groups", "group"},    {"imports", "import"}, {"jobs", "job"},           {"schedules", "schedule"},
    {"templates", "template"},
};

/* What a sentence says of fields, in words of options. */
static const struct {
    const char *of_fields;
    const char *of_options;
} OPTIONS[] = {
    {"force: true", "--force"},
};

static bool is_word(const char *text, size_t size, const char *word)
{
    return strlen(word) == size && memcmp(text, word, size) == 0;
}

/* What a noun alone does. */
static bool is_plain(const char *method, size_t size)
{
    return is_word(method, size, "read") || is_word(method, size, "open");
}

static const struct verb *verb_of(const char *noun, const char *method, size_t size)
{
    if (is_word(method, size, "get")) method = "show", size = strlen(method);
    for (const struct verb *v = VERBS; v->noun; v++) {
        if (strcmp(v->noun, noun) != 0) continue;
        if (v->name ? is_word(method, size, v->name) : is_plain(method, size)) return v;
    }
    return NULL;
}

/* The verb for the method that `text` begins with, *size its bytes; NULL: it begins with none. */
static const struct verb *find_method(const char *text, size_t *size)
{
    size_t noun = 0, method = 0;
    while (islower((unsigned char)text[noun])) noun++;
    if (text[noun] != '.') return NULL;
    while (isalpha((unsigned char)text[noun + 1 + method])) method++;
    *size = noun + 1 + method;
    for (size_t i = 0; i < sizeof NOUNS / sizeof *NOUNS; i++)
        if (is_word(text, noun, NOUNS[i].of_methods)) return verb_of(NOUNS[i].of_verbs, text + noun + 1, method);
    return NULL;
}

/* The option for what `text` begins with, *size its bytes; NULL: for nothing there. */
static const char *find_option(const char *text, size_t *size)
{
    for (size_t i = 0; i < sizeof OPTIONS / sizeof *OPTIONS; i++) {
        *size = strlen(OPTIONS[i].of_fields);
        if (strncmp(text, OPTIONS[i].of_fields, *size) == 0) return OPTIONS[i].of_options;
    }
    return NULL;
}

/* Writes what stands for the words that `text` begins with; how many bytes those have, 0: they stand for themselves. */
static size_t write_translated(FILE *out, const char *text)
{
    size_t size;
    const struct verb *verb = find_method(text, &size);
    if (verb) {
        fprintf(out, "'muster %s%s%s'", verb->noun, verb->name ? " " : "", verb->name ? verb->name : "");
        return size;
    }
    const char *option = find_option(text, &size);
    if (!option) return 0;
    fputs(option, out);
    return size;
}

/* "jobs.run: ..." begins what is wrong with a field; whoever typed the command knows the verb. */
static const char *behind_method(const char *sentence)
{
    size_t size;
    return find_method(sentence, &size) && strncmp(sentence + size, ": ", 2) == 0 ? sentence + size + 2 : sentence;
}

/* What stands in double quotes is somebody's own text. */
static void write_in_verbs(FILE *out, const char *sentence)
{
    bool quoted = false, at_word = true;
    for (const char *at = behind_method(sentence); *at;) {
        size_t translated = !quoted && at_word ? write_translated(out, at) : 0;
        at += translated;
        if (translated) continue;
        quoted ^= *at == '"';
        at_word = !isalnum((unsigned char)*at);
        fputc(*at++, out);
    }
}

/* ---- Saying it. */

static void say(const char *code, const char *sentence)
{
    fflush(stdout);
    if (!in_json) {
        fprintf(stderr, "muster: %s\n", sentence);
        return;
    }
    msgpack_object text = {.type = MSGPACK_OBJECT_STR,
                           .via.str = {.size = (uint32_t)strlen(sentence), .ptr = sentence}};
    fprintf(stderr, "{\"error\": {\"code\": \"%s\", \"message\": ", code);
    json_write(stderr, &text);
    fputs("}}\n", stderr);
}

static void say_formatted(const char *code, const char *format, va_list arguments)
{
    char *sentence = NULL;
    if (vasprintf(&sentence, format, arguments) < 0) return; /* no memory even for a sentence */
    say(code, sentence);
    free(sentence);
}

void complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say_formatted("failed", format, arguments);
    va_end(arguments);
}

void complain_as(const char *code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say_formatted(code, format, arguments);
    va_end(arguments);
}

void complain_of_engine(const char *code, const char *sentence)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out) return;
    write_in_verbs(out, sentence);
    if (fclose(out) == 0) say(code, text);
    free(text);
}

void remark(const char *format, ...)
{
    va_list arguments;
    if (in_json) return;
    fflush(stdout);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

int usage(const struct cli *cli, const char *format, ...)
{
    const struct verb *verb = cli->verb;
    va_list arguments;
    va_start(arguments, format);
    say_formatted("usage", format, arguments);
    va_end(arguments);
    remark("muster: 'muster help%s%s%s%s' shows what is expected", verb ? " " : "", verb ? verb->noun : "",
           verb && verb->name ? " " : "", verb && verb->name ? verb->name : "");
    return EXIT_USAGE;
}
