/* What each fold makes of its events, and which ones it calls impossible. The device lists have a file of their own. */
#include "tests/unit/fold_story.h"

#include "projections/actors.h"
#include "projections/devices.h"
#include "projections/groups.h"
#include "projections/imports.h"
#include "projections/requests.h"
#include "projections/templates.h"

static void assert_text(struct bytes found, const char *expected)
{
    if (bytes_equal(found, bytes_of_text(expected))) return;
    fail_msg("\"%.*s\" is not \"%s\"", BYTES_ARG(found), expected);
}

/* ---- Actors. */

static struct event actor_seen(uint32_t number, uint32_t uid, const char *name)
{
    return (struct event){.type = EVENT_ACTOR_SEEN,
                          .actor_seen = {.number = number, .uid = uid, .on_behalf_of = bytes_of_text(name)}};
}

static void an_actor_is_a_user_and_a_name(void **state)
{
    struct story *s = *state;
    struct actor actor;
    given(s, actor_seen(1, 1000, ""), actor_seen(2, 1000, "anna"), actor_seen(3, 0, "anna"));
    assert_int_equal(actors_find(live(s), 1000, BYTES_NONE), 1);
    assert_int_equal(actors_find(live(s), 1000, BYTES("anna")), 2);
    assert_int_equal(actors_find(live(s), 0, BYTES("anna")), 3);
    assert_int_equal(actors_find(live(s), 1, BYTES("anna")), 0);
    assert_int_equal(actors_next_number(live(s)), 4);
    assert_true(actors_get(live(s), 2, &actor));
    assert_int_equal(actor.uid, 1000);
    assert_text(actor.on_behalf_of, "anna");
    assert_true(actors_get(live(s), 0, &actor));
    assert_int_equal(actor.uid, 0);
    assert_false(actors_get(live(s), 4, &actor));
    then_illegal(s, actor_seen(5, 1, ""), "actor number 5 is not the next one, 4");
    then_illegal(s, actor_seen(4, 1000, "anna"), "was seen before");
    struct event stranger = {.type = EVENT_CLOCK_STEPPED, .actor = 4};
    then_illegal(s, stranger, "actor 4 was never seen");
}

/* ---- Requests. */

static struct event request_seen(const char *id, const char *method)
{
    return (struct event){.type = EVENT_REQUEST_SEEN,
                          .request_seen = {.request_id = bytes_of_text(id),
                                           .method = bytes_of_text(method),
                                           .body_hash = BYTES("a hash of thirty-two bytes......")}};
}

static struct event import_opened(uint32_t number, const char *id)
{
    return (struct event){.type = EVENT_IMPORT_OPENED, .import_opened = {.number = number, .id = bytes_of_text(id)}};
}

static void old_requests_are_forgotten_unless_they_made_a_job(void **state)
{
    struct story *s = *state;
    struct request request;
    const int64_t day_us = INT64_C(86400) * 1000000;
    given(s, request_seen("old", "devices.put"), request_seen("made", "jobs.run"));
    struct event job = job_created(1, "job-1");
    job.cause = 2;
    given(s, job);
    struct event later = request_seen("new", "devices.put");
    later.time_us = 31 * day_us;
    given(s, later);
    assert_false(requests_find(live(s), BYTES("old"), &request));
    assert_true(requests_find(live(s), BYTES("made"), &request));
    assert_true(request_is_remembered(&request, 1000 * day_us));
    assert_true(requests_find(live(s), BYTES("new"), &request));
    assert_true(request_is_remembered(&request, 61 * day_us));
    assert_false(request_is_remembered(&request, 62 * day_us));
}

