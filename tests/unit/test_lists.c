/* What people look at of a job, through the engine's own turn: its devices filtered, sorted and in pages, its failures,
 * its results log, the columns they chose. */
#include "tests/unit/stage.h"

#include <time.h>

enum { DEVICES_MAX = 400 };

/* ---- Givens. */

static void given_devices(struct stage *s, int count)
{
    for (int i = 1; i <= count; i++) stage_queue(s, 1, "devices.put", "{\"id\":\"gw-%d\"}", i);
    stage_call(s, 1, "groups.put", "{\"id\":\"all\"}");
}

/* `more` is the job's other fields, each with a comma before it. */
static const char *given_job(struct stage *s, const char *id, const char *more)
{
    return stage_call(s, 1, "jobs.run",
                      "{\"id\":\"%s\",\"group\":\"all\",\"data\":[{\"type\":\"command\",\"path\":\"reboot\"}]%s}", id,
                      more);
}

static uint64_t take_work(struct stage *s, int max)
{
    const char *answer = stage_call(s, 1, "work.take", "{\"connector\":\"north\",\"max\":%d}", max);
    const char *work = strstr(answer, "\"work\":");
    return work ? strtoull(work + strlen("\"work\":"), NULL, 10) : 0;
}

static const char *report(struct stage *s, uint64_t work, const char *results)
{
    return stage_call(s, 1, "work.report", "{\"work\":%llu,\"results\":%s}", (unsigned long long)work, results);
}

/* gw-1 completed last, gw-2 failed first, gw-3 timed out, gw-4 is out, gw-5 waits, gw-6 was removed. */
static void given_job_in_every_state(struct stage *s)
{
    given_devices(s, 6);
    given_job(s, "job-1", ",\"timeouts\":{\"execution\":10}");
    uint64_t first = take_work(s, 3);
    report(s, first, "[[1,\"failed\",\"valve stuck\",{\"code\":17}]]");
    stage_call(s, 1, "devices.remove", "{\"id\":\"gw-6\"}");
    report(s, first, "[[0,\"completed\",null,\"done, at last\"]]");
    stage_pass(s, 10 * SECOND);
    take_work(s, 1);
}

/* ---- What is asked. */

struct ids {
    char id[DEVICES_MAX + 1][16];
    size_t count;
    char cursor[64]; /* empty at the end */
};

/* Adds the page's rows, each of which begins with its id. */
static void ids_add(struct ids *ids, const char *answer)
{
    static const char ROW[] = "{\"id\":\"", CURSOR[] = "\"cursor\":\"";
    const char *cursor = strstr(answer, CURSOR);
    if (!strstr(answer, "null,{\"value\":[")) fail_msg("no page: %s", answer);
    for (const char *at = answer; (at = strstr(at, ROW)); ids->count++) {
        at += strlen(ROW);
        assert_true(ids->count <= DEVICES_MAX);
        snprintf(ids->id[ids->count], sizeof ids->id[0], "%.*s", (int)strcspn(at, "\""), at);
    }
    cursor = cursor ? cursor + strlen(CURSOR) : "";
    snprintf(ids->cursor, sizeof ids->cursor, "%.*s", (int)strcspn(cursor, "\""), cursor);
}

/* The next page; `query` is fields, each with a comma before it. */
static void ask_page(struct stage *s, const char *query, int limit, struct ids *ids)
{
    char cursor[96] = "";
    if (ids->cursor[0]) snprintf(cursor, sizeof cursor, ",\"cursor\":\"%s\"", ids->cursor);
    ids_add(ids, stage_call(s, 1, "jobs.devices", "{\"id\":\"job-1\",\"limit\":%d%s%s}", limit, query, cursor));
}

/* All pages. */
static void ask(struct stage *s, const char *query, int limit, struct ids *ids)
{
    *ids = (struct ids){.count = 0};
    do ask_page(s, query, limit, ids);
    while (ids->cursor[0]);
}

