/* The command line, the help, and the map for the log. */
#include "engine/settings.h"

#include "engine/base/pack.h"
#include "engine/settings_rows.h"

#include <getopt.h>
#include <inttypes.h>

/* Options that the file does not have. */
struct switch_row {
    const char *option;
    const char *value; /* what --help shows in its place; NULL: it has none */
    size_t offset;
    const char *sentence;
};

static const struct switch_row SWITCHES[] = {
    {"config", "FILE", offsetof(struct settings, config),
     "reads settings from this file; those of the command line count more"},
    {"check-config", NULL, offsetof(struct settings, check_config), "say whether the settings are right and stop"},
    {"show-config", NULL, offsetof(struct settings, show_config),
     "print a configuration file with all defaults and stop"},
    {"trust-keys", NULL, offsetof(struct settings, trust_keys),
     "go on with group keys that the log does not know; make keys anew that are gone"},
    {"rebuild", NULL, offsetof(struct settings, rebuild), "fold the whole log again"},
    {"version", NULL, offsetof(struct settings, show_version), "print the version and stop"},
    {"help", NULL, offsetof(struct settings, show_help), "print this and stop"},
};

enum { OPTIONS_MAX = 64 };

static void fill_options(struct option options[OPTIONS_MAX])
{
    size_t count = 0;
    ASSERT(SETTING_ROW_COUNT + COUNT_OF(SWITCHES) < OPTIONS_MAX);
    for (; count < SETTING_ROW_COUNT; count++) {
        options[count] =
            (struct option){.name = SETTING_ROWS[count].option, .has_arg = required_argument, .val = (int)count};
    }
    for (size_t i = 0; i < COUNT_OF(SWITCHES); i++, count++) {
        int has_value = SWITCHES[i].value ? required_argument : no_argument;
        options[count] = (struct option){.name = SWITCHES[i].option, .has_arg = has_value, .val = (int)count};
    }
    options[count] = (struct option){0};
}

static void take_switch(struct settings *settings, const struct switch_row *row, const char *value)
{
    char *place = (char *)settings + row->offset;
    if (row->value) memcpy(place, &value, sizeof value);
    else *(bool *)place = true;
}

static bool take_option(struct settings *settings, size_t index, const char *value, struct sentence *why)
{
    char name[SETTING_TEXT_SIZE_MAX];
    if (index >= SETTING_ROW_COUNT) {
        take_switch(settings, &SWITCHES[index - SETTING_ROW_COUNT], value);
        return true;
    }
    snprintf(name, sizeof name, "--%s", SETTING_ROWS[index].option);
    return setting_read(settings, &SETTING_ROWS[index], name, value, why);
}

static bool read_command_line(struct settings *settings, int argc, char *argv[], struct sentence *why)
{
    struct option options[OPTIONS_MAX];
    int index;
    fill_options(options);
    opterr = 0;
    optind = 0;
    while ((index = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (index == '?' || index == ':') {
            const char *wrong = index == ':' ? "needs a value" : "is no option of musterd, or takes no value";
            sentence_set(why, "%s %s; musterd --help lists them", argv[optind - 1], wrong);
            return false;
        }
        if (!take_option(settings, (size_t)index, optarg, why)) return false;
    }
    if (optind < argc) {
        sentence_set(why, "musterd takes options only; what is %s for? musterd --help lists them", argv[optind]);
        return false;
    }
    return true;
}

static const char *in_directory(struct arena *arena, const char *directory, const char *name)
{
    size_t size = strlen(directory) + strlen(name) + 2;
    char *path = arena_alloc(arena, size);
    snprintf(path, size, "%s/%s", directory, name);
    return path;
}

/* The command line is read twice: for the file's name, and over what the file says. */
bool settings_read(struct settings *settings, int argc, char *argv[], struct arena *arena, struct sentence *why)
{
    struct settings told = SETTING_DEFAULTS;
    *settings = SETTING_DEFAULTS;
    if (!read_command_line(&told, argc, argv, why)) return false;
    if (told.config && !settings_read_file(settings, told.config, arena, why)) return false;
    if (!read_command_line(settings, argc, argv, why)) return false;
    if (!settings->socket) settings->socket = in_directory(arena, settings->data, "muster.sock");
    if (!settings->reader_socket) settings->reader_socket = in_directory(arena, settings->data, "reader.sock");
    return true;
}

void settings_reload(struct settings *settings, const struct settings *fresh, struct sentence *kept)
{
    char key[SETTING_TEXT_SIZE_MAX];
    *kept = (struct sentence){""};
    for (size_t i = 0; i < SETTING_ROW_COUNT; i++) {
        const struct setting_row *row = &SETTING_ROWS[i];
        if (setting_is_equal(settings, fresh, row)) continue;
        if (row->change == CHANGE_at_start) {
            struct sentence before = *kept;
            sentence_set(kept, "%s%s%s", before.text, before.text[0] ? ", " : "", setting_key(row, key));
            continue;
        }
        uint64_t number = setting_number(fresh, row);
        memcpy((char *)settings + row->offset, &number, sizeof number);
    }
}

/* ---- What is shown. */

void settings_print_help(void)
{
    char text[SETTING_TEXT_SIZE_MAX];
    printf("Usage: musterd [--config FILE] [--data DIRECTORY] [options]\n\n"
           "The Muster engine: runs jobs on every device of a fleet and keeps their history in an append-only log.\n"
           "SIGTERM and SIGINT stop it in order; being killed does the log no harm. With --config, SIGHUP reads the\n"
           "file again.\n\n");
    for (size_t i = 0; i < SETTING_ROW_COUNT; i++) {
        const struct setting_row *row = &SETTING_ROWS[i];
        printf("  --%s %s\n        %s", row->option, setting_placeholder(row), row->sentence);
        if (setting_default(row, text)[0]) printf(" [%s]", text);
        printf("\n");
    }
    for (size_t i = 0; i < COUNT_OF(SWITCHES); i++) {
        const char *value = SWITCHES[i].value;
        printf("  --%s%s%s\n        %s\n", SWITCHES[i].option, value ? " " : "", value ? value : "",
               SWITCHES[i].sentence);
    }
    printf("\nBYTES may end in K, M or G: 64M. Everything musterd has to say goes to standard error, a line each.\n");
    printf(
        "\nExit codes: 0 stopped in order, 1 failed, 2 wrong options or configuration, 3 the log is damaged,\n"
        "6 another engine has the data, 7 the data is of a later version, 9 no space to start, 10 the disk failed.\n");
}

static void pack_value(msgpack_packer *p, const struct settings *settings, const struct setting_row *row)
{
    const char *text = setting_is_text(row) ? setting_text(settings, row) : NULL;
    char octal[24];
    if (text) {
        pack_key(p, text);
    } else if (setting_is_text(row)) {
        msgpack_pack_nil(p);
    } else if (row->kind == KIND_format) {
        pack_key(p, setting_word(settings, row));
    } else if (row->kind == KIND_mode) {
        snprintf(octal, sizeof octal, "%04" PRIo64, setting_number(settings, row));
        pack_key(p, octal);
    } else {
        msgpack_pack_uint64(p, setting_number(settings, row));
    }
}

struct bytes settings_pack(const struct settings *settings, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    msgpack_packer p = packer_into(&out);
    msgpack_pack_map(&p, (uint32_t)SETTING_ROW_COUNT);
    for (size_t i = 0; i < SETTING_ROW_COUNT; i++) {
        pack_key(&p, SETTING_ROWS[i].option);
        pack_value(&p, settings, &SETTING_ROWS[i]);
    }
    return buffer_bytes(&out);
}
