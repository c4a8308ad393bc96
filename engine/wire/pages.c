/* Replies whose content a worker or a reading of the log has brought. */
#include "engine/wire/resources.h"

#include "projections/job_devices.h"
#include "projections/jobs.h"

#include <stdio.h>

static const char *state_word(enum device_state state)
{
    if (state == DEVICE_COMPLETED) return "completed";
    return state == DEVICE_FAILED ? "failed" : "pending";
}

static void put_device_row(const struct device_row *row, struct buffer *out)
{
    struct open_map m = put_map(out);
    put_text(&m, "id", row->id);
    put_text(&m, "displayName", row->display_name);
    if (row->template.size) put_text(&m, "template", row->template);
    put_flag(&m, "provisioned", row->provisioned);
    put_flag(&m, "simulated", row->simulated);
    put_end(&m);
}

void wire_reply_devices(uint64_t msgid, const struct device_page *page, struct buffer *out)
{
    put_reply(out, msgid);
    struct open_map m = put_map(out);
    put_key(&m, "value");
    struct open_list value = put_list(out);
    for (uint32_t i = 0; i < page->count; i++) put_device_row(&page->rows[i], out);
    value.count = page->count;
    put_list_end(&value);
    put_cursor(&m, page->next);
    if (page->next_place.given) {
        struct buffer cursor = {.arena = out->arena};
        device_place_put(&cursor, page->order, &page->next_place);
        put_text(&m, "cursor", buffer_bytes(&cursor));
    }
    put_end(&m);
}

/* "COUNT-HASH": who quotes it says how many devices it counts on. */
static void put_plan_hash(struct open_map *m, const struct members *members)
{
    char text[2 * PLAN_HASH_SIZE + 16];
    size_t size = (size_t)snprintf(text, sizeof text, "%u-", members->total);
    for (size_t i = 0; i < PLAN_HASH_SIZE; i++)
        size += (size_t)snprintf(text + size, sizeof text - size, "%02x", members->hash[i]);
    put_word(m, "planHash", text);
}

static uint32_t batches_of(const struct members *members)
{
    if (members->total == 0) return 0;
    uint32_t size = job_batch_size(members->batch_measure, members->batch_value, members->total);
    return (members->total + size - 1) / size;
}

static void put_sample(struct open_map *m, const struct members *members)
{
    put_uint(m, "count", members->total);
    put_key(m, "sample");
    struct open_list sample = put_list(m->out);
    for (uint32_t i = 0; i < members->sample_count; i++) pack_text(&m->packer, members->sample[i]);
    sample.count = members->sample_count;
    put_list_end(&sample);
}

void wire_reply_group_preview(uint64_t msgid, const struct members *members, struct buffer *out)
{
    put_reply(out, msgid);
    struct open_map m = put_map(out);
    put_sample(&m, members);
    put_end(&m);
}

void wire_reply_preview(uint64_t msgid, const struct members *members, struct buffer *out)
{
    put_reply(out, msgid);
    struct open_map m = put_map(out);
    put_sample(&m, members);
    put_excluded(&m, members->excluded);
    put_uint(&m, "batches", batches_of(members));
    put_plan_hash(&m, members);
    put_end(&m);
}

