/* What connectors and jobs carry: the results of work.report, and a job's data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "clients/terminal/json_read.c"
#include "engine/base/pack.h"
#include "engine/decide/job_data.h"
#include "engine/decide/limits.h"
#include "engine/decide/report.h"

static struct arena arena;
static struct sentence why;

static int forget(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

/* JSON with ' for ". */
static struct bytes packed(const char *json)
{
    struct buffer out = {.arena = &arena};
    msgpack_packer p = packer_into(&out);
    struct json_fault fault;
    char *text = arena_text(&arena, bytes_of_text(json));
    for (char *at = text; *at; at++) *at = *at == '\'' ? '"' : *at;
    if (!json_read(text, &p, &fault)) fail_msg("%s at %zu of %s", fault.why, fault.at, json);
    return buffer_bytes(&out);
}

/* ---- Reports. */

enum { LONG_FORM = false, SHORT_FORM = true };

/* Checks a report of one entry and reads it. */
static struct report_entry only_entry(struct bytes results, bool short_form)
{
    struct report_entry entry, end;
    uint64_t count;
    if (!report_check(results, short_form, &count, &why)) fail_msg("%s", why.text);
    assert_int_equal(count, 1);
    struct cursor c = report_begin(results);
    assert_true(report_next(&c, short_form, &entry));
    assert_false(report_next(&c, short_form, &end));
    return entry;
}

static void then_report_refused(const char *json, bool short_form, const char *sentence)
{
    uint64_t count;
    assert_false(report_check(packed(json), short_form, &count, &why));
    assert_string_equal(why.text, sentence);
}

static void a_short_entry_is_index_and_status(void **state)
{
    (void)state;
    static const char *const WORDS[] = {"completed", "failed", "rejected", "returned"};
    char json[64];
    for (size_t i = 0; i < COUNT_OF(WORDS); i++) {
        snprintf(json, sizeof json, "[[%zu, '%s']]", i * 1000, WORDS[i]);
        struct report_entry entry = only_entry(packed(json), SHORT_FORM);
        assert_int_equal(entry.index, i * 1000);
        assert_int_equal(entry.status, i);
        assert_int_equal(entry.error.size, 0);
        assert_null(entry.response.data);
    }
}

static void rare_spellings_are_read_too(void **state)
{
    (void)state;
    struct bytes wide = BYTES("\xdc\x00\x01\xdc\x00\x02\xce\x00\x00\x00\x05\xc4\x06"
                              "failed");
    struct report_entry entry = only_entry(wide, SHORT_FORM);
    assert_int_equal(entry.index, 5);
    assert_int_equal(entry.status, REPORT_FAILED);
    entry = only_entry(BYTES("\x91\x93\xcc\xc8\xd9\x06" "failed\xc0"), SHORT_FORM);
    assert_int_equal(entry.index, 200);
}

static void error_and_response_come_along(void **state)
{
    (void)state;
    struct report_entry entry = only_entry(packed("[[1, 'failed', 'no power', {'volts': 3}]]"), SHORT_FORM);
    assert_true(bytes_equal(entry.error, BYTES("no power")));
    assert_true(bytes_equal(entry.response, BYTES("\x81\xa5volts\x03")));
    entry = only_entry(packed("[[1, 'completed', null, [1]]]"), SHORT_FORM);
    assert_int_equal(entry.error.size, 0);
    assert_int_equal(entry.response.size, 2);
}

static void a_long_entry_names_job_and_device(void **state)
{
    (void)state;
    struct bytes results =
        packed("[{'status': 'rejected', 'device': 'd', 'attempt': 3, 'job': 'j', 'error': 'no'}]");
    struct report_entry entry = only_entry(results, LONG_FORM);
    assert_true(bytes_equal(entry.job, BYTES("j")) && bytes_equal(entry.device, BYTES("d")));
    assert_true(entry.attempt_given && entry.attempt == 3 && entry.status == REPORT_REJECTED);
    assert_false(only_entry(packed("[{'status': 'failed', 'device': 'd', 'job': 'j'}]"), LONG_FORM).attempt_given);
}

