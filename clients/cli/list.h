/* Lists and single resources, for people and for scripts. */
#ifndef MUSTER_CLI_LIST_H
#define MUSTER_CLI_LIST_H

#include "clients/cli/cli.h"
#include "clients/terminal/table.h"

struct list {
    const char *method;
    const char *what; /* "jobs": for "there are no jobs" */
    /* Puts what the list is filtered by; may be NULL. */
    void (*put)(const struct cli *cli, struct muster_params *params);
    const struct table_column *columns; /* ends with one without heading */
};

/* The rows every list's --limit allows. */
#define LIMIT_ROW {"limit", "N", "at most so many rows, 0 for all (100)"}

/* Asks page by page, up to --limit, and prints a table, or with --json {"value": [...], "cursor": ...}. */
int list_show(struct cli *cli, const struct list *list);

/* The same for an answer that has all rows at once; `method` and `put` are not needed. */
int list_show_all(struct cli *cli, const struct list *list, const msgpack_object *answer);

/* One resource: its fields below each other, nested ones with dotted names, or with --json the resource. */
int resource_show(struct cli *cli, const msgpack_object *resource);
/* After a change to the operand: "ID what.", such as "gw-1 is saved.", or with --json the resource. */
int resource_changed(struct cli *cli, const msgpack_object *resource, const char *what);

#endif