/* What there is nothing of has no key. */
static void put_column(struct open_map *m, const struct job_device_row *row, const struct column *column,
                       struct bytes property)
{
    switch (column->kind) {
    case COLUMN_ID: break; /* every row begins with it */
    case COLUMN_DISPLAY_NAME: put_text(m, "displayName", row->display_name); break;
    case COLUMN_DELETED: put_flag(m, "deleted", row->deleted); break;
    case COLUMN_STATUS: put_word(m, "status", state_word(row->state)); break;
    case COLUMN_REASON:
        if (row->state == DEVICE_FAILED) put_word(m, "reason", outcome_word(row->outcome));
        break;
    case COLUMN_ERROR:
        if (row->error.size) put_text(m, "error", row->error);
        break;
    case COLUMN_BATCH: put_uint(m, "batch", row->batch); break;
    case COLUMN_ATTEMPT: put_uint(m, "attempt", row->attempt); break;
    case COLUMN_CONNECTOR:
        if (row->connector.size) put_text(m, "connector", row->connector);
        break;
    case COLUMN_START:
        if (row->start_us) put_time(m, "start", row->start_us);
        break;
    case COLUMN_END:
        if (row->end_us) put_time(m, "end", row->end_us);
        break;
    case COLUMN_RESPONSE:
        if (row->response.size) put_raw(m, "response", row->response);
        break;
    case COLUMN_TEMPLATE:
        if (row->template.size) put_text(m, "template", row->template);
        break;
    case COLUMN_PROVISIONED: put_flag(m, "provisioned", row->provisioned); break;
    case COLUMN_SIMULATED: put_flag(m, "simulated", row->simulated); break;
    case COLUMN_MERGED:
        if (row->later != DEVICE_WAITING) put_word(m, "merged", state_word(row->later));
        break;
    case COLUMN_PROPERTY:
    case COLUMN_CLOUD_PROPERTY:
        if (property.size == 0) break;
        put_key_text(m, column->name);
        pack_raw(&m->packer, property);
        break;
    }
}

static void put_job_device_row(const struct job_device_page *page, const struct job_device_row *row,
                               struct buffer *out)
{
    struct columns columns = page->listing.columns;
    struct open_map m = put_map(out);
    put_text(&m, "id", row->id);
    for (size_t i = 0; i < columns.count; i++) put_column(&m, row, &columns.column[i], row->properties[i]);
    put_end(&m);
}

static void put_place(struct open_map *m, const struct job_device_page *page, const struct listing_place *place)
{
    struct buffer cursor = {.arena = m->out->arena};
    if (!place->given) return;
    listing_put_cursor(&cursor, page->listing.order, place);
    put_text(m, "cursor", buffer_bytes(&cursor));
}

void wire_reply_job_devices(uint64_t msgid, const struct job_device_page *page, struct buffer *out)
{
    put_reply(out, msgid);
    struct open_map m = put_map(out);
    put_key(&m, "value");
    struct open_list value = put_list(out);
    for (uint32_t i = 0; i < page->count; i++) put_job_device_row(page, &page->rows[i], out);
    value.count = page->count;
    put_list_end(&value);
    put_place(&m, page, &page->next);
    put_end(&m);
}

void wire_reply_failures(uint64_t msgid, const struct failures *failures, struct buffer *out)
{
    put_reply(out, msgid);
    struct open_map m = put_map(out);
    put_key(&m, "value");
    struct open_list value = put_list(out);
    for (size_t i = 0; i < failures->count; i++) {
        const struct failure_group *group = &failures->groups[i];
        struct open_map row = put_map(out);
        put_word(&row, "reason", outcome_word(group->outcome));
        if (group->error.size) put_text(&row, "error", group->error);
        put_uint(&row, "count", group->count);
        put_end(&row);
    }
    value.count = (uint32_t)failures->count;
    put_list_end(&value);
    if (failures->rest) put_uint(&m, "rest", failures->rest);
    put_end(&m);
}

/* "returned" is no outcome of a device: nothing has come out yet. */
static void put_attempt(const struct attempt_row *row, struct buffer *out)
{
    struct open_map m = put_map(out);
    if (row->attempt) put_uint(&m, "attempt", row->attempt);
    if (row->attempt) put_text(&m, "connector", row->connector);
    if (row->start_us) put_time(&m, "start", row->start_us);
    if (row->end_us) put_time(&m, "end", row->end_us);
    if (row->outcome) put_word(&m, "outcome", outcome_word(row->outcome));
    if (row->returned) put_word(&m, "outcome", "returned");
    if (row->returned) put_word(&m, "reason", returned_reason_word(row->returned));
    if (row->error.size) put_text(&m, "error", row->error);
    if (row->response.size) put_raw(&m, "response", row->response);
    put_end(&m);
}

static void put_attempts(struct open_map *m, const char *key, const struct attempts *attempts)
{
    put_key(m, key);
    struct open_list value = put_list(m->out);
    for (uint32_t i = 0; i < attempts->count; i++) put_attempt(&attempts->rows[i], m->out);
    value.count = attempts->count;
    put_list_end(&value);
}

