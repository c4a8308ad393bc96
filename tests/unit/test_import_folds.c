/* What the folds make of imports that rename, only look, or are cancelled. Each story ends with a rebuild that must equal
 * what was folded. */
#include "tests/unit/fold_story.h"

#include "projections/devices.h"
#include "projections/imports.h"

static struct event opened(uint32_t number, const char *id)
{
    return (struct event){.type = EVENT_IMPORT_OPENED, .import_opened = {.number = number, .id = bytes_of_text(id)}};
}

static struct event mode(uint32_t import, bool update, bool dry_run)
{
    return (struct event){.type = EVENT_IMPORT_MODE,
                          .import_mode = {.import = import, .update = update, .dry_run = dry_run}};
}

static struct event row_changed(uint32_t import, uint32_t number, const char *name)
{
    return (struct event){
        .type = EVENT_IMPORT_ROW_CHANGED,
        .import_row_changed = {.import = import, .number = number, .display_name = bytes_of_text(name)}};
}

static struct event classified(uint32_t import)
{
    return (struct event){
        .type = EVENT_IMPORT_CLASSIFIED,
        .import_classified = {.import = import, .accepted = 5, .changed = 4, .rejected = 3, .twice = 2}};
}

static struct event cancelled(uint32_t import)
{
    return (struct event){.type = EVENT_IMPORT_CANCELLED,
                          .import_cancelled = {.import = import, .lines = 9, .unchanged = 1}};
}

static void a_changed_row_renames_and_is_counted(void **state)
{
    struct story *s = *state;
    struct import import;
    struct device device;
    given(s, device_registered(1, "gw-1"), opened(1, "i-1"), mode(1, true, false), row_changed(1, 1, "Pump"));
    assert_true(imports_get(live(s), 1, &import));
    assert_true(import.update && !import.dry_run);
    assert_int_equal(import.changed, 1);
    assert_true(devices_get(live(s), 1, &device));
    assert_true(bytes_equal(device.display_name, BYTES("Pump")));
    then_illegal(s, row_changed(1, 2, "Pump"), "there is no device 2");
    then_illegal(s, row_changed(2, 1, "Pump"), "import 2 is not open");
    then_illegal(s, mode(2, true, true), "import 2 is not open");
}

static void a_dry_run_has_the_counts_that_it_is_closed_with(void **state)
{
    struct story *s = *state;
    struct import import;
    given(s, opened(1, "real"), opened(2, "dry"), mode(2, false, true));
    then_illegal(s, classified(1), "import 1 is no dry run");
    then_illegal(s, classified(3), "import 3 is not open");
    given(s, classified(2), cancelled(2));
    assert_true(imports_get(live(s), 2, &import));
    assert_true(import.dry_run && import.outcome == IMPORT_CANCELLED);
    assert_int_equal(import.accepted, 5);
    assert_int_equal(import.changed, 4);
    assert_int_equal(import.rejected, 3);
    assert_int_equal(import.twice, 2);
    assert_int_equal(import.lines, 9);
    assert_int_equal(import.unchanged, 1);
    assert_int_equal(imports_next_open(live(s), 1), 1);
    then_illegal(s, cancelled(2), "import 2 is not open");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_changed_row_renames_and_is_counted),
        STORY(a_dry_run_has_the_counts_that_it_is_closed_with),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
