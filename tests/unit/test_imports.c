/* Stories of imports: files of all shapes come in through the engine's own turn, and what became of every row is
 * looked at where clients see it. The stage leaves out the blanks behind commas and colons, in sentences too. */
#include "tests/unit/stage.h"

#include "engine/decide/seen_rows.h"

#define HEADER "IOTC_DEVICEID,IOTC_DEVICENAME\r\n"

/* ---- Givens. */

/* A whole file as one import with the id; `more` is imports.open's other fields, each with a comma before it. Returns
 * the answer of imports.close. */
static const char *import_as(struct stage *s, const char *id, const char *more, struct bytes file)
{
    expect_answer(stage_call(s, 1, "imports.open", "{\"id\":\"%s\"%s}", id, more), "\"status\":\"open\"");
    stage_write_import(s, 1, id, file);
    return stage_call(s, 1, "imports.close", "{\"id\":\"%s\"}", id);
}

static uint64_t head(const struct stage *s)
{
    return log_head(&s->turn->log);
}

static const char *device(struct stage *s, const char *id)
{
    return stage_call(s, 1, "devices.get", "{\"id\":\"%s\"}", id);
}

/* The whole error log as text; to be freed. */
static char *error_log(struct stage *s, const char *id)
{
    const char *hex = strstr(stage_call(s, 1, "imports.errors", "{\"id\":\"%s\"}", id), "\"data\":\"");
    assert_non_null(hex);
    hex += strlen("\"data\":\"");
    size_t size = strspn(hex, "0123456789abcdef") / 2;
    char *text = calloc(1, size + 1);
    for (size_t i = 0; i < size; i++) {
        unsigned byte;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        text[i] = (char)byte;
    }
    return text;
}

static struct bytes text_file(const char *text)
{
    return bytes_of_text(text);
}

/* ---- Rows that are taken. */

static void rows_come_in_every_form(void **state)
{
    struct stage *s = *state;
    static const char FILE[] = "\xEF\xBB\xBF\r\nsite, Iotc_DeviceName ,iotc_deviceid,\r\n"
                               "\"Hall 4,\r\nnorth\",\"Pump \"\"5\"\"\",p-1\r\n"
                               "\r\n  \n"
                               ",,p-2,,,\n"
                               "x,\"'=Pump\",'-3\r\n"
                               ",\xC3\x84hre,p-4";
    import_as(s, "i-1", "", text_file(FILE));
    then_answer_has(s, 1, "\"status\":\"complete\",\"accepted\":4,\"changed\":0,\"unchanged\":0,\"rejected\":0,\"lines\":9,");
    expect_answer(device(s, "p-1"), "\"displayName\":\"Pump \\\"5\\\"\"");
    expect_answer(device(s, "p-2"), "\"displayName\":\"p-2\"");
    expect_answer(device(s, "-3"), "\"displayName\":\"=Pump\"");
    expect_answer(device(s, "p-4"), "\"displayName\":\"\xC3\x84hre\"");
}

static void a_file_without_names_is_read(void **state)
{
    struct stage *s = *state;
    expect_answer(import_as(s, "i-1", "", text_file("IOTC_DEVICEID\na\nb")), "\"accepted\":2,");
    expect_answer(device(s, "b"), "\"displayName\":\"b\"");
}

static void a_file_cut_into_single_bytes_is_the_same_file(void **state)
{
    struct stage *s = *state;
    static const char FILE[] = "\xEF\xBB\xBF" HEADER "a,\"x\r\ny\"\r\nb,\"Pump, 1\"\r\n";
    stage_call(s, 1, "imports.open", "{\"id\":\"i-1\",\"size\":%zu}", sizeof FILE - 1);
    for (size_t i = 0; i < sizeof FILE - 1; i++) stage_write_import(s, 1, "i-1", (struct bytes){FILE + i, 1});
    then_answer_has(s, 1, "\"accepted\":1,\"changed\":0,\"unchanged\":0,\"rejected\":1,\"lines\":4,\"bytes\":57,\"size\":57,");
    expect_answer(device(s, "b"), "\"displayName\":\"Pump,1\"");
}

/* ---- Rows that are refused. */

