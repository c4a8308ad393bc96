/* What is asked of a job's device list: which of its devices, in which order, which columns of each. decide/ reads it
 * from the call, snapshot/ carries it out, wire/ shows it. */
#ifndef MUSTER_LISTING_H
#define MUSTER_LISTING_H

#include "engine/base/arena.h"

/* ---- Columns. Those of the job and of the device have names; a property is named by its path behind a prefix. */

#define COLUMNS(X)                                                                                                     \
    X(ID, "id")                                                                                                        \
    X(DISPLAY_NAME, "displayName")                                                                                     \
    X(DELETED, "deleted")                                                                                              \
    X(STATUS, "status")                                                                                                \
    X(REASON, "reason")                                                                                                \
    X(ERROR, "error")                                                                                                  \
    X(BATCH, "batch")                                                                                                  \
    X(ATTEMPT, "attempt")                                                                                              \
    X(CONNECTOR, "connector")                                                                                          \
    X(START, "start")                                                                                                  \
    X(END, "end")                                                                                                      \
    X(RESPONSE, "response")                                                                                            \
    X(TEMPLATE, "template")                                                                                            \
    X(PROVISIONED, "provisioned")                                                                                      \
    X(SIMULATED, "simulated")                                                                                          \
    X(MERGED, "merged")

#define PROPERTY_COLUMN_PREFIX       "properties."
#define CLOUD_PROPERTY_COLUMN_PREFIX "cloudProperties."

enum column_kind {
#define COLUMN(NAME, name) COLUMN_##NAME,
    COLUMNS(COLUMN)
#undef COLUMN
    COLUMN_PROPERTY,
    COLUMN_CLOUD_PROPERTY,
};

struct column {
    enum column_kind kind;
    struct bytes name; /* as it was asked for */
    struct bytes path; /* of a property */
};

struct columns {
    const struct column *column;
    size_t count;
};

/* Borrows the name. False when there is no such column. */
bool column_named(struct bytes name, struct column *column);
/* A property's values are kept beside the device, not in it. */
bool column_is_property(const struct column *column);
bool columns_have(struct columns columns, enum column_kind kind);
/* What a row shows when nobody chose. */
struct columns columns_usual(void);

/* ---- Orders. An id is compared byte by byte; devices without an end come behind those with one, both ways. */

#define LISTING_ORDERS(X)                                                                                              \
    X(POSITION, "")                                                                                                    \
    X(ID, "id")                                                                                                        \
    X(ID_DOWN, "id desc")                                                                                              \
    X(FINISH, "finish")                                                                                                \
    X(FINISH_DOWN, "finish desc")

enum listing_order {
#define ORDER(NAME, word) LISTED_BY_##NAME,
    LISTING_ORDERS(ORDER)
#undef ORDER
};

bool listing_order_named(struct bytes word, enum listing_order *order);

/* A row's place in its order. A row that does not change keeps its place, whatever becomes of the others, so that a
 * page which begins at a place neither repeats nor leaves out one. */
struct listing_place {
    bool given;      /* false: before the first row, or behind the last */
    uint64_t number; /* by position and by finish */
    struct bytes id; /* by id */
};

/* A place as the text of a cursor: "1000", "finish:4711", "id desc:gw-7". */
void listing_put_cursor(struct buffer *out, enum listing_order order, const struct listing_place *place);
/* Borrows the text. False when it is no cursor of this order. */
bool listing_read_cursor(struct bytes text, enum listing_order order, struct listing_place *place);

/* ---- The question. */

struct listing {
    uint32_t states;   /* bit (1 << enum device_state); 0: any */
    uint32_t outcomes; /* bit (1 << enum device_outcome) of the end; 0: any, also without an end */
    struct bytes id, id_prefix, id_part; /* of the device: all of it, its beginning, somewhere in it; size 0: any */
    enum listing_order order;
    struct columns columns;
    struct listing_place from;
    uint32_t limit; /* above 0 */
};

struct listing listing_copy(struct arena *arena, const struct listing *listing);
bool listing_filters_id(const struct listing *listing);
bool listing_takes_id(const struct listing *listing, struct bytes id);

#endif
