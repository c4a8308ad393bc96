/* The rules of docs/protocol.md for devices, groups, jobs and work, once more: in plain arrays, looked through from
 * the first to the last, without events, numbers or deadlines in order. It was written from the page and not from
 * the engine, so that the two agree only where both are right.
 *
 * Commands answer NULL or the code of their refusal. What the engine does by itself happens in model_rest(), once after
 * all commands of a turn. Which device a connector gets is the engine's choice: the model is told and says whether it
 * may be. Everything here may be read by whoever drives it; only the functions change it. */
#ifndef MUSTER_MODEL_H
#define MUSTER_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    MODEL_ID_SIZE = 40,
    MODEL_NAME_SIZE = 160,
    MODEL_WORKS_KEPT = 128,
    MODEL_TAKES_MAX = 64,
    MODEL_WORKS_A_TAKE_MAX = 16,
    MODEL_WISHES_MAX = 3
};

struct model_template {
    char id[MODEL_ID_SIZE];
    bool removed;
};

enum model_filter { FILTER_ALL, FILTER_TEMPLATE_1, FILTER_PROVISIONED, FILTER_ID_A, FILTER_VALUE_1, FILTERS };

struct model_group {
    char id[MODEL_ID_SIZE];
    enum model_filter filter;
    bool removed;
};

struct model_device {
    char id[MODEL_ID_SIZE];
    int template; /* index, -1: none */
    bool provisioned;
    bool removed;
    int property, cloud_property; /* the value that a job set last under the one path there is, -1: none */
};

enum model_type { PROPERTY, CLOUD_PROPERTY, COMMAND, TYPES };

enum model_measure { NO_MEASURE, NUMBER, PERCENTAGE };

/* The fields of a job that a client gave: a set. */
enum model_fields {
    GIVES_NAME = 1,
    GIVES_GROUP = 2,
    GIVES_DATA = 4,
    GIVES_BATCH = 8,
    GIVES_THRESHOLD = 16,
    GIVES_TIMEOUTS = 32,
    GIVES_RETRIES = 64,
    GIVES_ALL = 127
};

/* What a job is to do: as a client asks for it, and as the model keeps it. */
struct model_plan {
    unsigned given;             /* enum model_fields */
    char name[MODEL_NAME_SIZE]; /* empty: as the id */
    char group[MODEL_ID_SIZE];
    char target[MODEL_ID_SIZE];    /* empty: any template */
    int group_index, target_index; /* once it is kept; -1: any template */
    enum model_type type;
    unsigned value;
    enum model_measure batch, threshold;
    unsigned batch_value, threshold_value;
    bool threshold_per_batch;
    unsigned timeout;       /* seconds; 0 in what is asked for: the default */
    unsigned queue_timeout; /* seconds, 0: none */
    unsigned retries;
    bool retry_failed, retry_timed_out; /* neither: both */
};

/* Whom a plan would have touched, and what that was called. */
struct model_preview {
    char hash[96];
    struct model_plan plan;
    unsigned count;
    char *devices; /* their ids, MODEL_ID_SIZE bytes each */
};

enum model_status { SAVED, PENDING, RUNNING, STOPPED, COMPLETE, FAILED, CANCELLED, STATUSES };

enum model_which { RERUN_FAILED = 1, RERUN_UNREACHED = 2, RERUN_BOTH = 3 }; /* a set */

enum model_row_state { ROW_WAITS, ROW_OUT, ROW_COMPLETED, ROW_FAILED };

/* A moment that is the engine's to choose, within bounds. */
struct model_span {
    int64_t from_us, to_us;
};

/* A device in a job. */
struct model_row {
    int device;
    enum model_row_state state;
    const char *reason; /* of a failed one's end */
    const char *error;  /* of its last event, if that was a result */
    unsigned attempt;
    unsigned failures;             /* that were tried again */
    char connector[MODEL_ID_SIZE]; /* who had it last */
    uint64_t work, peer;           /* while it is out */
    int64_t deadline_us;
    int64_t start_us, end_us;                   /* of the last attempt, of its end; 0: not yet */
    struct model_span rests_until, waits_since; /* while it waits */
    enum model_row_state merged;                /* of a lineage's first job: its newest end in any job of the lineage */
    bool reran;                                 /* which came in another job than the first */
};

struct model_job {
    char id[MODEL_ID_SIZE];
    char *body; /* tells a repeat from a conflict */
    struct model_plan plan;
    bool discarded;
    int quoted;   /* the preview that must still hold, -1: none */
    int parent;   /* whose rerun it is, -1: nobody's */
    int schedule; /* whose run it is, -1: none's */
    enum model_which which;
    enum model_status status;
    const char *reason;
    uint64_t place; /* in the queue */
    bool reading;   /* its group was read; a worker has the list */
    bool fixed;
    struct model_row *rows;
    unsigned count, excluded;
    unsigned found;                       /* devices, when the plan did not hold */
    unsigned batch_size, batch;           /* the current one, from 0; the number of batches at the end */
    int64_t created_us, start_us, end_us; /* 0: not yet */
    struct model_span runs_since;         /* its current batch, without a break */
    bool expired;
};

