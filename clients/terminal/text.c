/* Only writes; nothing here asks the engine. */
#include "clients/terminal/text.h"
#include "clients/terminal/json.h"

#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void text_set_locale(void)
{
    if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0) setlocale(LC_CTYPE, "C.UTF-8");
}

bool text_colours_are_welcome(void)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

/* Bytes from `at` on that are a control character: C0, DEL, or C1, which UTF-8 writes as two. */
static size_t control_size(const char *at, size_t rest)
{
    unsigned char first = (unsigned char)at[0];
    if (first < 0x20 || first == 0x7f) return 1;
    return first == 0xc2 && rest > 1 && (unsigned char)at[1] < 0xa0 ? 2 : 0;
}

void write_text(FILE *out, msgpack_object_str text)
{
    for (size_t i = 0; i < text.size;) {
        size_t control = control_size(text.ptr + i, text.size - i);
        fputc(control ? '?' : text.ptr[i], out);
        i += control ? control : 1;
    }
}

void write_count(FILE *out, uint64_t count)
{
    char digits[24];
    int size = snprintf(digits, sizeof digits, "%" PRIu64, count);
    for (int i = 0; i < size; i++) {
        if (i > 0 && (size - i) % 3 == 0) fputc(',', out);
        fputc(digits[i], out);
    }
}

void write_value(FILE *out, const msgpack_object *value)
{
    switch (value->type) {
    case MSGPACK_OBJECT_NIL: break;
    case MSGPACK_OBJECT_BOOLEAN: fputs(value->via.boolean ? "yes" : "no", out); break;
    case MSGPACK_OBJECT_POSITIVE_INTEGER: write_count(out, value->via.u64); break;
    case MSGPACK_OBJECT_STR: write_text(out, value->via.str); break;
    default: json_write(out, value); break;
    }
}

void write_time(FILE *out, msgpack_object_str time)
{
    if (time_seconds(time) < 0) {
        write_text(out, time);
        return;
    }
    fprintf(out, "%.10s %.8sZ", time.ptr, time.ptr + sizeof "2024-05-01T" - 1);
}

double time_seconds(msgpack_object_str time)
{
    char text[40];
    struct tm parts = {.tm_isdst = 0};
    double seconds;
    int used = 0;
    snprintf(text, sizeof text, "%.*s", (int)time.size, time.ptr);
    int read = sscanf(text, "%4d-%2d-%2dT%2d:%2d:%lf%n", &parts.tm_year, &parts.tm_mon, &parts.tm_mday, &parts.tm_hour,
                      &parts.tm_min, &seconds, &used);
    if (read != 6 || time.size < sizeof "2024-05-01T12:00:00Z" - 1 || strcmp(text + used, "Z") != 0) return -1;
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    return (double)timegm(&parts) + seconds;
}

void write_duration(FILE *out, double seconds)
{
    if (seconds < 10) {
        fprintf(out, "%.1f s", seconds);
        return;
    }
    uint64_t whole = (uint64_t)(seconds + 0.5);
    if (whole < 60) fprintf(out, "%" PRIu64 " s", whole);
    else if (whole < 3600) fprintf(out, "%" PRIu64 " m %02" PRIu64 " s", whole / 60, whole % 60);
    else if (whole < 86400) fprintf(out, "%" PRIu64 " h %02" PRIu64 " m", whole / 3600, whole % 3600 / 60);
    else fprintf(out, "%" PRIu64 " d %02" PRIu64 " h", whole / 86400, whole % 86400 / 3600);
}

void write_size(FILE *out, uint64_t bytes)
{
    static const char *const UNITS[] = {"KiB", "MiB", "GiB", "TiB"};
    double size = (double)bytes / 1024;
    size_t unit = 0;
    if (bytes < 1024) {
        fprintf(out, "%" PRIu64 " bytes", bytes);
        return;
    }
    for (; size >= 1024 && unit + 1 < sizeof UNITS / sizeof *UNITS; unit++) size /= 1024;
    fprintf(out, "%.1f %s", size, UNITS[unit]);
}

/* The words of IoT Central's pages, our own for what it has not, and how each is coloured. */
static const struct status_row {
    const char *status;
    const char *shown;
    const char *colour;
} STATUSES[] = {
    {"complete", "Completed", "green"},
    {"completed", "Completed", "green"},
    {"failed", "Failed", "red"},
    {"cancelled", "Canceled", "red"},
    {"stopped", "Stopped", "yellow"},
    {"missed", "Missed", "yellow"},
    {"running", "Running", "cyan"},
    {"open", "Open", "cyan"},
    {"refused", "Refused", "red"},
    {"cut_off", "Cut off", "yellow"},
    {"client_gone", "Client gone", "yellow"},
    {"engine_restarted", "Engine restarted", "yellow"},
    {"template_removed", "Template removed", "red"},
    {"no_space", "No space", "red"},
    {"pending", "Pending", NULL},
    {"saved", "Saved", NULL},
};

static const struct status_row *find_status(msgpack_object_str status)
{
    for (size_t i = 0; i < sizeof STATUSES / sizeof *STATUSES; i++)
        if (muster_text_is(status, STATUSES[i].status)) return &STATUSES[i];
    return NULL;
}

void write_status(FILE *out, msgpack_object_str status)
{
    const struct status_row *row = find_status(status);
    if (row) fputs(row->shown, out);
    else write_text(out, status);
}

const char *status_colour(msgpack_object_str status)
{
    const struct status_row *row = find_status(status);
    return row ? row->colour : NULL;
}
