/* What the job verbs share. */
#ifndef MUSTER_CLI_JOB_H
#define MUSTER_CLI_JOB_H

#include "clients/cli/cli.h"

/* The options that say what a job is, for whoever takes a job's fields. */
#define JOB_FIELD_ROWS                                                                                                 \
    {"group", "ID", "the device group"},                                                                               \
    {"set", "PATH=JSON", "sets a property, for example firmware='\"1.2\"'; may be given several times"},               \
    {"set-cloud", "PATH=JSON", "sets a cloud property; likewise"},                                                     \
    {"command", "PATH[=JSON]", "calls a command, with what it is given"},                                              \
    {"target", "ID", "only devices of this template"},                                                                 \
    {"batch", "N|P%", "so many devices, or such a part of them, at a time (all)"},                                     \
    {"threshold", "N|P%", "cancel when more devices than that have failed (never)"},                                   \
    {"threshold-per-batch", NULL, "count the threshold in each batch by itself"},                                      \
    {"timeout", "SECONDS", "how long a device may take (30 for a command, 300 for a property)"},                       \
    {"queue-timeout", "SECONDS", "how long a device may wait for a connector (for ever)"},                             \
    {"retries", "N", "try a device that failed again so many times, 0 to 10 (0)"},                                     \
    {"retry-on", "REASONS", "for which reasons: failed, timed_out, expired, parted by commas (failed,timed_out)"},     \
    {"name", "NAME", "how the job is called"},                                                                         \
    {"description", "TEXT", "what it is for"}

/* Whether the options say what is to be done on each device. */
bool job_says_what_to_do(const struct cli *cli);
/* Puts what was given of them. False, with a sentence said, when one is not as it must be. */
bool job_put_fields(const struct cli *cli, struct muster_params *params);

bool job_fields_given(const struct cli *cli);

/* ---- What is shown of a job, in lines that begin with a label. What has nothing to say is no line. */

void job_label(FILE *out, const char *text);
/* A line with the text at `path`. */
void job_show_text(FILE *out, const msgpack_object *job, const char *name, const char *path);
/* Which devices are no targets. */
void job_show_excluded(FILE *out, const msgpack_object *job);
/* What it does, on whom and how: of a job or a schedule. */
void job_show_definition(FILE *out, const msgpack_object *job);

/* ---- Its life. */

/* A job was queued: shows it, or with --wait waits for its end. */
int job_started(struct cli *cli, const msgpack_object *job);

/* How the job stands, at a glance, or with --json the job. EXIT_DONE. */
int job_show_resource(struct cli *cli, const msgpack_object *job);

/* True when the job will not go on by itself nor by anybody's order. */
bool job_has_ended(const msgpack_object *job);

/* Of a job that has ended: EXIT_DONE when it is complete without a failed device, else EXIT_NOT_COMPLETE. */
int job_outcome(const msgpack_object *job);

/* Waits until the job has ended, showing how far it is, and prints it then; job_outcome(). */
int job_wait(struct cli *cli, const char *id);

#endif
