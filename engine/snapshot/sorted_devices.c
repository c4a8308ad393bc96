/* Pages of devices in another order than that of their numbers. Every device is looked at for each page; candidates are
 * gathered until there are twice as many as a page has, then sorted, and the rest is dropped: memory is that of a
 * page, and an order that is the wrong way round costs no more than any other. */
#include "engine/snapshot/runs.h"

#include <stdlib.h>

struct sorting {
    enum device_order order;
    const struct device_place *from;
    struct device_row *rows; /* texts borrowed from the snapshot */
    uint32_t count, wanted;  /* wanted: a page's rows, and one that begins the next */
    bool cut;                /* rows[wanted - 1] is the last that may be on the page */
};

static struct device_place place_of(enum device_order order, const struct device_row *row)
{
    bool by_id = order == DEVICES_BY_ID || order == DEVICES_BY_ID_DOWN;
    return (struct device_place){.given = true, .number = row->number, .key = by_id ? row->id : row->display_name};
}

static int compare(const void *a, const void *b, void *order)
{
    enum device_order by = *(enum device_order *)order;
    struct device_place one = place_of(by, a), other = place_of(by, b);
    return device_place_compare(by, &one, &other);
}

static void cut(struct sorting *s)
{
    qsort_r(s->rows, s->count, sizeof s->rows[0], compare, &s->order);
    s->cut |= s->count >= s->wanted;
    s->count = MIN(s->count, s->wanted);
}

static void consider(struct sorting *s, const struct device_row *row)
{
    struct device_place place = place_of(s->order, row);
    if (s->from->given && device_place_compare(s->order, &place, s->from) < 0) return;
    if (s->cut && compare(row, &s->rows[s->wanted - 1], &s->order) > 0) return;
    s->rows[s->count++] = *row;
    if (s->count == 2 * s->wanted) cut(s);
}

static void row_copy(struct arena *arena, struct device_row *row)
{
    row->id = arena_copy(arena, row->id);
    row->display_name = arena_copy(arena, row->display_name);
    row->template = arena_copy(arena, row->template);
}

void sorted_devices_run(struct task *task, struct selection *selection)
{
    struct device_page *page = &task->devices;
    struct sorting s = {.order = page->order, .from = &page->after, .wanted = page->limit + 1};
    struct selected found;
    uint32_t from = 1, looks = UINT32_MAX;
    s.rows = arena_alloc(&task->arena, 2 * s.wanted * sizeof s.rows[0]);
    while (selection_next(selection, &from, &looks, &found) == SELECTION_FOUND)
        consider(&s, &(struct device_row){.number = found.device.number,
                                          .id = found.device.id,
                                          .display_name = found.device.display_name,
                                          .template = found.template,
                                          .provisioned = found.device.provisioned,
                                          .simulated = found.device.simulated});
    cut(&s);
    page->rows = s.rows;
    page->count = MIN(s.count, page->limit);
    for (uint32_t i = 0; i < s.count; i++) row_copy(&task->arena, &s.rows[i]);
    if (s.count == s.wanted) page->next_place = place_of(s.order, &s.rows[page->limit]);
}
