/* What the engine tells of itself: counted as it goes, put together when somebody asks. */
#include "engine/turn_state.h"

#include "engine/base/text.h"

#include <stdlib.h>

/* ---- Counting. */

void turn_count_event(struct turn *t, const struct event *event)
{
    if (event->type != EVENT_DEVICE_RESULT) return;
    ASSERT(event->device_result.outcome < DEVICE_OUTCOMES);
    t->results[event->device_result.outcome]++;
}

void turn_count_commit(struct turn *t, int64_t us)
{
    size_t bucket = 0;
    while (bucket < COMMIT_BUCKETS - 1 && us > (int64_t)COMMIT_BOUNDS_US[bucket]) bucket++;
    t->counts.commit_buckets[bucket]++;
    t->counts.commits++;
    t->counts.commit_us += (uint64_t)us;
}

void turn_settle_counts(struct turn *t)
{
    for (size_t i = 0; i < DEVICE_OUTCOMES; i++) t->counts.results[i] += t->results[i];
    memset(t->results, 0, sizeof t->results);
}

void turn_name_peer(char name[CLIENT_NAME_SIZE_MAX], struct bytes given)
{
    if (!given.data) return;
    size_t size = utf8_valid_size((struct bytes){given.data, MIN(given.size, (size_t)CLIENT_NAME_SIZE_MAX - 1)});
    memcpy(name, given.data, size);
    name[size] = '\0';
}

/* ---- Telling. */

static uint64_t events_behind(const struct turn *t, const struct peer *peer)
{
    return peer->subscription ? log_head(&t->log) + 1 - peer->subscription->next : 0;
}

static int by_coming(const void *a, const void *b)
{
    const struct peer *const *of_a = a, *const *of_b = b;
    return ((*of_a)->id > (*of_b)->id) - ((*of_a)->id < (*of_b)->id);
}

/* Those who have been here longest. */
static void show_clients(const struct turn *t, struct wire_load *load, const struct peer *peers[], struct arena *arena)
{
    size_t count = MIN(t->peers.count, (size_t)CLIENTS_SHOWN_MAX);
    struct wire_client *clients = arena_alloc(arena, count * sizeof *clients);
    qsort(peers, t->peers.count, sizeof *peers, by_coming);
    for (size_t i = 0; i < count; i++) {
        clients[i] = (struct wire_client){.uid = peers[i]->uid,
                                          .name = peers[i]->name,
                                          .connector = peers[i]->works_as,
                                          .read_only = peers[i]->read_only,
                                          .subscribed = peers[i]->subscription != NULL,
                                          .behind = events_behind(t, peers[i])};
    }
    load->clients = clients;
    load->client_count = count;
}

static void look_at_peers(const struct turn *t, struct wire_load *load, struct arena *arena)
{
    const struct peer **peers = arena_alloc(arena, t->peers.count * sizeof *peers), *peer;
    size_t index = 0, count = 0;
    while ((peer = map_next(&t->peers, &index))) {
        load->readers += peer->read_only;
        load->subscribers_behind = MAX(load->subscribers_behind, events_behind(t, peer));
        peers[count++] = peer;
    }
    show_clients(t, load, peers, arena);
}

static void take_stock(struct turn *t, struct wire_facts *facts, struct wire_load *load, struct arena *arena)
{
    turn_facts(t, facts);
    *load = (struct wire_load){.connections = (uint32_t)t->peers.count,
                               .subscribers = t->subscriptions,
                               .projections_behind =
                                   projections_head(&t->projections) - projections_position(&t->projections).seq,
                               .dispatches_out = t->leases.by_dispatch.count,
                               .tasks = t->at_workers_count,
                               .jobs_at_once = t->settings.jobs_at_once,
                               .jobs_held_up = wire_jobs_held_up(t->view, facts),
                               .log_quota = t->settings.quota_bytes};
    for (const struct take *take = t->takes.first; take; take = take->next) load->takes_waiting++;
    look_at_peers(t, load, arena);
    facts->load = load;
    facts->counts = &t->counts;
}

void turn_answer_state(struct turn *t, uint64_t msgid, const struct answer *answer, struct buffer *out)
{
    struct wire_facts facts;
    struct wire_load load;
    take_stock(t, &facts, &load, &t->arena);
    t->looks += t->peers.count;
    wire_reply(t->view, &facts, msgid, answer, out);
}

struct bytes turn_metrics(struct turn *t, const struct turn_clock *now, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    struct wire_facts facts;
    struct wire_load load;
    t->now = *now;
    take_stock(t, &facts, &load, arena);
    wire_metrics(t->view, &facts, &out);
    return buffer_bytes(&out);
}
