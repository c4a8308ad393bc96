/* Events as clients see them: whatever the catalogue holds, with ids and words for the small numbers.
 *
 * A field is shown under its own name, in the protocol's spelling (display_name is displayName), unless the
 * table below says otherwise. A new event needs no line here; a new kind of number does. */
#include "engine/wire/resources.h"

#include "engine/base/text.h"
#include "engine/base/timestamp.h"
#include "engine/events/numbers.h"
#include "projections/devices.h"
#include "projections/job_devices.h"
#include "projections/jobs.h"
#include "projections/reruns.h"
#include "projections/schedules.h"

#include <stdio.h>

enum { QUOTED_CHARACTERS_MAX = 40 };

/* ---- How fields are shown. */

enum showing {
    SHOW_PLAIN,
    SHOW_HEX,
    SHOW_SECONDS, /* of microseconds */
    SHOW_TEMPLATE,
    SHOW_GROUP,
    SHOW_DEVICE,
    SHOW_IMPORT,
    SHOW_JOB,
    SHOW_DEVICES,
    SHOW_FROM_ONE, /* batches are counted from 0 inside and from 1 outside */
    SHOW_JOB_TYPE,
    SHOW_MEASURE,
    SHOW_OUTCOME,
    SHOW_IMPORT_OUTCOME,
    SHOW_MOVE_OUTCOME,
    SHOW_RETURNED_REASON,
    SHOW_CANCEL_REASON,
    SHOW_FAILED_REASON,
    SHOW_SCHEDULE,
    SHOW_TIME,
    SHOW_RECURRENCE,
    SHOW_MISSED_POLICY,
    SHOW_OVERLAP_POLICY,
    SHOW_SCHEDULE_MISS,
    SHOW_SCHEDULE_END,
    SHOW_EXCLUSION,
    SHOW_RERUN_WHICH,
    SHOW_RETRIED,
    SHOW_ROW, /* of a file: text, unless it was none */
    SHOW_KEYS_ROTATED,
    SHOW_EXPORT,
    SHOW_EXPORT_OUTCOME,
    SHOW_EXPORT_GONE,
};

struct rule {
    enum event_type type; /* EVENT_NONE: every event with such a field */
    const char *field;
    const char *key; /* NULL: the field's name */
    enum showing showing;
};

