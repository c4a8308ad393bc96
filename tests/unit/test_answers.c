/* What clients see of the state: replies and notices, read back as JSON. */
#include "tests/unit/fold_story.h"

#include "clients/terminal/json_write.c"
#include "engine/wire/load.h"
#include "engine/wire/wire.h"

/* ---- Reading a frame back. */

static struct arena arena;
static char shown[8192];
static const struct wire_load NO_LOAD;
static struct wire_facts facts = {.load = &NO_LOAD};

/* JSON with ' for ", so that it can be written here. */
static const char *show(struct bytes frame)
{
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    assert_int_equal(msgpack_unpack_next(&unpacked, frame.data, frame.size, NULL), MSGPACK_UNPACK_SUCCESS);
    FILE *out = fmemopen(shown, sizeof shown, "w");
    json_write(out, &unpacked.data);
    fclose(out);
    msgpack_unpacked_destroy(&unpacked);
    for (char *at = shown; *at; at++) *at = *at == '"' ? '\'' : *at;
    return shown;
}

static const char *show_answer(struct story *s, struct answer answer)
{
    struct buffer out = {.arena = &s->arena};
    wire_reply(live(s), &facts, 7, &answer, &out);
    return show(buffer_bytes(&out));
}

static const char *show_event(struct story *s, struct event event)
{
    struct buffer out = {.arena = &s->arena};
    event.seq = 9;
    event.time_us = 1;
    wire_event(live(s), &event, &out);
    return show(buffer_bytes(&out));
}

static void then_shows(const char *json, const char *words)
{
    if (!strstr(json, words)) fail_msg("%s\ndoes not show\n%s", json, words);
}

static void then_hides(const char *json, const char *words)
{
    if (strstr(json, words)) fail_msg("%s\nshows\n%s", json, words);
}

/* ---- What the story is about. */

static struct event template_saved(uint32_t number, const char *id)
{
    return (struct event){.type = EVENT_TEMPLATE_SAVED,
                          .template_saved = {.number = number, .id = bytes_of_text(id), .display_name = BYTES("Pump")}};
}

static struct event group_saved(uint32_t number, const char *id)
{
    return (struct event){.type = EVENT_GROUP_SAVED,
                          .group_saved = {
                              .number = number, .id = bytes_of_text(id), .filter = BYTES("$simulated = true")}};
}

static struct event firmware_job(void)
{
    return (struct event){.type = EVENT_JOB_CREATED,
                          .job_created = {.job = 1,
                                          .id = BYTES("firmware"),
                                          .display_name = BYTES("Firmware"),
                                          .group = 1,
                                          .type = JOB_TYPE_PROPERTY,
                                          .target = 1,
                                          .data = BYTES("\x91\x81\xa4path\xa1v"),
                                          .batch_measure = MEASURE_NUMBER,
                                          .batch_value = 2,
                                          .threshold_measure = MEASURE_PERCENTAGE,
                                          .threshold_value = 10,
                                          .threshold_per_batch = true,
                                          .execution_timeout = 300}};
}

/* Three devices, in two batches. */
static void given_firmware_queued(struct story *s)
{
    given(s, template_saved(1, "pump"), group_saved(1, "pumps"));
    given_devices(s, 1, 3);
    given(s, firmware_job(), job_queued(1));
}

static void given_firmware_running(struct story *s)
{
    given_firmware_queued(s);
    given(s, job_targets_begun(1), job_targets(1, from_to(s, 1, 3)), job_targets_fixed(1, 3, 2));
}

static const char *show_job(struct story *s)
{
    return show_answer(s, (struct answer){.kind = ANSWER_JOB, .number = 1});
}

/* ---- Resources. */

