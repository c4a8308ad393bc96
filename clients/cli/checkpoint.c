/* muster checkpoint: what the log holds now, signed; a small text to be kept where nobody of this machine can change it. */
#include "clients/cli/list.h"
#include "clients/cli/verbs.h"

const struct option_row CHECKPOINT_OPTIONS[] = {
    {"last", NULL, "the one that was signed last, instead of a new one"},
    {"key", NULL, "instead, the public key that checks it"},
    {NULL, NULL, NULL},
};

/* As it is: a checkpoint and a key are texts by themselves. */
static int show(const msgpack_object *answer, const char *field, const char *missing)
{
    msgpack_object_str text = muster_text(answer, field);
    if (text.size == 0) {
        complain("%s", missing);
        return EXIT_REFUSED;
    }
    fwrite(text.ptr, 1, text.size, stdout);
    if (text.ptr[text.size - 1] != '\n') putchar('\n');
    return EXIT_DONE;
}

int checkpoint_run(struct cli *cli)
{
    struct muster_params params;
    msgpack_object answer;
    bool wants_key = option(cli, "key") != NULL;
    muster_params_init(&params);
    muster_put_bool(&params, "last", wants_key || option(cli, "last") != NULL);
    int code = call(cli, "checkpoint", &params, &answer);
    muster_params_free(&params);
    if (code != EXIT_DONE || cli->json) return code == EXIT_DONE ? resource_show(cli, &answer) : code;
    if (wants_key) return show(&answer, "key", "the engine has no key to sign with; its own log says why");
    return show(&answer, "text", "no checkpoint was signed yet; 'muster checkpoint' signs one");
}
