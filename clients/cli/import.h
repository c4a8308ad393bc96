/* What the import verbs share. */
#ifndef MUSTER_CLI_IMPORT_H
#define MUSTER_CLI_IMPORT_H

#include "clients/cli/cli.h"

/* Writes the rejected rows of an import, as CSV; an exit code. Whether `out` took them is for the caller to ask. */
int import_errors_write(struct cli *cli, const char *id, FILE *out);
/* The same into a file. */
int import_errors_save(struct cli *cli, const char *id, const char *path);

#endif