static void a_template_and_a_group_are_shown(void **state)
{
    struct story *s = *state;
    given(s, template_saved(1, "pump"), group_saved(1, "pumps"));
    assert_string_equal(show_answer(s, (struct answer){.kind = ANSWER_TEMPLATE, .number = 1}),
                        "[1, 7, null, {'id': 'pump', 'displayName': 'Pump'}]");
    assert_string_equal(show_answer(s, (struct answer){.kind = ANSWER_GROUP, .number = 1}),
                        "[1, 7, null, {'id': 'pumps', 'displayName': '', 'description': '',"
                        " 'filter': '$simulated = true'}]");
}

static void a_device_without_template_shows_none(void **state)
{
    struct story *s = *state;
    given(s, template_saved(1, "pump"), device_registered(1, "d-1"));
    assert_string_equal(show_answer(s, (struct answer){.kind = ANSWER_DEVICE, .number = 1}),
                        "[1, 7, null, {'id': 'd-1', 'displayName': 'd-1', 'provisioned': false, 'simulated': false}]");
    given(s, (struct event){.type = EVENT_DEVICE_MOVED, .device_moved = {.number = 1, .template = 1}});
    then_shows(show_answer(s, (struct answer){.kind = ANSWER_DEVICE, .number = 1}), "'template': 'pump'");
}

static void a_job_shows_its_plan(void **state)
{
    struct story *s = *state;
    given_firmware_running(s);
    const char *json = show_job(s);
    then_shows(json, "'id': 'firmware', 'displayName': 'Firmware', 'description': '', 'data': [{'path': 'v'}]");
    then_shows(json, "'group': 'pumps', 'batch': {'type': 'number', 'value': 2}");
    then_shows(json, "'cancellationThreshold': {'type': 'percentage', 'value': 10, 'batch': true}");
    then_shows(json, "'timeouts': {'execution': 300}");
    then_shows(json, "'progress': {'total': 3, 'pending': 3, 'completed': 0, 'failed': 0}");
    then_shows(json, "'batches': {'count': 2, 'size': 2, 'current': 1}");
    then_shows(json, "'created': '1970-01-01T00:00:06.000000Z'");
    then_hides(json, "'end'");
}

static void a_pending_job_says_why_it_waits(void **state)
{
    struct story *s = *state;
    given_firmware_queued(s);
    facts.concurrency_full = true;
    then_shows(show_job(s), "'status': 'pending', 'waiting': 'as many jobs run as may at the same time'");
    facts.concurrency_full = false;
    then_shows(show_job(s), "'waiting': 'its turn is next'");
}

static void a_running_job_says_why_it_waits(void **state)
{
    struct story *s = *state;
    given_firmware_queued(s);
    given(s, job_targets_begun(1));
    then_shows(show_job(s), "'status': 'running', 'waiting': 'the devices of its group are being read'");
    given(s, job_targets(1, from_to(s, 1, 3)), job_targets_fixed(1, 3, 2));
    then_shows(show_job(s), "'waiting': 'no connector has asked for work'");
    facts.connector_waits = true;
    then_hides(show_job(s), "waiting");
    given(s, batch_dispatched(1, 0, 1, these(s, 1, 2), BYTES_NONE));
    then_shows(show_job(s), "'waiting': 'batch 2 of 2 waits for the results of 2 devices'");
    given(s, device_result(1, 1, s->count, OUTCOME_COMPLETED, true));
    then_shows(show_job(s), "'waiting': 'batch 2 of 2 waits for the results of 1 device'");
    facts.connector_waits = false;
}

static void a_stopped_and_a_cancelled_job_say_so(void **state)
{
    struct story *s = *state;
    given_firmware_running(s);
    given(s, job_stopped(1));
    then_shows(show_job(s), "'status': 'stopped', 'waiting': 'it was stopped; resume or cancel it'");
    given(s, job_cancelled(1, CANCELLED_BY_THRESHOLD));
    then_shows(show_job(s), "'status': 'cancelled', 'statusReason': 'threshold', 'progress'");
    then_shows(show_job(s), "'end': '1970-");
}

static void a_failed_job_says_why(void **state)
{
    struct story *s = *state;
    given_firmware_queued(s);
    given(s, job_targets_begun(1), job_failed(1, FAILED_NO_DEVICES));
    then_shows(show_job(s), "'status': 'failed', 'statusReason': 'no_devices'");
}