/* Devices that were handed out together; their handle means them for ever. */
struct model_work {
    uint64_t handle;
    int job;
    unsigned attempt;
    unsigned count;
    unsigned *rows;
};

struct model_take {
    uint64_t peer, msgid;
    bool types[TYPES];
    unsigned template_count;         /* 0: any */
    int templates[MODEL_WISHES_MAX]; /* -1: none */
    char connector[MODEL_ID_SIZE];
    unsigned max;
    int64_t deadline_us;
};

enum model_zone { ZONE_UTC, ZONE_PARIS, ZONE_KOLKATA, ZONES };
enum model_recurrence { ONCE, DAILY, WEEKLY, RECURRENCES };

/* When a schedule is due. */
struct model_times {
    int64_t start_us;
    enum model_zone zone;
    enum model_recurrence recurrence;
    int64_t end_us;           /* 0: none */
    unsigned end_occurrences; /* 0: none */
    bool skips_missed, skips_overlap;
};

/* What became of one occurrence, or of several that were missed together. */
struct model_run {
    unsigned first, last;
    int64_t due_us; /* of the first */
    int job;        /* -1: missed */
    const char *reason;
};

struct model_schedule {
    char id[MODEL_ID_SIZE];
    struct model_plan plan;
    struct model_times times;
    bool enabled, removed;
    unsigned next;   /* index of the time at which it is due, from 0 at the start */
    int64_t next_us; /* 0: never */
    unsigned occurrences;
    int64_t last_due_us, ended_us;
    const char *ended_reason;
    struct model_run *runs;
    unsigned run_count;
};

struct model {
    int64_t now_us;     /* monotonic; moved by whoever drives it */
    int64_t wall_us;    /* likewise; may step back */
    int64_t time_us;    /* what is written down now has this time; likewise */
    int64_t started_us; /* by the clock on the wall; likewise */
    unsigned jobs_at_once;
    struct model_template *templates;
    struct model_group *groups;
    struct model_device *devices;
    struct model_job *jobs;
    struct model_schedule *schedules;
    struct model_preview *previews;
    unsigned template_count, group_count, device_count, job_count, schedule_count, preview_count;
    struct model_work works[MODEL_WORKS_KEPT]; /* the last ones; work_count counts all */
    unsigned work_count;
    struct model_take takes[MODEL_TAKES_MAX]; /* in order of arrival */
    unsigned take_count;
    uint64_t places;
    bool changed, made_job; /* whether the last command had something to change, and whether it made a job */
};

void model_init(struct model *m);
void model_free(struct model *m);

/* ---- Looking. Indexes; -1 when there is none. */

int model_template(const struct model *m, const char *id);
int model_group(const struct model *m, const char *id);
int model_device(const struct model *m, const char *id);
int model_job(const struct model *m, const char *id);
int model_schedule(const struct model *m, const char *id);
/* The row of this device in the job. */
int model_row(const struct model_job *job, int device);
bool model_is_over(const struct model_job *job);
/* Pending, running or stopped. */
bool model_is_active(const struct model_job *job);
unsigned model_active(const struct model *m);
unsigned model_batches(const struct model_job *job);
/* Whether the row's device is in the current batch of a running job and waits to be handed out. */
bool model_row_waits(const struct model_job *job, unsigned row);
/* Such a row that may end as `device_removed`, since its device was removed before the job ran, when the engine comes
 * to it; or as `expired`, since nobody took it for long. NULL: neither. */
const char *model_row_may_end(const struct model *m, const struct model_job *job, unsigned row);
/* It has waited so long that it must have expired by now. */
bool model_row_is_overdue(const struct model *m, const struct model_job *job, unsigned row);
/* Whether the take names the job's type and the device's template. */
bool model_take_names(const struct model *m, const struct model_take *take, const struct model_job *job, unsigned row);
/* Whether the take must get the row's device when nobody else does, or see that it is gone. */
bool model_take_wants(const struct model *m, const struct model_take *take, const struct model_job *job, unsigned row);
/* The soonest deadline of a device that is out, of a waiting take or of a schedule; INT64_MAX when there is none. */
int64_t model_deadline(const struct model *m);
/* When the first job that is over will expire, by the time of what is written down; now when there is none. */
int64_t model_expiry(const struct model *m);
const char *model_status_word(enum model_status status);
const char *model_which_word(enum model_which which);
const char *model_zone_name(enum model_zone zone);
const char *model_recurrence_word(enum model_recurrence recurrence);
/* The time as the engine's JSON has it. */
const char *model_time_text(int64_t us, char text[40]);
const char *model_filter_text(enum model_filter filter);
const char *model_type_word(enum model_type type);