#define then_ids(s, query, expected) expect_ids(s, query, expected, __LINE__)
static void expect_ids(struct stage *s, const char *query, const char *expected, int line)
{
    for (int limit = 1; limit <= 7; limit += 3) {
        char got[512] = "";
        struct ids ids;
        ask(s, query, limit, &ids);
        for (size_t i = 0; i < ids.count; i++) {
            size_t used = strlen(got);
            snprintf(got + used, sizeof got - used, "%s%s", i ? " " : "", ids.id[i]);
        }
        if (strcmp(got, expected) != 0) fail_msg("line %d, pages of %d: %s, not %s", line, limit, got, expected);
    }
}

/* ---- Filters and orders. */

static void several_filters_hold_at_once(void **state)
{
    struct stage *s = *state;
    given_job_in_every_state(s);
    then_ids(s, "", "gw-1 gw-2 gw-3 gw-4 gw-5 gw-6");
    then_ids(s, ",\"status\":\"pending\"", "gw-4 gw-5");
    then_ids(s, ",\"status\":[\"completed\",\"pending\"]", "gw-1 gw-4 gw-5");
    then_ids(s, ",\"status\":[]", "gw-1 gw-2 gw-3 gw-4 gw-5 gw-6");
    then_ids(s, ",\"reason\":\"timed_out\"", "gw-3");
    then_ids(s, ",\"reason\":[\"failed\",\"device_removed\"]", "gw-2 gw-6");
    then_ids(s, ",\"reason\":[\"failed\",\"timed_out\"],\"deviceIdContains\":\"-3\"", "gw-3");
    then_ids(s, ",\"status\":\"failed\",\"deviceIdPrefix\":\"gw-\",\"deviceIdContains\":\"6\"", "gw-6");
    then_ids(s, ",\"deviceId\":\"gw-6\"", "gw-6");
    then_ids(s, ",\"deviceId\":\"gw-5\",\"status\":\"failed\"", "");
    then_ids(s, ",\"deviceId\":\"gw-5\",\"deviceIdPrefix\":\"ac-\"", "");
    then_ids(s, ",\"deviceIdPrefix\":\"w-\"", "");
}

static void devices_are_sorted_by_id_or_by_their_end(void **state)
{
    struct stage *s = *state;
    given_job_in_every_state(s);
    then_ids(s, ",\"sort\":\"id desc\"", "gw-6 gw-5 gw-4 gw-3 gw-2 gw-1");
    then_ids(s, ",\"sort\":\"finish\"", "gw-2 gw-6 gw-1 gw-3 gw-4 gw-5");
    then_ids(s, ",\"sort\":\"finish desc\"", "gw-3 gw-1 gw-6 gw-2 gw-4 gw-5");
    then_ids(s, ",\"sort\":\"finish desc\",\"status\":\"failed\"", "gw-3 gw-6 gw-2");
    then_ids(s, ",\"sort\":\"id\",\"deviceId\":\"gw-6\"", "gw-6");
    then_ids(s, ",\"sort\":\"id\",\"deviceId\":\"gw-3\"", "gw-3");
}

static void ids_are_sorted_byte_by_byte(void **state)
{
    struct stage *s = *state;
    given_devices(s, 11);
    given_job(s, "job-1", "");
    then_ids(s, ",\"sort\":\"id\"", "gw-1 gw-10 gw-11 gw-2 gw-3 gw-4 gw-5 gw-6 gw-7 gw-8 gw-9");
}

static void what_cannot_be_listed_is_refused_with_a_sentence(void **state)
{
    struct stage *s = *state;
    static const char *const BAD[][2] = {
        {"\"status\":\"done\"", "status must be"},
        {"\"status\":[\"failed\",\"done\"]", "status must be"},
        {"\"status\":[1]", "a text or a list of texts"},
        {"\"reason\":\"lost\"", "reason must be"},
        {"\"sort\":\"name\"", "sort must be"},
        {"\"columns\":[\"id\",\"colour\"]", "no column \\\"colour\\\""},
        {"\"columns\":[\"properties.\"]", "no column"},
        {"\"columns\":[\"error\",\"error\"]", "twice"},
        {"\"cursor\":\"x\"", "\"bad_cursor\""},
        {"\"cursor\":\"finish:1\"", "\"bad_cursor\""},
        {"\"cursor\":\"1\",\"sort\":\"id\"", "\"bad_cursor\""},
        {"\"cursor\":\"id:gw-1\",\"sort\":\"id desc\"", "\"bad_cursor\""},
        {"\"cursor\":\"finish:\",\"sort\":\"finish\"", "\"bad_cursor\""},
        {"\"limit\":0", "limit must be"},
    };
    given_devices(s, 1);
    given_job(s, "job-1", "");
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        expect_answer(stage_call(s, 1, "jobs.devices", "{\"id\":\"job-1\",%s}", BAD[i][0]), BAD[i][1]);
    }
    expect_answer(stage_call(s, 1, "jobs.devices", "{\"id\":\"job-9\"}"), "\"no_such_job\"");
    expect_answer(stage_call(s, 1, "jobs.failures", "{\"id\":\"job-9\"}"), "\"no_such_job\"");
}