/* ---- Pages, work, counts. */

static void a_page_holds_resources_and_a_cursor(void **state)
{
    struct story *s = *state;
    given(s, group_saved(1, "a"), group_saved(2, "b"), group_saved(3, "c"));
    static const uint32_t NUMBERS[] = {1, 2};
    const char *json =
        show_answer(s, (struct answer){.kind = ANSWER_GROUPS, .numbers = NUMBERS, .count = 2, .next = 3});
    then_shows(json, "{'value': [{'id': 'a'");
    then_shows(json, "], 'cursor': '3'}]");
    then_hides(show_answer(s, (struct answer){.kind = ANSWER_GROUPS, .numbers = NUMBERS, .count = 1}), "cursor");
}

/* Templates of 200 KiB: a page of 100 would not fit into a frame. */
static void a_page_of_large_resources_ends_early(void **state)
{
    struct story *s = *state;
    enum { COUNT = 100, SIZE = 200 << 10 };
    uint32_t numbers[COUNT];
    uint8_t *large = arena_zero(&s->arena, SIZE);
    memcpy(large, "\xc6\x00\x03\x1f\xfb", 5);
    for (uint32_t i = 0; i < COUNT; i++) {
        char id[16];
        snprintf(id, sizeof id, "t-%u", i);
        struct event event = template_saved(i + 1, arena_text(&s->arena, bytes_of_text(id)));
        event.template_saved.capabilities = (struct bytes){large, SIZE};
        given(s, event);
        numbers[i] = i + 1;
    }
    struct buffer out = {.arena = &arena};
    struct answer answer = {.kind = ANSWER_TEMPLATES, .numbers = numbers, .count = COUNT};
    wire_reply(live(s), &facts, 7, &answer, &out);
    assert_in_range(out.size, 4 << 20, 8 << 20);
    assert_non_null(memmem(out.data, out.size, "\xa6" "cursor\xa2" "22", 10));
    arena_free(&arena);
}

static void work_names_job_and_devices(void **state)
{
    struct story *s = *state;
    given_firmware_running(s);
    const uint32_t devices[] = {1, 2};
    const struct work work = {
        .dispatch = 12, .job = 1, .batch = 0, .attempt = 1, .timeout = 300, .devices = devices, .count = 2};
    assert_string_equal(show_answer(s, (struct answer){.kind = ANSWER_WORKS, .works = &work, .count = 1}),
                        "[1, 7, null, [{'work': 12, 'job': 'firmware', 'batch': 1, 'attempt': 1, 'type': 'property',"
                        " 'data': [{'path': 'v'}], 'timeout': 300, 'devices': ['d-1', 'd-2']}]]");
    assert_string_equal(show_answer(s, (struct answer){.kind = ANSWER_WORKS}), "[1, 7, null, []]");
}

static void the_engine_tells_of_itself(void **state)
{
    struct story *s = *state;
    given_firmware_running(s);
    facts.session = BYTES("\x01\xff");
    then_shows(show_answer(s, (struct answer){.kind = ANSWER_HELLO}), "{'protocol': 1, 'version': '");
    then_shows(show_answer(s, (struct answer){.kind = ANSWER_HELLO}), "'session': '01ff'}");
    const char *json = show_answer(s, (struct answer){.kind = ANSWER_INFO});
    then_shows(json, "'running': 1, 'stopped': 0");
    then_shows(json, "'devices': 3");
    then_shows(json, "'disk': {'used': 0, 'log': 0, 'percentFull': 0, 'short': false}");
}

static void counts_of_a_report_are_told(void **state)
{
    struct story *s = *state;
    const struct answer answer = {.kind = ANSWER_REPORTED, .recorded = 3, .duplicates = 2, .unknown = 1};
    assert_string_equal(show_answer(s, answer), "[1, 7, null, {'recorded': 3, 'duplicates': 2, 'unknown': 1}]");
}

