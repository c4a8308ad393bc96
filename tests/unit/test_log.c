/* The log on a real file system: what it keeps, how it rolls, what a reader sees. */
#include "tests/unit/log_story.h"

#include <pthread.h>

/* ---- Keeping */

static void what_was_appended_is_there_after_a_reopen(void **state)
{
    struct story *s = *state;
    given_open_log(s);
    uint8_t id[LOG_ID_SIZE];
    memcpy(id, log_id(&s->log), sizeof id);
    given_values(s, 1);
    given_values(s, 2500);
    then_values_stand(s, 1, 2501);
    reopen(s, true);
    then_values_stand(s, 1, 2501);
    assert_memory_equal(id, log_id(&s->log), sizeof id);
    assert_int_equal(log_time_us(&s->log), 2402 * 1000);
}

static void a_new_log_is_empty_and_has_an_id_of_its_own(void **state)
{
    struct story *s = *state;
    given_open_log(s);
    assert_int_equal(log_head(&s->log), 0);
    assert_false(log_must_roll(&s->log));
    assert_true(log_was_clean(&s->log));
    uint8_t id[LOG_ID_SIZE];
    memcpy(id, log_id(&s->log), sizeof id);
    struct log other;
    struct log_settings settings = s->settings;
    char directory[128];
    snprintf(directory, sizeof directory, "%s/other", s->top);
    settings.directory = directory;
    assert_int_equal(log_open(&other, &settings), LOG_OK);
    assert_memory_not_equal(id, log_id(&other), sizeof id);
    log_close(&other, true);
}

static void only_a_clean_stop_is_found_as_one(void **state)
{
    struct story *s = *state;
    given_open_log(s);
    given_values(s, 10);
    reopen(s, true);
    assert_true(log_was_clean(&s->log));
    given_values(s, 10);
    reopen(s, false);
    assert_false(log_was_clean(&s->log));
    then_values_stand(s, 1, 20);
}

static void a_commit_record_tells_range_time_and_root(void **state)
{
    struct story *s = *state;
    struct log_reader reader;
    struct log_commit commit;
    given_open_log(s);
    assert_int_equal(append(&s->log, 3), LOG_OK);
    uint8_t root[MERKLE_HASH_SIZE];
    memcpy(root, log_root(&s->log), sizeof root);
    assert_int_equal(append(&s->log, 5), LOG_OK);
    assert_int_equal(log_reader_open(&reader, &s->log), LOG_OK);
    assert_int_equal(log_read_commit(&reader, 2, &commit), LOG_OK);
    assert_int_equal(commit.first, 1);
    assert_int_equal(commit.last, 3);
    assert_int_equal(commit.time_us, 1000);
    assert_int_equal(commit.tree.size, 3);
    assert_memory_equal(commit.root, root, sizeof root);
    assert_int_equal(log_read_commit(&reader, 4, &commit), LOG_OK);
    assert_int_equal(commit.last, 8);
    log_reader_close(&reader);
}

/* ---- Rolling */

static void a_full_segment_is_sealed_at_the_next_commit(void **state)
{
    struct story *s = *state;
    uint64_t first;
    uint64_t last;
    char path[PATH_SIZE];
    s->settings.segment_values_max = 100;
    given_open_log(s);
    given_values(s, 99);
    assert_false(log_must_roll(&s->log));
    given_values(s, 7);
    assert_true(log_must_roll(&s->log));
    log_segment_range(&s->log, &first, &last);
    assert_int_equal(first, 1);
    assert_int_equal(last, 106);
    given_values(s, 50);
    log_segment_range(&s->log, &first, &last);
    assert_int_equal(first, 107);
    assert_int_equal(last, 156);
    segment_path(s, 107, path);
    assert_int_equal(access(path, F_OK), 0);
    then_values_stand(s, 1, 156);
}

static void a_segment_is_full_by_its_bytes_too(void **state)
{
    struct story *s = *state;
    s->settings.segment_bytes_max = 256 << 10;
    given_open_log(s);
    while (!log_must_roll(&s->log)) given_values(s, 100);
    uint64_t head = log_head(&s->log);
    assert_in_range(head, 1000, 6000);
    given_values(s, 1);
    assert_false(log_must_roll(&s->log));
    then_values_stand(s, 1, head + 1);
}

