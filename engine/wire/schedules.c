/* A schedule as clients see it, and what became of each of its occurrences. */
#include "engine/wire/resources.h"

#include "projections/jobs.h"
#include "projections/schedules.h"

struct bytes schedule_id(struct view *v, uint32_t number)
{
    struct schedule_text text;
    if (number == 0) return BYTES_NONE;
    ASSERT(schedules_text(v, number, &text));
    return text.id;
}

static void put_end_of(struct open_map *m, const struct schedule *s)
{
    if (!s->end_us && !s->end_occurrences) return;
    put_key(m, "end");
    struct open_map end = put_map(m->out);
    put_word(&end, "type", s->end_us ? "date" : "occurrences");
    if (s->end_us) put_time(&end, "value", s->end_us);
    else put_uint(&end, "value", s->end_occurrences);
    put_end(&end);
}

static void put_timetable(struct open_map *m, const struct schedule *s, const struct schedule_text *text)
{
    put_key(m, "schedule");
    struct open_map table = put_map(m->out);
    put_time(&table, "start", s->start_us);
    put_text(&table, "timeZone", text->time_zone);
    put_word(&table, "recurrence", recurrence_word(s->recurrence));
    put_end_of(&table, s);
    put_word(&table, "missed", missed_policy_word(s->missed));
    put_word(&table, "overlap", overlap_policy_word(s->overlap));
    put_end(&table);
}

static void put_plan(struct open_map *m, struct view *v, const struct schedule *s, const struct schedule_text *text)
{
    put_text(m, "id", text->id);
    put_text(m, "displayName", text->display_name);
    put_text(m, "description", text->description);
    put_raw(m, "data", text->data);
    put_text(m, "group", group_id(v, s->group));
    put_batch(m, s->batch_measure, s->batch_value);
    put_threshold(m, s->threshold_measure, s->threshold_value, s->threshold_per_batch);
    put_timeouts(m, s->queue_timeout, s->execution_timeout);
    put_retries(m, s->retries_max, s->retries_on);
}

static void put_missed(struct open_map *m, const struct schedule_run *run)
{
    put_word(m, "status", "missed");
    put_word(m, "reason", schedule_miss_word(run->reason));
    if (run->last > run->first) put_uint(m, "count", run->last - run->first + 1);
}

static void put_made(struct open_map *m, struct view *v, const struct schedule_run *run)
{
    const struct job *job = jobs_get(v, run->job);
    ASSERT(job);
    put_text(m, "job", job_id(v, run->job));
    put_job_status(m, job);
    put_job_progress(m, v, job);
}

static void put_run(struct view *v, const struct schedule_run *run, struct buffer *out)
{
    struct open_map m = put_map(out);
    put_uint(&m, "occurrence", run->first);
    put_time(&m, "due", run->due_us);
    if (run->job) put_made(&m, v, run);
    else put_missed(&m, run);
    put_end(&m);
}

/* "lastRun", "lastMissed". */
static void put_last(struct open_map *m, struct view *v, const char *key, uint32_t number, uint32_t occurrence)
{
    struct schedule_run run;
    if (occurrence == 0) return;
    ASSERT(schedules_run(v, number, occurrence, &run));
    put_key(m, key);
    put_run(v, &run, m->out);
}

void put_schedule(struct view *v, uint32_t number, struct buffer *out)
{
    struct schedule_text text;
    const struct schedule *s = schedules_get(v, number);
    ASSERT(s && schedules_text(v, number, &text));
    struct open_map m = put_map(out);
    put_plan(&m, v, s, &text);
    put_timetable(&m, s, &text);
    put_flag(&m, "enabled", s->enabled);
    if (s->next_us) put_time(&m, "next", s->next_us);
    put_uint(&m, "occurrences", s->occurrences);
    if (s->ended_us) put_time(&m, "ended", s->ended_us);
    if (s->ended_us) put_word(&m, "endedReason", schedule_end_word(s->ended_reason));
    put_last(&m, v, "lastRun", number, s->last_run);
    put_last(&m, v, "lastMissed", number, s->last_missed);
    put_end(&m);
}

void put_schedule_runs(struct view *v, const struct answer *answer, struct buffer *out)
{
    struct open_map m = put_map(out);
    put_key(&m, "value");
    struct open_list value = put_list(out);
    for (size_t i = 0; i < answer->count; i++) {
        struct schedule_run run;
        ASSERT(schedules_run(v, answer->number, answer->numbers[i], &run));
        put_run(v, &run, out);
    }
    value.count = (uint32_t)answer->count;
    put_list_end(&value);
    put_cursor(&m, answer->next);
    put_end(&m);
}
