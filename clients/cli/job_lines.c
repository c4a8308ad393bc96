/* What a job is, line by line: what it does, on whom, in which steps. Of jobs and of schedules, whose runs are jobs. */
#include "clients/cli/job.h"
#include "clients/terminal/json.h"
#include "clients/terminal/text.h"

/* ---- Parts of lines. */

void job_label(FILE *out, const char *text)
{
    fprintf(out, "  %-11s", text);
}

void job_show_text(FILE *out, const msgpack_object *job, const char *name, const char *path)
{
    msgpack_object_str text = muster_text(job, path);
    if (text.size == 0) return;
    job_label(out, name);
    write_text(out, text);
    fputc('\n', out);
}

/* "50 % of the devices", or "20 devices". */
static void write_measure(FILE *out, const msgpack_object *job, const char *type, const char *value)
{
    uint64_t number = muster_uint(job, value, 0);
    write_count(out, number);
    if (muster_text_is(muster_text(job, type), "percentage")) fputs(" % of the devices", out);
    else fputs(number == 1 ? " device" : " devices", out);
}

/* "timed out" of the reason timed_out. */
static void write_words(FILE *out, const msgpack_object *word)
{
    if (word->type != MSGPACK_OBJECT_STR) return;
    for (uint32_t i = 0; i < word->via.str.size; i++)
        fputc(word->via.str.ptr[i] == '_' ? ' ' : word->via.str.ptr[i], out);
}

/* ---- One line each. */

static void show_data(FILE *out, const msgpack_object *job)
{
    const msgpack_object *data = muster_get(job, "data");
    for (uint32_t i = 0; data && data->type == MSGPACK_OBJECT_ARRAY && i < data->via.array.size; i++) {
        const msgpack_object *entry = &data->via.array.ptr[i];
        const msgpack_object *value = muster_get(entry, "value");
        bool is_command = muster_text_is(muster_text(entry, "type"), "command");
        job_label(out, is_command ? "Calls" : "Sets");
        write_text(out, muster_text(entry, "path"));
        if (value) fputs(is_command ? " with " : " = ", out);
        if (value) json_write(out, value);
        if (muster_text_is(muster_text(entry, "type"), "cloudProperty")) fputs(" (cloud property)", out);
        if (muster_text(entry, "target").size) fputs(", on template ", out);
        write_text(out, muster_text(entry, "target"));
        fputc('\n', out);
    }
}

/* Where it is among its batches; before they are known, what was asked for. */
static void show_batches(FILE *out, const msgpack_object *job)
{
    bool is_asked = muster_get(job, "batch.value");
    uint64_t count = muster_uint(job, "batches.count", 0), current = muster_uint(job, "batches.current", 0);
    if (!is_asked && count < 2) return;
    job_label(out, "Batches");
    if (count == 0) {
        fputs("of ", out);
        write_measure(out, job, "batch.type", "batch.value");
        fputc('\n', out);
        return;
    }
    if (current) {
        write_count(out, current);
        fputs(" of ", out);
    }
    write_count(out, count);
    fputs(", of ", out);
    write_count(out, muster_uint(job, "batches.size", 0));
    fputs(muster_uint(job, "batches.size", 0) == 1 ? " device\n" : " devices\n", out);
}

static void show_threshold(FILE *out, const msgpack_object *job)
{
    if (!muster_get(job, "cancellationThreshold.value")) return;
    job_label(out, "Threshold");
    fputs("cancels itself when more than ", out);
    write_measure(out, job, "cancellationThreshold.type", "cancellationThreshold.value");
    fputs(muster_bool(job, "cancellationThreshold.batch", false) ? " of a batch" : "", out);
    fputs(muster_uint(job, "cancellationThreshold.value", 0) == 1 ? " fails\n" : " fail\n", out);
}

static void show_timeouts(FILE *out, const msgpack_object *job)
{
    uint64_t queue = muster_uint(job, "timeouts.queue", 0), execution = muster_uint(job, "timeouts.execution", 0);
    if (queue == 0) return;
    job_label(out, "Timeouts");
    write_duration(out, (double)queue);
    fputs(" to be taken, ", out);
    write_duration(out, (double)execution);
    fputs(" to answer\n", out);
}

static void show_retries(FILE *out, const msgpack_object *job)
{
    const msgpack_object *on = muster_get(job, "retries.on");
    uint64_t max = muster_uint(job, "retries.max", 0);
    if (max == 0 || !on || on->type != MSGPACK_OBJECT_ARRAY) return;
    job_label(out, "Retries");
    fprintf(out, "up to %llu for a device that", (unsigned long long)max);
    for (uint32_t i = 0; i < on->via.array.size; i++) {
        fputs(i == 0 ? " " : " or ", out);
        write_words(out, &on->via.array.ptr[i]);
    }
    putc('\n', out);
}

void job_show_definition(FILE *out, const msgpack_object *job)
{
    show_batches(out, job);
    job_show_text(out, job, "Schedule", "scheduledJobId");
    job_show_text(out, job, "Group", "group");
    show_data(out, job);
    show_threshold(out, job);
    show_timeouts(out, job);
    show_retries(out, job);
}
