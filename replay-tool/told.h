/* The events of a job and of a device that their histories tell one by one, and how they read. */
#ifndef MUSTER_REPLAY_TOLD_H
#define MUSTER_REPLAY_TOLD_H

#include "clients/terminal/table.h"
#include "engine/events/event.h"

bool told_of_job(enum event_type type);
bool told_of_device(enum event_type type);
/* One line of an event as wire_event() shows it. */
void told_show(FILE *out, const msgpack_object *event);
/* A device in a job, as course_row() has it: where it stands, and below it each attempt. */
void told_show_course(FILE *out, const msgpack_object *row);

#endif
