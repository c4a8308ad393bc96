/* The cursor and the pre-scan: what stands between the socket and everything that reads MessagePack. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine/base/cursor.h"
#include "engine/base/text.h"
#include "engine/base/pack.h"

static const struct scan_limits LIMITS = {.bytes_max = 1 << 16, .elements_max = 4096, .depth_max = 8};

static enum scan_result scan_of(struct bytes b, size_t *size)
{
    struct scan scan = {0};
    return scan_value(&scan, b, &LIMITS, size);
}

/* The same bytes, coming one by one. */
static enum scan_result scan_dribble(struct bytes b, size_t *size)
{
    struct scan scan = {0};
    enum scan_result result = SCAN_MORE;
    for (size_t have = 0; have <= b.size && result == SCAN_MORE; have++) {
        result = scan_value(&scan, (struct bytes){b.data, have}, &LIMITS, size);
    }
    return result;
}

static void then_scan(struct bytes b, enum scan_result expected)
{
    size_t size = 0;
    assert_int_equal(scan_of(b, &size), expected);
    assert_int_equal(scan_dribble(b, &size), expected);
}

/* ---- Tokens. */

static struct token only_token(struct bytes b)
{
    struct cursor c = cursor_over(b);
    struct token token = cursor_next(&c);
    assert_true(token.kind == TOKEN_NONE || cursor_at_end(&c));
    return token;
}

static void every_width_of_an_integer_is_read(void **state)
{
    (void)state;
    assert_int_equal(only_token(BYTES("\x07")).uint, 7);
    assert_int_equal(only_token(BYTES("\xcc\xff")).uint, 255);
    assert_int_equal(only_token(BYTES("\xcd\x01\x00")).uint, 256);
    assert_int_equal(only_token(BYTES("\xce\xff\xff\xff\xff")).uint, UINT32_MAX);
    assert_true(only_token(BYTES("\xcf\xff\xff\xff\xff\xff\xff\xff\xff")).uint == UINT64_MAX);
    assert_int_equal(only_token(BYTES("\xff")).integer, -1);
    assert_int_equal(only_token(BYTES("\xd0\x80")).integer, -128);
    assert_int_equal(only_token(BYTES("\xd1\x80\x00")).integer, -32768);
    assert_int_equal(only_token(BYTES("\xd2\x80\x00\x00\x00")).integer, INT32_MIN);
    assert_true(only_token(BYTES("\xd3\x80\x00\x00\x00\x00\x00\x00\x00")).integer == INT64_MIN);
}

static void a_positive_number_in_a_signed_form_is_unsigned(void **state)
{
    (void)state;
    struct token token = only_token(BYTES("\xd1\x00\x05"));
    assert_int_equal(token.kind, TOKEN_UINT);
    assert_int_equal(token.uint, 5);
}

static void both_widths_of_a_float_are_read(void **state)
{
    (void)state;
    assert_true(only_token(BYTES("\xca\x3f\x80\x00\x00")).real == 1.0);
    assert_true(only_token(BYTES("\xcb\xbf\xf8\x00\x00\x00\x00\x00\x00")).real == -1.5);
}

static void texts_borrow_their_bytes(void **state)
{
    (void)state;
    struct bytes texts[] = {BYTES("\xa2hi"),         BYTES("\xd9\x02hi"), BYTES("\xda\x00\x02hi"),
                            BYTES("\xdb\0\0\0\x02hi"), BYTES("\xc4\x02hi"), BYTES("\xc5\x00\x02hi"),
                            BYTES("\xc6\0\0\0\x02hi")};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct cursor c = cursor_over(texts[i]);
        struct bytes text;
        assert_true(cursor_text(&c, &text));
        assert_true(bytes_equal(text, BYTES("hi")));
        assert_ptr_equal((const char *)text.data + 2, (const char *)texts[i].data + texts[i].size);
    }
}

static void a_cut_token_is_none_and_leaves_the_cursor(void **state)
{
    (void)state;
    struct bytes cut[] = {BYTES(""), BYTES("\xcd\x01"), BYTES("\xa3hi"), BYTES("\xdb\x00\x00"), BYTES("\xc1")};
    for (size_t i = 0; i < COUNT_OF(cut); i++) {
        struct cursor c = cursor_over(cut[i]);
        assert_int_equal(cursor_next(&c).kind, TOKEN_NONE);
        assert_ptr_equal(c.at, cut[i].data);
    }
}

static void a_wrong_kind_leaves_the_cursor(void **state)
{
    (void)state;
    struct cursor c = cursor_over(BYTES("\xa2hi"));
    uint64_t number;
    uint32_t count;
    bool flag;
    assert_false(cursor_uint(&c, &number));
    assert_false(cursor_array(&c, &count));
    assert_false(cursor_map(&c, &count));
    assert_false(cursor_bool(&c, &flag));
    assert_false(cursor_nil(&c));
    assert_true(cursor_skip(&c) && cursor_at_end(&c));
}

