/* The engine without sockets: one walk from frames to replies.
 *
 *     frame -> command -> decide -> events -> log (one durable commit) -> projections -> reply, notice
 *
 * The loop calls turn_run() when something arrived or is due; tests call it with a clock of their own. The
 * turn asks its host for frames and hands it replies. Happy path: turn_open, turn_peer_joined,
 * turn_run ..., turn_close. Ways off it: an append without room is answered and forgotten; an append of
 * unknown outcome, or a log that cannot be folded, ends in TURN_FATAL. */
#ifndef MUSTER_TURN_H
#define MUSTER_TURN_H

#include "engine/base/arena.h"
#include "engine/snapshot/snapshot.h"

struct turn_clock {
    int64_t wall_us;      /* UTC */
    int64_t monotonic_us; /* for deadlines; never steps */
};

struct turn_frame {
    uint64_t peer;
    struct bytes bytes; /* one scanned frame; stays in place until turn_run() returns, and after that until frame_done */
};

/* What the turn needs of the world around it. */
struct turn_host {
    void *context;
    /* The next whole frame of any peer, fairly; false when there is none now. A peer whose last frame is not done
     * gives that same one again, in the next turn. */
    bool (*next_frame)(void *context, struct turn_frame *frame);
    /* The peer's frame is used up; called inside turn_run(). Its bytes must stay until turn_run() returns. */
    void (*frame_done)(void *context, uint64_t peer);
    /* One whole frame for the peer, copied. Unknown peers are ignored: they have left. */
    void (*send)(void *context, uint64_t peer, struct bytes frame);
    /* Bytes that may still be sent to this peer before it counts as slow; 0 when it has left. */
    size_t (*room)(void *context, uint64_t peer);
    /* Ends the connection once its output is written. */
    void (*hang_up)(void *context, uint64_t peer, const char *why);
    /* Calls task_run(task) in a worker thread, then turn_task_done(turn, task) in the loop's. */
    void (*run_task)(void *context, struct task *task);
    /* The log is being folded, up to `seq` of `head`: now and then, before turn_open() returns, and when the engine folds
     * again after damage. NULL: nobody wants to know. */
    void (*folding)(void *context, uint64_t seq, uint64_t head);
};


struct turn_settings {
    const char *data_directory;
    struct turn_host host;
    struct turn_clock now;
    const char *boot_id;
    uint8_t session[16];      /* random: names this run of the engine, and made-up ids */
    uint32_t jobs_at_once;    /* 0: 5 */
    uint32_t property_timeout; /* seconds, 0: 300 */
    uint32_t command_timeout;  /* seconds, 0: 30 */
    uint32_t returned_rest;    /* seconds, 0: 5 */
    uint64_t segment_values_max, segment_bytes_max, log_map_bytes, quota_bytes, ballast_bytes; /* as in log.h */
    bool trust_keys;          /* as in keys/key_store.h */
    bool rebuild;             /* throw the projections away first */
    struct bytes settings;    /* all settings as a MessagePack map, for ENGINE_STARTED */
};

struct turn;

enum turn_result {
    TURN_IDLE,  /* nothing more to do until a frame comes or turn_deadline_us() */
    TURN_AGAIN, /* there is more: call again without waiting */
    TURN_FATAL, /* stop now: turn_why() says why; what is acknowledged is on disk */
};

/* NULL when it cannot start: why says what to do about it, *exit_code which of musterd's exit codes it is. */
struct turn *turn_open(const struct turn_settings *settings, struct sentence *why, int *exit_code);
/* Stops in order: what is out is given back at the next start, ENGINE_STOPPED is written, clean markers are left. After TURN_FATAL it only
 * lets go. No task may be running. */
void turn_close(struct turn *turn, const struct turn_clock *now);

/* peer ids are never used twice. */
void turn_peer_joined(struct turn *turn, uint64_t peer, uint32_t uid, bool read_only);
void turn_peer_left(struct turn *turn, uint64_t peer);

enum turn_result turn_run(struct turn *turn, const struct turn_clock *now);
/* Monotonic time at which turn_run() wants to be called at the latest; INT64_MAX: not at all. */
int64_t turn_deadline_us(const struct turn *turn);
void turn_task_done(struct turn *turn, struct task *task);
/* Before a stop: tasks that no worker has begun do nothing, and end at once. */
void turn_cancel_tasks(struct turn *turn);
/* Takes over jobs_at_once, the timeouts and returned_rest, from the next turn on; what is with connectors keeps the time
 * that it was given. */
void turn_change_settings(struct turn *turn, const struct turn_settings *settings);
/* The engine in numbers, in the format OpenMetrics 1.0, in the arena; not while turn_run() runs. */
struct bytes turn_metrics(struct turn *turn, const struct turn_clock *now, struct arena *arena);
const char *turn_why(const struct turn *turn);
/* "log 9f2c..., head 1234": what an operator wants to see at a start. */
void turn_describe(const struct turn *turn, struct sentence *out);
/* After TURN_FATAL. */
int turn_exit_code(const struct turn *turn);

/* musterd's exit codes. */
enum turn_exit {
    EXIT_CLEAN = 0,
    EXIT_USAGE = 2,
    EXIT_BUSY = 6,          /* another engine has this data directory */
    EXIT_NEWER_FORMAT = 7,
    EXIT_NO_SPACE = 9,
    EXIT_DISK = 10,         /* reading or writing failed; the next start checks the tail */
    EXIT_DAMAGED = 3,       /* the log is not what was written, or cannot be folded */
    EXIT_FAILED = 1,        /* anything else */
};

#endif
