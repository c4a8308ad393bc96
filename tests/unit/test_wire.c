/* Frames become commands, or one clear sentence; and what a request asks for has one hash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "clients/terminal/json_read.c"
#include "engine/base/pack.h"
#include "engine/wire/wire.h"
#include "projections/schedules.h"

/* ---- Frames, written as JSON with ' for ". */

static struct arena arena;
static struct call call;
static enum refusal refusal;
static struct sentence why;

static int forget(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

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

static enum wire_result decode(struct bytes frame)
{
    struct scan scan = {0};
    size_t size;
    why.text[0] = '\0';
    assert_int_equal(wire_scan(&scan, frame, &size), SCAN_WHOLE);
    assert_int_equal(size, frame.size);
    return wire_decode(frame, &call, &refusal, &why);
}

static enum wire_result decode_call(const char *method, const char *params)
{
    char frame[4096];
    snprintf(frame, sizeof frame, "[0, 7, '%s', [%s]]", method, params);
    return decode(packed(frame));
}

static void then_call(const char *method, const char *params)
{
    if (decode_call(method, params) != WIRE_CALL) fail_msg("%s %s: %s", method, params, why.text);
    assert_int_equal(call.msgid, 7);
}

static void then_refused(const char *method, const char *params, const char *sentence)
{
    assert_int_equal(decode_call(method, params), WIRE_REFUSED);
    assert_int_equal(call.msgid, 7);
    assert_string_equal(why.text, sentence);
}

static void then_not_rpc(const char *frame, const char *words)
{
    assert_int_equal(decode(packed(frame)), WIRE_NOT_RPC);
    if (!strstr(why.text, words)) fail_msg("\"%s\" does not say \"%s\"", why.text, words);
}

static void then_text(struct bytes text, const char *expected)
{
    assert_true(bytes_equal(text, bytes_of_text(expected)));
}

/* ---- Every method, from the catalogue. */

struct catalogue_field {
    const char *key;
    const char *good;
    const char *bad;
    bool required;
};

#define GOOD_text "'x'"
#define GOOD_blob "'x'"
#define GOOD_number "1"
#define GOOD_flag "true"
#define GOOD_measure "{'type': 'number', 'value': 1}"
#define GOOD_times "{'execution': 5}"
#define GOOD_retry "{'max': 2, 'on': ['timed_out']}"
#define GOOD_timetable "{'start': '2026-12-01T03:00:00+01:00', 'timeZone': 'Europe/Paris', 'recurrence': 'daily'}"
#define GOOD_value "{'a': 1}"
#define GOOD_list "[1]"
#define GOOD_words "['x', 'y']"
#define BAD_text "1"
#define BAD_blob "1"
#define BAD_number "-1"
#define BAD_flag "1"
#define BAD_measure "5"
#define BAD_times "5"
#define BAD_retry "5"
#define BAD_timetable "5"
#define BAD_value NULL /* every value is good */
#define BAD_list "{}"
#define BAD_words "['x', 1]"
enum { OPTIONAL, REQUIRED };

#define COMMAND(member, method, access)                                                                                \
    static const struct catalogue_field CATALOGUE_##member[] = {
#define FIELD(type, name, key, need) {key, GOOD_##type, BAD_##type, need},
#define COMMAND_END(member)                                                                                            \
    {0}                                                                                                                \
    }                                                                                                                  \
    ;
#include "engine/decide/commands.def"
#undef COMMAND
#undef FIELD
#undef COMMAND_END

static const struct catalogue_row {
    const char *method;
    enum command_type type;
    enum command_access access;
    const struct catalogue_field *fields;
} CATALOGUE[] = {
#define COMMAND(member, method, access) {method, COMMAND_##member, access, CATALOGUE_##member},
#define FIELD(type, name, key, need)
#define COMMAND_END(member)
#include "engine/decide/commands.def"
#undef COMMAND
#undef FIELD
#undef COMMAND_END
};

