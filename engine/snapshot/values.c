/* The sets with the path are found once; each keeps at hand the page of the device asked for last. */
#include "engine/snapshot/values.h"

#include "projections/device_values.h"
#include "projections/job_entries.h"

enum { JOBS_SEEN_MAX = 64, NO_PAGE = UINT32_MAX };

struct source {
    uint32_t set;
    uint32_t at; /* number of the page that is at hand; NO_PAGE: none yet */
    const struct value_page *page;
    struct source *next;
};

struct values {
    struct view *view;
    struct bytes path;
    struct source *property, *cloud_property;
    /* Many devices, few jobs. */
    struct {
        uint32_t job; /* 0: free */
        struct bytes value;
    } seen[JOBS_SEEN_MAX];
};

static struct bytes value_in(struct view *v, uint32_t job, struct bytes path)
{
    struct job_text text;
    struct job_entry entry;
    uint32_t count;
    if (!jobs_text(v, job, &text)) return BYTES_NONE;
    for (struct cursor c = job_entries_begin(text.data, &count); job_entries_next(&c, &entry);) {
        if (bytes_equal(entry.path, path)) return entry.value;
    }
    return BYTES_NONE;
}

struct values *values_begin(struct view *snapshot, struct arena *arena, struct bytes path)
{
    struct values *values = arena_zero(arena, sizeof *values);
    struct value_set set;
    values->view = snapshot;
    values->path = arena_copy(arena, path);
    for (uint32_t from = 1; device_values_next_set(snapshot, from, &set); from = set.number + 1) {
        if (value_in(snapshot, set.job, path).size == 0) continue;
        struct source **first = set.type == JOB_TYPE_PROPERTY ? &values->property : &values->cloud_property;
        struct source *source = arena_alloc(arena, sizeof *source);
        *source = (struct source){.set = set.number, .at = NO_PAGE, .next = *first};
        *first = source;
    }
    return values;
}

struct bytes values_path(const struct values *values)
{
    return values->path;
}

static struct value_mark latest_mark(struct view *v, struct source *first, uint32_t device)
{
    struct value_mark latest = {0};
    for (struct source *source = first; source; source = source->next) {
        uint32_t page = value_page_of(device);
        if (source->at != page) source->page = device_values_page(v, source->set, page);
        source->at = page;
        if (!source->page) continue;
        struct value_mark mark = value_page_mark(source->page, device);
        if (mark.result > latest.result) latest = mark;
    }
    return latest;
}

static struct bytes value_of(struct values *values, uint32_t job)
{
    uint32_t place = job % JOBS_SEEN_MAX;
    if (values->seen[place].job != job) {
        values->seen[place].value = value_in(values->view, job, values->path);
        values->seen[place].job = job;
    }
    return values->seen[place].value;
}

struct bytes values_of(struct values *values, enum job_type type, uint32_t device)
{
    struct source *first = type == JOB_TYPE_PROPERTY ? values->property : values->cloud_property;
    struct value_mark mark = latest_mark(values->view, first, device);
    return mark.job ? value_of(values, mark.job) : BYTES_NONE;
}

struct bytes values_get(struct values *values, uint32_t device)
{
    struct bytes property = values_of(values, JOB_TYPE_PROPERTY, device);
    return property.size > 0 ? property : values_of(values, JOB_TYPE_CLOUD_PROPERTY, device);
}
