/* Makes the log that tests/golden keeps for later versions to read: a history in which every kind of event happens. Run by
 * tests/golden/make, once for each format of the log.
 *
 *     golden DIRECTORY          from nothing
 *     golden DIRECTORY again    on a log that was continued under another id */
#include "tests/unit/job_story.h"

#include <sys/stat.h>

enum { SEGMENT_VALUES = 60 };
static const int64_t DAY = 86400 * (int64_t)SECOND, HOUR = 3600 * (int64_t)SECOND, MINUTE = 60 * (int64_t)SECOND;

#define did(s, method, ...) expect_answer(stage_call(s, 1, method, __VA_ARGS__), ",null,")

static void begin(struct stage *s, const char *directory, int64_t wall_us)
{
    *s = (struct stage){.clock = {.wall_us = wall_us, .monotonic_us = 1000 * (int64_t)SECOND}};
    assert_true(strlen(directory) < sizeof s->directory);
    strcpy(s->directory, directory);
    mkdir(directory, 0700);
    s->settings.segment_values_max = SEGMENT_VALUES;
    s->peers[1].here = true;
    stage_start(s);
}

static void stop(struct stage *s)
{
    stage_finish_tasks(s);
    turn_close(s->turn, &s->clock);
}

/* ---- Who and what there is. */

static void templates_groups_and_devices(struct stage *s)
{
    did(s, "templates.put", "{\"id\":\"pump\",\"displayName\":\"Pump\",\"onBehalfOf\":\"alice\",\"requestId\":\"r-1\","
                            "\"capabilities\":[{\"path\":\"speed\",\"kind\":\"property\",\"schema\":\"integer\"}]}");
    did(s, "templates.put", "{\"id\":\"spare\"}");
    given_devices(s, 12);
    did(s, "groups.put", "{\"id\":\"pumps\",\"filter\":\"$template = 'pump'\",\"description\":\"All of them\"}");
    did(s, "groups.put", "{\"id\":\"gone\",\"filter\":\"$id = 'nobody'\"}");
    did(s, "devices.put", "{\"id\":\"gw-1\",\"displayName\":\"Gateway \xc3\xa9\xe2\x82\xac\",\"provisioned\":true}");
    did(s, "devices.put", "{\"id\":\"gw-2\",\"template\":\"pump\",\"simulated\":true}");
    did(s, "devices.move", "{\"ids\":[\"gw-3\",\"gw-4\",\"gw-5\"],\"template\":\"pump\"}");
    did(s, "devices.setThumbprints", "{\"id\":\"gw-1\",\"primary\":\"0123456789abcdef0123456789abcdef01234567\"}");
    did(s, "devices.report", "{\"id\":\"gw-2\",\"properties\":{\"speed\":3,\"a.b\":[1,null,\"x\",true,2.5]}}");
    did(s, "columns.set", "{\"user\":\"bob\",\"view\":\"jobs.devices\",\"columns\":[\"status\",\"properties.speed\"]}");
    did(s, "keys.rotate", "{\"which\":\"secondary\"}");
}

static void import_rows(struct stage *s, const char *id, const char *options, const char *csv)
{
    did(s, "imports.open", "{\"id\":\"%s\"%s}", id, options);
    expect_answer(stage_write_import(s, 1, id, bytes_of_text(csv)), ",null,");
}

static void imports_and_exports(struct stage *s)
{
    static const char ROWS[] = "IOTC_DEVICEID,IOTC_DEVICENAME,Extra\r\nimp-1,One,1\r\nimp 2,Two,2\r\nimp-3,\"Thr\"\"ee\",3\r\n";
    import_rows(s, "rows", ",\"template\":\"pump\"", ROWS);
    did(s, "imports.close", "{\"id\":\"rows\"}");
    import_rows(s, "names", ",\"update\":true", "IOTC_DEVICEID,IOTC_DEVICENAME\nimp-1,Uno\n");
    did(s, "imports.close", "{\"id\":\"names\"}");
    import_rows(s, "look", ",\"dryRun\":true", ROWS);
    did(s, "imports.close", "{\"id\":\"look\"}");
    import_rows(s, "half", "", "IOTC_DEVICEID\nimp-9\n");
    did(s, "imports.cancel", "{\"id\":\"half\"}");
    did(s, "exports.open", "{\"id\":\"keys\",\"group\":\"pumps\"}");
}

/* ---- Jobs. */

static void a_job_in_batches(struct stage *s)
{
    given_job(s, "batches", ",\"batch\":{\"type\":\"number\",\"value\":5},\"retries\":{\"max\":1},\"description\":\"By fives\"");
    uint64_t work = take_work(s, 1, 5);
    report(s, 1, work, "[[0,\"completed\"],[1,\"failed\",\"it is stuck\"],[2,\"rejected\",\"no\",{\"code\":7}],[3,\"returned\"]]");
    report(s, 1, work, "[[0,\"failed\",\"after its end\"]]");
    did(s, "jobs.stop", "{\"id\":\"batches\",\"onBehalfOf\":\"bob\"}");
    did(s, "jobs.resume", "{\"id\":\"batches\"}");
    for (int i = 0; i < 12; i++) {
        stage_pass(s, 6 * (int64_t)SECOND);
        if ((work = take_work(s, 1, 5)))
            report(s, 1, work, "[[0,\"completed\"],[1,\"failed\",\"still\"],[2,\"completed\"],[3,\"completed\"],[4,\"completed\"]]");
    }
    stage_pass(s, 2 * HOUR);
}

