/* Folds a whole log into new projections, as musterd --rebuild does before it serves. No engine may have the log open.
 *
 *     bench_rebuild PREFIX LOG-DIRECTORY PROJECTIONS-DIRECTORY     the latter must not exist yet
 *
 * Prints  events          in the log
 *         decode_seconds  reading and decoding them
 *         seconds         reading, decoding and folding them, commits included */
#include <stdlib.h>

#include "bench/support.h"
#include "engine/refold.h"

static void decode_all(struct log *log)
{
    struct log_reader reader;
    if (log_reader_open(&reader, log) != LOG_OK) bench_fail("%s", reader.why.text);
    for (uint64_t seq = 1; seq <= log_head(log); seq++) {
        struct bytes value;
        struct event event;
        struct sentence why;
        if (log_read(&reader, seq, &value) != LOG_OK) bench_fail("%s", reader.why.text);
        if (event_decode(value, &event, &why) != EVENT_OK) bench_fail("%s", why.text);
    }
    log_reader_close(&reader);
}

static void fold_all(struct log *log, const char *directory)
{
    struct projections projections;
    struct projections_settings settings = {.directory = directory, .boot_id = "bench"};
    struct sentence why;
    if (projections_open(&projections, &settings) != PROJECTIONS_OK) bench_fail("%s", projections.why.text);
    if (refold(&projections, log, false, &why) != REFOLD_OK) bench_fail("%s", why.text);
    projections_close(&projections, true);
}

int main(int argc, char **argv)
{
    if (argc != 4) bench_fail("bench_rebuild PREFIX LOG-DIRECTORY PROJECTIONS-DIRECTORY");
    struct log log;
    bench_open_log(&log, argv[2]);
    bench_figure(argv[1], "events", (double)log_head(&log));
    double start = bench_now();
    decode_all(&log);
    bench_figure(argv[1], "decode_seconds", bench_now() - start);
    start = bench_now();
    fold_all(&log, argv[3]);
    bench_figure(argv[1], "seconds", bench_now() - start);
    log_close(&log, false);
    return EXIT_SUCCESS;
}