static void a_request_names_what_it_made(void **state)
{
    struct story *s = *state;
    struct request request;
    given(s, request_seen("r-1", "jobs.run"));
    assert_true(requests_find(live(s), BYTES("r-1"), &request));
    assert_int_equal(request.seq, 1);
    assert_int_equal(request.made, 0);
    assert_text(request.method, "jobs.run");
    assert_text(request.body_hash, "a hash of thirty-two bytes......");
    commit(s);
    struct event first = job_created(1, "a"), second = job_created(2, "b"), import = import_opened(1, "i");
    first.cause = second.cause = 1;
    given(s, first, second, request_seen("r-2", "imports.open"));
    import.cause = s->count;
    given(s, import);
    assert_true(requests_find(live(s), BYTES("r-1"), &request));
    assert_int_equal(request.made, 1);
    assert_true(requests_find(live(s), BYTES("r-2"), &request));
    assert_int_equal(request.made, 1);
    assert_false(requests_find(live(s), BYTES("r-3"), &request));
    first.job_created = job_created(3, "c").job_created;
    first.cause = 2;
    then_illegal(s, first, "event 2, named as the cause, is no request");
    struct event bad = request_seen("r-4", "jobs.run");
    bad.request_seen.body_hash = BYTES("short");
    then_illegal(s, bad, "hash has 5 bytes");
    then_illegal(s, request_seen("", "jobs.run"), "id has 0 bytes");
}

static void a_request_id_that_comes_again_is_another_request(void **state)
{
    struct story *s = *state;
    struct request request;
    given(s, request_seen("r", "jobs.run"), request_seen("r", "jobs.save"));
    struct event late = job_created(1, "a");
    late.cause = 1;
    given(s, late);
    assert_true(requests_find(live(s), BYTES("r"), &request));
    assert_int_equal(request.seq, 2);
    assert_int_equal(request.made, 0);
}

/* ---- Templates and groups. */

static struct event template_saved(uint32_t number, const char *id, const char *name)
{
    return (struct event){.type = EVENT_TEMPLATE_SAVED,
                          .template_saved = {.number = number,
                                             .id = bytes_of_text(id),
                                             .display_name = bytes_of_text(name),
                                             .capabilities = BYTES("\x90")}};
}

static struct event template_removed(uint32_t number)
{
    return (struct event){.type = EVENT_TEMPLATE_REMOVED, .template_removed = {.number = number}};
}

static void a_template_is_saved_replaced_and_removed(void **state)
{
    struct story *s = *state;
    struct template template;
    given(s, template_saved(1, "thermo", "Thermo"), template_saved(2, "hygro", "Hygro"),
          template_saved(1, "thermo", "Thermostat"));
    assert_int_equal(templates_find(live(s), BYTES("thermo")), 1);
    assert_true(templates_get(live(s), 1, &template));
    assert_text(template.display_name, "Thermostat");
    assert_text(template.capabilities, "\x90");
    given(s, template_removed(1));
    assert_int_equal(templates_find(live(s), BYTES("thermo")), 0);
    assert_true(templates_get(live(s), 1, &template));
    assert_true(template.removed);
    assert_text(template.id, "thermo");
    assert_true(templates_next(live(s), 1, &template));
    assert_int_equal(template.number, 2);
    assert_false(templates_next(live(s), 3, &template));
    given(s, template_saved(3, "thermo", "Again"));
    assert_int_equal(templates_find(live(s), BYTES("thermo")), 3);
    assert_int_equal(templates_next_number(live(s)), 4);
}

static void templates_that_cannot_be_are_named(void **state)
{
    struct story *s = *state;
    given(s, template_saved(1, "a", ""), template_saved(2, "b", ""), template_removed(2));
    then_illegal(s, template_saved(4, "c", ""), "template number 4 is not the next one, 3");
    then_illegal(s, template_saved(3, "a", ""), "template id a is taken");
    then_illegal(s, template_saved(3, "", ""), "a template's id has 0 bytes");
    then_illegal(s, template_saved(1, "c", ""), "template 1 is called a, not c");
    then_illegal(s, template_saved(2, "b", ""), "template 2 was removed");
    then_illegal(s, template_removed(2), "template 2 was removed before");
    then_illegal(s, template_removed(3), "there is no template 3");
}

