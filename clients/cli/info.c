/* muster info: how the engine is, at a glance. */
#include "clients/cli/job.h"
#include "clients/cli/list.h"
#include "clients/terminal/text.h"
#include "clients/cli/verbs.h"

#include <inttypes.h>

/* "3 running, 1 complete": those there are. */
static void show_jobs(const msgpack_object *jobs)
{
    bool any = false;
    job_label(stdout, "Jobs");
    for (uint32_t i = 0; jobs && jobs->type == MSGPACK_OBJECT_MAP && i < jobs->via.map.size; i++) {
        const msgpack_object_kv *pair = &jobs->via.map.ptr[i];
        bool is_count = pair->val.type == MSGPACK_OBJECT_POSITIVE_INTEGER && pair->val.via.u64 > 0;
        if (!is_count || pair->key.type != MSGPACK_OBJECT_STR) continue;
        if (any) fputs(", ", stdout);
        write_count(stdout, pair->val.via.u64);
        fputc(' ', stdout);
        write_text(stdout, pair->key.via.str);
        any = true;
    }
    puts(any ? "" : "none");
}

static void show_count(const msgpack_object *info, const char *name, const char *path)
{
    job_label(stdout, name);
    write_count(stdout, muster_uint(info, path, 0));
    putchar('\n');
}

static void show_disk(const msgpack_object *info)
{
    job_label(stdout, "Disk");
    write_count(stdout, muster_uint(info, "disk.percentFull", 0));
    fputs(" % full, ", stdout);
    write_size(stdout, muster_uint(info, "disk.log", 0));
    fputs(" of it the log\n", stdout);
    if (!muster_bool(info, "disk.short", false)) return;
    job_label(stdout, "");
    puts("nearly full: results, stop and cancel go on, what is new is refused until there is room");
}

/* Each element of a list, the first one behind the label. */
static void show_each(const msgpack_object *list, const char *label, void (*show)(const msgpack_object *element))
{
    for (uint32_t i = 0; list && list->type == MSGPACK_OBJECT_ARRAY && i < list->via.array.size; i++) {
        job_label(stdout, i == 0 ? label : "");
        show(&list->via.array.ptr[i]);
        putchar('\n');
    }
}

static void show_waiting(const msgpack_object *job)
{
    write_text(stdout, muster_text(job, "id"));
    fputs(" is ", stdout);
    write_text(stdout, muster_text(job, "status"));
    fputs(": ", stdout);
    write_text(stdout, muster_text(job, "waiting"));
}

/* "uid 1000, my-backend, connector east, follows events and is 12 behind". */
static void show_client(const msgpack_object *client)
{
    msgpack_object_str name = muster_text(client, "client"), connector = muster_text(client, "connector");
    printf("uid %" PRIu64, muster_uint(client, "uid", 0));
    if (name.size) fputs(", ", stdout);
    write_text(stdout, name);
    if (connector.size) fputs(", connector ", stdout);
    write_text(stdout, connector);
    if (muster_bool(client, "readOnly", false)) fputs(", only reads", stdout);
    if (!muster_get(client, "behind")) return;
    fputs(", follows events", stdout);
    if (muster_uint(client, "behind", 0) == 0) return;
    fputs(" and is ", stdout);
    write_count(stdout, muster_uint(client, "behind", 0));
    fputs(" behind", stdout);
}

static void show_behind(const msgpack_object *info)
{
    job_label(stdout, "Under way");
    write_count(stdout, muster_uint(info, "behind.workOut", 0));
    fputs(" pieces of work with connectors, ", stdout);
    write_count(stdout, muster_uint(info, "behind.longReads", 0));
    fputs(" long reads\n", stdout);
}

int info_show(struct cli *cli)
{
    msgpack_object info;
    int code = call(cli, "info", NULL, &info);
    if (code != EXIT_DONE || cli->json) return code == EXIT_DONE ? resource_show(cli, &info) : code;
    fputs("musterd ", stdout);
    write_text(stdout, muster_text(&info, "version"));
    fputs(", up for ", stdout);
    write_duration(stdout, (double)muster_uint(&info, "uptime", 0));
    putchar('\n');
    show_jobs(muster_get(&info, "jobs"));
    show_count(&info, "Devices", "devices");
    show_each(muster_get(&info, "waiting"), "Waiting", show_waiting);
    show_behind(&info);
    show_disk(&info);
    show_count(&info, "Connected", "connections");
    show_each(muster_get(&info, "clients"), "", show_client);
    show_count(&info, "Events", "head");
    job_show_text(stdout, &info, "Root", "root");
    job_show_text(stdout, &info, "Log", "logId");
    return EXIT_DONE;
}

int metrics_show(struct cli *cli)
{
    msgpack_object metrics;
    int code = call(cli, "metrics", NULL, &metrics);
    if (code != EXIT_DONE || cli->json) return code == EXIT_DONE ? resource_show(cli, &metrics) : code;
    msgpack_object_str text = muster_text(&metrics, "metrics");
    fwrite(text.ptr, 1, text.size, stdout);
    return EXIT_DONE;
}
