/* Checkpoints that the engine signs: what they cover, what is on disk when they are told, what is never signed. */
#include "tests/unit/job_story.h"

#include <sys/stat.h>

/* ---- Givens. */

/* The file of DIR/signing with this suffix; until the next call. */
static const char *signing_file(const struct stage *s, const char *suffix)
{
    static char path[PATH_MAX];
    assert_true(signer_path(s->directory, log_id(&s->turn->log), suffix, path));
    return path;
}

static void read_file(const char *path, char *text, size_t room)
{
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    size_t size = fread(text, 1, room - 1, file);
    text[size] = '\0';
    fclose(file);
}

static void in_directory(const struct stage *s, const char *words)
{
    char command[512];
    snprintf(command, sizeof command, "cd '%s' && %s", s->directory, words);
    assert_int_equal(system(command), 0);
}

static void stop(struct stage *s)
{
    stage_finish_tasks(s);
    turn_close(s->turn, &s->clock);
}

/* The text of a member, its line feeds as they are; until the next call. */
static const char *member(const char *answer, const char *key)
{
    static char texts[2][1024];
    static int last;
    char *text = texts[last ^= 1], *out = text, quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\":\"", key);
    const char *at = strstr(answer, quoted);
    if (!at) fail_msg("there is no %s in %s", key, answer);
    for (at += strlen(quoted); *at != '"'; at++) {
        bool is_end = at[0] == '\\' && at[1] == 'n';
        *out++ = is_end ? '\n' : *at;
        at += is_end;
    }
    *out = '\0';
    return text;
}

/* Signs, and reads what was signed with the key that came with it. */
static struct checkpoint signed_now(struct stage *s)
{
    struct note_key key;
    struct bytes body;
    struct checkpoint checkpoint;
    const char *answer = stage_call(s, 1, "checkpoint", "{}");
    assert_true(note_key_read(bytes_of_text(member(answer, "key")), &key));
    assert_int_equal(note_open(bytes_of_text(member(answer, "text")), &key, &body), NOTE_SIGNED);
    assert_true(checkpoint_read(body, &checkpoint));
    assert_string_equal(checkpoint.origin, key.name);
    return checkpoint;
}

/* ---- Thens. */

static void then_nothing_is_signed(struct stage *s, const char *sentence)
{
    const char *answer = stage_call(s, 1, "checkpoint", "{}");
    expect_answer(answer, "\"cannot_sign\"");
    expect_answer(answer, sentence);
    expect_answer(stage_call(s, 1, "groups.put", "{\"id\":\"still-alive\"}"), "\"still-alive\"");
}

/* ---- Stories. */

static void a_checkpoint_covers_all_that_was_told(void **state)
{
    struct stage *s = *state;
    char origin[NOTE_NAME_SIZE];
    given_devices(s, 5);
    struct checkpoint checkpoint = signed_now(s);
    checkpoint_origin(log_id(&s->turn->log), origin);
    assert_string_equal(checkpoint.origin, origin);
    assert_int_equal(checkpoint.size, log_head(&s->turn->log));
    assert_memory_equal(checkpoint.root, log_root(&s->turn->log), MERKLE_HASH_SIZE);
}