static void an_empty_segment_left_by_a_crash_takes_the_next_turn(void **state)
{
    struct story *s = *state;
    uint64_t first;
    uint64_t last;
    s->settings.segment_values_max = 100;
    given_open_log(s);
    given_values(s, 100);
    assert_int_equal(log_reserve(&s->log, 100), LOG_OK); /* rolls, and the turn never comes */
    reopen(s, false);
    assert_true(log_must_roll(&s->log));
    log_segment_range(&s->log, &first, &last);
    assert_int_equal(first, 1);
    assert_int_equal(last, 100);
    given_values(s, 1);
    assert_false(log_must_roll(&s->log));
    then_values_stand(s, 1, 101);
}

static void a_segment_half_made_is_removed_at_the_next_open(void **state)
{
    struct story *s = *state;
    char path[PATH_SIZE];
    s->settings.segment_values_max = 100;
    given_open_log(s);
    given_values(s, 100);
    log_close(&s->log, false);
    snprintf(path, sizeof path, "%s/00000000000000000101.new", s->directory);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, "half", 4), 4);
    close(fd);
    given_open_log(s);
    assert_int_not_equal(access(path, F_OK), 0);
    given_values(s, 100);
    then_values_stand(s, 1, 200);
}

/* ---- Reading */

static void a_reader_sees_what_was_there_until_it_is_renewed(void **state)
{
    struct story *s = *state;
    struct log_reader reader;
    struct bytes value;
    s->settings.segment_values_max = 20;
    given_open_log(s);
    given_values(s, 10);
    assert_int_equal(log_reader_open(&reader, &s->log), LOG_OK);
    given_values(s, 10);
    assert_int_equal(log_read(&reader, 11, &value), LOG_NOT_FOUND);
    then_why_has(reader.why.text, "11");
    given_values(s, 10);
    assert_int_equal(log_read(&reader, 0, &value), LOG_NOT_FOUND);
    assert_int_equal(log_read(&reader, 10, &value), LOG_OK);
    assert_int_equal(log_reader_renew(&reader), LOG_OK);
    assert_int_equal(log_read(&reader, 30, &value), LOG_OK);
    assert_int_equal(log_read(&reader, 31, &value), LOG_NOT_FOUND);
    log_reader_close(&reader);
}

static void values_of_many_segments_stay_lent_until_the_renewal(void **state)
{
    struct story *s = *state;
    struct log_reader reader;
    struct bytes lent[30];
    s->settings.segment_values_max = 100;
    given_open_log(s);
    given_values(s, 3000);
    assert_int_equal(log_reader_open(&reader, &s->log), LOG_OK);
    for (size_t i = 0; i < 30; i++) assert_int_equal(log_read(&reader, 2999 - i * 100, &lent[i]), LOG_OK);
    for (size_t i = 0; i < 30; i++) {
        uint8_t room[VALUE_SIZE_MAX];
        assert_true(bytes_equal(lent[i], value_of(2999 - i * 100, room)));
    }
    assert_int_equal(log_reader_renew(&reader), LOG_OK);
    assert_int_equal(log_read(&reader, 1, &lent[0]), LOG_OK);
    log_reader_close(&reader);
}

struct other_thread {
    struct log *log;
    uint64_t until;
    uint64_t wrong;
};

/* Reads everything again and again until it has seen `until` values. */
static void *read_all(void *argument)
{
    struct other_thread *t = argument;
    struct log_reader reader;
    if (log_reader_open(&reader, t->log) != LOG_OK) return NULL;
    for (uint64_t seq = 1; seq <= t->until;) {
        uint8_t room[VALUE_SIZE_MAX];
        struct bytes value;
        enum log_fault fault = log_read(&reader, seq, &value);
        if (fault == LOG_NOT_FOUND) fault = log_reader_renew(&reader);
        else if (!bytes_equal(value, value_of(seq, room))) t->wrong++;
        else seq++;
        if (fault != LOG_OK || t->wrong > 0) break;
    }
    t->wrong += reader.why.text[0] != '\0' && !strstr(reader.why.text, "there is no value");
    log_reader_close(&reader);
    return NULL;
}

static void threads_read_while_the_log_grows_and_rolls(void **state)
{
    struct story *s = *state;
    pthread_t threads[3];
    struct other_thread others[3];
    s->settings.segment_values_max = 300;
    given_open_log(s);
    given_values(s, 100);
    for (size_t i = 0; i < 3; i++) {
        others[i] = (struct other_thread){&s->log, 6000, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, read_all, &others[i]), 0);
    }
    given_values(s, 5900);
    for (size_t i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(others[i].wrong, 0);
    }
}

/* ---- Copies. */

static const uint8_t COPIED_ID[LOG_ID_SIZE] = "sixteen bytes, o";