/* ---- Columns. */

static void a_row_shows_the_columns_asked_for(void **state)
{
    struct stage *s = *state;
    stage_call(s, 1, "templates.put", "{\"id\":\"pump\"}");
    stage_queue(s, 1, "devices.put", "{\"id\":\"gw-1\",\"template\":\"pump\",\"simulated\":true}");
    given_job_in_every_state(s);
    stage_call(s, 1, "jobs.devices",
               "{\"id\":\"job-1\",\"limit\":2,\"columns\":[\"template\",\"simulated\",\"response\"]}");
    then_answer_has(
        s, 1,
        "{\"value\":[{\"id\":\"gw-1\",\"template\":\"pump\",\"simulated\":true,\"response\":\"done,at last\"},"
        "{\"id\":\"gw-2\",\"simulated\":false,\"response\":{\"code\":17}}]");
    stage_call(s, 1, "jobs.devices", "{\"id\":\"job-1\",\"limit\":1,\"columns\":\"properties.target\"}");
    then_answer_has(s, 1, "[{\"id\":\"gw-1\"}]");
}

static void chosen_columns_are_kept_and_used(void **state)
{
    struct stage *s = *state;
    static const char CHOSEN[] = "{\"user\":\"alice\",\"view\":\"jobs.devices\",\"columns\":[\"error\",\"batch\"]}";
    given_job_in_every_state(s);
    expect_answer(stage_call(s, 1, "columns.get", "{\"user\":\"alice\",\"view\":\"jobs.devices\"}"), "\"columns\":[]");
    expect_answer(stage_call(s, 1, "columns.set", "%s", CHOSEN), CHOSEN);
    expect_answer(stage_call(s, 1, "columns.set", "{\"user\":\"bob\",\"view\":\"jobs.devices\",\"columns\":\"end\"}"),
                  "\"columns\":[\"end\"]");
    stage_restart(s);
    expect_answer(stage_call(s, 1, "columns.get", "{\"user\":\"alice\",\"view\":\"jobs.devices\"}"), CHOSEN);
    stage_call(s, 1, "jobs.devices", "{\"id\":\"job-1\",\"status\":\"failed\",\"limit\":1,\"user\":\"alice\"}");
    then_answer_has(s, 1, "[{\"id\":\"gw-2\",\"error\":\"valve stuck\",\"batch\":1}]");
    stage_call(s, 1, "jobs.devices", "{\"id\":\"job-1\",\"limit\":1,\"user\":\"carol\"}");
    then_answer_has(s, 1, "\"displayName\":\"gw-1\"");
    stage_call(s, 1, "columns.set", "{\"user\":\"alice\",\"view\":\"jobs.devices\",\"columns\":[]}");
    expect_answer(stage_call(s, 1, "columns.get", "{\"user\":\"alice\",\"view\":\"jobs.devices\"}"), "\"columns\":[]");
}

static void columns_that_cannot_be_chosen_are_refused(void **state)
{
    struct stage *s = *state;
    expect_answer(stage_call(s, 1, "columns.set", "{\"user\":\"a\",\"view\":\"pages\",\"columns\":[]}"),
                  "view must be");
    expect_answer(stage_call(s, 1, "columns.set", "{\"user\":\"\",\"view\":\"jobs.devices\",\"columns\":[]}"),
                  "user must be");
    expect_answer(stage_call(s, 1, "columns.set", "{\"user\":\"a\",\"view\":\"jobs.devices\",\"columns\":\"colour\"}"),
                  "no column");
    char many[1024] = "";
    for (int i = 0; i <= 32; i++) sprintf(many + strlen(many), "%s\"properties.%d\"", i ? "," : "", i);
    expect_answer(stage_call(s, 1, "columns.set", "{\"user\":\"a\",\"view\":\"jobs.devices\",\"columns\":[%s]}", many),
                  "32 columns at most");
    stage_join(s, 2, true);
    expect_answer(stage_call(s, 2, "columns.set", "{\"user\":\"a\",\"view\":\"jobs.devices\",\"columns\":[]}"),
                  "\"read_only\"");
}

