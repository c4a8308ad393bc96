/* Values as people read them. What came from devices and clients is printed without its control
 * characters, so that a device's name cannot steer the terminal. */
#ifndef MUSTER_TERMINAL_TEXT_H
#define MUSTER_TERMINAL_TEXT_H

#include <muster.h>
#include <stdio.h>

/* Text is UTF-8, also where the environment says nothing of it; numbers stay as JSON and C write them. Once, at a start. */
void text_set_locale(void);
/* On standard output: a terminal that can, and nobody said NO_COLOR. */
bool text_colours_are_welcome(void);

/* Text as it is, control characters as "?". */
void write_text(FILE *out, msgpack_object_str text);
/* Anything: text plain, numbers with thousands parted, flags as yes and no, nil as nothing, the rest as JSON. */
void write_value(FILE *out, const msgpack_object *value);
/* 1,234,567 */
void write_count(FILE *out, uint64_t count);
/* RFC 3339 to the second: 2024-05-01 12:00:00Z. */
void write_time(FILE *out, msgpack_object_str time);
/* "640 bytes", "1.5 KiB", "2.0 GiB" */
void write_size(FILE *out, uint64_t bytes);
/* "0.8 s", "1 m 03 s", "2 h 05 m", "3 d 04 h" */
void write_duration(FILE *out, double seconds);
/* Seconds since 1970, or a negative number when it is no time of ours. */
double time_seconds(msgpack_object_str time);

/* The status of a job, a device, an import, ... in the words people know: Completed, Canceled, ... The word as it came when it
 * is none of them. */
void write_status(FILE *out, msgpack_object_str status);
/* The colour of that word for libsmartcols, NULL for none. */
const char *status_colour(msgpack_object_str status);

#endif
