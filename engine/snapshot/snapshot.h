/* Long reads on a worker thread: whom a job is for, pages of device lists, a device's attempts, a job's results log.
 * A task is filled by the turn, run by a worker on a snapshot of the projections' last commit, and read by the turn
 * when it is done. The loop never waits for one.
 *
 * Happy path: task_new, fill, [worker] task_run, read, task_delete. When it cannot be read, `failed` is set and
 * `fault` has the sentence; the answers are then not to be looked at.
 *
 * A call touches at most TASK_LOOKS_MAX devices for a page, so that no page holds a worker for long: a page may
 * then have fewer rows than `limit`, or none, and still have a `next`. A page of long rows ends at TASK_PAGE_BYTES_MAX and
 * one row, so that it fits into a frame. */
#ifndef MUSTER_SNAPSHOT_H
#define MUSTER_SNAPSHOT_H

#include <stdatomic.h>

#include "engine/base/arena.h"
#include "engine/filter/device_listing.h"
#include "engine/filter/listing.h"
#include "engine/keys/group_keys.h"
#include "engine/log/log.h"
#include "projections/job_devices.h"
#include "projections/jobs.h"
#include "projections/projections.h"
#include "projections/reruns.h"

enum { TASK_LOOKS_MAX = 1000000, TASK_PAGE_BYTES_MAX = 4 << 20 };

enum task_kind {
    TASK_MEMBERS,
    TASK_MOVE,
    TASK_PREVIEW,
    TASK_GROUP_PREVIEW,
    TASK_DEVICES,
    TASK_JOB_DEVICES,
    TASK_FAILURES,
    TASK_ATTEMPTS,
    TASK_HISTORY,
    TASK_RESULTS,
    TASK_EXPORT,
    TASK_EXPORT_PIECE,
};

/* The targets of a job, as lists of numbers (events/numbers.h) of at most TASK_MEMBERS_CHUNK devices each; of a
 * preview, the first ones' ids. */
enum { TASK_MEMBERS_CHUNK = 16384, PLAN_SAMPLE = 10, PLAN_HASH_SIZE = 32 };
struct members_chunk {
    struct members_chunk *next;
    struct bytes devices;
    uint32_t count;
};
struct members {
    /* In: */
    uint32_t job;        /* or the number of a move, whose devices come as a job's targets do */
    uint64_t begun_seq;  /* the JOB_TARGETS_BEGUN that this answers */
    struct bytes filter; /* of the job's group */
    uint32_t parent;     /* 0, or a rerun's: instead of a group's members, devices of this job's list */
    enum rerun_which which;
    uint32_t target;     /* template number, 0: any */
    struct bytes data;   /* the job's; devices whose template lacks its paths are left out */
    struct bytes terms;  /* of the job's plan; data NULL: no hash is wanted */
    enum job_measure batch_measure; /* of a preview, for whoever answers it */
    uint32_t batch_value;
    uint32_t sample_max; /* of a preview: ids to be shown */
    /* Out: */
    struct members_chunk *chunks;
    uint32_t total;                /* in the chunks */
    uint32_t excluded[EXCLUSIONS]; /* left out, by reason */
    bool bad_filter; /* it cannot be parsed: no members; task->fault says why, though the task has not failed */
    uint8_t hash[PLAN_HASH_SIZE];  /* SHA-256 over the terms and the ids of all targets as MessagePack texts, in order */
    struct bytes *sample;
    uint32_t sample_count;
};

struct device_row {
    uint32_t number;
    struct bytes id, display_name;
    struct bytes template; /* id; size 0: unassigned */
    bool provisioned, simulated;
};
struct device_page {
    struct bytes filter; /* in, checked before */
    enum device_order order;    /* in */
    struct device_place after;  /* in: where the page begins, in another order than that of numbers */
    struct device_place next_place; /* likewise where to go on; not given: that is all */
    uint32_t from;       /* in: lowest number */
    uint32_t limit;      /* in, above 0 */
    struct device_row *rows;
    uint32_t count;
    uint32_t next; /* number to go on from, 0: that is all */
};

/* What the display name of a removed device reads as. Its id stays. */
#define REMOVED_DEVICE_NAME "(deleted)"