struct refused {
    const char *row;
    const char *sentence;
};

static const struct refused REFUSED[] = {
    {",Pump", "IOTC_DEVICEID is empty; an id is 1 to 128 of the characters A-Z a-z 0-9 and -"},
    {"gw 1,Pump", "IOTC_DEVICEID has \\\" \\\" as character 3; an id is 1 to 128 of the characters A-Z a-z 0-9 and -"},
    {"gw\xC3\xA4,Pump", "IOTC_DEVICEID has \\\"\xC3\xA4\\\" as character 3; "},
    {"gw\xFF,Pump", "IOTC_DEVICEID has the byte 0xFF as character 3; "},
    {"gw-1,Pu\x01mp", "IOTC_DEVICENAME has the control character U+0001 as character 3; a name is one line of plain text"},
    {"gw-1,\"Pump\nnorth\"", "IOTC_DEVICENAME has the control character U+000A as character 5; "},
    {"gw-1,Pump \xC3", "IOTC_DEVICENAME is not UTF-8 at character 6 (byte 0xC3); save or send it as UTF-8"},
    {"gw-1,Pump,north", "the row has more cells than the header names; a cell with a comma inside must stand in quotes"},
    {"gw-1,\"Pump\"north", "column 2,IOTC_DEVICENAME:text follows a closing quote; a quote inside a quoted cell must be "
                           "written twice"},
};

/* Lines are counted as an editor does: some of these rows have two. */
static void a_refused_row_tells_line_and_column_and_what_would_be_right(void **state)
{
    struct stage *s = *state;
    char file[2048] = HEADER, expected[512];
    int line = 2;
    for (size_t i = 0; i < COUNT_OF(REFUSED); i++) {
        strcat(file, REFUSED[i].row);
        strcat(file, i % 2 ? "\n" : "\r\n");
    }
    import_as(s, "i-1", "", text_file(file));
    then_answer_has(s, 1, "\"accepted\":0,\"changed\":0,\"unchanged\":0,\"rejected\":9,\"lines\":11,");
    stage_call(s, 1, "events.read", "{\"filter\":{\"type\":\"IMPORT_ROW_REJECTED\"}}");
    for (size_t i = 0; i < COUNT_OF(REFUSED); i++) {
        snprintf(expected, sizeof expected, "\"line\":%d,\"reason\":\"%s", line, REFUSED[i].sentence);
        then_answer_has(s, 1, expected);
        line += strchr(REFUSED[i].row, '\n') ? 2 : 1;
    }
}

static void a_name_is_measured_in_characters(void **state)
{
    struct stage *s = *state;
    char file[2048] = HEADER "fits,";
    for (int i = 0; i < 148; i++) strcat(file, "\xF0\x9F\x8C\xA1");
    strcat(file, "\ntoo-long,");
    for (int i = 0; i < 149; i++) strcat(file, "\xC3\xA4");
    strcat(file, "\n0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
                 "0123456789012345678901234567,\n");
    strcat(file, "01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123"
                 "4567890123456789012345678,\n");
    expect_answer(import_as(s, "i-1", "", text_file(file)), "\"accepted\":2,\"changed\":0,\"unchanged\":0,\"rejected\":2,");
    stage_call(s, 1, "events.read", "{\"filter\":{\"type\":\"IMPORT_ROW_REJECTED\"}}");
    then_answer_has(s, 1, "\"line\":3,\"reason\":\"IOTC_DEVICENAME is 149 characters long; a name has at most 148\"");
    then_answer_has(s, 1, "\"line\":5,\"reason\":\"IOTC_DEVICEID is longer than 128 characters; ");
}

