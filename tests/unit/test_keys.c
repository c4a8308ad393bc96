/* Group keys: what devices' keys are, what a key file may be, what a rotation leaves behind wherever it is cut off. */
#include "tests/unit/job_story.h"

#include "engine/keys/key_file.h"
#include "engine/keys/key_store.h"

#include <openssl/evp.h>
#include <sys/stat.h>

/* ---- Givens. */

static const char *path_of(const struct stage *s, const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", s->directory, name);
    return path;
}

static void prints_of(struct stage *s, const char *name, uint8_t prints[GROUP_KEYS][KEY_PRINT_SIZE])
{
    struct group_keys *keys;
    struct sentence why;
    assert_int_equal(key_file_read(path_of(s, name), &keys, &why), PRIVATE_FILE_READ);
    for (enum group_key i = GROUP_KEY_PRIMARY; i < GROUP_KEYS; i++) group_keys_print(keys, i, prints[i]);
    group_keys_release(keys);
}

static void copy(struct stage *s, const char *from, const char *to)
{
    char command[512];
    snprintf(command, sizeof command, "cd '%s' && cp -p '%s' '%s'", s->directory, from, to);
    assert_int_equal(system(command), 0);
}

static const char *rotate(struct stage *s, const char *which)
{
    return stage_call(s, 1, "keys.rotate", "{\"which\":\"%s\"}", which);
}

/* ---- Thens. */

static void then_it_does_not_start(struct stage *s, const char *sentence)
{
    struct sentence why;
    int exit_code = 0;
    struct turn *turn = turn_open(&s->settings, &why, &exit_code);
    assert_null(turn);
    assert_int_equal(exit_code, EXIT_FAILED);
    if (!strstr(why.text, sentence)) fail_msg("\"%s\" does not say \"%s\"", why.text, sentence);
}

static void stop(struct stage *s)
{
    stage_finish_tasks(s);
    turn_close(s->turn, &s->clock);
}

static void then_keys_differ(uint8_t a[GROUP_KEYS][KEY_PRINT_SIZE], uint8_t b[GROUP_KEYS][KEY_PRINT_SIZE], bool primary,
                             bool secondary)
{
    assert_int_equal(memcmp(a[GROUP_KEY_PRIMARY], b[GROUP_KEY_PRIMARY], KEY_PRINT_SIZE) != 0, primary);
    assert_int_equal(memcmp(a[GROUP_KEY_SECONDARY], b[GROUP_KEY_SECONDARY], KEY_PRINT_SIZE) != 0, secondary);
}

/* ---- Devices' keys. */

static void a_device_has_the_key_that_azure_would_give_it(void **state)
{
    (void)state;
    static const char GROUP_KEY[] = "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw==";
    uint8_t key[GROUP_KEY_SIZE + 2];
    char text[DEVICE_KEY_SIZE];
    assert_int_equal(EVP_DecodeBlock(key, (const uint8_t *)GROUP_KEY, sizeof GROUP_KEY - 1), sizeof key);
    struct group_keys *keys = group_keys_new(NULL, key);
    struct device_keys *device = device_keys_new(keys);
    group_keys_release(keys);
    for (int again = 0; again < 3; again++) {
        device_keys_make(device, GROUP_KEY_SECONDARY, BYTES("sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6"), text);
        assert_memory_equal(text, "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc=", DEVICE_KEY_SIZE);
        device_keys_make(device, GROUP_KEY_PRIMARY, BYTES("another"), text);
    }
    device_keys_delete(device);
}

/* The flags of the mapping that holds the address, as proc(5) has them; to be freed. */
static char *mapping_flags(const void *address)
{
    FILE *maps = fopen("/proc/self/smaps", "re");
    char line[512], *flags = NULL;
    bool holds = false;
    assert_non_null(maps);
    while (!flags && fgets(line, sizeof line, maps)) {
        unsigned long first, end;
        if (sscanf(line, "%lx-%lx ", &first, &end) == 2) holds = (uintptr_t)address >= first && (uintptr_t)address < end;
        if (holds && strncmp(line, "VmFlags:", 8) == 0) flags = strdup(line + 8);
    }
    fclose(maps);
    assert_non_null(flags);
    return flags;
}

