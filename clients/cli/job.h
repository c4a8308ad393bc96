/* What the job verbs share. */
#ifndef MUSTER_CLI_JOB_H
#define MUSTER_CLI_JOB_H

#include "clients/cli/cli.h"

/* How the job stands, at a glance, or with --json the job. EXIT_DONE. */
int job_show_resource(struct cli *cli, const msgpack_object *job);

/* True when the job will not go on by itself nor by anybody's order. */
bool job_has_ended(const msgpack_object *job);

/* Watches until the job has ended, showing how far it is, and prints it then: EXIT_DONE when it is complete
 * without a failed device, else EXIT_NOT_COMPLETE. */
int job_wait(struct cli *cli, const char *id);

#endif