/* A row that was refused was not the device's row: the next one may be. */
static void a_device_that_comes_twice_is_told_with_its_first_line(void **state)
{
    struct stage *s = *state;
    stage_call(s, 1, "devices.put", "{\"id\":\"old\"}");
    import_as(s, "i-1", "", text_file("IOTC_DEVICEID,IOTC_DEVICENAME,x\nnew,One,\"a\nb\"\nold,\nnew,One\nold,Other\nbad,\x01\nbad,Good\n"));
    then_answer_has(s, 1, "\"accepted\":2,\"changed\":0,\"unchanged\":1,\"rejected\":3,\"lines\":8,");
    stage_call(s, 1, "events.read", "{\"filter\":{\"type\":\"IMPORT_ROW_REJECTED\"}}");
    then_answer_has(s, 1, "\"line\":5,\"reason\":\"IOTC_DEVICEID \\\"new\\\" stands in line 2 already; keep one of the two rows\"");
    then_answer_has(s, 1, "\"line\":6,\"reason\":\"IOTC_DEVICEID \\\"old\\\" stands in line 4 already; ");
    then_answer_has(s, 1, "\"line\":7,\"reason\":\"IOTC_DEVICENAME has the control character");
    expect_answer(device(s, "bad"), "\"displayName\":\"Good\"");
}

static void a_row_is_refused_whose_device_has_another_template(void **state)
{
    struct stage *s = *state;
    for (const char *id = "abc"; *id; id++) stage_call(s, 1, "templates.put", "{\"id\":\"%c\"}", *id);
    import_as(s, "i-1", ",\"template\":\"a\"", text_file("IOTC_DEVICEID\none\n"));
    import_as(s, "i-2", "", text_file("IOTC_DEVICEID\ntwo\n"));
    expect_answer(import_as(s, "i-3", ",\"template\":\"b\"", text_file("IOTC_DEVICEID\none\ntwo\nthree\n")),
                  "\"accepted\":1,\"changed\":0,\"unchanged\":0,\"rejected\":2,");
    stage_call(s, 1, "events.read", "{\"filter\":{\"type\":\"IMPORT_ROW_REJECTED\"}}");
    then_answer_has(s, 1, "\"reason\":\"IOTC_DEVICEID \\\"one\\\" exists with another template (a); import it without a "
                          "template,or move the device first\"");
    then_answer_has(s, 1, "exists with another template (none); ");
    expect_answer(import_as(s, "i-4", "", text_file("IOTC_DEVICEID\none\ntwo\nthree\n")), "\"unchanged\":3,");
}

/* ---- Files that are refused whole. */

static const struct {
    struct bytes file;
    const char *sentence;
} NO_FILES[] = {
    {{NULL, 0}, "the file is empty; its first line must name the column IOTC_DEVICEID"},
    {{"\r\n\n", 3}, "the file is empty; its first line must name the column IOTC_DEVICEID"},
    {{"name,site\na,b\n", 14}, "line 1 names no column IOTC_DEVICEID; it begins with \\\"name\\\""},
    {{"IOTC_DEVICEID;IOTC_DEVICENAME\na;b\n", 34}, "separate the columns with commas"},
    {{"PK\x03\x04\x14\0\x06\0", 8}, "line 1 holds a NUL byte,so this is no CSV text; save the table as \\\"CSV UTF-8\\\""},
    {{"\xFF\xFEI\0O\0", 6}, "the file is UTF-16; save it as \\\"CSV UTF-8\\\""},
    {{"\xFE\xFF\0I\0O", 6}, "the file is UTF-16; save it as \\\"CSV UTF-8\\\""},
};

static void a_file_that_is_no_csv_of_devices_is_refused_whole(void **state)
{
    struct stage *s = *state;
    for (size_t i = 0; i < COUNT_OF(NO_FILES); i++) {
        char id[8];
        snprintf(id, sizeof id, "i-%zu", i);
        import_as(s, id, "", NO_FILES[i].file);
        then_answer_has(s, 1, "\"status\":\"refused\",\"reason\":");
        then_answer_has(s, 1, NO_FILES[i].sentence);
        then_answer_has(s, 1, "\"accepted\":0,\"changed\":0,\"unchanged\":0,\"rejected\":0,");
    }
    expect_answer(stage_call(s, 1, "imports.write", "{\"id\":\"i-4\",\"data\":\"x\"}"), "import_is_closed");
}

/* ---- The same file again, and renaming. */

