/* Asking the engine, and saying it when the answer is no. */
#include "clients/cli/cli.h"

#include <string.h>

/* What the engine cannot know: the options of this command. */
static const struct {
    const char *code;
    const char *hint;
} HINTS[] = {
    {"read_only", "--socket names the operators' socket"},
    {"outcome_unknown", "repeat it with the same --request-id, which cannot do it twice"},
};

static void hint_at_refusal(const char *code)
{
    for (size_t i = 0; i < sizeof HINTS / sizeof *HINTS; i++)
        if (strcmp(HINTS[i].code, code) == 0) remark("muster: %s", HINTS[i].hint);
}

/* The code, for programs, of what is no refusal of the engine. */
static const char *code_of(enum muster_status status)
{
    switch (status) {
    case MUSTER_NO_ENGINE: return "no_engine";
    case MUSTER_GONE: return "gone";
    case MUSTER_BAD_ANSWER: return "bad_answer";
    default: return "failed";
    }
}

int explain(struct cli *cli, enum muster_status status)
{
    if (status == MUSTER_OK) return EXIT_DONE;
    if (status == MUSTER_REFUSED) complain_of_engine(muster_code(cli->client), muster_why(cli->client));
    else complain_as(code_of(status), "%s", muster_why(cli->client));
    switch (status) {
    case MUSTER_OK:
    case MUSTER_TOO_LARGE:
    case MUSTER_BUSY:
    case MUSTER_NOTHING:
    case MUSTER_NO_MEMORY: return EXIT_REFUSED;
    case MUSTER_REFUSED: hint_at_refusal(muster_code(cli->client)); return EXIT_REFUSED;
    case MUSTER_NO_ENGINE: remark("muster: is musterd running? --socket or MUSTER_SOCKET names its socket"); break;
    case MUSTER_GONE: remark("muster: a change under way is done or not; a --request-id makes it safe to repeat"); break;
    case MUSTER_BAD_ANSWER: remark("muster: --socket or MUSTER_SOCKET should name the socket of a musterd"); break;
    }
    return EXIT_NO_ENGINE;
}

void put_option(const struct cli *cli, struct muster_params *params, const char *name, const char *key)
{
    const char *value = option(cli, name);
    if (value) muster_put_text(params, key, value);
}

void put_list(struct muster_params *params, const char *key, const char *words)
{
    uint32_t count = *words ? 1 : 0;
    for (const char *at = words; *at; at++) count += *at == ',';
    msgpack_packer *p = muster_put(params, key);
    msgpack_pack_array(p, count);
    for (const char *at = words; count > 0; count--) {
        size_t size = strcspn(at, ",");
        msgpack_pack_str_with_body(p, at, size);
        at += size + 1;
    }
}

void put_words(const struct cli *cli, struct muster_params *params, const char *name, const char *key)
{
    const char *words = option(cli, name);
    if (words) put_list(params, key, words);
}

void put_globals(const struct cli *cli, struct muster_params *params)
{
    put_option(cli, params, "request-id", "requestId");
    put_option(cli, params, "on-behalf-of", "onBehalfOf");
}

/* The first call connects, so that a wrong command line is told without an engine. */
static enum muster_status connected(struct cli *cli)
{
    const char *path = option(cli, "socket");
    return cli->client ? MUSTER_OK : muster_connect(path ? path : muster_default_path(), &cli->client);
}

int call(struct cli *cli, const char *method, const struct muster_params *params, msgpack_object *result)
{
    enum muster_status status = connected(cli);
    if (status != MUSTER_OK) return explain(cli, status);
    return explain(cli, muster_call(cli->client, method, params, result));
}

int call_on_operand(struct cli *cli, const char *method, bool changing, msgpack_object *result)
{
    struct muster_params params;
    muster_params_init(&params);
    muster_put_text(&params, "id", cli->operand);
    if (changing) put_globals(cli, &params);
    int code = call(cli, method, &params, result);
    muster_params_free(&params);
    return code;
}
