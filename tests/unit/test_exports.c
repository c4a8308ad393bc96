/* Exports through the engine's own turn: what is in the file, who may read it, how long it is there. */
#include "tests/unit/job_story.h"

#include "engine/keys/key_file.h"

#include <dirent.h>
#include <sys/stat.h>

enum { DAY = 86400 };

#define HEADER                                                                                                         \
    "IOTC_DEVICEID,IOTC_DEVICENAME,IOTC_SASKEY_PRIMARY,IOTC_SASKEY_SECONDARY,IOTC_X509THUMBPRINT_PRIMARY,"             \
    "IOTC_X509THUMBPRINT_SECONDARY\r\n"
#define SHA1 "0123456789abcdef0123456789abcdef01234567"

/* ---- Whens. */

static const char *open_export(struct stage *s, const char *fields)
{
    return stage_call(s, 1, "exports.open", "{%s}", fields);
}

static const char *get(struct stage *s, const char *id)
{
    return stage_call(s, 1, "exports.get", "{\"id\":\"%s\"}", id);
}

/* The file, from its pieces; to be freed. */
static char *file_of(struct stage *s, const char *id)
{
    char *file = calloc(1, 1);
    unsigned long long offset = 0;
    size_t size = 0;
    do {
        const char *answer = stage_call(s, 1, "exports.read", "{\"id\":\"%s\",\"offset\":%llu}", id, offset);
        const char *hex = strstr(answer, "\"data\":\""), *next = strstr(answer, "\"next\":");
        if (!hex) fail_msg("no data in %s", answer);
        hex += strlen("\"data\":\"");
        size_t digits = strcspn(hex, "\"");
        file = realloc(file, size + digits / 2 + 1);
        for (size_t i = 0; i < digits; i += 2) {
            unsigned byte;
            assert_int_equal(sscanf(hex + i, "%2x", &byte), 1);
            file[size++] = (char)byte;
        }
        file[size] = '\0';
        offset = next ? strtoull(next + strlen("\"next\":"), NULL, 10) : 0;
    } while (offset);
    return file;
}

/* ---- Thens. */

static void key_of(struct stage *s, enum group_key which, const char *id, char key[DEVICE_KEY_SIZE + 1])
{
    struct device_keys *keys = device_keys_new(key_store_keys(&s->turn->keys));
    device_keys_make(keys, which, bytes_of_text(id), key);
    key[DEVICE_KEY_SIZE] = '\0';
    device_keys_delete(keys);
}

static void then_row(struct stage *s, const char *file, const char *id, const char *shown, const char *name,
                     const char *primary, const char *secondary)
{
    char keys[GROUP_KEYS][DEVICE_KEY_SIZE + 1], row[512];
    key_of(s, GROUP_KEY_PRIMARY, id, keys[0]);
    key_of(s, GROUP_KEY_SECONDARY, id, keys[1]);
    snprintf(row, sizeof row, "\r\n%s,%s,%s,%s,%s,%s\r\n", shown, name, keys[0], keys[1], primary, secondary);
    if (!strstr(file, row)) fail_msg("expected %s in\n%s", row, file);
}

static void then_file_has(struct stage *s, const char *id, const char *ids)
{
    char *file = file_of(s, id), found[512] = "";
    for (const char *line = strstr(file, "\r\n") + 2; *line; line = strstr(line, "\r\n") + 2)
        snprintf(found + strlen(found), sizeof found - strlen(found), "%.*s ", (int)strcspn(line, ","), line);
    if (strcmp(found, ids) != 0) fail_msg("%s has \"%s\", not \"%s\"", id, found, ids);
    free(file);
}