/* Commits of two values each, as another log would have made them. */
static enum log_fault append_copied(struct log *log, struct log_commit *at, size_t count)
{
    static uint8_t rooms[64][VALUE_SIZE_MAX];
    struct log_commit commits[32];
    struct bytes values[64];
    assert_true(count <= COUNT_OF(commits));
    for (size_t i = 0; i < 2 * count; i++) {
        values[i] = value_of(at->last + 1, rooms[i]);
        at->last++;
        merkle_append(&at->tree, values[i]);
        merkle_root(&at->tree, at->root);
        at->first = at->last - 1;
        at->time_us = 7;
        if (i % 2) commits[i / 2] = *at;
    }
    return log_append_commits(log, commits, count, values);
}

static void a_copy_keeps_commits_id_and_where_segments_began(void **state)
{
    struct story *s = *state;
    struct log_reader reader;
    struct log_commit at = {.last = 0}, commit;
    uint64_t first, last;
    s->settings.copy_of = COPIED_ID;
    s->settings.segment_values_max = 10;
    given_open_log(s);
    assert_int_equal(log_roll(&s->log), LOG_OK); /* into the first one, which is empty */
    assert_int_equal(append_copied(&s->log, &at, 20), LOG_OK);
    assert_false(log_must_roll(&s->log));
    assert_int_equal(log_roll(&s->log), LOG_OK);
    assert_int_equal(append_copied(&s->log, &at, 3), LOG_OK);
    reopen(s, true);
    log_segment_range(&s->log, &first, &last);
    assert_int_equal(first, 41);
    assert_int_equal(last, 46);
    assert_memory_equal(log_id(&s->log), COPIED_ID, LOG_ID_SIZE);
    assert_memory_equal(log_root(&s->log), at.root, MERKLE_HASH_SIZE);
    then_values_stand(s, 1, 46);
    assert_int_equal(log_reader_open(&reader, &s->log), LOG_OK);
    assert_int_equal(log_read_commit(&reader, 4, &commit), LOG_OK);
    assert_int_equal(commit.first, 3);
    assert_int_equal(commit.time_us, 7);
    log_reader_close(&reader);
}

static void a_copy_of_another_log_is_not_gone_on_with(void **state)
{
    struct story *s = *state;
    given_open_log(s);
    given_values(s, 5);
    log_close(&s->log, true);
    s->settings.copy_of = COPIED_ID;
    assert_int_equal(opens(s), LOG_FAILED);
    then_why_has(s->log.why.text, "another log");
}

/* ---- Compared with a model, over many turns, segments and stops */

static void random_turns_rolls_and_stops_leave_what_the_model_has(void **state)
{
    struct story *s = *state;
    const char *given = getenv("TEST_SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)getpid();
    print_message("seed %u (TEST_SEED repeats it)\n", seed);
    srandom(seed);
    s->settings.segment_values_max = 500;
    s->settings.segment_bytes_max = 400 << 10;
    given_open_log(s);
    uint64_t model_head = 0;
    for (unsigned turn = 0; turn < 150; turn++) {
        size_t count = 1 + (size_t)random() % (random() % 20 == 0 ? 2000 : 60);
        bool must_roll = log_must_roll(&s->log);
        uint64_t before_first;
        uint64_t first;
        uint64_t last;
        log_segment_range(&s->log, &before_first, &last);
        assert_int_equal(append(&s->log, count), LOG_OK);
        log_segment_range(&s->log, &first, &last);
        assert_int_equal(first, must_roll ? model_head + 1 : before_first);
        model_head += count;
        if (random() % 10 == 0) reopen(s, random() % 2 == 0);
        assert_int_equal(log_head(&s->log), model_head);
    }
    then_values_stand(s, 1, model_head);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(what_was_appended_is_there_after_a_reopen),
        STORY(a_new_log_is_empty_and_has_an_id_of_its_own),
        STORY(only_a_clean_stop_is_found_as_one),
        STORY(a_commit_record_tells_range_time_and_root),
        STORY(a_full_segment_is_sealed_at_the_next_commit),
        STORY(a_segment_is_full_by_its_bytes_too),
        STORY(an_empty_segment_left_by_a_crash_takes_the_next_turn),
        STORY(a_segment_half_made_is_removed_at_the_next_open),
        STORY(a_reader_sees_what_was_there_until_it_is_renewed),
        STORY(values_of_many_segments_stay_lent_until_the_renewal),
        STORY(threads_read_while_the_log_grows_and_rolls),
        STORY(a_copy_keeps_commits_id_and_where_segments_began),
        STORY(a_copy_of_another_log_is_not_gone_on_with),
        STORY(random_turns_rolls_and_stops_leave_what_the_model_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
