/* Devices that a verb is given by name: with commas between, or as a file with an id a line. */
#ifndef MUSTER_CLI_IDS_H
#define MUSTER_CLI_IDS_H

#include "clients/cli/cli.h"

/* The row of --ids-file. */
#define IDS_FILE_ROW {"ids-file", "PATH", "only these devices, an id a line; - reads standard input"}

/* Puts `ids`, the lines of --ids-file without the blanks around them, but for empty ones; nothing when it is not given.
 * An exit code: what cannot be read, or is too long to be a list, is told. */
int put_ids_file(const struct cli *cli, struct muster_params *params);

#endif