static void the_same_file_again_writes_opened_and_closed_alone(void **state)
{
    struct stage *s = *state;
    const struct bytes file = text_file(HEADER "a,One\r\nb,\r\nc,\"Three, or so\"\r\n");
    import_as(s, "i-1", "", file);
    uint64_t before = head(s);
    expect_answer(import_as(s, "i-2", "", file), "\"status\":\"complete\",\"accepted\":0,\"changed\":0,\"unchanged\":3,\"rejected\":0,");
    assert_int_equal(head(s), before + 2);
    stage_call(s, 1, "events.read", "{\"from\":%llu}", (unsigned long long)before + 1);
    then_answer_has(s, 1, "\"type\":\"IMPORT_OPENED\"");
    then_answer_has(s, 1, "\"type\":\"IMPORT_CLOSED\"");
    char *log = error_log(s, "i-2");
    assert_string_equal(log, "");
    free(log);
}

static void a_name_changes_only_with_update(void **state)
{
    struct stage *s = *state;
    import_as(s, "i-1", "", text_file(HEADER "a,One\nb,Two\n"));
    const struct bytes file = text_file(HEADER "a,Uno\nb,\n");
    expect_answer(import_as(s, "i-2", "", file), "\"changed\":0,\"unchanged\":1,\"rejected\":1,");
    stage_call(s, 1, "events.read", "{\"filter\":{\"type\":\"IMPORT_ROW_REJECTED\"}}");
    then_answer_has(s, 1, "\"reason\":\"IOTC_DEVICENAME is \\\"Uno\\\",and the device is called \\\"One\\\"; leave it empty to "
                          "keep that name,or import with update to rename the device\"");
    expect_answer(import_as(s, "i-3", ",\"update\":true", file),
                  "\"update\":true,\"accepted\":0,\"changed\":1,\"unchanged\":1,\"rejected\":0,");
    expect_answer(device(s, "a"), "\"displayName\":\"Uno\"");
    expect_answer(import_as(s, "i-4", ",\"update\":true", file), "\"changed\":0,\"unchanged\":2,");
    stage_call(s, 1, "events.read", "{\"filter\":{\"device\":\"a\"}}");
    then_answer_has(s, 1, "\"type\":\"IMPORT_ROW_CHANGED\",\"actor\":\"uid 1000\",\"import\":\"i-3\",\"line\":2,\"device\":\"a\","
                          "\"displayName\":\"Uno\"");
    assert_true(stage_rebuild_gives_the_same(s));
}

/* ---- Thumbprints and keys. */

#define SHA1 "00112233445566778899aabbccddeeff00112233"
#define OTHER_SHA1 "ff112233445566778899aabbccddeeff00112233"
#define SHA256 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SIX_COLUMNS                                                                                                    \
    "IOTC_DEVICEID,IOTC_DEVICENAME,IOTC_SASKEY_PRIMARY,IOTC_SASKEY_SECONDARY,IOTC_X509THUMBPRINT_PRIMARY,"             \
    "IOTC_X509THUMBPRINT_SECONDARY\r\n"
#define KEYS "c2VjcmV0IG9uZQ==,c2VjcmV0IHR3bw=="

static void an_export_brings_thumbprints_and_its_keys_are_left_aside(void **state)
{
    struct stage *s = *state;
    const struct bytes file = text_file(SIX_COLUMNS "a,One," KEYS "," SHA1 "," SHA256 "\r\nb,," KEYS ",,\r\n");
    expect_answer(import_as(s, "i-1", "", file), "\"accepted\":2,\"changed\":0,\"unchanged\":0,\"rejected\":0,");
    expect_answer(device(s, "a"), "\"primary\":\"" SHA1 "\",\"secondary\":\"" SHA256 "\"");
    assert_null(strstr(device(s, "b"), "primary"));
    uint64_t before = head(s);
    expect_answer(import_as(s, "i-2", "", file), "\"accepted\":0,\"changed\":0,\"unchanged\":2,\"rejected\":0,");
    assert_int_equal(head(s), before + 2);
    assert_true(stage_rebuild_gives_the_same(s));
}

