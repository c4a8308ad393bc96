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

void compare_job(const struct model_job *job, struct bytes answer)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    model_print_progress(job, out);
    fputc('\0', out);
    model_print_status(job, out);
    fclose(out);
    expect_in(answer, text, job->id);
    expect_in(answer, text + strlen(text) + 1, job->id);
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
    for (unsigned i = 0; i < m->job_count; i++) counts[m->jobs[i].status] += !m->jobs[i].expired;
    for (unsigned i = 0; i < m->device_count; i++) devices += !m->devices[i].removed;
    for (unsigned i = 0; i < STATUSES; i++) {
        snprintf(text, sizeof text, "\"%s\":%u", model_status_word((enum model_status)i), counts[i]);
        expect_in(answer, text, "info");
    }
    snprintf(text, sizeof text, "\"devices\":%u,", devices);
    expect_in(answer, text, "info");
}

void compare_active(const struct model *m, struct bytes answer)
{
    char text[64];
    for (unsigned i = m->job_count; i > 0; i--) {
        const struct model_job *job = &m->jobs[i - 1];
        if (model_is_over(job)) continue;
        snprintf(text, sizeof text, "{\"id\":\"%s\",\"displayName\":", job->id);
        answer = expect_next(answer, text, "jobs.list");
    }
    expect_no_more(answer, "jobs.list");
}

void compare_devices(const struct model *m, struct bytes answer)
{
    char text[160], template[40];
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

/* ---- Work. */

/* "a-1","b-2"]: the ids, MODEL_ID_SIZE bytes each; returns their number. */
static unsigned read_ids(const char *at, char **ids)
{
    unsigned count = 0;
    *ids = NULL;
    for (; *at == '"'; at = strchr(at + 1, '"') + 1, at += *at == ',') {
        *ids = realloc(*ids, (count + 1) * (size_t)MODEL_ID_SIZE);
        sscanf(at, "\"%23[^\"]", *ids + count++ * (size_t)MODEL_ID_SIZE);
    }
    return count;
}

static void read_work(const char *at, struct model_given *given)
{
    char *ids, type[MODEL_ID_SIZE];
    unsigned long long handle;
    *given = (struct model_given){0};
    int fields = sscanf(at, "{\"work\":%llu,\"job\":\"%23[^\"]\",\"batch\":%u,\"attempt\":%u,\"type\":\"%23[^\"]\"",
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
