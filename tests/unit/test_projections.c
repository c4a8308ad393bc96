/* The life of the projections' files: commits, aborts, snapshots, what is unfit and why, damage, a full disk. */
#include "tests/unit/fold_story.h"

#include <fcntl.h>
#include <lmdb.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "projections/devices.h"
#include "projections/imports.h"

static void data_file(const struct story *s, char path[128])
{
    snprintf(path, 128, "%s/projections.mdb", s->directory);
}

/* ---- Commits and aborts. */

static void new_projections_are_empty(void **state)
{
    struct story *s = *state;
    struct fold_position position = projections_position(&s->p);
    assert_int_equal(position.seq, 0);
    assert_int_equal(projections_head(&s->p), 0);
    assert_string_equal(s->p.why.text, "");
    assert_int_equal(devices_next_number(live(s)), 1);
    assert_int_equal(jobs_next_number(live(s)), 1);
    assert_int_equal(jobs_active_count(live(s)), 0);
}

static void an_abort_goes_back_to_the_last_commit(void **state)
{
    struct story *s = *state;
    given(s, device_registered(1, "a"));
    commit(s);
    struct event second = device_registered(2, "b");
    struct sentence why;
    second.seq = 2;
    assert_int_equal(projections_apply(&s->p, &second, &why), FOLD_OK);
    assert_int_equal(devices_find(live(s), BYTES("b")), 2);
    assert_int_equal(projections_abort(&s->p), PROJECTIONS_OK);
    assert_int_equal(projections_head(&s->p), 1);
    assert_int_equal(devices_find(live(s), BYTES("b")), 0);
    assert_int_equal(devices_count(live(s)), 1);
    assert_int_equal(devices_next_number(live(s)), 2);
}

static void a_commit_is_due_after_so_many_events(void **state)
{
    struct story *s = *state;
    stop(s, true);
    s->settings.events_max = 3;
    start(s);
    struct event event = {.type = EVENT_CLOCK_STEPPED};
    struct sentence why;
    for (event.seq = 1; event.seq <= 3; event.seq++) {
        assert_false(projections_commit_due(&s->p));
        assert_int_equal(projections_apply(&s->p, &event, &why), FOLD_OK);
        history_add(s, event);
    }
    assert_true(projections_commit_due(&s->p));
    commit(s);
    assert_false(projections_commit_due(&s->p));
}

static void a_commit_is_due_after_so_many_bytes(void **state)
{
    struct story *s = *state;
    stop(s, true);
    s->settings.dirty_bytes_max = 64 << 10;
    start(s);
    struct sentence why;
    char id[16];
    unsigned count = 0;
    for (; !projections_commit_due(&s->p) && count < 5000; count++) {
        snprintf(id, sizeof id, "d-%u", count + 1);
        struct event event = device_registered(count + 1, arena_text(&s->arena, bytes_of_text(id)));
        event = *history_add(s, event);
        assert_int_equal(projections_apply(&s->p, &event, &why), FOLD_OK);
    }
    assert_in_range(count, 200, 2000);
}

/* ---- What readers of any log need. */

static void an_event_may_be_passed_over(void **state)
{
    struct story *s = *state;
    struct event event = device_registered(1, "a");
    struct sentence why;
    projections_pass(&s->p);
    assert_int_equal(projections_head(&s->p), 1);
    assert_int_equal(devices_count(live(s)), 0);
    event.seq = 2;
    assert_int_equal(projections_apply(&s->p, &event, &why), FOLD_OK);
    commit(s);
    assert_int_equal(projections_position(&s->p).seq, 2);
    assert_int_equal(devices_find(live(s), BYTES("a")), 1);
    assert_int_equal(projections_reset(&s->p), PROJECTIONS_OK); /* no rebuild would equal it */
}

