/* Commands as structs, made from commands.def. A command borrows its frame. */
#ifndef MUSTER_COMMAND_H
#define MUSTER_COMMAND_H

#include "engine/base/base.h"

enum command_type {
    COMMAND_NONE = 0,
#define COMMAND(member, method, access) COMMAND_##member,
#define FIELD(type, name, key, need)
#define COMMAND_END(member)
#include "engine/decide/commands.def"
#undef COMMAND
#undef FIELD
#undef COMMAND_END
    COMMAND_COUNT
};

enum command_access { READS, CHANGES, SECRETS /* reads, but not on the reader socket */ };

/* A text, blob, list or value that was not given has data NULL. Lists and values are the bytes of one
 * whole MessagePack value, lists those of an array; words those of a text or of an array of texts. */
typedef struct bytes command_text;
typedef struct bytes command_blob;
typedef struct bytes command_list;
typedef struct bytes command_value;
typedef struct bytes command_words;

typedef struct {
    bool given;
    uint64_t value; /* below 2^53 */
} command_number;

typedef struct {
    bool given;
    bool value;
} command_flag;

/* {type: "number" | "percentage", value, batch?} */
typedef struct {
    bool given;
    bool percentage;
    bool per_batch;
    uint64_t value;
} command_measure;

/* {queue?, execution?} in seconds */
typedef struct {
    bool given;
    command_number queue;
    command_number execution;
} command_times;

/* {max, on?: [reasons]} */
typedef struct {
    bool given;
    uint64_t max; /* 0..RETRIES_MAX */
    uint32_t on;  /* bit (1 << outcome); 0 when not given */
} command_retry;

/* {start, timeZone, recurrence, end?, missed?, overlap?}; numbers are those of projections/schedules.h */
typedef struct {
    bool given;
    int64_t start_us; /* whole seconds */
    struct bytes time_zone;
    uint32_t recurrence;
    int64_t end_us;           /* 0: no such end */
    uint32_t end_occurrences; /* 0: no such end */
    uint32_t missed;
    uint32_t overlap;
} command_timetable;

struct job_fields {
    command_text display_name;
    command_text description;
    command_text group;
    command_list data;
    command_measure batch;
    command_measure threshold;
    command_times timeouts;
    command_retry retries;
};

struct command {
    enum command_type type;
    struct bytes request_id;   /* data NULL when not given */
    struct bytes on_behalf_of; /* likewise */
    struct bytes params;       /* the parameter map as it came, for the body hash; data NULL when there was none */
    union {
#define COMMAND(member, method, access) struct {
#define FIELD(type, name, key, need) command_##type name;
#define COMMAND_END(member) char end; } member;
#define JOB_FIELDS struct job_fields job;
#include "engine/decide/commands.def"
#undef COMMAND
#undef FIELD
#undef COMMAND_END
    };
};

#endif
