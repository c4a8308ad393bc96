#include "tests/unit/simulate_answers.h"

#include <stdlib.h>

#include "tests/unit/simulate_trace.h"

bool answer_holds(struct bytes answer, const char *text)
{
    return answer.size > 0 && memmem(answer.data, answer.size, text, strlen(text)) != NULL;
}

void expect_in(struct bytes answer, const char *text, const char *what)
{
    if (!answer.data) differ("%s: no answer; expected %s", what, text);
    if (!answer_holds(answer, text)) differ("%s: expected %s\nin the answer %.*s", what, text, BYTES_ARG(answer));
}

void expect_refusal(struct bytes answer, const char *code, const char *what)
{
    char text[64];
    snprintf(text, sizeof text, "[\"%s\",", code);
    expect_in(answer, text, what);
}

/* What is behind the text, for the next one. */
static struct bytes expect_next(struct bytes rest, const char *text, const char *what)
{
    expect_in(rest, text, what);
    const char *end = (const char *)rest.data + rest.size;
    const char *next = (const char *)memmem(rest.data, rest.size, text, strlen(text)) + strlen(text);
    return (struct bytes){next, (size_t)(end - next)};
}

static void expect_no_more(struct bytes rest, const char *what)
{
    if (answer_holds(rest, "{\"id\":")) differ("%s: there is more than there should be: %.*s", what, BYTES_ARG(rest));
}

/* ---- Jobs, devices. */

/* Three parts, since what a job waits for is the engine's to say. */
void compare_job(const struct model *m, const struct model_job *job, struct bytes answer)
{
    char *text;
    size_t size;
    if (job->discarded) {
        expect_refusal(answer, "no_such_job", job->id);
        return;
    }
    FILE *out = open_memstream(&text, &size);
    model_print_plan(&job->plan, out);
    fputc('\0', out);
    model_print_status(job, out);
    fputc('\0', out);
    model_print_progress(m, job, out);
    fclose(out);
    const char *status = text + strlen(text) + 1, *progress = status + strlen(status) + 1;
    expect_in(answer, text, job->id);
    expect_in(answer, status, job->id);
    expect_in(answer, progress, job->id);
    free(text);
}

void compare_rows(const struct model *m, const struct model_job *job, struct bytes answer)
{
    for (unsigned row = 0; job->fixed && row < job->count; row++) {
        char *text;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        model_print_row(m, job, row, out);
        fclose(out);
        answer = expect_next(answer, text, job->id);
        free(text);
    }
    expect_no_more(answer, job->id);
}

bool answer_ends_row(const struct model *m, const struct model_job *job, unsigned row, const char *reason,
                     struct bytes answer)
{
    char text[160];
    const struct model_device *device = &m->devices[job->rows[row].device];
    snprintf(text, sizeof text,
             "{\"id\":\"%s\",\"displayName\":\"%s\",\"deleted\":%s,\"status\":\"failed\",\"reason\":\"%s\"", device->id,
             device->removed ? "(deleted)" : device->id, device->removed ? "true" : "false", reason);
    return answer_holds(answer, text);
}

static void compare_value(const char *name, int value, struct bytes answer)
{
    char text[64];
    snprintf(text, sizeof text, value >= 0 ? "\"%s\":{\"p\":%d}" : "\"%s\":", name, value);
    if (answer_holds(answer, text) != (value >= 0)) differ("%s should be %d in %.*s", name, value, BYTES_ARG(answer));
}

void compare_device(const struct model_device *device, struct bytes answer)
{
    compare_value("properties", device->property, answer);
    compare_value("cloudProperties", device->cloud_property, answer);
}

void compare_info(const struct model *m, struct bytes answer)
{
    char text[64];
    unsigned counts[STATUSES] = {0}, devices = 0;
    for (unsigned i = 0; i < m->job_count; i++)
        counts[m->jobs[i].status] += !m->jobs[i].expired && !m->jobs[i].discarded;
    for (unsigned i = 0; i < m->device_count; i++) devices += !m->devices[i].removed;
    for (unsigned i = 0; i < STATUSES; i++) {
        snprintf(text, sizeof text, "\"%s\":%u", model_status_word((enum model_status)i), counts[i]);
        expect_in(answer, text, "info");
    }
    snprintf(text, sizeof text, "\"devices\":%u,", devices);
    expect_in(answer, text, "info");
}

bool answer_is_running(const struct model_job *job)
{
    return model_is_active(job);
}

bool answer_is_saved(const struct model_job *job)
{
    return job->status == SAVED && !job->discarded;
}

bool answer_is_recent(const struct model_job *job)
{
    return model_is_over(job) && !job->expired;
}

bool answer_is_scheduled(const struct model_job *job)
{
    return job->schedule >= 0 && !job->expired;
}

void compare_jobs(const struct model *m, bool (*is_meant)(const struct model_job *job), struct bytes answer)
{
    char text[64];
    for (unsigned i = m->job_count; i > 0; i--) {
        const struct model_job *job = &m->jobs[i - 1];
        if (!is_meant(job)) continue;
        snprintf(text, sizeof text, "{\"id\":\"%s\",\"displayName\":", job->id);
        answer = expect_next(answer, text, "jobs.list");
    }
    expect_no_more(answer, "jobs.list");
}

struct bytes next_job_listed(struct bytes rest, char id[MODEL_ID_SIZE])
{
    *id = '\0';
    rest = expect_next(rest, "{\"id\":\"", "jobs.list");
    sscanf(rest.data, "%39[^\"]", id);
    return rest;
}