static void an_event_of_more_steps_than_it_may_take_is_a_fault(void **state)
{
    struct story *s = *state;
    struct event event = device_registered(1, "a");
    struct sentence why;
    event.seq = 1;
    projections_limit(&s->p, 1);
    assert_int_equal(projections_apply(&s->p, &event, &why), FOLD_FAULT);
    assert_int_equal(s->p.fault, PROJECTIONS_ENDLESS);
    assert_string_equal(why.text, "it takes more than 1 steps");
    assert_int_equal(projections_abort(&s->p), PROJECTIONS_OK);
    projections_limit(&s->p, 100);
    assert_int_equal(projections_apply(&s->p, history_add(s, event), &why), FOLD_OK);
    projections_limit(&s->p, 1);
    commit(s); /* only folding is limited */
    assert_int_equal(devices_count(live(s)), 1);
}

/* ---- Starting again. */

static void what_was_committed_is_there_after_a_restart(void **state)
{
    struct story *s = *state;
    given(s, device_registered(1, "a"));
    stop(s, true);
    start(s);
    struct fold_position expected = position_of(1), found = projections_position(&s->p);
    assert_string_equal(s->p.why.text, "");
    assert_memory_equal(&found, &expected, sizeof found);
    assert_int_equal(projections_head(&s->p), 1);
    assert_int_equal(devices_find(live(s), BYTES("a")), 1);
}

static void what_was_not_committed_is_gone_after_a_kill(void **state)
{
    struct story *s = *state;
    given(s, device_registered(1, "a"));
    commit(s);
    given(s, device_registered(2, "b"));
    stop(s, false);
    start(s);
    assert_string_equal(s->p.why.text, "");
    assert_int_equal(projections_head(&s->p), 1);
    catch_up(s, &s->p);
    assert_int_equal(devices_find(live(s), BYTES("b")), 2);
}

static void a_clean_stop_survives_another_boot(void **state)
{
    struct story *s = *state;
    given(s, device_registered(1, "a"));
    stop(s, true);
    s->settings.boot_id = "boot-2";
    start(s);
    assert_string_equal(s->p.why.text, "");
    assert_int_equal(projections_head(&s->p), 1);
    given(s, device_registered(2, "b"));
    commit(s);
    /* The files are of the second boot now. */
    stop(s, false);
    start(s);
    assert_int_equal(projections_head(&s->p), 2);
}

static void then_starts_empty(struct story *s, const char *reason)
{
    start(s);
    if (!strstr(s->p.why.text, reason)) fail_msg("\"%s\" does not say \"%s\"", s->p.why.text, reason);
    assert_int_equal(projections_head(&s->p), 0);
    assert_int_equal(devices_count(live(s)), 0);
    catch_up(s, &s->p);
}

static void files_of_an_older_boot_without_a_clean_stop_are_unfit(void **state)
{
    struct story *s = *state;
    given(s, device_registered(1, "a"));
    commit(s);
    stop(s, false);
    s->settings.boot_id = "boot-2";
    then_starts_empty(s, "the machine went down without a clean stop");
}

static void a_clean_stop_counts_once(void **state)
{
    struct story *s = *state;
    given(s, device_registered(1, "a"));
    stop(s, true);
    start(s);
    stop(s, false);
    s->settings.boot_id = "boot-2";
    then_starts_empty(s, "the machine went down without a clean stop");
}

static void meta_put(struct story *s, const char *key, const char *value)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi meta;
    char path[128];
    data_file(s, path);
    MDB_val k = {strlen(key), (void *)(uintptr_t)key}, v = {strlen(value), (void *)(uintptr_t)value};
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 64), 0);
    assert_int_equal(mdb_env_open(env, path, MDB_NOSUBDIR, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "meta", 0, &meta), 0);
    assert_int_equal(mdb_put(txn, meta, &k, &v, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void files_of_another_fold_version_are_unfit(void **state)
{
    struct story *s = *state;
    given(s, device_registered(1, "a"));
    commit(s);
    stop(s, false);
    meta_put(s, "versions", "actors 1\ndevices 0\n");
    then_starts_empty(s, "another version of a projection wrote them");
}

/* ---- Damage. */

static void a_byte_that_changed_after_a_clean_stop_is_found(void **state)
{
    struct story *s = *state;
    char path[128];
    given(s, device_registered(1, "a"));
    stop(s, true);
    data_file(s, path);
    int fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, "x", 1, 5000), 1);
    close(fd);
    then_starts_empty(s, "not as the last stop left it");
}

static void given_committed_devices(struct story *s, bool clean)
{
    given_devices(s, 1, 2000);
    commit(s);
    stop(s, clean);
}

