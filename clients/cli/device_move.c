/* muster device move: devices by their ids, or a group, which is waited for. */
#include "clients/cli/ids.h"
#include "clients/cli/list.h"
#include "clients/cli/verbs.h"
#include "clients/terminal/text.h"

#include <time.h>

enum { LOOK_EVERY_MS = 100 };

const struct option_row DEVICE_MOVE_OPTIONS[] = {
    {"template", "ID", "the template they move to"},
    {"unassign", NULL, "to none instead"},
    {"group", "ID", "all devices of a group, instead of ID,..."},
    IDS_FILE_ROW,
    {NULL, NULL, NULL},
};

static bool is_running(const msgpack_object *move)
{
    return muster_text_is(muster_text(move, "status"), "running");
}

/* *move is the move as it is when it is over. */
static int wait_for(struct cli *cli, msgpack_object *move)
{
    const struct timespec pause = {.tv_nsec = LOOK_EVERY_MS * 1000000L};
    uint64_t number = muster_uint(move, "move", 0);
    int code = EXIT_DONE;
    while (code == EXIT_DONE && is_running(move)) {
        struct muster_params params;
        nanosleep(&pause, NULL);
        muster_params_init(&params);
        muster_put_uint(&params, "move", number);
        code = call(cli, "moves.get", &params, move);
        muster_params_free(&params);
    }
    return code;
}

static int show_moved(struct cli *cli, const msgpack_object *move)
{
    bool complete = muster_text_is(muster_text(move, "status"), "complete");
    if (cli->json) {
        resource_show(cli, move);
    } else {
        uint64_t moved = muster_uint(move, "moved", 0);
        write_count(stdout, moved);
        printf(" device%s moved%s.\n", moved == 1 ? "" : "s", complete ? "" : " before the template was removed");
    }
    return complete ? EXIT_DONE : EXIT_REFUSED;
}

static bool one_is_given(const struct cli *cli)
{
    return !!cli->operand + !!option(cli, "group") + !!option(cli, "ids-file") == 1;
}

int device_move(struct cli *cli)
{
    struct muster_params params;
    msgpack_object move;
    const char *template = option(cli, "template");
    if (!template == !option(cli, "unassign")) return usage(cli, "say where to: either --template ID or --unassign");
    if (!one_is_given(cli)) return usage(cli, "say what to move: either ID,... or --group ID or --ids-file PATH");
    muster_params_init(&params);
    put_option(cli, &params, "group", "group");
    if (cli->operand) put_list(&params, "ids", cli->operand);
    int code = put_ids_file(cli, &params);
    muster_put_text(&params, "template", template ? template : "");
    put_globals(cli, &params);
    if (code == EXIT_DONE) code = call(cli, "devices.move", &params, &move);
    muster_params_free(&params);
    if (code == EXIT_DONE) code = wait_for(cli, &move);
    return code == EXIT_DONE ? show_moved(cli, &move) : code;
}
