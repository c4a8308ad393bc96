/* muster schedule ... */
#include "clients/cli/job.h"
#include "clients/cli/list.h"
#include "clients/terminal/text.h"
#include "clients/cli/verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct option_row SCHEDULE_PUT_OPTIONS[] = {
    JOB_FIELD_ROWS,
    {"start", "TIME", "the first run, for example 2026-12-01T03:00:00+01:00; later ones are at its local time"},
    {"zone", "ZONE", "whose local time that is, for example Europe/Paris"},
    {"recurrence", "once|daily|weekly", "how often"},
    {"end", "TIME|N", "no run after that time, or so many runs (never)"},
    {"missed", "run_once|skip", "what to do about runs missed while the engine was down (run_once)"},
    {"overlap", "queue|skip", "what to do while the run before is not over (queue)"},
    {"disabled", NULL, "save it, but run nothing yet"},
    {NULL, NULL, NULL},
};

const struct option_row SCHEDULE_LIST_OPTIONS[] = {
    LIMIT_ROW,
    {NULL, NULL, NULL},
};

/* ---- Put. */

/* The texts of the timetable, each under its key; --end is a map of its own. */
static const struct {
    const char *option;
    const char *key;
    bool required;
} TIMES[] = {
    {"start", "start", true},    {"zone", "timeZone", true},    {"recurrence", "recurrence", true},
    {"missed", "missed", false}, {"overlap", "overlap", false},
};

/* {type: date, value: TIME}, or for a number {type: occurrences, value: N}. */
static void pack_end(msgpack_packer *p, const char *text)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    bool is_number = *text >= '0' && *text <= '9' && *end == '\0' && errno == 0;
    muster_pack_text(p, "end");
    msgpack_pack_map(p, 2);
    muster_pack_text(p, "type");
    muster_pack_text(p, is_number ? "occurrences" : "date");
    muster_pack_text(p, "value");
    if (is_number) msgpack_pack_uint64(p, value);
    else muster_pack_text(p, text);
}

/* Options of the timetable that are given. */
static uint32_t times_given(const struct cli *cli)
{
    uint32_t count = option(cli, "end") != NULL;
    for (size_t i = 0; i < sizeof TIMES / sizeof *TIMES; i++) count += option(cli, TIMES[i].option) != NULL;
    return count;
}

/* When any of it is given, all of it: half of one timetable and half of another would be a third that nobody meant. */
static bool put_timetable(const struct cli *cli, struct muster_params *params)
{
    const char *end = option(cli, "end");
    uint32_t count = times_given(cli);
    if (count == 0) return true;
    for (size_t i = 0; i < sizeof TIMES / sizeof *TIMES; i++) {
        if (!TIMES[i].required || option(cli, TIMES[i].option)) continue;
        usage(cli, "--%s is missing: when a schedule runs is said as a whole, with --start, --zone and --recurrence",
              TIMES[i].option);
        return false;
    }
    msgpack_packer *p = muster_put(params, "schedule");
    msgpack_pack_map(p, count);
    for (size_t i = 0; i < sizeof TIMES / sizeof *TIMES; i++) {
        const char *text = option(cli, TIMES[i].option);
        if (!text) continue;
        muster_pack_text(p, TIMES[i].key);
        muster_pack_text(p, text);
    }
    if (end) pack_end(p, end);
    return true;
}

/* "nightly is saved; it runs next at 2026-12-01 02:00:00Z." */
static int show_saved(struct cli *cli, const msgpack_object *schedule)
{
    msgpack_object_str next = muster_text(schedule, "next");
    if (cli->json) return resource_show(cli, schedule);
    printf("%s is saved; it runs ", cli->operand);
    if (next.size) {
        fputs("next at ", stdout);
        write_time(stdout, next);
        puts(".");
    } else {
        puts(muster_bool(schedule, "enabled", true) ? "no more." : "when it is enabled.");
    }
    return EXIT_DONE;
}

int schedule_put(struct cli *cli)
{
    struct muster_params params;
    msgpack_object schedule;
    int code = EXIT_USAGE;
    muster_params_init(&params);
    muster_put_text(&params, "id", cli->operand);
    put_globals(cli, &params);
    if (option(cli, "disabled")) msgpack_pack_false(muster_put(&params, "enabled"));
    if (put_timetable(cli, &params) && job_put_fields(cli, &params))
        code = call(cli, "schedules.put", &params, &schedule);
    muster_params_free(&params);
    return code == EXIT_DONE ? show_saved(cli, &schedule) : code;
}

/* A schedule that is not there is not made by this. */
static int set_enabled(struct cli *cli, bool enabled)
{
    struct muster_params params;
    msgpack_object schedule;
    int code = call_on_operand(cli, "schedules.get", false, &schedule);
    if (code != EXIT_DONE) return code;
    muster_params_init(&params);
    muster_put_text(&params, "id", cli->operand);
    put_globals(cli, &params);
    msgpack_packer *p = muster_put(&params, "enabled");
    if (enabled) msgpack_pack_true(p);
    else msgpack_pack_false(p);
    code = call(cli, "schedules.put", &params, &schedule);
    muster_params_free(&params);
    return code == EXIT_DONE ? show_saved(cli, &schedule) : code;
}

int schedule_disable(struct cli *cli)
{
    return set_enabled(cli, false);
}

int schedule_enable(struct cli *cli)
{
    return set_enabled(cli, true);
}

/* ---- The others. */

/* When it is due, or why it is not. */
static void cell_next(FILE *out, const msgpack_object *row, const char *path)
{
    if (muster_get(row, path)) cell_time(out, row, path);
    else fputs(muster_bool(row, "enabled", true) ? "ended" : "disabled", out);
}