/* 1,024 bytes end inside the two bytes of an e with an accent. */
static void a_long_error_is_cut_between_characters(void **state)
{
    (void)state;
    struct buffer out = {.arena = &arena};
    msgpack_packer p = packer_into(&out);
    char error[1026];
    memset(error, 'x', sizeof error);
    memcpy(error + 1023, "\xc3\xa9", 2);
    msgpack_pack_array(&p, 1);
    msgpack_pack_array(&p, 3);
    msgpack_pack_int(&p, 0);
    pack_key(&p, "failed");
    pack_text(&p, (struct bytes){error, sizeof error});
    assert_int_equal(only_entry(buffer_bytes(&out), SHORT_FORM).error.size, 1023);
}

static void a_walk_can_be_left_and_taken_up_again(void **state)
{
    (void)state;
    struct bytes results = packed("[[0, 'completed'], [1, 'failed', 'x'], [2, 'returned']]");
    struct report_entry entry;
    uint64_t count;
    assert_true(report_check(results, SHORT_FORM, &count, &why));
    struct cursor c = report_begin(results);
    assert_true(report_next(&c, SHORT_FORM, &entry));
    size_t position = (size_t)(c.at - (const uint8_t *)results.data);
    struct cursor later = cursor_over(results);
    later.at += position;
    assert_true(report_next(&later, SHORT_FORM, &entry) && entry.index == 1);
    assert_true(report_next(&later, SHORT_FORM, &entry) && entry.index == 2);
    assert_false(report_next(&later, SHORT_FORM, &entry));
}

#define SHORT_RULE "must be [index, status, error?, response?]"
#define LONG_RULE "must be {job, device, attempt?, status, error?, response?}"

static void one_bad_entry_refuses_the_report(void **state)
{
    (void)state;
    then_report_refused("[[0, 'completed'], [1, 'done']]", SHORT_FORM,
                        "results[1].status must be \"completed\", \"failed\", \"rejected\" or \"returned\"");
    then_report_refused("[[0]]", SHORT_FORM, "results[0] " SHORT_RULE);
    then_report_refused("[[0, 'failed', 'x', 1, 2]]", SHORT_FORM, "results[0] " SHORT_RULE);
    then_report_refused("[['0', 'failed']]", SHORT_FORM, "results[0] " SHORT_RULE "; the index is a whole number");
    then_report_refused("[[0, 'failed', 5]]", SHORT_FORM, "results[0].error must be a text");
    then_report_refused("[{'device': 'd', 'status': 'failed'}]", LONG_FORM,
                        "results[0] " LONG_RULE "; job, device and status are needed");
    then_report_refused("[{'job': 'j', 'device': 'd', 'status': 'failed', 'why': 'x'}]", LONG_FORM,
                        "results[0] " LONG_RULE "; it has another field");
    then_report_refused("[[0, 'failed']]", LONG_FORM, "results[0] " LONG_RULE " when the call names no work");
}

static void a_response_is_bounded(void **state)
{
    (void)state;
    struct buffer out = {.arena = &arena};
    msgpack_packer p = packer_into(&out);
    static const char response[RESPONSE_BYTES_MAX + 1];
    uint64_t count;
    msgpack_pack_array(&p, 1);
    msgpack_pack_array(&p, 4);
    msgpack_pack_int(&p, 0);
    pack_key(&p, "completed");
    msgpack_pack_nil(&p);
    pack_bin(&p, (struct bytes){response, sizeof response});
    assert_false(report_check(buffer_bytes(&out), SHORT_FORM, &count, &why));
    assert_string_equal(why.text, "results[0].response must be at most 4096 bytes of MessagePack");
}

/* ---- A job's data. */