static void group_keys_are_left_out_of_core_dumps(void **state)
{
    (void)state;
    struct group_keys *keys = group_keys_new(NULL, NULL);
    char *flags = mapping_flags(group_keys_get(keys, GROUP_KEY_SECONDARY));
    if (!strstr(flags, " dd ")) fail_msg("the page of the keys may be dumped: %s", flags);
    free(flags);
    group_keys_release(keys);
}

/* ---- The file. */

static void the_first_start_makes_a_private_file(void **state)
{
    struct stage *s = *state;
    struct stat status;
    uint8_t first[GROUP_KEYS][KEY_PRINT_SIZE], again[GROUP_KEYS][KEY_PRINT_SIZE];
    assert_int_equal(stat(path_of(s, "group-keys"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_not_equal(access(path_of(s, "group-keys.next"), F_OK), 0);
    prints_of(s, "group-keys", first);
    assert_memory_not_equal(first[0], first[1], KEY_PRINT_SIZE);
    stage_restart(s);
    prints_of(s, "group-keys", again);
    then_keys_differ(first, again, false, false);
}

static void a_file_that_others_may_read_is_refused(void **state)
{
    struct stage *s = *state;
    stop(s);
    assert_int_equal(chmod(path_of(s, "group-keys"), 0640), 0);
    then_it_does_not_start(s, "its mode 0640 lets others in: chmod 600 it");
    assert_int_equal(chmod(path_of(s, "group-keys"), 0600), 0);
    stage_start(s);
}

static void a_damaged_file_is_refused_wherever_the_damage_is(void **state)
{
    struct stage *s = *state;
    struct group_keys *keys;
    struct sentence why;
    copy(s, "group-keys", "good");
    for (long at = 0; at < 290; at += 7) {
        copy(s, "good", "bad");
        FILE *file = fopen(path_of(s, "bad"), "r+e");
        fseek(file, at, SEEK_SET);
        int byte = fgetc(file);
        fseek(file, at, SEEK_SET);
        fputc(byte ^ 1, file);
        fclose(file);
        assert_int_equal(key_file_read(path_of(s, "bad"), &keys, &why), PRIVATE_FILE_REFUSED);
        assert_non_null(strstr(why.text, "is damaged"));
    }
    assert_int_equal(truncate(path_of(s, "good"), 100), 0);
    assert_int_equal(key_file_read(path_of(s, "good"), &keys, &why), PRIVATE_FILE_REFUSED);
    stop(s);
    copy(s, "bad", "group-keys");
    then_it_does_not_start(s, "is damaged or no file of the group keys: put it back from a backup");
    assert_int_equal(unlink(path_of(s, "group-keys")), 0);
    assert_int_equal(symlink("good", path_of(s, "group-keys")), 0);
    then_it_does_not_start(s, "cannot be opened");
    assert_int_equal(unlink(path_of(s, "group-keys")), 0);
    stage_start(s);
}

static void keys_that_nobody_was_given_may_be_lost(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    stop(s);
    assert_int_equal(unlink(path_of(s, "group-keys")), 0);
    stage_start(s);
    assert_int_equal(access(path_of(s, "group-keys"), F_OK), 0);
}

static void keys_that_the_log_knows_may_not_be_lost(void **state)
{
    struct stage *s = *state;
    rotate(s, "primary");
    stop(s);
    copy(s, "group-keys", "kept");
    assert_int_equal(unlink(path_of(s, "group-keys")), 0);
    then_it_does_not_start(s, "group-keys is missing, and the log knows of its keys: put the right file back");
    copy(s, "kept", "group-keys");
    stage_start(s);
}

static void lost_keys_are_made_anew_when_one_is_told_to(void **state)
{
    struct stage *s = *state;
    rotate(s, "primary");
    stop(s);
    assert_int_equal(unlink(path_of(s, "group-keys")), 0);
    s->settings.trust_keys = true;
    stage_start(s);
    expect_answer(stage_call(s, 1, "events.read", "{\"filter\":{\"type\":\"KEYS_ROTATED\"}}"),
                  "\"actor\":\"engine\",\"which\":\"both\"");
    s->settings.trust_keys = false;
    stage_restart(s);
    assert_true(stage_rebuild_gives_the_same(s));
}

static void another_engines_keys_are_refused_unless_one_is_told_to_trust_them(void **state)
{
    struct stage *s = *state, other;
    stage_open(&other);
    rotate(s, "secondary");
    stop(s);
    char command[512];
    snprintf(command, sizeof command, "cp -p '%s/group-keys' '%s/group-keys'", other.directory, s->directory);
    assert_int_equal(system(command), 0);
    stage_close(&other);
    then_it_does_not_start(s, "holds other group keys than the log knows");
    s->settings.trust_keys = true;
    stage_start(s);
    s->settings.trust_keys = false;
    stage_restart(s);
}

/* ---- Rotation. */

static void a_rotation_changes_the_one_key_that_was_named(void **state)
{
    struct stage *s = *state;
    uint8_t before[GROUP_KEYS][KEY_PRINT_SIZE], after[GROUP_KEYS][KEY_PRINT_SIZE];
    prints_of(s, "group-keys", before);
    expect_answer(rotate(s, "primary"), "{\"primary\":\"");
    prints_of(s, "group-keys", after);
    then_keys_differ(before, after, true, false);
    rotate(s, "secondary");
    prints_of(s, "group-keys", before);
    then_keys_differ(before, after, false, true);
    expect_answer(rotate(s, "all"), "which must be");
    stage_join(s, 2, true);
    expect_answer(stage_call(s, 2, "keys.rotate", "{\"which\":\"primary\"}"), "read_only");
    stage_restart(s);
    assert_true(stage_rebuild_gives_the_same(s));
}

static void rotations_of_one_turn_all_hold(void **state)
{
    struct stage *s = *state;
    uint8_t before[GROUP_KEYS][KEY_PRINT_SIZE], after[GROUP_KEYS][KEY_PRINT_SIZE];
    prints_of(s, "group-keys", before);
    for (int i = 0; i < 5; i++) stage_queue(s, 1, "keys.rotate", "{\"which\":\"primary\"}");
    rotate(s, "secondary");
    prints_of(s, "group-keys", after);
    then_keys_differ(before, after, true, true);
    stage_restart(s);
}

static void a_repeated_rotation_rotates_once(void **state)
{
    struct stage *s = *state;
    uint8_t before[GROUP_KEYS][KEY_PRINT_SIZE], after[GROUP_KEYS][KEY_PRINT_SIZE];
    char *first = strdup(stage_call(s, 1, "keys.rotate", "{\"which\":\"primary\",\"requestId\":\"r\"}"));
    prints_of(s, "group-keys", before);
    expect_answer(stage_call(s, 1, "keys.rotate", "{\"which\":\"primary\",\"requestId\":\"r\"}"), strchr(first, '{'));
    prints_of(s, "group-keys", after);
    then_keys_differ(before, after, false, false);
    free(first);
}

static void the_event_holds_prints_and_nothing_else(void **state)
{
    struct stage *s = *state;
    char *answer = strdup(rotate(s, "primary"));
    const char *print = strstr(answer, "\"primary\":\"");
    char expected[64];
    snprintf(expected, sizeof expected, "%.*s", (int)strlen("\"primary\":\"") + 17, print);
    const char *events = stage_call(s, 1, "events.read", "{\"filter\":{\"type\":\"KEYS_ROTATED\"}}");
    expect_answer(events, "\"which\":\"primary\"");
    expect_answer(events, expected);
    free(answer);
}

static void a_rotation_without_room_never_was(void **state)
{
    struct stage *s = *state;
    uint8_t before[GROUP_KEYS][KEY_PRINT_SIZE], after[GROUP_KEYS][KEY_PRINT_SIZE];
    rotate(s, "primary");
    prints_of(s, "group-keys", before);
    stage_fill_disk(s, true);
    expect_answer(rotate(s, "primary"), "no_space");
    assert_int_not_equal(access(path_of(s, "group-keys.next"), F_OK), 0);
    stage_fill_disk(s, false);
    prints_of(s, "group-keys", after);
    then_keys_differ(before, after, false, false);
    stage_restart(s);
}

static void a_rotation_whose_keys_cannot_be_written_never_was(void **state)
{
    struct stage *s = *state;
    assert_int_equal(mkdir(path_of(s, "group-keys.next"), 0700), 0);
    expect_answer(rotate(s, "primary"), "the group keys cannot be written");
    assert_int_equal(rmdir(path_of(s, "group-keys.next")), 0);
    stage_pass(s, 2 * (int64_t)SECOND);
    expect_answer(rotate(s, "primary"), "\"primary\":");
}

static void keys_that_cannot_have_their_name_hold_under_the_other(void **state)
{
    struct stage *s = *state;
    uint8_t before[GROUP_KEYS][KEY_PRINT_SIZE], next[GROUP_KEYS][KEY_PRINT_SIZE], after[GROUP_KEYS][KEY_PRINT_SIZE];
    prints_of(s, "group-keys", before);
    assert_int_equal(unlink(path_of(s, "group-keys")), 0);
    assert_int_equal(mkdir(path_of(s, "group-keys"), 0700), 0);
    expect_answer(rotate(s, "primary"), "\"primary\":");
    prints_of(s, "group-keys.next", next);
    then_keys_differ(before, next, true, false);
    assert_int_equal(rmdir(path_of(s, "group-keys")), 0);
    stage_crash(s);
    prints_of(s, "group-keys", after);
    then_keys_differ(next, after, false, false);
}

static void a_crash_before_the_event_leaves_the_old_keys(void **state)
{
    struct stage *s = *state;
    uint8_t before[GROUP_KEYS][KEY_PRINT_SIZE], after[GROUP_KEYS][KEY_PRINT_SIZE];
    rotate(s, "primary");
    prints_of(s, "group-keys", before);
    struct group_keys *next = group_keys_new(NULL, NULL);
    assert_int_equal(key_file_write(path_of(s, "group-keys.next"), next), 0);
    group_keys_release(next);
    stage_crash(s);
    prints_of(s, "group-keys", after);
    then_keys_differ(before, after, false, false);
    assert_int_not_equal(access(path_of(s, "group-keys.next"), F_OK), 0);
}

static void a_crash_behind_the_event_ends_with_the_new_keys(void **state)
{
    struct stage *s = *state;
    uint8_t before[GROUP_KEYS][KEY_PRINT_SIZE], after[GROUP_KEYS][KEY_PRINT_SIZE];
    copy(s, "group-keys", "old");
    rotate(s, "primary");
    prints_of(s, "group-keys", before);
    copy(s, "group-keys", "group-keys.next");
    copy(s, "old", "group-keys");
    stage_crash(s);
    prints_of(s, "group-keys", after);
    then_keys_differ(before, after, false, false);
}

static void the_only_copy_of_the_keys_outlives_a_start_that_may_not_read_it(void **state)
{
    struct stage *s = *state;
    uint8_t before[GROUP_KEYS][KEY_PRINT_SIZE], after[GROUP_KEYS][KEY_PRINT_SIZE];
    copy(s, "group-keys", "old");
    rotate(s, "primary");
    prints_of(s, "group-keys", before);
    copy(s, "group-keys", "group-keys.next");
    copy(s, "old", "group-keys");
    chmod(path_of(s, "group-keys.next"), 0644);
    stop(s);
    then_it_does_not_start(s, "group-keys.next holds secrets and its mode 0644 lets others in: chmod 600 it");
    chmod(path_of(s, "group-keys.next"), 0600);
    stage_start(s);
    prints_of(s, "group-keys", after);
    then_keys_differ(before, after, false, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_has_the_key_that_azure_would_give_it),
        cmocka_unit_test(group_keys_are_left_out_of_core_dumps),
        STORY(the_first_start_makes_a_private_file),
        STORY(a_file_that_others_may_read_is_refused),
        STORY(a_damaged_file_is_refused_wherever_the_damage_is),
        STORY(keys_that_nobody_was_given_may_be_lost),
        STORY(keys_that_the_log_knows_may_not_be_lost),
        STORY(lost_keys_are_made_anew_when_one_is_told_to),
        STORY(another_engines_keys_are_refused_unless_one_is_told_to_trust_them),
        STORY(a_rotation_changes_the_one_key_that_was_named),
        STORY(rotations_of_one_turn_all_hold),
        STORY(a_repeated_rotation_rotates_once),
        STORY(the_event_holds_prints_and_nothing_else),
        STORY(a_rotation_without_room_never_was),
        STORY(a_rotation_whose_keys_cannot_be_written_never_was),
        STORY(keys_that_cannot_have_their_name_hold_under_the_other),
        STORY(a_crash_before_the_event_leaves_the_old_keys),
        STORY(a_crash_behind_the_event_ends_with_the_new_keys),
        STORY(the_only_copy_of_the_keys_outlives_a_start_that_may_not_read_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