/* Also not where a comma without quotes has moved them to the right. */
static void keys_of_rejected_rows_are_kept_nowhere(void **state)
{
    struct stage *s = *state;
    import_as(s, "i-1", "", text_file(SIX_COLUMNS "a a,One," KEYS ",,\nb,Pump, north," KEYS ",,x\nc,\"One\"x," KEYS ",,\n"));
    char *log = error_log(s, "i-1");
    assert_non_null(strstr(log, "IOTC_DEVICEID,IOTC_DEVICENAME,IOTC_X509THUMBPRINT_PRIMARY,"));
    assert_non_null(strstr(log, "\r\nb,Pump,,,3,"));
    assert_null(strstr(log, "c2VjcmV0"));
    free(log);
}

static void a_thumbprint_changes_only_with_update(void **state)
{
    struct stage *s = *state;
    import_as(s, "i-1", "", text_file("IOTC_DEVICEID,IOTC_X509THUMBPRINT_PRIMARY\na," SHA1 "\nb," SHA1 "x\n"));
    then_answer_has(s, 1, "\"accepted\":1,\"changed\":0,\"unchanged\":0,\"rejected\":1,");
    const struct bytes file = text_file("IOTC_DEVICEID,iotc_x509thumbprint_primary,iotc_x509thumbprint_secondary\n"
                                        "a," OTHER_SHA1 "," SHA256 "\n");
    expect_answer(import_as(s, "i-2", "", file), "\"changed\":0,\"unchanged\":0,\"rejected\":1,");
    stage_call(s, 1, "events.read", "{\"filter\":{\"type\":\"IMPORT_ROW_REJECTED\"}}");
    then_answer_has(s, 1, "\"line\":3,\"reason\":\"IOTC_X509THUMBPRINT_PRIMARY ");
    then_answer_has(s, 1, "\"reason\":\"IOTC_X509THUMBPRINT_PRIMARY is not that of the device; leave it empty to keep the "
                          "device's,or import with update\"");
    expect_answer(import_as(s, "i-3", ",\"update\":true,\"dryRun\":true", file), "\"changed\":1,\"unchanged\":0,\"rejected\":0,");
    expect_answer(import_as(s, "i-4", ",\"update\":true", file), "\"changed\":1,\"unchanged\":0,\"rejected\":0,");
    expect_answer(device(s, "a"), "\"primary\":\"" OTHER_SHA1 "\",\"secondary\":\"" SHA256 "\"");
    import_as(s, "i-5", ",\"update\":true", text_file("IOTC_DEVICEID,IOTC_X509THUMBPRINT_PRIMARY\na," SHA1 "\n"));
    expect_answer(device(s, "a"), "\"primary\":\"" SHA1 "\",\"secondary\":\"" SHA256 "\"");
    assert_true(stage_rebuild_gives_the_same(s));
}

/* ---- Dry runs. */

static void a_dry_run_classifies_every_row_and_changes_nothing(void **state)
{
    struct stage *s = *state;
    import_as(s, "i-1", "", text_file(HEADER "a,One\nb,Two\n"));
    const struct bytes file = text_file(HEADER "a,One\nb,Dos\nc,\nd,\nc,\na,One\ne e,\n");
    uint64_t before = head(s);
    import_as(s, "dry", ",\"update\":true,\"dryRun\":true", file);
    then_answer_has(s, 1, "\"dryRun\":true,\"update\":true,\"accepted\":2,\"changed\":1,\"unchanged\":1,\"rejected\":3,\"twice\":2,\"lines\":8,");
    then_answer_has(s, 1, "\"problems\":[{\"line\":6,\"reason\":\"IOTC_DEVICEID \\\"c\\\" stands in line 4 already; ");
    then_answer_has(s, 1, "{\"line\":7,\"reason\":\"IOTC_DEVICEID \\\"a\\\" stands in line 2 already; ");
    then_answer_has(s, 1, "{\"line\":8,\"reason\":\"IOTC_DEVICEID has ");
    assert_int_equal(head(s), before + 4); /* opened, how, what was seen, closed */
    expect_answer(device(s, "c"), "no_such_device");
    expect_answer(device(s, "b"), "\"displayName\":\"Two\"");
    expect_answer(stage_call(s, 1, "imports.get", "{\"id\":\"dry\"}"), "\"rejected\":3,\"twice\":2,");
    expect_answer(stage_call(s, 1, "imports.errors", "{\"id\":\"dry\"}"), "no_error_log");
    expect_answer(import_as(s, "i-2", ",\"update\":true", file), "\"accepted\":2,\"changed\":1,\"unchanged\":1,\"rejected\":3,");
    assert_true(stage_rebuild_gives_the_same(s));
}

