#include "engine/clock/journal.h"

#include "engine/base/text.h"
#include "engine/base/timestamp.h"
#include "engine/clock/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { LINE_SIZE_MAX = 4096 };

/* systemd names the stream it reads in JOURNAL_STREAM, by device and inode: the variable alone may be inherited by one
 * whose standard error goes elsewhere. */
static bool is_systemds(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat stat;
    char own[64];
    if (!stream || fstat(fileno(stderr), &stat) != 0) return false;
    snprintf(own, sizeof own, "%ju:%ju", (uintmax_t)stat.st_dev, (uintmax_t)stat.st_ino);
    return strcmp(stream, own) == 0;
}

static enum journal_format chosen;

void journal_set_format(enum journal_format format)
{
    chosen = format;
}

static const char *level_word(enum journal_level level)
{
    switch (level) {
    case JOURNAL_ERROR: return "error";
    case JOURNAL_WARNING: return "warning";
    case JOURNAL_INFO: return "info";
    }
    return "info";
}

/* Escaped as JSON wants it; `out` has room for six bytes for each of `text`. What is not UTF-8 is shown byte by byte.
 */
static void escape(const char *text, char *out)
{
    struct bytes rest = bytes_of_text(text);
    while (rest.size > 0) {
        unsigned char c = *(const unsigned char *)rest.data;
        size_t size = utf8_valid_size((struct bytes){rest.data, MIN(rest.size, (size_t)4)});
        if (c == '"' || c == '\\') out += sprintf(out, "\\%c", c);
        else if (c < 0x20 || size == 0) out += sprintf(out, "\\u%04x", c);
        else *out++ = (char)c;
        size_t more = c >= 0x80 && size > 0 ? (size_t)__builtin_clz(~((unsigned)c << 24)) - 1 : 0;
        memcpy(out, (const char *)rest.data + 1, more);
        out += more;
        rest = (struct bytes){(const char *)rest.data + 1 + more, rest.size - 1 - more};
    }
    *out = '\0';
}

/* In one write: lines of a process that shares standard error do not come between. */
static void write_line(enum journal_level level, const char *line)
{
    char time[TIMESTAMP_SIZE], escaped[6 * LINE_SIZE_MAX];
    struct bytes now = timestamp_text(clock_wall_us(), time);
    if (chosen == JOURNAL_JSON) {
        escape(line, escaped);
        fprintf(stderr, "{\"time\": \"%.*s\", \"level\": \"%s\", \"message\": \"%s\"}\n", BYTES_ARG(now),
                level_word(level), escaped);
    } else if (is_systemds()) {
        fprintf(stderr, "<%d>musterd: %s\n", level, line);
    } else {
        fprintf(stderr, "%.*s musterd: %s\n", BYTES_ARG(now), line);
    }
}

void journal(const char *format, ...)
{
    char line[LINE_SIZE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    write_line(JOURNAL_INFO, line);
}

void journal_at(enum journal_level level, const char *format, ...)
{
    char line[LINE_SIZE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    write_line(level, line);
}
