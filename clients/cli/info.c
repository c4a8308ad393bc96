/* muster info */
#include "clients/cli/list.h"
#include "clients/cli/verbs.h"

int info_show(struct cli *cli)
{
    msgpack_object info;
    int code = call(cli, "info", NULL, &info);
    return code == EXIT_DONE ? resource_show(cli, &info) : code;
}
