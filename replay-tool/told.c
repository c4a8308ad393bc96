#include "replay-tool/told.h"

#include "clients/terminal/json.h"
#include "clients/terminal/text.h"

#include <inttypes.h>

enum { FIELDS_MAX = 4 };

struct told {
    enum { OF_NOTHING, OF_JOB, OF_DEVICE } of;
    const char *words;
    const char *fields[FIELDS_MAX]; /* those worth a line */
};

static const struct told TOLD[EVENT_CODES_MAX] = {
    [EVENT_JOB_CREATED] = {OF_JOB, "made", {NULL}},
    [EVENT_JOB_EDITED] = {OF_JOB, "edited", {"displayName", "group", "data"}},
    [EVENT_JOB_DISCARDED] = {OF_JOB, "discarded", {NULL}},
    [EVENT_JOB_PLAN_QUOTED] = {OF_JOB, "its run counts on a preview", {"count"}},
    [EVENT_JOB_PLAN_CHANGED] = {OF_JOB, "the preview does not hold", {"expected", "found"}},
    [EVENT_JOB_RERUN_OF] = {OF_JOB, "made as a rerun", {"job", "parent", "which"}},
    [EVENT_SCHEDULE_FIRED] = {OF_JOB, "made by its schedule", {"schedule", "occurrence", "due"}},
    [EVENT_JOB_QUEUED] = {OF_JOB, "is to run", {NULL}},
    [EVENT_JOB_TARGETS_BEGUN] = {OF_JOB, "runs, its devices are read", {"atSeq", "filter"}},
    [EVENT_JOB_TARGETS_EXCLUDED] = {OF_JOB, "devices are left out", {"count", "reason"}},
    [EVENT_JOB_TARGETS_FIXED] = {OF_JOB, "its devices are known", {"total", "excluded", "batchSize"}},
    [EVENT_JOB_STOPPED] = {OF_JOB, "stopped", {NULL}},
    [EVENT_JOB_RESUMED] = {OF_JOB, "resumed", {NULL}},
    [EVENT_JOB_CONTINUED] = {OF_JOB, "goes on", {NULL}},
    [EVENT_JOB_CANCELLED] = {OF_JOB, "cancelled", {"reason", "failures", "scope"}},
    [EVENT_JOB_COMPLETED] = {OF_JOB, "complete", {NULL}},
    [EVENT_JOB_FAILED] = {OF_JOB, "failed", {"reason"}},
    [EVENT_JOB_EXPIRED] = {OF_JOB, "left the list of jobs, 30 days after its end", {NULL}},
    [EVENT_DEVICE_REGISTERED] = {OF_DEVICE, "registered", {"displayName", "template", "provisioned", "simulated"}},
    [EVENT_IMPORT_ROW_ACCEPTED] = {OF_DEVICE, "registered by an import", {"displayName", "template", "import", "line"}},
    [EVENT_IMPORT_ROW_CHANGED] = {OF_DEVICE, "renamed by an import", {"displayName", "import", "line"}},
    [EVENT_DEVICE_RENAMED] = {OF_DEVICE, "renamed", {"displayName"}},
    [EVENT_DEVICE_MOVED] = {OF_DEVICE, "moved to a template", {"template"}},
    [EVENT_DEVICES_MOVED] = {OF_DEVICE, "moved to a template, with others", {"template", "move"}},
    [EVENT_DEVICE_MARKED] = {OF_DEVICE, "marked", {"provisioned", "simulated"}},
    [EVENT_DEVICE_THUMBPRINTS_SET] = {OF_DEVICE, "given thumbprints", {"primary", "secondary"}},
    [EVENT_DEVICE_REMOVED] = {OF_DEVICE, "removed", {NULL}},
};

bool told_of_job(enum event_type type)
{
    return TOLD[type].of == OF_JOB;
}

bool told_of_device(enum event_type type)
{
    return TOLD[type].of == OF_DEVICE;
}

/* " key=value", or nothing where there is none. */
static void show_field(FILE *out, const msgpack_object *map, const char *key)
{
    const msgpack_object *value = muster_get(map, key);
    if (!value || value->type == MSGPACK_OBJECT_NIL) return;
    fprintf(out, " %s=", key);
    json_write(out, value);
}

void told_show(FILE *out, const msgpack_object *event)
{
    msgpack_object_str type = muster_text(event, "type");
    const struct told *told = &TOLD[event_type_named((struct bytes){type.ptr, type.size})];
    fprintf(out, "%10" PRIu64 "  ", muster_uint(event, "seq", 0));
    write_time(out, muster_text(event, "time"));
    fputs("  ", out);
    write_text(out, muster_text(event, "actor"));
    fprintf(out, "  %s", told->words ? told->words : "");
    for (size_t i = 0; i < FIELDS_MAX && told->fields[i]; i++) show_field(out, event, told->fields[i]);
    fputc('\n', out);
}

/* ---- Devices in jobs. */

static void show_word(FILE *out, const msgpack_object *map, const char *before, const char *key)
{
    msgpack_object_str text = muster_text(map, key);
    if (text.size == 0) return;
    fputs(before, out);
    write_text(out, text);
}

static void show_times(FILE *out, const msgpack_object *row)
{
    static const char *const KEYS[][2] = {{"  from ", "start"}, {"  to ", "end"}, {"  at ", "time"}};
    for (size_t i = 0; i < COUNT_OF(KEYS); i++) {
        msgpack_object_str time = muster_text(row, KEYS[i][1]);
        if (time.size == 0) continue;
        fputs(KEYS[i][0], out);
        write_time(out, time);
    }
}

static void show_attempt(FILE *out, const msgpack_object *attempt, const char *otherwise)
{
    uint64_t number = muster_uint(attempt, "attempt", 0);
    if (number) fprintf(out, "            attempt %" PRIu64, number);
    else fprintf(out, "            %s", otherwise);
    show_times(out, attempt);
    show_word(out, attempt, "  ", "outcome");
    show_word(out, attempt, ", ", "reason");
    show_word(out, attempt, ": ", "error");
    show_word(out, attempt, "  by connector ", "connector");
    fputc('\n', out);
}

static void show_list(FILE *out, const msgpack_object *row, const char *key, const char *otherwise)
{
    const msgpack_object *list = muster_get(row, key);
    if (!list || list->type != MSGPACK_OBJECT_ARRAY) return;
    for (uint32_t i = 0; i < list->via.array.size; i++) show_attempt(out, &list->via.array.ptr[i], otherwise);
}

void told_show_course(FILE *out, const msgpack_object *row)
{
    fputs("  ", out);
    write_text(out, muster_text(row, muster_get(row, "job") ? "job" : "id"));
    fputs("  ", out);
    write_status(out, muster_text(row, "status"));
    show_word(out, row, ", ", "reason");
    show_word(out, row, ": ", "error");
    fprintf(out, "  batch %" PRIu64, muster_uint(row, "batch", 0));
    show_word(out, row, "  job ", "jobStatus");
    fputc('\n', out);
    show_list(out, row, "attempts", "no attempt");
    show_list(out, row, "late", "too late");
}