/* All fields of a method with good values, but for one that is left out or bad. */
static const char *params_of(const struct catalogue_row *row, const struct catalogue_field *left_out,
                             const struct catalogue_field *bad)
{
    static char params[2048];
    size_t size = 0;
    const char *before = "{";
    for (const struct catalogue_field *field = row->fields; field->key; field++) {
        if (field == left_out) continue;
        size += (size_t)snprintf(params + size, sizeof params - size, "%s'%s': %s", before, field->key,
                                 field == bad ? field->bad : field->good);
        before = ", ";
    }
    snprintf(params + size, sizeof params - size, "%s}", before[0] == '{' ? "{" : "");
    return params;
}

static void every_method_is_decoded(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(CATALOGUE); i++) {
        then_call(CATALOGUE[i].method, params_of(&CATALOGUE[i], NULL, NULL));
        assert_int_equal(call.command.type, CATALOGUE[i].type);
        then_text(wire_method_name(call.command.type), CATALOGUE[i].method);
    }
}

static void a_missing_field_is_named_if_it_is_needed(void **state)
{
    (void)state;
    char sentence[256];
    for (size_t i = 0; i < COUNT_OF(CATALOGUE); i++) {
        for (const struct catalogue_field *field = CATALOGUE[i].fields; field->key; field++) {
            const char *params = params_of(&CATALOGUE[i], field, NULL);
            snprintf(sentence, sizeof sentence, "%s: field \"%s\" is missing", CATALOGUE[i].method, field->key);
            if (field->required) then_refused(CATALOGUE[i].method, params, sentence);
            else then_call(CATALOGUE[i].method, params);
        }
    }
}

static void a_field_of_another_type_is_named(void **state)
{
    (void)state;
    char begin[256];
    for (size_t i = 0; i < COUNT_OF(CATALOGUE); i++) {
        for (const struct catalogue_field *field = CATALOGUE[i].fields; field->key; field++) {
            if (!field->bad) continue;
            assert_int_equal(decode_call(CATALOGUE[i].method, params_of(&CATALOGUE[i], NULL, field)), WIRE_REFUSED);
            assert_int_equal(refusal, REFUSED_BAD_FIELD);
            snprintf(begin, sizeof begin, "%s: field \"%s\" must be ", CATALOGUE[i].method, field->key);
            if (strncmp(why.text, begin, strlen(begin)) != 0) fail_msg("%s", why.text);
        }
    }
}

static void who_changes_something_may_name_request_and_person(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(CATALOGUE); i++) {
        char params[2300];
        const char *own = params_of(&CATALOGUE[i], NULL, NULL);
        const char *comma = own[1] == '}' ? "" : ", ";
        snprintf(params, sizeof params, "%.*s%s'requestId': 'r-1', 'onBehalfOf': 'alice'}", (int)strlen(own) - 1, own,
                 comma);
        if (CATALOGUE[i].access != CHANGES) {
            assert_int_equal(decode_call(CATALOGUE[i].method, params), WIRE_REFUSED);
            continue;
        }
        then_call(CATALOGUE[i].method, params);
        then_text(call.command.request_id, "r-1");
        then_text(call.command.on_behalf_of, "alice");
    }
}

/* ---- Values. */

static void a_job_comes_out_as_it_went_in(void **state)
{
    (void)state;
    then_call("jobs.run", "{'id': 'j', 'group': 'g', 'data': [1, 2], 'batch': {'value': 30, 'type': 'percentage'},"
                          " 'cancellationThreshold': {'type': 'number', 'value': 0, 'batch': true},"
                          " 'timeouts': {'execution': 60}, 'description': null}");
    const struct job_fields *job = &call.command.jobs_run.job;
    then_text(call.command.jobs_run.id, "j");
    assert_int_equal(job->data.size, 3);
    assert_true(job->batch.given && job->batch.percentage && !job->batch.per_batch);
    assert_int_equal(job->batch.value, 30);
    assert_true(job->threshold.given && !job->threshold.percentage && job->threshold.per_batch);
    assert_int_equal(job->threshold.value, 0);
    assert_int_equal(job->timeouts.execution.value, 60);
    assert_false(job->timeouts.queue.given);
    assert_null(job->description.data);
}

