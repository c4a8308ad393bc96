/* The configuration file, in the style of systemd's: [Section], Key=value, comments begin with # or ;. An empty value
 * is the default. inih reads the lines; which keys there are and what they may be is the table's. */
#include "engine/settings_rows.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>

struct reading {
    struct settings *settings;
    struct arena *arena;
    FILE *file;
    unsigned line;
    bool failed; /* `why` says what is wrong with `line` */
    struct sentence why;
};

static int fail(struct reading *r, const char *what, const char *name)
{
    sentence_set(&r->why, what, name);
    r->failed = true;
    return 0;
}

/* As inih asks for it. Nothing more is read after what is wrong, so `line` stays where that was. */
static char *next_line(char *line, int size, void *reading)
{
    struct reading *r = reading;
    if (r->failed || !fgets(line, size, r->file)) return NULL;
    r->line++;
    if (strchr(line, '\n') || feof(r->file)) return line;
    fail(r, "the line is too long%s", "");
    return NULL;
}

static const struct setting_row *find(const char *key)
{
    char own[SETTING_TEXT_SIZE_MAX];
    for (size_t i = 0; i < SETTING_ROW_COUNT; i++) {
        if (strcmp(setting_key(&SETTING_ROWS[i], own), key) == 0) return &SETTING_ROWS[i];
    }
    return NULL;
}

static void set_default(struct settings *settings, const struct setting_row *row)
{
    size_t size = setting_is_text(row) ? sizeof(char *) : sizeof(uint64_t);
    memcpy((char *)settings + row->offset, (const char *)&SETTING_DEFAULTS + row->offset, size);
}

/* A key with its value, as inih found them; 0 ends in an error. */
static int take(void *reading, const char *section, const char *key, const char *value)
{
    struct reading *r = reading;
    const struct setting_row *row = find(key);
    if (r->failed) return 0;
    if (!row) return fail(r, "there is no setting %s; musterd --show-config lists them", key);
    if (strcmp(section, row->section) != 0) {
        sentence_set(&r->why, "%s belongs into the section [%s]", key, row->section);
        r->failed = true;
        return 0;
    }
    if (value[0] == '\0') {
        set_default(r->settings, row);
        return 1;
    }
    struct bytes copy = arena_copy(r->arena, (struct bytes){value, strlen(value) + 1});
    r->failed = !setting_read(r->settings, row, key, copy.data, &r->why);
    return !r->failed;
}

bool settings_read_file(struct settings *settings, const char *path, struct arena *arena, struct sentence *why)
{
    struct reading r = {.settings = settings, .arena = arena, .file = fopen(path, "re")};
    if (!r.file) {
        sentence_set(why, "the configuration file %s cannot be read: %s", path, strerror(errno));
        return false;
    }
    int line = ini_parse_stream(next_line, &r, take, &r);
    bool unread = ferror(r.file);
    fclose(r.file);
    if (r.failed) sentence_set(why, "%s:%u: %s", path, r.line, r.why.text);
    else if (unread) sentence_set(why, "the configuration file %s cannot be read: %s", path, strerror(EIO));
    else if (line != 0) sentence_set(why, "%s:%d: neither a [Section] nor a Key=value", path, line);
    return !r.failed && !unread && line == 0;
}

void settings_print_config(FILE *out)
{
    const char *section = "";
    char key[SETTING_TEXT_SIZE_MAX], text[SETTING_TEXT_SIZE_MAX];
    fputs(
        "# What musterd can be told; each line shows its default. musterd --check-config --config FILE says whether a\n"
        "# file is right. Of the command line and this file the command line counts. What is marked as reloadable\n"
        "# changes while the engine runs, by SIGHUP; all else at its next start.\n",
        out);
    for (size_t i = 0; i < SETTING_ROW_COUNT; i++) {
        const struct setting_row *row = &SETTING_ROWS[i];
        if (strcmp(section, row->section) != 0) fprintf(out, "\n[%s]\n", row->section);
        section = row->section;
        fprintf(out, "# %c%s%s.\n", toupper(row->sentence[0]), row->sentence + 1,
                row->change == CHANGE_at_reload ? " (reloadable)" : "");
        fprintf(out, "#%s=%s\n", setting_key(row, key), setting_default(row, text));
    }
}
