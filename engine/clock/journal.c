#include "engine/clock/journal.h"

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

/* In one write: lines of a process that shares standard error do not come between. */
void journal(const char *format, ...)
{
    char line[LINE_SIZE_MAX], time[TIMESTAMP_SIZE];
    struct bytes now = timestamp_text(clock_wall_us(), time);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (is_systemds()) fprintf(stderr, "musterd: %s\n", line);
    else fprintf(stderr, "%.*s musterd: %s\n", BYTES_ARG(now), line);
}
