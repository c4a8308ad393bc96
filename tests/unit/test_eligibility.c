/* Which templates have the paths of a job's data, whatever was put as their capabilities. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "clients/terminal/json_read.c"
#include "projections/capabilities.h"

static msgpack_sbuffer packed_json(const char *json)
{
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    struct json_fault fault;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    if (!json_read(json, &packer, &fault)) fail_msg("%s at byte %zu of %s", fault.why, fault.at, json);
    return buffer;
}

static bool have(const char *capabilities, const char *data)
{
    msgpack_sbuffer left = packed_json(capabilities), right = packed_json(data);
    bool result = capabilities_have((struct bytes){left.data, left.size}, (struct bytes){right.data, right.size});
    msgpack_sbuffer_destroy(&left);
    msgpack_sbuffer_destroy(&right);
    return result;
}

#define SETS_A  "[{\"type\":\"property\",\"path\":\"a\",\"value\":{\"path\":\"b\"}}]"
#define CALLS_A "[{\"type\":\"command\",\"target\":\"t\",\"path\":\"a\"}]"
#define SETS_AB "[{\"type\":\"property\",\"path\":\"a\",\"value\":1},{\"type\":\"property\",\"path\":\"b\",\"value\":[2]}]"

static void a_listed_path_is_there(void **state)
{
    (void)state;
    assert_true(have("[{\"path\":\"a\"}]", SETS_A));
    assert_true(have("[{\"path\":\"a\",\"kind\":\"property\",\"schema\":{\"path\":\"x\"}}]", SETS_A));
    assert_true(have("[{\"kind\":\"command\",\"path\":\"a\"},{\"kind\":\"property\",\"path\":\"a\"}]", SETS_A));
    assert_true(have("[{\"path\":\"b\"},{\"path\":\"a\"}]", SETS_AB));
}

static void another_path_or_kind_is_not(void **state)
{
    (void)state;
    assert_false(have("[{\"path\":\"b\"}]", SETS_A));
    assert_false(have("[{\"path\":\"a\",\"kind\":\"command\"}]", SETS_A));
    assert_false(have("[{\"path\":\"a\",\"kind\":\"property\"}]", CALLS_A));
    assert_false(have("[{\"path\":\"a\"}]", SETS_AB));
    assert_false(have("[{\"path\":\"A\"}]", SETS_A));
}

static void a_template_that_lists_nothing_has_every_path(void **state)
{
    (void)state;
    assert_true(capabilities_have(BYTES_NONE, BYTES_NONE));
    assert_true(have("[]", SETS_A));
    assert_true(have("null", SETS_A));
}

static void what_is_no_capability_is_passed_over(void **state)
{
    (void)state;
    assert_false(have("[1,\"a\",[\"path\",\"a\"],{},{\"path\":1},{\"path\":[\"a\"]},{\"1\":{\"path\":\"a\"}}]", SETS_A));
    assert_true(have("[1,\"a\",[{\"path\":\"x\"}],null,{\"path\":\"a\"}]", SETS_A));
}

static enum capability_fault fault_of(const char *capabilities, const char *data, uint32_t *entry)
{
    struct capability_misfit misfit = {0};
    msgpack_sbuffer left = packed_json(capabilities), right = packed_json(data);
    enum capability_fault fault =
        capabilities_check((struct bytes){left.data, left.size}, (struct bytes){right.data, right.size}, &misfit);
    *entry = misfit.entry;
    msgpack_sbuffer_destroy(&left);
    msgpack_sbuffer_destroy(&right);
    return fault;
}

static void a_value_is_of_its_schema(void **state)
{
    static const struct {
        const char *schema, *value;
        bool fits;
    } CASES[] = {
        {"double", "1", true},      {"double", "-1.5", true},  {"double", "\"1\"", false}, {"integer", "1", true},
        {"integer", "-7", true},    {"integer", "1.5", false}, {"long", "true", false},    {"boolean", "false", true},
        {"boolean", "0", false},    {"string", "\"x\"", true}, {"string", "5", false},     {"dateTime", "\"2026\"", true},
        {"dateTime", "2026", false}, {"point", "[1,2]", true}, {"float", "null", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        char capabilities[200], data[200];
        uint32_t entry;
        snprintf(capabilities, sizeof capabilities, "[{\"path\":\"m.a\",\"schema\":\"%s\"},{\"path\":\"b\"}]",
                 CASES[i].schema);
        snprintf(data, sizeof data,
                 "[{\"type\":\"property\",\"path\":\"b\",\"value\":1},{\"type\":\"property\",\"path\":\"m.a\",\"value\":%s}]",
                 CASES[i].value);
        enum capability_fault fault = fault_of(capabilities, data, &entry);
        if (fault != (CASES[i].fits ? CAPABILITY_FITS : CAPABILITY_WRONG_VALUE))
            fail_msg("%s of the schema %s", CASES[i].value, CASES[i].schema);
        if (fault) assert_int_equal(entry, 1);
        assert_true(have(capabilities, data));
    }
}

static void a_wrong_value_hides_no_unknown_path(void **state)
{
    uint32_t entry;
    (void)state;
    assert_int_equal(fault_of("[{\"path\":\"a\",\"schema\":\"string\"}]", SETS_AB, &entry), CAPABILITY_WRONG_VALUE);
    assert_false(have("[{\"path\":\"a\",\"schema\":\"string\"}]", SETS_AB));
    assert_int_equal(fault_of("[{\"path\":\"a\",\"kind\":\"command\"}]", SETS_A, &entry), CAPABILITY_OTHER_KIND);
    assert_int_equal(fault_of("[{\"path\":\"a\"}]", SETS_AB, &entry), CAPABILITY_UNKNOWN_PATH);
    assert_int_equal(entry, 1);
    assert_int_equal(fault_of("[{\"path\":\"a\",\"schema\":\"double\"}]", CALLS_A, &entry), CAPABILITY_FITS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_of_its_schema),
        cmocka_unit_test(a_wrong_value_hides_no_unknown_path),
        cmocka_unit_test(a_listed_path_is_there),
        cmocka_unit_test(another_path_or_kind_is_not),
        cmocka_unit_test(a_template_that_lists_nothing_has_every_path),
        cmocka_unit_test(what_is_no_capability_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