void compare_merged(const struct model *m, const struct model_job *job, struct bytes answer)
{
    char text[128];
    for (unsigned i = 0; job->fixed && i < job->count; i++) {
        const struct model_row *row = &job->rows[i];
        const char *word = row->merged == ROW_COMPLETED ? "completed" : "failed";
        bool shown = job->parent < 0 && row->reran;
        snprintf(text, sizeof text, shown ? "{\"id\":\"%s\",\"merged\":\"%s\"}" : "{\"id\":\"%s\"}",
                 m->devices[row->device].id, word);
        answer = expect_next(answer, text, job->id);
    }
    expect_no_more(answer, job->id);
}

void compare_preview(struct model_preview *preview, unsigned excluded, struct bytes answer)
{
    enum { SAMPLE_MAX = 10 };
    char *text;
    size_t size;
    const struct model_plan *plan = &preview->plan;
    unsigned each = plan->batch == NUMBER       ? plan->batch_value
                    : plan->batch == PERCENTAGE ? (preview->count * plan->batch_value + 99) / 100
                                                : preview->count;
    FILE *out = open_memstream(&text, &size);
    fprintf(out, "{\"count\":%u,\"sample\":[", preview->count);
    for (unsigned i = 0; i < preview->count && i < SAMPLE_MAX; i++)
        fprintf(out, "%s\"%s\"", i ? "," : "", preview->devices + i * (size_t)MODEL_ID_SIZE);
    fprintf(out, "],\"excluded\":[");
    if (excluded) fprintf(out, "{\"reason\":\"wrong_template\",\"count\":%u}", excluded);
    fprintf(out, "],\"batches\":%u,\"planHash\":\"", preview->count ? (preview->count + each - 1) / each : 0);
    fclose(out);
    struct bytes hash = expect_next(answer, text, "jobs.preview");
    sscanf(hash.data, "%95[^\"]", preview->hash);
    free(text);
}

void compare_devices(const struct model *m, struct bytes answer)
{
    char text[240], template[64];
    for (unsigned i = 0; i < m->device_count; i++) {
        const struct model_device *device = &m->devices[i];
        if (device->removed) continue;
        const char *of = device->template >= 0 ? m->templates[device->template].id : "";
        snprintf(template, sizeof template, *of ? "\"template\":\"%s\"," : "%s", of);
        snprintf(text, sizeof text, "{\"id\":\"%s\",\"displayName\":\"%s\",%s\"provisioned\":%s", device->id,
                 device->id, template, device->provisioned ? "true" : "false");
        answer = expect_next(answer, text, "devices.list");
    }
    expect_no_more(answer, "devices.list");
}

/* ---- Schedules. */

void compare_schedule(const struct model_schedule *s, struct bytes answer)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    model_print_plan(&s->plan, out);
    fprintf(out, ",");
    model_print_schedule(s, out);
    fclose(out);
    expect_in(answer, text, s->id);
    if (!s->ended_us && answer_holds(answer, "\"ended\":"))
        differ("%s has ended too early: %.*s", s->id, BYTES_ARG(answer));
    if (!s->next_us && answer_holds(answer, "\"next\":")) differ("%s is due again: %.*s", s->id, BYTES_ARG(answer));
    free(text);
}

void compare_runs(const struct model *m, const struct model_schedule *s, struct bytes answer)
{
    for (unsigned i = s->run_count; i > 0; i--) {
        char *text;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        model_print_run(m, s, i - 1, out);
        fclose(out);
        answer = expect_next(answer, text, s->id);
        free(text);
    }
    if (answer_holds(answer, "{\"occurrence\":")) differ("%s has more runs: %.*s", s->id, BYTES_ARG(answer));
}

/* ---- Work. */

/* "a-1","b-2"]: the ids, MODEL_ID_SIZE bytes each; returns their number. */
static unsigned read_ids(const char *at, char **ids)
{
    unsigned count = 0;
    *ids = NULL;
    for (; *at == '"'; at = strchr(at + 1, '"') + 1, at += *at == ',') {
        *ids = realloc(*ids, (count + 1) * (size_t)MODEL_ID_SIZE);
        sscanf(at, "\"%39[^\"]", *ids + count++ * (size_t)MODEL_ID_SIZE);
    }
    return count;
}

static void read_work(const char *at, struct model_given *given)
{
    char *ids, type[MODEL_ID_SIZE];
    unsigned long long handle;
    *given = (struct model_given){0};
    int fields = sscanf(at, "{\"work\":%llu,\"job\":\"%39[^\"]\",\"batch\":%u,\"attempt\":%u,\"type\":\"%39[^\"]\"",
                        &handle, given->job, &given->batch, &given->attempt, type);
    const char *devices = strstr(at, "\"timeout\":");
    if (fields != 5 || !devices || sscanf(devices, "\"timeout\":%u,\"devices\":[", &given->timeout) != 1)
        differ("this is no work: %.300s", at);
    given->handle = handle;
    given->type = strcmp(type, "command") == 0 ? COMMAND : PROPERTY;
    given->count = read_ids(strchr(devices, '[') + 1, &ids);
    given->devices = ids;
}

unsigned works_read(struct bytes answer, struct model_given works[], unsigned most)
{
    unsigned count = 0;
    const char *at = answer.data, *end = at + answer.size;
    for (; (at = strstr(at, "{\"work\":")) && at < end && count < most; at++) read_work(at, &works[count++]);
    return count;
}

void works_free(struct model_given works[], unsigned count)
{
    for (unsigned i = 0; i < count; i++) free(works[i].devices);
}
