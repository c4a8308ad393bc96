/* Which templates have the paths of a job's data, whatever was put as their capabilities. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "clients/terminal/json_read.c"
#include "engine/snapshot/eligibility.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listed_path_is_there),
        cmocka_unit_test(another_path_or_kind_is_not),
        cmocka_unit_test(a_template_that_lists_nothing_has_every_path),
        cmocka_unit_test(what_is_no_capability_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
