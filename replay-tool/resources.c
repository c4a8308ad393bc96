#include "replay-tool/resources.h"

#include "engine/wire/resources.h"
#include "projections/devices.h"
#include "projections/exports.h"
#include "projections/groups.h"
#include "projections/imports.h"
#include "projections/jobs.h"
#include "projections/moves.h"
#include "projections/schedules.h"
#include "projections/templates.h"

static const char *const WORDS[][2] = {
#define RESOURCE(NAME, word, plural) [RESOURCE_##NAME] = {word, plural},
#include "replay-tool/resources.def"
#undef RESOURCE
};

const char *resource_word(enum resource_kind kind)
{
    return WORDS[kind][0];
}

const char *resource_plural(enum resource_kind kind)
{
    return WORDS[kind][1];
}

/* ---- Walking. */

/* Numbers without gaps. */
static uint32_t next_below(uint32_t from, uint32_t end)
{
    return from < end ? MAX(from, 1u) : 0;
}

static uint32_t next_template(struct view *v, uint32_t from)
{
    struct template template;
    return templates_next(v, from, &template) ? template.number : 0;
}

static uint32_t next_group(struct view *v, uint32_t from)
{
    struct group group;
    return groups_next(v, from, &group) ? group.number : 0;
}

static uint32_t next_device(struct view *v, uint32_t from)
{
    struct device device;
    return devices_next(v, from, &device) ? device.number : 0;
}

static uint32_t next_schedule(struct view *v, uint32_t from)
{
    const struct schedule *schedule = schedules_next(v, from);
    return schedule ? schedule->number : 0;
}

/* Lists leave out those that were discarded, or ended 30 days ago. */
static uint32_t next_job(struct view *v, uint32_t from)
{
    for (uint32_t number = MAX(from, 1u); number < jobs_next_number(v); number++) {
        const struct job *job = jobs_get(v, number);
        if (job && !job->discarded && !job->expired) return number;
    }
    return 0;
}

uint32_t resource_next(struct view *v, enum resource_kind kind, uint32_t from)
{
    switch (kind) {
    case RESOURCE_TEMPLATE: return next_template(v, from);
    case RESOURCE_GROUP: return next_group(v, from);
    case RESOURCE_DEVICE: return next_device(v, from);
    case RESOURCE_MOVE: return next_below(from, moves_next_number(v));
    case RESOURCE_IMPORT: return next_below(from, imports_next_number(v));
    case RESOURCE_EXPORT: return next_below(from, exports_next_number(v));
    case RESOURCE_SCHEDULE: return next_schedule(v, from);
    case RESOURCE_JOB: return next_job(v, from);
    case RESOURCE_KINDS: break;
    }
    return 0;
}

void resource_put(struct view *v, enum resource_kind kind, uint32_t number, struct buffer *out)
{
    switch (kind) {
    case RESOURCE_TEMPLATE: put_template(v, number, false, out); return;
    case RESOURCE_GROUP: put_group(v, number, false, out); return;
    case RESOURCE_DEVICE: put_device(v, number, out); return;
    case RESOURCE_MOVE: put_move(v, NULL, number, out); return;
    case RESOURCE_IMPORT: put_import(v, NULL, number, false, out); return;
    case RESOURCE_EXPORT: put_export(v, NULL, number, out); return;
    case RESOURCE_SCHEDULE: put_schedule(v, number, out); return;
    case RESOURCE_JOB: put_job(v, NULL, number, out); return;
    case RESOURCE_KINDS: return;
    }
}
