/* The engine that is simulated: on its stage, with its clock, its connections and its answers as JSON lines. */
#ifndef MUSTER_SIMULATE_ENGINE_H
#define MUSTER_SIMULATE_ENGINE_H

#include "engine/base/base.h"

#include <stdbool.h>
#include <stdint.h>

enum { ENGINE_PEERS_END = 16 }; /* ids of peers are below it, and not 0 */

struct engine;

struct engine *engine_new(void);
void engine_delete(struct engine *e);

/* ---- Time. */

struct engine_time {
    int64_t monotonic_us, wall_us;
    int64_t written_us; /* what is written down now has this time: never an earlier one than before */
};
struct engine_time engine_time(const struct engine *e);
void engine_pass(struct engine *e, int64_t us);
void engine_step_wall_clock(struct engine *e, int64_t us);
/* When it wants to be called again, on the clock that never steps. */
int64_t engine_wanted_us(const struct engine *e);

/* ---- Running it. */

/* One turn. */
void engine_turn(struct engine *e);
/* Turns until it has nothing more to do by itself. */
void engine_settle(struct engine *e);
/* Workers are slow until this is taken back. */
void engine_hold_workers(struct engine *e, bool hold);
/* As a quota that is used up: nothing can be written until it is taken back. */
void engine_fill_disk(struct engine *e, bool full);
bool engine_rebuild_gives_the_same(struct engine *e);

struct engine_start {
    bool crash; /* nothing is tidied up before */
    bool rebuild, other_boot;
    uint32_t jobs_at_once;
    int64_t down_us;
};
/* Down, and up again, with the first `peers` connections and no other. */
void engine_restart(struct engine *e, const struct engine_start *start, uint64_t peers);

/* ---- Connections. */

void engine_join(struct engine *e, uint64_t peer);
/* What it has sent is lost; the next turn sees to it. */
void engine_leave(struct engine *e, uint64_t peer);
/* Puts a call in front of the engine; its parameters are JSON. Returns its number. */
uint64_t engine_send(struct engine *e, uint64_t peer, const char *method, const char *params);
/* The next turn begins with calls of the first connection. */
void engine_first_is_next(struct engine *e);
/* The line that answers this call, behind its number, until answers are forgotten; BYTES_NONE when there is none. */
struct bytes engine_answer(struct engine *e, uint64_t peer, uint64_t msgid);
size_t engine_answers_size(const struct engine *e, uint64_t peer);
void engine_forget_answers(struct engine *e, uint64_t peer);

/* ---- The log. */

uint64_t engine_head(const struct engine *e);
/* Prints the last events that name one of the ids in the text, through this connection. */
void engine_print_events(struct engine *e, uint64_t peer, const char *text);

#endif
