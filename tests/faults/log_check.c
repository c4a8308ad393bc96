/* Whether a log that log_driver wrote has survived a power cut: it opens, nothing that was said to be on
 * disk is missing, every value is the one that was written, the root is theirs, and it goes on.
 *
 *     log_check NAME DISK SAID       the log is DISK/NAME, what was said is in SAID/0 */
#include "engine/log/log.h"
#include "tests/faults/log_values.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

_Noreturn static void lost(const char *what, uint64_t number)
{
    fprintf(stderr, "log_check: %s (%llu)\n", what, (unsigned long long)number);
    exit(1);
}

/* The last number that was said to be on disk; 0 if nothing was said yet. */
static uint64_t number_said(const char *directory)
{
    char path[PATH_MAX];
    uint8_t number[8];
    snprintf(path, sizeof path, "%s/0", directory);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    off_t size = lseek(fd, 0, SEEK_END);
    bool is_there = pread(fd, number, sizeof number, size - 8) == 8;
    close(fd);
    return is_there ? get_be64(number) : 0;
}

static void check_values(struct log *log)
{
    struct log_reader reader;
    struct merkle tree = {0};
    uint8_t root[MERKLE_HASH_SIZE];
    static uint8_t room[LOG_VALUES_SIZE_MAX];
    if (log_reader_open(&reader, log) != LOG_OK) lost(reader.why.text, 0);
    for (uint64_t seq = 1; seq <= log_head(log); seq++) {
        struct bytes value;
        if (log_read(&reader, seq, &value) != LOG_OK) lost(reader.why.text, seq);
        if (!bytes_equal(value, log_value(seq, room))) lost("a value is not the one that was written", seq);
        merkle_append(&tree, value);
    }
    log_reader_close(&reader);
    merkle_root(&tree, root);
    if (memcmp(root, log_root(log), sizeof root) != 0) lost("the root is not that of the values", log_head(log));
}

static void check_goes_on(struct log *log)
{
    static uint8_t room[LOG_VALUES_SIZE_MAX];
    uint64_t next = log_head(log) + 1;
    struct bytes value = log_value(next, room);
    if (log_append(log, next, (int64_t)next, &value, 1) != LOG_OK) lost(log->why.text, next);
}

int main(int argc, char **argv)
{
    if (argc != 4) return 2;
    struct log log;
    char directory[PATH_MAX];
    snprintf(directory, sizeof directory, "%s/%s", argv[2], argv[1]);
    struct log_settings settings = {.directory = directory, .extend_bytes = 64 << 10};
    uint64_t said = number_said(argv[3]);
    if (log_open(&log, &settings) != LOG_OK) lost(log.why.text, said);
    if (log_head(&log) < said) lost("what was said to be on disk is missing", said);
    check_values(&log);
    check_goes_on(&log);
    log_close(&log, true);
    return 0;
}
