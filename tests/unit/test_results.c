/* Results logs, and the spool that keeps them. */
#include "tests/unit/snapshot_story.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define UNUSED_TOKEN "0123456789abcdef0123456789abcdef"

static struct results *results_from(struct story *s, const char *token, uint64_t offset)
{
    struct task *task = task_for(s, TASK_RESULTS);
    task->results.job = JOB;
    task->results.token = arena_copy(&task->arena, bytes_of_text(token));
    task->results.offset = offset;
    run(task);
    return &task->results;
}

static size_t spool_files(const struct story *s)
{
    char command[80];
    int count = 0;
    snprintf(command, sizeof command, "ls -A %s | wc -l", s->spool);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_int_equal(fscanf(pipe, "%d", &count), 1);
    pclose(pipe);
    return (size_t)count;
}

/* ---- Results. */

static void the_results_log_has_a_row_for_every_device(void **state)
{
    struct story *s = *state;
    job_in_every_state(s);
    struct results *results = results_from(s, "", 0);
    assert_text(results->data,
                "device_id,device_name,status,reason,error,batch,attempt,dispatched_at,finished_at\r\n"
                "gw-1,gw-1,completed,,,1,1,2026-11-23T02:00:14.000000Z,2026-11-23T02:00:15.000000Z\r\n"
                "gw-2,gw-2,failed,failed,\"no answer, twice\",1,1,2026-11-23T02:00:14.000000Z,"
                "2026-11-23T02:00:16.000000Z\r\n"
                "gw-3,gw-3,failed,timed_out,,2,1,2026-11-23T02:00:18.000000Z,2026-11-23T02:00:19.000000Z\r\n"
                "gw-4,gw-4,pending,,,2,1,2026-11-23T02:00:18.000000Z,\r\n"
                "gw-5,gw-5,pending,,,3,0,,\r\n"
                "gw-6,gw-6,pending,,,3,0,,\r\n");
    assert_int_equal(results->next, 0);
}

static void cells_that_a_spreadsheet_would_run_are_made_safe(void **state)
{
    struct story *s = *state;
    device_registered(s, 1, "-gw", "=1+1", 0);
    job_running(s, 1, 1, 1);
    uint64_t dispatch = dispatched(s, 0, 1, 1);
    ended(s, 1, dispatch, OUTCOME_FAILED, "@SUM(A1)");
    struct bytes data = results_from(s, "", 0)->data;
    assert_non_null(memmem(data.data, data.size, "'-gw,'=1+1,failed,failed,'@SUM(A1),", 35));
}

static void what_a_device_said_stays_on_its_line(void **state)
{
    struct story *s = *state;
    devices_registered(s, 1);
    job_running(s, 1, 1, 1);
    uint64_t dispatch = dispatched(s, 0, 1, 1);
    ended(s, 1, dispatch, OUTCOME_FAILED, "no\r\npower \033[31m\302\233 \303\274ber");
    struct bytes data = results_from(s, "", 0)->data;
    static const char CELL[] = ",failed,no  power  [31m   \303\274ber,1,1,";
    assert_non_null(memmem(data.data, data.size, CELL, sizeof CELL - 1));
}

static void a_device_that_is_tried_again_is_pending_without_a_reason(void **state)
{
    struct story *s = *state;
    devices_registered(s, 1);
    job_running(s, 1, 1, 1);
    uint64_t dispatch = dispatched(s, 0, 1, 1);
    failed_for_now(s, 1, dispatch, "busy");
    struct bytes data = results_from(s, "", 0)->data;
    assert_non_null(memmem(data.data, data.size, "\r\ngw-1,gw-1,pending,,,1,1,2026", 30));
}

/* ---- Failures. */

static const struct failures *failures_of(struct story *s)
{
    struct task *task = task_for(s, TASK_FAILURES);
    task->failures.job = JOB;
    run(task);
    return &task->failures;
}

/* 11,000 devices with an error each of its own, and before, between and behind them 90 with one in common. */
static void more_different_failures_than_are_kept_are_the_rest(void **state)
{
    enum { DEVICES = 11090, COMMON_EVERY = 123 };
    struct story *s = *state;
    uint32_t common = 0;
    char error[32];
    devices_registered(s, DEVICES);
    job_running(s, 1, DEVICES, DEVICES);
    uint64_t dispatch = dispatched(s, 0, 1, DEVICES);
    for (uint32_t device = 1; device <= DEVICES; device++) {
        snprintf(error, sizeof error, "error of device %u", device);
        bool is_common = device % COMMON_EVERY == 0;
        common += is_common;
        ended(s, device, dispatch, OUTCOME_FAILED, is_common ? "no power" : error);
    }
    const struct failures *failures = failures_of(s);
    assert_int_equal(failures->count, FAILURES_SHOWN_MAX);
    assert_text(failures->groups[0].error, "no power");
    assert_int_equal(failures->groups[0].count, common);
    assert_int_equal(failures->groups[1].count, 1);
    assert_int_equal(failures->rest, DEVICES - common - (FAILURES_SHOWN_MAX - 1));
}

