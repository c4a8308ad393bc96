/* Answers become frames: one function for each kind. */
#include "engine/wire/resources.h"

#include "engine/decide/limits.h"
#include "projections/devices.h"
#include "projections/jobs.h"
#include "projections/keys.h"

#include <stdio.h>

/* A page of large resources ends early, so that no frame is longer than FRAME_BYTES_MAX; its cursor goes on
 * from there. */
enum { PAGE_BYTES_MAX = FRAME_BYTES_MAX / 2, PROTOCOL = 1 };

/* ---- The engine itself. */

static void put_hello(const struct wire_facts *facts, struct buffer *out)
{
    struct open_map m = put_map(out);
    put_uint(&m, "protocol", PROTOCOL);
    put_word(&m, "version", MUSTER_VERSION);
    put_hex(&m, "session", facts->session);
    put_end(&m);
}

static void put_metrics(struct view *v, const struct wire_facts *facts, struct buffer *out)
{
    struct buffer text = {.arena = out->arena};
    struct open_map m = put_map(out);
    wire_metrics(v, facts, &text);
    put_text(&m, "metrics", buffer_bytes(&text));
    put_end(&m);
}

/* ---- Pages. */

void put_cursor(struct open_map *m, uint64_t next)
{
    char text[24];
    if (next == 0) return;
    snprintf(text, sizeof text, "%llu", (unsigned long long)next);
    put_word(m, "cursor", text);
}

static void put_resource(struct view *v, const struct wire_facts *facts, enum answer_kind page, uint32_t number,
                         struct buffer *out)
{
    if (page == ANSWER_TEMPLATES) put_template(v, number, false, out);
    else if (page == ANSWER_GROUPS) put_group(v, number, false, out);
    else if (page == ANSWER_MOVES) put_move(v, facts, number, out);
    else if (page == ANSWER_IMPORTS) put_import(v, facts, number, false, out);
    else if (page == ANSWER_SCHEDULES) put_schedule(v, number, out);
    else put_job(v, facts, number, out);
}

static void put_page(struct view *v, const struct wire_facts *facts, const struct answer *answer, struct buffer *out)
{
    size_t start = out->size;
    uint64_t next = answer->next;
    struct open_map m = put_map(out);
    put_key(&m, "value");
    struct open_list value = put_list(out);
    for (size_t i = 0; i < answer->count; i++) {
        if (out->size - start > PAGE_BYTES_MAX) {
            next = answer->numbers[i];
            break;
        }
        put_resource(v, facts, answer->kind, answer->numbers[i], out);
        value.count++;
    }
    put_list_end(&value);
    put_cursor(&m, next);
    put_end(&m);
}

/* ---- Connectors. */

static void put_reported(const struct answer *answer, struct buffer *out)
{
    struct open_map m = put_map(out);
    put_uint(&m, "recorded", answer->recorded);
    put_uint(&m, "duplicates", answer->duplicates);
    put_uint(&m, "unknown", answer->unknown);
    put_end(&m);
}

/* Devices come in ascending order, so that each is a step of the view's cursor. */
static void put_devices(struct view *v, const struct work *work, struct buffer *out)
{
    msgpack_packer p = packer_into(out);
    msgpack_pack_array(&p, work->count);
    for (uint32_t i = 0; i < work->count; i++) pack_text(&p, device_id(v, work->devices[i]));
}

static void put_work(struct view *v, const struct work *work, struct buffer *out)
{
    struct job_text text;
    const struct job *job = jobs_get(v, work->job);
    ASSERT(job && jobs_text(v, work->job, &text));
    struct open_map m = put_map(out);
    put_uint(&m, "work", work->dispatch);
    put_text(&m, "job", text.id);
    put_uint(&m, "batch", work->batch + 1);
    put_uint(&m, "attempt", work->attempt);
    put_word(&m, "type", job_type_word(job->type));
    put_raw(&m, "data", text.data);
    put_uint(&m, "timeout", work->timeout);
    put_key(&m, "devices");
    put_devices(v, work, out);
    put_end(&m);
}

