/* Imports a file of ROWS rows while another client calls, and tells what a row costs as the fleet grows, and how long that
 * other one waits.
 *
 *     bench_import PREFIX SOCKET FILE ROWS
 *
 * Prints  first_us tenth_us rest_us   what a row took up to the first hundredth of the rows, then up to the first tenth,
 *                                     then to the end
 *         p50_us p99_us most_us       how long a call of the other client took, one after another */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/support.h"

enum { PIECE_SIZE = 64 << 10, UNDER_WAY_MAX = 16, CALLS_MAX = 1 << 20, PAUSE_US = 500 };

/* ---- The other client. */

struct other {
    const char *socket;
    atomic_bool over;
    double *seconds;
    size_t count;
};

static void *call_on(void *context)
{
    struct other *other = context;
    struct muster_client *client = bench_connect(other->socket);
    while (!atomic_load(&other->over) && other->count < CALLS_MAX) {
        double start = bench_now();
        bench_call(client, "hello", NULL);
        other->seconds[other->count++] = bench_now() - start;
        usleep(PAUSE_US);
    }
    muster_close(client);
    return NULL;
}

/* ---- The file. */

struct import {
    struct muster_client *client;
    char id[160];
    int fd;
    size_t under_way;
    uint64_t lines;
};

static void open_import(struct import *i)
{
    msgpack_object import = bench_call(i->client, "imports.open", NULL);
    msgpack_object_str id = muster_text(&import, "id");
    snprintf(i->id, sizeof i->id, "%.*s", (int)id.size, id.ptr);
}

/* False at the file's end. */
static bool send_piece(struct import *i)
{
    static uint8_t piece[PIECE_SIZE];
    struct muster_params params;
    ssize_t size = read(i->fd, piece, sizeof piece);
    if (size < 0) bench_fail("the file cannot be read");
    if (size == 0) return false;
    muster_params_init(&params);
    muster_put_text(&params, "id", i->id);
    muster_put_bin(&params, "data", piece, (size_t)size);
    if (muster_send(i->client, "imports.write", &params, NULL) != MUSTER_OK) bench_fail("%s", muster_why(i->client));
    muster_params_free(&params);
    i->under_way++;
    return true;
}

static void take_answer(struct import *i)
{
    struct muster_message message;
    if (muster_receive(i->client, &message) != MUSTER_OK || message.kind == MUSTER_REFUSAL)
        bench_fail("imports.write: %s", muster_why(i->client));
    i->lines = muster_uint(&message.value, "lines", i->lines);
    i->under_way--;
}

static void close_import(struct import *i, uint64_t rows)
{
    struct muster_params params;
    muster_params_init(&params);
    muster_put_text(&params, "id", i->id);
    msgpack_object import = bench_call(i->client, "imports.close", &params);
    if (muster_uint(&import, "accepted", 0) != rows) bench_fail("not every row was accepted");
    muster_params_free(&params);
}

/* ---- What a row costs. */

static void stream(struct import *i, const char *prefix, uint64_t rows)
{
    static const char *const NAMES[] = {"first_us", "tenth_us", "rest_us"};
    const uint64_t ends[] = {rows / 100, rows / 10, rows};
    uint64_t begun_lines = 0;
    size_t stage = 0;
    double begun = bench_now();
    for (bool more = true; more || i->under_way;) {
        if (more && i->under_way < UNDER_WAY_MAX) more = send_piece(i);
        else take_answer(i);
        if (stage == COUNT_OF(ends) || i->lines < ends[stage]) continue;
        double now = bench_now();
        bench_figure(prefix, NAMES[stage++], (now - begun) / (double)(i->lines - begun_lines) * 1e6);
        begun_lines = i->lines;
        begun = now;
    }
}

int main(int argc, char **argv)
{
    if (argc != 5) bench_fail("bench_import PREFIX SOCKET FILE ROWS");
    struct import import = {.client = bench_connect(argv[2]), .fd = open(argv[3], O_RDONLY | O_CLOEXEC)};
    struct other other = {.socket = argv[2], .seconds = malloc(CALLS_MAX * sizeof(double))};
    pthread_t thread;
    uint64_t rows = bench_number(argv[4]);
    if (import.fd < 0 || !other.seconds) bench_fail("%s cannot be read", argv[3]);
    if (pthread_create(&thread, NULL, call_on, &other) != 0) bench_fail("no thread");
    open_import(&import);
    stream(&import, argv[1], rows);
    close_import(&import, rows);
    atomic_store(&other.over, true);
    pthread_join(thread, NULL);
    bench_percentiles(argv[1], other.seconds, other.count);
    bench_figure(argv[1], "most_us", other.seconds[other.count - 1] * 1e6);
    muster_close(import.client);
    free(other.seconds);
    return EXIT_SUCCESS;
}
