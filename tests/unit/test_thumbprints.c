/* Thumbprints of X.509 certificates: what one may look like, who sets them, when they go. */
#include "tests/unit/job_story.h"

#include "engine/base/thumbprint.h"
#include "projections/thumbprints.h"

#define SHA1   "0123456789abcdef0123456789abcdef01234567"
#define SHA256 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* ---- Thens. */

static void then_refused(const char *text, const char *sentence)
{
    struct thumbprint thumbprint;
    struct sentence why;
    assert_false(thumbprint_read(bytes_of_text(text), "primary", &thumbprint, &why));
    if (!strstr(why.text, sentence)) fail_msg("\"%s\" does not say \"%s\"", why.text, sentence);
    assert_non_null(strstr(why.text, "40 or 64 hexadecimal digits"));
}

static const char *set(struct stage *s, const char *fields)
{
    return stage_call(s, 1, "devices.setThumbprints", "{\"id\":\"gw-1\",%s}", fields);
}

static const char *device(struct stage *s, const char *id)
{
    return stage_call(s, 1, "devices.get", "{\"id\":\"%s\"}", id);
}

/* ---- Stories. */

static void a_thumbprint_is_a_sha1_or_a_sha256(void **state)
{
    (void)state;
    struct thumbprint thumbprint;
    struct sentence why;
    assert_true(thumbprint_read(BYTES(SHA256), "primary", &thumbprint, &why));
    assert_int_equal(thumbprint.size, 32);
    assert_memory_equal(thumbprint.data + 30, "\xee\xff", 2);
    assert_true(thumbprint_read(BYTES("0123456789ABCDEF0123456789abcdef01234567"), "primary", &thumbprint, &why));
    assert_int_equal(thumbprint.size, 20);
    assert_memory_equal(thumbprint.data, "\x01\x23\x45\x67\x89\xab\xcd\xef", 8);
    assert_true(thumbprint_read(BYTES(""), "primary", &thumbprint, &why));
    assert_int_equal(thumbprint.size, 0);
}

static void anything_else_is_refused_with_what_would_be_right(void **state)
{
    (void)state;
    then_refused("01:23", "primary has no digit as character 3");
    then_refused(SHA1 "0", "primary has 41 digits");
    then_refused(SHA256 "00", "primary has 66 digits");
    then_refused(SHA256 "zz", "primary has 66 digits");
    then_refused("0123456789abcdef0123456789abcdef0123456g", "character 40");
    then_refused("\xc3\xa4", "character 1");
}

static void a_device_shows_its_thumbprints(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    expect_answer(set(s, "\"primary\":\"" SHA1 "\""), "\"thumbprints\":{\"primary\":\"" SHA1 "\"}");
    expect_answer(set(s, "\"secondary\":\"" SHA256 "\""),
                  "\"thumbprints\":{\"primary\":\"" SHA1 "\",\"secondary\":\"" SHA256 "\"}");
    expect_answer(stage_call(s, 1, "events.read", "{\"filter\":{\"type\":\"DEVICE_THUMBPRINTS_SET\"}}"),
                  "\"device\":\"gw-1\",\"primary\":\"" SHA1 "\",\"secondary\":\"\"");
    expect_answer(set(s, "\"primary\":\"\""), "\"thumbprints\":{\"secondary\":\"" SHA256 "\"}");
    set(s, "\"secondary\":\"\"");
    assert_null(strstr(device(s, "gw-1"), "thumbprints"));
    assert_true(stage_rebuild_gives_the_same(s));
}

static void setting_what_is_set_writes_nothing(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    set(s, "\"primary\":\"" SHA1 "\"");
    uint64_t head = log_head(&s->turn->log);
    expect_answer(set(s, "\"primary\":\"0123456789ABCDEF0123456789ABCDEF01234567\""), SHA1);
    expect_answer(set(s, "\"secondary\":\"\""), SHA1);
    assert_int_equal(log_head(&s->turn->log), head);
}

static void a_bad_call_changes_nothing(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    expect_answer(set(s, "\"primary\":\"" SHA1 "\",\"secondary\":\"12\""), "secondary has 2 digits");
    assert_null(strstr(device(s, "gw-1"), "thumbprints"));
    expect_answer(stage_call(s, 1, "devices.setThumbprints", "{\"id\":\"gw-1\"}"), "secondary or both");
    expect_answer(stage_call(s, 1, "devices.setThumbprints", "{\"id\":\"gw-9\",\"primary\":\"\"}"), "no_such_device");
    stage_join(s, 2, true);
    expect_answer(stage_call(s, 2, "devices.setThumbprints", "{\"id\":\"gw-1\",\"primary\":\"\"}"), "read_only");
}

static void a_repeated_request_shows_the_device_as_it_is(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    set(s, "\"requestId\":\"r-1\",\"primary\":\"" SHA1 "\"");
    set(s, "\"primary\":\"" SHA256 "\"");
    expect_answer(set(s, "\"requestId\":\"r-1\",\"primary\":\"" SHA1 "\""), "\"primary\":\"" SHA256 "\"");
}

static void thumbprints_go_with_the_device(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    set(s, "\"primary\":\"" SHA1 "\"");
    stage_restart(s);
    expect_answer(device(s, "gw-1"), SHA1);
    stage_call(s, 1, "devices.remove", "{\"id\":\"gw-1\"}");
    stage_call(s, 1, "devices.remove", "{\"id\":\"gw-2\"}");
    stage_call(s, 1, "devices.put", "{\"id\":\"gw-1\"}");
    assert_null(strstr(device(s, "gw-1"), "thumbprints"));
    assert_int_equal(thumbprints_get(s->turn->view, 1).primary.size, 0);
    assert_true(stage_rebuild_gives_the_same(s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thumbprint_is_a_sha1_or_a_sha256),
        cmocka_unit_test(anything_else_is_refused_with_what_would_be_right),
        STORY(a_device_shows_its_thumbprints),
        STORY(setting_what_is_set_writes_nothing),
        STORY(a_bad_call_changes_nothing),
        STORY(a_repeated_request_shows_the_device_as_it_is),
        STORY(thumbprints_go_with_the_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