static const struct rule RULES[] = {
    {EVENT_TEMPLATE_SAVED, "number", "template", SHOW_TEMPLATE},
    {EVENT_TEMPLATE_REMOVED, "number", "template", SHOW_TEMPLATE},
    {EVENT_GROUP_SAVED, "number", "group", SHOW_GROUP},
    {EVENT_GROUP_REMOVED, "number", "group", SHOW_GROUP},
    {EVENT_DEVICE_REGISTERED, "number", "device", SHOW_DEVICE},
    {EVENT_DEVICE_RENAMED, "number", "device", SHOW_DEVICE},
    {EVENT_DEVICE_MOVED, "number", "device", SHOW_DEVICE},
    {EVENT_DEVICE_MARKED, "number", "device", SHOW_DEVICE},
    {EVENT_DEVICE_REMOVED, "number", "device", SHOW_DEVICE},
    {EVENT_DEVICE_THUMBPRINTS_SET, "number", "device", SHOW_DEVICE},
    {EVENT_DEVICE_THUMBPRINTS_SET, "primary", NULL, SHOW_HEX},
    {EVENT_DEVICE_THUMBPRINTS_SET, "secondary", NULL, SHOW_HEX},
    {EVENT_IMPORT_ROW_ACCEPTED, "number", "device", SHOW_DEVICE},
    {EVENT_IMPORT_ROW_CHANGED, "number", "device", SHOW_DEVICE},
    {EVENT_IMPORT_OPENED, "number", "import", SHOW_IMPORT},
    {EVENT_MOVE_CLOSED, "outcome", NULL, SHOW_MOVE_OUTCOME},
    {EVENT_IMPORT_CLOSED, "outcome", NULL, SHOW_IMPORT_OUTCOME},
    {EVENT_DEVICES_RETURNED, "reason", NULL, SHOW_RETURNED_REASON},
    {EVENT_JOB_CANCELLED, "reason", NULL, SHOW_CANCEL_REASON},
    {EVENT_JOB_FAILED, "reason", NULL, SHOW_FAILED_REASON},
    {EVENT_JOB_CREATED, "type", "jobType", SHOW_JOB_TYPE}, /* "type" is the event's */
    {EVENT_SCHEDULE_SAVED, "type", "jobType", SHOW_JOB_TYPE},
    {EVENT_SCHEDULE_SAVED, "missed", NULL, SHOW_MISSED_POLICY},
    {EVENT_SCHEDULE_MISSED, "reason", NULL, SHOW_SCHEDULE_MISS},
    {EVENT_SCHEDULE_ENDED, "reason", NULL, SHOW_SCHEDULE_END},
    {EVENT_NONE, "schedule", NULL, SHOW_SCHEDULE},
    {EVENT_NONE, "recurrence", NULL, SHOW_RECURRENCE},
    {EVENT_NONE, "overlap", NULL, SHOW_OVERLAP_POLICY},
    {EVENT_NONE, "start_us", "start", SHOW_TIME},
    {EVENT_NONE, "end_us", "end", SHOW_TIME},
    {EVENT_NONE, "due_us", "due", SHOW_TIME},
    {EVENT_NONE, "next_us", "next", SHOW_TIME},
    {EVENT_JOB_EDITED, "type", "jobType", SHOW_JOB_TYPE},
    {EVENT_JOB_PLAN_QUOTED, "hash", NULL, SHOW_HEX},
    {EVENT_JOB_TARGETS_EXCLUDED, "reason", NULL, SHOW_EXCLUSION},
    {EVENT_JOB_RERUN_OF, "parent", NULL, SHOW_JOB},
    {EVENT_JOB_RERUN_OF, "which", NULL, SHOW_RERUN_WHICH},
    {EVENT_NONE, "row", NULL, SHOW_ROW},
    {EVENT_NONE, "retries_on", NULL, SHOW_RETRIED},
    {EVENT_EXPORT_OPENED, "number", "export", SHOW_EXPORT},
    {EVENT_EXPORT_CLOSED, "primary", NULL, SHOW_HEX},
    {EVENT_EXPORT_CLOSED, "secondary", NULL, SHOW_HEX},
    {EVENT_EXPORT_CLOSED, "outcome", NULL, SHOW_EXPORT_OUTCOME},
    {EVENT_EXPORT_EXPIRED, "reason", NULL, SHOW_EXPORT_GONE},
    {EVENT_NONE, "export", NULL, SHOW_EXPORT},
    {EVENT_KEYS_ROTATED, "which", NULL, SHOW_KEYS_ROTATED},
    {EVENT_KEYS_ROTATED, "primary", NULL, SHOW_HEX},
    {EVENT_KEYS_ROTATED, "secondary", NULL, SHOW_HEX},
    {EVENT_NONE, "import", NULL, SHOW_IMPORT},
    {EVENT_NONE, "job", NULL, SHOW_JOB},
    {EVENT_NONE, "device", NULL, SHOW_DEVICE},
    {EVENT_NONE, "group", NULL, SHOW_GROUP},
    {EVENT_NONE, "template", NULL, SHOW_TEMPLATE},
    {EVENT_NONE, "target", NULL, SHOW_TEMPLATE},
    {EVENT_NONE, "devices", NULL, SHOW_DEVICES},
    {EVENT_NONE, "batch", NULL, SHOW_FROM_ONE},
    {EVENT_NONE, "outcome", NULL, SHOW_OUTCOME},
    {EVENT_NONE, "batch_measure", NULL, SHOW_MEASURE},
    {EVENT_NONE, "threshold_measure", NULL, SHOW_MEASURE},
    {EVENT_NONE, "timeout_us", "timeout", SHOW_SECONDS},
    {EVENT_NONE, "log_id", NULL, SHOW_HEX},
    {EVENT_LOG_CONTINUED, "old_log_id", NULL, SHOW_HEX},
    {EVENT_NONE, "root", NULL, SHOW_HEX},
    {EVENT_NONE, "body_hash", NULL, SHOW_HEX},
};

