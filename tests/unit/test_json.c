/* What the command line reads and prints as JSON. A program is no library to link, so these parts of it are
 * compiled in here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* NOLINTBEGIN(bugprone-suspicious-include) */
#include "clients/terminal/json_read.c"
#include "clients/terminal/json_write.c"
/* NOLINTEND(bugprone-suspicious-include) */

/* Reads `json`, and prints what was read; NULL when it is none, with *fault set. To be freed. */
static char *through(const char *json, struct json_fault *fault)
{
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    msgpack_unpacked unpacked;
    char *printed = NULL;
    size_t size;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    if (json_read(json, &packer, fault)) {
        size_t offset = 0;
        msgpack_unpacked_init(&unpacked);
        assert_int_equal(msgpack_unpack_next(&unpacked, buffer.data, buffer.size, &offset), MSGPACK_UNPACK_SUCCESS);
        assert_int_equal(offset, buffer.size);
        FILE *out = open_memstream(&printed, &size);
        json_write(out, &unpacked.data);
        fclose(out);
        msgpack_unpacked_destroy(&unpacked);
    }
    msgpack_sbuffer_destroy(&buffer);
    return printed;
}

static void what_is_read_is_printed(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"1", "1"},
        {" -12 ", "-12"},
        {"9223372036854775807", "9223372036854775807"},
        {"9223372036854775808", "9223372036854775808"},
        {"18446744073709551615", "18446744073709551615"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"18446744073709551616", "1.8446744073709552e+19"},
        {"-0", "-0"},
        {"-1e-999", "-0"},
        {"0.1", "0.1"},
        {"-2.5e3", "-2500"},
        {"true", "true"},
        {"null", "null"},
        {"\"\"", "\"\""},
        {"[]", "[]"},
        {"{}", "{}"},
        {"[1,[2,{\"a\":false}],\"x\"]", "[1, [2, {\"a\": false}], \"x\"]"},
        {"{ \"a\" : 1 , \"b\" : { \"c\" : [ ] } }", "{\"a\": 1, \"b\": {\"c\": []}}"},
        {"\"\\u00fc\\ud83d\\ude00 \\\"\\\\\\/\\n\\t\\u0001\"", "\"\u00fc\U0001F600 \\\"\\\\/\\n\\t\\u0001\""},
        {"\"\\u009b31m\"", "\"\\u009b31m\""}, /* a control character stays harmless */
        {"\"\xc2\\n\"", "\"\xc2\\n\""},         /* and what is no UTF-8 takes nothing else with it */
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct json_fault fault;
        char *printed = through(pairs[i][0], &fault);
        assert_non_null(printed);
        assert_string_equal(printed, pairs[i][1]);
        free(printed);
    }
}

static void what_is_no_json_is_told_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        size_t at;
    } wrong[] = {
        {"", 0},
        {"hello", 0},
        {"1 2", 2},
        {"01", 0},
        {"1.", 0},
        {"-", 0},
        {"\"open", 5},
        {"\"\\x\"", 2},
        {"\"\\u12g4\"", 3},
        {"\"\\ud83d\"", 7},
        {"[1,]", 3},
        {"[1", 2},
        {"{1:2}", 1},
        {"{\"a\" 1}", 5},
        {"{\"a\":1,}", 7},
        {"\"tab\there\"", 4},
        {"truest", 4},
        {"+1", 0},
        {"[1e999]", 1},
        {"[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", 17},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct json_fault fault = {.why = NULL};
        assert_null(through(wrong[i].json, &fault));
        assert_non_null(fault.why);
        assert_int_equal(fault.at, wrong[i].at);
    }
}

static void bytes_and_what_json_does_not_know_are_printed_all_the_same(void **state)
{
    (void)state;
    char *printed = NULL;
    size_t size;
    FILE *out = open_memstream(&printed, &size);
    msgpack_object bin = {.type = MSGPACK_OBJECT_BIN, .via.bin = {.size = 3, .ptr = "\x00\xff\x7f"}};
    msgpack_object infinite = {.type = MSGPACK_OBJECT_FLOAT64, .via.f64 = INFINITY};
    json_write(out, &bin);
    json_write(out, &infinite);
    fclose(out);
    assert_string_equal(printed, "\"00ff7f\"null");
    free(printed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_is_printed),
        cmocka_unit_test(what_is_no_json_is_told_with_its_place),
        cmocka_unit_test(bytes_and_what_json_does_not_know_are_printed_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
