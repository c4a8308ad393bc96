/* The language of device groups. Any text is a filter or is refused with one sentence that names a column of it; what is
 * one keeps the laws of NOT, AND and OR for devices whose values are those of the filter itself, so that comparisons
 * come out both ways. */
#include "tests/fuzz/fuzz.h"

#include "engine/filter/program.h"

#include <stdio.h>

static struct arena arena;

/* Every field and property has the value where it can, else something else. */
struct sample {
    struct filter_value value;
    bool missing;
    struct filter_device device;
};

static bool sample_property(void *context, struct bytes path, struct filter_value *out)
{
    const struct sample *sample = context;
    ASSERT(path.size > 0);
    *out = sample->value;
    return !sample->missing;
}

static void sample_init(struct sample *s, const struct filter_value *value)
{
    *s = (struct sample){.missing = value == NULL, .device = {.property = sample_property, .context = s}};
    if (value) s->value = *value;
    if (value && value->kind == FILTER_STRING) {
        s->device.id = s->device.display_name = s->device.template = value->string;
    }
    if (value && value->kind == FILTER_BOOL) s->device.provisioned = s->device.simulated = value->boolean;
}

/* ---- Laws. */

static struct bytes joined(const char *before, struct bytes a, const char *between, struct bytes b, const char *after)
{
    struct buffer text = {.arena = &arena};
    buffer_append(&text, before, strlen(before));
    buffer_append(&text, a.data, a.size);
    buffer_append(&text, between, strlen(between));
    buffer_append(&text, b.data, b.size);
    buffer_append(&text, after, strlen(after));
    return buffer_bytes(&text);
}

/* Only a limit may keep a condition from being part of another, or that it is none: SELECT, or nothing. */
static const struct filter *part_of_another(struct bytes text)
{
    const struct filter *filter;
    struct filter_error error;
    enum filter_fault fault = filter_parse(&arena, text, &filter, &error);
    ASSERT(fault == FILTER_OK || fault == FILTER_TOO_LONG || fault == FILTER_TOO_DEEP ||
           fault == FILTER_TOO_MANY_VALUES || fault == FILTER_EXPECTED_CONDITION);
    return filter;
}

static void comes_out(const struct filter *filter, const struct sample *sample, bool expected)
{
    if (filter) ASSERT(filter_matches(filter, &sample->device) == expected);
}

struct laws {
    const struct filter *same, *not, *not_not, *both, *one, *with_select;
};

static struct laws laws_of(struct bytes text)
{
    return (struct laws){
        .same = part_of_another(joined("((", text, "))", BYTES_NONE, "")),
        .not = part_of_another(joined("NOT (", text, ")", BYTES_NONE, "")),
        .not_not = part_of_another(joined("not not(", text, "\n)", BYTES_NONE, "")),
        .both = part_of_another(joined("(", text, ") AND NOT (", text, ")")),
        .one = part_of_another(joined("(", text, ")OR NOT(", text, ")")),
        .with_select = part_of_another(joined("select * from Devices where(", text, ")", BYTES_NONE, "")),
    };
}

static void laws_hold(const struct laws *laws, const struct filter *filter, const struct filter_value *value)
{
    struct sample sample;
    sample_init(&sample, value);
    bool matches = filter_matches(filter, &sample.device);
    comes_out(laws->same, &sample, matches);
    comes_out(laws->not, &sample, !matches);
    comes_out(laws->not_not, &sample, matches);
    comes_out(laws->both, &sample, false);
    comes_out(laws->one, &sample, true);
    comes_out(laws->with_select, &sample, matches);
}

static void refused_well(struct bytes text, const struct filter_error *error)
{
    char column[32];
    size_t size = (size_t)snprintf(column, sizeof column, "column %zu: ", error->column);
    ASSERT(error->column >= 1 && error->column <= utf8_length(text) + 1);
    ASSERT(strncmp(error->sentence.text, column, size) == 0 && is_sentence(error->sentence.text));
}

/* The comparisons that stand in a filter are those up to the last one that any other leads to. */
static size_t comparisons_of(const struct filter *filter)
{
    size_t count = filter->first < FILTER_NO_MATCH ? 1u : 0;
    for (size_t i = 0; i < count; i++) {
        const struct comparison *c = &filter->comparisons[i];
        if (c->yes < FILTER_NO_MATCH) count = MAX(count, c->yes + 1u);
        if (c->no < FILTER_NO_MATCH) count = MAX(count, c->no + 1u);
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = {data, size};
    const struct filter *filter;
    struct filter_error error;
    filter_value_of(text);
    enum filter_fault fault = filter_parse(&arena, text, &filter, &error);
    ASSERT((fault == FILTER_OK) == (filter != NULL));
    if (fault) {
        if (fault != FILTER_NOT_UTF8 && fault != FILTER_TOO_LONG) refused_well(text, &error);
        ASSERT(is_sentence(error.sentence.text));
    } else {
        const struct laws laws = laws_of(text);
        size_t count = comparisons_of(filter);
        laws_hold(&laws, filter, NULL);
        /* Some of them: a filter with hundreds of values would take its time. */
        for (size_t i = 0; i < MIN(count, (size_t)16); i++) laws_hold(&laws, filter, filter->comparisons[i].values);
    }
    arena_reset(&arena);
    return 0;
}
