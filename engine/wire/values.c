/* A device's property values as clients see them: {path: value}, each as the job that set it last gave it. */
#include "engine/wire/resources.h"

#include "projections/device_values.h"
#include "projections/job_entries.h"

#include <stdlib.h>

/* What one answer shows at most; a device has never more unless somebody sets out for it. */
enum { SETS_LOOKED_AT_MAX = 1000, VALUES_BYTES_MAX = 1 << 20 };

struct shown {
    struct bytes path, value;
    uint64_t result;
};

/* What jobs of one type have set on the device, a path once for each set it is in. */
struct shown_values {
    struct arena *arena;
    struct shown *values;
    size_t count, capacity;
};

static void shown_add(struct shown_values *s, struct bytes path, struct bytes value, uint64_t result)
{
    if (s->count == s->capacity) {
        size_t capacity = s->capacity ? s->capacity * 2 : 16;
        struct shown *values = arena_alloc(s->arena, capacity * sizeof *values);
        if (s->count) memcpy(values, s->values, s->count * sizeof *values);
        s->values = values;
        s->capacity = capacity;
    }
    s->values[s->count++] = (struct shown){path, value, result};
}

static void collect_set(struct view *v, const struct value_set *set, uint32_t device, struct shown_values *s)
{
    struct job_text text;
    struct job_entry entry;
    uint32_t count;
    const struct value_page *page = device_values_page(v, set->number, value_page_of(device));
    struct value_mark mark = page ? value_page_mark(page, device) : (struct value_mark){0};
    if (!mark.job || !jobs_text(v, mark.job, &text)) return;
    for (struct cursor c = job_entries_begin(text.data, &count); job_entries_next(&c, &entry);)
        shown_add(s, entry.path, entry.value, mark.result);
}

/* False when there are more sets than are looked at. */
static bool collect(struct view *v, uint32_t device, enum job_type type, struct shown_values *s)
{
    struct value_set set;
    uint32_t looked = 0;
    for (uint32_t from = 1; device_values_next_set(v, from, &set); from = set.number + 1) {
        if (looked++ == SETS_LOOKED_AT_MAX) return false;
        if (set.type == type) collect_set(v, &set, device, s);
    }
    return true;
}

static int by_bytes(struct bytes a, struct bytes b)
{
    int order = memcmp(a.data, b.data, MIN(a.size, b.size));
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

/* By path, the latest first. */
static int by_path(const void *left, const void *right)
{
    const struct shown *a = left, *b = right;
    int order = by_bytes(a->path, b->path);
    return order ? order : (a->result < b->result) - (a->result > b->result);
}

/* False when not all of them were put. */
static bool put_values(struct view *v, struct open_map *device_map, const char *key, uint32_t device,
                       enum job_type type)
{
    struct buffer *out = device_map->out;
    struct shown_values s = {.arena = out->arena};
    bool all = collect(v, device, type, &s);
    if (s.count == 0) return all;
    qsort(s.values, s.count, sizeof *s.values, by_path);
    put_key(device_map, key);
    struct open_map m = put_map(out);
    size_t start = out->size;
    size_t i = 0;
    for (; i < s.count && out->size - start < VALUES_BYTES_MAX && m.count < UINT16_MAX; i++) {
        if (i > 0 && bytes_equal(s.values[i].path, s.values[i - 1].path)) continue;
        pack_text(&m.packer, s.values[i].path);
        pack_raw(&m.packer, s.values[i].value);
        m.count++;
    }
    put_end(&m);
    return all && i == s.count;
}

void put_device_values(struct view *v, struct open_map *m, uint32_t device)
{
    bool all = put_values(v, m, "properties", device, JOB_TYPE_PROPERTY);
    all &= put_values(v, m, "cloudProperties", device, JOB_TYPE_CLOUD_PROPERTY);
    if (!all) put_flag(m, "valuesCut", true);
}
