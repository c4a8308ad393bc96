/* A job's data: what it sets on each device, or which command it calls there. Pure.
 *
 *     [{type, target?, path, value}, ...]     all of one type and one target; one command, or up to
 *                                             JOB_PROPERTIES_MAX properties */
#ifndef MUSTER_JOB_DATA_H
#define MUSTER_JOB_DATA_H

#include "engine/base/arena.h"
#include "projections/jobs.h"

enum { JOB_PATH_CHARACTERS_MAX = 256 };

struct job_data {
    enum job_type type;
    struct bytes target; /* template id, borrows `list`; size 0: any */
    struct bytes data;   /* MessagePack array, in the arena */
};

/* Checks the bytes of one array and makes them canonical: short type names ("property" for IoT Central's
 * "PropertyJobData"), each entry's fields in the order above. On false `why` names entry and field. */
bool job_data_read(struct arena *a, struct bytes list, struct job_data *out, struct sentence *why);

/* 1 to JOB_PATH_CHARACTERS_MAX characters of UTF-8, none of them a control character. */
bool property_path_is_good(struct bytes path);

/* "property", "cloudProperty", "command". */
const char *job_type_word(enum job_type type);

#endif
