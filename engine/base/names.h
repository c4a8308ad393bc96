/* The rules for device ids and display names, the same for a command and for a row of a CSV file. Pure. */
#ifndef MUSTER_NAMES_H
#define MUSTER_NAMES_H

#include "engine/base/base.h"

enum { DEVICE_ID_SIZE_MAX = 128, DISPLAY_NAME_LENGTH_MAX = 148 /* characters */ };

/* Each is true when the text may be used; else `why` says what is wrong and what would be right, and begins
 * with `what`, the word the sender knows it by: "id", "IOTC_DEVICEID". */

/* 1 to 128 of A-Z a-z 0-9 and -. */
bool device_id_check(struct bytes id, const char *what, struct sentence *why);
/* UTF-8, at most 148 characters, no control characters (U+0000 to U+001F, U+007F to U+009F). Empty passes:
 * the caller puts the id in its place. */
bool display_name_check(struct bytes name, const char *what, struct sentence *why);

#endif
