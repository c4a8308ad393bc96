/* A MessagePack value as the text of a cell: a text as it is, nil as nothing, anything else as JSON.
 *
 *     21.5       {"code": 17, "parts": ["pump", "valve"]}       true
 *
 * Bytes become hexadecimal digits, as no CSV and no JSON has them. */
#ifndef MUSTER_CSV_VALUE_H
#define MUSTER_CSV_VALUE_H

#include "engine/base/arena.h"

/* Appends the text of one whole value; no bytes count as nil. Values are at most as deep as a frame may be. */
void csv_value_text(struct buffer *out, struct bytes value);

#endif
