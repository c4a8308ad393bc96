#include "engine/service/service.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FIRST_SOCKET = 3, SOCKETS_MAX = 8, MESSAGE_SIZE_MAX = 1024, NAMES_SIZE_MAX = 512 };

static struct service {
    int fd; /* connected to NOTIFY_SOCKET; -1: nobody listens */
    int64_t watchdog_us;
    unsigned socket_count;
    bool taken[SOCKETS_MAX];
    char names[NAMES_SIZE_MAX]; /* "operators:readers" */
} service = {.fd = -1};

/* ---- What it is told. */

/* A leading @ stands for the zero byte of an abstract name. */
static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t size = strlen(path);
    if ((path[0] != '/' && path[0] != '@') || size >= sizeof address.sun_path) return -1;
    memcpy(address.sun_path, path, size);
    if (path[0] == '@') address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    if (connect(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Never waits: a service manager that is behind loses a status, and the engine no time. */
void service_notify(const char *format, ...)
{
    char message[MESSAGE_SIZE_MAX];
    va_list arguments;
    if (service.fd < 0) return;
    va_start(arguments, format);
    int size = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    ASSERT(size >= 0 && size < MESSAGE_SIZE_MAX);
    (void)!send(service.fd, message, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

int64_t service_watchdog_us(void)
{
    return service.watchdog_us;
}

/* ---- What it hands over. */

/* Whether the index-th name between colons is this one. */
static bool is_named(unsigned index, const char *name)
{
    const char *at = service.names;
    for (; index > 0 && at; index--) {
        at = strchr(at, ':');
        if (at) at++;
    }
    return at && strcspn(at, ":") == strlen(name) && strncmp(at, name, strlen(name)) == 0;
}

static bool has_names(void)
{
    return service.names[0] != '\0' && !is_named(0, "unknown");
}

int service_take_socket(const char *name, unsigned index)
{
    for (unsigned i = 0; i < service.socket_count; i++) {
        if (service.taken[i] || !(has_names() ? is_named(i, name) : i == index)) continue;
        service.taken[i] = true;
        return FIRST_SOCKET + (int)i;
    }
    return -1;
}

/* ---- The environment. */

static uint64_t number_in(const char *variable)
{
    const char *text = getenv(variable);
    return text ? strtoull(text, NULL, 10) : 0;
}

/* Variables that name another process were inherited, and are not for us. */
static bool is_ours(const char *variable)
{
    return number_in(variable) == (uint64_t)getpid();
}

static void read_sockets(void)
{
    const char *names = getenv("LISTEN_FDNAMES");
    if (!is_ours("LISTEN_PID")) return;
    service.socket_count = (unsigned)MIN(number_in("LISTEN_FDS"), (uint64_t)SOCKETS_MAX);
    for (unsigned i = 0; i < service.socket_count; i++) fcntl(FIRST_SOCKET + (int)i, F_SETFD, FD_CLOEXEC);
    if (names) snprintf(service.names, sizeof service.names, "%s", names);
}

void service_init(void)
{
    static const char *const VARIABLES[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC",  "WATCHDOG_PID",
                                            "LISTEN_FDS",    "LISTEN_FDNAMES", "LISTEN_PID"};
    const char *path = getenv("NOTIFY_SOCKET");
    if (path) service.fd = connect_to(path);
    if (!getenv("WATCHDOG_PID") || is_ours("WATCHDOG_PID")) service.watchdog_us = (int64_t)number_in("WATCHDOG_USEC");
    read_sockets();
    for (size_t i = 0; i < COUNT_OF(VARIABLES); i++) unsetenv(VARIABLES[i]);
}
