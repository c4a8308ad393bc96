/* The engine's numbers over HTTP, for whoever collects them on this machine: GET /metrics on 127.0.0.1. Runs in the
 * loop's thread; libmicrohttpd does the HTTP, with bounded memory and few connections. Inside loop/. */
#ifndef MUSTER_METRICS_SERVER_H
#define MUSTER_METRICS_SERVER_H

#include "engine/base/arena.h"

#include <uv.h>

struct metrics_server;

/* What is answered; size 0: nothing now. Lives in the arena. */
typedef struct bytes metrics_text(void *context, struct arena *arena);

/* NULL, with a sentence, when the port cannot be had. */
struct metrics_server *metrics_server_open(uv_loop_t *uv, uint16_t port, metrics_text *text, void *context,
                                           struct sentence *why);
/* Does nothing for NULL; the rest is freed as the loop runs on. */
void metrics_server_close(struct metrics_server *m);

#endif
