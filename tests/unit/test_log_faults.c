/* Each fault of log.h, made by the real thing: a full disk, a flipped byte, a second process, a failed
 * sync. Calls that are to fail are named in a file that tests/faults reads. */
#include "tests/unit/log_story.h"

#include <lmdb.h>
#include <sys/wait.h>

static void given_fault(const struct story *s, const char *rule)
{
    FILE *file = fopen(s->control, "w");
    assert_non_null(file);
    fputs(rule, file);
    fclose(file);
}

static void given_no_fault(const struct story *s)
{
    unlink(s->control);
}

static void given_small_disk(struct story *s, const char *size)
{
    char options[64];
    snprintf(options, sizeof options, "size=%s", size);
    assert_int_equal(mkdir(s->directory, 0700), 0);
    if (mount("tmpfs", s->directory, "tmpfs", 0, options) != 0) {
        print_message("this test mounts a small disk and must run as root\n");
        skip();
    }
    s->is_mounted = true;
}

/* Fills what is left of the small disk; returns how many bytes it took. */
static off_t fill_disk(const struct story *s, const char *name)
{
    char path[PATH_SIZE];
    struct stat status;
    static const uint8_t block[4096];
    snprintf(path, sizeof path, "%s/%s", s->directory, name);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    while (write(fd, block, sizeof block) > 0) continue;
    assert_int_equal(fstat(fd, &status), 0);
    close(fd);
    return status.st_size;
}

static void remove_file(const struct story *s, const char *name)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", s->directory, name);
    assert_int_equal(unlink(path), 0);
}

/* Appends until it no longer goes; the fault is the result. */
static enum log_fault append_until_fault(struct story *s)
{
    enum log_fault fault;
    do fault = append(&s->log, 100);
    while (fault == LOG_OK);
    return fault;
}

static void a_full_disk_is_no_space_and_passes(void **state)
{
    struct story *s = *state;
    given_small_disk(s, "4m");
    given_open_log(s);
    given_values(s, 500);
    fill_disk(s, "filler");
    assert_int_equal(append_until_fault(s), LOG_NO_SPACE);
    then_why_has(s->log.why.text, "No space left");
    uint64_t head = log_head(&s->log);
    assert_int_equal(append(&s->log, 100), LOG_NO_SPACE);
    then_values_stand(s, 1, head);
    fill_disk(s, "filler");
    reopen(s, false);
    then_values_stand(s, 1, head);
    remove_file(s, "filler");
    given_values(s, 500);
    reopen(s, false);
    then_values_stand(s, 1, head + 500);
}

static void a_disk_full_while_rolling_is_no_space_and_passes(void **state)
{
    struct story *s = *state;
    given_small_disk(s, "4m");
    s->settings.segment_values_max = 100;
    given_open_log(s);
    given_values(s, 100);
    fill_disk(s, "filler");
    assert_int_equal(append(&s->log, 1), LOG_NO_SPACE);
    assert_true(log_must_roll(&s->log));
    then_values_stand(s, 1, 100);
    remove_file(s, "filler");
    given_values(s, 100);
    then_values_stand(s, 1, 200);
}

/* LMDB writes to its lock file through a map, so a hole in it would be a SIGBUS. */
static void a_copied_log_on_a_full_disk_is_no_space_not_a_crash(void **state)
{
    struct story *s = *state;
    given_small_disk(s, "4m");
    given_open_log(s);
    given_values(s, 100);
    log_close(&s->log, true);
    remove_file(s, "00000000000000000001.mdb-lock");
    fill_disk(s, "filler");
    assert_int_equal(opens(s), LOG_NO_SPACE);
    remove_file(s, "filler");
    given_open_log(s);
    then_values_stand(s, 1, 100);
}

static void the_ballast_is_given_up_first_and_made_again(void **state)
{
    struct story *s = *state;
    given_small_disk(s, "8m");
    s->settings.ballast_bytes = 2 << 20;
    given_open_log(s);
    assert_int_equal(log_room(&s->log), LOG_ROOM_ENOUGH);
    assert_int_not_equal(fill_disk(s, "filler"), 0);
    while (log_room(&s->log) == LOG_ROOM_ENOUGH) assert_int_equal(append(&s->log, 100), LOG_OK);
    given_values(s, 1000);
    assert_int_equal(log_regain_room(&s->log), LOG_ROOM_SHORT);
    assert_int_equal(append_until_fault(s), LOG_NO_SPACE);
    remove_file(s, "filler");
    assert_int_equal(log_regain_room(&s->log), LOG_ROOM_ENOUGH);
    given_values(s, 100);
    reopen(s, true);
    assert_int_equal(log_room(&s->log), LOG_ROOM_ENOUGH);
}