static void a_job_without_failures_has_no_groups(void **state)
{
    struct story *s = *state;
    devices_registered(s, 1);
    job_running(s, 1, 1, 1);
    assert_int_equal(failures_of(s)->count, 0);
}

/* 10,000 devices in 10 dispatches, which end in a scattered order, with long errors: several pieces. */
static void large_job(struct story *s)
{
    enum { DEVICES = 10000, A_DISPATCH = 1000, STRIDE = 7919 };
    uint64_t dispatches[DEVICES / A_DISPATCH];
    char error[256];
    devices_registered(s, DEVICES);
    job_running(s, 1, DEVICES, DEVICES);
    for (uint32_t i = 0; i < COUNT_OF(dispatches); i++) {
        dispatches[i] = dispatched(s, 0, i * A_DISPATCH + 1, (i + 1) * A_DISPATCH);
    }
    for (uint32_t i = 0; i < DEVICES; i++) {
        uint32_t device = (uint32_t)((uint64_t)i * STRIDE % DEVICES) + 1;
        snprintf(error, sizeof error, "error of device %u%200s", device, "");
        ended(s, device, dispatches[(device - 1) / A_DISPATCH], OUTCOME_FAILED, error);
    }
}

static void a_large_results_log_is_read_piece_by_piece(void **state)
{
    struct story *s = *state;
    large_job(s);
    struct results *results = results_from(s, "", 0);
    char token[33], line[400], expected[64];
    FILE *whole = tmpfile();
    assert_int_equal(results->data.size, RESULTS_PIECE_SIZE);
    do {
        assert_int_equal(fwrite(results->data.data, 1, results->data.size, whole), results->data.size);
        snprintf(token, sizeof token, "%.*s", BYTES_ARG(results->token));
    } while (results->next != 0 && (results = results_from(s, token, results->next)) && !results->gone);
    assert_false(results->gone);
    rewind(whole);
    assert_non_null(fgets(line, sizeof line, whole));
    for (uint32_t device = 1; device <= 10000; device++) {
        assert_non_null(fgets(line, sizeof line, whole));
        snprintf(expected, sizeof expected, "gw-%u,gw-%u,failed,failed,\"error of device %u ", device, device, device);
        assert_memory_equal(line, expected, strlen(expected));
        assert_non_null(strstr(line, ",1,1,2026-11-23T"));
    }
    assert_null(fgets(line, sizeof line, whole));
    fclose(whole);
    assert_int_equal(spool_files(s), 1);
}

static void only_the_owner_may_read_a_results_file(void **state)
{
    struct story *s = *state;
    job_in_every_state(s);
    struct results *results = results_from(s, "", 0);
    char path[128];
    struct stat stat_of;
    snprintf(path, sizeof path, "%s/%.*s", s->spool, BYTES_ARG(results->token));
    assert_int_equal(stat(path, &stat_of), 0);
    assert_int_equal(stat_of.st_mode & 0777, 0600);
    assert_int_equal(stat(s->spool, &stat_of), 0);
    assert_int_equal(stat_of.st_mode & 0777, 0700);
}

static void what_is_not_there_is_gone(void **state)
{
    struct story *s = *state;
    job_in_every_state(s);
    char token[33];
    snprintf(token, sizeof token, "%.*s", BYTES_ARG(results_from(s, "", 0)->token));
    assert_false(results_from(s, token, 0)->gone);
    assert_int_equal(results_from(s, token, 10)->next, 0);
    assert_true(results_from(s, token, 1 << 20)->gone);
    assert_true(results_from(s, UNUSED_TOKEN, 0)->gone);
    assert_true(results_from(s, UNUSED_TOKEN "0", 0)->gone);
    assert_true(results_from(s, "0123456789ABCDEF0123456789ABCDEF", 0)->gone);
    assert_true(results_from(s, "../../../../../../../etc/passwd", 0)->gone);
    assert_true(results_from(s, "../log/0000000000000000001.mdb..", 0)->gone);
    assert_true(spool_clean(s->spool, 0, &s->projections.why));
    assert_true(results_from(s, token, 0)->gone);
}

