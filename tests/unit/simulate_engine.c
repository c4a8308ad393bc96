#include "tests/unit/simulate_engine.h"

#include <ctype.h>

#include "tests/unit/stage.h"

enum { EVENTS_READ = 1000, EVENTS_PRINTED = 24, IDS_MAX = 8, ID_SIZE = 40, EVENT_PRINTED_SIZE = 400 };

_Static_assert((int)ENGINE_PEERS_END == (int)STAGE_PEERS_MAX, "every peer of the stage may be used");

struct engine {
    struct stage stage;
};

struct engine *engine_new(void)
{
    struct engine *e = calloc(1, sizeof *e);
    assert_non_null(e);
    setenv("CMOCKA_TEST_ABORT", "1", 1); /* so that a failed expectation of the stage tells the way back too */
    stage_open(&e->stage);
    return e;
}

void engine_delete(struct engine *e)
{
    stage_close(&e->stage);
    free(e);
}

/* ---- Time. */

struct engine_time engine_time(const struct engine *e)
{
    const struct turn_clock *clock = &e->stage.clock;
    return (struct engine_time){.monotonic_us = clock->monotonic_us,
                                .wall_us = clock->wall_us,
                                .written_us = MAX(clock->wall_us, e->stage.turn->time_us)};
}

void engine_pass(struct engine *e, int64_t us)
{
    e->stage.clock.monotonic_us += us;
    e->stage.clock.wall_us += us;
}

void engine_step_wall_clock(struct engine *e, int64_t us)
{
    e->stage.clock.wall_us += us;
}

int64_t engine_wanted_us(const struct engine *e)
{
    return turn_deadline_us(e->stage.turn);
}

/* ---- Running it. */

void engine_turn(struct engine *e)
{
    turn_run(e->stage.turn, &e->stage.clock);
}

void engine_settle(struct engine *e)
{
    stage_settle(&e->stage);
}

void engine_hold_workers(struct engine *e, bool hold)
{
    e->stage.hold_tasks = hold;
}

void engine_fill_disk(struct engine *e, bool full)
{
    stage_fill_disk(&e->stage, full);
}

bool engine_rebuild_gives_the_same(struct engine *e)
{
    return stage_rebuild_gives_the_same(&e->stage);
}

void engine_restart(struct engine *e, const struct engine_start *start, uint64_t peers)
{
    struct stage *stage = &e->stage;
    stage->settings.jobs_at_once = start->jobs_at_once;
    stage->settings.rebuild = start->rebuild;
    stage->settings.boot_id = start->other_boot ? "another-boot" : "test-boot";
    for (uint64_t peer = 1; peer < STAGE_PEERS_MAX; peer++) {
        assert_int_equal(stage->peers[peer].taken, stage->peers[peer].size);
        stage->peers[peer].here = peer <= peers;
    }
    stage_finish_tasks(stage);
    stage->turn->fatal = start->crash;
    turn_close(stage->turn, &stage->clock);
    engine_pass(e, start->down_us);
    stage_start(stage);
}

/* ---- Connections. */

void engine_join(struct engine *e, uint64_t peer)
{
    stage_join(&e->stage, peer, false);
}

void engine_leave(struct engine *e, uint64_t peer)
{
    e->stage.peers[peer].here = false;
    turn_peer_left(e->stage.turn, peer);
}

uint64_t engine_send(struct engine *e, uint64_t peer, const char *method, const char *params)
{
    stage_queue(&e->stage, peer, method, "%s", params);
    return e->stage.peers[peer].msgid;
}

void engine_first_is_next(struct engine *e)
{
    e->stage.next_from = 0;
}

struct bytes engine_answer(struct engine *e, uint64_t peer, uint64_t msgid)
{
    char start[32];
    int size = snprintf(start, sizeof start, "[1,%llu,", (unsigned long long)msgid);
    for (const char *line = stage_answers(&e->stage, peer); *line; line = strchr(line, '\n') + 1) {
        if (strncmp(line, start, (size_t)size) != 0) continue;
        return (struct bytes){line + size, (size_t)(strchr(line, '\n') - line - size)};
    }
    return BYTES_NONE;
}

size_t engine_answers_size(const struct engine *e, uint64_t peer)
{
    return e->stage.peers[peer].answers_size;
}

void engine_forget_answers(struct engine *e, uint64_t peer)
{
    stage_forget_answers(&e->stage, peer);
}

/* ---- The log. */

uint64_t engine_head(const struct engine *e)
{
    return log_head(&e->stage.turn->log);
}

/* Words such as j-12 and s-1-3, in quotes as an event has them. */
static unsigned ids_in(const char *text, char ids[IDS_MAX][ID_SIZE])
{
    unsigned count = 0;
    for (const char *at = text; *at && count < IDS_MAX; at++) {
        bool begins = at == text || !(isalnum((unsigned char)at[-1]) || at[-1] == '-');
        size_t size = strspn(at, "abcdefghijklmnopqrstuvwxyz-0123456789");
        if (!begins || !islower((unsigned char)at[0]) || at[1] != '-' || size < 3 || size > ID_SIZE - 3) continue;
        snprintf(ids[count++], ID_SIZE, "\"%.*s\"", (int)size, at);
    }
    return count;
}

static bool names_one(const char *line, size_t size, char ids[IDS_MAX][ID_SIZE], unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (memmem(line, size, ids[i], strlen(ids[i]))) return true;
    return count == 0;
}

void engine_print_events(struct engine *e, uint64_t peer, const char *text)
{
    char ids[IDS_MAX][ID_SIZE];
    const char *found[EVENTS_PRINTED], *end;
    unsigned id_count = ids_in(text, ids), count = 0;
    uint64_t head = engine_head(e), from = head > EVENTS_READ ? head - EVENTS_READ + 1 : 1;
    const char *at = stage_call(&e->stage, peer, "events.read", "{\"from\":%llu,\"limit\":%d}",
                                (unsigned long long)from, EVENTS_READ);
    for (at = strstr(at, "{\"seq\":"); at; at = *end ? end : NULL) {
        end = strstr(at + 1, "{\"seq\":");
        if (!end) end = at + strlen(at);
        if (names_one(at, (size_t)(end - at), ids, id_count)) found[count++ % EVENTS_PRINTED] = at;
    }
    printf("the last events about it:\n");
    for (unsigned i = count > EVENTS_PRINTED ? count - EVENTS_PRINTED : 0; i < count; i++) {
        end = strstr(found[i % EVENTS_PRINTED] + 1, ",{\"seq\":");
        int size = end ? (int)(end - found[i % EVENTS_PRINTED]) : EVENT_PRINTED_SIZE;
        printf("  %.*s\n", MIN(size, EVENT_PRINTED_SIZE), found[i % EVENTS_PRINTED]);
    }
}