static const struct rule *rule_of(enum event_type type, const char *field)
{
    for (size_t i = 0; i < COUNT_OF(RULES); i++) {
        if (RULES[i].type != EVENT_NONE && RULES[i].type != type) continue;
        if (strcmp(RULES[i].field, field) == 0) return &RULES[i];
    }
    return NULL;
}

/* ---- Values. */

/* "display_name" becomes "displayName". */
static void put_event_key(struct open_map *m, const char *name)
{
    char key[64];
    size_t size = 0;
    for (const char *from = name; *from && size + 1 < sizeof key; from++) {
        if (*from == '_' && from[1]) {
            from++;
            key[size++] = (char)(*from - 'a' + 'A');
        } else {
            key[size++] = *from;
        }
    }
    key[size] = '\0';
    put_key(m, key);
}

/* Nil where the number is 0: no template, no target. */
static void pack_id(msgpack_packer *p, struct bytes id)
{
    if (id.size) pack_text(p, id);
    else msgpack_pack_nil(p);
}

static void pack_numbers(msgpack_packer *p, struct bytes list)
{
    struct numbers numbers = numbers_of(list);
    uint64_t number;
    msgpack_pack_array(p, numbers_count(list));
    while (numbers_next(&numbers, &number)) msgpack_pack_uint64(p, number);
}

static void pack_devices(msgpack_packer *p, struct view *v, struct bytes list)
{
    struct numbers numbers = numbers_of(list);
    uint64_t number;
    msgpack_pack_array(p, numbers_count(list));
    while (numbers_next(&numbers, &number)) pack_id(p, device_id(v, (uint32_t)number));
}

static void pack_hex(msgpack_packer *p, struct bytes data)
{
    const uint8_t *byte = data.data;
    msgpack_pack_str(p, 2 * data.size);
    for (size_t i = 0; i < data.size; i++) {
        char digits[3];
        snprintf(digits, sizeof digits, "%02x", byte[i]);
        msgpack_pack_str_body(p, digits, 2);
    }
}

static void pack_row(msgpack_packer *p, struct bytes row)
{
    if (utf8_is_valid(row)) pack_text(p, row);
    else pack_bin(p, row);
}

static void pack_plain(msgpack_packer *p, struct event_field field)
{
    switch (field.type) {
    case FIELD_u32: msgpack_pack_uint32(p, *(const event_u32 *)field.value); return;
    case FIELD_u64: msgpack_pack_uint64(p, *(const event_u64 *)field.value); return;
    case FIELD_i64: msgpack_pack_int64(p, *(const event_i64 *)field.value); return;
    case FIELD_boolean: pack_bool(p, *(const event_boolean *)field.value); return;
    case FIELD_str: pack_text(p, *(const event_str *)field.value); return;
    case FIELD_bin: pack_bin(p, *(const event_bin *)field.value); return;
    case FIELD_numbers: pack_numbers(p, *(const event_numbers *)field.value); return;
    case FIELD_raw: pack_raw(p, *(const event_raw *)field.value); return;
    }
}

/* Nil for no time. */
static void pack_time(msgpack_packer *p, struct event_field field)
{
    char text[TIMESTAMP_SIZE];
    ASSERT(field.type == FIELD_i64);
    int64_t time_us = *(const event_i64 *)field.value;
    if (time_us) pack_text(p, timestamp_text(time_us, text));
    else msgpack_pack_nil(p);
}

/* Small numbers are u32, all others texts or lists. */
static uint32_t number_of(struct event_field field)
{
    ASSERT(field.type == FIELD_u32);
    return *(const event_u32 *)field.value;
}

static struct bytes bytes_of(struct event_field field)
{
    ASSERT(field.type == FIELD_bin || field.type == FIELD_numbers);
    return *(const struct bytes *)field.value;
}