static void file_overwrite(const char *path, off_t from, off_t size, uint64_t seed)
{
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    for (off_t at = from; at < from + size; at += (off_t)sizeof seed) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        assert_int_equal(pwrite(fd, &seed, sizeof seed, at), sizeof seed);
    }
    close(fd);
}

static void a_file_of_garbage_is_folded_again(void **state)
{
    struct story *s = *state;
    char path[128];
    given_committed_devices(s, false);
    data_file(s, path);
    file_overwrite(path, 0, 128 << 10, 1);
    then_starts_empty(s, "cannot be read");
}

static void garbage_behind_a_good_beginning_is_folded_again(void **state)
{
    struct story *s = *state;
    char path[128];
    given_committed_devices(s, false);
    data_file(s, path);
    /* The two meta pages stay; all the tables are gone. */
    file_overwrite(path, 2 * 4096, 256 << 10, 2);
    then_starts_empty(s, "cannot be read");
}

static void a_truncated_file_is_folded_again(void **state)
{
    struct story *s = *state;
    static const off_t SIZES[] = {0, 100, 4096, 2 * 4096, 3 * 4096 + 17, 30 * 4096};
    char path[128];
    given_committed_devices(s, false);
    data_file(s, path);
    for (size_t i = 0; i < COUNT_OF(SIZES); i++) {
        assert_int_equal(truncate(path, SIZES[i]), 0);
        start(s);
        assert_int_equal(projections_head(&s->p), 0);
        catch_up(s, &s->p);
        commit(s);
        if (i + 1 < COUNT_OF(SIZES)) stop(s, false);
    }
}

/* Bits of page headers: LMDB itself crashes on many of them, the opening process never. */
static void flipped_bits_in_page_headers_stop_no_start(void **state)
{
    struct story *s = *state;
    char path[128], saved[160], command[400];
    given_committed_devices(s, false);
    data_file(s, path);
    snprintf(saved, sizeof saved, "%s.saved", path);
    snprintf(command, sizeof command, "cp --sparse=always %s %s", path, saved);
    assert_int_equal(system(command), 0);
    uint64_t random = 99;
    unsigned found = 0;
    for (unsigned trial = 0; trial < 60; trial++) {
        snprintf(command, sizeof command, "cp --sparse=always %s %s", saved, path);
        assert_int_equal(system(command), 0);
        random = random * 6364136223846793005u + 1442695040888963407u;
        file_overwrite(path, (off_t)(2 + (random >> 33) % 40) * 4096 + 8, 8, random);
        start(s);
        found += projections_head(&s->p) == 0;
        stop(s, false);
    }
    print_message("%u of 60 damaged headers found at the start\n", found);
    assert_true(found > 0);
    unlink(saved);
    unlink(path);
    then_starts_empty(s, "");
}

static void a_reset_throws_everything_away(void **state)
{
    struct story *s = *state;
    given(s, device_registered(1, "a"));
    commit(s);
    assert_int_equal(projections_reset(&s->p), PROJECTIONS_OK);
    assert_int_equal(projections_head(&s->p), 0);
    assert_int_equal(projections_position(&s->p).seq, 0);
    assert_int_equal(devices_find(live(s), BYTES("a")), 0);
    catch_up(s, &s->p);
    commit(s);
    stop(s, false);
    start(s);
    assert_int_equal(projections_head(&s->p), 1);
}

/* ---- Snapshots. */

static void a_snapshot_sees_the_last_commit_and_nothing_after(void **state)
{
    struct story *s = *state;
    given_devices(s, 1, 3);
    given_running(s, 1, "j", 1, 3, 3);
    given(s, batch_dispatched(1, 0, 1, these(s, 1, 2), BYTES_NONE));
    commit(s);
    uint64_t dispatch = s->count;
    struct view *snapshot = snapshot_open(&s->p);
    given(s, device_result(1, 1, dispatch, OUTCOME_COMPLETED, true), device_registered(4, "d-4"));
    commit(s);
    struct job_device device;
    assert_int_equal(snapshot_seq(snapshot), dispatch);
    assert_true(job_devices_find(snapshot, 1, 1, &device));
    assert_int_equal(device.state, DEVICE_OUT);
    assert_int_equal(job_devices_list(snapshot, 1)->out, 2);
    assert_int_equal(devices_find(snapshot, BYTES("d-4")), 0);
    assert_int_equal(devices_count(snapshot), 3);
    assert_int_equal(jobs_get(snapshot, 1)->status, JOB_IS_RUNNING);
    snapshot_close(snapshot);
    snapshot = snapshot_open(&s->p);
    assert_int_equal(devices_count(snapshot), 4);
    assert_int_equal(job_devices_list(snapshot, 1)->completed, 1);
    assert_same_state(live(s), snapshot);
    snapshot_close(snapshot);
}