static void choosing_again_is_no_event_and_a_repeat_is_answered(void **state)
{
    struct stage *s = *state;
    static const char SET[] =
        "{\"user\":\"a\",\"view\":\"jobs.results\",\"columns\":[\"response\"],\"requestId\":\"r-1\"}";
    stage_call(s, 1, "columns.set", "%s", SET);
    stage_call(s, 1, "columns.set", "{\"user\":\"a\",\"view\":\"jobs.results\",\"columns\":[]}");
    expect_answer(stage_call(s, 1, "columns.set", "%s", SET), "\"columns\":[]");
    uint64_t head = log_head(&s->turn->log);
    stage_call(s, 1, "columns.set", "{\"user\":\"a\",\"view\":\"jobs.results\",\"columns\":[]}");
    assert_int_equal(log_head(&s->turn->log), head);
}

/* ---- The results log. */

/* The answer's data, which the stage shows as hexadecimal digits. To be freed. */
static char *results(struct stage *s, const char *more)
{
    const char *answer = stage_call(s, 1, "jobs.results", "{\"id\":\"job-1\"%s}", more);
    const char *data = strstr(answer, "\"data\":\"");
    assert_non_null(data);
    data += strlen("\"data\":\"");
    size_t size = strcspn(data, "\"") / 2;
    char *text = calloc(1, size + 1);
    for (size_t i = 0; i < size; i++) {
        unsigned byte;
        assert_int_equal(sscanf(data + 2 * i, "%2x", &byte), 1);
        text[i] = (char)byte;
    }
    return text;
}

static void the_results_log_has_the_nine_columns_and_those_asked_for(void **state)
{
    struct stage *s = *state;
    given_job_in_every_state(s);
    char *csv = results(s, ",\"columns\":[\"status\",\"response\",\"connector\",\"deleted\"]");
    expect_answer(csv, "device_id,device_name,status,reason,error,batch,attempt,dispatched_at,finished_at,response,"
                       "connector,deleted\r\ngw-1,gw-1,completed,,,1,1,");
    expect_answer(csv, "Z,\"done, at last\",north,false\r\ngw-2,gw-2,failed,failed,valve stuck,1,1,");
    expect_answer(csv, "Z,\"{\"\"code\"\": 17}\",north,false\r\n");
    free(csv);
    stage_call(s, 1, "columns.set", "{\"user\":\"a\",\"view\":\"jobs.results\",\"columns\":[\"template\"]}");
    csv = results(s, ",\"user\":\"a\"");
    expect_answer(csv, "finished_at,template\r\n");
    free(csv);
    csv = results(s, "");
    expect_answer(csv, "dispatched_at,finished_at\r\n");
    free(csv);
}

/* ---- Failures. */

static void failures_are_counted_by_reason_and_error(void **state)
{
    struct stage *s = *state;
    given_devices(s, 7);
    given_job(s, "job-1", "");
    uint64_t work = take_work(s, 10);
    report(s, work,
           "[[0,\"failed\",\"no power\"],[1,\"rejected\",\"no power\"],[2,\"failed\",\"valve stuck\"],"
           "[3,\"failed\",\"no power\"],[4,\"completed\"],[5,\"failed\"]]");
    static const char COUNTED[] = "{\"value\":[{\"reason\":\"failed\",\"error\":\"no power\",\"count\":2},"
                                  "{\"reason\":\"failed\",\"count\":1},"
                                  "{\"reason\":\"failed\",\"error\":\"valve stuck\",\"count\":1},"
                                  "{\"reason\":\"rejected\",\"error\":\"no power\",\"count\":1}]}";
    expect_answer(stage_call(s, 1, "jobs.failures", "{\"id\":\"job-1\"}"), COUNTED);
    stage_restart(s);
    expect_answer(stage_call(s, 1, "jobs.failures", "{\"id\":\"job-1\"}"), COUNTED);
}