/* What is shown by its id. */
static struct bytes (*const ID_OF[])(struct view *v, uint32_t number) = {
    [SHOW_TEMPLATE] = template_id, [SHOW_GROUP] = group_id,       [SHOW_DEVICE] = device_id, [SHOW_IMPORT] = import_id,
    [SHOW_JOB] = job_id,           [SHOW_SCHEDULE] = schedule_id, [SHOW_EXPORT] = export_id,
};

/* Whether a view is needed to show it. */
static bool is_named(enum showing showing)
{
    return showing == SHOW_DEVICES || (showing < COUNT_OF(ID_OF) && ID_OF[showing]);
}

static void pack_field(msgpack_packer *p, struct view *v, struct event_field field, enum showing showing)
{
    if (!v && is_named(showing)) showing = SHOW_PLAIN;
    switch (showing) {
    case SHOW_PLAIN: pack_plain(p, field); return;
    case SHOW_HEX: pack_hex(p, bytes_of(field)); return;
    case SHOW_SECONDS: msgpack_pack_uint64(p, *(const event_u64 *)field.value / 1000000); return;
    case SHOW_TEMPLATE:
    case SHOW_GROUP:
    case SHOW_DEVICE:
    case SHOW_IMPORT:
    case SHOW_JOB:
    case SHOW_SCHEDULE:
    case SHOW_EXPORT: pack_id(p, ID_OF[showing](v, number_of(field))); return;
    case SHOW_DEVICES: pack_devices(p, v, bytes_of(field)); return;
    case SHOW_FROM_ONE: msgpack_pack_uint32(p, number_of(field) + 1); return;
    case SHOW_JOB_TYPE: pack_key(p, job_type_word((enum job_type)number_of(field))); return;
    case SHOW_MEASURE: pack_key(p, measure_word(number_of(field))); return;
    case SHOW_OUTCOME: pack_key(p, outcome_word((enum device_outcome)number_of(field))); return;
    case SHOW_IMPORT_OUTCOME: pack_key(p, import_outcome_word(number_of(field))); return;
    case SHOW_MOVE_OUTCOME: pack_key(p, move_outcome_word(number_of(field))); return;
    case SHOW_RETURNED_REASON: pack_key(p, returned_reason_word(number_of(field))); return;
    case SHOW_CANCEL_REASON: pack_key(p, cancel_reason_word(number_of(field))); return;
    case SHOW_FAILED_REASON: pack_key(p, failed_reason_word(number_of(field))); return;
    case SHOW_TIME: pack_time(p, field); return;
    case SHOW_RECURRENCE: pack_key(p, recurrence_word(number_of(field))); return;
    case SHOW_MISSED_POLICY: pack_key(p, missed_policy_word(number_of(field))); return;
    case SHOW_OVERLAP_POLICY: pack_key(p, overlap_policy_word(number_of(field))); return;
    case SHOW_SCHEDULE_MISS: pack_key(p, schedule_miss_word(number_of(field))); return;
    case SHOW_SCHEDULE_END: pack_key(p, schedule_end_word(number_of(field))); return;
    case SHOW_EXCLUSION: pack_key(p, exclusion_word(number_of(field))); return;
    case SHOW_RERUN_WHICH: pack_key(p, rerun_which_word(number_of(field))); return;
    case SHOW_RETRIED: pack_retried(p, number_of(field)); return;
    case SHOW_ROW: pack_row(p, bytes_of(field)); return;
    case SHOW_EXPORT_OUTCOME: pack_key(p, export_outcome_word(number_of(field))); return;
    case SHOW_EXPORT_GONE: pack_key(p, export_gone_word(number_of(field))); return;
    case SHOW_KEYS_ROTATED: pack_key(p, keys_rotated_word(number_of(field))); return;
    }
}

void wire_event(struct view *v, const struct event *event, struct buffer *out)
{
    struct open_map m = put_map(out);
    put_uint(&m, "seq", event->seq);
    put_time(&m, "time", event->time_us);
    put_word(&m, "type", event_name(event->type));
    put_actor(&m, "actor", v, event->actor);
    if (event->cause) put_uint(&m, "cause", event->cause);
    for (size_t i = 0; i < event_field_count(event->type); i++) {
        struct event_field field = event_field_at(event, i);
        const struct rule *rule = rule_of(event->type, field.name);
        put_event_key(&m, rule && rule->key ? rule->key : field.name);
        pack_field(&m.packer, v, field, rule ? rule->showing : SHOW_PLAIN);
    }
    put_end(&m);
}