#define JOB "'group': 'g', 'data': []"

static void a_measure_that_cannot_be_is_refused(void **state)
{
    (void)state;
    then_refused("jobs.run", "{" JOB ", 'batch': {'type': 'percentage', 'value': 0}}",
                 "jobs.run: field \"batch.value\" must be a whole number from 1 to 100 for a percentage; it is 0");
    then_refused("jobs.run", "{" JOB ", 'batch': {'type': 'percentage', 'value': 101}}",
                 "jobs.run: field \"batch.value\" must be a whole number from 1 to 100 for a percentage; it is 101");
    then_refused("jobs.run", "{" JOB ", 'batch': {'type': 'number', 'value': 0}}",
                 "jobs.run: field \"batch.value\" must be a whole number from 1 to 4294967295; it is 0");
    then_refused("jobs.run", "{" JOB ", 'cancellationThreshold': {'type': 'percentage', 'value': 12.5}}",
                 "jobs.run: field \"cancellationThreshold.value\" must be a whole number from 0 to 100 for a "
                 "percentage; it is 12.5");
    then_refused("jobs.run", "{" JOB ", 'batch': {'type': 'share', 'value': 1}}",
                 "jobs.run: field \"batch.type\" must be \"number\" or \"percentage\"; it is \"share\"");
    then_refused("jobs.run", "{" JOB ", 'batch': {'type': 'number'}}",
                 "jobs.run: field \"batch\" must be {type: \"number\" or \"percentage\", value}; it is a map");
    then_refused("jobs.run", "{" JOB ", 'batch': {'type': 'number', 'value': 1, 'batch': true}}",
                 "jobs.run: field \"batch\" must be {type: \"number\" or \"percentage\", value}; it has a field "
                 "\"batch\"");
    then_refused("jobs.run", "{" JOB ", 'timeouts': {'execution': 0}}",
                 "jobs.run: field \"timeouts.execution\" must be a whole number of seconds from 1 to 2592000; it is 0");
    then_refused("jobs.run", "{" JOB ", 'timeouts': {'total': 1}}",
                 "jobs.run: field \"timeouts\" must be {queue?, execution?}; it has a field \"total\"");
}

static void retries_that_cannot_be_are_refused(void **state)
{
    (void)state;
    then_refused("jobs.run", "{" JOB ", 'retries': {'max': 11}}",
                 "jobs.run: field \"retries.max\" must be a whole number from 0 to 10; it is 11");
    then_refused("jobs.run", "{" JOB ", 'retries': {'max': 1, 'on': ['completed']}}",
                 "jobs.run: field \"retries.on\" must be a list of \"failed\", \"timed_out\" and \"expired\"; it is "
                 "\"completed\"");
}

static void a_timetable_comes_out_as_it_went_in(void **state)
{
    (void)state;
    then_call("schedules.put", "{'id': 's', 'enabled': false, 'schedule': {'start': '1970-01-02T00:00:00.9Z',"
                               " 'timeZone': 'UTC', 'recurrence': 'weekly', 'missed': 'skip', 'overlap': 'skip',"
                               " 'end': {'value': 7, 'type': 'occurrences'}}}");
    const command_timetable *t = &call.command.schedules_put.schedule;
    assert_true(t->given && call.command.schedules_put.enabled.given && !call.command.schedules_put.enabled.value);
    assert_int_equal(t->start_us, INT64_C(86400000000));
    then_text(t->time_zone, "UTC");
    assert_int_equal(t->recurrence, RECURS_WEEKLY);
    assert_int_equal(t->missed, MISSED_SKIP);
    assert_int_equal(t->overlap, OVERLAP_SKIP);
    assert_int_equal(t->end_occurrences, 7);
    assert_int_equal(t->end_us, 0);
    then_call("schedules.put", "{'id': 's', 'schedule': {'start': '1970-01-02T00:00:00Z', 'timeZone': 'UTC',"
                               " 'recurrence': 'once', 'overlap': null,"
                               " 'end': {'type': 'date', 'value': '1970-01-03T00:00:00Z'}}}");
    assert_int_equal(t->recurrence, RECURS_ONCE);
    assert_int_equal(t->missed, MISSED_RUN_ONCE);
    assert_int_equal(t->overlap, OVERLAP_QUEUE);
    assert_int_equal(t->end_us, INT64_C(172800000000));
}

