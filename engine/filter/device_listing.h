/* In which order devices are listed, and where a page begins. decide/ reads it from the call, snapshot/ carries it out,
 * wire/ shows it. */
#ifndef MUSTER_DEVICE_LISTING_H
#define MUSTER_DEVICE_LISTING_H

#include "engine/base/arena.h"

/* Texts are compared byte by byte; devices of one name come in the order of their registration, or the other way
 * round. */
#define DEVICE_ORDERS(X)                                                                                               \
    X(NUMBER, "")                                                                                                      \
    X(ID, "id")                                                                                                        \
    X(ID_DOWN, "id desc")                                                                                              \
    X(NAME, "displayName")                                                                                             \
    X(NAME_DOWN, "displayName desc")

enum device_order {
#define ORDER(NAME, word) DEVICES_BY_##NAME,
    DEVICE_ORDERS(ORDER)
#undef ORDER
};

bool device_order_named(struct bytes word, enum device_order *order);

/* A device's place in the order. One that does not change keeps its place, whatever becomes of the others. */
struct device_place {
    bool given;       /* false: before the first device, or behind the last */
    uint32_t number;
    struct bytes key; /* what is sorted by; no bytes in the order of numbers */
};

/* Below 0: `a` comes first. No two devices have the same place. */
int device_place_compare(enum device_order order, const struct device_place *a, const struct device_place *b);
/* A place as the text of a cursor: "1000", "id:17:gw-7", "displayName desc:17:Pump 7". */
void device_place_put(struct buffer *out, enum device_order order, const struct device_place *place);
/* Borrows the text. False when it is no cursor of this order. */
bool device_place_read(struct bytes text, enum device_order order, struct device_place *place);

#endif
