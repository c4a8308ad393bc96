/* Appends turns of random sizes to a log, with rolls and now and then a stop, clean or not, and says each
 * time to standard output, 8 bytes big-endian, up to which number it was told that all is on disk.
 *
 *     log_driver DIRECTORY SEED TURNS */
#include "engine/log/log.h"
#include "tests/faults/log_values.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TURN_MAX = 300 };

static struct log_settings settings = {.segment_values_max = 1500, .extend_bytes = 64 << 10, .ballast_bytes = 64 << 10};

static void must(struct log *log, enum log_fault fault)
{
    if (fault == LOG_OK) return;
    fprintf(stderr, "log_driver: %s\n", log->why.text);
    exit(2);
}

static void say_head(const struct log *log)
{
    uint8_t head[8];
    put_be64(head, log_head(log));
    if (write(STDOUT_FILENO, head, sizeof head) != sizeof head) exit(2);
}

static void append_turn(struct log *log, size_t count)
{
    static uint8_t rooms[TURN_MAX][LOG_VALUES_SIZE_MAX];
    static struct bytes values[TURN_MAX];
    uint64_t first = log_head(log) + 1;
    for (size_t i = 0; i < count; i++) values[i] = log_value(first + i, rooms[i]);
    must(log, log_append(log, first, (int64_t)first, values, count));
}

int main(int argc, char **argv)
{
    if (argc != 4) return 2;
    struct log log;
    settings.directory = argv[1];
    srandom((unsigned)strtoul(argv[2], NULL, 10));
    unsigned long turns = strtoul(argv[3], NULL, 10);
    must(&log, log_open(&log, &settings));
    for (unsigned long turn = 0; turn < turns; turn++) {
        append_turn(&log, 1 + (size_t)random() % (random() % 4 == 0 ? TURN_MAX : 10));
        say_head(&log);
        if (random() % 25 != 0) continue;
        log_close(&log, random() % 2 == 0);
        must(&log, log_open(&log, &settings));
    }
    log_close(&log, true);
    return 0;
}
