/* What the model holds, as the engine's JSON has it. */
#include "tests/unit/model_parts.h"

#include <time.h>

const char *model_time_text(int64_t us, char text[40])
{
    time_t seconds = (time_t)(us / US_PER_S);
    struct tm tm;
    size_t size = strftime(text, 40, "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &tm));
    snprintf(text + size, 40 - size, ".%06dZ", (int)(us % US_PER_S));
    return text;
}

static void print_time(const char *name, int64_t us, FILE *out)
{
    char text[40];
    if (us) fprintf(out, ",\"%s\":\"%s\"", name, model_time_text(us, text));
}

/* ---- Jobs. */

static const char *measure_word(enum model_measure measure)
{
    return measure == NUMBER ? "number" : "percentage";
}

static void print_limits(const struct model_plan *plan, FILE *out)
{
    bool both = plan->retry_failed == plan->retry_timed_out;
    if (plan->batch)
        fprintf(out, ",\"batch\":{\"type\":\"%s\",\"value\":%u}", measure_word(plan->batch), plan->batch_value);
    if (plan->threshold)
        fprintf(out, ",\"cancellationThreshold\":{\"type\":\"%s\",\"value\":%u,\"batch\":%s}",
                measure_word(plan->threshold), plan->threshold_value, plan->threshold_per_batch ? "true" : "false");
    fprintf(out, ",\"timeouts\":{");
    if (plan->queue_timeout) fprintf(out, "\"queue\":%u,", plan->queue_timeout);
    fprintf(out, "\"execution\":%u}", plan->timeout);
    if (plan->retries)
        fprintf(out, ",\"retries\":{\"max\":%u,\"on\":[%s]}", plan->retries,
                both                 ? "\"failed\",\"timed_out\""
                : plan->retry_failed ? "\"failed\""
                                     : "\"timed_out\"");
}

void model_print_plan(const struct model_plan *plan, FILE *out)
{
    fprintf(out, "\"displayName\":\"%s\",\"description\":\"\",\"data\":[{\"type\":\"%s\"", plan->name,
            model_type_word(plan->type));
    if (*plan->target) fprintf(out, ",\"target\":\"%s\"", plan->target);
    fprintf(out, ",\"path\":\"p\",\"value\":%u}],\"group\":\"%s\"", plan->value, plan->group);
    print_limits(plan, out);
}

static void print_state(const struct model_job *job, FILE *out)
{
    fprintf(out, "\"status\":\"%s\"", model_status_word(job->status));
    if (job->reason) fprintf(out, ",\"statusReason\":\"%s\"", job->reason);
}

void model_print_status(const struct model_job *job, FILE *out)
{
    print_state(job, out);
    if (job->expired) fprintf(out, ",\"expired\":true");
    if (job->status == PENDING || job->status == STOPPED) fprintf(out, ",\"waiting\":\"");
}

static void print_counts(const struct model_job *job, FILE *out)
{
    unsigned completed = 0, failed = 0, batches = model_batches(job), count = job->fixed ? job->count : 0;
    for (unsigned i = 0; i < count; i++) {
        completed += job->rows[i].state == ROW_COMPLETED;
        failed += job->rows[i].state == ROW_FAILED;
    }
    fprintf(out, "\"progress\":{\"total\":%u,\"pending\":%u,\"completed\":%u,\"failed\":%u}", count,
            count - completed - failed, completed, failed);
    fprintf(out, ",\"batches\":{\"count\":%u,\"size\":%u,\"current\":%u}", batches, job->fixed ? job->batch_size : 0,
            job->batch < batches ? job->batch + 1 : batches);
}

/* Of the reading that counts: one that brought targets, or none at all. */
static void print_excluded(const struct model_job *job, FILE *out)
{
    bool read = job->fixed || (job->status == FAILED && strcmp(job->reason, "no_devices") == 0);
    fprintf(out, ",\"excluded\":[");
    if (read && job->excluded) fprintf(out, "{\"reason\":\"wrong_template\",\"count\":%u}", job->excluded);
    fprintf(out, "]");
}

static void print_plan_changed(const struct model *m, const struct model_job *job, FILE *out)
{
    if (job->status != FAILED || strcmp(job->reason, "plan_changed") != 0) return;
    fprintf(out, ",\"planChanged\":{\"expected\":%u,\"found\":%u}", m->previews[job->quoted].count, job->found);
}

/* ---- Lineage. */

static bool print_reruns(const struct model *m, int parent, FILE *out)
{
    bool any = false;
    for (unsigned i = 0; i < m->job_count; i++) {
        if (m->jobs[i].parent != parent) continue;
        fprintf(out, "%s\"%s\"", any ? "," : ",\"reruns\":[", m->jobs[i].id);
        any = true;
    }
    if (any) fprintf(out, "]");
    return any;
}

static void print_merged(const struct model_job *first, FILE *out)
{
    unsigned completed = 0, failed = 0;
    if (first->expired) return;
    for (unsigned i = 0; i < first->count; i++) {
        completed += first->rows[i].merged == ROW_COMPLETED;
        failed += first->rows[i].merged == ROW_FAILED;
    }
    fprintf(out, ",\"merged\":{\"total\":%u,\"pending\":%u,\"completed\":%u,\"failed\":%u}", first->count,
            first->count - completed - failed, completed, failed);
}

static void print_lineage(const struct model *m, const struct model_job *job, FILE *out)
{
    if (job->parent >= 0)
        fprintf(out, ",\"parentId\":\"%s\",\"rerunDevices\":\"%s\"", m->jobs[job->parent].id,
                model_which_word(job->which));
    bool has_reruns = print_reruns(m, (int)(job - m->jobs), out);
    if (job->parent >= 0 || has_reruns) print_merged(first_of_lineage(m, job), out);
}

void model_print_progress(const struct model *m, const struct model_job *job, FILE *out)
{
    print_counts(job, out);
    print_excluded(job, out);
    print_plan_changed(m, job, out);
    print_lineage(m, job, out);
    print_time("created", job->created_us, out);
    print_time("start", job->start_us, out);
    print_time("end", job->end_us, out);
    fprintf(out, ",\"by\":\"%s\"", job->schedule >= 0 ? "engine" : "uid 1000");
    if (job->schedule >= 0) fprintf(out, ",\"scheduledJobId\":\"%s\"", m->schedules[job->schedule].id);
    fprintf(out, "}");
}

/* ---- Rows. */

void model_print_row(const struct model *m, const struct model_job *job, unsigned index, FILE *out)
{
    const struct model_row *row = &job->rows[index];
    const struct model_device *device = &m->devices[row->device];
    bool pending = row->state == ROW_WAITS || row->state == ROW_OUT;
    fprintf(out, "{\"id\":\"%s\",\"displayName\":\"%s\",\"deleted\":%s,\"status\":\"%s\"", device->id,
            device->removed ? "(deleted)" : device->id, device->removed ? "true" : "false",
            pending                       ? "pending"
            : row->state == ROW_COMPLETED ? "completed"
                                          : "failed");
    if (row->state == ROW_FAILED) fprintf(out, ",\"reason\":\"%s\"", row->reason);
    if (row->error) fprintf(out, ",\"error\":\"%s\"", row->error);
    fprintf(out, ",\"batch\":%u,\"attempt\":%u", index / job->batch_size + 1, row->attempt);
    if (row->attempt) fprintf(out, ",\"connector\":\"%s\"", row->connector);
    print_time("start", row->start_us, out);
    print_time("end", row->end_us, out);
    fprintf(out, "}");
}

/* ---- Schedules. */

static void print_times(const struct model_times *times, FILE *out)
{
    char text[40];
    fprintf(out, "\"schedule\":{\"start\":\"%s\",\"timeZone\":\"%s\",\"recurrence\":\"%s\"",
            model_time_text(times->start_us, text), model_zone_name(times->zone),
            model_recurrence_word(times->recurrence));
    if (times->end_us)
        fprintf(out, ",\"end\":{\"type\":\"date\",\"value\":\"%s\"}", model_time_text(times->end_us, text));
    else if (times->end_occurrences)
        fprintf(out, ",\"end\":{\"type\":\"occurrences\",\"value\":%u}", times->end_occurrences);
    fprintf(out, ",\"missed\":\"%s\",\"overlap\":\"%s\"}", times->skips_missed ? "skip" : "run_once",
            times->skips_overlap ? "skip" : "queue");
}

void model_print_schedule(const struct model_schedule *s, FILE *out)
{
    print_times(&s->times, out);
    fprintf(out, ",\"enabled\":%s", s->enabled ? "true" : "false");
    print_time("next", s->next_us, out);
    fprintf(out, ",\"occurrences\":%u", s->occurrences);
    print_time("ended", s->ended_us, out);
    if (s->ended_reason) fprintf(out, ",\"endedReason\":\"%s\"", s->ended_reason);
}

void model_print_run(const struct model *m, const struct model_schedule *s, unsigned index, FILE *out)
{
    const struct model_run *run = &s->runs[index];
    fprintf(out, "{\"occurrence\":%u", run->first);
    print_time("due", run->due_us, out);
    if (run->job < 0) {
        fprintf(out, ",\"status\":\"missed\",\"reason\":\"%s\"", run->reason);
        if (run->last > run->first) fprintf(out, ",\"count\":%u", run->last - run->first + 1);
    } else {
        fprintf(out, ",\"job\":\"%s\",", m->jobs[run->job].id);
        print_state(&m->jobs[run->job], out);
        fprintf(out, ",");
        print_counts(&m->jobs[run->job], out);
    }
    fprintf(out, "}");
}