static void a_group_is_a_name_for_a_filter(void **state)
{
    struct story *s = *state;
    struct group group;
    struct event saved = {.type = EVENT_GROUP_SAVED,
                          .group_saved = {.number = 1,
                                          .id = BYTES("g"),
                                          .display_name = BYTES("G"),
                                          .description = BYTES("all of them"),
                                          .filter = BYTES("$simulated = true")}};
    given(s, saved);
    saved.group_saved.filter = BYTES("");
    given(s, saved);
    assert_int_equal(groups_find(live(s), BYTES("g")), 1);
    assert_true(groups_next(live(s), 0, &group));
    assert_text(group.description, "all of them");
    assert_text(group.filter, "");
    given(s, (struct event){.type = EVENT_GROUP_REMOVED, .group_removed = {.number = 1}});
    assert_int_equal(groups_find(live(s), BYTES("g")), 0);
    assert_true(groups_get(live(s), 1, &group));
    assert_true(group.removed);
    assert_false(groups_next(live(s), 1, &group));
    assert_int_equal(groups_next_number(live(s)), 2);
}

/* ---- Devices. */

static struct event device_removed(uint32_t number)
{
    return (struct event){.type = EVENT_DEVICE_REMOVED, .device_removed = {.number = number}};
}

static void a_device_is_registered_renamed_moved_and_marked(void **state)
{
    struct story *s = *state;
    struct device device;
    given(s, template_saved(1, "t", ""), device_registered(1, "gw-1"));
    assert_true(devices_get(live(s), 1, &device));
    assert_text(device.display_name, "gw-1");
    assert_int_equal(device.template, 0);
    given(
        s,
        (struct event){.type = EVENT_DEVICE_RENAMED, .device_renamed = {.number = 1, .display_name = BYTES("Gateway")}},
        (struct event){.type = EVENT_DEVICE_MOVED, .device_moved = {.number = 1, .template = 1}},
        (struct event){.type = EVENT_DEVICE_MARKED, .device_marked = {.number = 1, .simulated = true}});
    assert_true(devices_get(live(s), 1, &device));
    assert_text(device.id, "gw-1");
    assert_text(device.display_name, "Gateway");
    assert_int_equal(device.template, 1);
    assert_true(device.simulated);
    assert_false(device.provisioned);
    assert_int_equal(devices_find(live(s), BYTES("gw-1")), 1);
    assert_int_equal(devices_find(live(s), BYTES("GW-1")), 0);
}

static void a_removed_device_stays_under_its_number(void **state)
{
    struct story *s = *state;
    struct device device;
    given(s, device_registered(1, "a"), device_registered(2, "b"), device_registered(3, "c"), device_removed(2));
    assert_int_equal(devices_count(live(s)), 2);
    assert_int_equal(devices_find(live(s), BYTES("b")), 0);
    assert_true(devices_get(live(s), 2, &device));
    assert_true(device.removed);
    assert_text(device.id, "b");
    assert_true(devices_next(live(s), 1, &device));
    assert_int_equal(device.number, 1);
    assert_true(devices_next(live(s), 2, &device));
    assert_int_equal(device.number, 3);
    assert_false(devices_next(live(s), 4, &device));
    given(s, device_registered(4, "b"));
    assert_int_equal(devices_find(live(s), BYTES("b")), 4);
    assert_int_equal(devices_count(live(s)), 3);
}

static void devices_that_cannot_be_are_named(void **state)
{
    struct story *s = *state;
    given(s, device_registered(1, "a"), device_registered(2, "b"), device_removed(2));
    then_illegal(s, device_registered(2, "c"), "device number 2 is not the next one, 3");
    then_illegal(s, device_registered(3, "a"), "device id a is taken");
    then_illegal(s, device_registered(3, ""), "a device's id has 0 bytes");
    struct event strange = device_registered(3, "c");
    strange.device_registered.template = 1;
    then_illegal(s, strange, "template 1 was never saved");
    then_illegal(s, device_removed(2), "device 2 was removed");
    then_illegal(s, device_removed(3), "there is no device 3");
    then_illegal(s, (struct event){.type = EVENT_DEVICE_RENAMED, .device_renamed = {.number = 2}}, "was removed");
    then_illegal(s, (struct event){.type = EVENT_DEVICE_MOVED, .device_moved = {.number = 1, .template = 7}},
                 "template 7 was never saved");
    then_illegal(s, (struct event){.type = EVENT_DEVICE_MARKED, .device_marked = {.number = 9}}, "no device 9");
}

