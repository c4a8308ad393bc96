/* The engine's answers, as the stage's JSON lines, compared with what the model says; a difference ends the run. */
#ifndef MUSTER_SIMULATE_ANSWERS_H
#define MUSTER_SIMULATE_ANSWERS_H

#include "engine/base/base.h"
#include "tests/unit/model.h"

bool answer_holds(struct bytes answer, const char *text);
/* `what` says whose answer it is. */
void expect_in(struct bytes answer, const char *text, const char *what);
void expect_refusal(struct bytes answer, const char *code, const char *what);

void compare_job(const struct model *m, const struct model_job *job, struct bytes answer);
void compare_rows(const struct model *m, const struct model_job *job, struct bytes answer);
void compare_info(const struct model *m, struct bytes answer);
/* jobs.list of those that are meant, newest first. */
void compare_jobs(const struct model *m, bool (*is_meant)(const struct model_job *job), struct bytes answer);
bool answer_is_running(const struct model_job *job);
bool answer_is_saved(const struct model_job *job);
bool answer_is_recent(const struct model_job *job);
bool answer_is_scheduled(const struct model_job *job);
/* Reads the id of the next job of a list; returns what is behind it. */
struct bytes next_job_listed(struct bytes rest, char id[MODEL_ID_SIZE]);
/* What reruns made of the devices of a lineage's first job. */
void compare_merged(const struct model *m, const struct model_job *job, struct bytes answer);
/* Takes its hash from the answer. */
void compare_preview(struct model_preview *preview, unsigned excluded, struct bytes answer);
void compare_schedule(const struct model_schedule *s, struct bytes answer);
void compare_runs(const struct model *m, const struct model_schedule *s, struct bytes answer);
void compare_devices(const struct model *m, struct bytes answer);
/* Whether the row's device has failed for this reason. */
bool answer_ends_row(const struct model *m, const struct model_job *job, unsigned row, const char *reason,
                     struct bytes answer);
void compare_device(const struct model_device *device, struct bytes answer);

/* The works that a take was answered with, up to `most`; their devices are to be freed with works_free(). */
unsigned works_read(struct bytes answer, struct model_given works[], unsigned most);
void works_free(struct model_given works[], unsigned count);

#endif
