/* The turn's surroundings: sockets, connections, clocks, timers, worker threads and signals.
 *
 *     loop_new -> loop_host -> (turn_open) -> loop_serve -> loop_run -> loop_delete
 *
 * SIGTERM and SIGINT stop in order: no new clients or frames, what has come is answered, workers finish, the
 * turn is closed, answers are written. That takes at most LOOP_DRAIN_MS + LOOP_LEAVE_MS and what a worker needs to end
 * what it has begun. SIGKILL does no harm either: the log is whole at any moment.
 *
 * A service manager is told when the engine serves, that it lives, how far a long start is, and when it stops. */
#ifndef MUSTER_LOOP_H
#define MUSTER_LOOP_H

#include "engine/turn.h"

enum { SOCKET_PATH_SIZE_MAX = 107, LOOP_DRAIN_MS = 5000, LOOP_LEAVE_MS = 2000 };

struct loop_sockets {
    const char *operators_path; /* at most SOCKET_PATH_SIZE_MAX bytes */
    const char *readers_path;   /* likewise; only reading methods are served here */
    uint32_t mode;              /* of both files, 0660 */
    const char *group;          /* of both files; NULL: the process's own */
    int operators_fd, readers_fd; /* listening already, by a service manager, in place of the path; -1: not so */
};

/* False, with a sentence, when clients could not be let in there: a path too long, the same one twice, no directory
 * for it, no such group. With `nobody_serves` also when another process does: this one's data is new. */
bool loop_sockets_check(const struct loop_sockets *sockets, bool nobody_serves, struct sentence *why);

struct loop;

/* NULL when the system refuses; why says what. One a process: it takes over signals. */
struct loop *loop_new(struct sentence *why);
struct turn_host loop_host(struct loop *loop);
/* Listens for clients of this turn, which the loop borrows. A socket file that nobody answers on any more is
 * replaced; the caller holds the data directory's lock, so it is no other engine's of the same data. */
bool loop_serve(struct loop *loop, struct turn *turn, const struct loop_sockets *sockets, struct sentence *why);
/* Serves the engine's numbers at http://127.0.0.1:port/metrics; after loop_serve(). */
bool loop_serve_metrics(struct loop *loop, uint16_t port, struct sentence *why);
/* What SIGHUP does; without it that is one more signal to stop. */
struct loop_reload {
    void *context;
    void (*reload)(void *context);
};
void loop_on_reload(struct loop *loop, struct loop_reload reload);
/* Runs until a signal comes or the turn fails; closes the turn. Returns the process's exit code; after a
 * failure why says what happened. */
int loop_run(struct loop *loop, struct sentence *why);
void loop_delete(struct loop *loop);

#endif
