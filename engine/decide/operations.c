/* What goes on over a while in the background, of all kinds, newest first. Numbers of one kind are given in the order in
 * which their operations begin, so that a page is a merge of as many lists as there are kinds. */
#include "engine/decide/decide.h"
#include "engine/decide/limits.h"
#include "projections/exports.h"
#include "projections/imports.h"
#include "projections/moves.h"

static uint32_t newest_import(struct view *v)
{
    return imports_next_number(v) - 1;
}

static int64_t begun_import(struct view *v, uint32_t number)
{
    struct import import;
    ASSERT(imports_get(v, number, &import));
    return import.opened_us;
}

static uint32_t newest_export(struct view *v)
{
    return exports_next_number(v) - 1;
}

static int64_t begun_export(struct view *v, uint32_t number)
{
    struct export export;
    ASSERT(exports_get(v, number, &export));
    return export.opened_us;
}

static uint32_t newest_move(struct view *v)
{
    return moves_next_number(v) - 1;
}

static int64_t begun_move(struct view *v, uint32_t number)
{
    return moves_get(v, number)->opened_us;
}

static const struct {
    uint32_t (*newest)(struct view *v);                  /* 0: there is none */
    int64_t (*begun)(struct view *v, uint32_t number);
} KINDS[OPERATION_KIND_COUNT] = {
#define KIND(NAME, name) [OPERATION_##NAME] = {newest_##name, begun_##name},
    OPERATION_KINDS(KIND)
#undef KIND
};

/* Reads what put_operations_cursor() wrote: a number for each kind, with hyphens between. */
static enum refusal read_cursor(struct bytes cursor, uint32_t next[OPERATION_KIND_COUNT])
{
    const char *at = cursor.data, *end = at + cursor.size;
    for (int kind = 0; kind < OPERATION_KIND_COUNT; kind++) {
        bool last = kind + 1 == OPERATION_KIND_COUNT;
        const char *stop = last ? end : memchr(at, '-', (size_t)(end - at));
        uint64_t number;
        if (!stop || check_cursor((struct bytes){at, (size_t)(stop - at)}, &number)) return REFUSED_BAD_CURSOR;
        if (number > next[kind]) return REFUSED_BAD_CURSOR;
        next[kind] = (uint32_t)number;
        at = last ? stop : stop + 1;
    }
    return ACCEPTED;
}

/* The newest operation up to the numbers in `next`, which is moved on; false when there is none. */
static bool take_newest(struct view *v, uint32_t next[OPERATION_KIND_COUNT], struct operation *newest)
{
    int64_t newest_us = INT64_MIN;
    bool found = false;
    for (int kind = 0; kind < OPERATION_KIND_COUNT; kind++) {
        int64_t begun_us = next[kind] ? KINDS[kind].begun(v, next[kind]) : 0;
        if (!next[kind] || begun_us <= newest_us) continue;
        newest_us = begun_us;
        *newest = (struct operation){(enum operation_kind)kind, next[kind]};
        found = true;
    }
    if (found) next[newest->kind]--;
    return found;
}

enum refusal decide_operations_list(struct decision *d, const struct command *c)
{
    uint32_t rows, unused;
    uint32_t *next = arena_alloc(d->arena, OPERATION_KIND_COUNT * sizeof *next);
    enum refusal refusal = check_page(d, c->operations_list.limit, BYTES_NONE, &rows, &unused);
    bool more = false;
    for (int kind = 0; kind < OPERATION_KIND_COUNT; kind++) next[kind] = KINDS[kind].newest(d->view);
    if (!refusal && c->operations_list.cursor.data) refusal = read_cursor(c->operations_list.cursor, next);
    if (refusal) return refusal;
    struct operation *operations = arena_alloc(d->arena, rows * sizeof *operations);
    size_t count = 0;
    while (count < rows && take_newest(d->view, next, &operations[count])) count++;
    for (int kind = 0; kind < OPERATION_KIND_COUNT; kind++) more |= next[kind] > 0;
    d->answer = (struct answer){.kind = ANSWER_OPERATIONS,
                                .operations = operations,
                                .count = count,
                                .operations_next = more ? next : NULL};
    return ACCEPTED;
}