static void what_is_unknown_is_answered_with_what_is_known(void **state)
{
    (void)state;
    then_refused("jobs.stop", "{'id': 'j', 'now': true}",
                 "jobs.stop: there is no field \"now\"; it takes id, requestId, onBehalfOf");
    then_refused("info", "{'all': true}", "info: there is no field \"all\"; it takes none");
    then_refused("work.took", "", "there is no method \"work.took\"; there are work.take, work.report");
    assert_int_equal(refusal, REFUSED_UNKNOWN_METHOD);
    then_refused("shutdown", "", "there is no method \"shutdown\"; docs/protocol.md lists them");
}

static void values_are_shown_short_and_clean(void **state)
{
    (void)state;
    then_refused("jobs.get", "{'id': null}", "jobs.get: field \"id\" is missing");
    then_refused("jobs.get", "{'id': {}}", "jobs.get: field \"id\" must be a text; it is a map");
    then_refused("devices.put",
                 "{'id': 'd', 'provisioned': 'a text of more than forty characters, cut for the reader'}",
                 "devices.put: field \"provisioned\" must be true or false; it is \"a text of more than forty "
                 "characters, cu\"...");
    then_refused("events.read", "{'from': 9007199254740992}",
                 "events.read: field \"from\" must be a whole number from 0 to 2^53-1; it is 9007199254740992");
}

static void text_must_be_utf8(void **state)
{
    (void)state;
    assert_int_equal(decode(BYTES("\x94\x00\x07\xa8jobs.get\x91\x81\xa2id\xa2\xff\xfe")), WIRE_REFUSED);
    assert_string_equal(why.text, "jobs.get: field \"id\" must be a text in UTF-8; it is \"\"...");
}

static void a_field_given_twice_is_refused(void **state)
{
    (void)state;
    assert_int_equal(decode(BYTES("\x94\x00\x07\xa8jobs.get\x91\x82\xa2id\xa1x\xa2id\xa1y")), WIRE_REFUSED);
    assert_string_equal(why.text, "jobs.get: field \"id\" is given twice");
}

/* ---- The envelope. */

static void clients_spell_the_envelope_in_many_ways(void **state)
{
    (void)state;
    assert_int_equal(decode(BYTES("\x94\x00\x07\xa4info\x90")), WIRE_CALL);
    assert_int_equal(decode(BYTES("\x94\x00\x07\xc4\x04info\x91\xc0")), WIRE_CALL);
    assert_int_equal(decode(BYTES("\xdc\x00\x04\xd0\x00\xcf\x00\x00\x00\x00\xff\xff\xff\xff\xd9\x04info\x91\x80")),
                     WIRE_CALL);
    assert_int_equal(call.msgid, UINT32_MAX);
    assert_int_equal(decode(BYTES("\x94\x00\x07\xa8jobs.get\x91\x81\xc4\x02id\xc4\x01j")), WIRE_CALL);
    then_text(call.command.jobs_get.id, "j");
}

static void notifications_are_ignored(void **state)
{
    (void)state;
    assert_int_equal(decode(packed("[2, 'jobs.stop', [{'id': 'j'}]]")), WIRE_NOTIFICATION);
    assert_int_equal(decode(packed("[2, 'whatever', 5]")), WIRE_NOTIFICATION);
}

static void what_is_no_message_ends_the_connection(void **state)
{
    (void)state;
    then_not_rpc("7", "must be an array");
    then_not_rpc("[]", "must be an array");
    then_not_rpc("['info']", "begin with 0 or 2");
    then_not_rpc("[0, 1, 'info']", "[0, msgid, method, [params]]");
    then_not_rpc("[1, 1, null, {}]", "[0, msgid, method, [params]]");
    then_not_rpc("[0, 4294967296, 'info', []]", "below 2^32");
    then_not_rpc("[0, 1, 5, []]", "name must be a text");
}