/* Reads between writes: the cursor that steps must not be left where the tree was before. */
static void devices_are_walked_while_others_come_and_go(void **state)
{
    struct story *s = *state;
    struct device device;
    given_devices(s, 1, 300);
    uint32_t expected = 1;
    for (uint32_t from = 1; devices_next(live(s), from, &device); from = device.number + 1) {
        assert_int_equal(device.number, expected);
        expected += 2;
        if (device.number < 300) given(s, device_removed(device.number + 1));
        if (device.number == 151) commit(s);
    }
    assert_int_equal(expected, 301);
    assert_int_equal(devices_count(live(s)), 150);
}

/* ---- Imports. */

static struct event row_accepted(uint32_t import, uint32_t number, const char *id)
{
    return (struct event){.type = EVENT_IMPORT_ROW_ACCEPTED,
                          .import_row_accepted = {.import = import, .number = number, .id = bytes_of_text(id)}};
}

static struct event row_rejected(uint32_t import)
{
    return (struct event){.type = EVENT_IMPORT_ROW_REJECTED, .import_row_rejected = {.import = import}};
}

static struct event import_closed(uint32_t import, enum import_outcome outcome, const char *reason)
{
    return (struct event){
        .type = EVENT_IMPORT_CLOSED,
        .import_closed = {
            .import = import, .outcome = outcome, .reason = bytes_of_text(reason), .lines = 7, .unchanged = 2}};
}

static void an_import_counts_its_rows(void **state)
{
    struct story *s = *state;
    struct import import;
    given(s, import_opened(1, "i-1"),
          (struct event){.type = EVENT_IMPORT_HEADER_READ, .import_header_read = {.import = 1}},
          row_accepted(1, 1, "a"), row_rejected(1));
    uint64_t rejected = s->count;
    commit(s);
    given(s, row_accepted(1, 2, "b"), row_rejected(1));
    assert_true(imports_get(live(s), 1, &import));
    assert_int_equal(import.outcome, IMPORT_OPEN);
    assert_int_equal(import.accepted, 2);
    assert_int_equal(import.rejected, 2);
    assert_int_equal(import.header_seq, 2);
    assert_int_equal(devices_find(live(s), BYTES("b")), 2);
    assert_int_equal(imports_rejected_row(live(s), 1, 0), rejected);
    assert_int_equal(imports_rejected_row(live(s), 1, 1), s->count);
    assert_int_equal(imports_rejected_row(live(s), 1, 2), 0);
    given(s, import_closed(1, IMPORT_CUT_OFF, "the file ends in a quoted field"));
    assert_true(imports_get(live(s), imports_find(live(s), BYTES("i-1")), &import));
    assert_int_equal(import.outcome, IMPORT_CUT_OFF);
    assert_text(import.reason, "the file ends in a quoted field");
    assert_text(import.id, "i-1");
    assert_int_equal(import.lines, 7);
    assert_int_equal(import.unchanged, 2);
    assert_int_equal(import.accepted, 2);
    assert_int_equal(imports_next_number(live(s)), 2);
}

static void open_imports_are_found_after_a_restart(void **state)
{
    struct story *s = *state;
    struct import import;
    given(s, import_opened(1, "a"), import_opened(2, "b"), import_opened(3, "c"), row_rejected(3),
          import_closed(1, IMPORT_COMPLETE, ""));
    commit(s);
    stop(s, false);
    start(s);
    assert_int_equal(imports_next_open(live(s), 0), 2);
    assert_int_equal(imports_next_open(live(s), 3), 3);
    assert_int_equal(imports_next_open(live(s), 4), 0);
    given(s, row_rejected(3));
    assert_true(imports_get(live(s), 3, &import));
    assert_int_equal(import.rejected, 2);
}

