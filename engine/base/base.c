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

void sentence_set(struct sentence *s, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(s->text, sizeof s->text, format, arguments);
    va_end(arguments);
}