static void without_a_job_or_a_token_nothing_is_written(void **state)
{
    struct story *s = *state;
    struct task *task = task_for(s, TASK_RESULTS);
    run(task);
    assert_true(task->results.gone);
    assert_int_equal(spool_files(s), 0);
}

static void a_full_disk_leaves_no_half_file(void **state)
{
    struct story *s = *state;
    large_job(s);
    /* 16 MiB are left to the log, so the third piece of 256 KiB finds none. */
    if (mount("tmpfs", s->spool, "tmpfs", 0, "size=17m,mode=700") != 0) skip();
    struct task *task = task_for(s, TASK_RESULTS);
    task->results.job = JOB;
    task_run(task);
    size_t files = spool_files(s);
    assert_int_equal(umount(s->spool), 0);
    assert_true(task->failed);
    assert_non_null(strstr(task->fault.text, "no space"));
    assert_int_equal(files, 0);
}

/* ---- The spool. */

static void spool_file_made(struct story *s, const char *name, int64_t time_s, off_t size)
{
    char path[128];
    struct timespec times[2] = {{.tv_sec = time_s}, {.tv_sec = time_s}};
    snprintf(path, sizeof path, "%s/%s", s->spool, name);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, size), 0);
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

static bool spool_has(const struct story *s, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", s->spool, name);
    return access(path, F_OK) == 0;
}

static void files_not_read_for_an_hour_are_removed(void **state)
{
    struct story *s = *state;
    struct sentence why;
    const char *part = UNUSED_TOKEN ".part", *young = "f123456789abcdef0123456789abcdef";
    spool_file_made(s, UNUSED_TOKEN, 1000, 1);
    spool_file_made(s, part, 1000, 1);
    spool_file_made(s, young, 1001, 1);
    spool_file_made(s, "not-ours", 1000, 1);
    assert_true(spool_clean(s->spool, 1000 + 3601, &why));
    assert_false(spool_has(s, UNUSED_TOKEN));
    assert_false(spool_has(s, part));
    assert_true(spool_has(s, young));
    assert_true(spool_clean(s->spool, 0, &why));
    assert_false(spool_has(s, young));
    assert_true(spool_has(s, "not-ours"));
}

static void reading_a_file_begins_its_hour_anew(void **state)
{
    struct story *s = *state;
    struct sentence why;
    spool_file_made(s, UNUSED_TOKEN, 1000, 5);
    assert_int_equal(results_from(s, UNUSED_TOKEN, 0)->data.size, 5);
    assert_true(spool_clean(s->spool, 1000 + 3601, &why));
    assert_true(spool_has(s, UNUSED_TOKEN));
}

static void those_not_read_for_longest_make_room(void **state)
{
    struct story *s = *state;
    const char *older = "a123456789abcdef0123456789abcdef", *newer = "b123456789abcdef0123456789abcdef";
    spool_file_made(s, newer, 2000, (off_t)(SPOOL_BYTES_MAX / 4 * 3));
    spool_file_made(s, older, 1000, (off_t)(SPOOL_BYTES_MAX / 2));
    results_from(s, "", 0);
    assert_false(spool_has(s, older));
    assert_true(spool_has(s, newer));
}

static void a_spool_that_cannot_be_used_is_told(void **state)
{
    struct story *s = *state;
    struct sentence why;
    snprintf(s->spool, sizeof s->spool, "%s/none/spool", s->directory);
    assert_false(spool_clean(s->spool, 0, &why));
    struct task *task = task_for(s, TASK_RESULTS);
    task->results.job = JOB;
    task_run(task);
    assert_true(task->failed);
    assert_non_null(strstr(task->fault.text, "No such file or directory"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(the_results_log_has_a_row_for_every_device),
        STORY(cells_that_a_spreadsheet_would_run_are_made_safe),
        STORY(what_a_device_said_stays_on_its_line),
        STORY(a_device_that_is_tried_again_is_pending_without_a_reason),
        STORY(more_different_failures_than_are_kept_are_the_rest),
        STORY(a_job_without_failures_has_no_groups),
        STORY(a_large_results_log_is_read_piece_by_piece),
        STORY(only_the_owner_may_read_a_results_file),
        STORY(what_is_not_there_is_gone),
        STORY(without_a_job_or_a_token_nothing_is_written),
        STORY(a_full_disk_leaves_no_half_file),
        STORY(files_not_read_for_an_hour_are_removed),
        STORY(reading_a_file_begins_its_hour_anew),
        STORY(those_not_read_for_longest_make_room),
        STORY(a_spool_that_cannot_be_used_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
