/* musterd's command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/base/cursor.h"
#include "engine/settings.h"

static struct arena arena;
static struct settings settings;
static struct sentence why;

static int forget(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static bool read_line(const char *one, const char *two)
{
    char *argv[4] = {(char *)(uintptr_t) "musterd", (char *)(uintptr_t)one, (char *)(uintptr_t)two, NULL};
    int argc = two ? 3 : one ? 2 : 1;
    return settings_read(&settings, argc, argv, &arena, &why);
}

static void then_refused(const char *one, const char *two, const char *sentence)
{
    assert_false(read_line(one, two));
    assert_string_equal(why.text, sentence);
}

static void without_options_all_is_as_the_table_says(void **state)
{
    (void)state;
    assert_true(read_line(NULL, NULL));
    assert_string_equal(settings.data, "muster-data");
    assert_string_equal(settings.socket, "muster-data/muster.sock");
    assert_string_equal(settings.reader_socket, "muster-data/reader.sock");
    assert_int_equal(settings.socket_mode, 0660);
    assert_int_equal(settings.jobs_at_once, 5);
    assert_int_equal(settings.ballast_bytes, 64 << 20);
    assert_false(settings.rebuild || settings.show_help || settings.show_version);
}

static void sockets_lie_in_the_data_directory(void **state)
{
    (void)state;
    assert_true(read_line("--data", "/srv/m"));
    assert_string_equal(settings.socket, "/srv/m/muster.sock");
    assert_true(read_line("--socket=/run/m.sock", NULL));
    assert_string_equal(settings.socket, "/run/m.sock");
    assert_string_equal(settings.reader_socket, "muster-data/reader.sock");
}

static void bytes_have_suffixes(void **state)
{
    (void)state;
    assert_true(read_line("--quota-bytes", "3G"));
    assert_true(settings.quota_bytes == (uint64_t)3 << 30);
    assert_true(read_line("--quota-bytes=512K", NULL));
    assert_int_equal(settings.quota_bytes, 512 << 10);
    assert_true(read_line("--socket-mode", "600"));
    assert_int_equal(settings.socket_mode, 0600);
    assert_true(read_line("--trust-keys", NULL) && settings.trust_keys);
    assert_true(read_line("--rebuild", NULL) && settings.rebuild);
}

static void what_cannot_be_is_one_sentence(void **state)
{
    (void)state;
    then_refused("--jobs-at-once", "0", "--jobs-at-once must be a whole number from 1 to 50; it is 0");
    then_refused("--jobs-at-once", "5K", "--jobs-at-once must be a whole number from 1 to 50; it is 5K");
    then_refused("--command-timeout=-3", NULL, "--command-timeout must be a whole number from 1 to 2592000; it is -3");
    then_refused("--ballast-bytes", "99999999999G",
                 "--ballast-bytes must be a whole number from 0 to 17179869184 (K, M and G are understood); it is "
                 "99999999999G");
    then_refused("--socket-mode", "999", "--socket-mode must be an octal number from 0 to 777; it is 999");
    then_refused("--data", "", "--data must not be empty");
    then_refused("--data", NULL, "--data needs a value; musterd --help lists them");
    then_refused("--colour", NULL, "--colour is no option of musterd, or takes no value; musterd --help lists them");
    then_refused("now", NULL, "musterd takes options only; what is now for? musterd --help lists them");
}

static void the_log_keeps_all_of_them(void **state)
{
    (void)state;
    uint32_t count;
    assert_true(read_line(NULL, NULL));
    struct cursor c = cursor_over(settings_pack(&settings, &arena));
    assert_true(cursor_map(&c, &count));
    assert_int_equal(count, 16);
    for (uint32_t i = 0; i < 2 * count; i++) assert_true(cursor_skip(&c));
    assert_true(cursor_at_end(&c));
}

static void only_what_may_change_is_reloaded(void **state)
{
    (void)state;
    struct settings fresh;
    assert_true(read_line("--jobs-at-once", "3"));
    fresh = settings;
    fresh.jobs_at_once = 4;
    fresh.socket_mode = 0600;
    fresh.data = "elsewhere";
    settings_reload(&settings, &fresh, &why);
    assert_int_equal(settings.jobs_at_once, 4);
    assert_int_equal(settings.socket_mode, 0660);
    assert_string_equal(why.text, "Data, SocketMode");
    fresh = settings;
    settings_reload(&settings, &fresh, &why);
    assert_string_equal(why.text, "");
}

static void an_empty_value_in_the_file_is_the_default(void **state)
{
    (void)state;
    char path[] = "/tmp/muster-test-settings-XXXXXX";
    FILE *file = fdopen(mkstemp(path), "w");
    assert_non_null(file);
    fputs("; a comment\n[Jobs]\nJobsAtOnce = 9\nJobsAtOnce =\n[Sockets]\nSocket=/run/muster/m.sock\n", file);
    fclose(file);
    assert_true(read_line("--config", path));
    unlink(path);
    assert_int_equal(settings.jobs_at_once, 5);
    assert_string_equal(settings.socket, "/run/muster/m.sock");
    assert_string_equal(settings.reader_socket, "muster-data/reader.sock");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_options_all_is_as_the_table_says),
        cmocka_unit_test(sockets_lie_in_the_data_directory),
        cmocka_unit_test(bytes_have_suffixes),
        cmocka_unit_test(what_cannot_be_is_one_sentence),
        cmocka_unit_test(the_log_keeps_all_of_them),
        cmocka_unit_test(only_what_may_change_is_reloaded),
        cmocka_unit_test(an_empty_value_in_the_file_is_the_default),
    };
    return cmocka_run_group_tests(tests, NULL, forget);
}
