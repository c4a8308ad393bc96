/* The refusal to remove what is in use. */
#include "engine/decide/uses.h"

#include <stdio.h>

#include "projections/jobs.h"
#include "projections/schedules.h"

enum { NAMED_MAX = 2, COUNTED_MAX = 1000 };

static void name_use(struct sentence *why, struct view *v, const struct use *use, bool first)
{
    struct job_text job;
    struct schedule_text schedule;
    size_t used = strlen(why->text);
    char *end = why->text + used;
    size_t room = sizeof why->text - used;
    const char *before = first ? "" : ", ";
    if (use->job && jobs_text(v, use->job, &job))
        snprintf(end, room, "%sthe job \"%.*s\" (%s)", before, BYTES_ARG(job.id),
                 job_status_word(jobs_get(v, use->job)->status));
    else if (use->schedule && schedules_text(v, use->schedule, &schedule))
        snprintf(end, room, "%sthe schedule \"%.*s\"", before, BYTES_ARG(schedule.id));
}

enum refusal check_unused(struct decision *d, enum used_kind kind, uint32_t number)
{
    struct use use;
    uint64_t from = 0;
    uint32_t count = 0;
    sentence_set(&d->why, "it is used by ");
    for (; count < COUNTED_MAX && uses_next(d->view, kind, number, &from, &use); count++) {
        if (count < NAMED_MAX) name_use(&d->why, d->view, &use, count == 0);
    }
    d->looked += count;
    if (count == 0) {
        d->why.text[0] = '\0';
        return ACCEPTED;
    }
    size_t used = strlen(d->why.text);
    char *end = d->why.text + used;
    size_t room = sizeof d->why.text - used;
    const char *advice = "; force: true removes it all the same";
    if (count > NAMED_MAX)
        snprintf(end, room, " and %u%s more%s", count - NAMED_MAX, count == COUNTED_MAX ? " or" : "", advice);
    else
        snprintf(end, room, "%s", advice);
    return kind == USED_GROUP ? REFUSED_GROUP_IN_USE : REFUSED_TEMPLATE_IN_USE;
}