struct job_device_row {
    struct bytes id, display_name;
    bool deleted;
    bool provisioned, simulated;
    struct bytes template; /* id; size 0: unassigned, or not asked for */
    enum device_state state;
    enum device_outcome outcome; /* of its end, or of the last failure while it waits to be tried again */
    struct bytes error;          /* that came with the outcome */
    struct bytes response;       /* likewise: one MessagePack value, or no bytes */
    uint32_t batch;              /* from 1 */
    uint32_t attempt;
    int64_t start_us;       /* when the last attempt was handed out; 0: not dispatched */
    int64_t end_us;         /* 0: no end */
    struct bytes connector; /* that the last attempt was handed to */
    /* For each of the columns asked for its value when it is a property, one MessagePack value; else no bytes. */
    const struct bytes *properties;
    enum device_state later; /* the end that a rerun gave it after its own; DEVICE_WAITING: none did */
};

/* In the job's order a page ends after TASK_LOOKS_MAX devices. In another one every device of the list is looked at
 * for each page, and the page's rows are kept at hand: memory does not grow with the job. */
struct job_device_page {
    uint32_t job;           /* in */
    struct listing listing; /* in; a removed device is found by its id too */
    struct job_device_row *rows;
    uint32_t count;
    size_t bytes; /* of the rows' texts and values */
    struct listing_place next; /* place to go on from; not given: that is all */
};

/* The failed devices of a job, by what went wrong. */
enum { FAILURES_SHOWN_MAX = 1000, FAILURES_KEPT_MAX = 10000 };
struct failure_group {
    enum device_outcome outcome;
    struct bytes error;
    uint32_t count; /* devices */
};
struct failures {
    uint32_t job;                 /* in */
    struct failure_group *groups; /* the largest first, at most FAILURES_SHOWN_MAX */
    size_t count;
    /* Devices in none of them: of smaller groups, or of those that came up after FAILURES_KEPT_MAX others. */
    uint32_t rest;
};

/* What became of a device in a job, attempt by attempt, the newest first. A row without an attempt is what ended the
 * device, or used up a retry, while no connector had it: nobody took it, it was removed, a lost attempt completed. */
struct attempt_row {
    uint32_t attempt; /* 0: none, and no connector and no start */
    struct bytes connector;
    int64_t start_us;
    int64_t end_us;              /* 0: a connector has it */
    enum device_outcome outcome; /* of its end, NONE without one or when it was given back */
    uint32_t returned;           /* enum returned_reason: it was given back; 0: it was not */
    struct bytes error;
    struct bytes response; /* MessagePack; no bytes when none came */
};
enum attempts_fault {
    ATTEMPTS_FOUND,
    ATTEMPTS_NOT_IN_JOB, /* the job has no device with this id */
    ATTEMPTS_BAD_CURSOR, /* `from` is no event of the device in this job */
};
struct attempts {
    uint32_t job;           /* in */
    struct bytes device_id; /* in; a removed device's too */
    uint64_t from;          /* in: event to walk back from, 0: the newest */
    uint32_t limit;         /* in, above 0 */
    enum attempts_fault fault;
    struct attempt_row *rows;
    uint32_t count;
    uint64_t next; /* event to go on from, 0: that is all */
};

/* The jobs that a device was in, those of 30 days, by when they were made, the newest first. */
enum { HISTORY_ATTEMPTS_MAX = 10 };
struct history_row {
    struct bytes job, display_name; /* of the job */
    enum job_type type;
    enum job_status job_status;
    enum device_state state;
    enum device_outcome outcome;
    struct bytes error;
    uint32_t batch; /* from 1 */
    uint32_t attempt;
    int64_t start_us, end_us; /* 0: none */
    struct attempts attempts; /* the newest HISTORY_ATTEMPTS_MAX of them */
};
struct device_history {
    struct bytes device_id; /* in; a removed device's too */
    uint32_t from;          /* in: number of the newest job that may be shown, 0: any */
    uint32_t limit;         /* in, above 0 */
    struct history_row *rows;
    uint32_t count;
    size_t bytes; /* of the rows' texts and responses */
    uint32_t next; /* job to go on from, 0: that is all */
    bool unknown;  /* there never was a device with this id */
};

