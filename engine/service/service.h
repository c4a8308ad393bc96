/* The service manager that started this process, if one did: systemd, or whatever speaks its protocol. What it is told
 * is one datagram (sd_notify(3)); what it hands over are listening sockets (sd_listen_fds(3)). Both are documented as
 * stable interfaces that programs may speak on their own: docs/decisions/0018-service-manager.md says why we do. */
#ifndef MUSTER_SERVICE_H
#define MUSTER_SERVICE_H

#include "engine/base/base.h"

/* Once, before any other thread: takes the environment's variables away, so that no child process speaks for us. */
void service_init(void);

/* Lines such as "READY=1\nSTATUS=...". Without a service manager nothing happens; one that does not listen is none. */
void service_notify(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* How often it wants to hear WATCHDOG=1 at the latest; 0: never. */
int64_t service_watchdog_us(void);

/* The listening socket that was handed over under this name; -1: there is none. Without names, as
 * systemd-socket-activate leaves them, the first socket is `index` 0. The caller owns it. */
int service_take_socket(const char *name, unsigned index);

#endif
