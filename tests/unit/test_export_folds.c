/* What the folds make of exports, of the group keys' prints and of thumbprints, and which events they call impossible.
 * Each story ends with a rebuild that must equal what was folded. */
#include "tests/unit/fold_story.h"

#include "projections/exports.h"
#include "projections/keys.h"
#include "projections/thumbprints.h"

#define PRINT_A BYTES("AAAAAAAA")
#define PRINT_B BYTES("BBBBBBBB")
#define PRINT_C BYTES("CCCCCCCC")
#define SHA1    BYTES("twenty bytes of hash")

static struct event device_named(uint32_t number, const char *id)
{
    return (struct event){.type = EVENT_DEVICE_REGISTERED,
                          .device_registered = {.number = number, .id = bytes_of_text(id)}};
}

static struct event export_opened(uint32_t number, const char *id)
{
    return (struct event){.type = EVENT_EXPORT_OPENED, .export_opened = {.number = number, .id = bytes_of_text(id)}};
}

static struct event export_closed(uint32_t export, uint32_t outcome, struct bytes print)
{
    return (struct event){.type = EVENT_EXPORT_CLOSED,
                          .export_closed = {.export = export,
                                            .outcome = outcome,
                                            .rows = 7,
                                            .bytes = 700,
                                            .primary = print,
                                            .secondary = print}};
}

static struct event export_expired(uint32_t export, uint32_t reason)
{
    return (struct event){.type = EVENT_EXPORT_EXPIRED, .export_expired = {.export = export, .reason = reason}};
}

static struct event keys_rotated(uint32_t which, struct bytes primary, struct bytes secondary)
{
    return (struct event){.type = EVENT_KEYS_ROTATED,
                          .keys_rotated = {.which = which, .primary = primary, .secondary = secondary}};
}

static struct event thumbprints_set(uint32_t number, struct bytes primary, struct bytes secondary)
{
    return (struct event){.type = EVENT_DEVICE_THUMBPRINTS_SET,
                          .device_thumbprints_set = {.number = number, .primary = primary, .secondary = secondary}};
}

static void an_export_runs_is_kept_and_goes(void **state)
{
    struct story *s = *state;
    struct export export;
    given(s, export_opened(1, "a"), export_opened(2, "b"));
    assert_int_equal(exports_next_running(live(s), 1), 1);
    assert_int_equal(exports_next_kept(live(s), 1), 0);
    given(s, export_closed(1, EXPORT_COMPLETE, PRINT_A), export_closed(2, EXPORT_FAILED, BYTES_NONE));
    assert_int_equal(exports_next_running(live(s), 1), 0);
    assert_int_equal(exports_next_kept(live(s), 1), 1);
    assert_int_equal(exports_next_kept(live(s), 2), 0);
    given(s, export_expired(1, EXPORT_GONE_OLD));
    assert_int_equal(exports_next_kept(live(s), 1), 0);
    assert_true(exports_get(live(s), exports_find(live(s), BYTES("a")), &export));
    assert_int_equal(export.outcome, EXPORT_COMPLETE);
    assert_int_equal(export.gone, EXPORT_GONE_OLD);
    assert_int_equal(export.rows, 7);
    assert_int_equal(export.closed_us, 3000000);
    assert_int_equal(exports_next_number(live(s)), 3);
}

static void an_export_keeps_its_list_only_while_it_runs(void **state)
{
    struct story *s = *state;
    struct numbers_writer devices = {.buffer.arena = &s->arena};
    struct export export;
    numbers_add(&devices, 1);
    numbers_add(&devices, 3);
    struct event opened = export_opened(1, "a");
    opened.export_opened.devices = numbers_bytes(&devices);
    given(s, device_named(1, "d-1"), device_named(2, "d-2"), device_named(3, "d-3"), opened);
    assert_true(exports_get(live(s), 1, &export));
    assert_true(bytes_equal(export.devices, numbers_bytes(&devices)));
    given(s, export_closed(1, EXPORT_COMPLETE, PRINT_A));
    assert_true(exports_get(live(s), 1, &export));
    assert_int_equal(export.devices.size, 0);
    assert_int_equal(export.listed, 2);
}