/* ---- What a reader wants to see. */

static bool refuse_shape(struct sentence *why)
{
    sentence_set(why, "filter must be {type?: a name or names, job?: an id, device?: an id}");
    return false;
}

static bool refuse_unknown(struct sentence *why, const char *kind, struct bytes name, const char *advice)
{
    struct bytes quoted = text_quotable(name, QUOTED_CHARACTERS_MAX);
    sentence_set(why, "filter.%s: there is no \"%.*s\"; %s", kind, BYTES_ARG(quoted), advice);
    return false;
}

/* One name, or an array of them. */
static bool filter_types(struct cursor *c, struct event_filter *filter, struct sentence *why)
{
    uint32_t count = 1;
    cursor_array(c, &count);
    filter->some_types = count > 0;
    for (; count > 0; count--) {
        struct bytes name;
        if (!cursor_text(c, &name)) return refuse_shape(why);
        enum event_type type = event_type_named(name);
        if (type == EVENT_NONE) return refuse_unknown(why, "type", name, "docs/events.md lists all events");
        filter->types[type / 64] |= UINT64_C(1) << type % 64;
    }
    return true;
}

static bool filter_member(struct view *v, struct bytes key, struct cursor *c, struct event_filter *filter,
                          struct sentence *why)
{
    struct bytes id;
    if (cursor_nil(c)) return true;
    if (bytes_equal(key, BYTES("type"))) return filter_types(c, filter, why);
    if (!cursor_text(c, &id)) return refuse_shape(why);
    if (bytes_equal(key, BYTES("job"))) {
        filter->job = jobs_find_taken(v, id);
        return filter->job || refuse_unknown(why, "job", id, "jobs.list shows which there are");
    }
    if (bytes_equal(key, BYTES("device"))) {
        filter->device = devices_find(v, id);
        return filter->device || refuse_unknown(why, "device", id, "devices.list shows which there are");
    }
    return refuse_shape(why);
}

bool wire_event_filter(struct view *v, struct bytes value, struct event_filter *filter, struct sentence *why)
{
    struct cursor c = cursor_over(value);
    uint32_t count;
    *filter = (struct event_filter){0};
    if (value.size == 0) return true;
    if (!cursor_map(&c, &count)) return refuse_shape(why);
    for (uint32_t i = 0; i < count; i++) {
        struct bytes key;
        if (!cursor_text(&c, &key)) return refuse_shape(why);
        if (!filter_member(v, key, &c, filter, why)) return false;
    }
    return true;
}

/* ---- Matching. */

static bool type_matches(const struct event_filter *filter, enum event_type type)
{
    return !filter->some_types || filter->types[type / 64] >> type % 64 & 1;
}

static bool list_holds(struct bytes list, uint32_t wanted)
{
    struct numbers numbers = numbers_of(list);
    uint64_t number;
    while (numbers_next(&numbers, &number)) {
        if (number == wanted) return true;
    }
    return false;
}

/* Whether a field that is shown as `showing`, alone or in a list of devices, is this number. */
static bool event_names(const struct event *event, enum showing showing, uint32_t wanted)
{
    for (size_t i = 0; i < event_field_count(event->type); i++) {
        struct event_field field = event_field_at(event, i);
        const struct rule *rule = rule_of(event->type, field.name);
        if (!rule) continue;
        if (rule->showing == showing && number_of(field) == wanted) return true;
        bool devices = showing == SHOW_DEVICE && rule->showing == SHOW_DEVICES;
        if (devices && list_holds(bytes_of(field), wanted)) return true;
    }
    return false;
}

bool wire_event_matches(const struct event *event, const struct event_filter *filter)
{
    return type_matches(filter, event->type) && (!filter->job || event_names(event, SHOW_JOB, filter->job)) &&
           (!filter->device || event_names(event, SHOW_DEVICE, filter->device));
}