/* The results log as CSV: first a private file is written whole, from one snapshot; then read piece by piece. */
enum { RESULTS_PIECE_SIZE = 1 << 20 };
struct results {
    uint32_t job;       /* in; not looked at with a token: only read on */
    struct columns columns; /* in; likewise: those besides the nine that are always there */
    struct bytes token; /* in and out: 32 hex digits, the file's name */
    uint64_t offset;    /* in; 0 without a token */
    struct bytes data;  /* up to RESULTS_PIECE_SIZE from offset */
    uint64_t next;      /* offset to go on from; 0: that was the last piece */
    bool gone;          /* nothing there: neither job nor token, no such file (any more), the offset behind its end */
};

/* Devices with their keys as CSV, into a private file named by the export's number. When it fails there is none. */
struct exporting {
    uint32_t export;         /* in */
    struct bytes devices;    /* in: numbers, of listed ones only; none: not by list */
    bool of_group;           /* in */
    struct bytes filter;     /* in: the group's */
    uint32_t template;       /* in: 0: any */
    struct group_keys *keys; /* in: held, released with the task */
    uint64_t rows, bytes;    /* out */
    /* While it runs, for any thread. */
    _Atomic uint64_t rows_so_far;
    _Atomic uint32_t percent; /* of the devices that are looked at */
};

struct export_piece {
    uint32_t export; /* in */
    uint64_t offset; /* in */
    struct bytes data;
    uint64_t next; /* as of results */
    bool gone;     /* likewise */
};

struct task {
    enum task_kind kind;
    struct projections *projections;
    struct log *log;
    const char *spool_directory; /* for results */
    const char *exports_directory; /* for exports */
    struct arena arena;          /* everything the task holds, in and out; its own */
    struct view *snapshot;       /* the task's own while it has one; see task_take_snapshot */
    uint64_t seq;                /* out: the last event that the snapshot has seen; 0 when none was needed */
    atomic_bool cancelled;       /* see task_cancel */
    bool failed;
    bool lacks_room;             /* failed because the disk has no room for what it would write, which passes */
    bool unreadable;             /* failed because the projections are damaged: fold them again */
    struct sentence fault;
    /* For whoever waits; the task does not look at it. */
    uint64_t peer;
    uint64_t msgid;
    union {
        struct members members;
        struct device_page devices;
        struct job_device_page job_devices;
        struct failures failures;
        struct attempts attempts;
        struct device_history history;
        struct results results;
        struct exporting exporting;
        struct export_piece export_piece;
    };
};

/* All zero but for its kind. Never NULL: stops the process when the system has no memory, as an arena does. */
struct task *task_new(enum task_kind kind);
/* Takes the task's snapshot now and sets task->seq: for a task that must see exactly this state, whatever is
 * committed until a worker comes to it. False: task->fault says why, and task_run will do nothing. */
bool task_take_snapshot(struct task *task);
/* In any thread; takes a snapshot unless the task has one or needs none, and gives it back at the end. */
void task_run(struct task *task);
void task_delete(struct task *task);
/* Any thread: nobody wants it any more. A worker that comes to it does nothing; one that is at it goes on to its end. */
void task_cancel(struct task *task);

/* ---- The spool: one private file a results log, named by its token. Files are kept an hour after they were
 * last read; when all together hold more than SPOOL_BYTES_MAX, those that nobody read for longest go first, so
 * that no client fills the disk with them. */
#define SPOOL_BYTES_MAX (UINT64_C(1) << 30)

/* Removes spool files not read in the hour before `now_s`, UTC (all of them with now_s 0, when no task runs);
 * makes the directory (0700) when it is not there. */
bool spool_clean(const char *directory, int64_t now_s, struct sentence *why);

/* ---- The files of exports, in a directory of their own: one for each, whole and on disk before anybody hears of it. */

/* Removes those that are not to be kept; makes the directory (0700) when it is not there. */
bool export_files_sweep(const char *directory, bool (*is_kept)(void *context, uint32_t export), void *context,
                        struct sentence *why);
/* Bytes; 0 when there is no such file. */
uint64_t export_file_size(const char *directory, uint32_t export);
void export_file_remove(const char *directory, uint32_t export);

#endif
