/* Imports of devices: how far each one came and where its refused rows stand in the log. */
#ifndef MUSTER_IMPORTS_H
#define MUSTER_IMPORTS_H

#include "projections/projections.h"

enum import_outcome {
    IMPORT_OPEN = 0,
    IMPORT_COMPLETE = 1,
    IMPORT_CUT_OFF = 2,
    IMPORT_REFUSED = 3,
    IMPORT_CLIENT_GONE = 4,
    IMPORT_ENGINE_RESTARTED = 5,
    IMPORT_CANCELLED = 6, /* by IMPORT_CANCELLED, not by IMPORT_CLOSED */
};

struct import {
    uint32_t number;
    struct bytes id;
    uint32_t template;
    uint32_t actor;
    bool update;
    bool dry_run; /* what follows is what would be */
    enum import_outcome outcome;
    struct bytes reason; /* of an outcome other than complete */
    uint64_t accepted;  /* of a dry run, known once closed; and so are changed, rejected, twice */
    uint64_t changed;
    uint64_t rejected;
    uint64_t twice;     /* only of a dry run; counted in `rejected` */
    uint64_t unchanged; /* known once closed */
    uint64_t lines;     /* likewise */
    uint64_t header_seq; /* its IMPORT_HEADER_READ, or 0 */
    int64_t opened_us;
    int64_t closed_us;
};

uint32_t imports_find(struct view *v, struct bytes id); /* 0: none */
bool imports_get(struct view *v, uint32_t number, struct import *import);
uint32_t imports_next_number(struct view *v);
/* The IMPORT_ROW_REJECTED event of the index-th refused row; 0 when there are not as many. */
uint64_t imports_rejected_row(struct view *v, uint32_t number, uint64_t index);
/* The next open one with a number >= from, 0 at the end: those that a restart must close. */
uint32_t imports_next_open(struct view *v, uint32_t from);

#endif