static int files_in_exports(struct stage *s)
{
    char path[128];
    int count = 0;
    snprintf(path, sizeof path, "%s/exports", s->directory);
    DIR *files = opendir(path);
    assert_non_null(files);
    for (struct dirent *entry; (entry = readdir(files));) {
        struct stat status;
        if (entry->d_name[0] == '.') continue;
        assert_int_equal(fstatat(dirfd(files), entry->d_name, &status, 0), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
        count++;
    }
    closedir(files);
    return count;
}

/* ---- What is in the file. */

static void an_export_has_six_columns_in_their_order(void **state)
{
    struct stage *s = *state;
    stage_call(s, 1, "devices.put", "{\"id\":\"gw-1\",\"displayName\":\"Pump, \\\"north\\\"\"}");
    stage_call(s, 1, "devices.put", "{\"id\":\"-7\",\"displayName\":\"=1+1\"}");
    stage_call(s, 1, "devices.put", "{\"id\":\"gone\"}");
    stage_call(s, 1, "devices.remove", "{\"id\":\"gone\"}");
    stage_call(s, 1, "devices.setThumbprints", "{\"id\":\"-7\",\"secondary\":\"" SHA1 "\"}");
    expect_answer(open_export(s, "\"id\":\"e\""), "\"status\":\"running\",\"rows\":0,\"percent\":0");
    expect_answer(get(s, "e"), "\"status\":\"complete\",\"rows\":2,\"bytes\":");
    char *file = file_of(s, "e");
    assert_int_equal(strncmp(file, HEADER, strlen(HEADER)), 0);
    then_row(s, file, "gw-1", "gw-1", "\"Pump, \"\"north\"\"\"", "", "");
    then_row(s, file, "-7", "'-7", "'=1+1", "", SHA1);
    assert_null(strstr(file, "gone"));
    free(file);
    assert_true(stage_rebuild_gives_the_same(s));
}

static void an_export_is_of_all_a_group_a_template_or_a_list(void **state)
{
    struct stage *s = *state;
    stage_call(s, 1, "templates.put", "{\"id\":\"pump\"}");
    given_devices(s, 4);
    stage_call(s, 1, "devices.put", "{\"id\":\"gw-2\",\"template\":\"pump\"}");
    stage_call(s, 1, "devices.put", "{\"id\":\"gw-4\",\"template\":\"pump\"}");
    stage_call(s, 1, "groups.put", "{\"id\":\"late\",\"filter\":\"$id > 'gw-2'\"}");
    open_export(s, "\"id\":\"a\"");
    open_export(s, "\"id\":\"g\",\"group\":\"late\"");
    open_export(s, "\"id\":\"t\",\"template\":\"pump\"");
    open_export(s, "\"id\":\"l\",\"ids\":[\"gw-3\",\"gw-1\",\"gw-3\"]");
    open_export(s, "\"id\":\"o\",\"ids\":\"gw-2\"");
    then_file_has(s, "a", "gw-1 gw-2 gw-3 gw-4 ");
    then_file_has(s, "g", "gw-3 gw-4 ");
    then_file_has(s, "t", "gw-2 gw-4 ");
    then_file_has(s, "l", "gw-1 gw-3 ");
    then_file_has(s, "o", "gw-2 ");
    expect_answer(get(s, "g"), "\"group\":\"late\"");
    expect_answer(get(s, "t"), "\"template\":\"pump\"");
    expect_answer(get(s, "l"), "\"listed\":2");
}

static void the_group_is_the_one_that_was_asked_for(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    s->hold_tasks = true;
    open_export(s, "\"id\":\"e\",\"group\":\"all\"");
    stage_call(s, 1, "groups.remove", "{\"id\":\"all\"}");
    s->hold_tasks = false;
    stage_settle(s);
    then_file_has(s, "e", "gw-1 gw-2 ");
}

static void what_changes_meanwhile_is_not_in_the_file(void **state)
{
    struct stage *s = *state;
    given_devices(s, 2);
    open_export(s, "\"id\":\"before\"");
    stage_call(s, 1, "devices.put", "{\"id\":\"gw-3\"}");
    then_file_has(s, "before", "gw-1 gw-2 ");
    open_export(s, "\"id\":\"behind\"");
    then_file_has(s, "behind", "gw-1 gw-2 gw-3 ");
}

static void a_large_export_comes_in_pieces(void **state)
{
    struct stage *s = *state;
    enum { COUNT = 12000 };
    for (int i = 1; i < COUNT; i++) stage_queue(s, 1, "devices.put", "{\"id\":\"device-%d\"}", i);
    stage_call(s, 1, "devices.put", "{\"id\":\"device-%d\"}", COUNT);
    open_export(s, "\"id\":\"e\"");
    char *file = file_of(s, "e");
    size_t lines = 0;
    for (const char *at = file; (at = strstr(at, "\r\n")); at++) lines++;
    assert_int_equal(lines, COUNT + 1);
    then_row(s, file, "device-12000", "device-12000", "device-12000", "", "");
    free(file);
}

static void keys_are_those_that_hold_when_it_is_written(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    open_export(s, "\"id\":\"before\"");
    char *before = file_of(s, "before");
    then_row(s, before, "gw-1", "gw-1", "gw-1", "", "");
    stage_call(s, 1, "keys.rotate", "{\"which\":\"primary\"}");
    open_export(s, "\"id\":\"behind\"");
    char *behind = file_of(s, "behind");
    then_row(s, behind, "gw-1", "gw-1", "gw-1", "", "");
    assert_string_not_equal(before, behind);
    free(before);
    free(behind);
    stage_restart(s);
}

/* ---- Who asks. */

static void bad_calls_open_nothing(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    uint64_t head = log_head(&s->turn->log);
    expect_answer(open_export(s, "\"group\":\"all\",\"ids\":\"gw-1\""), "give one of group");
    expect_answer(open_export(s, "\"group\":\"none\""), "no_such_group");
    expect_answer(open_export(s, "\"template\":\"\""), "no_such_template");
    expect_answer(open_export(s, "\"ids\":[]"), "ids is empty");
    expect_answer(open_export(s, "\"ids\":[\"gw-1\",\"gw-9\"]"), "there is no device \\\"gw-9\\\",entry 2 of ids");
    expect_answer(open_export(s, "\"id\":\"a b\""), "bad_field");
    expect_answer(get(s, "e"), "no_such_export");
    expect_answer(stage_call(s, 1, "exports.read", "{\"id\":\"e\"}"), "no_such_export");
    assert_int_equal(log_head(&s->turn->log), head);
    open_export(s, "\"id\":\"e\"");
    expect_answer(open_export(s, "\"id\":\"e\""), "was opened before");
    expect_answer(stage_call(s, 1, "exports.read", "{\"id\":\"e\",\"offset\":1000000}"),
                  "[\"export_has_no_file\",\"offset is behind the end of the file,which has ");
}

static void readers_see_exports_and_no_keys(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    open_export(s, "\"id\":\"e\"");
    stage_join(s, 2, true);
    expect_answer(stage_call(s, 2, "exports.get", "{\"id\":\"e\"}"), "\"complete\"");
    expect_answer(stage_call(s, 2, "exports.read", "{\"id\":\"e\"}"), "\"read_only\",\"an export holds devices' keys");
    expect_answer(stage_call(s, 2, "exports.open", "{}"), "\"read_only\"");
}

static void who_asked_is_in_the_log_and_no_key_is(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    open_export(s, "\"id\":\"e\",\"ids\":\"gw-1\",\"onBehalfOf\":\"alice\"");
    const char *events = stage_call(s, 1, "events.read", "{}");
    expect_answer(events, "\"type\":\"EXPORT_OPENED\",\"actor\":\"uid 1000 for alice\"");
    expect_answer(events, "\"export\":\"e\",\"id\":\"e\",\"group\":null,\"filter\":\"\",\"template\":null,\"devices\":[\"gw-1\"]");
    expect_answer(events, "\"export\":\"e\",\"outcome\":\"complete\",\"reason\":\"\",\"rows\":1,");
    char key[DEVICE_KEY_SIZE + 1];
    key_of(s, GROUP_KEY_PRIMARY, "gw-1", key);
    assert_null(strstr(events, key));
}

static void a_repeated_request_gives_the_same_export(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    open_export(s, "\"requestId\":\"r\"");
    uint64_t head = log_head(&s->turn->log);
    expect_answer(open_export(s, "\"requestId\":\"r\""), "\"status\":\"complete\"");
    assert_int_equal(log_head(&s->turn->log), head);
}

/* ---- How long. */

static void a_file_is_gone_after_a_day(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    open_export(s, "\"id\":\"e\"");
    stage_pass(s, (DAY - 1) * (int64_t)SECOND);
    assert_int_equal(files_in_exports(s), 1);
    assert_true(turn_deadline_us(s->turn) <= s->clock.monotonic_us + SECOND);
    stage_pass(s, SECOND);
    assert_int_equal(files_in_exports(s), 0);
    expect_answer(get(s, "e"), "\"gone\":\"day_old\"");
    expect_answer(stage_call(s, 1, "exports.read", "{\"id\":\"e\"}"), "export_has_no_file");
    assert_true(stage_rebuild_gives_the_same(s));
}

static void a_file_outlives_a_restart_but_not_its_day(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    open_export(s, "\"id\":\"e\"");
    stage_crash(s);
    then_file_has(s, "e", "gw-1 ");
    turn_close(s->turn, &s->clock);
    s->clock.wall_us += (DAY + 1) * (int64_t)SECOND;
    s->clock.monotonic_us += (DAY + 1) * (int64_t)SECOND;
    stage_start(s);
    assert_int_equal(files_in_exports(s), 0);
    expect_answer(get(s, "e"), "\"gone\":\"day_old\"");
}

static void a_file_that_was_lost_is_known_as_lost(void **state)
{
    struct stage *s = *state;
    char command[256];
    given_devices(s, 1);
    open_export(s, "\"id\":\"e\"");
    open_export(s, "\"id\":\"f\"");
    turn_close(s->turn, &s->clock);
    snprintf(command, sizeof command, "cd '%s/exports' && : > 00000000000000000000000000000001 && touch stray", s->directory);
    assert_int_equal(system(command), 0);
    stage_start(s);
    expect_answer(get(s, "e"), "\"gone\":\"lost\"");
    then_file_has(s, "f", "gw-1 ");
    assert_int_equal(files_in_exports(s), 1);
}

static void a_restart_closes_an_export_with_a_reason(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    s->hold_tasks = true;
    open_export(s, "\"id\":\"e\"");
    open_export(s, "\"id\":\"waits\"");
    expect_answer(stage_call(s, 1, "exports.read", "{\"id\":\"e\"}"), "the file is not whole yet");
    s->hold_tasks = false;
    turn_cancel_tasks(s->turn);
    stage_crash(s);
    expect_answer(get(s, "e"), "\"status\":\"engine_restarted\",\"reason\":\"the engine was restarted");
    expect_answer(get(s, "waits"), "\"engine_restarted\"");
    expect_answer(stage_call(s, 1, "exports.read", "{\"id\":\"e\"}"), "export_has_no_file");
    assert_int_equal(files_in_exports(s), 0);
    open_export(s, "\"id\":\"again\"");
    then_file_has(s, "again", "gw-1 ");
}

static void the_oldest_file_makes_room_for_another(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    for (int i = 0; i < EXPORTS_KEPT_MAX; i++) stage_call(s, 1, "exports.open", "{\"id\":\"e-%d\"}", i);
    assert_int_equal(files_in_exports(s), EXPORTS_KEPT_MAX);
    expect_answer(open_export(s, "\"id\":\"one-more\""), "\"running\"");
    assert_int_equal(files_in_exports(s), EXPORTS_KEPT_MAX);
    expect_answer(get(s, "e-0"), "\"gone\":\"made_room\"");
    expect_answer(get(s, "e-1"), "\"keptUntil\"");
    s->hold_tasks = true;
    for (int i = 0; i < EXPORTS_KEPT_MAX; i++) stage_queue(s, 1, "exports.open", "{\"id\":\"w-%d\"}", i);
    expect_answer(open_export(s, "\"id\":\"too-many\""), "\"limit\"");
    s->hold_tasks = false;
    stage_settle(s);
    expect_answer(get(s, "w-15"), "\"complete\"");
    assert_true(stage_rebuild_gives_the_same(s));
}

static void without_room_nothing_is_opened_and_none_is_lost(void **state)
{
    struct stage *s = *state;
    given_devices(s, 1);
    s->hold_tasks = true;
    open_export(s, "\"id\":\"e\"");
    stage_fill_disk(s, true);
    s->hold_tasks = false;
    expect_answer(open_export(s, "\"id\":\"f\""), "no_space");
    expect_answer(get(s, "e"), "\"running\"");
    stage_fill_disk(s, false);
    stage_pass(s, 2 * (int64_t)SECOND);
    then_file_has(s, "e", "gw-1 ");
    expect_answer(get(s, "f"), "no_such_export");
    assert_int_equal(files_in_exports(s), 1);
}

static void an_export_that_cannot_be_written_says_why(void **state)
{
    struct stage *s = *state;
    char command[256];
    given_devices(s, 1);
    snprintf(command, sizeof command, "mkdir '%s/exports/00000000000000000000000000000001.part'", s->directory);
    assert_int_equal(system(command), 0);
    open_export(s, "\"id\":\"e\"");
    expect_answer(get(s, "e"), "\"status\":\"failed\",\"reason\":\"cannot create a file in the spool directory");
    open_export(s, "\"id\":\"f\"");
    then_file_has(s, "f", "gw-1 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(an_export_has_six_columns_in_their_order),
        STORY(an_export_is_of_all_a_group_a_template_or_a_list),
        STORY(the_group_is_the_one_that_was_asked_for),
        STORY(what_changes_meanwhile_is_not_in_the_file),
        STORY(a_large_export_comes_in_pieces),
        STORY(keys_are_those_that_hold_when_it_is_written),
        STORY(bad_calls_open_nothing),
        STORY(readers_see_exports_and_no_keys),
        STORY(who_asked_is_in_the_log_and_no_key_is),
        STORY(a_repeated_request_gives_the_same_export),
        STORY(a_file_is_gone_after_a_day),
        STORY(a_file_outlives_a_restart_but_not_its_day),
        STORY(a_file_that_was_lost_is_known_as_lost),
        STORY(a_restart_closes_an_export_with_a_reason),
        STORY(the_oldest_file_makes_room_for_another),
        STORY(without_room_nothing_is_opened_and_none_is_lost),
        STORY(an_export_that_cannot_be_written_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