static void what_is_signed_is_stored_and_what_checks_it_too(void **state)
{
    struct stage *s = *state;
    char text[1024];
    struct stat status;
    const char *answer = stage_call(s, 1, "checkpoint", "{}");
    read_file(signing_file(s, "checkpoint"), text, sizeof text);
    assert_string_equal(text, member(answer, "text"));
    read_file(signing_file(s, "pub"), text, sizeof text);
    text[strlen(text) - 1] = '\0';
    assert_string_equal(text, member(answer, "key"));
    assert_int_equal(stat(signing_file(s, "key"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_not_equal(access(signing_file(s, "new"), F_OK), 0);
}

static void nothing_is_signed_twice(void **state)
{
    struct stage *s = *state;
    char *first = strdup(stage_call(s, 1, "checkpoint", "{}"));
    struct stat before, after;
    assert_int_equal(stat(signing_file(s, "checkpoint"), &before), 0);
    assert_string_equal(member(stage_call(s, 1, "checkpoint", "{}"), "text"), member(first, "text"));
    assert_int_equal(stat(signing_file(s, "checkpoint"), &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    free(first);
}

static void the_last_one_is_shown_without_signing(void **state)
{
    struct stage *s = *state;
    const char *answer = stage_call(s, 1, "checkpoint", "{\"last\":true}");
    expect_answer(answer, "\"key\":\"muster/");
    assert_null(strstr(answer, "\"text\""));
    struct checkpoint checkpoint = signed_now(s);
    given_devices(s, 1);
    char expected[64];
    snprintf(expected, sizeof expected, "\\n%llu\\n", (unsigned long long)checkpoint.size);
    expect_answer(stage_call(s, 1, "checkpoint", "{\"last\":true}"), expected);
}

static void auditors_may_ask(void **state)
{
    struct stage *s = *state;
    stage_join(s, 2, true);
    expect_answer(stage_call(s, 2, "checkpoint", "{}"), "\"text\":\"muster/");
}

static void each_extends_the_one_before_also_over_stops_and_crashes(void **state)
{
    struct stage *s = *state;
    struct checkpoint before = signed_now(s);
    for (int round = 0; round < 6; round++) {
        given_devices(s, 1 + round * 7);
        if (round % 3 == 1) stage_restart(s);
        if (round % 3 == 2) stage_crash(s);
        struct checkpoint after = signed_now(s);
        assert_true(after.size > before.size);
        assert_string_equal(after.origin, before.origin);
        before = after;
    }
}

static void a_log_that_lost_its_end_is_not_signed(void **state)
{
    struct stage *s = *state;
    given_devices(s, 3);
    stop(s);
    in_directory(s, "cp -r log kept && rm -rf projections");
    stage_start(s);
    given_devices(s, 30);
    struct checkpoint checkpoint = signed_now(s);
    stop(s);
    in_directory(s, "rm -rf log projections && mv kept log");
    stage_start(s);
    then_nothing_is_signed(s, "events were changed or taken away");
    while (log_head(&s->turn->log) <= checkpoint.size) given_devices(s, 60);
    then_nothing_is_signed(s, "does not extend it");
    stage_restart(s); /* now it is longer than what was signed, and another one */
    then_nothing_is_signed(s, "does not extend it");
    expect_answer(stage_call(s, 1, "checkpoint", "{\"last\":true}"), "\"text\"");
}

static void a_key_that_signed_and_is_gone_is_not_made_anew_unasked(void **state)
{
    struct stage *s = *state;
    struct checkpoint before = signed_now(s);
    assert_int_equal(unlink(signing_file(s, "key")), 0);
    stage_restart(s);
    then_nothing_is_signed(s, "start musterd once with --trust-keys");
    stop(s);
    s->settings.trust_keys = true;
    stage_start(s);
    s->settings.trust_keys = false;
    assert_true(signed_now(s).size > before.size);
    stage_restart(s);
    signed_now(s);
}

static void a_key_that_never_signed_is_made_anew(void **state)
{
    struct stage *s = *state;
    assert_int_equal(unlink(signing_file(s, "key")), 0);
    stage_restart(s);
    signed_now(s);
}

static void a_key_that_others_may_read_signs_nothing(void **state)
{
    struct stage *s = *state;
    assert_int_equal(chmod(signing_file(s, "key"), 0644), 0);
    stage_restart(s);
    then_nothing_is_signed(s, "and have another one made if somebody may have read it");
    assert_int_equal(chmod(signing_file(s, "key"), 0600), 0);
    stage_restart(s);
    signed_now(s);
}

static void another_logs_key_signs_nothing(void **state)
{
    struct stage *s = *state;
    struct note_signer other;
    char text[NOTE_KEY_TEXT_SIZE];
    note_signer_make("muster/00112233445566778899aabbccddeeff", &other);
    note_signer_write(&other, text);
    FILE *file = fopen(signing_file(s, "key"), "we");
    fprintf(file, "%s\n", text);
    fclose(file);
    stage_restart(s);
    then_nothing_is_signed(s, "is damaged or not this log's key");
}

static void a_last_one_that_is_damaged_is_followed_by_none(void **state)
{
    struct stage *s = *state;
    signed_now(s);
    const char *path = signing_file(s, "checkpoint");
    FILE *file = fopen(path, "r+e");
    fseek(file, strlen("muster/") + 2 * LOG_ID_SIZE + 1, SEEK_SET); /* its size */
    fputc('1', file);
    fclose(file);
    stage_restart(s);
    then_nothing_is_signed(s, "put it back from a backup");
    assert_int_equal(truncate(signing_file(s, "checkpoint"), 20), 0);
    stage_restart(s);
    then_nothing_is_signed(s, "what was signed last,is damaged");
}

static void what_cannot_be_stored_is_not_told(void **state)
{
    struct stage *s = *state;
    assert_int_equal(mkdir(signing_file(s, "new"), 0700), 0);
    then_nothing_is_signed(s, "cannot be written");
    assert_int_equal(rmdir(signing_file(s, "new")), 0);
    signed_now(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_checkpoint_covers_all_that_was_told),
        STORY(what_is_signed_is_stored_and_what_checks_it_too),
        STORY(nothing_is_signed_twice),
        STORY(the_last_one_is_shown_without_signing),
        STORY(auditors_may_ask),
        STORY(each_extends_the_one_before_also_over_stops_and_crashes),
        STORY(a_log_that_lost_its_end_is_not_signed),
        STORY(a_key_that_signed_and_is_gone_is_not_made_anew_unasked),
        STORY(a_key_that_never_signed_is_made_anew),
        STORY(a_key_that_others_may_read_signs_nothing),
        STORY(another_logs_key_signs_nothing),
        STORY(a_last_one_that_is_damaged_is_followed_by_none),
        STORY(what_cannot_be_stored_is_not_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
