/* What whoever looks after an engine asks first: what is being waited for, how full it is, how far behind, who is
 * there. */
#include "engine/wire/resources.h"

#include "engine/wire/load.h"
#include "projections/devices.h"
#include "projections/jobs.h"

enum { WAITING_SHOWN_MAX = 10, WAITING_LOOKED_AT_MAX = 100 };

static void put_job_counts(struct open_map *m, struct view *v)
{
    put_key(m, "jobs");
    struct open_map counts = put_map(m->out);
#define STATE(NAME, word, moves) put_uint(&counts, word, jobs_count(v, JOB_IS_##NAME));
    JOB_STATES(STATE)
#undef STATE
    put_end(&counts);
}

static void put_disk(struct open_map *m, const struct wire_facts *facts)
{
    put_key(m, "disk");
    struct open_map disk = put_map(m->out);
    put_uint(&disk, "used", facts->disk_used);
    put_uint(&disk, "log", facts->log_bytes);
    if (facts->load->log_quota) put_uint(&disk, "quota", facts->load->log_quota);
    put_uint(&disk, "percentFull", facts->disk_percent);
    put_flag(&disk, "short", facts->disk_short);
    put_end(&disk);
}

/* Running jobs first, then the others in the order in which they came. */
static void put_waiting(struct open_map *m, struct view *v, const struct wire_facts *facts)
{
    struct sentence why;
    put_key(m, "waiting");
    struct open_list waiting = put_list(m->out);
    size_t running = jobs_running_count(v), count = running + MIN(jobs_active_count(v), (size_t)WAITING_LOOKED_AT_MAX);
    for (size_t i = 0; i < count && waiting.count < WAITING_SHOWN_MAX; i++) {
        const struct job *job = i < running ? jobs_running_at(v, i) : jobs_active_at(v, i - running);
        if (i >= running && job->status == JOB_IS_RUNNING) continue;
        if (!job_waits(v, facts, job, job_devices_list(v, job->number), &why)) continue;
        struct open_map one = put_map(m->out);
        put_text(&one, "id", job_id(v, job->number));
        put_word(&one, "status", job_status_word(job->status));
        put_word(&one, "waiting", why.text);
        put_end(&one);
        waiting.count++;
    }
    put_list_end(&waiting);
}

uint64_t wire_jobs_held_up(struct view *v, const struct wire_facts *facts)
{
    struct sentence why;
    uint64_t count = 0;
    for (size_t i = 0; i < jobs_running_count(v); i++) {
        const struct job *job = jobs_running_at(v, i);
        count += job_waits(v, facts, job, job_devices_list(v, job->number), &why);
    }
    return count;
}

static void put_behind(struct open_map *m, const struct wire_load *load)
{
    put_key(m, "behind");
    struct open_map behind = put_map(m->out);
    put_uint(&behind, "subscribers", load->subscribers_behind);
    put_uint(&behind, "projections", load->projections_behind);
    put_uint(&behind, "longReads", load->tasks);
    put_uint(&behind, "workOut", load->dispatches_out);
    put_end(&behind);
}

static void put_client(struct buffer *out, const struct wire_client *client)
{
    struct open_map m = put_map(out);
    put_uint(&m, "uid", client->uid);
    if (client->name[0]) put_word(&m, "client", client->name);
    if (client->connector[0]) put_word(&m, "connector", client->connector);
    if (client->read_only) put_flag(&m, "readOnly", true);
    if (client->subscribed) put_uint(&m, "behind", client->behind);
    put_end(&m);
}

static void put_clients(struct open_map *m, const struct wire_load *load)
{
    put_uint(m, "connections", load->connections);
    put_key(m, "clients");
    struct open_list clients = put_list(m->out);
    for (size_t i = 0; i < load->client_count; i++) put_client(m->out, &load->clients[i]);
    clients.count = (uint32_t)load->client_count;
    put_list_end(&clients);
}

void put_info(struct view *v, const struct wire_facts *facts, struct buffer *out)
{
    struct open_map m = put_map(out);
    put_word(&m, "version", MUSTER_VERSION);
    put_hex(&m, "logId", (struct bytes){facts->log_id, sizeof facts->log_id});
    put_uint(&m, "head", facts->head);
    put_hex(&m, "root", (struct bytes){facts->root, sizeof facts->root});
    put_uint(&m, "uptime", facts->uptime_s);
    put_job_counts(&m, v);
    put_uint(&m, "devices", devices_count(v));
    put_uint(&m, "connectors", facts->connectors);
    put_disk(&m, facts);
    put_waiting(&m, v, facts);
    put_behind(&m, facts->load);
    put_clients(&m, facts->load);
    put_end(&m);
}
