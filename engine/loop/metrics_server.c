/* libmicrohttpd brings an epoll descriptor of its own; the loop watches that one, and its timeouts. */
#include "engine/loop/metrics_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>

enum { CONNECTIONS = 16, TIMEOUT_SECONDS = 10, MEMORY_PER_CONNECTION = 16 << 10 };

#define OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define PLAIN_TEXT  "text/plain; charset=utf-8"

struct metrics_server {
    struct MHD_Daemon *daemon;
    metrics_text *text;
    void *context;
    uv_poll_t poll;
    uv_timer_t timer;
    int handles; /* that libuv still has */
};

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status, const char *type, struct bytes body)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(body.size, (void *)(uintptr_t)body.data, MHD_RESPMEM_MUST_COPY);
    if (!response) return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED) MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result reply_with_metrics(struct metrics_server *m, struct MHD_Connection *connection)
{
    struct arena arena = {0};
    struct bytes text = m->text(m->context, &arena);
    enum MHD_Result result =
        text.size ? reply(connection, MHD_HTTP_OK, OPENMETRICS, text)
                  : reply(connection, MHD_HTTP_SERVICE_UNAVAILABLE, PLAIN_TEXT, BYTES("the engine is stopping\n"));
    arena_free(&arena);
    return result;
}

/* libmicrohttpd calls once for the headers, then for the body, which nothing here has, until there is an answer. */
static enum MHD_Result on_request(void *server, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_size, void **seen)
{
    static char mark;
    (void)version, (void)upload;
    if (!*seen || *upload_size) {
        *seen = &mark;
        *upload_size = 0;
        return MHD_YES;
    }
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return reply(connection, MHD_HTTP_METHOD_NOT_ALLOWED, PLAIN_TEXT, BYTES("only GET /metrics is served\n"));
    if (strcmp(url, "/metrics") != 0)
        return reply(connection, MHD_HTTP_NOT_FOUND, PLAIN_TEXT, BYTES("there is only /metrics\n"));
    return reply_with_metrics(server, connection);
}

/* ---- In the loop. */

static void on_timer(uv_timer_t *timer);

static void run(struct metrics_server *m)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;
    MHD_run(m->daemon);
    if (MHD_get_timeout(m->daemon, &wait_ms) == MHD_YES) uv_timer_start(&m->timer, on_timer, wait_ms, 0);
    else uv_timer_stop(&m->timer);
}

static void on_timer(uv_timer_t *timer)
{
    run(timer->data);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status, (void)events;
    run(poll->data);
}

static void watch(struct metrics_server *m, uv_loop_t *uv)
{
    int fd = MHD_get_daemon_info(m->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    ASSERT(uv_poll_init(uv, &m->poll, fd) == 0 && uv_timer_init(uv, &m->timer) == 0);
    m->poll.data = m->timer.data = m;
    m->handles = 2;
    uv_poll_start(&m->poll, UV_READABLE, on_readable);
}

struct metrics_server *metrics_server_open(uv_loop_t *uv, uint16_t port, metrics_text *text, void *context,
                                           struct sentence *why)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct metrics_server *m = calloc(1, sizeof *m);
    ASSERT(m != NULL);
    *m = (struct metrics_server){.text = text, .context = context};
    m->daemon = MHD_start_daemon(MHD_USE_EPOLL, port, NULL, NULL, on_request, m, MHD_OPTION_SOCK_ADDR, &address,
                                 MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
                                 (unsigned)TIMEOUT_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                                 (size_t)MEMORY_PER_CONNECTION, MHD_OPTION_END);
    if (m->daemon) {
        watch(m, uv);
        return m;
    }
    sentence_set(why, "metrics cannot be served at 127.0.0.1:%u: %s; choose another --metrics-port, or 0 for none",
                 port, strerror(errno));
    free(m);
    return NULL;
}

static void on_closed(uv_handle_t *handle)
{
    struct metrics_server *m = handle->data;
    if (--m->handles == 0) free(m);
}

void metrics_server_close(struct metrics_server *m)
{
    if (!m) return;
    uv_poll_stop(&m->poll);
    MHD_stop_daemon(m->daemon);
    uv_close((uv_handle_t *)&m->poll, on_closed);
    uv_close((uv_handle_t *)&m->timer, on_closed);
}