static void a_whole_value_takes_what_is_nested(void **state)
{
    (void)state;
    struct bytes two = BYTES("\x92\x81\xa1k\x93\x01\x02\x03\xc0"
                             "\x07");
    struct cursor c = cursor_over(two);
    assert_int_equal(cursor_value(&c).size, two.size - 1);
    assert_int_equal(cursor_next(&c).uint, 7);
}

/* ---- The pre-scan. */

static void a_frame_is_whole_only_with_its_last_byte(void **state)
{
    (void)state;
    struct bytes frame = BYTES("\x94\x00\x01\xa4info\x91\x81\xa1k\xc4\x03xyz");
    size_t size = 0;
    for (size_t have = 0; have < frame.size; have++) {
        assert_int_equal(scan_of((struct bytes){frame.data, have}, &size), SCAN_MORE);
    }
    assert_int_equal(scan_of(frame, &size), SCAN_WHOLE);
    assert_int_equal(size, frame.size);
    assert_int_equal(scan_dribble(frame, &size), SCAN_WHOLE);
}

static void of_no_bytes_more_are_needed(void **state)
{
    (void)state;
    size_t size = 0;
    assert_int_equal(scan_of(BYTES_NONE, &size), SCAN_MORE);
}

static void what_follows_a_frame_is_not_looked_at(void **state)
{
    (void)state;
    size_t size = 0;
    assert_int_equal(scan_of(BYTES("\x91\x01\xc1\xc1\xc1"), &size), SCAN_WHOLE);
    assert_int_equal(size, 2);
}

static void no_messagepack_and_ext_types_are_refused(void **state)
{
    (void)state;
    then_scan(BYTES("\xc1"), SCAN_BAD_BYTE);
    then_scan(BYTES("\x92\x01\xc1"), SCAN_BAD_BYTE);
    then_scan(BYTES("\xd4\x01\x00"), SCAN_BAD_BYTE);
    then_scan(BYTES("\xc7\x01\x05\x00"), SCAN_BAD_BYTE);
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    then_scan(BYTES("\x91\x91\x91\x91\x91\x91\x91\x91\x01"), SCAN_WHOLE);
    then_scan(BYTES("\x91\x91\x91\x91\x91\x91\x91\x91\x91\x01"), SCAN_TOO_DEEP);
}

static void the_number_of_values_is_bounded(void **state)
{
    (void)state;
    uint8_t many[3 + 5000] = {0xdc, 5000 >> 8, 5000 & 0xff};
    then_scan((struct bytes){many, sizeof many}, SCAN_TOO_MANY);
}

static void a_claim_is_refused_before_its_bytes_come(void **state)
{
    (void)state;
    then_scan(BYTES("\xdb\xff\xff\xff\xff"), SCAN_TOO_LONG);
    then_scan(BYTES("\xdd\xff\xff\xff\xff"), SCAN_TOO_LONG);
    then_scan(BYTES("\xdf\xff\xff\xff\xff"), SCAN_TOO_LONG);
}

/* Arrays inside each other, each of 4,095 values: a reader that allocates by what is claimed takes gigabytes. */
static void nested_claims_cost_nothing(void **state)
{
    (void)state;
    uint8_t hostile[100];
    for (size_t i = 0; i < sizeof hostile; i++) hostile[i] = "\xdc\x0f\xff"[i % 3];
    size_t size;
    enum scan_result result = scan_of((struct bytes){hostile, sizeof hostile}, &size);
    assert_true(result == SCAN_TOO_DEEP || result == SCAN_TOO_MANY);
}

static void a_frame_that_never_ends_is_too_long(void **state)
{
    (void)state;
    static uint8_t endless[1 << 16];
    size_t size;
    memcpy(endless, "\x92\xdb\x00\x00\xff\xf9\x00", 7);
    assert_int_equal(scan_of((struct bytes){endless, sizeof endless}, &size), SCAN_WHOLE);
    memcpy(endless, "\x92\xdb\x00\x00\xff\xfa", 6);
    assert_int_equal(scan_of((struct bytes){endless, sizeof endless}, &size), SCAN_TOO_LONG);
}

/* ---- At random. */

static void pack_at_random(msgpack_packer *p, unsigned depth)
{
    static const char FILL[300];
    unsigned count = (unsigned)rand() % 6;
    switch (rand() % (depth == 0 ? 6 : 8)) {
    case 0: msgpack_pack_nil(p); return;
    case 1: pack_bool(p, rand() & 1); return;
    case 2: msgpack_pack_int64(p, (int64_t)((uint64_t)rand() << 33 ^ (uint64_t)rand()) >> rand() % 60); return;
    case 3: msgpack_pack_double(p, rand() / 7.0); return;
    case 4: pack_text(p, (struct bytes){FILL, (size_t)rand() % sizeof FILL}); return;
    case 5: pack_bin(p, (struct bytes){FILL, (size_t)rand() % sizeof FILL}); return;
    case 6:
        msgpack_pack_array(p, count);
        for (unsigned i = 0; i < count; i++) pack_at_random(p, depth - 1);
        return;
    case 7:
        msgpack_pack_map(p, count);
        for (unsigned i = 0; i < 2 * count; i++) pack_at_random(p, depth - 1);
        return;
    }
}