/* The job that is to be called as the engine called it: a run whose usual id was taken; -1: none. */
int model_nameless_job(const struct model *m);
/* Whether the engine may call it so. */
bool model_may_be_called(const struct model *m, const struct model_job *job, const char *id);

/* Members of an answer as the engine's JSON has them: what a job is to do, where it stands, how far it came; a row;
 * where a schedule stands, and what became of its occurrences, newest first. */
void model_print_plan(const struct model_plan *plan, FILE *out);
void model_print_status(const struct model_job *job, FILE *out);
void model_print_progress(const struct model *m, const struct model_job *job, FILE *out);
void model_print_schedule(const struct model_schedule *s, FILE *out);
void model_print_run(const struct model *m, const struct model_schedule *s, unsigned run, FILE *out);
void model_print_row(const struct model *m, const struct model_job *job, unsigned row, FILE *out);

/* ---- Commands. */

const char *model_put_template(struct model *m, const char *id);
const char *model_remove_template(struct model *m, const char *id);
const char *model_put_group(struct model *m, const char *id, enum model_filter filter);
const char *model_remove_group(struct model *m, const char *id);
/* `template` NULL and `provisioned` -1 leave things as they are. */
const char *model_put_device(struct model *m, const char *id, const char *template, int provisioned);
const char *model_remove_device(struct model *m, const char *id);
/* `quoted` is a preview that must hold, -1: none. */
const char *model_run_job(struct model *m, const char *id, const char *body, const struct model_plan *plan, int quoted);
const char *model_run_saved_job(struct model *m, const char *id, int quoted);
const char *model_save_job(struct model *m, const char *id, const char *body, const struct model_plan *plan);
const char *model_discard_job(struct model *m, const char *id);
/* A name of "" is the usual one. */
const char *model_copy_job(struct model *m, const char *id, const char *new_id, const char *body, const char *name);
const char *model_rerun_job(struct model *m, const char *id, const char *new_id, const char *body, const char *name,
                            enum model_which which);
/* `times` NULL and `enabled` -1 leave things as they are. */
const char *model_put_schedule(struct model *m, const char *id, const struct model_plan *plan,
                               const struct model_times *times, int enabled);
const char *model_remove_schedule(struct model *m, const char *id);
const char *model_stop_job(struct model *m, const char *id);
const char *model_resume_job(struct model *m, const char *id);
const char *model_cancel_job(struct model *m, const char *id);
/* The take's templates are their ids, "" for none. */
const char *model_take(struct model *m, const struct model_take *take, const char templates[][MODEL_ID_SIZE]);

enum model_answer { SAYS_COMPLETED, SAYS_FAILED, SAYS_REJECTED, SAYS_RETURNED, ANSWERS };
const char *model_answer_word(enum model_answer answer);
struct model_report {
    unsigned recorded, duplicates, unknown;
};
void model_report_on_work(struct model *m, uint64_t handle, unsigned index, enum model_answer answer, const char *error,
                          struct model_report *report);
/* attempt -1: not given. */
void model_report_by_name(struct model *m, const char *job, const char *device, int attempt, enum model_answer answer,
                          const char *error, struct model_report *report);

/* ---- Previews. */

/* Whom a plan would touch now: `id` is a saved job's or "", the plan what is given beside it. The preview has no hash
 * yet; `excluded` counts devices of another template. */
const char *model_look_ahead(const struct model *m, const char *id, const struct model_plan *plan,
                             struct model_preview *preview, unsigned *excluded);
/* The engine called it so. Takes the preview over. NULL, or the sentence that says why it may not be called so. */
const char *model_keep_preview(struct model *m, struct model_preview *preview);

/* ---- What happens. */

/* The connection has ended; what it held is given back when the engine next looks. */
void model_peer_left(struct model *m, uint64_t peer);
/* The engine stopped, in order or not, and is up again. */
void model_restarted(struct model *m);
/* What the engine does by itself, until there is nothing more to do; without workers no group is read to its end. */
void model_rest(struct model *m, bool workers);
/* A row that may end did. */
void model_row_ends(const struct model *m, struct model_job *job, unsigned row, const char *reason);
/* The engine lost count of how long devices rest and wait: a wait may begin anew, a rest may be over. */
void model_lost_count(struct model *m);

/* What the engine handed out. */
struct model_given {
    uint64_t handle;
    char job[MODEL_ID_SIZE];
    unsigned batch, attempt, timeout;
    enum model_type type;
    unsigned count;
    char *devices; /* their ids, MODEL_ID_SIZE bytes each */
};
/* A take was answered with these works. NULL, or the sentence that says why it may not. */
const char *model_served(struct model *m, uint64_t peer, uint64_t msgid, const struct model_given *works,
                         unsigned count);

#endif
