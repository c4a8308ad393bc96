/* Expanded from settings.def: defaults, getopt's table, the help, and the map for the log. */
#include "engine/settings.h"

#include "engine/base/pack.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum kind { KIND_directory, KIND_path, KIND_group, KIND_count, KIND_seconds, KIND_bytes, KIND_mode };

struct row {
    const char *option;
    enum kind kind;
    size_t offset; /* in struct settings */
    uint64_t least;
    uint64_t most;
    const char *sentence;
};

static const struct row ROWS[] = {
#define SETTING(kind, member, option, initial, least, most, sentence)                                                  \
    {option, KIND_##kind, offsetof(struct settings, member), least, most, sentence},
#include "engine/settings.def"
#undef SETTING
};

static const struct settings DEFAULTS = {
#define SETTING(kind, member, option, initial, least, most, sentence) .member = (initial),
#include "engine/settings.def"
#undef SETTING
};

/* Options without a value. */
struct flag {
    const char *option;
    size_t offset;
    const char *sentence;
};

static const struct flag FLAGS[] = {
    {"trust-keys", offsetof(struct settings, trust_keys), "go on with group keys that the log does not know; make keys anew that are gone"},
    {"rebuild", offsetof(struct settings, rebuild), "fold the whole log again"},
    {"version", offsetof(struct settings, show_version), "print the version and stop"},
    {"help", offsetof(struct settings, show_help), "print this and stop"},
};

enum { OPTION_COUNT = COUNT_OF(ROWS) + COUNT_OF(FLAGS) };

static void fill_options(struct option options[OPTION_COUNT + 1])
{
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        options[i] = (struct option){.name = ROWS[i].option, .has_arg = required_argument, .val = (int)i};
    }
    for (size_t i = 0; i < COUNT_OF(FLAGS); i++) {
        size_t index = COUNT_OF(ROWS) + i;
        options[index] = (struct option){.name = FLAGS[i].option, .has_arg = no_argument, .val = (int)index};
    }
    options[OPTION_COUNT] = (struct option){0};
}

/* ---- Values. */

static bool is_text(const struct row *row)
{
    return row->kind <= KIND_group;
}

static const char *const *text_place(const struct settings *settings, const struct row *row)
{
    return (const char *const *)(const void *)((const char *)settings + row->offset);
}

static const uint64_t *number_place(const struct settings *settings, const struct row *row)
{
    return (const uint64_t *)(const void *)((const char *)settings + row->offset);
}

/* What a suffix multiplies by; 0: there is no such suffix. */
static uint64_t factor_of(const char *suffix)
{
    static const char SUFFIXES[] = "KMG";
    const char *found = *suffix ? strchr(SUFFIXES, *suffix) : NULL;
    if (*suffix == '\0') return 1;
    if (!found || suffix[1] != '\0') return 0;
    return UINT64_C(1) << (10 * (found - SUFFIXES + 1));
}

static bool read_number(const struct row *row, const char *text, uint64_t *value)
{
    char *end;
    errno = 0;
    uint64_t number = strtoull(text, &end, row->kind == KIND_mode ? 8 : 10);
    uint64_t factor = row->kind == KIND_bytes ? factor_of(end) : *end == '\0';
    if (text[0] < '0' || text[0] > '9' || errno || factor == 0) return false;
    if (number > row->most / factor || number * factor < row->least) return false;
    *value = number * factor;
    return true;
}

static void refuse_number(const struct row *row, const char *text, struct sentence *why)
{
    const char *what = row->kind == KIND_bytes ? " (K, M and G are understood)" : "";
    if (row->kind == KIND_mode) {
        sentence_set(why, "--%s must be an octal number from %" PRIo64 " to %" PRIo64 "; it is %s", row->option,
                     row->least, row->most, text);
        return;
    }
    sentence_set(why, "--%s must be a whole number from %" PRIu64 " to %" PRIu64 "%s; it is %s", row->option,
                 row->least, row->most, what, text);
}

static bool read_value(struct settings *settings, const struct row *row, const char *text, struct sentence *why)
{
    char *place = (char *)settings + row->offset;
    uint64_t number;
    if (is_text(row)) {
        memcpy(place, &text, sizeof text);
        if (text[0] == '\0') sentence_set(why, "--%s must not be empty", row->option);
        return text[0] != '\0';
    }
    if (!read_number(row, text, &number)) {
        refuse_number(row, text, why);
        return false;
    }
    memcpy(place, &number, sizeof number);
    return true;
}

/* ---- The command line. */

