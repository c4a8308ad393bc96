/* One event on one line, as people read it. */
#ifndef MUSTER_TERMINAL_EVENT_H
#define MUSTER_TERMINAL_EVENT_H

#include <msgpack.h>
#include <stdio.h>

/* Number, time, type and actor, then the other fields by name. `event` is a map as events.read gives it. */
void write_event(FILE *out, const msgpack_object *event);

#endif