static void jobs_that_end_otherwise(struct stage *s)
{
    given_job(s, "cancelled", "");
    report(s, 1, take_work(s, 1, 3), "[[0,\"completed\"]]");
    did(s, "jobs.cancel", "{\"id\":\"cancelled\"}");
    given_job(s, "threshold", ",\"cancellationThreshold\":{\"type\":\"number\",\"value\":1}");
    report(s, 1, take_work(s, 1, 4), "[[0,\"failed\"],[1,\"failed\"]]");
    did(s, "jobs.rerun", "{\"id\":\"threshold\",\"newId\":\"rerun\"}");
    report(s, 1, take_work(s, 1, 4), "[[0,\"completed\"],[1,\"completed\"]]");
    did(s, "jobs.run", "{\"id\":\"nobody\",\"group\":\"gone\",\"data\":[" PROPERTY "]}");
    given_job_of(s, "cloud", CLOUD_PROPERTY, "");
    given_job_of(s, "excludes", "{\"type\":\"command\",\"path\":\"reboot\",\"target\":\"spare\"}", "");
    given_job_of(s, "commands", COMMAND, ",\"timeouts\":{\"execution\":10}");
    take_work(s, 1, 3);
    stage_pass(s, 20 * (int64_t)SECOND); /* nobody answers in time */
    did(s, "devices.remove", "{\"id\":\"gw-12\"}");
    did(s, "jobs.stop", "{\"id\":\"commands\"}");
}

static void saved_jobs(struct stage *s)
{
    char hash[128];
    did(s, "jobs.save", "{\"id\":\"saved\"," JOB "}");
    did(s, "jobs.save", "{\"id\":\"saved\",\"displayName\":\"Edited\",\"batch\":{\"type\":\"percentage\",\"value\":50}}");
    did(s, "jobs.copy", "{\"id\":\"saved\",\"newId\":\"copy\"}");
    did(s, "jobs.discard", "{\"id\":\"copy\"}");
    const char *at = strstr(stage_call(s, 1, "jobs.preview", "{\"id\":\"saved\"}"), "\"planHash\":\"");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "\"planHash\":\"%100[^\"]", hash), 1);
    did(s, "devices.put", "{\"id\":\"one-more\"}");
    did(s, "jobs.run", "{\"id\":\"saved\",\"planHash\":\"%s\"}", hash); /* the plan is another one now */
}

/* ---- Time. */

static void schedules(struct stage *s)
{
    did(s, "schedules.put", "{\"id\":\"nightly\"," JOB ",\"schedule\":{\"start\":\"2023-11-15T03:00:00+01:00\",\"timeZone\":"
                            "\"Europe/Paris\",\"recurrence\":\"daily\",\"end\":{\"type\":\"occurrences\",\"value\":3},"
                            "\"missed\":\"skip\"}}");
    did(s, "schedules.put", "{\"id\":\"once\"," JOB ",\"schedule\":{\"start\":\"2024-01-01T00:00:00Z\",\"timeZone\":\"UTC\","
                            "\"recurrence\":\"once\"}}");
    for (int i = 0; i < 180; i++) stage_pass(s, MINUTE); /* the first run is on time */
    stop(s);
    s->clock.wall_us += DAY + HOUR; /* the second one is missed */
    stage_start(s);
    for (int i = 0; i < 30; i++) stage_pass(s, HOUR); /* the third one is late */
    did(s, "schedules.remove", "{\"id\":\"once\"}");
}

static void what_takes_long(struct stage *s)
{
    s->clock.wall_us += 5 * SECOND; /* beside the clock that never steps */
    stage_settle(s);
    did(s, "groups.remove", "{\"id\":\"gone\",\"force\":true}");
    did(s, "templates.remove", "{\"id\":\"spare\",\"force\":true}");
    for (int i = 0; i < 40; i++) stage_pass(s, DAY);
    given_job(s, "last", "");
    report(s, 1, take_work(s, 1, 2), "[[0,\"completed\"],[1,\"failed\",\"x\"]]");
}

int main(int argc, char **argv)
{
    static struct stage s;
    const int64_t first_us = 1700000000 * (int64_t)SECOND;
    assert_true(argc == 2 || argc == 3);
    bool again = argc == 3;
    begin(&s, argv[1], again ? first_us + 100 * DAY : first_us);
    if (again) {
        given_job(&s, "continued", "");
        report(&s, 1, take_work(&s, 1, 1), "[[0,\"completed\"]]");
        did(&s, "checkpoint", "{}");
    } else {
        templates_groups_and_devices(&s);
        imports_and_exports(&s);
        a_job_in_batches(&s);
        jobs_that_end_otherwise(&s);
        saved_jobs(&s);
        schedules(&s);
        what_takes_long(&s);
    }
    stop(&s);
    return 0;
}