static void parameters_are_one_map(void **state)
{
    (void)state;
    then_refused("jobs.get", "'j'", "jobs.get: its parameters must be one map in an array");
    then_refused("jobs.get", "{'id': 'j'}, 2", "jobs.get: its parameters must be one map in an array");
    assert_int_equal(decode(packed("[0, 7, 'jobs.get', {'id': 'j'}]")), WIRE_REFUSED);
}

static void each_bad_scan_has_a_sentence(void **state)
{
    (void)state;
    static const enum scan_result BAD[] = {SCAN_BAD_BYTE, SCAN_TOO_DEEP, SCAN_TOO_MANY, SCAN_TOO_LONG};
    for (size_t i = 0; i < COUNT_OF(BAD); i++) assert_true(strlen(wire_scan_text(BAD[i])) > 20);
}

/* ---- One hash for one wish. */

struct hash {
    uint8_t bytes[32];
};

static struct hash hash_of_frame(struct bytes frame)
{
    struct hash hash;
    if (decode(frame) != WIRE_CALL) fail_msg("%s", why.text);
    wire_body_hash(&call.command, hash.bytes);
    return hash;
}

static struct hash hash_of(const char *method, const char *params)
{
    struct hash hash;
    then_call(method, params);
    wire_body_hash(&call.command, hash.bytes);
    return hash;
}

static void then_same(struct hash a, struct hash b)
{
    assert_memory_equal(a.bytes, b.bytes, sizeof a.bytes);
}

static void then_other(struct hash a, struct hash b)
{
    assert_memory_not_equal(a.bytes, b.bytes, sizeof a.bytes);
}

static void spelling_does_not_change_the_hash(void **state)
{
    (void)state;
    struct hash job = hash_of("jobs.run", "{'group': 'g', 'data': [{'a': 1, 'b': {'c': 2, 'd': 3}}], 'id': 'j'}");
    then_same(job, hash_of("jobs.run", "{'id': 'j', 'data': [{'b': {'d': 3, 'c': 2}, 'a': 1}], 'group': 'g'}"));
    then_same(job, hash_of("jobs.run", "{'id': 'j', 'requestId': 'r', 'group': 'g',"
                                       " 'data': [{'a': 1, 'b': {'c': 2, 'd': 3}}]}"));
    then_same(hash_of_frame(BYTES("\x94\x00\x01\xa8jobs.get\x91\x81\xa2id\xa1j")),
              hash_of_frame(BYTES("\x94\x00\x02\xc4\x08jobs.get\x91\x81\xc4\x02id\xc4\x01j")));
    then_same(hash_of_frame(BYTES("\x94\x00\x01\xabwork.report\x91\x82\xa4work\x05\xa7results\x91"
                                  "\xcb\x3f\xf8\0\0\0\0\0\0")),
              hash_of_frame(BYTES("\x94\x00\x01\xabwork.report\x91\x82\xa4work\xcd\x00\x05\xa7results\x91"
                                  "\xca\x3f\xc0\0\0")));
    then_same(hash_of("info", ""), hash_of("info", "{}"));
}

static void another_wish_has_another_hash(void **state)
{
    (void)state;
    struct hash job = hash_of("jobs.run", "{'group': 'g', 'data': [{'a': 1, 'b': 2}]}");
    then_other(job, hash_of("jobs.run", "{'group': 'g', 'data': [{'a': 2, 'b': 1}]}"));
    then_other(job, hash_of("jobs.run", "{'group': 'g', 'data': [{'a': 1}, {'b': 2}]}"));
    then_other(job, hash_of("jobs.run", "{'group': 'h', 'data': [{'a': 1, 'b': 2}]}"));
    then_other(job, hash_of("jobs.run", "{'group': 'g', 'data': [{'a': 1, 'b': 2}], 'onBehalfOf': 'bob'}"));
    then_other(hash_of("jobs.stop", "{'id': 'j'}"), hash_of("jobs.cancel", "{'id': 'j'}"));
    then_other(hash_of("events.read", "{'filter': [[1], 2]}"), hash_of("events.read", "{'filter': [[1, 2]]}"));
    then_other(hash_of("events.read", "{'filter': [-1]}"), hash_of("events.read", "{'filter': [1]}"));
    then_other(hash_of("events.read", "{'filter': ['1']}"), hash_of("events.read", "{'filter': [1]}"));
    then_other(hash_of("events.read", "{'filter': ['ab', 'c']}"), hash_of("events.read", "{'filter': ['a', 'bc']}"));
}

