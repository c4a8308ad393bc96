/* The parts of muster-fleet that need no engine: reading where it lies, ready-made results, chance, and the
 * order in which devices answer. A program is no library to link, so its parts are compiled in here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* NOLINTBEGIN(bugprone-suspicious-include) */
#include "clients/fleet/chance.c"
#include "clients/fleet/reader.c"
#include "clients/fleet/report.c"
#include "clients/fleet/schedule.c"
/* NOLINTEND(bugprone-suspicious-include) */

#include <msgpack.h>
#include <stdlib.h>

/* Stands in for main.c's. */
void *fleet_realloc(void *old, size_t size)
{
    if (size) return realloc(old, size);
    free(old);
    return NULL;
}

static struct span text_span(const char *text)
{
    return (struct span){(const uint8_t *)text, strlen(text)};
}

static struct reader over(const void *data, size_t size)
{
    return (struct reader){data, (const uint8_t *)data + size};
}

/* ---- Reading. */

/* One value of every kind, as msgpack-c packs it. */
static void pack_everything(msgpack_sbuffer *buffer)
{
    static const char body[70000];
    msgpack_packer p;
    msgpack_packer_init(&p, buffer, msgpack_sbuffer_write);
    msgpack_pack_array(&p, 17);
    msgpack_pack_nil(&p);
    msgpack_pack_true(&p);
    msgpack_pack_int(&p, 5);
    msgpack_pack_int(&p, -5);
    msgpack_pack_int(&p, -500);
    msgpack_pack_uint64(&p, 200);
    msgpack_pack_uint64(&p, 60000);
    msgpack_pack_uint64(&p, UINT64_MAX);
    msgpack_pack_double(&p, 0.5);
    msgpack_pack_float(&p, 0.5F);
    msgpack_pack_str_with_body(&p, "abc", 3);
    msgpack_pack_str_with_body(&p, body, 200);
    msgpack_pack_str_with_body(&p, body, sizeof body);
    msgpack_pack_bin_with_body(&p, body, 300);
    msgpack_pack_ext_with_body(&p, body, 16, 1);
    msgpack_pack_ext_with_body(&p, body, 17, 1);
    msgpack_pack_map(&p, 20);
    for (int i = 0; i < 20; i++) {
        msgpack_pack_int(&p, i);
        msgpack_pack_array(&p, 0);
    }
}

static void a_value_is_measured_as_msgpack_packed_it(void **state)
{
    (void)state;
    msgpack_sbuffer buffer;
    size_t size = 0;
    msgpack_sbuffer_init(&buffer);
    pack_everything(&buffer);
    size_t whole = buffer.size;
    msgpack_sbuffer_write(&buffer, "behind", 6);
    assert_int_equal(reader_measure(over(buffer.data, buffer.size), &size), READ_WHOLE);
    assert_int_equal(size, whole);
    for (size_t cut = 0; cut < whole; cut += cut < 300 ? 1 : 997)
        assert_int_equal(reader_measure(over(buffer.data, cut), &size), READ_MORE);
    assert_int_equal(reader_measure(over("\x92\x01\xc1", 3), &size), READ_BAD);
    msgpack_sbuffer_destroy(&buffer);
}

static void a_value_of_another_kind_is_left_where_it_is(void **state)
{
    (void)state;
    struct reader r = over("\xa2hi\xcd\x01\x02", 6), start = r;
    struct span text = {NULL, 0};
    uint64_t number = 0;
    uint32_t count;
    assert_false(reader_uint(&r, &number));
    assert_false(reader_array(&r, &count));
    assert_false(reader_map(&r, &count));
    assert_false(reader_nil(&r));
    assert_ptr_equal(r.at, start.at);
    assert_true(reader_text(&r, &text));
    assert_true(span_is(text, "hi"));
    assert_false(reader_text(&r, &text));
    assert_true(reader_uint(&r, &number));
    assert_int_equal(number, 258);
}

/* ---- Reports. */

static void a_report_is_what_the_engine_reads(void **state)
{
    (void)state;
    struct queue queue = {.size = 0};
    struct report r = report_begin(&queue, 7, (struct span){(const uint8_t *)"\xcd\x12\x34", 3});
    report_add_completed(&r, 300);
    report_add(&r, 300, OUTCOME_FAILED);
    report_add(&r, 70000, OUTCOME_RETURNED);
    assert_true(report_end(&r));
    msgpack_unpacked frame = {.zone = NULL};
    assert_int_equal(msgpack_unpack_next(&frame, (char *)queue.data, queue.size, NULL), MSGPACK_UNPACK_SUCCESS);
    assert_int_equal(frame.data.via.array.ptr[1].via.u64, 7);
    const msgpack_object_map *params = &frame.data.via.array.ptr[3].via.array.ptr[0].via.map;
    assert_int_equal(params->ptr[0].val.via.u64, 0x1234);
    const msgpack_object_array *results = &params->ptr[1].val.via.array;
    assert_int_equal(results->size, 302);
    for (uint32_t i = 0; i < 301; i++) assert_int_equal(results->ptr[i].via.array.ptr[0].via.u64, i);
    assert_memory_equal(results->ptr[299].via.array.ptr[1].via.str.ptr, "completed", 9);
    assert_int_equal(results->ptr[300].via.array.size, 3);
    assert_int_equal(results->ptr[301].via.array.ptr[0].via.u64, 70000);
    msgpack_unpacked_destroy(&frame);
    queue_free(&queue);
    report_pieces_free();
}

