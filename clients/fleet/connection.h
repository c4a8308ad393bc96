/* One connection of a fleet: it keeps takes under way, answers for the devices that come, and reports.
 *
 *     take  -> [work, ...] -> a report at once, or answers in the schedule -> reports as they fall due
 *                          -> the next take
 *
 * It never blocks but in connection_open(). */
#ifndef MUSTER_FLEET_CONNECTION_H
#define MUSTER_FLEET_CONNECTION_H

#include <muster.h>

#include "clients/fleet/report.h"
#include "clients/fleet/schedule.h"

struct connection {
    const struct settings *settings;
    struct tally *tally;
    struct muster_client *client; /* NULL while there is none */
    int fd;
    struct queue in;
    struct queue out;
    uint32_t next_request;
    uint32_t takes;   /* under way */
    uint32_t reports; /* under way */
    struct schedule schedule;
    uint64_t paused_until_us; /* no takes before, because the engine refused one for now; 0: no pause */
    bool draining;            /* no takes any more; what comes is given back */
};

enum connection_state { CONNECTION_FINE, CONNECTION_LOST };

/* Connects and sends the first takes. Anything but MUSTER_OK is told in muster_why(c->client). */
enum muster_status connection_open(struct connection *c);
/* Forgets what was under way and closes. */
void connection_close(struct connection *c);

/* What has arrived is answered, what is due is reported, what waits is sent. Ends the process when the
 * engine refuses takes for good. */
enum connection_state connection_serve(struct connection *c, bool readable, uint64_t now_us);

/* Everything held is reported as returned and nothing is taken any more. */
void connection_drain(struct connection *c);

/* When connection_serve() has something to do without being readable; UINT64_MAX: not of its own. */
uint64_t connection_next_us(const struct connection *c);
/* There is more to send than the socket took. */
bool connection_wants_to_write(const struct connection *c);

#endif