static void the_map_s_reserve_used_up_is_no_space(void **state)
{
    struct story *s = *state;
    s->settings.map_bytes = 1 << 20;
    given_open_log(s);
    assert_int_equal(append_until_fault(s), LOG_NO_SPACE);
    then_why_has(s->log.why.text, "MDB_MAP_FULL");
    uint64_t head = log_head(&s->log);
    then_values_stand(s, 1, head);
    s->settings.map_bytes = 4 << 20;
    reopen(s, true);
    given_values(s, 1000);
    then_values_stand(s, 1, head + 1000);
}

static void the_quota_used_up_is_no_space(void **state)
{
    struct story *s = *state;
    s->settings.quota_bytes = 2 << 20;
    s->settings.segment_values_max = 1000;
    given_open_log(s);
    assert_int_equal(append_until_fault(s), LOG_NO_SPACE);
    then_why_has(s->log.why.text, "quota");
    assert_in_range(log_bytes(&s->log), 1 << 20, 2 << 20);
    assert_in_range(log_percent_full(&s->log), 50, 100);
    uint64_t head = log_head(&s->log);
    s->settings.quota_bytes = 4 << 20;
    reopen(s, true);
    given_values(s, 100);
    then_values_stand(s, 1, head + 100);
}

static void a_failed_sync_leaves_the_outcome_unknown_and_ends_appending(void **state)
{
    struct story *s = *state;
    given_open_log(s);
    given_values(s, 300);
    given_fault(s, "sync 1 EIO .mdb");
    assert_int_equal(append(&s->log, 10), LOG_OUTCOME_UNKNOWN);
    then_why_has(s->log.why.text, "Input/output error");
    given_no_fault(s);
    assert_int_equal(append(&s->log, 10), LOG_OUTCOME_UNKNOWN);
    assert_int_equal(log_reserve(&s->log, 10), LOG_OUTCOME_UNKNOWN);
    then_values_stand(s, 1, 300);
    reopen(s, true);
    assert_false(log_was_clean(&s->log));
    given_values(s, 10);
    then_values_stand(s, 1, 310);
}

/* What LMDB writes in a commit: pages, then, through another descriptor, the one that makes it count. */
static void a_failed_or_short_write_leaves_the_outcome_unknown(void **state)
{
    struct story *s = *state;
    static const char *const RULES[] = {"write 1 EIO .mdb", "write 1 short .mdb", "dwrite 1 EIO .mdb",
                                        "dwrite 1 ENOSPC .mdb"};
    given_open_log(s);
    for (size_t i = 0; i < COUNT_OF(RULES); i++) {
        given_values(s, 100);
        uint64_t head = log_head(&s->log);
        given_fault(s, RULES[i]);
        assert_int_equal(append(&s->log, 10), LOG_OUTCOME_UNKNOWN);
        given_no_fault(s);
        reopen(s, false);
        then_values_stand(s, 1, head);
    }
}

static void no_space_in_the_commit_itself_leaves_the_log_as_before(void **state)
{
    struct story *s = *state;
    given_open_log(s);
    given_values(s, 100);
    given_fault(s, "write 1 ENOSPC .mdb");
    assert_int_equal(append(&s->log, 10), LOG_NO_SPACE);
    given_no_fault(s);
    given_values(s, 10);
    then_values_stand(s, 1, 110);
}

static void a_directory_that_cannot_be_synced_while_rolling_ends_appending(void **state)
{
    struct story *s = *state;
    s->settings.segment_values_max = 100;
    given_open_log(s);
    given_values(s, 100);
    given_fault(s, "sync 2 EIO log"); /* the first one is the new segment's */
    assert_int_equal(append(&s->log, 1), LOG_OUTCOME_UNKNOWN);
    given_no_fault(s);
    reopen(s, true);
    given_values(s, 100);
    then_values_stand(s, 1, 200);
}

