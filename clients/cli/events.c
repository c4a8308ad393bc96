/* muster events: the log, read or followed. */
#include "clients/cli/verbs.h"
#include "clients/terminal/event.h"
#include "clients/terminal/json.h"

#include <inttypes.h>
#include <string.h>

enum { LIMIT_DEFAULT = 50, PAGE_ROWS = 1000 };

const struct option_row EVENTS_OPTIONS[] = {
    {"from", "N", "begin at event N (without it: the last ones)"},
    {"limit", "N", "at most so many events, 0 for all (50)"},
    {"follow", NULL, "go on with what happens, until interrupted"},
    {NULL, NULL, NULL},
};

/* ---- Reading. */

struct reading {
    uint64_t from;
    uint64_t limit;
    uint64_t shown;
};

/* Without --from the last events are shown. */
static int begin_reading(struct cli *cli, struct reading *r)
{
    msgpack_object info;
    *r = (struct reading){.from = 0, .limit = LIMIT_DEFAULT};
    if (!option_number(cli, "from", UINT64_MAX, &r->from) || !option_number(cli, "limit", UINT32_MAX, &r->limit))
        return EXIT_USAGE;
    if (r->limit == 0) r->limit = UINT64_MAX;
    if (option(cli, "from")) return EXIT_DONE;
    int code = call(cli, "info", NULL, &info);
    if (code != EXIT_DONE) return code;
    uint64_t head = muster_uint(&info, "head", 0);
    r->from = head > r->limit ? head - r->limit + 1 : 1;
    return EXIT_DONE;
}

static int read_page(struct cli *cli, const struct reading *r, msgpack_object *page)
{
    struct muster_params params;
    uint64_t rest = r->limit - r->shown;
    muster_params_init(&params);
    muster_put_uint(&params, "from", r->from);
    muster_put_uint(&params, "limit", rest < PAGE_ROWS ? rest : PAGE_ROWS);
    int code = call(cli, "events.read", &params, page);
    muster_params_free(&params);
    return code;
}

static void show_row(const struct cli *cli, const struct reading *r, const msgpack_object *event)
{
    if (!cli->json) {
        write_event(stdout, event);
        return;
    }
    fputs(r->shown ? ",\n" : "\n", stdout);
    json_write(stdout, event);
}

/* Shows events until there are no more or the limit is reached; r->from is where to go on. */
static int read_events(struct cli *cli, struct reading *r)
{
    for (;;) {
        msgpack_object page;
        int code = read_page(cli, r, &page);
        if (code != EXIT_DONE) return code;
        const msgpack_object *rows = muster_get(&page, "value");
        uint32_t count = rows && rows->type == MSGPACK_OBJECT_ARRAY ? rows->via.array.size : 0;
        for (uint32_t i = 0; i < count; i++, r->shown++) show_row(cli, r, &rows->via.array.ptr[i]);
        uint64_t next = muster_uint(&page, "next", r->from + count);
        bool more = next > r->from;
        r->from = next;
        if (!more || r->shown >= r->limit) return EXIT_DONE;
    }
}

/* ---- Following. */

static void show_followed(const struct cli *cli, const msgpack_object *event)
{
    if (!cli->json) {
        write_event(stdout, event);
        return;
    }
    json_write(stdout, event);
    putchar('\n');
}

static int subscribe(struct cli *cli, uint64_t from)
{
    struct muster_params params;
    msgpack_object result;
    muster_params_init(&params);
    muster_put_uint(&params, "from", from);
    int code = call(cli, "events.subscribe", &params, &result);
    muster_params_free(&params);
    return code;
}

/* With --json every event is a document of its own, one on a line: there is no end to close a list at. */
static int follow(struct cli *cli, uint64_t from)
{
    struct muster_message message;
    enum muster_status status;
    int code = subscribe(cli, from);
    if (code != EXIT_DONE) return code;
    while ((status = muster_receive(cli->client, &message)) == MUSTER_OK) {
        if (message.kind != MUSTER_NOTICE || message.value.type != MSGPACK_OBJECT_ARRAY) continue;
        bool are_events = muster_text_is(message.method, "event");
        for (uint32_t i = 0; are_events && i < message.value.via.array.size; i++)
            show_followed(cli, &message.value.via.array.ptr[i]);
        if (fflush(stdout) != 0) return EXIT_DONE; /* nobody reads any more */
    }
    return explain(cli, status);
}

int events_show(struct cli *cli)
{
    struct reading reading;
    bool following = option(cli, "follow");
    int code = begin_reading(cli, &reading);
    if (code != EXIT_DONE) return code;
    if (following) return follow(cli, reading.from);
    if (cli->json) fputs("{\"value\": [", stdout);
    code = read_events(cli, &reading);
    if (cli->json) printf("\n], \"next\": %" PRIu64 "}\n", reading.from);
    return code;
}
