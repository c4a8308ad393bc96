/* What a command is answered with, before it is bytes: which resource, which numbers. wire/ makes the reply
 * from it by reading the view, at once, so that it shows the state right after the command. */
#ifndef MUSTER_ANSWER_H
#define MUSTER_ANSWER_H

#include "engine/base/base.h"
#include "engine/events/event.h"
#include "engine/filter/device_listing.h"

enum answer_kind {
    ANSWER_EMPTY, /* {} */
    ANSWER_HELLO,
    ANSWER_INFO,
    ANSWER_METRICS,
    ANSWER_TEMPLATE, /* one resource: `number` */
    ANSWER_GROUP,
    ANSWER_DEVICE,
    ANSWER_IMPORT,
    ANSWER_JOB,
    ANSWER_SCHEDULE,
    ANSWER_MOVE,
    ANSWER_TEMPLATES, /* a page: `numbers`, `count`, `next` */
    ANSWER_GROUPS,
    ANSWER_IMPORTS,
    ANSWER_MOVES,
    ANSWER_JOBS,
    ANSWER_SCHEDULES,
    ANSWER_SCHEDULE_RUNS,   /* a page of occurrences of the schedule `number` */
    ANSWER_IMPORT_PROGRESS, /* imports.write: `number`, without what a dry run has to say */
    ANSWER_OPERATIONS,      /* `operations`, `count`, `operations_next` */
    ANSWER_REPORTED,        /* work.report: the three counts */
    ANSWER_WORKS,           /* work.take: `works`, `count` */
    ANSWER_IMPORT_ERRORS,   /* the turn reads the log: `number`, `from` */
    ANSWER_EVENTS,          /* the turn reads the log: `from`, `limit`, `filter` */
    ANSWER_SUBSCRIBED,      /* likewise */
    ANSWER_LOG,             /* likewise: `from`, `limit` */
    ANSWER_CHECKPOINT,      /* the turn signs it, unless `last_signed` */
    ANSWER_DEVICES,         /* a worker answers: `text` filter, `device_order`, `device_place`, `limit` */
    ANSWER_DEVICE_HISTORY,  /* likewise: `text` id, `from` job, `limit` */
    ANSWER_GROUP_PREVIEW,   /* likewise: `text` filter, `limit` sample */
    ANSWER_JOB_DEVICES,     /* likewise: `number`, `listing` */
    ANSWER_FAILURES,        /* likewise: `number` */
    ANSWER_ATTEMPTS,        /* likewise: `number`, `text` device id, `from` event, `limit` */
    ANSWER_RESULTS,         /* likewise: `number` and the columns of `listing`, or `text` token and `from` */
    ANSWER_EXPORT,
    ANSWER_EXPORT_PIECE,    /* a worker answers: `number`, `from` */
    ANSWER_KEYS,            /* the prints of the group keys */
    ANSWER_COLUMNS,         /* `user`, `view_name`, `text` an array of names or nothing */
    ANSWER_PREVIEW,         /* likewise: `preview` */
    ANSWER_LATER,           /* a waiting take; nothing is sent now */
};

/* One piece of work for a connector: the devices of one dispatch. */
struct work {
    uint64_t dispatch; /* its event's number is the handle */
    uint32_t job;
    uint32_t batch;
    uint32_t attempt;
    uint32_t timeout; /* seconds */
    const uint32_t *devices;
    uint32_t count;
};

/* What a job would do, for a worker to say on which devices. */
struct preview {
    struct bytes filter; /* of its group */
    uint32_t target;
    struct bytes data;
    struct bytes terms;  /* plan.h */
    uint32_t batch_measure, batch_value;
};

/* Kinds of what goes on over a while in the background. A row wants newest_NAME() and begun_NAME() in operations.c, and
 * put_NAME_operation() in wire/. */
#define OPERATION_KINDS(X) X(IMPORT, import) X(EXPORT, export) X(MOVE, move)

enum operation_kind {
#define KIND(NAME, name) OPERATION_##NAME,
    OPERATION_KINDS(KIND)
#undef KIND
    OPERATION_KIND_COUNT
};

struct operation {
    enum operation_kind kind;
    uint32_t number;
};

/* Which events a reader wants; all zero is every one. */
struct event_filter {
    bool some_types; /* only those whose bit is set */
    uint64_t types[EVENT_CODES_MAX / 64];
    uint32_t job;    /* 0: any */
    uint32_t device; /* 0: any */
};

struct answer {
    enum answer_kind kind;
    uint32_t number;
    const uint32_t *numbers;
    size_t count;
    uint32_t next; /* cursor of the next page; 0: there is none */
    uint64_t recorded, duplicates, unknown;
    const struct work *works;
    uint64_t from;
    uint64_t limit;
    bool last_signed;
    struct bytes text;
    struct bytes user, view_name;
    const struct listing *listing; /* of engine/filter/listing.h */
    const struct preview *preview;
    enum device_order device_order;
    struct device_place device_place;
    const struct operation *operations;
    const uint32_t *operations_next; /* of each kind, the first number on the next page; NULL: there is none */
};

#endif
