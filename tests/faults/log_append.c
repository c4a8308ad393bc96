/* Appends values to a log, all in one commit: what no engine writes, such as events that cannot happen, or ones of a later
 * version. Each is given as hexadecimal digits.
 *
 *     log_append DIRECTORY TIME_US VALUE... */
#include "engine/log/log.h"

#include <stdio.h>
#include <stdlib.h>

enum { VALUES_MAX = 64, VALUE_SIZE_MAX = 256 };

static int fail(const char *why)
{
    fprintf(stderr, "log_append: %s\n", why);
    return 2;
}

static bool read_hex(const char *digits, uint8_t room[VALUE_SIZE_MAX], struct bytes *value)
{
    size_t size = strlen(digits) / 2;
    if (size > VALUE_SIZE_MAX) return false;
    for (size_t i = 0; i < size; i++) {
        unsigned byte;
        if (sscanf(digits + 2 * i, "%2x", &byte) != 1) return false;
        room[i] = (uint8_t)byte;
    }
    *value = (struct bytes){room, size};
    return true;
}

int main(int argc, char **argv)
{
    static uint8_t rooms[VALUES_MAX][VALUE_SIZE_MAX];
    static struct bytes values[VALUES_MAX];
    struct log log;
    if (argc < 4 || argc - 3 > VALUES_MAX) return fail("log_append DIRECTORY TIME_US VALUE...");
    size_t count = (size_t)argc - 3;
    for (size_t i = 0; i < count; i++)
        if (!read_hex(argv[3 + i], rooms[i], &values[i])) return fail("a value is no hexadecimal digits, or too long");
    if (log_open(&log, &(struct log_settings){.directory = argv[1]}) != LOG_OK) return fail(log.why.text);
    enum log_fault fault = log_append(&log, log_head(&log) + 1, strtoll(argv[2], NULL, 10), values, count);
    if (fault != LOG_OK) return fail(log.why.text);
    log_close(&log, true);
    return 0;
}
