/* Calls about schedules. */
#include "tests/unit/simulate_kinds.h"

enum { SCHEDULES = 3, DAY_S = 86400 };

/* To the second; often near the times at which the clocks of Paris are changed. */
static int64_t some_start(struct random *r, const struct model *m)
{
    int64_t day_s = m->wall_us / 1000000 / DAY_S * DAY_S, days = between(r, 0, 6);
    int64_t second = chance(r, 40) ? between(r, 1, 4) * 1800 : between(r, 0, DAY_S - 1);
    return (day_s + (days - 3) * DAY_S + second) * 1000000;
}

static void some_times(struct model_times *times, struct random *r, const struct model *m)
{
    times->start_us = some_start(r, m);
    times->zone = (enum model_zone)below(r, ZONES);
    times->recurrence = chance(r, 60) ? DAILY : (enum model_recurrence)below(r, RECURRENCES);
    times->skips_missed = chance(r, 40);
    times->skips_overlap = chance(r, 40);
    if (times->recurrence == ONCE || chance(r, 60)) return;
    if (chance(r, 50)) times->end_occurrences = between(r, 1, 20);
    else times->end_us = some_start(r, m) + between(r, 0, 20) * (int64_t)DAY_S * 1000000;
}

static void add_times(struct client_call *call)
{
    char text[40];
    const struct model_times *times = &call->times;
    add(call, ",\"schedule\":{\"start\":\"%s\"", model_time_text(times->start_us, text));
    add(call, ",\"timeZone\":\"%s\",\"recurrence\":\"%s\"", model_zone_name(times->zone),
        model_recurrence_word(times->recurrence));
    if (times->end_us) add(call, ",\"end\":{\"type\":\"date\",\"value\":\"%s\"}", model_time_text(times->end_us, text));
    if (times->end_occurrences) add(call, ",\"end\":{\"type\":\"occurrences\",\"value\":%u}", times->end_occurrences);
    add(call, ",\"missed\":\"%s\",\"overlap\":\"%s\"}", times->skips_missed ? "skip" : "run_once",
        times->skips_overlap ? "skip" : "queue");
}

/* Of one that is there, often only that it is disabled or enabled. */
void make_put_schedule(struct client_call *call, struct random *r, const struct model *m)
{
    make_schedule(call, r, m);
    int index = model_schedule(m, call->id);
    bool is_new = index < 0;
    call->enabled = chance(r, is_new ? 10 : 50) ? chance(r, 70) : -1;
    if (is_new || chance(r, 30)) some_fields(&call->plan, r, is_new);
    add_fields(call);
    call->times_given = is_new || chance(r, 40);
    if (call->times_given) some_times(&call->times, r, m);
    if (call->times_given && !is_new && chance(r, 20)) call->times = m->schedules[index].times;
    if (call->times_given) add_times(call);
    if (call->enabled >= 0) add(call, ",\"enabled\":%s", call->enabled ? "true" : "false");
}

const char *call_put_schedule(const struct client_call *call, struct model *m, struct model_report *report)
{
    (void)report;
    return model_put_schedule(m, call->id, &call->plan, call->times_given ? &call->times : NULL, call->enabled);
}

void make_schedule(struct client_call *call, struct random *r, const struct model *m)
{
    (void)m;
    some_id(call->id, r, "s", SCHEDULES);
    make_id(call);
}

const char *call_remove_schedule(const struct client_call *call, struct model *m, struct model_report *report)
{
    (void)report;
    return model_remove_schedule(m, call->id);
}