static const char *in_directory(struct arena *arena, const char *directory, const char *name)
{
    size_t size = strlen(directory) + strlen(name) + 2;
    char *path = arena_alloc(arena, size);
    snprintf(path, size, "%s/%s", directory, name);
    return path;
}

bool settings_read(struct settings *settings, int argc, char *argv[], struct arena *arena, struct sentence *why)
{
    struct option options[OPTION_COUNT + 1];
    int index;
    fill_options(options);
    *settings = DEFAULTS;
    opterr = 0;
    optind = 0;
    while ((index = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (index == '?' || index == ':') {
            const char *wrong = index == ':' ? "needs a value" : "is no option of musterd, or takes no value";
            sentence_set(why, "%s %s; musterd --help lists them", argv[optind - 1], wrong);
            return false;
        }
        if ((size_t)index >= COUNT_OF(ROWS)) {
            *((bool *)settings + FLAGS[(size_t)index - COUNT_OF(ROWS)].offset) = true;
        } else if (!read_value(settings, &ROWS[index], optarg, why)) {
            return false;
        }
    }
    if (optind < argc) {
        sentence_set(why, "musterd takes options only; what is %s for? musterd --help lists them", argv[optind]);
        return false;
    }
    if (!settings->socket) settings->socket = in_directory(arena, settings->data, "muster.sock");
    if (!settings->reader_socket) settings->reader_socket = in_directory(arena, settings->data, "reader.sock");
    return true;
}

/* ---- What is shown. */

/* As it may be typed: 64M. */
static void print_bytes(uint64_t bytes)
{
    static const char SUFFIXES[] = "KMG";
    size_t suffix = 0;
    for (; suffix < 3 && bytes > 0 && bytes % 1024 == 0; suffix++) bytes /= 1024;
    printf(" [%" PRIu64 "%.*s]", bytes, suffix > 0, suffix > 0 ? &SUFFIXES[suffix - 1] : "");
}

static void print_default(const struct row *row)
{
    const char *text = is_text(row) ? *text_place(&DEFAULTS, row) : NULL;
    if (row->kind == KIND_mode) printf(" [%04" PRIo64 "]", *number_place(&DEFAULTS, row));
    else if (row->kind == KIND_bytes) print_bytes(*number_place(&DEFAULTS, row));
    else if (!is_text(row)) printf(" [%" PRIu64 "]", *number_place(&DEFAULTS, row));
    else if (text) printf(" [%s]", text);
}

void settings_print_help(void)
{
    static const char *const VALUES[] = {
        [KIND_directory] = "DIRECTORY", [KIND_path] = "PATH",   [KIND_group] = "GROUP", [KIND_count] = "N",
        [KIND_seconds] = "SECONDS",     [KIND_bytes] = "BYTES", [KIND_mode] = "MODE"};
    printf("Usage: musterd [--data DIRECTORY] [options]\n\n"
           "The Muster engine: runs jobs on every device of a fleet and keeps their history in an append-only log.\n"
           "SIGTERM and SIGINT stop it in order; being killed does the log no harm.\n\n");
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        printf("  --%s %s\n        %s", ROWS[i].option, VALUES[ROWS[i].kind], ROWS[i].sentence);
        print_default(&ROWS[i]);
        printf("\n");
    }
    for (size_t i = 0; i < COUNT_OF(FLAGS); i++) {
        printf("  --%s\n        %s\n", FLAGS[i].option, FLAGS[i].sentence);
    }
    printf("\nBYTES may end in K, M or G: 64M. Everything musterd has to say goes to standard error, a line each.\n");
    printf("\nExit codes: 0 stopped in order, 1 failed, 2 wrong options, 3 the log is damaged, 6 another engine has\n"
           "the data, 7 the data is of a later version, 9 no space to start, 10 the disk failed.\n");
}

static void pack_value(msgpack_packer *p, const struct settings *settings, const struct row *row)
{
    const char *text = is_text(row) ? *text_place(settings, row) : NULL;
    char octal[24];
    if (text) {
        pack_key(p, text);
    } else if (is_text(row)) {
        msgpack_pack_nil(p);
    } else if (row->kind == KIND_mode) {
        snprintf(octal, sizeof octal, "%04" PRIo64, *number_place(settings, row));
        pack_key(p, octal);
    } else {
        msgpack_pack_uint64(p, *number_place(settings, row));
    }
}

struct bytes settings_pack(const struct settings *settings, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    msgpack_packer p = packer_into(&out);
    msgpack_pack_map(&p, COUNT_OF(ROWS));
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        pack_key(&p, ROWS[i].option);
        pack_value(&p, settings, &ROWS[i]);
    }
    return buffer_bytes(&out);
}