static void a_dry_run_tells_the_first_problems_only(void **state)
{
    struct stage *s = *state;
    stage_call(s, 1, "imports.open", "{\"id\":\"dry\",\"dryRun\":true}");
    stage_write_import(s, 1, "dry", text_file("IOTC_DEVICEID\n"));
    for (int i = 0; i < 150; i++) stage_write_import(s, 1, "dry", text_file("?\n"));
    assert_null(strstr(stage_answers(s, 1), "problems"));
    const char *answer = stage_call(s, 1, "imports.close", "{\"id\":\"dry\"}");
    size_t problems = 0;
    while ((answer = strstr(answer, "\"line\":"))) answer++, problems++;
    assert_int_equal(problems, 100);
    then_answer_has(s, 1, "\"rejected\":150,");
}

static void dry_runs_hold_so_many_new_devices_and_no_more(void **state)
{
    struct stage *s = *state;
    stage_call(s, 1, "imports.open", "{\"id\":\"one\",\"dryRun\":true}");
    stage_call(s, 1, "imports.open", "{\"id\":\"two\",\"dryRun\":true}");
    open_imports_find(&s->turn->imports, 1)->seen.new_count = DRY_RUN_NEW_MAX - 1;
    expect_answer(stage_write_import(s, 1, "two", text_file("IOTC_DEVICEID\na\nb\n")),
                  "[\"limit\",\"dry runs may hold 4000000 new devices at the same time; look at a smaller part of the file\"");
    expect_answer(stage_call(s, 1, "imports.get", "{\"id\":\"two\"}"), "\"status\":\"refused\",\"reason\":\"dry runs may hold");
}

/* ---- Imports that do not come to their end. */

static void given_half_an_import(struct stage *s, uint64_t peer, const char *more)
{
    stage_call(s, peer, "imports.open", "{\"id\":\"half\"%s}", more);
    stage_write_import(s, peer, "half", text_file(HEADER "a,One\nb b,\nb,Two\nc,Th"));
}

/* Whatever ended it, the whole file brings the rest. */
static void then_importing_again_finishes(struct stage *s)
{
    expect_answer(import_as(s, "again", "", text_file(HEADER "a,One\nb b,\nb,Two\nc,Three\nd,Four\n")),
                  "\"status\":\"complete\",\"accepted\":2,\"changed\":0,\"unchanged\":2,\"rejected\":1,");
    expect_answer(device(s, "c"), "\"displayName\":\"Three\"");
    assert_true(stage_rebuild_gives_the_same(s));
}

static void a_cancelled_import_keeps_what_was_taken(void **state)
{
    struct stage *s = *state;
    stage_join(s, 2, false);
    given_half_an_import(s, 1, "");
    stage_call(s, 2, "imports.cancel", "{\"id\":\"half\",\"onBehalfOf\":\"ann\",\"requestId\":\"r-1\"}");
    then_answer_has(s, 2, "\"status\":\"cancelled\",\"accepted\":2,\"changed\":0,\"unchanged\":0,\"rejected\":1,\"lines\":5,");
    expect_answer(stage_write_import(s, 1, "half", text_file("ree\n")), "[\"import_is_closed\",\"this import was cancelled; open a new one,"
                                                                 "rows that exist already count as unchanged\"");
    uint64_t before = head(s);
    expect_answer(stage_call(s, 1, "imports.cancel", "{\"id\":\"half\"}"), "\"status\":\"cancelled\"");
    expect_answer(stage_call(s, 1, "imports.close", "{\"id\":\"half\"}"), "\"status\":\"cancelled\"");
    stage_call(s, 2, "imports.cancel", "{\"id\":\"half\",\"onBehalfOf\":\"ann\",\"requestId\":\"r-1\"}");
    then_answer_has(s, 2, "\"status\":\"cancelled\"");
    assert_int_equal(head(s), before);
    stage_call(s, 1, "events.read", "{\"filter\":{\"type\":\"IMPORT_CANCELLED\"}}");
    then_answer_has(s, 1, "\"actor\":\"uid 1000 for ann\"");
    then_importing_again_finishes(s);
    expect_answer(stage_call(s, 1, "imports.cancel", "{\"id\":\"again\"}"), "[\"import_is_closed\",\"this import is closed; ");
    expect_answer(stage_call(s, 1, "imports.cancel", "{\"id\":\"nothing\"}"), "no_such_import");
}