void put_device_course(struct open_map *m, const struct history_row *row)
{
    put_word(m, "status", state_word(row->state));
    if (row->state == DEVICE_FAILED) put_word(m, "reason", outcome_word(row->outcome));
    if (row->error.size) put_text(m, "error", row->error);
    put_uint(m, "batch", row->batch);
    put_uint(m, "attempt", row->attempt);
    if (row->start_us) put_time(m, "start", row->start_us);
    if (row->end_us) put_time(m, "end", row->end_us);
    put_attempts(m, "attempts", &row->attempts);
    if (row->attempts.next) put_flag(m, "moreAttempts", true);
}

void put_course_job(struct open_map *m, const struct history_row *row)
{
    put_text(m, "job", row->job);
    put_text(m, "displayName", row->display_name);
    put_word(m, "type", job_type_word(row->type));
    put_word(m, "jobStatus", job_status_word(row->job_status));
}

static void put_history_row(const struct history_row *row, struct buffer *out)
{
    struct open_map m = put_map(out);
    put_course_job(&m, row);
    put_device_course(&m, row);
    put_end(&m);
}

void wire_reply_history(uint64_t msgid, const struct device_history *history, struct buffer *out)
{
    put_reply(out, msgid);
    struct open_map m = put_map(out);
    put_key(&m, "value");
    struct open_list value = put_list(out);
    for (uint32_t i = 0; i < history->count; i++) put_history_row(&history->rows[i], out);
    value.count = history->count;
    put_list_end(&value);
    put_cursor(&m, history->next);
    put_end(&m);
}

void wire_reply_attempts(uint64_t msgid, const struct attempts *attempts, struct buffer *out)
{
    put_reply(out, msgid);
    struct open_map m = put_map(out);
    put_attempts(&m, "value", attempts);
    put_cursor(&m, attempts->next);
    put_end(&m);
}

void wire_reply_results(uint64_t msgid, struct bytes data, struct bytes next, struct buffer *out)
{
    put_reply(out, msgid);
    struct open_map m = put_map(out);
    put_bin(&m, "data", data);
    if (next.size) put_text(&m, "next", next);
    put_end(&m);
}

void wire_reply_export_piece(uint64_t msgid, const struct export_piece *piece, struct buffer *out)
{
    put_reply(out, msgid);
    struct open_map m = put_map(out);
    put_bin(&m, "data", piece->data);
    if (piece->next) put_uint(&m, "next", piece->next);
    put_end(&m);
}

void wire_reply_import_errors(uint64_t msgid, struct bytes csv, uint64_t next, struct buffer *out)
{
    put_reply(out, msgid);
    struct open_map m = put_map(out);
    put_bin(&m, "data", csv);
    if (next) put_uint(&m, "next", next);
    put_end(&m);
}

static void put_packed_list(struct open_map *m, const char *key, struct bytes elements, uint32_t count)
{
    put_key(m, key);
    struct open_list list = put_list(m->out);
    buffer_append(m->out, elements.data, elements.size);
    list.count = count;
    put_list_end(&list);
}

void wire_reply_log(uint64_t msgid, const struct wire_log *log, struct buffer *out)
{
    put_reply(out, msgid);
    struct open_map m = put_map(out);
    put_uint(&m, "first", log->first);
    put_packed_list(&m, "events", log->events, log->event_count);
    put_packed_list(&m, "commits", log->commits, log->commit_count);
    put_uint(&m, "next", log->next);
    put_end(&m);
}

void wire_reply_checkpoint(uint64_t msgid, struct bytes note, struct bytes key, struct buffer *out)
{
    put_reply(out, msgid);
    struct open_map m = put_map(out);
    if (note.size) put_text(&m, "text", note);
    if (key.size) put_text(&m, "key", key);
    put_end(&m);
}

void wire_reply_events(uint64_t msgid, struct bytes events, uint32_t count, uint64_t next, struct buffer *out)
{
    put_reply(out, msgid);
    struct open_map m = put_map(out);
    put_packed_list(&m, "value", events, count);
    put_uint(&m, "next", next);
    put_end(&m);
}
