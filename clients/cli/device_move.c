/* muster device move: one device, several, or a group, which is waited for. */
#include "clients/cli/list.h"
#include "clients/cli/verbs.h"
#include "clients/terminal/text.h"

#include <string.h>
#include <time.h>

enum { LOOK_EVERY_MS = 100 };

const struct option_row DEVICE_MOVE_OPTIONS[] = {
    {"template", "ID", "the template they move to"},
    {"unassign", NULL, "to none instead"},
    {"group", "ID", "all devices of a group, instead of ID,..."},
    {NULL, NULL, NULL},
};

static void put_ids(struct muster_params *params, const char *ids)
{
    uint32_t count = 1;
    for (const char *at = ids; *at; at++) count += *at == ',';
    msgpack_packer *p = muster_put(params, "ids");
    msgpack_pack_array(p, count);
    for (const char *at = ids; count > 0; count--) {
        size_t size = strcspn(at, ",");
        msgpack_pack_str_with_body(p, at, size);
        at += size + 1;
    }
}

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

int device_move(struct cli *cli)
{
    struct muster_params params;
    msgpack_object move;
    const char *template = option(cli, "template"), *group = option(cli, "group");
    if (!template == !option(cli, "unassign")) return usage(cli, "say where to: either --template ID or --unassign");
    if (!cli->operand == !group) return usage(cli, "say what to move: either ID,... or --group ID");
    muster_params_init(&params);
    if (group) muster_put_text(&params, "group", group);
    else put_ids(&params, cli->operand);
    muster_put_text(&params, "template", template ? template : "");
    put_globals(cli, &params);
    int code = call(cli, "devices.move", &params, &move);
    muster_params_free(&params);
    if (code == EXIT_DONE) code = wait_for(cli, &move);
    return code == EXIT_DONE ? show_moved(cli, &move) : code;
}
