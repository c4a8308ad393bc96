/* What the tests of the log have in common: a log in a directory of its own, and values that are told by
 * their numbers alone. */
#ifndef MUSTER_LOG_STORY_H
#define MUSTER_LOG_STORY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/log/log.h"

enum { VALUE_SIZE_MAX = 600, PATH_SIZE = 256 };

/* ---- A log in a directory of its own */

struct story {
    char top[64];
    char directory[96]; /* the log's */
    char control[96];   /* rules for calls that are to fail */
    struct log_settings settings;
    struct log log;
    bool is_mounted;
};

static inline int setup(void **state)
{
    struct story *s = calloc(1, sizeof *s);
    strcpy(s->top, "/tmp/muster-test-log-XXXXXX");
    if (!mkdtemp(s->top)) return -1;
    snprintf(s->directory, sizeof s->directory, "%s/log", s->top);
    snprintf(s->control, sizeof s->control, "%s/faults", s->top);
    setenv("FAULTS", s->control, 1);
    s->settings = (struct log_settings){.directory = s->directory, .extend_bytes = 64 << 10};
    *state = s;
    return 0;
}

static inline int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

static inline int teardown(void **state)
{
    struct story *s = *state;
    unlink(s->control);
    log_close(&s->log, false);
    if (s->is_mounted) umount2(s->directory, MNT_DETACH);
    nftw(s->top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(s);
    return 0;
}

static inline enum log_fault opens(struct story *s)
{
    return log_open(&s->log, &s->settings);
}

static inline void given_open_log(struct story *s)
{
    if (opens(s) != LOG_OK) fail_msg("%s", s->log.why.text);
}

static inline void reopen(struct story *s, bool clean)
{
    log_close(&s->log, clean);
    given_open_log(s);
}

/* What value `seq` is: told by its number alone, so that any reader can check it. */
static inline struct bytes value_of(uint64_t seq, uint8_t room[VALUE_SIZE_MAX])
{
    size_t size = (size_t)(seq * 2654435761u % 97);
    if (seq % 50 == 0) size = VALUE_SIZE_MAX;
    for (size_t i = 0; i < size; i++) room[i] = (uint8_t)(seq + i);
    return (struct bytes){room, size};
}

static inline enum log_fault append(struct log *log, size_t count)
{
    static uint8_t rooms[LOG_COMMIT_VALUES_MAX][VALUE_SIZE_MAX];
    static struct bytes values[LOG_COMMIT_VALUES_MAX];
    uint64_t first = log_head(log) + 1;
    for (size_t i = 0; i < count; i++) values[i] = value_of(first + i, rooms[i]);
    return log_append(log, first, (int64_t)(first * 1000), values, count);
}

static inline void given_values(struct story *s, size_t count)
{
    while (count > 0) {
        size_t turn = MIN(count, (size_t)100);
        if (append(&s->log, turn) != LOG_OK) fail_msg("%s", s->log.why.text);
        count -= turn;
    }
}

static inline void then_why_has(const char *why, const char *part)
{
    if (!strstr(why, part)) fail_msg("\"%s\" does not name \"%s\"", why, part);
}

/* All values from `first` on are there, and as they were written; the root is theirs. */
static inline void then_values_stand(struct story *s, uint64_t first, uint64_t last)
{
    struct log_reader reader;
    struct merkle tree = {0};
    assert_int_equal(log_head(&s->log), last);
    assert_int_equal(log_reader_open(&reader, &s->log), LOG_OK);
    for (uint64_t seq = 1; seq <= last; seq++) {
        uint8_t room[VALUE_SIZE_MAX];
        struct bytes expected = value_of(seq, room);
        struct bytes value;
        merkle_append(&tree, expected);
        if (seq < first) continue;
        assert_int_equal(log_read(&reader, seq, &value), LOG_OK);
        assert_true(bytes_equal(value, expected));
    }
    log_reader_close(&reader);
    uint8_t root[MERKLE_HASH_SIZE];
    merkle_root(&tree, root);
    assert_memory_equal(root, log_root(&s->log), sizeof root);
}

static inline void segment_path(const struct story *s, uint64_t first, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/%020llu.mdb", s->directory, (unsigned long long)first);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
