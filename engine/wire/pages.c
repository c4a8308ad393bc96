/* Replies whose content a worker or a reading of the log has brought. */
#include "engine/wire/resources.h"

#include "projections/job_devices.h"

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
    put_end(&m);
}

static void put_job_device_row(const struct job_device_row *row, struct buffer *out)
{
    struct open_map m = put_map(out);
    put_text(&m, "id", row->id);
    put_text(&m, "displayName", row->display_name);
    put_flag(&m, "deleted", row->deleted);
    put_word(&m, "status", state_word(row->state));
    if (row->state == DEVICE_FAILED) put_word(&m, "reason", outcome_word(row->outcome));
    if (row->error.size) put_text(&m, "error", row->error);
    put_uint(&m, "batch", row->batch);
    put_uint(&m, "attempt", row->attempt);
    if (row->connector.size) put_text(&m, "connector", row->connector);
    if (row->start_us) put_time(&m, "start", row->start_us);
    if (row->end_us) put_time(&m, "end", row->end_us);
    put_end(&m);
}

void wire_reply_job_devices(uint64_t msgid, const struct job_device_page *page, struct buffer *out)
{
    put_reply(out, msgid);
    struct open_map m = put_map(out);
    put_key(&m, "value");
    struct open_list value = put_list(out);
    for (uint32_t i = 0; i < page->count; i++) put_job_device_row(&page->rows[i], out);
    value.count = page->count;
    put_list_end(&value);
    put_cursor(&m, page->next);
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

void wire_reply_attempts(uint64_t msgid, const struct attempts *attempts, struct buffer *out)
{
    put_reply(out, msgid);
    struct open_map m = put_map(out);
    put_key(&m, "value");
    struct open_list value = put_list(out);
    for (uint32_t i = 0; i < attempts->count; i++) put_attempt(&attempts->rows[i], out);
    value.count = attempts->count;
    put_list_end(&value);
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

void wire_reply_import_errors(uint64_t msgid, struct bytes csv, uint64_t next, struct buffer *out)
{
    put_reply(out, msgid);
    struct open_map m = put_map(out);
    put_bin(&m, "data", csv);
    if (next) put_uint(&m, "next", next);
    put_end(&m);
}

void wire_reply_events(uint64_t msgid, struct bytes events, uint32_t count, uint64_t next, struct buffer *out)
{
    put_reply(out, msgid);
    struct open_map m = put_map(out);
    put_key(&m, "value");
    struct open_list value = put_list(out);
    buffer_append(out, events.data, events.size);
    value.count = count;
    put_list_end(&value);
    put_uint(&m, "next", next);
    put_end(&m);
}