static void exports_that_cannot_be(void **state)
{
    struct story *s = *state;
    struct numbers_writer devices = {.buffer.arena = &s->arena};
    given(s, device_named(1, "d-1"), export_opened(1, "a"));
    then_illegal(s, export_opened(3, "b"), "export number 3 is not the next one, 2");
    then_illegal(s, export_opened(2, "a"), "export id a is taken");
    then_illegal(s, export_opened(2, ""), "an export's id has 0 bytes");
    struct event of_group = export_opened(2, "b"), of_template = of_group, of_devices = of_group;
    of_group.export_opened.group = 1;
    then_illegal(s, of_group, "group 1 was never saved");
    of_template.export_opened.template = 1;
    then_illegal(s, of_template, "template 1 was never saved");
    numbers_add(&devices, 1);
    numbers_add(&devices, 1);
    of_devices.export_opened.devices = numbers_bytes(&devices);
    then_illegal(s, of_devices, "lists device 1, which is out of order");
    then_illegal(s, export_closed(2, EXPORT_COMPLETE, PRINT_A), "export 2 does not run");
    then_illegal(s, export_closed(1, 9, BYTES_NONE), "export 1 closes with the unknown outcome 9");
    then_illegal(s, export_closed(1, EXPORT_COMPLETE, BYTES("short")), "the print of a group key has 8 bytes");
    then_illegal(s, export_expired(1, EXPORT_GONE_OLD), "there is no file of export 1");
    given(s, export_closed(1, EXPORT_COMPLETE, PRINT_A));
    then_illegal(s, export_closed(1, EXPORT_COMPLETE, PRINT_A), "export 1 does not run");
    then_illegal(s, export_expired(1, 9), "the file of export 1 is gone for the unknown reason 9");
}

static void prints_are_known_once_keys_are_given_out_or_rotated(void **state)
{
    struct story *s = *state;
    assert_int_equal(keys_get(live(s)).primary.size, 0);
    given(s, export_opened(1, "a"), export_closed(1, EXPORT_FAILED, BYTES_NONE));
    assert_int_equal(keys_get(live(s)).primary.size, 0);
    given(s, export_opened(2, "b"), export_opened(3, "c"), export_closed(2, EXPORT_COMPLETE, PRINT_A));
    assert_true(bytes_equal(keys_get(live(s)).secondary, PRINT_A));
    /* The third was begun with the keys of before. */
    given(s, keys_rotated(KEYS_ROTATED_PRIMARY, PRINT_B, PRINT_A), export_closed(3, EXPORT_COMPLETE, PRINT_A));
    assert_true(bytes_equal(keys_get(live(s)).primary, PRINT_B));
    given(s, keys_rotated(KEYS_ROTATED_SECONDARY, PRINT_B, PRINT_C));
    assert_true(bytes_equal(keys_get(live(s)).secondary, PRINT_C));
    then_illegal(s, keys_rotated(3, PRINT_A, PRINT_B), "3 is none of the group keys");
    then_illegal(s, keys_rotated(KEYS_ROTATED_BOTH, PRINT_A, BYTES_NONE), "the print of a group key has 8 bytes");
}

static void thumbprints_that_cannot_be(void **state)
{
    struct story *s = *state;
    given(s, device_named(1, "d-1"), thumbprints_set(1, SHA1, BYTES_NONE));
    assert_true(bytes_equal(thumbprints_get(live(s), 1).primary, SHA1));
    then_illegal(s, thumbprints_set(2, SHA1, BYTES_NONE), "there is no device 2");
    then_illegal(s, thumbprints_set(1, SHA1, BYTES("short")), "neither a SHA-1 nor a SHA-256");
    given(s, (struct event){.type = EVENT_DEVICE_REMOVED, .device_removed = {.number = 1}});
    assert_int_equal(thumbprints_get(live(s), 1).primary.size, 0);
    then_illegal(s, thumbprints_set(1, SHA1, BYTES_NONE), "device 1 was removed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(an_export_runs_is_kept_and_goes),
        STORY(an_export_keeps_its_list_only_while_it_runs),
        STORY(exports_that_cannot_be),
        STORY(prints_are_known_once_keys_are_given_out_or_rotated),
        STORY(thumbprints_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
