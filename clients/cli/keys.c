/* muster keys ... */
#include "clients/cli/list.h"
#include "clients/cli/verbs.h"

int keys_rotate(struct cli *cli)
{
    struct muster_params params;
    msgpack_object prints;
    muster_params_init(&params);
    muster_put_text(&params, "which", cli->operand);
    put_globals(cli, &params);
    int code = call(cli, "keys.rotate", &params, &prints);
    muster_params_free(&params);
    if (code != EXIT_DONE || cli->json) return code == EXIT_DONE ? resource_show(cli, &prints) : code;
    printf("The %s group key is a new one; 'muster export' has the new keys of the devices.\n", cli->operand);
    return EXIT_DONE;
}