static void a_cancelled_dry_run_tells_what_it_saw(void **state)
{
    struct stage *s = *state;
    given_half_an_import(s, 1, ",\"dryRun\":true");
    stage_call(s, 1, "imports.cancel", "{\"id\":\"half\"}");
    then_answer_has(s, 1, "\"status\":\"cancelled\",\"dryRun\":true,\"accepted\":2,\"changed\":0,\"unchanged\":0,\"rejected\":1,\"twice\":0,");
    expect_answer(device(s, "a"), "no_such_device");
}

static void a_client_that_is_gone_leaves_a_closed_import(void **state)
{
    struct stage *s = *state;
    stage_join(s, 2, false);
    given_half_an_import(s, 2, "");
    stage_leave(s, 2);
    stage_call(s, 1, "imports.get", "{\"id\":\"half\"}");
    then_answer_has(s, 1, "\"status\":\"client_gone\",\"reason\":\"the client's connection ended before it closed the import; import the "
                          "file again\",\"accepted\":2,\"changed\":0,\"unchanged\":0,\"rejected\":1,\"lines\":5,");
    then_importing_again_finishes(s);
}

static void an_engine_that_is_killed_leaves_a_closed_import(void **state)
{
    struct stage *s = *state;
    given_half_an_import(s, 1, "");
    stage_crash(s);
    stage_call(s, 1, "imports.get", "{\"id\":\"half\"}");
    then_answer_has(s, 1, "\"status\":\"engine_restarted\",\"reason\":\"the engine was restarted; import the file again,rows that "
                          "exist count as unchanged\",\"accepted\":2,");
    then_importing_again_finishes(s);
}

static void a_disk_that_fills_up_leaves_a_closed_import(void **state)
{
    struct stage *s = *state;
    given_half_an_import(s, 1, "");
    stage_fill_disk(s, true);
    expect_answer(stage_write_import(s, 1, "half", text_file("ree\nd,Four\n")), "no_space");
    stage_fill_disk(s, false);
    stage_pass(s, 2 * SECOND);
    expect_answer(stage_call(s, 1, "imports.get", "{\"id\":\"half\"}"), "\"status\":\"cut_off\"");
    then_importing_again_finishes(s);
}

/* ---- The error log. */

static char *replaced(char *text, const char *old, const char *new)
{
    char *at = strstr(text, old), *result;
    assert_non_null(at);
    assert_true(asprintf(&result, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old)) > 0);
    free(text);
    return result;
}

/* What is wrong is corrected, and nothing else is touched: not the two columns behind, not the apostrophes. */
static void an_error_log_is_corrected_and_imported_again(void **state)
{
    struct stage *s = *state;
    import_as(s, "i-1", "", text_file("Site,IOTC_DEVICEID,IOTC_DEVICENAME\n\"Hall 4, north\",gw 1,\xC3\x84hre\n-2,=gw,=SUM(A1)\n,ok,\n"
                                      "\"a\nb\",gw-3,\"x\ny\"\n"));
    char *log = error_log(s, "i-1");
    assert_string_equal(log, "\xEF\xBB\xBFSite,IOTC_DEVICEID,IOTC_DEVICENAME,IMPORT_LINE,IMPORT_ERROR\r\n"
                             "\"Hall 4, north\",gw 1,\xC3\x84hre,2,\"IOTC_DEVICEID has \"\" \"\" as character 3; an id is 1 to "
                             "128 of the characters A-Z a-z 0-9 and -\"\r\n"
                             "'-2,'=gw,'=SUM(A1),3,\"IOTC_DEVICEID has \"\"=\"\" as character 1; an id is 1 to 128 of the "
                             "characters A-Z a-z 0-9 and -\"\r\n"
                             "\"a\nb\",gw-3,\"x\ny\",5,IOTC_DEVICENAME has the control character U+000A as character 2; a name "
                             "is one line of plain text\r\n");
    log = replaced(replaced(replaced(log, "gw 1", "gw-1"), "'=gw", "gw-2"), "x\ny", "x y");
    expect_answer(import_as(s, "i-2", "", text_file(log)), "\"status\":\"complete\",\"accepted\":3,\"changed\":0,\"unchanged\":0,"
                                                           "\"rejected\":0,");
    free(log);
    expect_answer(device(s, "gw-1"), "\"displayName\":\"\xC3\x84hre\"");
    expect_answer(device(s, "gw-2"), "\"displayName\":\"=SUM(A1)\"");
}