/* ---- Random questions against a model, and cursors while results come in. */

struct model {
    struct model_device {
        char id[16];
        int end;            /* its place among the ends, from 1; 0: none */
        const char *status; /* "pending", "completed", "failed" */
        const char *reason; /* "" when not failed */
        bool touched;       /* since the walk began */
    } devices[DEVICES_MAX];
    int count, ends;
};

struct question {
    char query[256];            /* as ask() wants it */
    unsigned statuses, reasons; /* bits of the words below; 0: any */
    char prefix[8], part[8];
    int order; /* 0 the job's, 1 id, 2 id desc, 3 finish, 4 finish desc */
};

static const char *const STATUSES[] = {"pending", "completed", "failed"};
static const char *const REASONS[] = {"failed", "rejected", "device_removed"};
static const char *const SORTS[] = {"", "id", "id desc", "finish", "finish desc"};

static bool word_is_wanted(unsigned bits, const char *const words[], const char *word)
{
    if (bits == 0) return true;
    for (int i = 0; i < 3; i++) {
        if (bits >> i & 1 && strcmp(words[i], word) == 0) return true;
    }
    return false;
}

static bool is_wanted(const struct model_device *d, const struct question *q)
{
    return word_is_wanted(q->statuses, STATUSES, d->status) && word_is_wanted(q->reasons, REASONS, d->reason) &&
           strncmp(d->id, q->prefix, strlen(q->prefix)) == 0 && strstr(d->id, q->part);
}

static void write_words(char *query, const char *key, const char *const words[], unsigned bits)
{
    const char *before = "[";
    if (bits == 0) return;
    sprintf(query + strlen(query), ",\"%s\":", key);
    for (int i = 0; i < 3; i++) {
        if (!(bits >> i & 1)) continue;
        sprintf(query + strlen(query), "%s\"%s\"", before, words[i]);
        before = ",";
    }
    strcat(query, "]");
}

static struct question random_question(void)
{
    static const char *const PARTS[] = {"", "", "", "1", "-2", "gw", "37"};
    struct question q = {.order = rand() % 5};
    if (rand() % 2) q.statuses = (unsigned)rand() % 8;
    if (rand() % 4 == 0) q.reasons = (unsigned)rand() % 8;
    if (rand() % 3 == 0) snprintf(q.prefix, sizeof q.prefix, "gw-%d", rand() % 10);
    strcpy(q.part, PARTS[(size_t)rand() % COUNT_OF(PARTS)]);
    write_words(q.query, "status", STATUSES, q.statuses);
    write_words(q.query, "reason", REASONS, q.reasons);
    if (q.prefix[0]) sprintf(q.query + strlen(q.query), ",\"deviceIdPrefix\":\"%s\"", q.prefix);
    if (q.part[0]) sprintf(q.query + strlen(q.query), ",\"deviceIdContains\":\"%s\"", q.part);
    if (q.order) sprintf(q.query + strlen(q.query), ",\"sort\":\"%s\"", SORTS[q.order]);
    return q;
}

static int asked_order;

static int compare_devices(const void *one, const void *other)
{
    const struct model_device *a = *(struct model_device *const *)one, *b = *(struct model_device *const *)other;
    int place = (a > b) - (a < b);
    if (asked_order == 1) return strcmp(a->id, b->id);
    if (asked_order == 2) return strcmp(b->id, a->id);
    if (asked_order == 0 || (!a->end && !b->end)) return place;
    if (!a->end != !b->end) return a->end ? -1 : 1;
    return asked_order == 3 ? a->end - b->end : b->end - a->end;
}

static size_t model_answer(struct model *m, const struct question *q, struct model_device *expected[])
{
    size_t count = 0;
    for (int i = 0; i < m->count; i++) {
        if (is_wanted(&m->devices[i], q)) expected[count++] = &m->devices[i];
    }
    asked_order = q->order;
    qsort(expected, count, sizeof *expected, compare_devices);
    return count;
}