static void imports_that_cannot_be_are_named(void **state)
{
    struct story *s = *state;
    given(s, import_opened(1, "a"), import_opened(2, "b"), import_closed(2, IMPORT_COMPLETE, ""),
          (struct event){.type = EVENT_IMPORT_HEADER_READ, .import_header_read = {.import = 1}});
    then_illegal(s, import_opened(4, "c"), "import number 4 is not the next one, 3");
    then_illegal(s, import_opened(3, "b"), "import id b is taken");
    then_illegal(s, import_opened(3, ""), "an import's id has 0 bytes");
    then_illegal(s, row_accepted(2, 1, "d"), "import 2 is not open");
    then_illegal(s, row_rejected(3), "import 3 is not open");
    then_illegal(s, import_closed(2, IMPORT_COMPLETE, ""), "import 2 is not open");
    then_illegal(s, import_closed(1, IMPORT_OPEN, ""), "unknown outcome 0");
    then_illegal(s, (struct event){.type = EVENT_IMPORT_HEADER_READ, .import_header_read = {.import = 1}},
                 "has a header already");
}

/* ---- Jobs. */

static enum job_status status_of(struct story *s, uint32_t job)
{
    return jobs_get(live(s), job)->status;
}

static void a_job_keeps_what_it_was_made_with(void **state)
{
    struct story *s = *state;
    struct job_text text;
    struct event created = job_created(1, "j-1");
    created.job_created.display_name = BYTES("Update all");
    created.job_created.data = BYTES("\x91\x01");
    created.job_created.body_hash = BYTES("hash");
    created.job_created.batch_measure = MEASURE_PERCENTAGE;
    created.job_created.batch_value = 10;
    created.job_created.threshold_measure = MEASURE_NUMBER;
    created.job_created.threshold_per_batch = true;
    created.job_created.retries_max = 3;
    given(s, created);
    const struct job *job = jobs_get(live(s), jobs_find(live(s), BYTES("j-1")));
    assert_int_equal(job->status, JOB_IS_SAVED);
    assert_int_equal(job->batch_value, 10);
    assert_true(job->threshold_per_batch);
    assert_int_equal(job->retries_max, 3);
    assert_int_equal(job->created_seq, 1);
    assert_true(jobs_text(live(s), 1, &text));
    assert_text(text.display_name, "Update all");
    assert_text(text.data, "\x91\x01");
    assert_text(text.body_hash, "hash");
    assert_int_equal(jobs_active_count(live(s)), 0);
    assert_null(jobs_get(live(s), 2));
}

static void a_job_goes_its_way_from_saved_to_complete(void **state)
{
    struct story *s = *state;
    given_devices(s, 1, 2);
    given(s, job_created(1, "j"), job_queued(1));
    assert_int_equal(status_of(s, 1), JOB_IS_PENDING);
    assert_int_equal(jobs_get(live(s), 1)->queued_seq, s->count);
    given(s, job_targets_begun(1), job_targets(1, these(s, 1, 2)), job_targets_fixed(1, 2, 2));
    assert_int_equal(status_of(s, 1), JOB_IS_RUNNING);
    assert_true(jobs_get(live(s), 1)->targets_fixed);
    assert_true(jobs_get(live(s), 1)->started_us > 0);
    given(s, batch_dispatched(1, 0, 1, these(s, 1, 2), BYTES_NONE));
    uint64_t dispatch = s->count;
    given(s, device_result(1, 1, dispatch, OUTCOME_COMPLETED, true));
    then_illegal(s, job_completed(1), "devices without an end");
    given(s, device_result(1, 2, dispatch, OUTCOME_FAILED, true), batch_ended(1, 0, 1, 1), job_completed(1));
    assert_int_equal(status_of(s, 1), JOB_IS_COMPLETE);
    assert_true(jobs_get(live(s), 1)->ended_us > jobs_get(live(s), 1)->started_us);
    assert_int_equal(jobs_active_count(live(s)), 0);
    assert_int_equal(jobs_count(live(s), JOB_IS_COMPLETE), 1);
    assert_int_equal(jobs_count(live(s), JOB_IS_RUNNING), 0);
}

