/* Imports that are being written to: the reader of each one's CSV, kept in memory only. A restart, or a
 * client that is gone, closes them; what was accepted stays. */
#ifndef MUSTER_OPEN_IMPORTS_H
#define MUSTER_OPEN_IMPORTS_H

#include "engine/csv/import_reader.h"
#include "engine/decide/emit.h"
#include "engine/decide/limits.h"
#include "engine/decide/seen_rows.h"

struct import_counts {
    uint64_t accepted, changed, unchanged, rejected;
    uint64_t twice; /* of those rejected */
};

/* Why a dry run would refuse a row. */
struct import_problem {
    uint64_t line;
    struct bytes reason;
};

struct open_import {
    uint32_t number;
    uint64_t peer; /* who opened it; 0: has left */
    uint32_t template;
    bool update;  /* rows may rename devices */
    bool dry_run; /* rows are only looked at */
    uint64_t size; /* of the file, as the client says; 0: it did not */
    uint64_t bytes; /* of it, so far */
    struct import_reader *reader;
    struct import_counts counts;
    struct seen_rows seen;
    struct arena problem_memory; /* of a dry run: its first problems */
    struct import_problem problems[IMPORT_PROBLEMS_MAX];
    size_t problem_count;
    bool header_written;
    bool opened;  /* by this turn, which is not on disk yet */
    bool touched; /* by this turn, whose events are not on disk yet */
    bool broken;  /* rows were read whose events did not reach the disk */
    bool closed;  /* by this turn */
    struct open_import *next;
};

/* All zero is empty. */
struct open_imports {
    struct open_import *first;
    uint32_t count;
};

/* NULL when it is not open. */
struct open_import *open_imports_find(const struct open_imports *o, uint32_t number);
void open_imports_peer_left(struct open_imports *o, uint64_t peer);
void open_imports_settle(struct open_imports *o);
void open_imports_undo(struct open_imports *o);
void open_imports_free(struct open_imports *o);

/* Closes what cannot go on: broken ones, those whose client is gone, those of before a restart. True when there is
 * more to close than this turn may hold. */
struct view;
bool imports_close_abandoned(struct open_imports *o, struct view *v, struct events *events, size_t events_max);

#endif