/* One device that has no end yet gets one, in the engine and in the model. */
static void change_one(struct stage *s, struct model *m)
{
    static const char *const OUTCOMES[] = {"completed", "failed", "rejected", "device_removed"};
    int index = rand() % m->count, outcome = rand() % 4;
    struct model_device *d = &m->devices[index];
    if (d->end) return;
    if (outcome == 3) {
        stage_call(s, 1, "devices.remove", "{\"id\":\"%s\"}", d->id);
    } else {
        stage_call(s, 1, "work.report", "{\"results\":[{\"job\":\"job-1\",\"device\":\"%s\",\"status\":\"%s\"}]}",
                   d->id, OUTCOMES[outcome]);
        then_answer_has(s, 1, "\"recorded\":1");
    }
    d->end = ++m->ends;
    d->status = outcome == 0 ? "completed" : "failed";
    d->reason = outcome == 0 ? "" : OUTCOMES[outcome];
    d->touched = true;
}

static void given_model(struct stage *s, struct model *m)
{
    given_devices(s, m->count);
    given_job(s, "job-1", "");
    for (int i = 0; i < m->count; i++) {
        snprintf(m->devices[i].id, sizeof m->devices[i].id, "gw-%d", i + 1);
        m->devices[i].status = "pending";
        m->devices[i].reason = "";
    }
    take_work(s, m->count);
}

static void announce_seed(void)
{
    const char *given = getenv("MUSTER_SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL) ^ (unsigned)getpid();
    print_message("seed %u (MUSTER_SEED=%u repeats it)\n", seed, seed);
    srand(seed);
}

static void random_questions_are_answered_as_the_model_says(void **state)
{
    struct stage *s = *state;
    static struct model m = {.count = DEVICES_MAX};
    struct model_device *expected[DEVICES_MAX];
    announce_seed();
    given_model(s, &m);
    for (int round = 0; round < 120; round++) {
        struct question q = random_question();
        struct ids got;
        for (int i = 0; i < 4; i++) change_one(s, &m);
        if (round == 60) {
            stage_restart(s);
            take_work(s, DEVICES_MAX);
        }
        size_t count = model_answer(&m, &q, expected);
        ask(s, q.query, 1 + rand() % 200, &got);
        if (got.count != count) fail_msg("%s: %zu rows, not %zu", q.query, got.count, count);
        for (size_t i = 0; i < count; i++) {
            if (strcmp(got.id[i], expected[i]->id) != 0)
                fail_msg("%s: row %zu is %s, not %s", q.query, i, got.id[i], expected[i]->id);
        }
    }
}

static int times_listed(const struct ids *ids, const char *id)
{
    int times = 0;
    for (size_t i = 0; i < ids->count; i++) times += strcmp(ids->id[i], id) == 0;
    return times;
}

static void rows_that_do_not_change_come_once_while_others_do(void **state)
{
    struct stage *s = *state;
    static struct model m = {.count = 150};
    announce_seed();
    given_model(s, &m);
    for (int walk = 0; walk < 25; walk++) {
        struct question q = random_question();
        static struct ids got;
        got = (struct ids){.count = 0};
        for (int i = 0; i < m.count; i++) m.devices[i].touched = false;
        do {
            ask_page(s, q.query, 1 + rand() % 20, &got);
            change_one(s, &m);
        } while (got.cursor[0]);
        for (int i = 0; i < m.count; i++) {
            struct model_device *d = &m.devices[i];
            int times = times_listed(&got, d->id);
            if (!d->touched && times != is_wanted(d, &q)) fail_msg("%s: %s comes %d times", q.query, d->id, times);
        }
    }
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, stage_set_up, stage_tear_down)
    const struct CMUnitTest tests[] = {
        STORY(several_filters_hold_at_once),
        STORY(devices_are_sorted_by_id_or_by_their_end),
        STORY(ids_are_sorted_byte_by_byte),
        STORY(what_cannot_be_listed_is_refused_with_a_sentence),
        STORY(a_row_shows_the_columns_asked_for),
        STORY(chosen_columns_are_kept_and_used),
        STORY(columns_that_cannot_be_chosen_are_refused),
        STORY(choosing_again_is_no_event_and_a_repeat_is_answered),
        STORY(the_results_log_has_the_nine_columns_and_those_asked_for),
        STORY(failures_are_counted_by_reason_and_error),
        STORY(random_questions_are_answered_as_the_model_says),
        STORY(rows_that_do_not_change_come_once_while_others_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