static void a_snapshot_lives_on_over_a_reset_and_a_close(void **state)
{
    struct story *s = *state;
    given(s, device_registered(1, "a"));
    commit(s);
    struct view *before = snapshot_open(&s->p);
    assert_int_equal(projections_reset(&s->p), PROJECTIONS_OK);
    struct view *after = snapshot_open(&s->p);
    assert_int_equal(devices_find(before, BYTES("a")), 1);
    assert_int_equal(devices_find(after, BYTES("a")), 0);
    projections_close(&s->p, false);
    assert_int_equal(devices_find(before, BYTES("a")), 1);
    assert_false(snapshot_failed(before));
    snapshot_close(before);
    snapshot_close(after);
}

/* ---- A full disk: a file system of four MiB, most of it taken. */

static void fill(const struct story *s, bool full)
{
    char path[128];
    snprintf(path, sizeof path, "%s/filler", s->directory);
    if (!full) {
        assert_int_equal(unlink(path), 0);
        return;
    }
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    static const char zeros[4096];
    while (write(fd, zeros, sizeof zeros) > 0) {
    }
    close(fd);
}

static void without_room_nothing_is_lost_and_a_commit_may_be_tried_again(void **state)
{
    struct story *s = *state;
    stop(s, true);
    if (mount("tmpfs", s->directory, "tmpfs", 0, "size=4m") != 0) {
        start(s);
        skip();
    }
    start(s);
    given_devices(s, 1, 5000);
    fill(s, true);
    struct fold_position position = position_of(s->count);
    assert_int_equal(projections_reserve(&s->p), PROJECTIONS_NO_SPACE);
    assert_int_equal(projections_commit(&s->p, &position), PROJECTIONS_NO_SPACE);
    assert_true(strstr(s->p.why.text, "No space left") != NULL);
    assert_int_equal(devices_count(live(s)), 5000);
    given(s, device_registered(5001, "one more"));
    fill(s, false);
    commit(s);
    assert_int_equal(projections_position(&s->p).seq, 5001);
    then_rebuild_equals(s);
    projections_close(&s->p, false);
    assert_int_equal(umount2(s->directory, MNT_DETACH), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(new_projections_are_empty),
        STORY(an_abort_goes_back_to_the_last_commit),
        STORY(a_commit_is_due_after_so_many_events),
        STORY(a_commit_is_due_after_so_many_bytes),
        STORY(an_event_may_be_passed_over),
        STORY(an_event_of_more_steps_than_it_may_take_is_a_fault),
        STORY(what_was_committed_is_there_after_a_restart),
        STORY(what_was_not_committed_is_gone_after_a_kill),
        STORY(a_clean_stop_survives_another_boot),
        STORY(files_of_an_older_boot_without_a_clean_stop_are_unfit),
        STORY(a_clean_stop_counts_once),
        STORY(files_of_another_fold_version_are_unfit),
        STORY(a_byte_that_changed_after_a_clean_stop_is_found),
        STORY(a_file_of_garbage_is_folded_again),
        STORY(garbage_behind_a_good_beginning_is_folded_again),
        STORY(a_truncated_file_is_folded_again),
        STORY(flipped_bits_in_page_headers_stop_no_start),
        STORY(a_reset_throws_everything_away),
        STORY(a_snapshot_sees_the_last_commit_and_nothing_after),
        STORY(a_snapshot_lives_on_over_a_reset_and_a_close),
        STORY(without_room_nothing_is_lost_and_a_commit_may_be_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
