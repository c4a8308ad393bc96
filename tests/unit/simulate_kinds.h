/* What the files share that make calls: a kind of call is a row of the table in simulate_calls.c. */
#ifndef MUSTER_SIMULATE_KINDS_H
#define MUSTER_SIMULATE_KINDS_H

#include "tests/unit/simulate_calls.h"

enum shows { SHOWS_NOTHING, SHOWS_RESOURCE, SHOWS_JOB, SHOWS_SCHEDULE, SHOWS_REPORT };

typedef void call_maker(struct client_call *call, struct random *r, const struct model *m);
typedef const char *call_carrier(const struct client_call *call, struct model *m, struct model_report *report);

struct call_kind {
    const char *method;
    unsigned weight;
    bool needed; /* in every mixture */
    enum shows shows;
    bool remembered;
    call_maker *make;
    call_carrier *carry_out;
};

/* Behind the parameters so far. */
void add(struct client_call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));
void make_id(struct client_call *call);
void some_id(char id[MODEL_ID_SIZE], struct random *r, const char *prefix, unsigned count);
/* An active job most often, sometimes a recent one, seldom none. */
void some_job_id(char id[MODEL_ID_SIZE], struct random *r, const struct model *m);

/* ---- simulate_plans.c */

/* Fields of a job: those that are needed, or some that change it. */
void some_fields(struct model_plan *plan, struct random *r, bool all_needed);
void add_fields(struct client_call *call);
/* Whether the call wants another job in the queue. */
bool call_queues_job(const struct client_call *call);

call_maker make_run_job, make_run_saved_job, make_save_job, make_saved_job, make_copy_job, make_rerun_job, make_job;
call_carrier call_run_job, call_run_saved_job, call_save_job, call_discard_job, call_copy_job, call_rerun_job,
    call_stop_job, call_resume_job, call_cancel_job;

/* ---- simulate_timetables.c */

call_maker make_put_schedule, make_schedule;
call_carrier call_put_schedule, call_remove_schedule;

#endif
