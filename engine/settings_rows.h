/* The rows of settings.def, and their values as text; known to settings*.c only. */
#ifndef MUSTER_SETTINGS_ROWS_H
#define MUSTER_SETTINGS_ROWS_H

#include "engine/settings.h"

enum setting_kind { KIND_directory, KIND_path, KIND_group, KIND_count, KIND_seconds, KIND_bytes, KIND_mode, KIND_format };

enum setting_change { CHANGE_at_start, CHANGE_at_reload };

enum { SETTING_TEXT_SIZE_MAX = 64 };

struct setting_row {
    const char *section;
    const char *option;
    enum setting_kind kind;
    enum setting_change change;
    size_t offset; /* in struct settings */
    uint64_t least;
    uint64_t most;
    const char *sentence;
};

extern const struct setting_row SETTING_ROWS[];
extern const size_t SETTING_ROW_COUNT;
extern const struct settings SETTING_DEFAULTS;

static inline bool setting_is_text(const struct setting_row *row)
{
    return row->kind <= KIND_group;
}

/* NULL: none. */
const char *setting_text(const struct settings *settings, const struct setting_row *row);
/* Of a format. */
const char *setting_word(const struct settings *settings, const struct setting_row *row);
uint64_t setting_number(const struct settings *settings, const struct setting_row *row);
bool setting_is_equal(const struct settings *a, const struct settings *b, const struct setting_row *row);

/* "jobs-at-once" as the file has it: "JobsAtOnce". */
const char *setting_key(const struct setting_row *row, char key[SETTING_TEXT_SIZE_MAX]);
/* "DIRECTORY", "N": what --help shows in the value's place. */
const char *setting_placeholder(const struct setting_row *row);
/* The default as it may be typed: "64M", "0660", "" for none. A text longer than the place is cut. */
const char *setting_default(const struct setting_row *row, char text[SETTING_TEXT_SIZE_MAX]);

/* Sets the value that `text` says; a text is borrowed. False with a sentence that calls the setting `name`. */
bool setting_read(struct settings *settings, const struct setting_row *row, const char *name, const char *text,
                  struct sentence *why);

#endif
