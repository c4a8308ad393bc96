/* The two functions behind base.h. */
#include "engine/base/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void (*assert_before_stop)(void);

void assert_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "muster: bug: %s does not hold at %s:%d; stopping, the log is whole\n", condition, file, line);
    if (assert_before_stop) assert_before_stop();
    abort();
}

/* What was cut off in the middle of a character ends before it. */
static void end_whole(struct sentence *s)
{
    size_t size = strlen(s->text);
    size_t at = size;
    if (size + 1 < sizeof s->text) return;
    while (at > 0 && ((unsigned char)s->text[at - 1] & 0xc0) == 0x80) at--;
    if (at > 0 && (unsigned char)s->text[at - 1] >= 0xc0) s->text[at - 1] = '\0';
}

void sentence_vset(struct sentence *s, const char *format, va_list arguments)
{
    vsnprintf(s->text, sizeof s->text, format, arguments);
    end_whole(s);
}

void sentence_set(struct sentence *s, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    sentence_vset(s, format, arguments);
    va_end(arguments);
}
