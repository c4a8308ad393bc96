/* Fetches a job's results log, piece by piece, to nowhere.
 *
 *     bench_results PREFIX SOCKET JOB
 *
 * Prints  seconds rows bytes    of the whole log; the header is no row */
#include <stdlib.h>

#include "bench/support.h"

struct fetched {
    uint64_t lines, bytes;
};

static void count(struct fetched *fetched, const msgpack_object *data)
{
    if (!data || data->type != MSGPACK_OBJECT_BIN) return;
    fetched->bytes += data->via.bin.size;
    const char *at = data->via.bin.ptr, *end = at + data->via.bin.size;
    while ((at = memchr(at, '\n', (size_t)(end - at)))) {
        fetched->lines++;
        at++;
    }
}

int main(int argc, char **argv)
{
    if (argc != 4) bench_fail("bench_results PREFIX SOCKET JOB");
    struct muster_client *client = bench_connect(argv[2]);
    struct fetched fetched = {0};
    struct muster_params params;
    muster_params_init(&params);
    muster_put_text(&params, "id", argv[3]);
    double start = bench_now();
    for (;;) {
        msgpack_object part = bench_call(client, "jobs.results", &params);
        const msgpack_object *next = muster_get(&part, "next");
        count(&fetched, muster_get(&part, "data"));
        if (!next || next->type == MSGPACK_OBJECT_NIL) break;
        muster_params_clear(&params);
        muster_put_text(&params, "id", argv[3]);
        msgpack_pack_object(muster_put(&params, "next"), *next);
    }
    bench_figure(argv[1], "seconds", bench_now() - start);
    bench_figure(argv[1], "rows", (double)fetched.lines - 1);
    bench_figure(argv[1], "bytes", (double)fetched.bytes);
    muster_params_free(&params);
    muster_close(client);
    return EXIT_SUCCESS;
}