static void errors_have_two_shapes(void **state)
{
    struct story *s = *state;
    struct buffer out = {.arena = &s->arena};
    wire_reply_error(7, REFUSED_NO_SUCH_JOB, "no", false, &out);
    assert_string_equal(show(buffer_bytes(&out)), "[1, 7, ['no_such_job', 'no', {}], null]");
    out.size = 0;
    wire_reply_error(7, REFUSED_NO_SUCH_JOB, "no", true, &out);
    assert_string_equal(show(buffer_bytes(&out)), "[1, 7, 'no', null]");
}

/* ---- Events. */

static void an_event_shows_ids_and_words(void **state)
{
    struct story *s = *state;
    given_firmware_running(s);
    given(s, (struct event){.type = EVENT_ACTOR_SEEN,
                            .actor_seen = {.number = 1, .uid = 1000, .on_behalf_of = BYTES("alice")}});
    struct event result = device_result(1, 2, 12, OUTCOME_TIMED_OUT, true);
    result.actor = 1;
    result.cause = 5;
    assert_string_equal(show_event(s, result),
                        "{'seq': 9, 'time': '1970-01-01T00:00:00.000001Z', 'type': 'DEVICE_RESULT',"
                        " 'actor': 'uid 1000 for alice', 'cause': 5, 'job': 'firmware', 'device': 'd-2',"
                        " 'previous': 12, 'outcome': 'timed_out', 'ends': true, 'error': '', 'response': null}");
    then_shows(show_event(s, batch_dispatched(1, 0, 1, these(s, 3, 1), these(s, 7, 8))),
               "'actor': 'engine', 'job': 'firmware', 'batch': 1, 'attempt': 1, 'devices': ['d-3', 'd-1'],"
               " 'previous': [7, 8]");
    then_shows(show_event(s, devices_returned(1, 12, these(s, 3))), "'reason': 'connector_gone'");
    then_shows(show_event(s, job_cancelled(1, CANCELLED_BY_USER)), "'reason': 'by_user'");
    then_shows(show_event(s, firmware_job()), "'jobType': 'property', 'target': 'pump'");
    then_shows(show_event(s, firmware_job()), "'batchMeasure': 'number'");
    struct event retried = firmware_job();
    retried.job_created.retries_on = 1u << OUTCOME_FAILED | 1u << OUTCOME_TIMED_OUT;
    then_shows(show_event(s, retried), "'retriesOn': ['failed', 'timed_out']");
    then_shows(show_event(s, firmware_job()), "'retriesOn': []");
}

static struct event row_rejected(struct bytes row)
{
    return (struct event){.type = EVENT_IMPORT_ROW_REJECTED, .import_row_rejected = {.line = 2, .row = row}};
}

static void a_rejected_row_is_text_unless_it_is_none(void **state)
{
    struct story *s = *state;
    then_shows(show_event(s, row_rejected(BYTES("two words,Pump"))), "'row': 'two words,Pump'");
    then_shows(show_event(s, row_rejected(BYTES("\xff\x00,Pump"))), "'row': 'ff002c50756d70'");
}

static void the_devices_own_events_show_its_id(void **state)
{
    struct story *s = *state;
    given(s, device_registered(1, "d-1"));
    given(s, (struct event){.type = EVENT_DEVICE_REMOVED, .device_removed = {.number = 1}});
    then_shows(show_event(s, (struct event){.type = EVENT_DEVICE_REMOVED, .device_removed = {.number = 1}}),
               "'type': 'DEVICE_REMOVED', 'actor': 'engine', 'device': 'd-1'}");
}

/* ---- Filters. */

static bool read_filter(struct story *s, struct bytes value, struct event_filter *filter, struct sentence *why)
{
    return wire_event_filter(live(s), value, filter, why);
}

