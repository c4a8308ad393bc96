/* What a client may ask for, in one table; docs/protocol.md prints it and a test compares the two. */
#ifndef MUSTER_LIMITS_H
#define MUSTER_LIMITS_H

/* name, value, unit, what it bounds */
#define LIMITS(X)                                                                                                      \
    X(FRAME_BYTES_MAX, 8388608, "bytes", "one frame, either way")                                                      \
    X(FRAME_DEPTH_MAX, 16, "levels", "arrays and maps inside each other in a frame")                                   \
    X(FRAME_ELEMENTS_MAX, 1048576, "values", "all values of a frame, nested ones too")                                  \
    X(CONNECTIONS_MAX, 1000, "connections", "open at the same time, both sockets together")                            \
    X(READERS_MAX, 500, "connections", "of those, on the socket that only reads")                                      \
    X(INPUT_BYTES_MAX, 268435456, "bytes", "frames not yet whole, all connections together")                           \
    X(INPUT_PAUSE_BYTES, 4194304, "bytes", "frames of a connection that wait for their turn; more wait in its socket")   \
    X(OUTPUT_PAUSE_BYTES, 4194304, "bytes", "unread answers of a connection above which its frames wait")              \
    X(OUTPUT_CLOSE_BYTES, 67108864, "bytes", "unread answers of a connection above which it is closed")                \
    X(OUTPUT_BYTES_MAX, 1073741824, "bytes", "unread answers in all; above it the slowest reader is closed")           \
    X(TAKES_WAITING_MAX, 256, "calls", "work.take calls of a connection that wait at the same time")                   \
    X(TASKS_WAITING_MAX, 16, "calls", "calls of a connection that a worker has not answered yet")                      \
    X(ERROR_TEXT_BYTES_MAX, 1024, "bytes", "a result's error; longer text is cut")                                     \
    X(RESPONSE_BYTES_MAX, 4096, "bytes", "a device's response")                                                        \
    X(TAKE_DEVICES_MAX, 10000, "devices", "one work.take")                                                             \
    X(TAKE_WAIT_SECONDS_MAX, 300, "seconds", "one work.take")                                                          \
    X(TAKE_TEMPLATES_MAX, 100, "templates", "one work.take")                                                           \
    X(TAKE_KINDS_MAX, 64, "combinations", "templates and types that connectors name at the same time")                 \
    X(REPORT_RESULTS_MAX, 100000, "results", "one work.report")                                                        \
    X(PAGE_ROWS_MAX, 1000, "rows", "one page of a list")                                                               \
    X(PAGE_ROWS_DEFAULT, 100, "rows", "a page when no limit is given")                                                 \
    X(COLUMNS_MAX, 32, "columns", "of a row, besides those that are always there")                                     \
    X(ID_CHARACTERS_MAX, 128, "characters", "an id: A-Z a-z 0-9 -")                                                    \
    X(NAME_CHARACTERS_MAX, 148, "characters", "a display name")                                                        \
    X(DESCRIPTION_BYTES_MAX, 4096, "bytes", "a description")                                                           \
    X(REQUEST_ID_BYTES_MAX, 128, "bytes", "a requestId, an onBehalfOf, a connector's name")                            \
    X(JOB_DATA_BYTES_MAX, 65536, "bytes", "a job's data")                                                              \
    X(JOB_PROPERTIES_MAX, 100, "entries", "a job's data")                                                              \
    X(CAPABILITIES_BYTES_MAX, 262144, "bytes", "a template's capabilities")                                            \
    X(MOVE_DEVICES_MAX, 1000, "devices", "named in one devices.move")                                                  \
    X(MOVES_OPEN_MAX, 16, "moves", "of groups, under way at the same time")                                            \
    X(REPORTED_BYTES_MAX, 16384, "bytes", "a device's reported properties, together")                                  \
    X(REPORTED_PROPERTIES_MAX, 256, "properties", "that a device has reported")                                        \
    X(TIMEOUT_SECONDS_MAX, 2592000, "seconds", "timeouts.queue and timeouts.execution")                                \
    X(RETRIES_MAX, 10, "retries", "retries.max of a job")                                                              \
    X(RERUNS_MAX, 1000, "jobs", "reruns of one job, and of its reruns")                                                \
    X(IMPORTS_PEER_MAX, 16, "imports", "open at the same time, of one connection")                                      \
    X(IMPORTS_OPEN_MAX, 64, "imports", "open at the same time")                                                        \
    X(EXPORT_IDS_MAX, 10000, "devices", "named by one exports.open")                                                   \
    X(EXPORTS_KEPT_MAX, 16, "exports", "under way, or with a file; for another the oldest file goes")                  \
    X(IMPORT_PROBLEMS_MAX, 100, "rows", "a dry run's problems")                                                        \
    X(DRY_RUN_NEW_MAX, 4000000, "devices", "that do not exist yet, in all dry runs open at the same time")             \
    X(JOBS_AT_ONCE_MAX, 50, "jobs", "running at the same time, whatever musterd is told")                              \
    X(JOBS_ACTIVE_MAX, 10000, "jobs", "pending, running and stopped at the same time")

enum limit {
#define LIMIT(name, value, unit, what) name = (value),
    LIMITS(LIMIT)
#undef LIMIT
};

#endif