static void an_error_log_that_was_not_corrected_gives_the_same_one(void **state)
{
    struct stage *s = *state;
    import_as(s, "i-1", "", text_file("IOTC_DEVICEID,Site\na a,\"-1,5\"\nb b,''x\n"));
    char *first = error_log(s, "i-1");
    import_as(s, "i-2", "", text_file(first));
    char *second = error_log(s, "i-2");
    assert_string_equal(first, second);
    free(first);
    free(second);
}

/* ---- Which rows were seen. */

static void what_was_seen_is_remembered_however_much_it_is(void **state)
{
    struct seen_rows seen = {0};
    char id[16];
    (void)state;
    for (uint32_t i = 1; i <= 200000; i++) {
        struct bytes text = {id, (size_t)snprintf(id, sizeof id, "gw-%u", i)};
        uint32_t number = i * 7919 % 1000003;
        assert_int_equal(seen_new(&seen, text), 0);
        assert_int_equal(seen_device(&seen, number), 0);
        seen_add_new(&seen, text, i);
        seen_add_device(&seen, number, i);
    }
    for (uint32_t i = 1; i <= 200000; i++) {
        struct bytes text = {id, (size_t)snprintf(id, sizeof id, "gw-%u", i)};
        assert_int_equal(seen_new(&seen, text), i);
        assert_int_equal(seen_device(&seen, i * 7919 % 1000003), i);
    }
    assert_int_equal(seen_device(&seen, UINT32_MAX), 0);
    assert_int_equal(seen.capacity, 1 << 19);
    seen_free(&seen);
    assert_int_equal(seen_device(&seen, 1), 0);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, stage_set_up, stage_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(rows_come_in_every_form),
        STORY(a_file_without_names_is_read),
        STORY(a_file_cut_into_single_bytes_is_the_same_file),
        STORY(a_refused_row_tells_line_and_column_and_what_would_be_right),
        STORY(a_name_is_measured_in_characters),
        STORY(a_device_that_comes_twice_is_told_with_its_first_line),
        STORY(a_row_is_refused_whose_device_has_another_template),
        STORY(a_file_that_is_no_csv_of_devices_is_refused_whole),
        STORY(the_same_file_again_writes_opened_and_closed_alone),
        STORY(a_name_changes_only_with_update),
        STORY(an_export_brings_thumbprints_and_its_keys_are_left_aside),
        STORY(keys_of_rejected_rows_are_kept_nowhere),
        STORY(a_thumbprint_changes_only_with_update),
        STORY(a_dry_run_classifies_every_row_and_changes_nothing),
        STORY(a_dry_run_tells_the_first_problems_only),
        STORY(dry_runs_hold_so_many_new_devices_and_no_more),
        STORY(a_cancelled_import_keeps_what_was_taken),
        STORY(a_cancelled_dry_run_tells_what_it_saw),
        STORY(a_client_that_is_gone_leaves_a_closed_import),
        STORY(an_engine_that_is_killed_leaves_a_closed_import),
        STORY(a_disk_that_fills_up_leaves_a_closed_import),
        STORY(an_error_log_is_corrected_and_imported_again),
        STORY(an_error_log_that_was_not_corrected_gives_the_same_one),
        cmocka_unit_test(what_was_seen_is_remembered_however_much_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