/* ---- Events. */

/* As muster-replay shows a log whose beginning is not there: whatever has a number keeps it. */
static void every_event_is_shown_without_a_view(void **state)
{
    (void)state;
    for (unsigned type = 1; type < EVENT_CODES_MAX; type++) {
        struct event event = {.type = (enum event_type)type, .seq = 5, .actor = 3};
        struct buffer shown = {.arena = &arena};
        if (!event_name(event.type)) continue;
        for (size_t i = 0; i < event_field_count(event.type); i++) {
            struct event_field field = event_field_at(&event, i);
            if (field.type == FIELD_u32) *(event_u32 *)(uintptr_t)field.value = 1;
        }
        wire_event(NULL, &event, &shown);
        assert_true(shown.size > 0);
    }
}

/* ---- At random. */

/* Good frames with bytes changed: whatever passes the scan is decoded, refused or ended, and nothing worse. */
static void changed_frames_do_no_harm(void **state)
{
    (void)state;
    for (int round = 0; round < 20000; round++) {
        const struct catalogue_row *row = &CATALOGUE[(size_t)rand() % COUNT_OF(CATALOGUE)];
        char json[2300];
        snprintf(json, sizeof json, "[0, 7, '%s', [%s]]", row->method, params_of(row, NULL, NULL));
        struct bytes good = packed(json);
        uint8_t *bytes = malloc(good.size);
        memcpy(bytes, good.data, good.size);
        for (int i = rand() % 3; i >= 0; i--) bytes[(size_t)rand() % good.size] = (uint8_t)rand();
        struct scan scan = {0};
        size_t size;
        if (wire_scan(&scan, (struct bytes){bytes, good.size}, &size) == SCAN_WHOLE &&
            wire_decode((struct bytes){bytes, size}, &call, &refusal, &why) == WIRE_CALL) {
            uint8_t hash[32];
            wire_body_hash(&call.command, hash);
        }
        free(bytes);
        arena_reset(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_is_decoded),
        cmocka_unit_test(a_missing_field_is_named_if_it_is_needed),
        cmocka_unit_test(a_field_of_another_type_is_named),
        cmocka_unit_test(who_changes_something_may_name_request_and_person),
        cmocka_unit_test(a_job_comes_out_as_it_went_in),
        cmocka_unit_test(a_measure_that_cannot_be_is_refused),
        cmocka_unit_test(retries_that_cannot_be_are_refused),
        cmocka_unit_test(a_timetable_comes_out_as_it_went_in),
        cmocka_unit_test(what_is_unknown_is_answered_with_what_is_known),
        cmocka_unit_test(values_are_shown_short_and_clean),
        cmocka_unit_test(text_must_be_utf8),
        cmocka_unit_test(a_field_given_twice_is_refused),
        cmocka_unit_test(clients_spell_the_envelope_in_many_ways),
        cmocka_unit_test(notifications_are_ignored),
        cmocka_unit_test(what_is_no_message_ends_the_connection),
        cmocka_unit_test(parameters_are_one_map),
        cmocka_unit_test(each_bad_scan_has_a_sentence),
        cmocka_unit_test(spelling_does_not_change_the_hash),
        cmocka_unit_test(another_wish_has_another_hash),
        cmocka_unit_test(every_event_is_shown_without_a_view),
        cmocka_unit_test(changed_frames_do_no_harm),
    };
    const char *given = getenv("SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
    printf("SEED=%u\n", seed);
    srand(seed);
    return cmocka_run_group_tests(tests, NULL, forget);
}
