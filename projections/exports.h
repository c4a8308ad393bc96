/* Exports of devices: who asked for which, what became of each, and which files are still there. */
#ifndef MUSTER_EXPORTS_H
#define MUSTER_EXPORTS_H

#include "projections/projections.h"

/* On disk: never change. */
enum export_outcome {
    EXPORT_RUNNING = 0,
    EXPORT_COMPLETE = 1,
    EXPORT_FAILED = 2,
    EXPORT_NO_SPACE = 3,
    EXPORT_ENGINE_RESTARTED = 4,
};

/* Why a file of a complete one is gone. On disk: never change. */
enum export_gone {
    EXPORT_IS_KEPT = 0,
    EXPORT_GONE_OLD = 1,
    EXPORT_GONE_FOR_ANOTHER = 2, /* as many were kept as may be */
    EXPORT_GONE_LOST = 3,        /* a start did not find it whole */
};

struct export {
    uint32_t number;
    struct bytes id;
    uint32_t group;       /* 0: not of a group */
    uint32_t template;    /* 0: not of a template */
    struct bytes devices; /* numbers in ascending order, while it runs; of none: not of listed ones */
    uint32_t listed;      /* how many those are */
    struct bytes filter;  /* of the group when it was asked for, while it runs */
    uint32_t actor;
    enum export_outcome outcome;
    enum export_gone gone;
    struct bytes reason; /* of an outcome other than complete */
    uint64_t rows;       /* known once closed */
    uint64_t bytes;      /* likewise */
    int64_t opened_us;
    int64_t closed_us;
};

uint32_t exports_find(struct view *v, struct bytes id); /* 0: none */
/* Numbers run from 1 without gaps, the newest is exports_next_number() - 1. */
bool exports_get(struct view *v, uint32_t number, struct export *export);
uint32_t exports_next_number(struct view *v);
/* The first one with a number >= from that runs, or whose file is kept; 0 at the end. Both together are few. */
uint32_t exports_next_running(struct view *v, uint32_t from);
uint32_t exports_next_kept(struct view *v, uint32_t from);

#endif
