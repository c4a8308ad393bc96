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
    MODEL_ID_SIZE = 24,
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

/* What a client asks for. */
struct model_plan {
    char group[MODEL_ID_SIZE];
    char target[MODEL_ID_SIZE]; /* empty: any template */
    enum model_type type;
    unsigned value;
    enum model_measure batch, threshold;
    unsigned batch_value, threshold_value;
    bool threshold_per_batch;
    unsigned timeout;       /* seconds, 0: the default */
    unsigned queue_timeout; /* seconds, 0: none */
    unsigned retries;
    bool retry_failed, retry_timed_out; /* neither: both */
};

enum model_status { PENDING, RUNNING, STOPPED, COMPLETE, FAILED, CANCELLED, STATUSES };

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
};

struct model_job {
    char id[MODEL_ID_SIZE];
    char *body; /* tells a repeat from a conflict */
    struct model_plan plan;
    int group, target;
    enum model_status status;
    const char *reason;
    uint64_t place; /* in the queue */
    bool reading;   /* its group was read; a worker has the list */
    bool fixed;
    struct model_row *rows;
    unsigned count, excluded;
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

struct model {
    int64_t now_us;  /* monotonic; moved by whoever drives it */
    int64_t time_us; /* what is written down now has this time; likewise */
    unsigned jobs_at_once;
    struct model_template *templates;
    struct model_group *groups;
    struct model_device *devices;
    struct model_job *jobs;
    unsigned template_count, group_count, device_count, job_count;
    struct model_work works[MODEL_WORKS_KEPT]; /* the last ones; work_count counts all */
    unsigned work_count;
    struct model_take takes[MODEL_TAKES_MAX]; /* in order of arrival */
    unsigned take_count;
    uint64_t places;
    bool changed; /* whether the last command had something to change */
};

void model_init(struct model *m);
void model_free(struct model *m);

/* ---- Looking. Indexes; -1 when there is none. */

int model_template(const struct model *m, const char *id);
int model_group(const struct model *m, const char *id);
int model_device(const struct model *m, const char *id);
int model_job(const struct model *m, const char *id);
/* The row of this device in the job. */
int model_row(const struct model_job *job, int device);
bool model_is_over(const struct model_job *job);
/* Of pending, running and stopped jobs. */
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
/* The soonest deadline of a device that is out or of a waiting take; INT64_MAX when there is none. */
int64_t model_deadline(const struct model *m);
/* When the first job that is over will expire, by the time of what is written down; now when there is none. */
int64_t model_expiry(const struct model *m);
const char *model_status_word(enum model_status status);
const char *model_filter_text(enum model_filter filter);
const char *model_type_word(enum model_type type);

/* The members of an answer that show where the job stands, and a row's, as the engine's JSON has them. */
void model_print_status(const struct model_job *job, FILE *out);
void model_print_progress(const struct model_job *job, FILE *out);
void model_print_row(const struct model *m, const struct model_job *job, unsigned row, FILE *out);

/* ---- Commands. */

const char *model_put_template(struct model *m, const char *id);
const char *model_remove_template(struct model *m, const char *id);
const char *model_put_group(struct model *m, const char *id, enum model_filter filter);
const char *model_remove_group(struct model *m, const char *id);
/* `template` NULL and `provisioned` -1 leave things as they are. */
const char *model_put_device(struct model *m, const char *id, const char *template, int provisioned);
const char *model_remove_device(struct model *m, const char *id);
const char *model_run_job(struct model *m, const char *id, const char *body, const struct model_plan *plan);
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