static void then_data(const char *json, const char *expected, enum job_type type)
{
    struct job_data data;
    if (!job_data_read(&arena, packed(json), &data, &why)) fail_msg("%s", why.text);
    assert_int_equal(data.type, type);
    assert_true(bytes_equal(data.data, packed(expected)));
}

static void then_data_refused(const char *json, const char *sentence)
{
    struct job_data data;
    assert_false(job_data_read(&arena, packed(json), &data, &why));
    assert_string_equal(why.text, sentence);
}

static void data_is_made_canonical(void **state)
{
    (void)state;
    then_data("[{'value': 5, 'path': 'p', 'target': 't', 'type': 'PropertyJobData'},"
              " {'path': 'q.r', 'type': 'property', 'target': 't', 'value': null}]",
              "[{'type': 'property', 'target': 't', 'path': 'p', 'value': 5},"
              " {'type': 'property', 'target': 't', 'path': 'q.r', 'value': null}]",
              JOB_TYPE_PROPERTY);
    then_data("[{'type': 'CloudPropertyJobData', 'target': null, 'path': 'p', 'value': {'a': [1]}}]",
              "[{'type': 'cloudProperty', 'path': 'p', 'value': {'a': [1]}}]", JOB_TYPE_CLOUD_PROPERTY);
    then_data("[{'type': 'CommandJobData', 'path': 'reboot'}]", "[{'type': 'command', 'path': 'reboot'}]",
              JOB_TYPE_COMMAND);
}

static void data_that_cannot_be_is_refused(void **state)
{
    (void)state;
    then_data_refused("[]", "data must be an array of 1 to 100 entries, at most 65536 bytes in all");
    then_data_refused("[5]", "data[0] must be {type, target?, path, value}");
    then_data_refused("[{'path': 'p', 'value': 1}]",
                      "data[0].type is missing; \"property\", \"cloudProperty\" or \"command\"");
    then_data_refused("[{'type': 'twin', 'path': 'p', 'value': 1}]",
                      "data[0].type must be \"property\", \"cloudProperty\" or \"command\"");
    then_data_refused("[{'type': 'property', 'value': 1}]", "data[0].path is missing; it says what to set or to call");
    then_data_refused("[{'type': 'property', 'path': '', 'value': 1}]",
                      "data[0].path must be a text of 1 to 256 characters");
    then_data_refused("[{'type': 'property', 'path': 'p'}]", "data[0].value is missing");
    then_data_refused("[{'type': 'property', 'path': 'p', 'value': 1, 'unit': 'm'}]",
                      "data[0] must be {type, target?, path, value}; it has another field");
    then_data_refused("[{'type': 'property', 'path': 'p', 'value': 1}, {'type': 'command', 'path': 'c'}]",
                      "data[1].type must be that of data[0]: a job does one kind of thing");
    then_data_refused("[{'type': 'property', 'path': 'p', 'value': 1, 'target': 't'},"
                      " {'type': 'property', 'path': 'q', 'value': 1}]",
                      "data[1].target must be that of data[0]");
    then_data_refused("[{'type': 'property', 'path': 'p', 'value': 1}, {'type': 'property', 'path': 'p', 'value': 2}]",
                      "data[1].path was given before; set each path once");
    then_data_refused("[{'type': 'command', 'path': 'a'}, {'type': 'command', 'path': 'b'}]",
                      "data[1] is a second command; a job calls one");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_short_entry_is_index_and_status),
        cmocka_unit_test(rare_spellings_are_read_too),
        cmocka_unit_test(error_and_response_come_along),
        cmocka_unit_test(a_long_entry_names_job_and_device),
        cmocka_unit_test(a_long_error_is_cut_between_characters),
        cmocka_unit_test(a_walk_can_be_left_and_taken_up_again),
        cmocka_unit_test(one_bad_entry_refuses_the_report),
        cmocka_unit_test(a_response_is_bounded),
        cmocka_unit_test(data_is_made_canonical),
        cmocka_unit_test(data_that_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, forget);
}
