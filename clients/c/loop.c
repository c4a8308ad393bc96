/* One descriptor for a program's loop: an epoll of the socket, which comes and goes, and of a timer that runs while
 * there is no connection. Epolls can be watched by whatever watches descriptors. */
#include "client.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* While there is a connection the socket tells; without one it is a matter of time, at once if something is lost. */
static void set_timer(struct muster_client *c)
{
    uint64_t at_ms = c->lost > 0 ? 1 : c->fd >= 0 ? 0 : c->retry_ms;
    if (at_ms == c->timer_ms) return;
    c->timer_ms = at_ms;
    const struct itimerspec when = {
        .it_value = {.tv_sec = (time_t)(at_ms / 1000), .tv_nsec = (long)(at_ms % 1000) * 1000000},
    };
    timerfd_settime(c->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void watch_socket(struct muster_client *c)
{
    uint32_t wanted = EPOLLIN | (socket_unsent(c) > 0 ? (uint32_t)EPOLLOUT : 0);
    if (c->fd < 0 || c->watched == wanted) return;
    struct epoll_event event = {.events = wanted};
    epoll_ctl(c->loop_fd, c->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, c->fd, &event);
    c->watched = wanted;
}

void loop_follow(struct muster_client *c)
{
    if (c->loop_fd < 0) return;
    set_timer(c);
    watch_socket(c);
}

int muster_fd(struct muster_client *client)
{
    if (client->loop_fd >= 0) return client->loop_fd;
    struct epoll_event event = {.events = EPOLLIN};
    client->loop_fd = epoll_create1(EPOLL_CLOEXEC);
    client->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    bool good = client->loop_fd >= 0 && client->timer_fd >= 0 &&
                epoll_ctl(client->loop_fd, EPOLL_CTL_ADD, client->timer_fd, &event) == 0;
    if (!good) {
        say(client, MUSTER_NO_MEMORY, "the system gives no descriptors for a loop: %s", strerror(errno));
        loop_free(client);
        return -1;
    }
    loop_follow(client);
    return client->loop_fd;
}

void loop_free(struct muster_client *c)
{
    if (c->loop_fd >= 0) close(c->loop_fd);
    if (c->timer_fd >= 0) close(c->timer_fd);
    c->loop_fd = c->timer_fd = -1;
    c->watched = 0;
}