int schedule_list(struct cli *cli)
{
    static const struct table_column columns[] = {
        {"ID", "id", cell_value, LEFT},
        {"NAME", "displayName", cell_value, WIDE},
        {"GROUP", "group", cell_value, LEFT},
        {"RECURRENCE", "schedule.recurrence", cell_value, LEFT},
        {"ZONE", "schedule.timeZone", cell_value, LEFT},
        {"NEXT", "next", cell_next, LEFT},
        {"OCCURRENCES", "occurrences", cell_value, RIGHT},
        {"LAST RUN", "lastRun.due", cell_time, LEFT},
        {"STATUS", "lastRun.status", cell_status, LEFT},
        {.heading = NULL},
    };
    return list_show(cli, &(struct list){"schedules.list", "schedules", NULL, columns});
}

/* "daily, in the time of Europe/Paris, from 2026-12-01 02:00:00Z", and until when. */
static void show_timetable(const msgpack_object *schedule)
{
    msgpack_object_str until = muster_text(schedule, "schedule.end.value");
    uint64_t runs = muster_uint(schedule, "schedule.end.value", 0);
    job_label(stdout, "Runs");
    write_text(stdout, muster_text(schedule, "schedule.recurrence"));
    fputs(", in the time of ", stdout);
    write_text(stdout, muster_text(schedule, "schedule.timeZone"));
    fputs(", from ", stdout);
    write_time(stdout, muster_text(schedule, "schedule.start"));
    if (until.size) {
        fputs(" until ", stdout);
        write_time(stdout, until);
    }
    if (runs) {
        fputs(", ", stdout);
        write_count(stdout, runs);
        fputs(runs == 1 ? " time" : " times", stdout);
    }
    putchar('\n');
}

static void show_policies(const msgpack_object *schedule)
{
    bool skip = muster_text_is(muster_text(schedule, "schedule.missed"), "skip");
    bool wait = muster_text_is(muster_text(schedule, "schedule.overlap"), "queue");
    job_label(stdout, "Missed");
    puts(skip ? "runs due while the engine was down are left out"
              : "one run makes up for those due while the engine was down");
    job_label(stdout, "Overlap");
    puts(wait ? "a run waits until the one before is over" : "a run is left out while the one before is not over");
}

static void show_last_run(const msgpack_object *schedule)
{
    if (!muster_get(schedule, "lastRun.due")) return;
    job_label(stdout, "Last run");
    write_time(stdout, muster_text(schedule, "lastRun.due"));
    fputs("  ", stdout);
    write_status(stdout, muster_text(schedule, "lastRun.status"));
    fputs(muster_text(schedule, "lastRun.job").size ? ", job " : "", stdout);
    write_text(stdout, muster_text(schedule, "lastRun.job"));
    putchar('\n');
}

static void show_title(const msgpack_object *schedule)
{
    msgpack_object_str name = muster_text(schedule, "displayName"), next = muster_text(schedule, "next");
    write_text(stdout, muster_text(schedule, "id"));
    if (next.size) fputs("  next at ", stdout);
    else fputs(muster_bool(schedule, "enabled", true) ? "  Ended" : "  Disabled", stdout);
    if (next.size) write_time(stdout, next);
    fputs("  ", stdout);
    write_text(stdout, name);
    putchar('\n');
}

int schedule_show(struct cli *cli)
{
    msgpack_object schedule;
    int code = call_on_operand(cli, "schedules.get", false, &schedule);
    if (code != EXIT_DONE || cli->json) return code == EXIT_DONE ? resource_show(cli, &schedule) : code;
    show_title(&schedule);
    job_show_text(stdout, &schedule, "About", "description");
    show_timetable(&schedule);
    show_policies(&schedule);
    show_last_run(&schedule);
    job_show_definition(stdout, &schedule);
    return EXIT_DONE;
}

int schedule_remove(struct cli *cli)
{
    msgpack_object result;
    int code = call_on_operand(cli, "schedules.remove", true, &result);
    return code == EXIT_DONE ? resource_changed(cli, &result, "is removed") : code;
}

static void put_operand(const struct cli *cli, struct muster_params *params)
{
    muster_put_text(params, "id", cli->operand);
}

/* "7", or for several that were missed together "7-12". */
static void cell_occurrences(FILE *out, const msgpack_object *row, const char *path)
{
    uint64_t first = muster_uint(row, path, 0), count = muster_uint(row, "count", 1);
    write_count(out, first);
    if (count < 2) return;
    fputc('-', out);
    write_count(out, first + count - 1);
}

/* Of a missed run, or of its job. */
static void cell_reason(FILE *out, const msgpack_object *row, const char *path)
{
    cell_value(out, row, muster_get(row, path) ? path : "statusReason");
}

int schedule_runs(struct cli *cli)
{
    static const struct table_column columns[] = {
        {"OCCURRENCE", "occurrence", cell_occurrences, RIGHT},
        {"DUE", "due", cell_time, LEFT},
        {"STATUS", "status", cell_status, LEFT},
        {"REASON", "reason", cell_reason, LEFT},
        {"JOB", "job", cell_value, LEFT},
        {"DEVICES", "progress.total", cell_value, RIGHT},
        {"COMPLETED", "progress.completed", cell_value, RIGHT},
        {"FAILED", "progress.failed", cell_value, RIGHT},
        {.heading = NULL},
    };
    return list_show(cli, &(struct list){"schedules.runs", "runs of this schedule", put_operand, columns});
}
