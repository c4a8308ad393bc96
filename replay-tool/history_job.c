/* The history of one job: what it is, what was done with it and why, its batches, and its devices if they are asked for. */
#include "replay-tool/history.h"

#include "clients/terminal/text.h"
#include "replay-tool/told.h"

#include <inttypes.h>

/* ---- While the log is folded. */

void history_see_job(void *context, const struct event *event)
{
    struct history *h = context;
    bool makes_it = event->type == EVENT_JOB_CREATED && bytes_equal(event->job_created.id, h->id);
    if (makes_it) h->job = h->tally.job = event->job_created.job;
    if (makes_it && h->with_devices) h->course.job = h->job;
    if (h->job == 0) return;
    tally_see(&h->tally, event);
    course_see(&h->course, state_view(&h->state), event);
    const struct event_filter names_it = {.job = h->job};
    if (told_of_job(event->type) && wire_event_matches(event, &names_it)) history_tell(h, event, 0);
}

/* ---- Batches. */

/* "3 timed_out, 1 rejected" of a map of counts. */
static void cell_counts(FILE *out, const msgpack_object *row, const char *path)
{
    const msgpack_object *counts = muster_get(row, path);
    if (!counts || counts->type != MSGPACK_OBJECT_MAP) return;
    for (uint32_t i = 0; i < counts->via.map.size; i++) {
        fputs(i ? ", " : "", out);
        write_value(out, &counts->via.map.ptr[i].val);
        fputc(' ', out);
        write_value(out, &counts->via.map.ptr[i].key);
    }
}

static void cell_batches(FILE *out, const msgpack_object *row, const char *path)
{
    uint64_t first = muster_uint(row, path, 0), last = muster_uint(row, "last", 0);
    fprintf(out, "%" PRIu64, first);
    if (last > first) fprintf(out, "-%" PRIu64, last);
}

static const struct table_column COLUMNS[] = {
    {"BATCH", "first", cell_batches, RIGHT},     {"DEVICES", "devices", cell_value, RIGHT},
    {"COMPLETED", "completed", cell_value, RIGHT}, {"FAILED", "failed", cell_value, RIGHT},
    {"PENDING", "pending", cell_value, RIGHT},   {"ATTEMPTS", "attempts", cell_value, RIGHT},
    {"START", "start", cell_time, LEFT},         {"END", "end", cell_time, LEFT},
    {"FAILED AS", "reasons", cell_counts, LEFT}, {"GIVEN BACK", "returned", cell_counts, LEFT},
    {NULL, NULL, NULL, LEFT},
};

static void show_batches(struct history *h)
{
    struct out *out = &h->source.replay->out;
    out->columns = COLUMNS;
    for (uint32_t i = 0; i < h->tally.row_count; i++) {
        tally_put(&h->tally, i, out_record(out, "batch"));
        out_end(out);
    }
    out_rows_end(out);
    out->columns = NULL;
}

/* ---- All of it. */

/* As jobs.get shows it, but for what only a running engine knows. */
static void show_resource(struct history *h)
{
    struct buffer map = {.arena = &h->arena};
    arena_reset(&h->arena);
    put_job(state_view(&h->state), NULL, h->job, &map);
    out_row(&h->source.replay->out, "job", buffer_bytes(&map));
}

static void show_summary(const struct history *h)
{
    struct open_map *m = out_record(&h->source.replay->out, "summary");
    put_text(m, "job", h->id);
    put_uint(m, "events", h->told_count);
    put_uint(m, "devices", h->tally.batch_size ? h->tally.device_count : 0);
    put_uint(m, "attempts", h->tally.attempts);
    put_uint(m, "late", h->tally.late);
    state_put_skipped(&h->state, m);
    out_end(&h->source.replay->out);
}

enum exit_code history_show_job(struct history *h)
{
    if (h->job == 0) return fail(EXIT_NOTHING, "there never was a job \"%.*s\"", BYTES_ARG(h->id));
    source_header(&h->source);
    show_resource(h);
    history_show_told(h, 0);
    show_batches(h);
    for (size_t i = 0; i < h->course.part_count; i++) history_show_course(h, "device", i);
    show_summary(h);
    return EXIT_WELL;
}