static void a_report_without_results_is_taken_back(void **state)
{
    (void)state;
    struct queue queue = {.size = 0};
    queue_add(&queue, "before", 6);
    struct report r = report_begin(&queue, 7, text_span("\x01"));
    assert_false(report_end(&r));
    assert_int_equal(queue.size, 6);
    queue_free(&queue);
}

static void a_queue_gives_back_what_was_put_in(void **state)
{
    (void)state;
    struct queue queue = {.size = 0};
    uint32_t put = 0, got = 0;
    srand(1);
    while (got < 100000) {
        for (int i = rand() % 100; i > 0; i--, put++) queue_add(&queue, &put, sizeof put);
        for (int i = rand() % 110; i > 0 && queue.size > 0; i--, got++) {
            assert_memory_equal(queue.data + queue.start, &got, sizeof got);
            queue_drop(&queue, sizeof got);
        }
    }
    assert_in_range(queue.capacity, 1, 1 << 20); /* it does not grow with what has gone through */
    queue_free(&queue);
}

/* ---- Chance. */

static void a_device_has_the_same_fate_each_time_and_another_in_the_next_attempt(void **state)
{
    (void)state;
    const struct settings s = {.seed = 7, .fail_rate = 0.2, .silent_rate = 0.1, .latency_max_ms = 50};
    const uint64_t first = chance_of_work(&s, text_span("job"), 1), second = chance_of_work(&s, text_span("job"), 2);
    int count[4] = {0}, changed = 0;
    char name[32];
    for (int i = 0; i < 10000; i++) {
        snprintf(name, sizeof name, "device-%d", i);
        struct fate fate = chance_of_device(&s, first, text_span(name));
        struct fate again = chance_of_device(&s, first, text_span(name));
        assert_int_equal(fate.outcome, again.outcome);
        assert_int_equal(fate.latency_ms, again.latency_ms);
        assert_in_range(fate.latency_ms, 0, 50);
        count[fate.outcome]++;
        changed += fate.outcome != chance_of_device(&s, second, text_span(name)).outcome;
    }
    assert_in_range(count[OUTCOME_FAILED], 1900, 2100);
    assert_in_range(count[OUTCOME_SILENT], 900, 1100);
    assert_in_range(changed, 4400, 4800); /* 1 - 0.7^2 - 0.2^2 - 0.1^2 = 46 % */
}

/* ---- The schedule. */

static void devices_answer_in_the_order_of_their_time(void **state)
{
    (void)state;
    struct schedule s = {.count = 0};
    uint32_t answered = 0, last = 0;
    srand(2);
    for (int piece = 0; piece < 200; piece++) {
        struct held *h = held_new(text_span("handle"), 50);
        for (uint32_t i = 0; i < 50; i++) held_add(h, (struct due){.tick = (uint32_t)rand() % 1000, .index = i});
        schedule_add_take(&s, h);
    }
    assert_int_equal(s.devices, 10000);
    struct held *h;
    while ((h = schedule_first(&s))) {
        uint32_t tick = h->due[h->next].tick, before = h->next;
        assert_true(tick >= last && span_is(h->work, "handle"));
        last = tick;
        while (h->next < h->count && h->due[h->next].tick == tick) h->next++;
        answered += h->next - before;
        schedule_settle(&s, h->next - before);
    }
    assert_int_equal(answered, 10000);
    assert_int_equal(s.devices, 0);
    schedule_free(&s);
}

static void a_piece_in_which_nobody_answers_is_not_held(void **state)
{
    (void)state;
    struct schedule s = {.count = 0};
    schedule_add_take(&s, held_new(text_span("handle"), 5));
    assert_null(schedule_first(&s));
    schedule_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_measured_as_msgpack_packed_it),
        cmocka_unit_test(a_value_of_another_kind_is_left_where_it_is),
        cmocka_unit_test(a_report_is_what_the_engine_reads),
        cmocka_unit_test(a_report_without_results_is_taken_back),
        cmocka_unit_test(a_queue_gives_back_what_was_put_in),
        cmocka_unit_test(a_device_has_the_same_fate_each_time_and_another_in_the_next_attempt),
        cmocka_unit_test(devices_answer_in_the_order_of_their_time),
        cmocka_unit_test(a_piece_in_which_nobody_answers_is_not_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