static void a_filter_names_types_job_and_device(void **state)
{
    struct story *s = *state;
    struct event_filter filter;
    struct sentence why;
    given_firmware_running(s);
    struct bytes value = BYTES("\x83\xa4type\x92\xabJOB_STOPPED\xaaJOB_FAILED\xa3job\xa8"
                               "firmware\xa6"
                               "device\xa3"
                               "d-2");
    assert_true(read_filter(s, value, &filter, &why));
    assert_int_equal(filter.job, 1);
    assert_int_equal(filter.device, 2);
    filter.job = filter.device = 0;
    assert_true(wire_event_matches(&(struct event){.type = EVENT_JOB_STOPPED}, &filter));
    assert_true(wire_event_matches(&(struct event){.type = EVENT_JOB_FAILED}, &filter));
    assert_false(wire_event_matches(&(struct event){.type = EVENT_JOB_RESUMED}, &filter));
    assert_true(read_filter(s, BYTES("\x81\xa4type\xabJOB_STOPPED"), &filter, &why));
    assert_false(wire_event_matches(&(struct event){.type = EVENT_JOB_FAILED}, &filter));
    assert_true(read_filter(s, BYTES_NONE, &filter, &why));
    assert_true(wire_event_matches(&(struct event){.type = EVENT_JOB_FAILED}, &filter));
}

static void a_filter_that_means_nothing_is_refused(void **state)
{
    struct story *s = *state;
    struct event_filter filter;
    struct sentence why;
    assert_false(read_filter(s, BYTES("\x81\xa3job\xa1x"), &filter, &why));
    assert_string_equal(why.text, "filter.job: there is no \"x\"; jobs.list shows which there are");
    assert_false(read_filter(s, BYTES("\x81\xa4type\xa1X"), &filter, &why));
    assert_string_equal(why.text, "filter.type: there is no \"X\"; docs/events.md lists all events");
    assert_false(read_filter(s, BYTES("\x81\xa4what\xa1x"), &filter, &why));
    assert_string_equal(why.text, "filter must be {type?: a name or names, job?: an id, device?: an id}");
    assert_false(read_filter(s, BYTES("\x07"), &filter, &why));
}

static void set_numbers(struct event *event, event_u32 number)
{
    for (size_t i = 0; i < event_field_count(event->type); i++) {
        struct event_field field = event_field_at(event, i);
        if (field.type == FIELD_u32) memcpy((void *)(uintptr_t)field.value, &number, sizeof number);
    }
}

/* muster-replay shows events without the state behind them: then numbers stay numbers. */
static void every_event_is_shown_without_a_view(void **state)
{
    static const enum event_type TYPES[] = {
#define EVENT(code, NAME, member) EVENT_##NAME,
#define FIELD(type, name)
#define EVENT_END(member)
#include "engine/events/events.def"
#undef EVENT
#undef FIELD
#undef EVENT_END
    };
    struct story *s = *state;
    for (size_t i = 0; i < COUNT_OF(TYPES); i++) {
        struct event event = {.type = TYPES[i], .seq = 9, .time_us = 1, .actor = 3};
        struct buffer out = {.arena = &s->arena};
        set_numbers(&event, 3);
        wire_event(NULL, &event, &out);
        assert_true(out.size > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_template_and_a_group_are_shown),
        STORY(a_device_without_template_shows_none),
        STORY(a_job_shows_its_plan),
        STORY(a_pending_job_says_why_it_waits),
        STORY(a_running_job_says_why_it_waits),
        STORY(a_stopped_and_a_cancelled_job_say_so),
        STORY(a_failed_job_says_why),
        STORY(a_page_holds_resources_and_a_cursor),
        STORY(a_page_of_large_resources_ends_early),
        STORY(work_names_job_and_devices),
        STORY(the_engine_tells_of_itself),
        STORY(counts_of_a_report_are_told),
        STORY(errors_have_two_shapes),
        STORY(an_event_shows_ids_and_words),
        STORY(a_rejected_row_is_text_unless_it_is_none),
        STORY(the_devices_own_events_show_its_id),
        STORY(every_event_is_shown_without_a_view),
        STORY(a_filter_names_types_job_and_device),
        STORY(a_filter_that_means_nothing_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