static void a_log_that_another_process_holds_is_busy(void **state)
{
    struct story *s = *state;
    given_open_log(s);
    pid_t child = fork();
    if (child == 0) {
        struct log other;
        char pid[16];
        snprintf(pid, sizeof pid, "process %d;", (int)getppid());
        bool is_busy = log_open(&other, &s->settings) == LOG_BUSY && strstr(other.why.text, pid);
        _exit(is_busy ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    log_close(&s->log, true);
    assert_int_equal(opens(s), LOG_OK);
}

static void a_file_system_that_is_not_local_is_refused(void **state)
{
    struct story *s = *state;
    given_fault(s, "statfs 1+ type=0x6969 log");
    assert_int_equal(opens(s), LOG_NOT_LOCAL);
    then_why_has(s->log.why.text, "NFS");
    given_no_fault(s);
    given_open_log(s);
}

/* Where in the file the bytes of this value lie. */
static off_t offset_of_value(const char *path, uint64_t seq)
{
    uint8_t room[VALUE_SIZE_MAX];
    struct bytes value = value_of(seq, room);
    struct stat status;
    int fd = open(path, O_RDONLY);
    assert_int_equal(fstat(fd, &status), 0);
    uint8_t *file = malloc((size_t)status.st_size);
    assert_int_equal(read(fd, file, (size_t)status.st_size), status.st_size);
    close(fd);
    const uint8_t *at = memmem(file, (size_t)status.st_size, value.data, value.size);
    off_t offset = at ? at - file : -1;
    free(file);
    return offset;
}

static void flip_byte(const char *path, off_t offset)
{
    uint8_t byte;
    int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, offset), 1);
    byte ^= 0x10;
    assert_int_equal(pwrite(fd, &byte, 1, offset), 1);
    close(fd);
}

static void a_flipped_byte_in_the_tail_is_damage_when_the_stop_was_not_clean(void **state)
{
    struct story *s = *state;
    char path[PATH_SIZE];
    given_open_log(s);
    given_values(s, 3000);
    log_close(&s->log, false);
    segment_path(s, 1, path);
    off_t offset = offset_of_value(path, 2950);
    assert_int_not_equal(offset, -1);
    flip_byte(path, offset);
    assert_int_equal(opens(s), LOG_DAMAGED);
    then_why_has(s->log.why.text, "2901 to 3000");
    flip_byte(path, offset);
    given_open_log(s);
}

static void the_tail_check_goes_back_over_segments(void **state)
{
    struct story *s = *state;
    char path[PATH_SIZE];
    s->settings.segment_values_max = 500;
    given_open_log(s);
    given_values(s, 1600);
    log_close(&s->log, false);
    segment_path(s, 501, path);
    flip_byte(path, offset_of_value(path, 650));
    assert_int_equal(opens(s), LOG_DAMAGED);
    then_why_has(s->log.why.text, "601 to 700");
}

static void a_file_cut_off_is_damage_not_a_crash(void **state)
{
    struct story *s = *state;
    char path[PATH_SIZE];
    given_open_log(s);
    given_values(s, 3000);
    log_close(&s->log, true);
    segment_path(s, 1, path);
    assert_int_equal(truncate(path, 40960), 0);
    assert_int_equal(opens(s), LOG_DAMAGED);
    then_why_has(s->log.why.text, "cut off");
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(opens(s), LOG_DAMAGED);
}

