/* muster events: the log, read or followed. */
#include "clients/cli/verbs.h"
#include "clients/terminal/event.h"
#include "clients/terminal/json.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

enum { LIMIT_DEFAULT = 50, PAGE_ROWS = 1000, WINDOW_EVENTS = 20000 };

const struct option_row EVENTS_OPTIONS[] = {
    {"from", "N", "begin at event N (without it: the last ones)"},
    {"limit", "N", "at most so many events, 0 for all (50)"},
    {"follow", NULL, "go on with what happens, until interrupted"},
    {"type", "TYPE,...", "only events of these types, for example JOB_CREATED,JOB_COMPLETED"},
    {"job", "ID", "only those about one job"},
    {"device", "ID", "only those about one device"},
    {NULL, NULL, NULL},
};

/* ---- Which ones. */

/* JOB_CREATED may be typed in any case. */
static void pack_types(msgpack_packer *p, const char *names)
{
    uint32_t count = 1;
    for (const char *at = names; *at; at++) count += *at == ',';
    muster_pack_text(p, "type");
    msgpack_pack_array(p, count);
    for (; count > 0; count--) {
        char name[64];
        size_t size = strcspn(names, ",");
        snprintf(name, sizeof name, "%.*s", (int)size, names);
        for (char *at = name; *at; at++) *at = (char)toupper((unsigned char)*at);
        muster_pack_text(p, name);
        names += size + 1;
    }
}

static bool is_filtered(const struct cli *cli)
{
    return option(cli, "type") || option(cli, "job") || option(cli, "device");
}

static void put_filter(const struct cli *cli, struct muster_params *params)
{
    const char *type = option(cli, "type"), *job = option(cli, "job"), *device = option(cli, "device");
    if (!is_filtered(cli)) return;
    msgpack_packer *p = muster_put(params, "filter");
    msgpack_pack_map(p, (uint32_t)(type != NULL) + (job != NULL) + (device != NULL));
    if (type) pack_types(p, type);
    if (job) muster_pack_text(p, "job");
    if (job) muster_pack_text(p, job);
    if (device) muster_pack_text(p, "device");
    if (device) muster_pack_text(p, device);
}

static int read_page(struct cli *cli, uint64_t from, uint64_t limit, msgpack_object *page)
{
    struct muster_params params;
    muster_params_init(&params);
    muster_put_uint(&params, "from", from);
    muster_put_uint(&params, "limit", limit < PAGE_ROWS ? limit : PAGE_ROWS);
    put_filter(cli, &params);
    int code = call(cli, "events.read", &params, page);
    muster_params_free(&params);
    return code;
}

/* ---- Reading. */

struct reading {
    uint64_t from;
    uint64_t limit;
    uint64_t skip; /* events from there on that are not shown */
    uint64_t shown;
};

/* Adds the events from `from` on and before `end` to *count. */
static int count_events(struct cli *cli, uint64_t from, uint64_t end, uint64_t *count)
{
    while (from < end) {
        msgpack_object page;
        int code = read_page(cli, from, PAGE_ROWS, &page);
        if (code != EXIT_DONE) return code;
        const msgpack_object *rows = muster_get(&page, "value");
        for (uint32_t i = 0; rows && rows->type == MSGPACK_OBJECT_ARRAY && i < rows->via.array.size; i++)
            *count += muster_uint(&rows->via.array.ptr[i], "seq", end) < end;
        uint64_t next = muster_uint(&page, "next", from);
        if (next <= from) break;
        from = next;
    }
    return EXIT_DONE;
}

/* Where the last `limit` events of a filter begin: the log is gone through from its end, window by window. */
static int begin_at_last(struct cli *cli, struct reading *r, uint64_t head)
{
    uint64_t found = 0;
    r->from = head + 1;
    while (r->from > 1 && found < r->limit) {
        uint64_t end = r->from;
        r->from = end > WINDOW_EVENTS ? end - WINDOW_EVENTS : 1;
        int code = count_events(cli, r->from, end, &found);
        if (code != EXIT_DONE) return code;
    }
    r->skip = found > r->limit ? found - r->limit : 0;
    return EXIT_DONE;
}

/* Without --from the last events are shown. */
static int begin_reading(struct cli *cli, struct reading *r)
{
    msgpack_object info;
    *r = (struct reading){.from = 1, .limit = LIMIT_DEFAULT};
    if (!option_number(cli, "from", UINT64_MAX, &r->from) || !option_number(cli, "limit", UINT32_MAX, &r->limit))
        return EXIT_USAGE;
    bool all = r->limit == 0;
    if (all) r->limit = UINT64_MAX;
    if (all || option(cli, "from")) return EXIT_DONE;
    int code = call(cli, "info", NULL, &info);
    if (code != EXIT_DONE) return code;
    uint64_t head = muster_uint(&info, "head", 0);
    if (is_filtered(cli)) return begin_at_last(cli, r, head);
    r->from = head > r->limit ? head - r->limit + 1 : 1;
    return EXIT_DONE;
}

static void show_row(const struct cli *cli, struct reading *r, const msgpack_object *event)
{
    if (r->skip > 0) {
        r->skip--;
        return;
    }
    r->shown++;
    if (!cli->json) {
        write_event(stdout, event);
        return;
    }
    fputs(r->shown > 1 ? ",\n" : "\n", stdout);
    json_write(stdout, event);
}

/* Shows events until there are no more or the limit is reached; r->from is where to go on. */
static int read_events(struct cli *cli, struct reading *r)
{
    for (;;) {
        msgpack_object page;
        int code = read_page(cli, r->from, r->limit - r->shown + r->skip, &page);
        if (code != EXIT_DONE) return code;
        const msgpack_object *rows = muster_get(&page, "value");
        uint32_t count = rows && rows->type == MSGPACK_OBJECT_ARRAY ? rows->via.array.size : 0;
        for (uint32_t i = 0; i < count; i++) show_row(cli, r, &rows->via.array.ptr[i]);
        uint64_t next = muster_uint(&page, "next", r->from + count);
        bool more = next > r->from;
        r->from = next;
        if (!more || r->shown >= r->limit) return EXIT_DONE;
    }
}

/* ---- Following. */

static void show_followed(const struct cli *cli, struct reading *r, const msgpack_object *event)
{
    if (r->skip > 0) {
        r->skip--;
        return;
    }
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
    put_filter(cli, &params);
    int code = call(cli, "events.subscribe", &params, &result);
    muster_params_free(&params);
    return code;
}

/* With --json every event is a document of its own, one on a line: there is no end to close a list at. */
static int follow(struct cli *cli, struct reading *r)
{
    struct muster_message message;
    enum muster_status status;
    int code = subscribe(cli, r->from);
    if (code != EXIT_DONE) return code;
    while ((status = muster_receive(cli->client, &message)) == MUSTER_OK) {
        if (message.kind != MUSTER_NOTICE || message.value.type != MSGPACK_OBJECT_ARRAY) continue;
        bool are_events = muster_text_is(message.method, "event");
        for (uint32_t i = 0; are_events && i < message.value.via.array.size; i++)
            show_followed(cli, r, &message.value.via.array.ptr[i]);
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
    if (following) return follow(cli, &reading);
    if (cli->json) fputs("{\"value\": [", stdout);
    code = read_events(cli, &reading);
    if (cli->json) printf("\n], \"next\": %" PRIu64 "}\n", reading.from);
    return code;
}