static void put_works(struct view *v, const struct answer *answer, struct buffer *out)
{
    struct open_list works = put_list(out);
    for (size_t i = 0; i < answer->count; i++) put_work(v, &answer->works[i], out);
    works.count = (uint32_t)answer->count;
    put_list_end(&works);
}

/* ---- Chosen columns. */

static void put_columns(const struct answer *answer, struct buffer *out)
{
    struct open_map m = put_map(out);
    put_text(&m, "user", answer->user);
    put_text(&m, "view", answer->view_name);
    put_raw(&m, "columns", answer->text.size ? answer->text : BYTES("\x90"));
    put_end(&m);
}

/* ---- Keys. */

static void put_keys(struct view *v, struct buffer *out)
{
    struct key_prints prints = keys_get(v);
    struct open_map m = put_map(out);
    put_hex(&m, "primary", prints.primary);
    put_hex(&m, "secondary", prints.secondary);
    put_end(&m);
}

/* ---- All of them. */

static void put_nothing(struct buffer *out)
{
    struct open_map m = put_map(out);
    put_end(&m);
}

void wire_reply(struct view *v, const struct wire_facts *facts, uint64_t msgid, const struct answer *answer,
                struct buffer *out)
{
    put_reply(out, msgid);
    switch (answer->kind) {
    case ANSWER_EMPTY:
    case ANSWER_SUBSCRIBED: put_nothing(out); return;
    case ANSWER_HELLO: put_hello(facts, out); return;
    case ANSWER_INFO: put_info(v, facts, out); return;
    case ANSWER_METRICS: put_metrics(v, facts, out); return;
    case ANSWER_TEMPLATE: put_template(v, answer->number, true, out); return;
    case ANSWER_GROUP: put_group(v, answer->number, true, out); return;
    case ANSWER_DEVICE: put_device(v, answer->number, out); return;
    case ANSWER_MOVE: put_move(v, facts, answer->number, out); return;
    case ANSWER_IMPORT: put_import(v, facts, answer->number, true, out); return;
    case ANSWER_IMPORT_PROGRESS: put_import(v, facts, answer->number, false, out); return;
    case ANSWER_OPERATIONS: put_operations(v, facts, answer, out); return;
    case ANSWER_JOB: put_job(v, facts, answer->number, out); return;
    case ANSWER_SCHEDULE: put_schedule(v, answer->number, out); return;
    case ANSWER_SCHEDULE_RUNS: put_schedule_runs(v, answer, out); return;
    case ANSWER_TEMPLATES:
    case ANSWER_GROUPS:
    case ANSWER_IMPORTS:
    case ANSWER_MOVES:
    case ANSWER_SCHEDULES:
    case ANSWER_JOBS: put_page(v, facts, answer, out); return;
    case ANSWER_REPORTED: put_reported(answer, out); return;
    case ANSWER_WORKS: put_works(v, answer, out); return;
    case ANSWER_EXPORT: put_export(v, facts, answer->number, out); return;
    case ANSWER_KEYS: put_keys(v, out); return;
    case ANSWER_COLUMNS: put_columns(answer, out); return;
    case ANSWER_IMPORT_ERRORS:
    case ANSWER_EVENTS:
    case ANSWER_LOG:
    case ANSWER_CHECKPOINT:
    case ANSWER_DEVICES:
    case ANSWER_PREVIEW:
    case ANSWER_GROUP_PREVIEW:
    case ANSWER_DEVICE_HISTORY:
    case ANSWER_JOB_DEVICES:
    case ANSWER_FAILURES:
    case ANSWER_ATTEMPTS:
    case ANSWER_RESULTS:
    case ANSWER_EXPORT_PIECE:
    case ANSWER_LATER: break;
    }
    ASSERT(!"an answer that somebody else fills");
}