static void whatever_was_packed_scans_as_whole(void **state)
{
    (void)state;
    struct arena arena = {0};
    for (int round = 0; round < 2000; round++) {
        struct buffer out = {.arena = &arena};
        msgpack_packer p = packer_into(&out);
        pack_at_random(&p, 4);
        size_t size = 0;
        assert_int_equal(scan_of(buffer_bytes(&out), &size), SCAN_WHOLE);
        assert_int_equal(size, out.size);
        size_t cut = (size_t)rand() % out.size;
        assert_int_equal(scan_of((struct bytes){out.data, cut}, &size), SCAN_MORE);
        arena_reset(&arena);
    }
    arena_free(&arena);
}

/* Many heads of containers, in memory of exactly their size, so that a step over the end shows. */
static void random_bytes_do_no_harm(void **state)
{
    (void)state;
    static const uint8_t HEADS[] = {0x91, 0x82, 0xdc, 0xdd, 0xde, 0xdf, 0xd9, 0xc4, 0xc6, 0xc1, 0xc7, 0x00, 0xcf};
    for (int round = 0; round < 20000; round++) {
        size_t count = 1 + (size_t)rand() % 64, one = 0, two = 0;
        uint8_t *bytes = malloc(count);
        for (size_t i = 0; i < count; i++) {
            bytes[i] = rand() % 2 ? HEADS[(size_t)rand() % sizeof HEADS] : (uint8_t)(rand() % 4);
        }
        enum scan_result at_once = scan_of((struct bytes){bytes, count}, &one);
        assert_int_equal(scan_dribble((struct bytes){bytes, count}, &two), at_once);
        struct cursor c = {bytes, bytes + count};
        size_t taken = cursor_value(&c).size;
        if (at_once == SCAN_WHOLE) {
            assert_int_equal(one, two);
            assert_int_equal(taken, one);
        }
        free(bytes);
    }
}

/* ---- Text that is handed on. */

static void a_value_is_readable_when_all_its_texts_are_utf8(void **state)
{
    (void)state;
    assert_true(value_is_readable(BYTES("\x82\xa1k\xa2\xc3\xa9\xa1l\xc4\x01\xff")));
    assert_false(value_is_readable(BYTES("\x81\xa1k\xa2\xff\xfe")));
    assert_false(value_is_readable(BYTES("\x81\xa1\xff\x01")));
    assert_true(value_is_readable(BYTES_NONE));
}

static void a_sentence_is_cut_between_characters(void **state)
{
    (void)state;
    struct sentence why;
    char text[SENTENCE_SIZE_MAX + 8];
    for (size_t before = 0; before < 4; before++) {
        memset(text, 'a', before);
        for (size_t at = before; at + 4 < sizeof text; at += 4) memcpy(text + at, "\xf0\x9f\x98\x80", 5);
        sentence_set(&why, "%s", text);
        assert_true(utf8_is_valid(bytes_of_text(why.text)));
        assert_true(strlen(why.text) + 4 >= SENTENCE_SIZE_MAX - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_readable_when_all_its_texts_are_utf8),
        cmocka_unit_test(a_sentence_is_cut_between_characters),
        cmocka_unit_test(every_width_of_an_integer_is_read),
        cmocka_unit_test(a_positive_number_in_a_signed_form_is_unsigned),
        cmocka_unit_test(both_widths_of_a_float_are_read),
        cmocka_unit_test(texts_borrow_their_bytes),
        cmocka_unit_test(a_cut_token_is_none_and_leaves_the_cursor),
        cmocka_unit_test(a_wrong_kind_leaves_the_cursor),
        cmocka_unit_test(a_whole_value_takes_what_is_nested),
        cmocka_unit_test(a_frame_is_whole_only_with_its_last_byte),
        cmocka_unit_test(of_no_bytes_more_are_needed),
        cmocka_unit_test(what_follows_a_frame_is_not_looked_at),
        cmocka_unit_test(no_messagepack_and_ext_types_are_refused),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(the_number_of_values_is_bounded),
        cmocka_unit_test(a_claim_is_refused_before_its_bytes_come),
        cmocka_unit_test(nested_claims_cost_nothing),
        cmocka_unit_test(a_frame_that_never_ends_is_too_long),
        cmocka_unit_test(whatever_was_packed_scans_as_whole),
        cmocka_unit_test(random_bytes_do_no_harm),
    };
    const char *given = getenv("SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
    printf("SEED=%u\n", seed);
    srand(seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