static void a_stopped_job_waits_and_goes_on(void **state)
{
    struct story *s = *state;
    given_devices(s, 1, 2);
    given_running(s, 1, "j", 1, 2, 2);
    given(s, job_stopped(1));
    assert_int_equal(status_of(s, 1), JOB_IS_STOPPED);
    assert_int_equal(jobs_active_count(live(s)), 1);
    given(s, job_resumed(1));
    assert_int_equal(status_of(s, 1), JOB_IS_PENDING);
    assert_int_equal(jobs_get(live(s), 1)->queued_seq, s->count);
    given(s, job_continued(1));
    assert_int_equal(status_of(s, 1), JOB_IS_RUNNING);
}

static void a_cancelled_job_is_active_until_nothing_is_out(void **state)
{
    struct story *s = *state;
    given_devices(s, 1, 3);
    given_running(s, 1, "j", 1, 3, 3);
    given(s, batch_dispatched(1, 0, 1, these(s, 1, 2), BYTES_NONE));
    uint64_t dispatch = s->count;
    given(s, job_cancelled(1, CANCELLED_BY_USER));
    assert_int_equal(jobs_get(live(s), 1)->reason, CANCELLED_BY_USER);
    assert_int_equal(jobs_active_count(live(s)), 1);
    commit(s);
    stop(s, false);
    start(s);
    assert_int_equal(jobs_active_count(live(s)), 1);
    assert_int_equal(jobs_active_at(live(s), 0)->status, JOB_IS_CANCELLED);
    given(s, device_result(1, 1, dispatch, OUTCOME_COMPLETED, true));
    assert_int_equal(jobs_active_count(live(s)), 1);
    given(s, devices_returned(1, dispatch, these(s, 2)));
    assert_int_equal(jobs_active_count(live(s)), 0);
    assert_int_equal(status_of(s, 1), JOB_IS_CANCELLED);
}

static void a_job_that_cannot_be_run_fails_with_a_reason(void **state)
{
    struct story *s = *state;
    given(s, job_created(1, "j"), job_queued(1), job_targets_begun(1), job_failed(1, FAILED_NO_DEVICES));
    assert_int_equal(status_of(s, 1), JOB_IS_FAILED);
    assert_int_equal(jobs_get(live(s), 1)->reason, FAILED_NO_DEVICES);
    assert_int_equal(jobs_active_count(live(s)), 0);
    then_illegal(s, job_targets(1, BYTES_NONE), "is over and gets targets");
    then_illegal(s, job_targets_fixed(1, 0, 1), "is over and gets targets");
}

static void jobs_are_listed_newest_first(void **state)
{
    struct story *s = *state;
    given(s, job_created(1, "a"), job_created(2, "b"), job_created(3, "c"), job_queued(3), job_queued(1));
    assert_int_equal(jobs_previous(live(s), UINT32_MAX)->number, 3);
    assert_int_equal(jobs_previous(live(s), 2)->number, 2);
    assert_int_equal(jobs_previous(live(s), 1)->number, 1);
    assert_null(jobs_previous(live(s), 0));
    assert_int_equal(jobs_active_count(live(s)), 2);
    assert_int_equal(jobs_active_at(live(s), 0)->number, 1);
    assert_int_equal(jobs_active_at(live(s), 1)->number, 3);
    assert_int_equal(jobs_count(live(s), JOB_IS_PENDING), 2);
    assert_int_equal(jobs_next_number(live(s)), 4);
}

static void jobs_that_cannot_be_are_named(void **state)
{
    struct story *s = *state;
    given(s, job_created(1, "a"));
    then_illegal(s, job_created(3, "c"), "job 3 has not the next number");
    then_illegal(s, job_created(2, "a"), "job 2 has an id that is taken");
    then_illegal(s, job_created(2, ""), "an id that is empty");
    struct event strange = job_created(2, "b");
    strange.job_created.type = 4;
    then_illegal(s, strange, "unknown type");
    strange = job_created(2, "b");
    strange.job_created.batch_measure = 3;
    then_illegal(s, strange, "unknown measure for its batches");
    strange = job_created(2, "b");
    strange.job_created.threshold_measure = 3;
    then_illegal(s, strange, "unknown measure for its threshold");
    strange = job_created(2, "b");
    strange.job_created.group = 1;
    then_illegal(s, strange, "a group that was never saved");
    strange = job_created(2, "b");
    strange.job_created.target = 1;
    then_illegal(s, strange, "a target that was never saved");
    then_illegal(s, job_cancelled(1, 3), "unknown reason 3");
    then_illegal(s, job_failed(1, 6), "unknown reason 6");
    then_illegal(s, job_queued(2), "there is no job 2");
    then_illegal(s, job_stopped(2), "there is no job 2");
    then_illegal(s, job_continued(1), "was not begun");
    then_illegal(s, job_targets_begun(1), "job 1 is saved and cannot be running");
}

