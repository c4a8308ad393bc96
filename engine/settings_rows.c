/* Expanded from settings.def: rows, defaults, and one reader for every kind of value. */
#include "engine/settings_rows.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

const struct setting_row SETTING_ROWS[] = {
#define SETTING(section, kind, change, member, option, initial, least, most, sentence)                                 \
    {#section, option, KIND_##kind, CHANGE_##change, offsetof(struct settings, member), least, most, sentence},
#include "engine/settings.def"
#undef SETTING
};

const size_t SETTING_ROW_COUNT = COUNT_OF(SETTING_ROWS);

const struct settings SETTING_DEFAULTS = {
#define SETTING(section, kind, change, member, option, initial, least, most, sentence) .member = (initial),
#include "engine/settings.def"
#undef SETTING
};

/* ---- Values. */

const char *setting_text(const struct settings *settings, const struct setting_row *row)
{
    ASSERT(setting_is_text(row));
    return *(const char *const *)(const void *)((const char *)settings + row->offset);
}

uint64_t setting_number(const struct settings *settings, const struct setting_row *row)
{
    ASSERT(!setting_is_text(row));
    return *(const uint64_t *)(const void *)((const char *)settings + row->offset);
}

bool setting_is_equal(const struct settings *a, const struct settings *b, const struct setting_row *row)
{
    if (!setting_is_text(row)) return setting_number(a, row) == setting_number(b, row);
    const char *of_a = setting_text(a, row), *of_b = setting_text(b, row);
    return of_a && of_b ? strcmp(of_a, of_b) == 0 : of_a == of_b;
}

/* By enum journal_format. */
static const char *const FORMATS[] = {[JOURNAL_TEXT] = "text", [JOURNAL_JSON] = "json"};

const char *setting_word(const struct settings *settings, const struct setting_row *row)
{
    ASSERT(row->kind == KIND_format);
    return FORMATS[setting_number(settings, row)];
}

static bool read_format(const char *text, uint64_t *value)
{
    for (*value = 0; *value < COUNT_OF(FORMATS); ++*value) {
        if (strcmp(FORMATS[*value], text) == 0) return true;
    }
    return false;
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

static bool read_number(const struct setting_row *row, const char *text, uint64_t *value)
{
    char *end;
    if (row->kind == KIND_format) return read_format(text, value);
    errno = 0;
    uint64_t number = strtoull(text, &end, row->kind == KIND_mode ? 8 : 10);
    uint64_t factor = row->kind == KIND_bytes ? factor_of(end) : *end == '\0';
    if (text[0] < '0' || text[0] > '9' || errno || factor == 0) return false;
    if (number > row->most / factor || number * factor < row->least) return false;
    *value = number * factor;
    return true;
}

static void refuse_number(const struct setting_row *row, const char *name, const char *text, struct sentence *why)
{
    const char *what = row->kind == KIND_bytes ? " (K, M and G are understood)" : "";
    if (row->kind == KIND_format) {
        sentence_set(why, "%s must be text or json; it is %s", name, text);
        return;
    }
    if (row->kind == KIND_mode) {
        sentence_set(why, "%s must be an octal number from %" PRIo64 " to %" PRIo64 "; it is %s", name, row->least,
                     row->most, text);
        return;
    }
    sentence_set(why, "%s must be a whole number from %" PRIu64 " to %" PRIu64 "%s; it is %s", name, row->least,
                 row->most, what, text);
}

bool setting_read(struct settings *settings, const struct setting_row *row, const char *name, const char *text,
                  struct sentence *why)
{
    char *place = (char *)settings + row->offset;
    uint64_t number;
    if (setting_is_text(row)) {
        memcpy(place, &text, sizeof text);
        if (text[0] == '\0') sentence_set(why, "%s must not be empty", name);
        return text[0] != '\0';
    }
    if (!read_number(row, text, &number)) {
        refuse_number(row, name, text, why);
        return false;
    }
    memcpy(place, &number, sizeof number);
    return true;
}

/* ---- Names. */

const char *setting_key(const struct setting_row *row, char key[SETTING_TEXT_SIZE_MAX])
{
    size_t size = 0;
    bool begins = true;
    ASSERT(strlen(row->option) < SETTING_TEXT_SIZE_MAX);
    for (const char *c = row->option; *c; c++) {
        if (*c != '-') key[size++] = begins ? (char)toupper(*c) : *c;
        begins = *c == '-';
    }
    key[size] = '\0';
    return key;
}

const char *setting_placeholder(const struct setting_row *row)
{
    static const char *const PLACEHOLDERS[] = {
        [KIND_directory] = "DIRECTORY", [KIND_path] = "PATH",   [KIND_group] = "GROUP", [KIND_count] = "N",
        [KIND_seconds] = "SECONDS",     [KIND_bytes] = "BYTES", [KIND_mode] = "MODE",   [KIND_format] = "FORMAT"};
    return PLACEHOLDERS[row->kind];
}

static void bytes_text(uint64_t bytes, char text[SETTING_TEXT_SIZE_MAX])
{
    static const char SUFFIXES[] = "KMG";
    size_t suffix = 0;
    for (; suffix < 3 && bytes > 0 && bytes % 1024 == 0; suffix++) bytes /= 1024;
    snprintf(text, SETTING_TEXT_SIZE_MAX, "%" PRIu64 "%.*s", bytes, suffix > 0,
             suffix > 0 ? &SUFFIXES[suffix - 1] : "");
}

const char *setting_default(const struct setting_row *row, char text[SETTING_TEXT_SIZE_MAX])
{
    const struct settings *from = &SETTING_DEFAULTS;
    const char *own = setting_is_text(row) ? setting_text(from, row) : NULL;
    if (setting_is_text(row)) snprintf(text, SETTING_TEXT_SIZE_MAX, "%s", own ? own : "");
    else if (row->kind == KIND_mode) snprintf(text, SETTING_TEXT_SIZE_MAX, "%04" PRIo64, setting_number(from, row));
    else if (row->kind == KIND_format) snprintf(text, SETTING_TEXT_SIZE_MAX, "%s", setting_word(from, row));
    else if (row->kind == KIND_bytes) bytes_text(setting_number(from, row), text);
    else snprintf(text, SETTING_TEXT_SIZE_MAX, "%" PRIu64, setting_number(from, row));
    return text;
}