/* Changes a segment behind the log's back, as only a test may. */
static void put_meta(const char *path, const char *name, const void *stored, size_t size)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi meta;
    MDB_val key = {strlen(name), (void *)name};
    MDB_val value = {size, (void *)stored};
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 3), 0);
    assert_int_equal(mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOLOCK, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "meta", 0, &meta), 0);
    assert_int_equal(mdb_put(txn, meta, &key, &value, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void a_newer_format_is_refused_by_name(void **state)
{
    struct story *s = *state;
    char path[PATH_SIZE];
    given_open_log(s);
    given_values(s, 10);
    log_close(&s->log, true);
    segment_path(s, 1, path);
    put_meta(path, "format", "\0\0\0\2", 4);
    assert_int_equal(opens(s), LOG_NEWER_FORMAT);
    then_why_has(s->log.why.text, "format 2");
}

static void a_segment_of_another_log_is_damage(void **state)
{
    struct story *s = *state;
    char path[PATH_SIZE];
    s->settings.segment_values_max = 100;
    given_open_log(s);
    given_values(s, 200);
    log_close(&s->log, true);
    segment_path(s, 101, path);
    put_meta(path, "log_id", "0123456789abcdef", 16);
    assert_int_equal(opens(s), LOG_DAMAGED);
    then_why_has(s->log.why.text, "another log");
}

static void archived_segments_are_missed_only_when_they_are_read(void **state)
{
    struct story *s = *state;
    struct log_reader reader;
    struct bytes value;
    char path[PATH_SIZE];
    s->settings.segment_values_max = 100;
    given_open_log(s);
    given_values(s, 650);
    log_close(&s->log, false);
    for (uint64_t first = 1; first < 600; first += first == 1 ? 300 : 100) {
        segment_path(s, first, path); /* 1, 301, 401, 501: 101 and 201 and the newest stay */
        assert_int_equal(unlink(path), 0);
    }
    given_open_log(s);
    assert_int_equal(log_reader_open(&reader, &s->log), LOG_OK);
    assert_int_equal(log_read(&reader, 50, &value), LOG_SEGMENT_MISSING);
    then_why_has(reader.why.text, "values 1 to 100 ");
    assert_int_equal(log_read(&reader, 450, &value), LOG_SEGMENT_MISSING);
    then_why_has(reader.why.text, "values 301 to 600 ");
    assert_int_equal(log_read(&reader, 300, &value), LOG_OK);
    assert_int_equal(log_read(&reader, 601, &value), LOG_OK);
    struct log_commit commit;
    assert_int_equal(log_find_commit(&reader, 100, &commit), LOG_OK); /* known by the segment behind it */
    assert_int_equal(commit.last, 100);
    assert_int_equal(log_find_commit(&reader, 600, &commit), LOG_OK);
    assert_int_equal(commit.last, 600);
    assert_int_equal(log_find_commit(&reader, 99, &commit), LOG_SEGMENT_MISSING);
    then_why_has(reader.why.text, "values 1 to 100 ");
    assert_int_equal(log_read_commit(&reader, 100, &commit), LOG_SEGMENT_MISSING);
    log_reader_close(&reader);
    given_values(s, 100);
    then_values_stand(s, 601, 750);
}

static void a_segment_archived_while_the_log_is_open_is_missed_by_name(void **state)
{
    struct story *s = *state;
    struct log_reader reader;
    struct bytes value;
    char path[PATH_SIZE];
    s->settings.segment_values_max = 100;
    given_open_log(s);
    given_values(s, 300);
    reopen(s, true);
    segment_path(s, 101, path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(log_reader_open(&reader, &s->log), LOG_OK);
    assert_int_equal(log_read(&reader, 150, &value), LOG_SEGMENT_MISSING);
    then_why_has(reader.why.text, "values 101 to 200 ");
    log_reader_close(&reader);
}

static void the_newest_segment_taken_away_is_missed_at_the_open(void **state)
{
    struct story *s = *state;
    char path[PATH_SIZE];
    s->settings.segment_values_max = 100;
    given_open_log(s);
    given_values(s, 250);
    log_close(&s->log, true);
    segment_path(s, 201, path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(opens(s), LOG_SEGMENT_MISSING);
    then_why_has(s->log.why.text, "values 201 to 250 ");
}

static void a_directory_that_cannot_be_made_is_said_so(void **state)
{
    struct story *s = *state;
    s->settings.directory = "/nonexistent/log";
    assert_int_equal(opens(s), LOG_FAILED);
    then_why_has(s->log.why.text, "/nonexistent/log");
}

static void a_tool_reads_without_changing_anything(void **state)
{
    struct story *s = *state;
    s->settings.read_only = true;
    assert_int_equal(opens(s), LOG_FAILED);
    s->settings.read_only = false;
    s->settings.segment_values_max = 100;
    given_open_log(s);
    given_values(s, 250);
    log_close(&s->log, true);
    s->settings.read_only = true;
    given_open_log(s);
    then_values_stand(s, 1, 250);
    log_close(&s->log, true);
    s->settings.read_only = false;
    given_open_log(s);
    assert_true(log_was_clean(&s->log)); /* the marker was still there */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_full_disk_is_no_space_and_passes),
        STORY(a_disk_full_while_rolling_is_no_space_and_passes),
        STORY(a_copied_log_on_a_full_disk_is_no_space_not_a_crash),
        STORY(the_ballast_is_given_up_first_and_made_again),
        STORY(the_map_s_reserve_used_up_is_no_space),
        STORY(the_quota_used_up_is_no_space),
        STORY(a_failed_sync_leaves_the_outcome_unknown_and_ends_appending),
        STORY(a_failed_or_short_write_leaves_the_outcome_unknown),
        STORY(no_space_in_the_commit_itself_leaves_the_log_as_before),
        STORY(a_directory_that_cannot_be_synced_while_rolling_ends_appending),
        STORY(a_log_that_another_process_holds_is_busy),
        STORY(a_file_system_that_is_not_local_is_refused),
        STORY(a_flipped_byte_in_the_tail_is_damage_when_the_stop_was_not_clean),
        STORY(the_tail_check_goes_back_over_segments),
        STORY(a_file_cut_off_is_damage_not_a_crash),
        STORY(a_newer_format_is_refused_by_name),
        STORY(a_segment_of_another_log_is_damage),
        STORY(archived_segments_are_missed_only_when_they_are_read),
        STORY(a_segment_archived_while_the_log_is_open_is_missed_by_name),
        STORY(the_newest_segment_taken_away_is_missed_at_the_open),
        STORY(a_directory_that_cannot_be_made_is_said_so),
        STORY(a_tool_reads_without_changing_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