/* Every move that the table of states does not have is refused, whatever event asks for it. */
static void a_job_makes_no_move_that_the_table_forbids(void **state)
{
    struct story *s = *state;
    given(s, job_created(1, "saved"), job_created(2, "pending"), job_created(3, "running"), job_created(4, "stopped"),
          job_created(5, "complete"), job_created(6, "failed"), job_created(7, "cancelled"), job_queued(2),
          job_queued(3), job_targets_begun(3), job_queued(4), job_stopped(4), job_queued(5), job_targets_begun(5),
          job_targets_fixed(5, 0, 1), job_completed(5), job_queued(6), job_failed(6, FAILED_BAD_FILTER), job_queued(7),
          job_cancelled(7, CANCELLED_BY_USER));
    for (uint32_t job = 1; job <= 7; job++) {
        enum job_status from = status_of(s, job);
        assert_int_equal(from, job - 1);
        const struct {
            enum job_status to;
            struct event event;
        } MOVES[] = {{JOB_IS_STOPPED, job_stopped(job)},
                     {JOB_IS_FAILED, job_failed(job, FAILED_NO_DEVICES)},
                     {JOB_IS_CANCELLED, job_cancelled(job, CANCELLED_BY_USER)}};
        for (size_t i = 0; i < COUNT_OF(MOVES); i++) {
            if (!job_may_move(from, MOVES[i].to)) then_illegal(s, MOVES[i].event, "cannot be");
        }
        if (from != JOB_IS_SAVED) then_illegal(s, job_queued(job), ", not saved");
        if (from != JOB_IS_STOPPED) then_illegal(s, job_resumed(job), ", not stopped");
    }
}

static void states_have_words(void **state)
{
    enum job_status status;
    (void)state;
    assert_string_equal(job_status_word(JOB_IS_CANCELLED), "cancelled");
    assert_true(job_status_named(BYTES("stopped"), &status));
    assert_int_equal(status, JOB_IS_STOPPED);
    assert_false(job_status_named(BYTES("Stopped"), &status));
    assert_string_equal(outcome_word(OUTCOME_TIMED_OUT), "timed_out");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(an_actor_is_a_user_and_a_name),
        STORY(a_request_names_what_it_made),
        STORY(old_requests_are_forgotten_unless_they_made_a_job),
        STORY(a_request_id_that_comes_again_is_another_request),
        STORY(a_template_is_saved_replaced_and_removed),
        STORY(templates_that_cannot_be_are_named),
        STORY(a_group_is_a_name_for_a_filter),
        STORY(a_device_is_registered_renamed_moved_and_marked),
        STORY(a_removed_device_stays_under_its_number),
        STORY(devices_that_cannot_be_are_named),
        STORY(devices_are_walked_while_others_come_and_go),
        STORY(an_import_counts_its_rows),
        STORY(open_imports_are_found_after_a_restart),
        STORY(imports_that_cannot_be_are_named),
        STORY(a_job_keeps_what_it_was_made_with),
        STORY(a_job_goes_its_way_from_saved_to_complete),
        STORY(a_stopped_job_waits_and_goes_on),
        STORY(a_cancelled_job_is_active_until_nothing_is_out),
        STORY(a_job_that_cannot_be_run_fails_with_a_reason),
        STORY(jobs_are_listed_newest_first),
        STORY(jobs_that_cannot_be_are_named),
        STORY(a_job_makes_no_move_that_the_table_forbids),
        cmocka_unit_test(states_have_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
